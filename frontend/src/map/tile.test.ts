import { describe, expect, it } from "vitest";
import { breaksFor, classOf, resolutionAt, weightBreaks } from "./heatSteps";
import { latOf, lngOf, worldX, worldY } from "./mercator";
import { decode, type TileItems } from "./tile";
import { type Made, move, tileOf, zigzag } from "./tile.make";

function run(bytes: Uint8Array): { items: TileItems; steps: number } {
  const job = decode(bytes, { z: 1, x: 1, y: 0 });
  for (let steps = 0; ; steps++) {
    const step = job.next();
    if (step.done) return { items: step.value, steps };
  }
}

describe("a tile", () => {
  it("becomes objects, clusters and shapes in shares of the world", () => {
    const { items } = run(tileOf({
      objects: [
        { id: 7, type: 1, geometry: move(1024, 2048), tags: { class: "tank", grade: "major", name: "T" } },
        { id: 8, type: 3, geometry: [...move(0, 0), 18, zigzag(100), zigzag(0), zigzag(0), zigzag(100), 15], tags: { class: "tank", grade: "low", anchor_x: 50, anchor_y: 25 } },
        { id: 9, type: 2, geometry: [...move(0, 0), 10, zigzag(100), zigzag(0)], tags: { class: "dyke", grade: "none", over: true } },
      ],
      clusters: [{ id: 3, type: 1, geometry: move(0, 4095), tags: { n: 5, major: 0, serious: 2, general: 0, low: 3, none: 0, worst: "serious" } }],
    }));
    expect(items.points).toMatchObject([
      { id: 7, cls: "tank", grade: 0, name: "T", x: 0.5 + 0.125, y: 0.25 },
      { id: 8, grade: 3, x: 0.5 + 50 / 8192, y: 25 / 8192 },
    ]);
    expect(items.shapes.map((s) => [s.id, s.filled])).toEqual([[8, true], [9, false]]);
    expect([...items.points, ...items.shapes].filter((i) => i.over).map((i) => i.id)).toEqual([9]);
    expect(items.clusters).toMatchObject([{ n: 5, by: [0, 2, 0, 3, 0], worst: 1, x: 0.5 }]);
  });
  it("is taken apart in slices", () => {
    const many = Array.from({ length: 1000 }, (_, i): Made => ({ id: i + 1, type: 1, geometry: move(i, i), tags: { class: "tank", grade: "low" } }));
    const { items, steps } = run(tileOf({ objects: many }));
    expect([items.points.length, steps]).toEqual([1000, 5]);
  });
});

describe("the projection", () => {
  it("comes back to where it was", () => {
    expect([lngOf(worldX(116.05)), latOf(worldY(29.7))].map((v) => v.toFixed(9))).toEqual(["116.050000000", "29.700000000"]);
  });
});

describe("the hexagons' steps", () => {
  it("rise, begin where few ends, and reach the largest", () => {
    for (const largest of [0, 5, 37, 400, 250000]) {
      const breaks = breaksFor(largest, 5);
      expect(breaks[0]).toBe(5);
      for (let i = 1; i < 5; i++) expect(breaks[i]).toBeGreaterThan(breaks[i - 1] as number);
      if (largest > 40) expect(breaks[4]).toBeLessThanOrEqual(largest);
      expect(classOf(largest, breaks)).toBeLessThan(5);
    }
    expect([classOf(5, [5, 10, 20, 50, 90]), classOf(10, [5, 10, 20, 50, 90]), classOf(900, [5, 10, 20, 50, 90])]).toEqual([0, 1, 4]);
  });
  it("by weight rise from the smallest weight to the largest, and are fewer where there is little between", () => {
    const breaks = weightBreaks([6.5, 12, 300.25]);
    expect(breaks[0]).toBe(6.5);
    expect(breaks).toHaveLength(5);
    for (let i = 1; i < 5; i++) expect(breaks[i]).toBeGreaterThan(breaks[i - 1] as number);
    expect([classOf(6.5, breaks), classOf(300.25, breaks)]).toEqual([0, 4]);
    expect(weightBreaks([7, 7])).toEqual([7]);
    expect(weightBreaks([0, 0])).toEqual([0]);
    expect(weightBreaks([])).toEqual([0]);
    expect(weightBreaks([0, 50])[0]).toBe(0);
  });
  it("are never finer for the public than its own cell", () => {
    expect([resolutionAt(9, 7), resolutionAt(16, 7), resolutionAt(16, 10)]).toEqual([6, 7, 10]);
  });
});
