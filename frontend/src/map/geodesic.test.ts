import { describe, expect, it } from "vitest";
import { crossesItself, geodesic, type Position } from "./geodesic";

describe("on the ellipsoid", () => {
  it("a circle's vertices are the radius away, whatever the latitude", async () => {
    const earth = await geodesic();
    const { coordinates } = earth.circle({ type: "Circle", center: [116, 29.7], radius_m: 2000 });
    const ring = coordinates[0] as Position[];
    expect(ring.length).toBe(129);
    expect(ring.at(-1)).toEqual(ring[0]);
    for (const vertex of ring) expect(Math.abs(earth.distance([116, 29.7], vertex) - 2000)).toBeLessThan(0.001);
    // A polygon of 128 corners is 0.04 % smaller than the circle.
    expect(earth.area({ type: "Polygon", coordinates }) / (Math.PI * 2000 ** 2)).toBeCloseTo(0.9996, 3);
  });
  it("a hole is taken off the area", async () => {
    const earth = await geodesic();
    const square = (a: number): Position[] => [[-a, -a], [a, -a], [a, a], [-a, a], [-a, -a]];
    const whole = earth.area({ type: "Polygon", coordinates: [square(0.1)] });
    expect(earth.area({ type: "Polygon", coordinates: [square(0.1), square(0.05)] }) / whole).toBeCloseTo(0.75, 4);
  });
});

describe("a ring that crosses itself", () => {
  it("is seen, also where it only touches", () => {
    expect(crossesItself([[0, 0], [1, 1], [1, 0], [0, 1]])).toBe(true);
    expect(crossesItself([[0, 0], [2, 0], [2, 2], [1, 0], [0, 2]])).toBe(true);
    expect(crossesItself([[0, 0], [1, 0], [1, 1], [0, 1]])).toBe(false);
    expect(crossesItself([[0, 0], [1, 0], [0, 1]])).toBe(false);
  });
});
