/** The selection as the page holds it, as the service takes it, and as a link carries it. */
import { GRADES, type Grade } from "../words";
import { type Area, areaFromText, areaToText } from "./area";
import { type FieldLimit, fieldFromText, fieldToText, MOST_FIELDS, whereOf } from "./fields";

export const STAGES = ["in_use", "suspended", "closing", "closed", "striking_off", "struck_off"] as const;
export const LIVE_STAGES: readonly string[] = ["in_use", "suspended", "closing", "striking_off"];

/** What map, counts, heat and table share. */
export interface Chosen {
  classes: string[] | null; // null: every risk source (role hazard)
  grades: Grade[] | null; // null: all
  levels: string[] | null; // of one scale, each "scale:value"; null: all
  divisions: string[]; // counties or towns; none: everywhere
  stages: string[] | null; // null: whatever is neither closed nor struck off
  sources: string[];
  departments: string[];
  verified: boolean | null;
  tags: string[];
  enterprises: number[];
  fields: FieldLimit[]; // of the one chosen class
  area: Area | null;
  q: string;
  asOf: string | null; // a past day, or "state:400"; null: now
}

export interface View { lat: number; lng: number; zoom: number }

/** Everything a link brings back. */
export interface Link { chosen: Chosen; view: View | null; heat: boolean; weighted: boolean; scale: string | null; cell: string | null; object: number | null; sort: string; base?: string | null | undefined; from?: string | null }

export const EVERYTHING: Chosen = { classes: null, grades: null, levels: null, divisions: [], stages: null, sources: [], departments: [], verified: null, tags: [], enterprises: [], fields: [], area: null, q: "", asOf: null };
/** The order of a table that nobody sorted, which a link need not carry. */
export const WORST_FIRST = "-grade";
const FIELD_MARK = "f.";
const WEIGHTED = "weighted";
const NONE = "-"; // an empty list, which is not the same as no condition

/** Parameters of the service; `hazards` is what "every risk source" means in this catalogue. */
export function toParams(chosen: Chosen, hazards: readonly string[]): URLSearchParams {
  const params = new URLSearchParams();
  const classes = chosen.classes ?? hazards;
  if (classes.length) params.set("class", classes.join(","));
  if (chosen.grades?.length) params.set("grade", chosen.grades.join(","));
  if (chosen.levels?.length) params.set("level", chosen.levels.join(","));
  if (chosen.divisions.length) params.set("division", chosen.divisions.join(","));
  if (chosen.stages) params.set("stage", chosen.stages.length === STAGES.length ? "any" : chosen.stages.join(","));
  // Text may hold a comma: one parameter a value.
  const several = { source: chosen.sources, department: chosen.departments, tag: chosen.tags };
  for (const [name, values] of Object.entries(several)) for (const value of values) params.append(name, value);
  if (chosen.verified !== null) params.set("verified", String(chosen.verified));
  if (chosen.enterprises.length) params.set("enterprise", chosen.enterprises.join(","));
  const where = classes.length === 1 ? whereOf(chosen.fields) : "";
  if (where) params.set("where", where);
  if (chosen.area?.id) params.set("selection", chosen.area.id);
  if (chosen.q.trim()) params.set("q", chosen.q.trim());
  if (chosen.asOf) params.set("as_of", chosen.asOf);
  return params;
}

/** Whether nothing can be in it: the service reads an empty list as "no limit". */
export function isNothing(chosen: Chosen): boolean {
  return chosen.classes?.length === 0 || chosen.grades?.length === 0 || chosen.levels?.length === 0;
}

export function toHash({ chosen, view, heat, weighted, scale, cell, object, sort, base, from }: Link): string {
  const parts: string[] = [];
  const add = (name: string, value: string): void => void parts.push(`${name}=${encodeURIComponent(value).replace(/%2F/g, "/")}`);
  if (chosen.classes) add("class", chosen.classes.join(",") || NONE);
  if (chosen.grades) add("grade", chosen.grades.join(",") || NONE);
  if (chosen.levels) add("level", chosen.levels.join(",") || NONE);
  if (chosen.divisions.length) add("division", chosen.divisions.join(","));
  if (chosen.stages) add("stage", chosen.stages.join(","));
  const several = { source: chosen.sources, department: chosen.departments, tag: chosen.tags };
  for (const [name, values] of Object.entries(several)) for (const value of values) add(name, value);
  if (chosen.verified !== null) add("verified", String(chosen.verified));
  if (chosen.enterprises.length) add("enterprise", chosen.enterprises.join(","));
  for (const limit of chosen.fields) add(FIELD_MARK + limit.field, fieldToText(limit));
  if (chosen.area) add("area", areaToText(chosen.area.shape));
  if (chosen.asOf) add("as_of", chosen.asOf);
  if (from) add("from", from);
  if (chosen.q.trim()) add("q", chosen.q.trim());
  if (heat) add("heat", weighted ? WEIGHTED : "1");
  if (scale) add("scale", scale);
  if (cell) add("cell", cell);
  if (sort !== WORST_FIRST) add("sort", sort);
  if (object !== null) add("object", String(object));
  if (base) add("base", base);
  if (view) add("map", `${view.zoom}/${view.lat.toFixed(5)}/${view.lng.toFixed(5)}`);
  return parts.join("&");
}

