/** By what a table can be sorted: common columns, and the fields of the only class that is chosen. */
import type { Chosen } from "./query";
import { classes, store } from "./state";

export const FIELD = "attributes.";
const SORTS = new Set(["grade", "name", "code", "class", "level", "division", "department", "stage", "position", "source", "updated_at", "id"]);
const INNER = new Set(["source"]); // the public has no such column
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
