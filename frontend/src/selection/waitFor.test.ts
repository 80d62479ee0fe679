import { expect, it } from "vitest";
import { waitFor } from "./waitFor";

it("asks at once what was lost for a moment, and ever more seldom what stays away", () => {
  expect([0, 1, 2, 3, 4, 50].map(waitFor)).toEqual([1000, 2000, 4000, 8000, 15_000, 15_000]);
});
