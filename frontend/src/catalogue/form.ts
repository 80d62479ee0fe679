/** A class being edited: what the inputs hold, made from what the service says and made back into it. */
import type { FieldFault } from "../api/client";
import type { ClassSpec } from "../api/types";
import type { ClassBody, FieldBody, Option, RowFieldBody } from "./types";

export const TYPES = ["text", "integer", "decimal", "boolean", "date", "enum", "list", "point", "linestring", "polygon"] as const;
export const ROW_TYPES = TYPES.slice(0, 6);
export const COMMON = ["name", "code", "grade", "level", "division", "stage", "enterprise", "parent", "department", "source", "verified", "updated_at"] as const;
const LISTED = ["name", "grade", "division", "stage", "updated_at"];
/** What the form does not edit and gives back as it came: tables of standards, citations. */
const EDITED = new Set(["name", "title", "type", "required", "unit", "minimum", "maximum", "exclusive_minimum", "max_length", "options", "visibility", "help", "fields", "synonyms"]);

/** Numbers are texts here, so that what is typed is what is sent. The name of a field that is `saved` is what objects keep its value by. */
export interface RowFieldDraft {
  key: number; name: string; title: string; type: string; required: boolean; unit: string; minimum: string; maximum: string; exclusive: boolean;
  maxLength: string; options: Option[]; help: string; proposed: boolean; saved: boolean; carried: Record<string, unknown>;
}
export interface SynonymDraft { key: number; header: string; unit: string; factor: string }
export interface FieldDraft extends RowFieldDraft { visibility: string; synonyms: SynonymDraft[]; fields: RowFieldDraft[] }
export interface ClassDraft {
  code: string; title: string; group: string; role: string; geometry: string[]; scale: string; department: string; symbol: string; retired: boolean;
  fields: FieldDraft[]; list: string[]; popup: string[]; synonyms: { key: number; header: string; target: string }[];
}

let keys = 0;
const fresh = (): number => ++keys;

export function blankRowField(): RowFieldDraft {
  return {
    key: fresh(), name: "", title: "", type: "text", required: false, unit: "", minimum: "", maximum: "", exclusive: false, maxLength: "", options: [], help: "",
    proposed: true, saved: false, carried: {},
  };
}
export function blankField(): FieldDraft {
  return { ...blankRowField(), visibility: "department", synonyms: [], fields: [] };
}
export function blankSynonym(): SynonymDraft {
  return { key: fresh(), header: "", unit: "", factor: "" };
}
export function blankShared(): ClassDraft["synonyms"][number] {
  return { key: fresh(), header: "", target: "name" };
}
export function blankClass(code: string): ClassDraft {
  return {
    code, title: "", group: "", role: "hazard", geometry: ["point"], scale: "", department: "", symbol: "", retired: false,
    fields: [], list: [...LISTED], popup: [], synonyms: [],
  };
}

const text = (value: unknown): string => (value === null || value === undefined ? "" : String(value));

function rowDraft(body: RowFieldBody): RowFieldDraft {
  return {
    key: fresh(), name: body.name, title: body.title, type: body.type, required: body.required ?? false, unit: text(body.unit),
    minimum: text(body.minimum), maximum: text(body.maximum), exclusive: body.exclusive_minimum ?? false, maxLength: text(body.max_length),
    options: (body.options ?? []).map((o) => ({ ...o })), help: text(body.help), proposed: false, saved: true,
    carried: Object.fromEntries(Object.entries(body).filter(([key]) => !EDITED.has(key))),
  };
}

export function draftOf(body: ClassBody): ClassDraft {
  return {
    code: body.class, title: body.title, group: body.group, role: body.role, geometry: [...body.geometry], scale: body.scale ?? "",
    department: body.department, symbol: body.symbol, retired: body.retired, list: [...body.list], popup: [...body.popup],
    fields: body.fields.map((f) => ({
      ...rowDraft(f), visibility: f.visibility,
      synonyms: f.synonyms.map((s) => ({ key: fresh(), header: s.header, unit: text(s.unit), factor: text(s.factor) })),
      fields: (f.fields ?? []).map(rowDraft),
    })),
    synonyms: body.synonyms.map((s) => ({ key: fresh(), ...s })),
  };
}

const isNumber = (type: string): boolean => type === "integer" || type === "decimal";

/** What belongs to another type stays in the input and is not sent. */
function rowBody(draft: RowFieldDraft): RowFieldBody {
  const out: RowFieldBody = { ...draft.carried, name: draft.name.trim(), title: draft.title.trim(), type: draft.type };
  if (draft.required) out.required = true;
  if (draft.help.trim()) out.help = draft.help.trim();
  if (isNumber(draft.type)) {
    if (draft.unit.trim()) out.unit = draft.unit.trim();
    if (draft.minimum.trim()) out.minimum = draft.minimum.trim();
    if (draft.maximum.trim()) out.maximum = draft.maximum.trim();
    if (draft.exclusive && out.minimum !== undefined) out.exclusive_minimum = true;
  }
  if (draft.type === "text" && draft.maxLength.trim()) out.max_length = draft.maxLength.trim() as unknown as number;
  if (draft.type === "enum") out.options = draft.options.filter((o) => o.title.trim() || o.value);
  return out;
}

