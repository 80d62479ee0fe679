import { describe, expect, it, vi } from "vitest";
import { move, tileOf } from "./tile.make";
import { TileStore } from "./TileStore";

/** Waits for what comes of itself; a bound against hanging, not a measure. */
const until = (seen: () => void): Promise<void> => vi.waitFor(seen, { timeout: 20_000 });

const A = { z: 3, x: 1, y: 1 };
const B = { z: 3, x: 2, y: 1 };

describe("the tile store", () => {
  it("fetches a tile once and tells when it is there", async () => {
    const fetchTile = vi.fn(async () => null);
    const changed = vi.fn();
    const store = new TileStore(fetchTile, changed);
    store.want([A, B]);
    await until(() => expect(changed).toHaveBeenCalledTimes(2));
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
    await until(() => expect(store.hasFailed(A)).toBe(true));
    fail = false;
    store.retry();
    store.want([A]);
    await until(() => expect(store.get(A)).toBeDefined());
  });
  it("lets go of heavy tiles that were not looked at for longest, and never of those in view", async () => {
    const heavy = tileOf({ objects: Array.from({ length: 25_000 }, (_, i) => ({ id: i + 1, type: 1, geometry: move(i % 4096, 7), tags: {} })) });
    const store = new TileStore(async () => heavy.slice().buffer as ArrayBuffer, () => undefined);
    const there = (...tiles: { z: number; x: number; y: number }[]): boolean[] => tiles.map((t) => store.get(t) !== undefined);
    const [a, b, c] = [A, B, { z: 3, x: 3, y: 1 }];
    store.want([a, b, c]); // more than is kept, but all in view
    await until(() => expect(there(a, b, c)).toEqual([true, true, true]));
    const d = { z: 3, x: 4, y: 1 };
    store.want([d]);
    await until(() => expect(there(d)).toEqual([true]));
    expect(there(a, b, c)).toEqual([false, false, true]);
  });
});
