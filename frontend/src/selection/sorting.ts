/** By what a table can be sorted: common columns, and the fields of the only class that is chosen. */
import type { Chosen } from "./query";
import { T } from "../words/table";
import { classes, store } from "./state";

export const FIELD = "attributes.";
// As the service has it: SORTS of backend/riskmap/selection/compile.py.
const SORTS = new Set(["grade", "name", "code", "class", "level", "division", "department", "stage", "position", "source", "updated_at", "id"]);
/** Common columns that the public has not. */
export const INNER: ReadonlySet<string> = new Set(["enterprise", "parent", "source", "verified", "tags"]);
const SCALAR = new Set(["text", "integer", "decimal", "boolean", "date", "enum"]);

export function sortsCommon(name: string): boolean {
  return SORTS.has(name);
}
export function sortsField(field: { type: string }): boolean {
  return SCALAR.has(field.type);
}

/** Whether this reader can sort so what is chosen. */
export function knownSort(sort: string, chosen: Chosen): boolean {
  const name = sort.replace(/^-/, "");
  if (!name.startsWith(FIELD)) return SORTS.has(name) && (store.account !== null || !INNER.has(name));
  const only = chosen.classes?.length === 1 ? classes.value.get(chosen.classes[0] ?? "") : undefined;
  return only?.fields.some((f) => FIELD + f.name === name && sortsField(f)) ?? false;
}

/** What a sort is by, as a table's head says it; empty where no column or field is called so. */
export function sortTitle(sort: string): string {
  const name = sort.replace(/^-/, "");
  if (!name.startsWith(FIELD)) return T.column[name] ?? "";
  const field = name.slice(FIELD.length);
  const chosen = store.chosen.classes ?? [];
  // Another class's field of this name may be called otherwise: the chosen ones are looked through first.
  const all = [...classes.value.values()].sort((a, b) => Number(chosen.includes(b.class)) - Number(chosen.includes(a.class)));
  return all.flatMap((c) => c.fields).find((f) => f.name === field)?.title ?? "";
}
