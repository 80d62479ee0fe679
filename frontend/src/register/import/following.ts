/** Looks at long work until it has ended; only while the page is seen. */
import { getJson, Problem } from "../../api/client";

const POLL_MS = 700;
export const RUN_ID = /^i_[0-9a-f]{32}$/;

export function busy(run: { status: string } | null): boolean {
  return run?.status === "queued" || run?.status === "running";
}

/** `still` is asked before anything is told: whether anybody still looks at this one. */
export interface Watcher<T> { still: () => boolean; seen: (run: T) => void; missed: () => void; refused: (error: unknown) => void }

export async function follow<T extends { status: string }>(id: string, watcher: Watcher<T>, path = `/api/imports/${id}`): Promise<void> {
  for (;;) {
    try {
      const run = await getJson<T>(path);
      if (!watcher.still()) return;
      watcher.seen(run);
      if (!busy(run)) return;
    } catch (error) {
      if (!watcher.still()) return;
      // A line that fails for a moment does not end the watch; an answer that says no does.
      if (!(error instanceof Problem) || (error.status !== 0 && error.status < 500)) return watcher.refused(error);
      watcher.missed();
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    if (document.hidden) await new Promise<void>((resolve) => document.addEventListener("visibilitychange", () => resolve(), { once: true }));
    if (!watcher.still()) return;
  }
}
