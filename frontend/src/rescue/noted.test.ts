import { describe, expect, it } from "vitest";
import { notedBy, notedIn } from "./noted";

describe("what is typed for the log", () => {
  it("stays on its side, and is no other account's", () => {
    notedBy("甲");
    notedIn(false).what = "水位还在涨";
    expect([notedIn(true).what, notedIn(false).what]).toEqual(["", "水位还在涨"]);
    notedIn(true).what = "演练开始";
    notedBy("甲");
    expect(notedIn(false).what).toBe("水位还在涨");
    notedBy("乙");
    expect([notedIn(true).what, notedIn(false).what]).toEqual(["", ""]);
  });
});
