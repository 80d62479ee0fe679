/** What an object is and what happened to it, in words. */
import type { ClassSpec, Detail, FieldSpec, Geometry, GradeStep, Scale } from "../../api/types";
import { placeName } from "../../selection/store";
import { type Grade, GRADE_WORD, GRADES, num, QUALITY_WORD, STAGE_WORD, VISIBILITY_WORD, W } from "../../words";
import { G } from "../../words/grading";
import { CORE_WORD, GEOMETRY_WORD, O } from "../../words/object";
import type { History, Party, Version } from "./about";
import { ungradedRole } from "./ungraded";

export interface Said { text: string; strong?: boolean }

const gradeWord = (value: string): string => ((GRADES as readonly string[]).includes(value) ? GRADE_WORD[value as Grade] : value);
export const stepWord = (step: GradeStep): string => step.value === null ? (step.verdict ?? "") : step.scale === "risk-grade" ? gradeWord(step.value) : step.value;

/** What it is, how bad on which scale, and why: one sentence, the weighty words marked. Not assessed is never low. */
export function sayObject(o: Detail, spec: ClassSpec | undefined, steps: readonly GradeStep[], scales: ReadonlyMap<string, Scale>): Said[] {
  const out: Said[] = [{ text: O.isA(spec?.title ?? o.class) }];
  const grade = o.grade.value;
  const own = steps.find((s) => s.scale !== "risk-grade");
  const risk = steps.find((s) => s.scale === "risk-grade" && s.how !== "none");
  if (o.level) out.push({ text: O.levelIs(scales.get(o.level.scale)?.title ?? o.level.scale) }, { text: o.level.value, strong: true });
  // What was computed to be none, or could not be, is said as that: neither is “not looked at”.
  else if (own?.how === "computed" && own.verdict && grade === "none") {
    const short = own.standing === "unknown" ? O.notLow : O.outsideNotLow;
    return [{ text: O.registeredAs(spec?.title ?? o.class) }, { text: G.calculated(own.standard ?? "") }, { text: own.verdict, strong: true }, { text: short }];
  }
  const role = ungradedRole(o, spec);
  if (role) return [...out, { text: O.isRole(role) }];
  if (grade === "none") out.push({ text: o.level ? O.levelNotGraded : "" }, { text: o.level ? GRADE_WORD.none : O.notGraded, strong: true }, { text: O.notLow });
  else {
    const way = risk?.how === "policy" ? O.policyAs : risk?.how === "computed" ? O.computedAs : risk ? O.judgedAs : "";
    out.push({ text: `${o.level ? "，" : ""}${way}` }, { text: O.risk(GRADE_WORD[grade]), strong: true }, { text: "。" });
  }
  const why = (risk?.how === "policy" ? own?.basis : (risk?.basis ?? own?.basis))?.replace(/[。；;]+$/, "");
  if (why) out.push({ text: O.basisIs(why) });
  return out.filter((s) => s.text);
}

/** The dates of an object that come due: fields of type date whose name says so. */
export function dueOf(o: Detail, spec: ClassSpec | undefined, today: string): { title: string; on: string; days: number }[] {
  return (spec?.fields ?? []).flatMap((f) => {
    const on = o.attributes[f.name];
    if (f.type !== "date" || typeof on !== "string" || !/(_due|_until|_expires|^due_|^next_)|expires|valid_to/.test(f.name)) return [];
    return [{ title: f.title, on, days: Math.round((Date.parse(on) - Date.parse(today)) / 86_400_000) }];
  });
}

/** A class's fields in groups that one reads in one go. */
export interface Group { title: string; fields: FieldSpec[] }
export function groupsOf(spec: ClassSpec): Group[] {
  const key = new Set(spec.popup);
  const kind = (f: FieldSpec): keyof typeof titles =>
    f.type === "list" ? "lists" : ["point", "linestring", "polygon"].includes(f.type) ? "shapes" : key.has(f.name) ? "key" : f.type === "date" ? "dates" : f.type === "integer" || f.type === "decimal" ? "figures" : "conditions";
  const titles = { key: O.keyFacts, figures: O.figures, conditions: O.conditions, dates: O.dates, shapes: O.shapes, lists: "" };
  const out: Group[] = [];
  for (const name of ["key", "figures", "conditions", "dates", "shapes"] as const) {
    const fields = spec.fields.filter((f) => kind(f) === name);
    if (fields.length) out.push({ title: titles[name], fields });
  }
  for (const f of spec.fields) if (f.type === "list") out.push({ title: f.title, fields: [f] });
  return out;
}

