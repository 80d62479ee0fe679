/** An enquiry as it is typed: what the inputs hold, and what of it is sent. */
import type { FieldFault } from "../api/client";
import type { Geometry } from "../api/types";
import type { Picked, Row } from "../register/object/form";
import { N } from "../words/admission";
import type { Case, Placed, Request, Typed } from "./types";

/** Where it is; `typed` is what the officer typed and `original` an earlier case's own numbers, in their own datum: the case keeps them. */
export interface PlaceDraft {
  geometry: Geometry | null; original: { crs: string; geometry: Geometry } | null; typed: Typed | null; enterprise: Picked | null; address: string;
  /** Metres; empty: as the service takes it. */
  uncertainty: string;
  /** How it was found, in words. */
  found: string;
}
export const COUNTS = ["persons", "residents", "households", "beds"] as const;
export const AMOUNTS = ["area_m2", "investment_wan"] as const;
export type SizeName = (typeof COUNTS)[number] | (typeof AMOUNTS)[number] | "vapour_recovery";
export interface Draft {
  place: PlaceDraft; industry: string; scope: string; chosen: string[]; without: string[]; size: Record<SizeName, string>; storage: Row[];
  name: string; uscc: string; person: string; address: string;
}

export const noPlace = (): PlaceDraft => ({ geometry: null, original: null, typed: null, enterprise: null, address: "", uncertainty: "", found: "" });
/** What a hand drew; `finger` is what a pointer may miss by at the map's zoom, in metres. A few metres are drawn on purpose. */
const STEADY_M = 5;
export function drawnPlace(shape: Geometry, finger: number): PlaceDraft {
  const off = finger < STEADY_M ? 0 : Math.ceil(finger / 5) * 5;
  const word = shape.type === "Point" ? N.clicked : N.outlined;
  return { ...noPlace(), geometry: shape, uncertainty: String(off), found: off ? N.coarse(word, off) : word };
}
export function blank(): Draft {
  return {
    place: noPlace(), industry: "", scope: "", chosen: [], without: [], storage: [], name: "", uscc: "", person: "", address: "",
    size: { persons: "", residents: "", households: "", beds: "", area_m2: "", investment_wan: "", vapour_recovery: "" },
  };
}

const text = (value: unknown): string => (value === null || value === undefined ? "" : String(value));
const number = (said: string): string | null => said.trim().replace(/,(?=\d{3}\b)/g, "") || null;

/** An earlier case asked anew: as it was asked then. */
export function draftOf(one: Case): Draft {
  const { applicant, trade, place, size } = one.request;
  const out = blank();
  const own = place.crs !== "EPSG:4490" && place.geometry ? { crs: place.crs, geometry: place.geometry } : null;
  Object.assign(out, { industry: text(trade.industry_code), scope: trade.scope, chosen: [...trade.tags], without: [...(trade.without ?? [])] });
  Object.assign(out, { name: applicant.name, uscc: text(applicant.uscc), person: applicant.person, address: applicant.address });
  Object.assign(out, typedSize(size));
  out.place = { ...placeOf(one.place), original: own, typed: place.typed ?? null, address: text(place.address), uncertainty: text(place.uncertainty_m), enterprise: place.enterprise ? { id: place.enterprise, name: "" } : null };
  return out;
}
/** What a link begins a new case with; a position that is none is left out. */
export interface Given { tags: string[]; at: [number, number] | null; industry: string; size: Record<string, unknown> }
export function givenBy(query: Record<string, unknown>): Given | null {
  const several = (value: unknown): string[] => (Array.isArray(value) ? value : [value]).filter((v): v is string => typeof v === "string" && v !== "");
  const [lon, lat] = [several(query.lon)[0], several(query.lat)[0]].map((v) => (v === undefined ? NaN : Number(v))) as [number, number];
  const given = { tags: several(query.tag).slice(0, 40), at: Math.abs(lon) <= 180 && Math.abs(lat) <= 90 ? ([lon, lat] as [number, number]) : null, industry: (several(query.industry)[0] ?? "").slice(0, 10), size: sizeGiven(several(query.size)[0]) };
  return given.tags.length || given.at ? given : null;
}
function sizeGiven(said: string | undefined): Record<string, unknown> {
  try {
    const given: unknown = JSON.parse(said ?? "{}");
    return typeof given === "object" && given !== null ? (given as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
export function begunBy({ tags, at, industry, size }: Given): Draft {
  return { ...blank(), ...typedSize(size), industry, chosen: tags, place: at ? drawnPlace({ type: "Point", coordinates: at }, 0) : noPlace() };
}
export function placeOf(place: Placed | null): PlaceDraft {
  return { ...noPlace(), geometry: place?.geometry ?? null };
}

export function placeBody(place: PlaceDraft): Request["place"] {
  const typed = place.enterprise ? null : place.typed;
  const geometry = place.enterprise || typed ? null : (place.original?.geometry ?? place.geometry);
  return {
    geometry, typed, crs: geometry && place.original ? place.original.crs : "EPSG:4490", uncertainty_m: number(place.uncertainty),
    enterprise: place.enterprise?.id ?? null, address: geometry || typed || place.enterprise ? null : place.address.trim() || null, // one way, or it is refused
  };
}

/** A line of storage as it is sent: empty cells say nothing, a name of table 1 goes without saying. */
function storageBody(row: Row): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const name of ["quantity_t", "volume_m3", "largest_m3", "density"]) {
    const value = number(row[name] ?? "");
    if (value !== null) out[name] = value;
  }
  if (row.table) {
    out.table = Number(row.table);
    if (row.no) out.no = Number(row.no);
    for (const name of ["symbol", "beta_symbol", "name"]) if (row[name]) out[name] = row[name];
  }
  if (row.fire_class) out.fire_class = row.fire_class;
  if (row.buried) out.buried = row.buried === "true";
  return out;
}

/** Lines that say something; an empty one is not sent. `StorageRows` notes in `kind` what a line was added as. */
export const told = (row: Row): boolean => Object.entries(row).some(([name, value]) => name !== "kind" && value.trim() !== "");
/** Faults of lines as they were sent, at the lines as they are typed. */
export function atLines(faults: readonly FieldFault[], draft: Draft): FieldFault[] {
  const sent = draft.storage.flatMap((row, i) => (told(row) ? [i] : []));
  return faults.map((f) => ({ ...f, field: f.field.replace(/^size\.storage\.(\d+)/, (_, n: string) => `size.storage.${sent[Number(n)] ?? n}`) }));
}

/** How large, as it is sent. */
export function sizeBody(size: Record<SizeName, string>, storage: readonly Row[]): Request["size"] {
  const amounts = [...COUNTS, ...AMOUNTS].map((name) => [name, number(size[name])] as const).filter(([, v]) => v !== null);
  return { ...Object.fromEntries(amounts), ...(size.vapour_recovery ? { vapour_recovery: size.vapour_recovery } : {}), storage: storage.filter(told).map(storageBody) };
}
/** A size as it was sent, as it is typed. */
function typedSize(given: Record<string, unknown>): { size: Record<SizeName, string>; storage: Row[] } {
  const { size } = blank();
  for (const name of Object.keys(size) as SizeName[]) if (["string", "number"].includes(typeof given[name])) size[name] = text(given[name]);
  const rows = Array.isArray(given.storage) ? given.storage.filter((row): row is Record<string, unknown> => typeof row === "object" && row !== null).slice(0, 200) : [];
  return { size, storage: rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, v]) => ["string", "number", "boolean"].includes(typeof v)).map(([k, v]) => [k, text(v)]))) };
}

