/** What the wizard decides by itself, without page or service: files, columns, units, zones, rows. */
import { DEGREE_END, I, UNITS } from "../../words/imports";
import type { Choice, Column, Fault, FileInfo, Match, Rows, RunColumn, RunRow, Target } from "./types";

const SHAPE_PARTS = /\.(shp|shx|dbf|prj|cpg|sbn|sbx|qix|xml|qmd|qpj)$/i;
const MB = 2 ** 20;

/** Why these files cannot be sent, or nothing: what is known before a byte goes over the line. */
export function refusalOf(files: readonly { name: string; size: number }[], mostMb: number): string {
  const all = files.reduce((sum, f) => sum + f.size, 0);
  const largest = [...files].sort((a, b) => b.size - a.size)[0];
  if (!largest) return "";
  if (files.length > 1 && !files.every((f) => SHAPE_PARTS.test(f.name))) return I.tooMany;
  if (all === 0) return I.nothingIn;
  return all > mostMb * MB ? I.tooLarge(largest.name, `${(all / MB).toFixed(0)} MB`, mostMb) : "";
}

// -- Columns ----------------------------------------------------------------------

/** All columns as choices, with one changed; another column that filled the same target gives it up. */
export function choose(columns: readonly Column[], index: number, target: string | null, factor: string | null): { choices: Choice[]; gaveUp: Column | null } {
  const gaveUp = target === null ? null : (columns.find((c) => c.index !== index && c.target === target) ?? null);
  const choices = columns.map((c) => {
    if (c.index === index) return { index, target, factor };
    return c === gaveUp ? { index: c.index, target: null, factor: null } : { index: c.index, target: c.target, factor: c.factor };
  });
  return { choices, gaveUp };
}

/** Targets by group, in the order in which they come. */
export function grouped(targets: readonly Target[]): { group: string; targets: Target[] }[] {
  const out: { group: string; targets: Target[] }[] = [];
  for (const target of targets) {
    const last = out.find((g) => g.group === target.group);
    if (last) last.targets.push(target);
    else out.push({ group: target.group, targets: [target] });
  }
  return out;
}

/** What keeps the columns from going on, in words; empty where nothing does. */
export function obstacle(match: Match | null): string {
  if (!match) return "";
  if (!match.header && match.columns.length === 0) return I.headerNone;
  if (match.missing.length) return I.missing(match.missing.join("、"));
  return match.columns.some((c) => c.target) ? "" : I.noneMatched;
}

export interface UnitChoice { title: string; factor: string }
export function unitsFor(unit: string | null): UnitChoice[] {
  return (UNITS[unit ?? ""] ?? []).map(([title, factor]) => ({ title, factor }));
}
/** The choice that a column stands at: by its factor, and by its unit's name where two have one factor. */
export function unitNow(column: Column, units: readonly UnitChoice[]): string {
  const factor = Number(column.factor ?? "1");
  const same = units.filter((u) => Math.abs(Number(u.factor) / factor - 1) < 1e-9);
  return (same.find((u) => u.title === column.unit_from) ?? same[0])?.title ?? "";
}

/** Rows of data of the sheet that is read, as far as one knows before it is read through. */
export function rowsIn(file: FileInfo | null, match: Match | null): number {
  const rows = file?.sheets.find((s) => s.name === match?.sheet)?.rows ?? 0;
  return Math.max(0, rows - (match?.header ? match.header.line + match.header.lines - 1 : 0));
}

// -- Rows of a run ------------------------------------------------------------------

const KEY_TARGETS = ["code", "name"];
const FEWEST = 5;