export function sayParty(p: Party): string {
  return [p.name, p.post].filter(Boolean).join(" · ") || p.phone || "";
}

// -- History ---------------------------------------------------------------------------

export interface Change { title: string; from: string; to: string; note: string }

function degrees(g: Geometry): string {
  const [lng, lat] = g.coordinates as [number, number];
  return `${lng.toFixed(6)}，${lat.toFixed(6)}`;
}
export function sayShape(value: unknown): string {
  const g = value as Geometry | null;
  if (!g) return "";
  return g.type === "Point" ? degrees(g) : (GEOMETRY_WORD[g.type] ?? g.type);
}

/** A value of an object as an officer reads it. */
export function sayAny(name: string, value: unknown, spec: ClassSpec | undefined, objects: Readonly<Record<string, string>> = {}): string {
  if (value === null || value === undefined || value === "") return "";
  const field = name.startsWith("attributes.") ? spec?.fields.find((f) => f.name === name.slice(11)) : undefined;
  if (typeof value === "boolean") return name === "verified" ? (value ? W.verified : W.unverified) : value ? W.yes : W.no;
  if (name === "parties") return (value as Party[]).map((p) => `${p.role} ${sayParty(p)}`.trim()).join("；");
  if (name === "geometry") return sayShape(value);
  if (Array.isArray(value)) {
    if (value.every((v) => typeof v !== "object")) return value.map((v) => field?.fields?.[0]?.options?.find((o) => o.value === v)?.title ?? String(v)).join("、");
    return value.map((row: Record<string, unknown>) => (field?.fields ?? []).flatMap((f) => (row[f.name] === undefined || row[f.name] === "" ? [] : [sayScalar(f, row[f.name])])).join(" ")).join("；");
  }
  if (typeof value === "object") {
    const v = value as Record<string, unknown>;
    if ("coordinates" in v) return sayShape(v);
    if ("scale" in v || "value" in v) return gradeWord(String(v.value ?? ""));
    return String(v.name ?? "");
  }
  const text = String(value);
  if (field) return sayScalar(field, value);
  switch (name) {
    case "stage": return STAGE_WORD[text] ?? text;
    case "visibility": return VISIBILITY_WORD[text] ?? text;
    case "position_quality": case "quality": return QUALITY_WORD[text] ?? text;
    case "division": return placeName(text);
    case "enterprise": case "parent": return objects[text] ?? O.masked;
    default: return text;
  }
}

export function sayScalar(field: FieldSpec, value: unknown): string {
  if (value === true || value === "true") return W.yes;
  if (value === false || value === "false") return W.no;
  const text = String(value);
  const option = field.options?.find((o) => o.value === text)?.title;
  if (option) return option;
  const number = (field.type === "integer" || field.type === "decimal") && /^-?\d+$/.test(text) ? text.replace(/\B(?=(\d{3})+$)/g, ",") : text;
  return field.unit ? `${number} ${field.unit}` : number;
}

export function titleOf(name: string, spec: ClassSpec | undefined): string {
  const field = name.replace(/^attributes\./, "");
  return (name === field ? CORE_WORD[name === "quality" ? "position_quality" : name === "validFrom" ? "valid_from" : name] : spec?.fields.find((f) => f.name === field)?.title) ?? field;
}

/** One version as differences: what was and what is, in the words of the class. */
export function changesOf(version: Version, spec: ClassSpec | undefined, history: Pick<History, "objects">): Change[] {
  return Object.entries(version.change).flatMap(([name, [was, is]]): Change[] => {
    if (name === "position_quality" && "geometry" in version.change && (was === null || is === null)) return [];
    const [from, to] = [sayAny(name, was, spec, history.objects), sayAny(name, is, spec, history.objects)];
    let note = "";
    if (name === "geometry") note = was === null ? O.placed : is === null ? O.unplaced : version.moved_m ? O.moved(O.metres(version.moved_m)) : O.drawnAnew;
    return [{ title: titleOf(name, spec), from: from || O.none, to: to || O.none, note }];
  });
}

/** The same in a few words, for a line of the card. */
export function inShort(version: Version, spec: ClassSpec | undefined, history: Pick<History, "objects">): string {
  if (version.ended) return O.endedBecause(version.ended);
  if (version.first) return O.firstVersion;
  const changes = changesOf(version, spec, history);
  const one = changes.find((c) => c.title === CORE_WORD.grade) ?? changes[0];
  if (!one) return O.noOtherChange;
  const rest = changes.length > 1 ? ` +${num(changes.length - 1)}` : "";
  return `${one.title} ${one.note || `${one.from} → ${one.to}`}${rest}`;
}