export function bodyOf(draft: Draft): Request {
  return {
    applicant: { name: draft.name.trim(), uscc: draft.uscc.trim() || null, person: draft.person.trim(), address: draft.address.trim() },
    trade: { industry_code: draft.industry.trim() || null, scope: draft.scope.trim(), tags: draft.chosen, without: draft.without },
    place: placeBody(draft.place),
    size: sizeBody(draft.size, draft.storage),
  };
}

export const hasPlace = (place: PlaceDraft): boolean => place.geometry !== null || place.enterprise !== null;
export const hasTrade = (draft: Draft): boolean => !!(draft.scope.trim() || draft.industry.trim() || draft.chosen.length);
/** Whether there is anything to ask. */
export const canAsk = (draft: Draft): boolean => hasPlace(draft.place) && hasTrade(draft);
export const isBlank = (draft: Draft): boolean => JSON.stringify(draft) === JSON.stringify(blank());

/** What a case still lacks, in the service's own codes: said at once, not one after the other. */
export function lacking(draft: Draft): FieldFault[] {
  const missing = (field: string, message: string): FieldFault => ({ field, code: "missing", message });
  return [
    ...(hasPlace(draft.place) ? [] : [missing("place", N.needPlace)]),
    ...(hasTrade(draft) ? [] : [missing("trade.scope", N.needTrade)]),
    ...(draft.name.trim() ? [] : [missing("applicant.name", N.needName)]),
  ];
}
/** Faults in the order of the questions, one at each input. */
export function together(own: readonly FieldFault[], said: readonly FieldFault[]): FieldFault[] {
  const others = said.filter((f) => !own.some((o) => inputOf(o.field) === inputOf(f.field)));
  const order = (f: FieldFault): number => INPUTS.findIndex((name) => inputOf(f.field).startsWith(name)) + 1 || INPUTS.length + 1;
  return [...own, ...others].sort((a, b) => order(a) - order(b));
}

/** The input that a fault of the service belongs to: the longest that it begins with. */
const INPUTS = [
  "place.uncertainty_m", "place.enterprise", "place", "trade.industry_code", "trade.scope", "trade.tags", "trade.without", "size.storage",
  ...[...COUNTS, ...AMOUNTS, "vapour_recovery"].map((name) => `size.${name}`), "applicant.name", "applicant.uscc", "applicant.person", "applicant.address",
];
export function inputOf(field: string): string {
  if (field.startsWith("size.storage.")) return field.split(".").slice(0, 4).join(".");
  return INPUTS.find((name) => field === name || field.startsWith(`${name}.`)) ?? field;
}
export const faultAt = (faults: readonly FieldFault[], input: string): string => faults.find((f) => inputOf(f.field) === input)?.message ?? "";
