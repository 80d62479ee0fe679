import { expect, it } from "vitest";
import { halfWidth } from "./digits";

it("reads full-width numbers as numbers and leaves all else", () => {
  expect(halfWidth("１２")).toBe("12");
  expect(halfWidth("－０．５")).toBe("-0.5");
  expect(halfWidth("约９人，12")).toBe("约9人，12");
});
