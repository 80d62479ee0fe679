/** The one way to the service: problems as errors in Chinese, CSRF on every write. */
import { W } from "../words";

/** One value that was refused; `field` is its dotted path in the request. */
export interface FieldFault { field: string; code: string; message: string }

export class Problem extends Error {
  constructor(readonly status: number, readonly code: string, readonly detail: string, readonly errors: readonly FieldFault[] = [],
    /** How it stands instead, where one is to look at it again. */
    readonly now?: unknown) {
    super(detail);
  }
}

let csrf = "";
export function setCsrf(token: string): void {
  csrf = token;
}

/** A refusal of the service from its status and the text of its answer. */
export function problemFrom(status: number, text: string): Problem {
  try {
    const body = JSON.parse(text) as { code?: string; detail?: string; errors?: FieldFault[]; now?: unknown };
    const details = [body.detail, body.errors?.[0]?.message].filter((said, i, all) => said && all.indexOf(said) === i);
    return new Problem(status, body.code ?? "", details.join("：") || W.badAnswer, body.errors ?? [], body.now);
  } catch {
    return new Problem(status, "", W.badAnswer);
  }
}

/** The token that every write carries, for what does not go through `request`: an upload with its progress. */
export function csrfToken(): string {
  return csrf;
}

export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    const headers = new Headers(init.headers);
    if (init.method && init.method !== "GET" && csrf) headers.set("X-CSRF-Token", csrf);
    if (init.body && !(init.body instanceof FormData)) headers.set("Content-Type", "application/json");
    response = await fetch(path, { ...init, headers, credentials: "same-origin" });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new Problem(0, "offline", W.noService);
  }
  if (!response.ok) throw problemFrom(response.status, await response.text().catch(() => ""));
  return response;
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await request(path, signal ? { signal } : {})).json()) as T;
}

export async function send<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>, signal?: AbortSignal): Promise<T | undefined> {
  const response = await request(path, { method, ...(headers ? { headers } : {}), ...(signal ? { signal } : {}), ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return response.status === 204 ? undefined : ((await response.json()) as T);
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