/** A link, from whoever it comes: what is not understood is left out. */
export function fromHash(hash: string): Link {
  const params = new URLSearchParams(hash.replace(/^#/, ""));
  /** Nothing of it understood is no condition, rather than an empty page. */
  const list = (name: string, known: RegExp | readonly string[]): string[] | null => {
    const value = params.get(name);
    const found = [...new Set(value?.split(",").filter((v) => (known instanceof RegExp ? known.test(v) : known.includes(v))))].slice(0, 200);
    return found.length || value === NONE ? found : null;
  };
  const text = (name: string, known: RegExp): string | null => {
    const value = params.get(name);
    return value !== null && known.test(value) ? value : null;
  };
  const grades = list("grade", GRADES) as Grade[] | null;
  const levels = list("level", /^[a-z][a-z0-9-]*:[^,:]{1,20}$/);
  // Levels are switched in their scale's legend: a link that limits them brings it along.
  const scale = levels?.[0]?.split(":")[0] ?? text("scale", /^[a-z][a-z0-9-]*$/);
  const view = /^(\d{1,2}(?:\.\d{1,2})?)\/(-?\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)$/.exec(params.get("map") ?? "");
  const [zoom, lat, lng] = (view ?? []).slice(1).map(Number);
  const sane = zoom !== undefined && lat !== undefined && lng !== undefined && zoom <= 19 && Math.abs(lat) <= 85 && Math.abs(lng) <= 180;
  const object = text("object", /^[1-9]\d{0,15}$/);
  const texts = (name: string): string[] => [...new Set(params.getAll(name).map((v) => v.trim()).filter((v) => v && v.length <= 60 && !v.includes(",")))].slice(0, 50);
  const stages = list("stage", STAGES);
  const verified = text("verified", /^(true|false)$/);
  const fields = [...params].flatMap(([name, value]) => (name.startsWith(FIELD_MARK) ? (fieldFromText(name.slice(FIELD_MARK.length), value) ?? []) : []));
  const shape = areaFromText(params.get("area") ?? "");
  const classes = list("class", /^[a-z][a-z0-9-]*$/);
  return {
    chosen: {
      classes, grades, levels: levels?.filter((v) => v.startsWith(`${scale}:`)) ?? null,
      divisions: list("division", /^\d{2,12}$/) ?? [], stages: stages?.length ? stages : null,
      sources: texts("source"), departments: texts("department"), tags: texts("tag"), verified: verified === null ? null : verified === "true",
      enterprises: (list("enterprise", /^[1-9]\d{0,15}$/) ?? []).map(Number),
      fields: fields.slice(0, MOST_FIELDS),
      area: shape && { shape, id: "" },
      q: (params.get("q") ?? "").trim().slice(0, 100), asOf: text("as_of", /^(\d{4}-\d{2}-\d{2}|state:[1-9]\d{0,14})$/),
    },
    view: sane ? { zoom, lat, lng } : null,
    heat: ["1", WEIGHTED].includes(params.get("heat") ?? ""),
    weighted: params.get("heat") === WEIGHTED,
    scale: scale === "risk-grade" ? null : scale,
    cell: text("cell", /^[0-9a-f]{15}$/),
    object: object === null ? null : Number(object),
    sort: text("sort", /^-?[a-z][a-z0-9_.]{0,80}$/) ?? WORST_FIRST,
    from: text("from", /^\d{4}-\d{2}-\d{2}$/),
    base: text("base", /^[a-z0-9][a-z0-9-]{0,39}(\.[a-z]{1,10})?$/) ?? undefined,
  };
}

/** Names and values of a link that did not come back: of another version, or mistyped. */
export function notUnderstood(hash: string): string[] {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const taken = new URLSearchParams(toHash(fromHash(hash)));
  const rest = new Set([...taken].flatMap(([name, value]) => value.split(",").map((v) => `${name}=${v}`)));
  const lenient = new Set(["map", "q", "scale", "heat", "area", "cell", "sort"]); // rewritten in another form, or left out as the default
  return [...new Set([...given].flatMap(([name, value]) => {
    if (lenient.has(name)) return name === "q" || taken.has(name) || value === "0" || value === "" || value === "risk-grade" || value === WORST_FIRST ? [] : [`${name}=${value}`];
    return value.split(",").filter((v) => v && v !== NONE && !rest.has(`${name}=${v}`)).map((v) => `${name}=${v}`);
  }))].map((one) => one.slice(0, 60));
}
