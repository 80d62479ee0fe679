/** 哪里可以: what is asked, as the page holds it, as the service takes it, and as a link carries it. */
import { KINDS, type Kind } from "../words/where";
import { FIRE_CLASSES } from "../words/admission";
import type { Verdict } from "./types";

export interface Cell { cell: string; kind: Kind; verdict: Verdict; rules: string[] }
export interface Suitability {
  resolution: number; radius_m: number; cells: Cell[]; counts: { kind: Kind; title: string; n: number }[]; rules: Record<string, string>;
  not_asked: { rule: string; title: string }[]; empty_classes: string[]; tags: string[]; ruleset: string; ruleset_title: string; state: number; day: string;
}
export type Box = [number, number, number, number];
export interface Liquid { fire_class: string; volume_m3: string }
/** `box` is a part of the map; with it no divisions are meant. */
export interface Question { tags: string[]; persons: string; area_m2: string; liquids: Liquid[]; divisions: string[]; box: Box | null; resolution: number }

export const RESOLUTIONS = [7, 8, 9, 10] as const;
const MOST_LIQUIDS = 20;
export const nothing = (): Question => ({ tags: [], persons: "", area_m2: "", liquids: [], divisions: [], box: null, resolution: 8 });

const number = (text: string): number | null => (/^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : null);

export function paramsOf(q: Question): URLSearchParams {
  const params = new URLSearchParams();
  for (const tag of q.tags) params.append("tag", tag);
  params.set("resolution", String(q.resolution));
  const size: Record<string, unknown> = {};
  for (const name of ["persons", "area_m2"] as const) if (q[name].trim()) size[name] = number(q[name]) ?? q[name]; // what is no number is for the service to refuse
  const storage = q.liquids.filter((l) => l.fire_class || l.volume_m3.trim()).map((l) => ({ ...(l.fire_class ? { fire_class: l.fire_class } : {}), ...(l.volume_m3.trim() ? { volume_m3: l.volume_m3.trim() } : {}) }));
  if (storage.length) size.storage = storage;
  if (Object.keys(size).length) params.set("size", JSON.stringify(size));
  if (q.box) params.set("bbox", q.box.map((v) => v.toFixed(5)).join(","));
  else if (q.divisions.length) params.set("division", q.divisions.join(","));
  return params;
}

export function toHash(q: Question, kind: Kind | null, cell: string | null): string {
  const out = new URLSearchParams();
  if (q.tags.length) out.set("what", q.tags.join(","));
  for (const name of ["persons", "area_m2"] as const) if (q[name].trim()) out.set(name, q[name].trim());
  const liquids = q.liquids.filter((l) => l.fire_class || l.volume_m3.trim());
  if (liquids.length) out.set("liquids", liquids.map((l) => `${l.fire_class}:${l.volume_m3.trim()}`).join(","));
  if (q.box) out.set("box", q.box.map((v) => v.toFixed(5)).join(","));
  else if (q.divisions.length) out.set("in", q.divisions.join(","));
  out.set("res", String(q.resolution));
  if (kind) out.set("kind", kind);
  if (cell) out.set("cell", cell);
  return `#${out.toString().replace(/%2C/g, ",").replace(/%3A/g, ":")}`;
}

/** A link, from whoever it comes: what is not understood is left out. */
export function fromHash(hash: string): { question: Question; kind: Kind | null; cell: string | null } {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const list = (name: string, known: RegExp, most: number): string[] => [...new Set((given.get(name) ?? "").split(",").filter((v) => known.test(v)))].slice(0, most);
  const box = (given.get("box") ?? "").split(",").map(Number);
  const sane = box.length === 4 && box.every(Number.isFinite) && (box[0] as number) < (box[2] as number) && (box[1] as number) < (box[3] as number);
  const liquids = (given.get("liquids") ?? "").split(",").flatMap((part): Liquid[] => {
    const [fire_class = "", volume_m3 = ""] = part.split(":");
    return (FIRE_CLASSES as readonly string[]).includes(fire_class) ? [{ fire_class, volume_m3: /^\d+(\.\d+)?$/.test(volume_m3) ? volume_m3 : "" }] : [];
  });
  const resolution = Number(given.get("res"));
  const kind = given.get("kind") as Kind;
  return {
    question: {
      tags: list("what", /^[\w\u4e00-\u9fff.-]{1,40}$/, 20), persons: number(given.get("persons") ?? "")?.toString() ?? "", area_m2: number(given.get("area_m2") ?? "")?.toString() ?? "",
      liquids: liquids.slice(0, MOST_LIQUIDS), divisions: sane ? [] : list("in", /^\d{2,12}$/, 200), box: sane ? (box as Box) : null,
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
