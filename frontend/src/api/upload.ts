/** Sends files with real progress, which fetch cannot tell. */
import { W } from "../words";
import { csrfToken, Problem, problemFrom } from "./client";

/** How much has left, in bytes; null once all has and the service is reading. */
export type Sent = { done: number; all: number } | null;

/** `cutOff` is the sentence for a line that broke while the file was leaving. Aborting rejects with AbortError. */
export function upload<T>(method: "POST" | "PUT", path: string, body: File | FormData, cutOff: string, told: (sent: Sent) => void, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest();
    let gone = false;
    asked.open(method, path);
    asked.setRequestHeader("X-CSRF-Token", csrfToken());
    if (body instanceof File) asked.setRequestHeader("Content-Type", "application/octet-stream");
    asked.upload.addEventListener("progress", (event) => told({ done: event.loaded, all: event.total }));
    asked.upload.addEventListener("load", () => {
      gone = true;
      told(null);
    });
    asked.addEventListener("load", () => {
      if (asked.status >= 200 && asked.status < 300) resolve(JSON.parse(asked.responseText) as T);
      else reject(problemFrom(asked.status, asked.responseText));
    });
    asked.addEventListener("error", () => reject(new Problem(0, "offline", gone ? W.noService : cutOff)));
    asked.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    signal.addEventListener("abort", () => asked.abort());
    asked.send(body);
  });
}
