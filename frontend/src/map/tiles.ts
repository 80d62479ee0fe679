/** Vector tiles of one selection: fetched once, decoded once, in shares of the world (0–1). */
import { VectorTile } from "@mapbox/vector-tile";
import { PbfReader } from "pbf";
import { Problem, request } from "../api/client";
import { GRADES, type Grade } from "../words";

export interface Shape { type: 1 | 2 | 3; rings: Float64Array[] } // x, y, x, y … in shares of the world

export interface Thing {
  kind: "object";
  id: number;
  class: string;
  grade: Grade;
  name: string | null;
  x: number; // anchor, or the shape's own middle where another tile counts it
  y: number;
  shape: Shape | null;
  counted: boolean;
}

export interface Cluster {
  kind: "cluster";
  x: number;
  y: number;
  n: number;
  by: number[]; // in the order of GRADES
  worst: Grade;
}

export interface Tile { z: number; x: number; y: number; things: Thing[]; clusters: Cluster[] }

export interface Address { selection: string; rights: string; state: number }

const EXTENT = 4096;
const KEPT = 600;

export function decode(bytes: ArrayBuffer, z: number, x: number, y: number): Tile {
  const tile: Tile = { z, x, y, things: [], clusters: [] };
  const world = EXTENT * 2 ** z;
  const wx = (px: number): number => (x * EXTENT + px) / world;
  const wy = (py: number): number => (y * EXTENT + py) / world;
  const layers = new VectorTile(new PbfReader(bytes)).layers;
  const objects = layers["objects"];
  for (let i = 0; objects && i < objects.length; i++) {
    const feature = objects.feature(i);
    const geometry = feature.loadGeometry();
    const p = feature.properties as Record<string, string | number | undefined>;
    const first = geometry[0]?.[0];
    if (!first) continue;
    let shape: Shape | null = null;
    let ax = first.x;
    let ay = first.y;
    if (feature.type !== 1) {
      shape = {
        type: feature.type as 2 | 3,
        rings: geometry.map((ring) => Float64Array.from(ring.flatMap((q) => [wx(q.x), wy(q.y)]))),
      };
      if (p["anchor_x"] !== undefined) {
        ax = Number(p["anchor_x"]);
        ay = Number(p["anchor_y"]);
      }
    }
    tile.things.push({
      kind: "object", id: feature.id ?? 0, class: String(p["class"]), grade: p["grade"] as Grade,
      name: p["name"] === undefined ? null : String(p["name"]), x: wx(ax), y: wy(ay), shape,
      counted: feature.type === 1 || p["anchor_x"] !== undefined,
    });
  }
  const clusters = layers["clusters"];
  for (let i = 0; clusters && i < clusters.length; i++) {
    const feature = clusters.feature(i);
    const p = feature.properties as Record<string, string | number>;
    const at = feature.loadGeometry()[0]?.[0];
    if (!at) continue;
    tile.clusters.push({
      kind: "cluster", x: wx(at.x), y: wy(at.y), n: Number(p["n"]), by: GRADES.map((g) => Number(p[g] ?? 0)), worst: p["worst"] as Grade,
    });
  }
  return tile;
}

export class TileSource {
  private readonly kept = new Map<string, Tile>();

  /** A tile that is here already, or undefined. */
  peek(address: Address, z: number, x: number, y: number): Tile | undefined {
    return this.kept.get(this.key(address, z, x, y));
  }

  /** Fetch and decode; throws Problem, or AbortError where the signal came first. */
  async load(address: Address, z: number, x: number, y: number, signal: AbortSignal): Promise<Tile> {
    const key = this.key(address, z, x, y);
    const here = this.kept.get(key);
    if (here) return here;
    const path = `/api/tiles/${z}/${x}/${y}.mvt?r=${address.rights}&state=${address.state}&${address.selection}`;
    const response = await request(path, { signal });
    const tile = response.status === 204 ? { z, x, y, things: [], clusters: [] } : decode(await response.arrayBuffer(), z, x, y);
    this.kept.set(key, tile);
    for (const old of this.kept.keys()) {
      if (this.kept.size <= KEPT) break;
      this.kept.delete(old);
    }
    return tile;
  }

  private key(address: Address, z: number, x: number, y: number): string {
    return `${address.rights} ${address.state} ${address.selection} ${z}/${x}/${y}`;
  }
}

/** Whether asking again with fresh rights and state helps. */
export function isOutdated(error: unknown): boolean {
  return error instanceof Problem && (error.status === 409 || error.status === 401);
}
