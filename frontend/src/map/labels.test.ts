import { describe, expect, it } from "vitest";
import { type Label, placeLabel, spotOf, Taken } from "./labels";

const label = (x: number, y: number): Label => ({ text: "n", x, y, half: 11, body: spotOf(x, y, 11) });

describe("names", () => {
  it("stand below their symbol, and beside it where another symbol lies there", () => {
    const alone = label(100, 100);
    expect(placeLabel(alone, 60, new Taken())).toEqual({ x: 100, y: 124 });
    const taken = new Taken();
    const mine = label(100, 100);
    taken.add(mine.body);
    taken.add(spotOf(100, 122, 11));
    expect(placeLabel(mine, 60, taken)).toEqual({ x: 146, y: 104 });
  });
  it("are left out rather than laid over names, symbols or clusters", () => {
    const taken = new Taken();
    for (let i = 0; i < 400; i++) taken.add(spotOf((i % 20) * 20, Math.floor(i / 20) * 20, 11));
    expect(placeLabel(label(200, 200), 60, taken)).toBeNull();
  });
  it("of a dense place never cover each other", () => {
    const taken = new Taken();
    const put: { l: number; r: number; t: number; b: number }[] = [];
    for (let i = 0; i < 120; i++) {
      const at = placeLabel(label((i * 37) % 500, (i * 53) % 300), 50 + (i % 5) * 10, taken);
      if (at) put.push({ l: at.x - 25 - (i % 5) * 5, r: at.x + 25 + (i % 5) * 5, t: at.y - 11, b: at.y + 3 });
    }
    expect(put.length).toBeGreaterThan(10);
    for (const [i, a] of put.entries()) for (const b of put.slice(i + 1)) expect(a.l < b.r && a.r > b.l && a.t < b.b && a.b > b.t).toBe(false);
  });
});
