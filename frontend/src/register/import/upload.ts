/** Sends files with real progress, which fetch cannot tell. */
import { csrfToken, Problem, problemFrom } from "../../api/client";
import { I } from "../../words/imports";
import { W } from "../../words";
import type { FileInfo } from "./types";

/** `told` hears the bytes that have left, then null once all have and the service is reading. Aborting rejects with AbortError. */
export function upload(files: readonly File[], told: (sent: { done: number; all: number } | null) => void, signal: AbortSignal): Promise<FileInfo> {
  return new Promise((resolve, reject) => {
    const body = new FormData();
    for (const file of files) body.append("file", file, file.name);
    const asked = new XMLHttpRequest();
    let gone = false;
    asked.open("POST", "/api/imports/files");
    asked.setRequestHeader("X-CSRF-Token", csrfToken());
    asked.upload.addEventListener("progress", (event) => told({ done: event.loaded, all: event.total }));
    asked.upload.addEventListener("load", () => {
      gone = true;
      told(null);
    });
    asked.addEventListener("load", () => {
      if (asked.status >= 200 && asked.status < 300) resolve(JSON.parse(asked.responseText) as FileInfo);
      else reject(problemFrom(asked.status, asked.responseText));
    });
    asked.addEventListener("error", () => reject(new Problem(0, "offline", gone ? W.noService : I.cutOff)));
    asked.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    signal.addEventListener("abort", () => asked.abort());
    asked.send(body);
  });
}
