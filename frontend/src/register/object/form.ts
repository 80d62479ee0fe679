/** An object being edited: what the inputs hold, made from what the service says, and what of it is sent back. */
import type { ClassSpec, Detail, FieldSpec, Geometry, GradeStep } from "../../api/types";

/** Numbers are texts here, so that what is typed is what is sent and stays exact. */
export type Row = Record<string, string>;
export type Value = string | Row[] | Geometry | null;
export interface Picked { id: number; name: string }
export interface Judged { value: string; basis: string }
export interface Draft {
  name: string; code: string; division: string; stage: string; source: string; visibility: string; department: string; tags: string; verified: boolean;
  enterprise: Picked | null; parent: Picked | null; geometry: Geometry | null; quality: string; grade: Judged; level: Judged; validFrom: string;
  attributes: Record<string, Value>;
}

const isGeometry = (type: string): boolean => type === "point" || type === "linestring" || type === "polygon";
const isNumber = (type: string): boolean => type === "integer" || type === "decimal";

function text(value: unknown): string {
  return value === null || value === undefined ? "" : typeof value === "boolean" ? String(value) : String(value);
}
export function valueOf(field: FieldSpec, stored: unknown): Value {
  if (field.type === "list") {
    const only = field.fields?.length === 1 ? field.fields[0]?.name : undefined;
    return (Array.isArray(stored) ? stored : []).map((row: unknown): Row => {
      if (only !== undefined && (row === null || typeof row !== "object")) return { [only]: text(row) };
      return Object.fromEntries(Object.entries((row ?? {}) as Record<string, unknown>).map(([k, v]) => [k, text(v)]));
    });
  }
  if (isGeometry(field.type)) return (stored as Geometry | undefined) ?? null;
  return text(stored);
}

export function blank(spec: ClassSpec): Draft {
  return {
    name: "", code: "", division: "", stage: "in_use", source: "", visibility: "department", department: "", tags: "", verified: false, enterprise: null, parent: null,
    geometry: null, quality: "", grade: { value: "", basis: "" }, level: { value: "", basis: "" }, validFrom: "",
    attributes: Object.fromEntries(spec.fields.map((f) => [f.name, valueOf(f, undefined)])),
  };
}

/** The grade that a person gave, which a form may change; a level's or policy's own is not it. */
function judgedOf(steps: readonly GradeStep[], own: (s: GradeStep) => boolean): Judged {
  const found = steps.find((s) => s.how === "judged" && own(s));
  return { value: found?.value ?? "", basis: found?.basis ?? "" };
}

/** Whether the attributes themselves say the grade: then nobody judges it beside them. */
export function carriesGrade(draft: Draft): boolean {
  return draft.attributes.method === "direct" && "grade" in draft.attributes;
}

export function draftOf(detail: Detail, steps: readonly GradeStep[], spec: ClassSpec): Draft {
  const out: Draft = {
    name: detail.name, code: detail.code ?? "", division: detail.division ?? "", stage: detail.stage, source: detail.source ?? "", visibility: detail.visibility,
    department: detail.department, tags: (detail.tags ?? []).join("、"), verified: detail.verified ?? false,
    enterprise: detail.enterprise ? { id: detail.enterprise.id, name: detail.enterprise.name ?? "" } : null, parent: detail.parent ? { id: detail.parent.id, name: detail.parent.name ?? "" } : null,
    geometry: detail.geometry, quality: detail.geometry ? (detail.position_quality ?? "") : "", grade: judgedOf(steps, (s) => s.scale === "risk-grade"), level: judgedOf(steps, (s) => s.scale !== "risk-grade"),
    validFrom: "", attributes: Object.fromEntries(spec.fields.map((f) => [f.name, valueOf(f, detail.attributes[f.name])])),
  };
  if (carriesGrade(out)) out.grade = { value: "", basis: "" };
  return out;
}

/** A copy begins as a new object: its number, its place's proof and its judgements are its own to get. */
export function copyOf(draft: Draft): Draft {
  return { ...structuredClone(draft), code: "", verified: false, grade: { value: "", basis: "" }, level: { value: "", basis: "" }, validFrom: "" };
}

// -- Item by item ---------------------------------------------------------------------

/** One thing that can differ: `name`, `attributes.dam_height_m`, … */
export type Flat = Map<string, unknown>;

export function flat(draft: Draft): Flat {
  const { attributes, ...core } = draft;
  return new Map<string, unknown>([...Object.entries(core), ...Object.entries(attributes).map(([k, v]): [string, unknown] => [`attributes.${k}`, v])]);
}

/** As it is compared and sent: surrounding blanks and empty rows say nothing. */
function plain(value: unknown): unknown {
  if (typeof value === "string") return value.trim();
  if (Array.isArray(value)) return (value as Row[]).map((row) => Object.fromEntries(Object.entries(row).filter(([, v]) => v.trim() !== "").sort(([a], [b]) => (a < b ? -1 : 1)))).filter((row) => Object.keys(row).length);
  if (value && typeof value === "object") {
    if ("id" in value) return (value as Picked).id;
    if ("basis" in value) return (value as Judged).value.trim() ? { value: (value as Judged).value.trim(), basis: (value as Judged).basis.trim() } : null;
  }
  return value ?? null;
}
export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(plain(a)) === JSON.stringify(plain(b));
}

