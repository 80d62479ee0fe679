/** A flood that is being drawn: its depth classes as they are typed and drawn, until it is saved. */
import type { Geometry } from "../api/types";
import type { Position } from "../map/geodesic";
import { when } from "../words";
import { plain } from "./say";
import type { DepthClass, FloodWhole } from "./types";

export interface Row { depth: string; to: string; shapes: Geometry[] }
export interface Draft { name: string; at: string; note: string; series: number | null; rows: Row[] }

export const MOST_VERTICES = 1500; // that a hand can still move about

/** The rulebook's steps: careful from 0.15, closed from 0.25; and those that boats are sent by. */
export const STEPS: readonly (readonly [string, string])[] = [["0.15", "0.25"], ["0.25", "0.5"], ["0.5", "1"], ["1", ""]];

export function blank(): Draft {
  return { name: "", at: "", note: "", series: null, rows: STEPS.map(([depth, to]) => ({ depth, to, shapes: [] })) };
}

export function nextOf(flood: FloodWhole): Draft {
  return { name: flood.name, at: "", note: "", series: flood.series, rows: flood.classes.map((c) => ({ depth: plain(c.depth_m), to: c.depth_to_m === null ? "" : plain(c.depth_to_m), shapes: polygonsOf(c.geometry) })) };
}

export function polygonsOf(geometry: Geometry): Geometry[] {
  return geometry.type === "MultiPolygon" ? (geometry.coordinates as unknown[]).map((coordinates) => ({ type: "Polygon", coordinates })) : [geometry];
}
export function verticesOf(shapes: readonly Geometry[]): number {
  return shapes.reduce((n, s) => n + (s.coordinates as Position[][]).reduce((k, ring) => k + ring.length, 0), 0);
}
/** Shapes of one class as one geometry. */
export function together(shapes: readonly Geometry[]): Geometry {
  return shapes.length === 1 ? (shapes[0] as Geometry) : { type: "MultiPolygon", coordinates: shapes.map((s) => s.coordinates) };
}

const NUMBER = /^\d{1,3}(\.\d{1,4})?$/;
/** Whether a row's depths can be sent; the service says the rest. */
export function depthsGood({ depth, to }: Pick<Row, "depth" | "to">): boolean {
  return NUMBER.test(depth.trim()) && (to.trim() === "" || NUMBER.test(to.trim()));
}

export function bodyOf(draft: Draft, exercise: boolean): Record<string, unknown> {
  return {
    name: draft.name.trim(), source: "drawn", at: atOf(draft.at), note: draft.note.trim(), series: draft.series, exercise,
    depths: draft.rows.filter((r) => r.shapes.length).map((r) => ({ depth_m: r.depth.trim(), depth_to_m: r.to.trim() || null, geometry: together(r.shapes) })),
  };
}
/** Which of the draft's rows each of the sent depths is: faults come back by the latter. */
export function sentRows(draft: Draft): number[] {
  return draft.rows.flatMap((r, i) => (r.shapes.length ? [i] : []));
}

/** A date field's local time is Shanghai's. */
export function atOf(typed: string): string | null {
  return typed ? `${typed}${typed.length === 16 ? ":00" : ""}+08:00` : null;
}

/** And the other way: what a date field holds for a moment. */
export function typedAt(at: string): string {
  return when(at).replace(" ", "T");
}

/** What the map shows of it. */
export function classesOf(draft: Draft): DepthClass[] {
  return draft.rows.flatMap((r, i) => (r.shapes.length ? [{ ordinal: i, depth_m: r.depth || 0, depth_to_m: r.to || null, area_m2: 0, geometry: together(r.shapes), traffic: "open" as const }] : []));
}