/** Columns worth a place in the table of rows: what names a row, and what these rows are wrong in; or all. */
export function columnsShown(columns: readonly RunColumn[], rows: readonly RunRow[], all: boolean): RunColumn[] {
  const key = columns.filter((c) => c.target !== null && KEY_TARGETS.includes(c.target));
  const ordered = [...key.sort((a, b) => KEY_TARGETS.indexOf(a.target ?? "") - KEY_TARGETS.indexOf(b.target ?? "")), ...columns.filter((c) => !key.includes(c))];
  if (all) return ordered;
  const wrong = new Set(rows.flatMap((r) => r.faults.map((f) => f.index)));
  // What is wrong comes first; where that is little, its neighbours keep it company. A line that is no row of data
  // may say what it is in a column that fills nothing.
  const said = (c: RunColumn): boolean => rows.some((r) => r.kind === "ignored" && !!r.cells[c.index]);
  const short = ordered.filter((c) => key.includes(c) || wrong.has(c.index));
  const company = ordered.filter((c) => !short.includes(c) && (c.target !== null || said(c))).slice(0, Math.max(0, FEWEST - short.length));
  return ordered.filter((c) => short.includes(c) || company.includes(c));
}

/** Reasons and remedies of a row, each once; with the columns they are about where there are several reasons. */
export function reasons(faults: readonly Fault[]): string {
  const by = new Map<string, string[]>();
  for (const f of faults) by.set(f.message, [...(by.get(f.message) ?? []), f.column]);
  const named = by.size > 1;
  return [...by].map(([message, columns]) => (named && columns[0] && !columns.some((c) => message.includes(c)) ? `${columns.join("、")}：${message}` : message)).join("；");
}

/** How many rows are, or would be, written. */
export function taken(rows: Rows | null): number {
  return rows?.writes ?? 0;
}

export function seconds(from: string | null, to: string | null): number {
  return from && to ? Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000) : 0;
}

/** A degree that was typed: full width digits and blanks are no obstacle; anything else is no number. */
export function degree(text: string): number {
  const plain = text.normalize("NFKC").trim().replace(DEGREE_END, "");
  return /^-?\d{1,3}(\.\d+)?$/.test(plain) ? Number(plain) : NaN;
}

// -- Where a point falls ---------------------------------------------------------------

type Position = readonly number[];
interface Shape { properties: Record<string, unknown> | null; geometry: { type: string; coordinates: unknown } | null }

function inRing(ring: readonly Position[], lng: number, lat: number): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi = 0, yi = 0] = ring[i] ?? [];
    const [xj = 0, yj = 0] = ring[j] ?? [];
    if (yi > lat !== yj > lat && lng < xi + ((xj - xi) * (lat - yi)) / (yj - yi)) inside = !inside;
  }
  return inside;
}

/** The division whose outline holds a point; holes are outside. */
export function divisionAt(shapes: readonly Shape[], lng: number, lat: number): { code: string; name: string } | null {
  for (const { geometry, properties } of shapes) {
    if (!geometry) continue;
    const polygons = (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.type === "MultiPolygon" ? geometry.coordinates : []) as Position[][][];
    // Even-odd over all rings: a hole takes away again what its shell has given.
    if (polygons.some((rings) => rings.filter((ring) => inRing(ring, lng, lat)).length % 2 === 1))
      return { code: String(properties?.code ?? ""), name: String(properties?.name ?? "") };
  }
  return null;
}

/** West, south, east and north of a polygon's outline. */
export function boxOfShape(geometry: { type: string; coordinates: unknown }): [number, number, number, number] | null {
  const polygons = (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.type === "MultiPolygon" ? geometry.coordinates : []) as Position[][][];
  const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x = NaN, y = NaN] of polygons.flat(2)) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return Number.isFinite(box[0]) ? box : null;
}

const EARTH_M = 6_371_000;
/** Metres between two places, as on a sphere: for a word beside a row, not for a record. */
export function metresBetween(a: { lon: number; lat: number }, b: { lon: number; lat: number }): number {
  const rad = Math.PI / 180;
  const h = Math.sin(((b.lat - a.lat) * rad) / 2) ** 2 + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(((b.lon - a.lon) * rad) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.sqrt(h));
}

/** Whether a stored value is told apart from what the cell says: 115.823750 and 115.82375 are one number. */
export function differs(said: string, stored: string): boolean {
  if (said.trim() === stored.trim()) return false;
  const [a, b] = [Number(said), Number(stored)];
  return !(said.trim() && stored.trim() && a === b);
}
