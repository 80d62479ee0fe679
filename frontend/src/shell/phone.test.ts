import { describe, expect, it } from "vitest";
import { callTo, dialled } from "./phone";

describe("what is dialled", () => {
  it.each([
    ["(0792)8226000", "07928226000"],
    ["（0792） 8226000", "07928226000"],
    ["0792-8226000 转 3", "07928226000"],
    ["13800000000、13900000000", "13800000000"],
    ["值班室 8226000", "8226000"],
    ["+86 138 0000 0000", "+8613800000000"],
    ["１３８００００００００", "13800000000"],
  ])("%s", (said, number) => expect(dialled(said)).toBe(number));
  it("is nothing without a number", () => expect([dialled("没有"), dialled(undefined)]).toEqual([null, null]));
  it("may be as short as 110", () => expect(callTo("值班室 110")).toBe("tel:110"));
});
