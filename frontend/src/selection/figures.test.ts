import { describe, expect, it } from "vitest";
import type { CountRow } from "../api/types";
import { GRADES } from "../words";
import { figuresOf, levelOf } from "./figures";
import { together } from "./together";

const row = (grade: CountRow["grade"], cls: string, level: string | null, n: number): CountRow => ({ grade, class: cls, level, division: "", n });
const ROWS = [row("major", "hazard", "s:1", 3), row("low", "hazard", null, 5), row("low", "shop", null, 7), row("low", "shop", "other:1", 2)];
const ON = new Set(["hazard"]);

describe("figures", () => {
  it("leave out each facet's own condition and no other", () => {
    const limits = { classes: new Set(["hazard"]), grades: new Set(["low"] as const), levels: new Set(["s:none"]) };
    const found = figuresOf(ROWS, limits, "s", ON);
    expect(found.byGrade.low).toBe(5);
    expect(found.byClass).toEqual({ hazard: { major: 0, serious: 0, general: 0, low: 5, none: 0 } });
    expect(found.byLevel).toEqual({ "s:none": 5 });
    expect(found.total).toBe(5);
  });
  it("tell the unassessed of a scale's own classes from what stands off it", () => {
    expect(ROWS.map((r) => levelOf(r, "s", ON))).toEqual(["s:1", "s:none", "s:off", "s:off"]);
    const all = { classes: new Set(["hazard", "shop"]), grades: new Set(GRADES), levels: null };
    const found = figuresOf(ROWS, all, "s", ON);
    expect(Object.values(found.byLevel).reduce((a, b) => a + b)).toBe(found.total);
  });
});

describe("answers asked for together", () => {
  it("are given when the last of them has come", async () => {
    const seen: string[] = [];
    let slow: (v: string) => void = () => undefined;
    const first = together(Promise.resolve("fast")).then((v) => seen.push(v));
    const second = together(new Promise<string>((resolve) => (slow = resolve))).then((v) => seen.push(v));
    const third = together(Promise.reject(new Error("lost"))).catch(() => seen.push("lost"));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(seen).toEqual(["lost"]);
    slow("slow");
    await Promise.all([first, second, third]);
    expect([...seen].sort()).toEqual(["fast", "lost", "slow"]);
  });
});
