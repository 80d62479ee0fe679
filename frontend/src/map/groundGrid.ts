/** Which tiles of a basemap lie in a frame, and where each is drawn: a GCJ-02 basemap is shifted under the data, never the data. */
import { fromGcj02, toGcj02 } from "./gcj02";
import { type Box, type Frame, latOf, lngOf, worldSize, worldX, worldY } from "./mercator";
import type { TileAddress } from "./tile";

/** A basemap's tiles as the page is told of them. */
export interface GroundSource {
  source: string;
  kind: "raster" | "vector";
  tiles: readonly string[]; // templates; what comes later lies on top
  minZoom: number;
  maxZoom: number;
  bounds: readonly [number, number, number, number] | null;
  shifted: boolean; // its tiles are cut by GCJ-02
}

const MOST_TILES = 700; // of one frame: beyond it the source has nothing as coarse as this view

export interface Point { x: number; y: number }

/** The true place of a tile's corner, in world units. */
export function cornerOf(z: number, x: number, y: number, shifted: boolean): Point {
  const side = 2 ** z;
  if (!shifted) return { x: x / side, y: y / side };
  const [lng, lat] = fromGcj02(lngOf(x / side), latOf(y / side));
  return { x: worldX(lng), y: worldY(lat) };
}

/** Where a place of the world is in the source's own grid. */
function inGrid(x: number, y: number, shifted: boolean): Point {
  if (!shifted) return { x, y };
  const [lng, lat] = toGcj02(lngOf(x), latOf(y));
  return { x: worldX(lng), y: worldY(lat) };
}

/** The source's zoom for a view: raster tiles are 256 pixels wide, vector tiles 512. */
export function groundZoom(source: GroundSource, zoom: number): number {
  const wanted = Math.round(zoom) - (source.kind === "vector" ? 1 : 0);
  return Math.max(source.minZoom, Math.min(source.maxZoom, wanted));
}

/** The tiles that a frame needs, the middle first; none where they would be too many. */
export function groundTiles(source: GroundSource, frame: Frame): TileAddress[] {
  const z = groundZoom(source, frame.zoom);
  const size = worldSize(frame.zoom);
  const n = 2 ** z;
  const from = inGrid((frame.left - 2) / size, (frame.top - 2) / size, source.shifted);
  const to = inGrid((frame.left + frame.width + 2) / size, (frame.top + frame.height + 2) / size, source.shifted);
  const within = source.bounds ? gridBox(source.bounds) : { minX: 0, minY: 0, maxX: 1, maxY: 1 };
  const clamp = (v: number): number => Math.max(0, Math.min(n - 1, Math.floor(v * n)));
  if (Math.max(from.x, within.minX) > Math.min(to.x, within.maxX) || Math.max(from.y, within.minY) > Math.min(to.y, within.maxY)) return [];
  const [x0, x1] = [clamp(Math.max(from.x, within.minX)), clamp(Math.min(to.x, within.maxX))];
  const [y0, y1] = [clamp(Math.max(from.y, within.minY)), clamp(Math.min(to.y, within.maxY))];
  if ((x1 - x0 + 1) * (y1 - y0 + 1) > MOST_TILES) return [];
  const out: TileAddress[] = [];
  for (let x = x0; x <= x1; x++) for (let y = y0; y <= y1; y++) out.push({ z, x, y });
  const [cx, cy] = [((from.x + to.x) / 2) * n - 0.5, ((from.y + to.y) / 2) * n - 0.5];
  return out.sort((a, b) => Math.hypot(a.x - cx, a.y - cy) - Math.hypot(b.x - cx, b.y - cy));
}

function gridBox([west, south, east, north]: readonly [number, number, number, number]): Box {
  return { minX: worldX(west), maxX: worldX(east), minY: worldY(Math.min(north, 85.05)), maxY: worldY(Math.max(south, -85.05)) };
}

/**
 * The transform that lays a tile, taken as the unit square, on the frame. The shift bends within a tile by
 * a third of a pixel at most; by how much it stretches and leans, its corners say.
 */
export function layOf({ z, x, y }: TileAddress, frame: Frame, shifted: boolean): [number, number, number, number, number, number] {
  const size = worldSize(frame.zoom);
  const at = (cx: number, cy: number): Point => {
    const p = cornerOf(z, cx, cy, shifted);
    return { x: p.x * size - frame.left, y: p.y * size - frame.top };
  };
  const o = at(x, y);
  const a = at(x + 1, y);
  const b = at(x, y + 1);
  return [a.x - o.x, a.y - o.y, b.x - o.x, b.y - o.y, o.x, o.y];
}

export function tileUrl(template: string, { z, x, y }: TileAddress): string {
  return template.replace("{z}", String(z)).replace("{x}", String(x)).replace("{y}", String(y));
}
