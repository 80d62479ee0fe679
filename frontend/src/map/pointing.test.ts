import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Pointed } from "./RiskMap";

vi.hoisted(() => {
  // What the page's state reads of the browser as it is loaded.
  vi.stubGlobal("location", { hash: "" });
  vi.stubGlobal("window", globalThis);
  vi.spyOn(console, "warn").mockReturnValue(); // no component holds it here
});
const { usePointing } = await import("./pointing");
const { store } = await import("../selection/state");
const { nextTick } = await import("vue");

const at = (id: number): Pointed => ({ id, cls: "school", grade: 4, name: "", cluster: null, look: null, over: false, cell: null, x: 0, y: 0 });
const asked: string[] = [];
let called = "";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", (path: string) => {
    asked.push(path);
    return Promise.resolve(new Response(JSON.stringify({ name: called })));
  });
  asked.length = 0;
  store.chosen.asOf = "";
});
afterEach(() => vi.useRealTimers());

describe("a name under the pointer", () => {
  const { point, tip } = usePointing();
  const rest = async (id: number): Promise<string | undefined> => {
    point(null);
    point(at(id));
    await vi.advanceTimersByTimeAsync(300);
    return tip.value?.title;
  };
  it("is asked for once while nothing changes", async () => {
    called = "甲小学";
    expect(await rest(1)).toBe("甲小学");
    expect(await rest(2)).toBe("甲小学");
    expect(await rest(1)).toBe("甲小学");
    expect(asked).toEqual(["/api/objects/1", "/api/objects/2"]);
  });
  it("is another after a change of the data, also where the pointer has stayed", async () => {
    called = "乙小学";
    store.state++;
    await nextTick();
    await vi.advanceTimersByTimeAsync(300);
    expect(tip.value?.title).toBe("乙小学");
    expect(asked).toEqual(["/api/objects/1"]);
  });
  it("is the one of the moment that is looked at", async () => {
    called = "丙小学";
    store.chosen.asOf = "2026-01-31";
    await nextTick();
    expect(await rest(1)).toBe("丙小学");
    expect(asked).toEqual(["/api/objects/1?as_of=2026-01-31"]);
  });
  it("is asked for anew with other rights", async () => {
    await rest(1);
    store.rights = "another";
    await nextTick();
    called = "丁小学";
    expect(await rest(1)).toBe("丁小学");
  });
});
