import { describe, expect, it } from "vitest";
import { after, type Holiday, iso, turned, utc } from "./holidays";

const marks = new Map<string, Holiday>([
  ["2026-10-01", { day: "2026-10-01", works: false, title: "国庆节" }], ["2026-10-02", { day: "2026-10-02", works: false, title: "国庆节" }], ["2026-10-10", { day: "2026-10-10", works: true, title: "" }],
]);

describe("working days", () => {
  it("pass over weekends and holidays, and count a weekend day that is worked", () => {
    expect(iso(after(utc(2026, 8, 30), 1, marks))).toBe("2026-10-05"); // 30 September is a Wednesday
    expect(iso(after(utc(2026, 8, 30), 6, marks))).toBe("2026-10-10");
    expect(iso(after(utc(2026, 8, 30), 6, new Map()))).toBe("2026-10-08");
  });
  it("are marked by clicks: a weekday off, a weekend day worked, then off, then plain again", () => {
    const [friday, saturday] = [utc(2026, 9, 2), utc(2026, 9, 10)];
    expect(turned(friday, undefined, "国庆节")).toEqual({ day: "2026-10-02", works: false, title: "国庆节" });
    expect(turned(friday, marks.get("2026-10-02"), "")).toBeNull();
    expect(turned(saturday, undefined, "")?.works).toBe(true);
    expect(turned(saturday, marks.get("2026-10-10"), "")?.works).toBe(false);
    expect(turned(saturday, { day: "2026-10-10", works: false, title: "" }, "")).toBeNull();
  });
});
