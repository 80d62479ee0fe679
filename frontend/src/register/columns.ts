/** Which columns a table shows: common ones, and the declared fields of a single class; the choice is kept per class. */
import { computed, reactive, watch } from "vue";
import type { ClassSpec, FieldSpec } from "../api/types";
import { classes, store } from "../selection/store";
import { FIELD, INNER, knownSort, sortsCommon, sortsField } from "../selection/sorting";
import { WORST_FIRST } from "../selection/query";
import { T } from "../words/table";

export interface Column { name: string; title: string; sort: string | null; worstFirst: boolean; width: number; grows: boolean; number: boolean; field: FieldSpec | null }

const KEPT = "riskmap.columns";
// Width in pixels at 13 px type; the name takes what is left.
const COMMON: Record<string, { width: number; worstFirst?: boolean; number?: boolean }> = {
  grade: { width: 96, worstFirst: true }, name: { width: 180 }, code: { width: 128 }, class: { width: 136 }, level: { width: 128, worstFirst: true },
  division: { width: 152 }, enterprise: { width: 176 }, parent: { width: 152 }, department: { width: 104 },
  stage: { width: 76 }, position: { width: 76 }, source: { width: 92 }, verified: { width: 64 },
  visibility: { width: 76 }, tags: { width: 120 }, updated_at: { width: 108, worstFirst: true, number: true }, id: { width: 76, number: true },
};
const PLAIN = ["grade", "name", "class", "level", "division", "enterprise", "stage", "position", "updated_at"];
// What goes first where the table is narrow.
const DISPENSABLE = ["position", "stage", "department", "enterprise", "source"];

/** The class whose own fields may be columns: the only one chosen. */
export const onlyClass = computed<ClassSpec | null>(() => (store.chosen.classes?.length === 1 ? (classes.value.get(store.chosen.classes[0] ?? "") ?? null) : null));
const key = computed(() => onlyClass.value?.class ?? "*");

const kept = reactive<Record<string, string[]>>(read());
function read(): Record<string, string[]> {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Record<string, string[]>;
  } catch {
    return {};
  }
}
function write(): void {
  try {
    localStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // A browser that keeps nothing shows the default columns the next time.
  }
}

export const commonNames = computed<string[]>(() => Object.keys(COMMON).filter((name) => store.account || !INNER.has(name)));
export const ownFields = computed<FieldSpec[]>(() => onlyClass.value?.fields ?? []);

// An order by a field that the present classes do not have is none.
watch(ownFields, () => {
  if (store.fitted && !knownSort(store.sort, store.chosen)) store.sort = WORST_FIRST;
}, { flush: "sync" });

function columnOf(name: string): Column | null {
  const bare = name.startsWith(FIELD) ? name.slice(FIELD.length) : null;
  if (bare !== null) {
    const field = ownFields.value.find((f) => f.name === bare);
    if (!field) return null;
    const title = T.unit(field.title, field.unit);
    const number = field.type === "integer" || field.type === "decimal";
    return { name, title, sort: sortsField(field) ? name : null, worstFirst: number, width: Math.max(number ? 84 : 104, Math.min(title.length * 13 + 36, 180)), grows: false, number, field };
  }
  const common = COMMON[name];
  if (!common || !commonNames.value.includes(name)) return null;
  return {
    name, title: T.column[name] ?? name, sort: sortsCommon(name) ? name : null, worstFirst: common.worstFirst ?? false, width: common.width,
    grows: name === "name", number: common.number ?? false, field: null,
  };
}

/** The columns that a class's declaration lists, grade and name first; without one class the plain ones. */
function defaults(): string[] {
  const spec = onlyClass.value;
  if (!spec) return PLAIN;
  const own = new Set(spec.fields.map((f) => f.name));
  const listed = spec.list.map((name) => (own.has(name) ? FIELD + name : name));
  return [...new Set(["grade", "name", ...listed])];
}

const chosenNames = computed<string[]>(() => kept[key.value] ?? defaults());
export const isDefault = computed(() => kept[key.value] === undefined);
export const chosenColumns = computed<Column[]>(() => chosenNames.value.map(columnOf).filter((c) => c !== null));

/** What fits: columns that nobody asked for give way where the table is narrow. */
export function fitting(width: number): Column[] {
  const out = [...chosenColumns.value];
  if (!isDefault.value) return out;
  const needed = (): number => out.reduce((sum, c) => sum + c.width, 0);
  for (const name of DISPENSABLE) {
    if (needed() <= width) break;
    const at = out.findIndex((c) => c.name === name);
    if (at >= 0) out.splice(at, 1);
  }
  for (let i = out.length - 1; i >= 0 && needed() > width; i--) if (out[i]?.field) out.splice(i, 1);
  return out;
}

export function isShown(name: string): boolean {
  return chosenNames.value.includes(name);
}
/** The name stays: a row without it could not be opened. */
export function flipColumn(name: string): void {
  const order = [...commonNames.value, ...ownFields.value.map((f) => FIELD + f.name)];
  const now = chosenNames.value.filter((n) => columnOf(n));
  kept[key.value] = now.includes(name) ? now.filter((n) => n !== name || n === "name") : place(now, name, order);
  write();
}
/** A new column goes where it stands among all, so that a table looks alike whatever order it was clicked in. */
function place(now: string[], name: string, order: readonly string[]): string[] {
  const rank = order.indexOf(name);
  const at = now.findIndex((n) => order.indexOf(n) > rank);
  const out = [...now];
  // Fields stand before the closing columns (stage, updates), as classes declare them.
  if (name.startsWith(FIELD)) {
    const end = out.findIndex((n) => n === "stage" || n === "updated_at");
    out.splice(end < 0 ? out.length : end, 0, name);
  } else out.splice(at < 0 ? out.length : at, 0, name);
  return out;
}
export function defaultColumns(): void {
  Reflect.deleteProperty(kept, key.value);
  write();
}
export function fieldName(field: FieldSpec): string {
  return FIELD + field.name;
}
