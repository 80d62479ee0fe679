import { expect, test } from "vitest";
import { scaleBar } from "./scaleBar";

test("a bar is a round number of metres, true at its latitude", () => {
  const { metres, pixels, oneTo } = scaleBar(29.7, 12, 100);
  expect(metres).toBe(2000);
  // 156 543.034 m a pixel at zoom 0 on the equator's sphere, by the cosine of the latitude; the ellipsoid is within 0.2 %.
  expect(pixels).toBeCloseTo(2000 / ((156_543.034 / 2 ** 12) * Math.cos((29.7 * Math.PI) / 180)), 0);
  expect(oneTo).toBe(130_000);
});

test("a bar never passes the room that it has", () => {
  for (let zoom = 3; zoom <= 19; zoom += 0.5) {
    const { pixels } = scaleBar(29.7, zoom, 100);
    expect(pixels).toBeLessThanOrEqual(100);
    expect(pixels).toBeGreaterThan(39);
  }
});