export function changed(base: Draft, draft: Draft): string[] {
  const before = flat(base);
  return [...flat(draft)].filter(([key, value]) => !same(before.get(key), value)).map(([key]) => key);
}

export function get(draft: Draft, key: string): unknown {
  return flat(draft).get(key);
}
export function put(draft: Draft, key: string, value: unknown): void {
  const copy: unknown = value === undefined ? null : JSON.parse(JSON.stringify(value));
  if (key.startsWith("attributes.")) draft.attributes[key.slice(11)] = copy as Value;
  else (draft as unknown as Record<string, unknown>)[key] = copy;
}

/** What two officers made of one object: an item that both changed, differently, is to be chosen. */
export interface Clash { key: string; original: unknown; theirs: unknown; yours: unknown }
export interface Merge { clashes: Clash[]; theirs: string[]; yours: string[] }

export function compare(base: Draft, theirs: Draft, yours: Draft): Merge {
  const [b, t, y] = [flat(base), flat(theirs), flat(yours)];
  const out: Merge = { clashes: [], theirs: [], yours: [] };
  for (const key of new Set([...b.keys(), ...t.keys(), ...y.keys()])) {
    const [was, they, you] = [b.get(key), t.get(key), y.get(key)];
    const [theyDid, youDid] = [!same(was, they), !same(was, you)];
    if (theyDid && youDid && !same(they, you)) out.clashes.push({ key, original: was, theirs: they, yours: you });
    else if (theyDid && !youDid) out.theirs.push(key);
    else if (youDid && !theyDid) out.yours.push(key);
  }
  return out;
}

/** Their version with what one keeps of one's own. */
export function merged(theirs: Draft, yours: Draft, keep: readonly string[]): Draft {
  const out = structuredClone(theirs);
  for (const key of keep) put(out, key, get(yours, key));
  return out;
}

// -- What is sent ---------------------------------------------------------------------

function wire(field: FieldSpec, value: Value): unknown {
  if (field.type === "list") {
    const rows = plain(value) as Row[];
    const only = field.fields?.length === 1 ? field.fields[0]?.name : undefined;
    if (!rows.length) return null;
    return rows.map((row) => {
      const typed = Object.fromEntries(Object.entries(row).map(([name, v]) => {
        const spec = field.fields?.find((f) => f.name === name);
        return [name, spec ? scalar(spec, v) : v];
      }));
      return only === undefined ? typed : typed[only];
    });
  }
  if (isGeometry(field.type)) return value;
  return scalar(field, typeof value === "string" ? value : "");
}
function scalar(field: FieldSpec, value: string): unknown {
  const said = value.trim();
  if (!said) return null;
  if (field.type === "boolean") return said === "true";
  return isNumber(field.type) ? said.replace(/,(?=\d{3}\b)/g, "") : said;
}
export function tagsOf(said: string): string[] {
  return [...new Set(said.split(/[、，,；;]/).map((t) => t.trim()).filter(Boolean))];
}

/** The fields to send: all that says something for a new object; for an edit those that `keys` names. */
export function bodyOf(draft: Draft, spec: ClassSpec, keys: readonly string[] | null): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const all = keys === null;
  const has = (key: string): boolean => all || keys.includes(key);
  const take = (key: string, name: string, value: unknown, empty: boolean): void => {
    if (has(key) && !(all && empty)) out[name] = value;
  };
  if (all) out.class = spec.class;
  take("name", "name", draft.name.trim(), false);
  take("code", "code", draft.code.trim() || null, !draft.code.trim());
  take("division", "division", draft.division || null, !draft.division);
  take("stage", "stage", draft.stage, false);
  take("source", "source", draft.source.trim(), !draft.source.trim());
  take("visibility", "visibility", draft.visibility, false);
  take("department", "department", draft.department.trim() || spec.department, !draft.department.trim());
  take("tags", "tags", tagsOf(draft.tags), !tagsOf(draft.tags).length);
  take("verified", "verified", draft.verified, !draft.verified);
  take("enterprise", "enterprise", draft.enterprise?.id ?? null, !draft.enterprise);
  take("parent", "parent", draft.parent?.id ?? null, !draft.parent);
  take("geometry", "geometry", draft.geometry, !draft.geometry);
  // A new place without a word on its quality would be taken as clicked.
  if (draft.geometry && (has("quality") || has("geometry"))) out.position_quality = draft.quality || "clicked";
  if (draft.validFrom) out.valid_from = draft.validFrom;
  const judged = ({ value, basis }: Judged): { value: string; basis: string } | null => (value ? { value, basis: basis.trim() } : null);
  take("grade", "grade", judged(draft.grade), !draft.grade.value);
  take("level", "level", draft.level.value ? { scale: spec.scale, ...judged(draft.level) } : null, !draft.level.value);
  const attributes: Record<string, unknown> = {};
  for (const field of spec.fields) {
    if (!has(`attributes.${field.name}`)) continue;
    const value = wire(field, draft.attributes[field.name] ?? "");
    if (!(all && value === null)) attributes[field.name] = value;
  }
  if (Object.keys(attributes).length) out.attributes = attributes;
  return out;
}

/** The input that a fault of the service belongs to. */
export function inputOf(fault: string): string {
  if (fault.startsWith("attributes.")) return fault.split(".").slice(0, 2).join(".");
  const head = fault.split(".")[0] ?? "";
  return { position_quality: "quality", valid_from: "validFrom" }[head] ?? head;
}
