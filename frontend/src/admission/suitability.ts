/** 哪里可以: what is asked, as the page holds it, as the service takes it, and as a link carries it. */
import type { Row } from "../register/object/form";
import { FIRE_CLASSES, VAPOUR_WORD } from "../words/admission";
import { KINDS, type Kind } from "../words/where";
import { AMOUNTS, COUNTS, sizeBody, type SizeName, told } from "./enquiry";
import type { Verdict } from "./types";

export interface Cell { cell: string; kind: Kind; verdict: Verdict; rules: string[] }
export interface Suitability {
  resolution: number; radius_m: number; cells: Cell[]; counts: { kind: Kind; title: string; n: number }[]; rules: Record<string, string>;
  not_asked: { rule: string; title: string }[]; empty_classes: string[]; tags: string[]; ruleset: string; ruleset_title: string; state: number; day: string;
}
export type Box = [number, number, number, number];
/** `box` is a part of the map; with it no divisions are meant. */
export interface Question { tags: string[]; industry: string; size: Record<SizeName, string>; storage: Row[]; divisions: string[]; box: Box | null; resolution: number }

export const RESOLUTIONS = [7, 8, 9, 10] as const;
const MOST_ROWS = 20;
const NUMBERS = [...COUNTS, ...AMOUNTS] as const;
export const nothing = (): Question => ({
  tags: [], industry: "", storage: [], divisions: [], box: null, resolution: 8,
  size: { persons: "", residents: "", households: "", beds: "", area_m2: "", investment_wan: "", vapour_recovery: "" },
});

const isNumber = (text: string): boolean => /^\d+(\.\d+)?$/.test(text.trim().replace(/,(?=\d{3}\b)/g, ""));
const ROW_NUMBERS = ["quantity_t", "volume_m3", "largest_m3", "density"] as const;
/** The first input that should hold a number and does not. */
export function notNumber(q: Question): SizeName | "storage" | null {
  const size = NUMBERS.find((name) => q.size[name].trim() && !isNumber(q.size[name]));
  return size ?? (q.storage.some((row) => ROW_NUMBERS.some((name) => (row[name] ?? "").trim() && !isNumber(row[name] ?? ""))) ? "storage" : null);
}
/** The size as the service takes it; "" where nothing is said. Also what a link to a check carries. */
export function sizeOf(q: Question): string {
  const { storage, ...size } = sizeBody(q.size, q.storage);
  const said = { ...size, ...(storage.length ? { storage } : {}) };
  return Object.keys(said).length ? JSON.stringify(said) : "";
}

export function paramsOf(q: Question): URLSearchParams {
  const params = new URLSearchParams();
  for (const tag of q.tags) params.append("tag", tag);
  params.set("resolution", String(q.resolution));
  if (q.industry.trim()) params.set("industry_code", q.industry.trim());
  const size = sizeOf(q);
  if (size) params.set("size", size);
  if (q.box) params.set("bbox", q.box.map((v) => v.toFixed(5)).join(","));
  else if (q.divisions.length) params.set("division", q.divisions.join(","));
  return params;
}

// What a line of storage says in a link, in this order; a name goes without saying.
const LIQUID = ["fire_class", "volume_m3", "largest_m3", "buried"] as const;
const SUBSTANCE = ["table", "no", "symbol", "beta_symbol", "quantity_t", "volume_m3", "density", "largest_m3"] as const;
const packed = (rows: readonly Row[], names: readonly string[]): string => rows.map((row) => names.map((n) => (row[n] ?? "").trim()).join(":").replace(/:+$/, "")).join(",");

export function toHash(q: Question, kind: Kind | null, cell: string | null): string {
  const out = new URLSearchParams();
  if (q.tags.length) out.set("what", q.tags.join(","));
  if (q.industry.trim()) out.set("industry", q.industry.trim());
  for (const name of NUMBERS) if (q.size[name].trim()) out.set(name, q.size[name].trim());
  if (q.size.vapour_recovery) out.set("vapour", q.size.vapour_recovery);
  const rows = q.storage.filter(told);
  const liquids = rows.filter((row) => !row.table);
  const goods = rows.filter((row) => row.table);
  if (liquids.length) out.set("liquids", packed(liquids, LIQUID));
  if (goods.length) out.set("goods", packed(goods, SUBSTANCE));
  if (q.box) out.set("box", q.box.map((v) => v.toFixed(5)).join(","));
  else if (q.divisions.length) out.set("in", q.divisions.join(","));
  out.set("res", String(q.resolution));
  if (kind) out.set("kind", kind);
  if (cell) out.set("cell", cell);
  return `#${out.toString().replace(/%2C/g, ",").replace(/%3A/g, ":")}`;
}