export function bodyOf(draft: ClassDraft): ClassBody {
  return {
    class: draft.code.trim(), title: draft.title.trim(), group: draft.group, role: draft.role, geometry: draft.geometry, scale: draft.scale || null,
    department: draft.department.trim(), symbol: draft.symbol, retired: draft.retired,
    fields: draft.fields.map((f): FieldBody => ({
      ...rowBody(f), visibility: f.visibility,
      synonyms: f.synonyms.filter((s) => s.header.trim()).map((s) => ({
        header: s.header.trim(), ...(isNumber(f.type) && s.unit.trim() ? { unit: s.unit.trim() } : {}), ...(isNumber(f.type) && s.factor.trim() ? { factor: s.factor.trim() } : {}),
      })),
      ...(f.type === "list" ? { fields: f.fields.map(rowBody) } : {}),
    })),
    list: draft.list, popup: draft.popup,
    synonyms: draft.synonyms.filter((s) => s.header.trim()).map(({ header, target }) => ({ header: header.trim(), target })),
  };
}

const SEPARATORS = /[、，,；;]/;
const parted = (said: string): string[] => said.split(SEPARATORS).map((t) => t.trim()).filter(Boolean);

/** Options as one reads and writes them: one a line, what else senders write for it behind a colon. */
export function linesOf(options: readonly Option[]): string {
  return options.map((o) => (o.words?.length ? `${o.title}：${o.words.join("、")}` : o.title)).join("\n");
}

/** The other way. Several on one line are several options; an option that was there keeps its stored value, and its title whole. */
export function optionsOf(lines: string, before: readonly Option[]): Option[] {
  const values = new Map(before.map((o) => [o.title, o.value]));
  return lines.split("\n").flatMap((line): Option[] => {
    const said = line.trim();
    const known = [...values.keys()].filter((title) => said === title || /^\s*[：:]/.test(said.slice(title.length)) && said.startsWith(title));
    const head = known.sort((a, b) => b.length - a.length)[0] ?? said.split(/[：:]/)[0]?.trim() ?? "";
    const tail = said.slice(head.length).replace(/^\s*[：:]/, "");
    const titles = values.has(head) ? [head] : parted(head);
    const words = parted(tail);
    return titles.map((title) => ({ title, value: values.get(title) ?? title, ...(words.length && titles.length === 1 ? { words } : {}) }));
  });
}

/** A name for a field of this title: what other classes call it, so that filters reach across; else the next free. */
export function proposeName(title: string, taken: readonly string[], classes: readonly ClassSpec[]): string {
  const used = new Set(taken.map((n) => n.toLowerCase()));
  const counted = new Map<string, number>();
  for (const c of classes) for (const f of c.fields) if (f.title === title.trim()) counted.set(f.name, (counted.get(f.name) ?? 0) + 1);
  const [best] = [...counted].sort((a, b) => b[1] - a[1]).filter(([name]) => !used.has(name.toLowerCase()) && !(COMMON as readonly string[]).includes(name));
  if (best) return best[0];
  // Not one that another class has for something else: filters across classes would mix them up.
  for (const c of classes) for (const f of c.fields) used.add(f.name.toLowerCase());
  for (let n = 1; ; n++) if (!used.has(`field_${n}`)) return `field_${n}`;
}

/** How other classes declare a field of this name: type and unit to begin with. */
export function declaredElsewhere(name: string, classes: readonly ClassSpec[]): { type: string; unit: string } | null {
  for (const c of classes) {
    const found = c.fields.find((f) => f.name === name);
    if (found && !["enum", "list"].includes(found.type)) return { type: found.type, unit: found.unit ?? "" };
  }
  return null;
}

export function moved<T>(list: readonly T[], index: number, by: -1 | 1): T[] {
  const out = [...list];
  const other = index + by;
  if (other < 0 || other >= out.length) return out;
  [out[index], out[other]] = [out[other] as T, out[index] as T];
  return out;
}

/** Faults that a form which nobody has sent yet need not be told: what is still empty. */
const UNSAID = new Set(["required", "bad_code", "bad_name", "unknown_symbol"]);

export function shownFaults(faults: readonly FieldFault[], all: boolean): Map<string, string> {
  const out = new Map<string, string>();
  for (const fault of faults) if ((all || !UNSAID.has(fault.code)) && !out.has(fault.field)) out.set(fault.field, fault.message);
  return out;
}
