import { describe, expect, it } from "vitest";
import type { Counts, GradeIndex } from "./grades";
import { buildScene, clusterRadius, type Mark, type Scene } from "./scene";
import { orderOf, scaleLook } from "./levels";
import type { ClusterItem, PointItem, TileItems } from "./tile";
import { worldSize } from "./mercator";

const ZOOM = 11;
const PX = 1 / worldSize(ZOOM);
const cluster = (x: number, y: number, by: Counts): ClusterItem => ({
  key: `${x},${y}`, n: by.reduce((a, b) => a + b, 0), by, parts: [...by], scale: null, worst: by.findIndex((n) => n > 0) as GradeIndex, x: 0.5 + x * PX, y: 0.5 + y * PX,
});
const point = (id: number, x: number, y: number, grade: GradeIndex): PointItem => ({ kind: "single" as const, id, cls: "tank", grade, order: grade, look: null, over: false, name: "", x: 0.5 + x * PX, y: 0.5 + y * PX });
const tile = (clusters: ClusterItem[], points: PointItem[] = []): TileItems => ({ clusters, points, shapes: [] });
const total = (scene: Scene): number => scene.marks.reduce((n, m) => n + (m.kind === "cluster" ? m.n : 1), 0);
const kinds = (marks: Mark[]): string[] => marks.map((m) => (m.kind === "cluster" ? `cluster ${m.n}` : `single ${m.id}`));

describe("the scene", () => {
  // A field of clusters as dense as the service sends them: one in every cut of 32 pixels.
  const field: ClusterItem[] = [];
  const dots: PointItem[] = [];
  for (let i = 0; i < 20; i++)
    for (let j = 0; j < 20; j++) {
      const n = 2 + ((i * 7 + j * 13) % 50);
      field.push(cluster(i * 32 + ((j * 5) % 11), j * 32 + ((i * 3) % 9), [i % 9 === 0 ? 1 : 0, 0, 0, n, 0]));
      dots.push(point(i * 20 + j, i * 32 + 16, j * 32 + 16, 3));
    }

  it("loses nothing and counts nothing twice", () => {
    const scene = buildScene([tile(field, dots)], ZOOM);
    expect(total(scene)).toBe(field.reduce((n, c) => n + c.n, 0) + dots.length);
    for (const m of scene.marks) if (m.kind === "cluster") expect(m.by.reduce((a, b) => a + b, 0)).toBe(m.n);
  });

  it("keeps circles off each other far better than they come", () => {
    const overlaps = (marks: Mark[]): number => {
      const circles = marks.filter((m) => m.kind === "cluster");
      let n = 0;
      for (const [i, a] of circles.entries())
        for (const b of circles.slice(i + 1))
          if (Math.hypot(a.x - b.x, a.y - b.y) / PX < clusterRadius(a.n) + clusterRadius(b.n)) n++;
      return n;
    };
    const raw = field.map((c): Mark => ({ kind: "cluster", ...c, grade: c.worst, order: c.worst, cuts: [], ids: [], extent: { minX: 0, minY: 0, maxX: 0, maxY: 0 } }));
    expect(overlaps(raw)).toBeGreaterThan(100);
    expect(overlaps(buildScene([tile(field)], ZOOM).marks)).toBeLessThan(5);
  });

  it("is the same whatever order the tiles came in", () => {
    const half = (odd: number): TileItems => tile(field.filter((_, i) => i % 2 === odd), dots.filter((_, i) => i % 2 === odd));
    expect(kinds(buildScene([half(0), half(1)], ZOOM).marks)).toEqual(kinds(buildScene([half(1), half(0)], ZOOM).marks));
  });

  it("paints the worst grade last, clusters before singles of the same grade", () => {
    const scene = buildScene([tile([cluster(0, 0, [0, 0, 3, 0, 0]), cluster(200, 0, [1, 0, 0, 4, 0])], [point(1, 100, 0, 0), point(2, 100, 80, 4), point(3, 300, 0, 2)])], ZOOM);
    expect(kinds(scene.marks)).toEqual(["single 2", "cluster 3", "single 3", "cluster 5", "single 1"]);
  });

  it("takes a single object that lies under a circle into it, with its grade", () => {
    const [mark, ...rest] = buildScene([tile([cluster(0, 0, [0, 0, 0, 5, 0])], [point(1, 6, 6, 0)])], ZOOM).marks;
    expect(rest).toEqual([]);
    expect(mark).toMatchObject({ kind: "cluster", n: 6, by: [1, 0, 0, 5, 0], grade: 0, ids: [1] });
  });

  it("lets one of 重大 stand on a circle's ring, where a lesser one goes under", () => {
    const marks = buildScene([tile([cluster(0, 0, [0, 0, 0, 5, 0])], [point(1, 15, 0, 0), point(2, 0, 15, 3)])], ZOOM).marks;
    expect(kinds(marks)).toEqual(["cluster 6", "single 1"]);
  });

  it("orders by a scale's levels where the picture is coloured by one", () => {
    const scale = scaleLook({ scale: "s", worse: "high-rank", outside: null, levels: [1, 2].map((rank) => ({ value: `v${rank}`, rank, colour: "#123456", letter: "x", shape: "flag" })) }, new Set(["tank"]));
    expect(scale.looks.map((l) => l.value)).toEqual(["v2", "v1", "none", "off"]);
    expect([orderOf(scale, "tank", 2), orderOf(scale, "tank", 0), orderOf(scale, "school", 0)]).toEqual([0, 2, 3]);
    const on = (id: number, x: number, order: number): PointItem => ({ ...point(id, x, 0, 0), order, look: scale.looks[order] ?? null });
    const marks = buildScene([tile([{ ...cluster(-200, 0, [5, 0, 0, 0, 0]), parts: [0, 2, 3, 0], scale }], [on(1, 0, 3), on(2, 90, 0)])], ZOOM).marks;
    expect(kinds(marks)).toEqual(["single 1", "cluster 5", "single 2"]);
    expect(marks[1]).toMatchObject({ order: 1 });
  });

  it("puts what a scale has no level for after its levels, and tells it from what is not assessed", () => {
    const levels = [1, 2].map((rank) => ({ value: `v${rank}`, rank, colour: "#123456", letter: `${rank}`, shape: "dam" }));
    const scale = scaleLook({ scale: "s", worse: "low-rank", outside: { letter: "非" }, levels }, new Set(["tank"]));
    expect(scale.looks.map((l) => l.value)).toEqual(["v1", "v2", "outside", "none", "off"]);
    expect(scale.looks[2]).toEqual({ value: "outside", colour: "", letter: "非", shape: "dam" });
    expect([orderOf(scale, "tank", 2), orderOf(scale, "tank", 0, true), orderOf(scale, "tank", 0), orderOf(scale, "school", 0)]).toEqual([1, 2, 3, 4]);
  });
});
