import { expect, test } from "vitest";
import { withinReach } from "./reach";

const HOME = [113.9, 28.7, 116.9, 30.1] as const;

test("a place is within reach up to two and a half times the territory beyond its edge", () => {
  expect(withinReach(HOME, { lng: 116, lat: 29.7 })).toBe(true);
  expect(withinReach(HOME, { lng: 116.9 + 7.4, lat: 29.7 })).toBe(true);
  expect(withinReach(HOME, { lng: 116.9 + 7.6, lat: 29.7 })).toBe(false);
  expect(withinReach(HOME, { lng: 0, lat: 0 })).toBe(false);
});
