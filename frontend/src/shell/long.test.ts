import { describe, expect, it } from "vitest";
import { cutOf, tooMuch } from "./long";

describe("a text that is longer than what takes it", () => {
  it("is counted as the service counts it", () => {
    expect(tooMuch("汛".repeat(2000), 2000)).toBe(0);
    expect(tooMuch(` ${"汛".repeat(2001)}\n`, 2000)).toBe(1);
    expect(tooMuch("𠮷".repeat(200), 200)).toBe(0); // one sign, two units of the browser
    expect(tooMuch(undefined, 5)).toBe(0);
  });
  it("is measured against the room that a field has left, what is marked making room", () => {
    const field = (value: string, maxLength: number, from = value.length, to = value.length) => ({ value, maxLength, selectionStart: from, selectionEnd: to });
    expect(cutOf("一二三", field("", 2))).toBe(1);
    expect(cutOf("一二三", field("甲乙", 5))).toBe(0);
    expect(cutOf("一二三", field("甲乙丙", 5))).toBe(1);
    expect(cutOf("一二三", field("甲乙丙", 5, 0, 3))).toBe(0);
    expect(cutOf("一\n二", field("", 2))).toBe(0); // a field of one line has no line ends
    expect(cutOf("一二三", field("", -1))).toBe(0); // without a bound
  });
});
