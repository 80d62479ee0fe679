import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

vi.hoisted(() => {
  // What the store asks of the page as it is loaded.
  vi.stubGlobal("location", { hash: "", pathname: "/rescue" });
  vi.stubGlobal("window", globalThis);
  for (const name of ["addEventListener", "removeEventListener"]) vi.stubGlobal(name, () => undefined);
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
});

import { useOnce } from "./act";

describe("an act that is done once", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  it("is not done again by the second of two clicks, also where the first is done by then", async () => {
    const { held, once } = useOnce();
    const act = vi.fn(() => Promise.resolve());
    void once(act);
    void once(act); // in the same instant
    await vi.advanceTimersByTimeAsync(200);
    void once(act); // as a hand does it
    expect([act.mock.calls.length, held.value]).toEqual([1, true]);
    await vi.advanceTimersByTimeAsync(600);
    void once(act);
    expect(act).toHaveBeenCalledTimes(2);
  });
  it("is not done again by a slow second click, which comes when the answer has changed what stands there", async () => {
    const { held, once } = useOnce();
    const act = vi.fn(() => new Promise((answered) => setTimeout(answered, 1500)));
    void once(act);
    await vi.advanceTimersByTimeAsync(2000);
    void once(act);
    expect([act.mock.calls.length, held.value]).toEqual([1, true]);
    await vi.advanceTimersByTimeAsync(400);
    expect(held.value).toBe(false);
  });
  it("is done anew at once where it failed", async () => {
    const { held, once } = useOnce();
    await expect(once(() => Promise.reject(new Error("x")))).rejects.toThrow("x");
    expect(held.value).toBe(false);
  });
});
