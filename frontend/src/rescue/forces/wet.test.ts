import { describe, expect, it } from "vitest";
import { isWet } from "./wet";

const ring = (x: number, y: number, half: number): [number, number][] => [[x - half, y - half], [x + half, y - half], [x + half, y + half], [x - half, y + half], [x - half, y - half]];
const lake = { geometry: { type: "Polygon", coordinates: [ring(116, 29.7, 0.02), ring(116, 29.7, 0.005)] } };
const two = { geometry: { type: "MultiPolygon", coordinates: [[ring(117, 30, 0.01)], [ring(118, 30, 0.01)]] } };

describe("in the water", () => {
  it("is inside an outline and not in its hole, of any part", () => {
    expect(isWet([lake], [116.01, 29.7])).toBe(true);
    expect(isWet([lake], [116, 29.7])).toBe(false); // an island
    expect(isWet([lake], [116.03, 29.7])).toBe(false);
    expect(isWet([two], [118.005, 30.005])).toBe(true);
    expect(isWet([], [116, 29.7])).toBe(false);
    expect(isWet([lake], null)).toBe(false);
  });
});
