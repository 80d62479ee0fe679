import { describe, expect, it } from "vitest";
import type { RuleTables, Table } from "./ruleWords";
import { changes, clashes, type Draft, linesOf, withRows } from "./rulesDraft";

const table: Table = { table: "admission-zones", title: "区域规则", own: false, columns: ["code", "within_m"], titles: {}, rows: [{ code: "A", within_m: "0" }, { code: "B", within_m: "10" }, { code: "C", within_m: "20" }] };
const tables = (rows: Table["rows"]): RuleTables => ({ ruleset: "r", title: "", valid_from: null, reason: "", state: 1, tables: [{ ...table, rows }] });

describe("a draft of rules", () => {
  it("tells of each row what becomes of it, and leaves what is taken out where it stood", () => {
    const draft = withRows({}, table, [{ code: "A", within_m: "0" }, { code: "C", within_m: "25" }, { code: "D", within_m: "5" }]);
    expect(linesOf(table, draft["admission-zones"]).map((l) => [l.row.code, l.state, l.at])).toEqual([["A", "", 0], ["B", "removed", null], ["C", "changed", 1], ["D", "added", 2]]);
    expect(changes(table, draft["admission-zones"])).toBe(3);
  });
  it("is none where all is as it was", () => {
    const draft = withRows({}, table, [{ code: "A", within_m: "1" }, ...table.rows.slice(1)]);
    expect(withRows(draft, table, [...table.rows])).toEqual({});
  });
  it("knows when its table was replaced meanwhile", () => {
    const draft: Draft = withRows({}, table, table.rows.slice(1));
    expect(clashes(draft, tables(table.rows))).toEqual([]);
    expect(clashes(draft, tables(table.rows.slice(0, 2))).map((t) => t.table)).toEqual(["admission-zones"]);
  });
});
