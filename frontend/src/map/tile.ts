/** One vector tile taken apart, in slices, so that a heavy tile never holds up the hand on the map. */
import { VectorTile, type VectorTileFeature } from "@mapbox/vector-tile";
import { PbfReader } from "pbf";
import { type Counts, type GradeIndex, gradeIndex, worstOf } from "./grades";
import { type LevelLook, orderOf, type ScaleLook } from "./levels";
import type { Box, Flat } from "./mercator";

/** `order` is how bad: the grade, or the place on the scale that the picture is coloured by; `look` is there with a scale; `over`: it is no more. */
interface Ranked { order: number; look: LevelLook | null; over: boolean }
export interface PointItem extends Ranked { kind: "single"; id: number; cls: string; grade: GradeIndex; name: string; x: number; y: number }
/** `by` counts grades; `parts` counts by `order`, and is the same without a scale. */
export interface ClusterItem { key: string; n: number; by: Counts; worst: GradeIndex; parts: number[]; scale: ScaleLook | null; x: number; y: number }
export interface ShapeItem extends Ranked { id: number; cls: string; grade: GradeIndex; name: string; lines: Flat[]; filled: boolean; tile: Box }
export interface TileItems { points: PointItem[]; clusters: ClusterItem[]; shapes: ShapeItem[] }

export interface TileAddress { z: number; x: number; y: number }

export function tileKey(t: TileAddress): string {
  return `${t.z}/${t.x}/${t.y}`;
}

const SLICE = 200;

/** Coordinates of a tile's lines, many in one buffer: a buffer for each costs ten times what it holds. */
class Pool {
  private chunk = new Float64Array(256);
  private used = 0;

  take(length: number): Flat {
    if (this.used + length > this.chunk.length) {
      this.chunk = new Float64Array(Math.max(length, Math.min(2 * this.chunk.length, 8192)));
      this.used = 0;
    }
    return this.chunk.subarray(this.used, (this.used += length));
  }
}

/** Decodes step by step; each step reads at most 200 features. */
export function* decode(bytes: ArrayBuffer | Uint8Array, address: TileAddress, scale: ScaleLook | null = null): Generator<void, TileItems> {
  const out: TileItems = { points: [], clusters: [], shapes: [] };
  const pool = new Pool();
  const tile = new VectorTile(new PbfReader(bytes));
  const side = 1 / 2 ** address.z;
  const box: Box = { minX: address.x * side, minY: address.y * side, maxX: (address.x + 1) * side, maxY: (address.y + 1) * side };
  let read = 0;
  for (const name of ["objects", "clusters"]) {
    const layer = tile.layers[name];
    if (!layer) continue;
    const unit = side / layer.extent;
    for (let i = 0; i < layer.length; i++) {
      const feature = layer.feature(i);
      if (name === "objects") readObject(feature, box, unit, scale, pool, out);
      else readCluster(feature, box, unit, address, scale, out);
      if (++read % SLICE === 0) yield;
    }
  }
  return out;
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function readObject(feature: VectorTileFeature, box: Box, unit: number, scale: ScaleLook | null, pool: Pool, out: TileItems): void {
  const p = feature.properties;
  const cls = String(p.class ?? "");
  const grade = gradeIndex(p.grade);
  const order = scale ? orderOf(scale, cls, number(p.rank), p.outside === true) : grade;
  const id = feature.id ?? 0;
  const look = scale?.looks[order] ?? null;
  const name = typeof p.name === "string" ? p.name : "";
  const over = p.over === true;
  const at = (x: number, y: number): PointItem => ({ kind: "single", id, cls, grade, order, look, over, name, x: box.minX + x * unit, y: box.minY + y * unit });
  const geometry = feature.loadGeometry();
  if (feature.type === 1) {
    const point = geometry[0]?.[0];
    if (point) out.points.push(at(point.x, point.y));
    return;
  }
  const lines = geometry.map((part) => {
    const flat = pool.take(part.length * 2);
    part.forEach(({ x, y }, i) => {
      flat[2 * i] = box.minX + x * unit;
      flat[2 * i + 1] = box.minY + y * unit;
    });
    return flat;
  });
  out.shapes.push({ id, cls, grade, order, look, over, name, lines, filled: feature.type === 3, tile: box });
  // Only the tile that counts the shape by itself says where its anchor is.
  if (typeof p.anchor_x === "number" && typeof p.anchor_y === "number")
    out.points.push(at(p.anchor_x, p.anchor_y));
}

/** In the order of the scale's looks. */
function partsOf(p: VectorTileFeature["properties"], scale: ScaleLook): number[] {
  const [none, outside, off] = [number(p.r0), number(p.outside), number(p.off)];
  return [...scale.ranks.map((r) => number(p[`r${r}`])), ...(scale.outside ? [outside] : []), none - outside - off, off];
}

function readCluster(feature: VectorTileFeature, box: Box, unit: number, address: TileAddress, scale: ScaleLook | null, out: TileItems): void {
  const p = feature.properties;
  const at = feature.loadGeometry()[0]?.[0];
  if (!at) return;
  const by: Counts = [number(p.major), number(p.serious), number(p.general), number(p.low), number(p.none)];
  out.clusters.push({
    key: `${tileKey(address)}#${feature.id ?? `${at.x}.${at.y}`}`,
    parts: scale ? partsOf(p, scale) : [...by], scale,
    n: number(p.n), by, worst: worstOf(by), x: box.minX + at.x * unit, y: box.minY + at.y * unit,
  });
}
