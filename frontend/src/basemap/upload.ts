/** Sends a basemap file as it is, with real progress; the service checks it before it takes it. */
import { csrfToken, Problem, problemFrom } from "../api/client";
import { W } from "../words";
import { B } from "../words/basemap";

export interface Taken { place: string; kind: string; type: string; format: string }

/** `told` hears the share that has left, then null while the service is checking. Aborting rejects with AbortError. */
export function uploadBasemap(file: File, told: (share: number | null) => void, signal: AbortSignal): Promise<Taken> {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest();
    let gone = false;
    asked.open("PUT", `/api/basemap/files/${encodeURIComponent(file.name)}`);
    asked.setRequestHeader("X-CSRF-Token", csrfToken());
    asked.setRequestHeader("Content-Type", "application/octet-stream");
    asked.upload.addEventListener("progress", (event) => told(event.total ? event.loaded / event.total : 0));
    asked.upload.addEventListener("load", () => {
      gone = true;
      told(null);
    });
    asked.addEventListener("load", () => {
      if (asked.status >= 200 && asked.status < 300) resolve(JSON.parse(asked.responseText) as Taken);
      else reject(problemFrom(asked.status, asked.responseText));
    });
    asked.addEventListener("error", () => reject(new Problem(0, "offline", gone ? W.noService : B.cutOff)));
    asked.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    signal.addEventListener("abort", () => asked.abort());
    asked.send(file);
  });
}
