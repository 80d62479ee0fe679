import { expect, it } from "vitest";
import { ungradedRole } from "./ungraded";

it("says of a class that is not graded what it is, and of no other that nothing is missing", () => {
  const of = (grade: string, level: unknown = null) => ({ grade: { value: grade }, level });
  const spec = (role: "response" | "hazard") => ({ role });
  expect(ungradedRole(of("none"), spec("response"))).not.toBe("");
  expect(ungradedRole(of("none"), spec("hazard"))).toBe("");
  expect(ungradedRole(of("major"), spec("response"))).toBe("");
  expect(ungradedRole(of("none", { scale: "x", value: "Ⅰ" }), spec("response"))).toBe("");
  expect(ungradedRole(of("none"), undefined)).toBe("");
});
