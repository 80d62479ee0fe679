/** The one way to the service: problems as errors in Chinese, CSRF on every write. */
import { W } from "../words";

export class Problem extends Error {
  constructor(readonly status: number, readonly code: string, readonly detail: string) {
    super(detail);
  }
}

let csrf = "";
export function setCsrf(token: string): void {
  csrf = token;
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const body = (await response.json()) as { code?: string; detail?: string; errors?: { message: string }[] };
    const details = [body.detail, body.errors?.[0]?.message].filter((text, i, all) => text && all.indexOf(text) === i);
    return new Problem(response.status, body.code ?? "", details.join("：") || W.badAnswer);
  } catch {
    return new Problem(response.status, "", W.badAnswer);
  }
}

export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    const headers = new Headers(init.headers);
    if (init.method && init.method !== "GET" && csrf) headers.set("X-CSRF-Token", csrf);
    if (init.body) headers.set("Content-Type", "application/json");
    response = await fetch(path, { ...init, headers, credentials: "same-origin" });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new Problem(0, "offline", W.noService);
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await request(path, signal ? { signal } : {})).json()) as T;
}

export async function send<T>(method: string, path: string, body?: unknown): Promise<T | undefined> {
  const response = await request(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return response.status === 204 ? undefined : ((await response.json()) as T);
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