/** Lines of storage of a link; a number that is none says nothing. */
function unpacked(said: string, names: readonly string[]): Row[] {
  return said.split(",").filter(Boolean).slice(0, MOST_ROWS).map((part) => {
    const values = part.split(":");
    return Object.fromEntries(names.flatMap((name, i) => {
      const value = values[i] ?? "";
      const sane = (ROW_NUMBERS as readonly string[]).includes(name) ? isNumber(value) : value.length <= 40;
      return value && sane ? [[name, value]] : [];
    }));
  });
}

/** A link, from whoever it comes: what is not understood is left out. */
export function fromHash(hash: string): { question: Question; kind: Kind | null; cell: string | null } {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const list = (name: string, known: RegExp, most: number): string[] => [...new Set((given.get(name) ?? "").split(",").filter((v) => known.test(v)))].slice(0, most);
  const box = (given.get("box") ?? "").split(",").map(Number);
  const sane = box.length === 4 && box.every(Number.isFinite) && (box[0] as number) < (box[2] as number) && (box[1] as number) < (box[3] as number);
  const resolution = Number(given.get("res"));
  const kind = given.get("kind") as Kind;
  const size = nothing().size;
  for (const name of NUMBERS) if (isNumber(given.get(name) ?? "")) size[name] = given.get(name) ?? "";
  if (Object.hasOwn(VAPOUR_WORD, given.get("vapour") ?? "")) size.vapour_recovery = given.get("vapour") ?? "";
  const liquids = unpacked(given.get("liquids") ?? "", LIQUID).filter((row) => (FIRE_CLASSES as readonly string[]).includes(row.fire_class ?? ""));
  const goods = unpacked(given.get("goods") ?? "", SUBSTANCE).filter((row) => row.table === "1" || row.table === "2");
  const industry = given.get("industry") ?? "";
  return {
    question: {
      tags: list("what", /^[\w\u4e00-\u9fff.-]{1,40}$/, 20), industry: /^[A-Ta-t]?\d{2,4}$/.test(industry) ? industry : "", size,
      storage: [...liquids, ...goods].slice(0, MOST_ROWS), divisions: sane ? [] : list("in", /^\d{2,12}$/, 200), box: sane ? (box as Box) : null,
      resolution: (RESOLUTIONS as readonly number[]).includes(resolution) ? resolution : 8,
    },
    kind: KINDS.includes(kind) ? kind : null,
    cell: /^[0-9a-f]{15}$/.test(given.get("cell") ?? "") ? given.get("cell") : null,
  };
}

/** Which division a position is in, by shapes as the map has them. */
export interface Shape { code: string; box: Box; rings: (readonly (readonly number[])[])[] }
export function shapesOf(features: readonly { properties: Record<string, unknown> | null; geometry: { type: string; coordinates: unknown } | null }[]): Shape[] {
  return features.flatMap(({ properties, geometry }) => {
    if (!geometry || typeof properties?.code !== "string") return [];
    const polygons = (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.type === "MultiPolygon" ? geometry.coordinates : []) as number[][][][];
    const rings = polygons.flat();
    const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const [x = 0, y = 0] of rings.flat()) {
      if (x < box[0]) box[0] = x;
      if (y < box[1]) box[1] = y;
      if (x > box[2]) box[2] = x;
      if (y > box[3]) box[3] = y;
    }
    return [{ code: properties.code, box, rings }];
  });
}
export function divisionAt(shapes: readonly Shape[], lng: number, lat: number): string | null {
  for (const { code, box, rings } of shapes) {
    if (lng < box[0] || lng > box[2] || lat < box[1] || lat > box[3]) continue;
    let inside = false; // even-odd: a hole takes its part away
    for (const ring of rings)
      for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
        const [ax = 0, ay = 0] = ring[i] ?? [];
        const [bx = 0, by = 0] = ring[j] ?? [];
        if (ay > lat !== by > lat && lng < ((bx - ax) * (lat - ay)) / (by - ay) + ax) inside = !inside;
      }
    if (inside) return code;
  }
  return null;
}
