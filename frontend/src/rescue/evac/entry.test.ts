import { describe, expect, it } from "vitest";
import { typedAt } from "../draft";
import { formOf, householdsFor } from "./entry";
import type { Entry, Household } from "./types";

const entry: Entry = { id: 1, kind: "returned", kind_title: "返回", persons: 3, household: null, shelter: null, origin: "relatives", cancels: null, at: "2026-07-14T23:40:08+08:00", by: "甲", key: "k", note: "电话", cancelled: false };

describe("an entry that is corrected", () => {
  it("keeps where they came back from, that no shelter was named, and when it was", () => {
    expect(formOf(entry)).toEqual({ kind: "returned", persons: "3", shelter: 0, origin: "relatives", household: 0, cancels: "k", at: "2026-07-14T23:40:08+08:00", note: "电话" });
    expect(formOf({ ...entry, kind: "sheltered", shelter: 5, origin: null, household: 9 })).toMatchObject({ shelter: 5, origin: "shelter", household: 9 });
  });
  it("shows its time where the bureau is", () => {
    expect(typedAt("2026-07-14T15:40:08Z")).toBe("2026-07-14T23:40");
  });
});

describe("households of an entry", () => {
  const home = (id: number, moved: number, returned: number): Household => ({ id, persons: 4, moved, left: 4 - moved, returned }) as Household;
  const all = [home(1, 0, 0), home(2, 4, 0), home(3, 4, 4), home(4, 2, 2)];
  it("are those of whom somebody is left, and for a return those of whom somebody is out", () => {
    expect(householdsFor("sheltered", all).map((h) => h.id)).toEqual([1, 4]);
    expect(householdsFor("with_relatives", all).map((h) => h.id)).toEqual([1, 4]);
    expect(householdsFor("returned", all).map((h) => h.id)).toEqual([2]);
    expect(householdsFor("to_move_change", all)).toEqual([]);
  });
});
