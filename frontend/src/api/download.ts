/** A file of the service, fetched whole before it is saved: a part that looks whole is worse than none. */
import { Problem, request } from "./client";

/** Fetches and saves; answers how many rows it says it has. `told` hears how far it is, in bytes; with a `body` it is asked for by that. */
export async function download(address: string, fallback: string, signal: AbortSignal, told: (done: number, all: number) => void, broken: string, body?: unknown): Promise<number> {
  return Number((await fetchFile(address, fallback, signal, told, broken, body)).get("X-Total-Rows"));
}

/** The same; answers all that the file says of itself. */
export async function fetchFile(address: string, fallback: string, signal: AbortSignal, told: (done: number, all: number) => void, broken: string, body?: unknown): Promise<Headers> {
  const response = await request(address, body === undefined ? { signal } : { signal, method: "POST", body: JSON.stringify(body) });
  const all = Number(response.headers.get("Content-Length"));
  const parts: BlobPart[] = [];
  let done = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const step = await reader?.read();
    if (!step || step.done) break;
    parts.push(step.value);
    done += step.value.length;
    told(done, all);
  }
  if (all && done < all) throw new Problem(0, "cut", broken);
  const given = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
  save(new Blob(parts, { type: response.headers.get("Content-Type") ?? "" }), given ? decodeURIComponent(given) : fallback);
  return response.headers;
}

function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
