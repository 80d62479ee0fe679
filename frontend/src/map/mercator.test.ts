import { describe, expect, it } from "vitest";
import { type Flat, type Frame, strokeDashed, worldSize } from "./mercator";

/** What a canvas is told: the runs that are stroked, in world pixels, with the dashes' beginning. */
function runsOf(line: Flat, frame: Frame, close = false, period = 12): { from: [number, number]; to: [number, number]; offset: number }[] {
  const out: { from: [number, number]; to: [number, number]; offset: number }[] = [];
  let [from, to]: [number, number][] = [[0, 0], [0, 0]];
  const pen = {
    lineDashOffset: 0,
    beginPath: () => undefined,
    moveTo: (x: number, y: number) => (from = [x + frame.left, y + frame.top]),
    lineTo: (x: number, y: number) => (to = [x + frame.left, y + frame.top]),
    stroke: () => out.push({ from: from as [number, number], to: to as [number, number], offset: pen.lineDashOffset }),
  };
  strokeDashed(pen as unknown as CanvasRenderingContext2D, line, frame, close, period);
  return out;
}

describe("a long dashed line", () => {
  const zoom = 15;
  const size = worldSize(zoom);
  const step = 250;
  const along = (i: number): number => 1_000_000 + i * step;
  const line = new Float64Array(Array.from({ length: 400 }, (_, i) => [along(i) / size, 2_000_000 / size]).flat());

  it("is stroked where it is near the frame and nowhere else", () => {
    const [run, ...more] = runsOf(line, { zoom, left: along(200) - 10, top: 1_999_700, width: 1000, height: 600 });
    expect(more).toEqual([]);
    expect(run?.from[0]).toBeCloseTo(along(199), 3);
    expect(run?.to[0]).toBeCloseTo(along(205), 3);
    expect(runsOf(line, { zoom, left: along(200), top: 2_100_000, width: 1000, height: 600 })).toEqual([]);
  });
  it("has its dashes at the same places whatever part of it is painted", () => {
    for (const left of [along(3), along(150) + 77, along(311) - 5]) {
      const [run] = runsOf(line, { zoom, left, top: 1_999_700, width: 300, height: 600 });
      expect(run?.offset).toBeCloseTo(((run?.from[0] ?? 0) - along(0)) % 12, 3);
    }
  });
  it("comes back where a ring does, and closes", () => {
    const square = new Float64Array([[0, 0], [5000, 0], [5000, 5000], [0, 5000]].flatMap(([x, y]) => [(1_000_000 + (x ?? 0)) / size, (1_000_000 + (y ?? 0)) / size]));
    const runs = runsOf(square, { zoom, left: 999_900, top: 1_002_000, width: 300, height: 500 }, true);
    expect(runs.map((r) => [r.from.map(Math.round), r.to.map(Math.round), Math.round(r.offset)])).toEqual([[[1_000_000, 1_005_000], [1_000_000, 1_000_000], 15_000 % 12]]);
  });
});
