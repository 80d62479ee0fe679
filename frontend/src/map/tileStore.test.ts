import { describe, expect, it, vi } from "vitest";
import { TileStore } from "./TileStore";

const A = { z: 3, x: 1, y: 1 };
const B = { z: 3, x: 2, y: 1 };

describe("the tile store", () => {
  it("fetches a tile once and tells when it is there", async () => {
    const fetchTile = vi.fn(async () => null);
    const changed = vi.fn();
    const store = new TileStore(fetchTile, changed);
    store.want([A, B]);
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(2));
    store.want([A, B]);
    expect(fetchTile).toHaveBeenCalledTimes(2);
    expect(store.get(A)).toEqual({ points: [], clusters: [], shapes: [] });
  });
  it("aborts what is no longer wanted, and does not take it for a failure", async () => {
    const signals: AbortSignal[] = [];
    const store = new TileStore((_, signal) => {
      signals.push(signal);
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    }, () => undefined);
    store.want([A]);
    store.want([B]);
    expect(signals[0]?.aborted).toBe(true);
    await Promise.resolve();
    expect(store.hasFailed(A)).toBe(false);
    store.close();
    expect(signals[1]?.aborted).toBe(true);
  });
  it("remembers a failure until it is told to try again", async () => {
    let fail = true;
    const changed = vi.fn();
    const store = new TileStore(async () => {
      if (fail) throw new Error("no");
      return null;
    }, changed);
    store.want([A]);
    await vi.waitFor(() => expect(store.hasFailed(A)).toBe(true));
    fail = false;
    store.retry();
    store.want([A]);
    await vi.waitFor(() => expect(store.get(A)).toBeDefined());
  });
});
