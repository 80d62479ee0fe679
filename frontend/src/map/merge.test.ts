import { describe, expect, it } from "vitest";
import { merge, type Placed } from "./merge";
import type { Cluster, Thing } from "./tiles";

const cluster = (px: number, n: number, by: number[]): Placed<Cluster> => ({ px, py: 0, item: { kind: "cluster", x: 0, y: 0, n, by, worst: "low" } });
const single = (px: number, grade: Thing["grade"]): Placed<Thing> => ({
  px, py: 0, item: { kind: "object", id: px, class: "tank", grade, name: null, x: 0, y: 0, shape: null, counted: true },
});

describe("merging on the screen", () => {
  it("keeps every sum", () => {
    const out = merge([cluster(0, 5, [1, 0, 0, 4, 0]), cluster(20, 7, [0, 0, 7, 0, 0]), cluster(400, 2, [0, 0, 0, 0, 2])], [single(3, "low"), single(900, "low")]);
    expect(out.clusters.map((c) => c.item.n).sort((a, b) => a - b)).toEqual([2, 13]);
    expect(out.singles.length).toBe(1);
    expect(out.clusters.reduce((n, c) => n + c.item.n, out.singles.length)).toBe(16);
  });
  it("says the worst grade of what it merged", () => {
    const [only] = merge([cluster(0, 5, [1, 0, 0, 4, 0]), cluster(20, 70, [0, 0, 70, 0, 0])], []).clusters;
    expect(only?.item.worst).toBe("major");
  });
  it("never hides a 重大 or 较大 symbol in a cluster", () => {
    const out = merge([cluster(0, 50, [0, 0, 0, 50, 0])], [single(1, "major"), single(2, "serious")]);
    expect(out.singles.map((s) => s.item.grade)).toEqual(["major", "serious"]);
  });
});
