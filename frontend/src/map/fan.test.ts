import { describe, expect, it } from "vitest";
import { fanOut } from "./fan";
import { spotOf } from "./labels";

const HALF = 13;
const fan = (places: { x: number; y: number }[], rings = 2) => fanOut(places, HALF, rings, ({ x, y }) => spotOf(x, y, HALF));
const meet = (a: { x: number; y: number }, b: typeof a): boolean => Math.abs(a.x - b.x) < 2 * HALF && Math.abs(a.y - b.y) < 2 * HALF;

describe("marks at one place", () => {
  it("stand side by side, the weightiest at its place, each with a leader to its own", () => {
    for (const places of [[{ x: 100, y: 100 }, { x: 100, y: 100 }], [{ x: 100, y: 100 }, { x: 104, y: 102 }], Array.from({ length: 9 }, () => ({ x: 100, y: 100 }))]) {
      const { stands, under } = fan(places);
      expect(stands[0]).toEqual({ x: 100, y: 100, out: false });
      expect(stands.slice(1).every((s) => s?.out)).toBe(true);
      expect(under.size).toBe(0);
      for (const [i, a] of stands.entries()) for (const b of stands.slice(i + 1)) expect(a && b && meet(a, b)).toBe(false);
    }
  });
  it("leave one that stands alone where it is, though a weightier one has to stand aside", () => {
    const { stands } = fan([{ x: 0, y: 0 }, { x: 5, y: 0 }, { x: 32, y: 0 }]);
    expect(stands[2]).toEqual({ x: 32, y: 0, out: false });
    expect(stands[1]?.out).toBe(true);
  });
  it("that have no room are told below the nearest, each once, and none is lost", () => {
    const places = Array.from({ length: 60 }, (_, i) => ({ x: 100 + (i % 3), y: 100 }));
    const { stands, under } = fan(places, 1);
    const told = [...under.values()].flat();
    expect(new Set(told).size).toBe(told.length);
    expect(stands.filter(Boolean).length + told.length).toBe(60);
    for (const [below, ids] of under) for (const i of ids) expect([!!stands[below], stands[i]]).toEqual([true, null]);
  });
  it("of a whole city are placed the same each time", () => {
    const city = Array.from({ length: 300 }, (_, i) => ({ x: (i * 97) % 260, y: (i * 61) % 200 }));
    expect(fan(city)).toEqual(fan(city));
  });
});
