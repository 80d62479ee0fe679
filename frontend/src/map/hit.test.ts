import { describe, expect, it } from "vitest";
import type { GradeIndex } from "./grades";
import { hitsAt } from "./hit";
import { type Frame, worldSize } from "./mercator";
import { buildScene } from "./scene";
import { inSymbol, type Looks, specOf } from "./symbols";
import type { PointItem, ShapeItem, TileItems } from "./tile";

const FRAME: Frame = { zoom: 11, left: worldSize(11) / 2, top: worldSize(11) / 2, width: 800, height: 600 };
const at = (px: number): number => 0.5 + px / worldSize(11);
const point = (id: number, x: number, y: number, grade: GradeIndex): PointItem => ({ kind: "single" as const, id, cls: "tank", grade, order: grade, look: null, over: false, name: "", x: at(x), y: at(y) });
const looks: Looks = new Map([["tank", { glyph: "c-tank", hazard: true }], ["school", { glyph: "c-school", hazard: false }]]);
const scene = (items: Partial<TileItems>): ReturnType<typeof buildScene> => buildScene([{ points: [], clusters: [], shapes: [], ...items }], 11);
const ids = (s: ReturnType<typeof scene>, x: number, y: number, slack = 0): (number | string)[] =>
  hitsAt(s, FRAME, looks, x, y, slack).map((h) => (h.kind === "shape" ? h.shape.id : h.mark.kind === "single" ? h.mark.id : "cluster"));

describe("the hit test", () => {
  it("follows the outline of the shape and not its box", () => {
    const diamond = { shape: 0 as const, size: 26, glyph: "" };
    expect(inSymbol(diamond, 0, -13)).toBe(true);
    expect(inSymbol(diamond, 11, -11)).toBe(false);
    const triangle = { shape: 1 as const, size: 24, glyph: "" };
    expect(inSymbol(triangle, 11, 9)).toBe(true);
    expect(inSymbol(triangle, 11, -9)).toBe(false);
  });
  it("finds the worst first where symbols lie on each other", () => {
    expect(ids(scene({ points: [point(1, 100, 100, 3), point(2, 104, 100, 0)] }), 102, 100)).toEqual([2, 1]);
  });
  it("gives fingers more room than a pointer", () => {
    const s = scene({ points: [point(1, 100, 100, 3)] });
    expect([ids(s, 110, 100), ids(s, 110, 100, 8)]).toEqual([[], [1]]);
  });
  it("finds a cluster by its disc and by its badge", () => {
    const s = scene({ clusters: [{ key: "a", n: 12, by: [1, 0, 0, 11, 0], worst: 0, parts: [], scale: null, x: at(300), y: at(300) }] });
    expect([ids(s, 300, 315), ids(s, 315, 285), ids(s, 322, 300)]).toEqual([["cluster"], ["cluster"], []]);
  });
  it("finds areas by their inside, not their holes, and lines by nearness, in their own tile alone", () => {
    const ring = (a: number, b: number): Float64Array => Float64Array.from([at(a), at(a), at(b), at(a), at(b), at(b), at(a), at(b)]);
    const tile = { minX: at(0), minY: at(0), maxX: at(512), maxY: at(512) };
    const area: ShapeItem = { id: 5, cls: "tank", grade: 2, order: 2, look: null, over: false, name: "", lines: [ring(100, 200), ring(130, 170)], filled: true, tile };
    const line: ShapeItem = { id: 6, cls: "tank", grade: 3, order: 3, look: null, over: false, name: "", lines: [Float64Array.from([at(300), at(100), at(600), at(100)])], filled: false, tile };
    const s = scene({ shapes: [area, line] });
    expect([ids(s, 110, 110), ids(s, 150, 150), ids(s, 400, 103), ids(s, 400, 106), ids(s, 550, 100)]).toEqual([[5], [], [6], [], []]);
  });
});

describe("a symbol", () => {
  it("never shows a school without a grade as a risk that was not assessed", () => {
    expect(specOf({ cls: "school", grade: 4 }, looks, 12).shape).toBe("plate");
    expect(specOf({ cls: "tank", grade: 4 }, looks, 12).shape).toBe(4);
    expect(specOf({ cls: "school", grade: 1 }, looks, 12).shape).toBe(1);
  });
});
