/** What the rules in force say of themselves, by code: for whoever names a rule. */
import { getJson } from "../api/client";

export interface Table { table: string; title: string; own: boolean; columns: string[]; titles: Record<string, string>; rows: Record<string, string>[] }
export interface RuleTables { ruleset: string; title: string; valid_from: string | null; reason: string; tables: Table[]; state: number }
export interface RuleWords { edition: string; clause: string; tag: string; effect: string; consequence: string }

export const readTables = (): Promise<RuleTables> => getJson<RuleTables>("/api/admission/rules");

export function wordsOf({ tables }: RuleTables): Map<string, RuleWords> {
  const out = new Map<string, RuleWords>();
  for (const { table, rows } of tables)
    for (const row of rows) {
      const code = table === "admission-tags" ? `LICENCE-${row.code ?? ""}` : (row.code ?? "");
      if (row.code) out.set(code, { edition: row.edition ?? "", clause: row.clause ?? "", tag: row.tag ?? "", effect: row.effect ?? row.advice ?? row.permits ?? "", consequence: row.consequence ?? "" });
    }
  return out;
}
