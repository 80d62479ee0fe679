/** What is drawn at one zoom: objects and clusters of all tiles in view, put together without overlapping. */
import type { Counts, GradeIndex } from "./grades";
import { worstOf } from "./grades";
import type { ScaleLook } from "./levels";
import { type Box, worldSize } from "./mercator";
import type { PointItem, ShapeItem, TileItems } from "./tile";

/** `order` is its worst part: the grade, or the place on the scale; `cuts` and `ids` say what it stands for. */
export interface Cluster {
  kind: "cluster"; key: string; n: number; by: Counts; grade: GradeIndex; parts: number[]; order: number; scale: ScaleLook | null;
  cuts: string[]; ids: number[]; x: number; y: number; extent: Box;
}
export type Single = PointItem;
export type Mark = Cluster | Single;
export interface Scene { zoom: number; marks: Mark[]; shapes: ShapeItem[] }

export const EMPTY: Scene = { zoom: 0, marks: [], shapes: [] };
const CUT_PX = 32; // the service's clusters stand for a square of this side

/** Inner radius of a cluster in pixels: size says the number and nothing else. */
export function clusterRadius(n: number): number {
  return n < 10 ? 12 : n < 40 ? 15 : n < 120 ? 18 : n < 1000 ? 22 : 26;
}

const RING = 4;
const outer = (n: number): number => clusterRadius(n) + RING + 1;

interface Node extends Cluster { taken: boolean }

/**
 * Joins clusters whose circles would overlap and takes in single objects that would lie under one.
 * Sums stay: every object is in exactly one mark. The order is by number and then by place in the
 * world, so that the same tiles always give the same picture, whatever order they came in.
 */
export function buildScene(tiles: Iterable<TileItems>, zoom: number): Scene {
  const size = worldSize(zoom);
  const half = CUT_PX / 2 / size;
  let clusters: Node[] = [];
  let singles: Single[] = [];
  const shapes: ShapeItem[] = [];
  for (const tile of tiles) {
    for (const c of tile.clusters)
      clusters.push({
        kind: "cluster", key: c.key, n: c.n, by: [...c.by] as Counts, grade: c.worst, parts: [...c.parts], order: worstPart(c.parts), scale: c.scale, cuts: [c.key], ids: [], x: c.x, y: c.y, taken: false,
        extent: { minX: c.x - half, minY: c.y - half, maxX: c.x + half, maxY: c.y + half },
      });
    for (const p of tile.points) singles.push(p);
    for (const s of tile.shapes) shapes.push(s);
  }
  for (let pass = 0; pass < 3; pass++) {
    const before = clusters.length;
    clusters = joinOverlapping(clusters, size);
    if (clusters.length === before) break;
  }
  singles = takeIn(clusters, singles, size);
  const marks: Mark[] = [...clusters, ...singles];
  // Worst last, that is on top; among equals clusters lie under singles.
  marks.sort((a, b) => b.order - a.order || (a.kind === b.kind ? 0 : a.kind === "cluster" ? -1 : 1) || a.y - b.y || a.x - b.x);
  shapes.sort((a, b) => b.order - a.order || a.id - b.id);
  return { zoom, marks, shapes };
}

const CELL = 72; // pixels; wider than any two circles that touch
const ROW = 2 ** 24; // more squares than the world is high at the finest zoom: 256 × 2^22 / 72

/** Nodes by the square of the map that they lie in. */
class Grid {
  private readonly cells = new Map<number, Node[]>();
  constructor(nodes: readonly Node[], private readonly size: number) {
    for (const node of nodes) {
      const key = this.key(node.x, node.y, 0, 0);
      const cell = this.cells.get(key);
      if (cell) cell.push(node);
      else this.cells.set(key, [node]);
    }
  }
  private key(x: number, y: number, dx: number, dy: number): number {
    return (Math.floor((x * this.size) / CELL) + dx) * ROW + Math.floor((y * this.size) / CELL) + dy;
  }
  /** All that lie in a place's square or the eight round it. */
  near(x: number, y: number): Node[] {
    const out: Node[] = [];
    for (let dx = -1; dx <= 1; dx++)
      for (let dy = -1; dy <= 1; dy++) for (const node of this.cells.get(this.key(x, y, dx, dy)) ?? []) out.push(node);
    return out;
  }
}

function worstPart(parts: readonly number[]): number {
  const i = parts.findIndex((n) => n > 0);
  return i < 0 ? parts.length - 1 : i;
}

function join(into: Node, n: number, by: readonly number[], parts: readonly number[], x: number, y: number, extent: Box): void {
  const sum = into.n + n;
  into.x = (into.x * into.n + x * n) / sum;
  into.y = (into.y * into.n + y * n) / sum;
  into.n = sum;
  into.by = into.by.map((v, i) => v + (by[i] ?? 0)) as Counts;
  into.grade = worstOf(into.by);
  into.parts = into.parts.map((v, i) => v + (parts[i] ?? 0));
  into.order = worstPart(into.parts);
  into.extent = {
    minX: Math.min(into.extent.minX, extent.minX), minY: Math.min(into.extent.minY, extent.minY),
    maxX: Math.max(into.extent.maxX, extent.maxX), maxY: Math.max(into.extent.maxY, extent.maxY),
  };
}

function joinOverlapping(nodes: Node[], size: number): Node[] {
  const order = [...nodes].sort((a, b) => b.n - a.n || a.y - b.y || a.x - b.x);
  const grid = new Grid(order, size);
  for (const node of order) node.taken = false;
  const out: Node[] = [];
  for (const node of order) {
    if (node.taken) continue;
    node.taken = true;
    const { x, y } = node;
    const reach = outer(node.n);
    for (const other of grid.near(x, y)) {
      if (other.taken) continue;
      if (Math.hypot(other.x - x, other.y - y) * size < reach + outer(other.n)) {
        other.taken = true;
        node.cuts.push(...other.cuts);
        join(node, other.n, other.by, other.parts, other.x, other.y, other.extent);
      }
    }
    out.push(node);
  }
  return out;
}

/** Single objects whose middle lies on a cluster's circle go into it. */
function takeIn(clusters: Node[], singles: Single[], size: number): Single[] {
  if (!clusters.length) return singles;
  const grid = new Grid(clusters, size);
  const homes = new Map<Node, Single[]>();
  const left: Single[] = [];
  for (const single of singles) {
    let home: Node | null = null;
    let best = Infinity;
    for (const cluster of grid.near(single.x, single.y)) {
      const distance = Math.hypot(cluster.x - single.x, cluster.y - single.y) * size;
      // 重大, or a scale's worst level, goes under only where it would hide the number: else it stands on the ring, seen by itself.
      const reach = single.order === 0 ? clusterRadius(cluster.n) : outer(cluster.n) + 5;
      if (distance < reach && distance < best) {
        home = cluster;
        best = distance;
      }
    }
    if (!home) left.push(single);
    else homes.set(home, [...(homes.get(home) ?? []), single]);
  }
  for (const [cluster, guests] of homes)
    for (const guest of guests) {
      const by = [0, 0, 0, 0, 0];
      by[guest.grade] = 1;
      const parts = cluster.parts.map((_, i) => (i === guest.order ? 1 : 0));
      cluster.ids.push(guest.id);
      // The circle stays where it is: others were measured against it.
      const { x, y } = cluster;
      join(cluster, 1, by, parts, guest.x, guest.y, { minX: guest.x, minY: guest.y, maxX: guest.x, maxY: guest.y });
      cluster.x = x;
      cluster.y = y;
    }
  return left;
}
