/** A bureau's changes to the tables of rules, before they are adopted: kept in the browser, each against what it began from. */
import { TABLES } from "../words/admissionRules";
import type { RuleTables, Table } from "./ruleWords";

export type Row = Record<string, string>;
/** `rows` null: the product's own again. `base` is the table that the change began from. */
export interface Change { rows: Row[] | null; base: Row[] }
export type Draft = Record<string, Change>;
export type State = "" | "added" | "changed" | "removed";
/** `at` is its place in the draft's table, as the service counts; null for one that is taken out. */
export interface Line { row: Row; state: State; at: number | null }

const KEY = "riskmap.rules.";
export function load(user: string): Draft {
  try {
    return (JSON.parse(localStorage.getItem(KEY + user) ?? "null") as Draft | null) ?? {};
  } catch {
    return {};
  }
}
export function save(user: string, draft: Draft): void {
  try {
    if (Object.keys(draft).length) localStorage.setItem(KEY + user, JSON.stringify(draft));
    else localStorage.removeItem(KEY + user);
  } catch {
    // The draft lives as long as the page then.
  }
}

export const keyOf = (table: string, row: Row): string => (TABLES[table]?.key ?? ["code"]).map((c) => row[c] ?? "").join("|");
const same = (a: Row, b: Row): boolean => Object.keys({ ...a, ...b }).every((c) => (a[c] ?? "") === (b[c] ?? ""));
export const sameRows = (a: readonly Row[], b: readonly Row[]): boolean => a.length === b.length && a.every((row, i) => same(row, b[i] as Row));

/** The table's rows as they would be, each with what becomes of it; what is taken out stands where it stood. */
export function linesOf({ table, rows }: Table, change: Change | undefined): Line[] {
  if (!change?.rows) return rows.map((row, at) => ({ row, state: "", at }));
  const before = new Map(rows.map((row) => [keyOf(table, row), row]));
  const kept = new Set(change.rows.map((row) => keyOf(table, row)));
  const lines = change.rows.map((row, at): Line => {
    const was = before.get(keyOf(table, row));
    return { row, at, state: !was ? "added" : same(was, row) ? "" : "changed" };
  });
  rows.forEach((row, i) => {
    if (kept.has(keyOf(table, row))) return;
    const after = rows.slice(0, i).reverse().find((r) => lines.some((l) => keyOf(table, l.row) === keyOf(table, r)));
    const place = after ? lines.findIndex((l) => keyOf(table, l.row) === keyOf(table, after)) + 1 : 0;
    lines.splice(place, 0, { row, state: "removed", at: null });
  });
  return lines;
}
export const changes = (table: Table, change: Change | undefined): number => (change && !change.rows ? 1 : linesOf(table, change).filter((l) => l.state).length);

/** With another set of rows; one that is as it was is no change. */
export function withRows(draft: Draft, table: Table, rows: Row[] | null): Draft {
  const { [table.table]: old, ...others } = draft;
  if (rows && sameRows(rows, table.rows)) return others;
  return { ...others, [table.table]: { rows, base: old?.base ?? table.rows } };
}
/** Tables that have been replaced since the draft began. */
export const clashes = (draft: Draft, now: RuleTables): Table[] => now.tables.filter((t) => draft[t.table] && !sameRows(draft[t.table]?.base ?? [], t.rows));
export const sent = (draft: Draft): { tables: Record<string, Row[] | null> } => ({ tables: Object.fromEntries(Object.entries(draft).map(([name, { rows }]) => [name, rows])) });
