import { expect, it } from "vitest";
import { RS } from "../words/rescue";
import { personsFault } from "./persons";

it("says what is wrong with a number of persons, not only that one is wanted", () => {
  expect(personsFault("12")).toBe("");
  expect(personsFault(" ")).toBe(RS.needPersons);
  for (const wrong of ["-5", "1.5", "一百", "0"]) expect(personsFault(wrong)).toContain("应为 1 以上的整数");
  expect(personsFault("0", { zero: true })).toBe("");
  expect(personsFault("-5", { zero: true })).toContain("应为 0 以上的整数");
  expect(personsFault("-5", { minus: true })).toBe("");
  expect(personsFault("0", { minus: true })).toBe(RS.notZero);
  expect(personsFault("1.5", { minus: true })).toBe(RS.wholeOrMinus);
  expect(personsFault("1000000")).toBe(RS.tooMany);
});
