/** The ground under the objects: land, hills, water, roads, divisions and their names, in muted colours. */
import { type Box, boxOf, boxOfLines, type Flat, type Frame, type Geometry, meets, partsOf, trace, worldSize } from "./mercator";
import type { Palette } from "./palette";
import { ROAD_RANK } from "../words";
import { ALL_PARTS, type Borders, type GroundName, GroundNames, type GroundParts, LabelLayer, paintBorders, type Part } from "./GroundNames";
import type { ShapeItem, TileAddress } from "./tile";
import { type TileFetch, TileStore } from "./TileStore";
import { ViewportLayer } from "./ViewportLayer";

export interface Feature { properties: Record<string, unknown> | null; geometry: Geometry | null }
export interface Features { features: Feature[] }

interface Road extends Part { rank: number; name: string }

const ROAD_WIDTH = [3.6, 3, 2.5, 2.1, 1.7];
const ROAD_FROM = [6, 8, 9.5, 11, 12]; // page zoom, by rank
const REGISTER_FROM = 9; // page zoom from which lines of the register are part of the ground
const DEEPEST = 22;

export class BasemapLayer extends ViewportLayer {
  private readonly areas: Record<"land" | "hills" | "urban" | "water", Part[]> = { land: [], hills: [], urban: [], water: [] };
  private rivers: Part[] = [];
  private roads: Road[] = [];
  private readonly borders: Borders = { city: [], county: [], town: [] };
  private readonly places: GroundName[] = [];
  private parts: GroundParts = ALL_PARTS;
  private register: TileStore | null = null;
  private shown: TileStore | null = null; // an older one, until every tile of the new one is there
  private wanted: TileAddress[] = [];
  /** The names lie above the hexagons and below the symbols: a layer that draws those paints the names with them. */
  readonly names: GroundNames;
  /** The names on a canvas of their own, for a map where no other layer paints them. */
  readonly labels: LabelLayer;

  constructor(private readonly palette: Palette) {
    super("basemap", true, 0.6);
    this.names = new GroundNames(palette, this.places, this.borders);
    this.labels = new LabelLayer(this.names);
  }

  /** What is shown; `over` is for tiles that lie on this ground: borders and names come above them then. */
  show(parts: GroundParts, over: GroundParts | null): void {
    this.parts = over ? { ...parts, borders: false } : parts;
    this.names.show(over ?? { ...parts, borders: false });
    this.redraw();
  }

  /** Roads, railways and waters that the bureau has in its register, as far as the reader may see them. */
  setRegister(fetchTile: TileFetch | null): void {
    if (this.register !== this.shown) this.register?.close();
    const store: TileStore | null = fetchTile && new TileStore(fetchTile, () => {
      if (this.register === store) this.redraw();
    });
    this.register = store;
    if (!store) this.shown = null;
    this.moved();
    this.redraw();
  }

  protected override moved(): void {
    const { frame } = this;
    if (!this.register || !frame || frame.zoom < REGISTER_FROM) return;
    const z = Math.max(0, Math.min(DEEPEST, Math.round(frame.zoom) - 1));
    const side = worldSize(frame.zoom) / 2 ** z;
    this.wanted = [];
    const clamp = (v: number): number => Math.max(0, Math.min(2 ** z - 1, Math.floor(v / side)));
    for (let x = clamp(frame.left); x <= clamp(frame.left + frame.width); x++)
      for (let y = clamp(frame.top); y <= clamp(frame.top + frame.height); y++) this.wanted.push({ z, x, y });
    this.register.want(this.wanted);
  }

  private shapes(): ShapeItem[] {
    const { register, frame } = this;
    if (!register || !frame || frame.zoom < REGISTER_FROM) return [];
    if (register !== this.shown && this.wanted.every((a) => register.get(a) ?? register.hasFailed(a))) {
      this.shown?.close();
      this.shown = register;
    }
    return this.wanted.flatMap((a) => (this.shown ?? register).get(a)?.shapes ?? []);
  }

  /** One layer of the service's base map; unknown ones are left out. */
  setLayer(name: string, data: Features): void {
    if (name === "places") this.forget("seat", "town");
    else if (name === "water") this.forget("water");
    else if (name === "hills") this.forget("hill");
    if (name === "rivers") this.rivers = this.partsOf(data, "lines");
    else if (name === "roads") this.roads = this.roadsOf(data);
    else if (name === "places") this.addPlaces(data);
    else if (name === "hills" || name === "urban" || name === "water") this.areas[name] = this.partsOf(data, "rings");
    if (name === "water" || name === "hills")
      for (const f of data.features) this.addNameOf(f, name === "water" ? "water" : "hill");
    this.redraw();
    this.names.renew();
  }

  /** Outlines of divisions; the county's carry their names where the base map has no seat for them. */
  setDivisions(level: "city" | "county" | "town", data: Features): void {
    this.borders[level] = this.partsOf(data, "rings");
    if (level === "county") {
      this.forget("county");
      this.areas.land = this.borders.county;
      const named = new Set(this.places.filter((l) => l.kind === "seat").map((l) => l.text));
      for (const f of data.features) if (!named.has(String(f.properties?.name ?? ""))) this.addNameOf(f, "county");
    } else if (level === "city" && !this.areas.land.length) this.areas.land = this.borders.city;
    this.redraw();
    this.names.renew();
  }

  /** Names that are read again come in the place of the old ones. */
  private forget(...kinds: GroundName["kind"][]): void {
    const kept = this.places.filter((name) => !kinds.includes(name.kind));
    this.places.splice(0, this.places.length, ...kept);
  }

  private partsOf(data: Features, kind: "lines" | "rings"): Part[] {
    const out: Part[] = [];
    for (const { geometry } of data.features) {
      if (!geometry) continue;
      const parts = partsOf(geometry);
      const lines = kind === "rings" ? parts.rings : [...parts.lines, ...parts.rings];
      if (lines.length) out.push({ lines, box: boxOfLines(lines) });
    }
    return out;
  }

  private roadsOf(data: Features): Road[] {
    const out: Road[] = [];
    for (const f of data.features) {
      if (!f.geometry) continue;
      const { lines } = partsOf(f.geometry);
      if (lines.length) out.push({ lines, box: boxOfLines(lines), rank: ROAD_RANK[String(f.properties?.class ?? "")] ?? 4, name: String(f.properties?.no ?? "") });
    }
    return out;
  }

  private addPlaces(data: Features): void {
    for (const f of data.features) {
      if (f.geometry?.type !== "Point") continue;
      const at = partsOf(f.geometry).points[0];
      const text = String(f.properties?.name ?? "");
      if (!at || !text) continue;
      const seat = f.properties?.seat === true;
      const old = seat ? this.places.findIndex((l) => l.kind === "county" && l.text === text) : -1;
      if (old >= 0) this.places.splice(old, 1);
      this.places.push({ text, x: at[0] as number, y: at[1] as number, kind: seat ? "seat" : "town", size: 0 });
    }
  }

  /** The name of an area goes to the middle of the widest run inside its largest ring. */
  private addNameOf(f: Feature, kind: "county" | "water" | "hill"): void {
    const text = String(f.properties?.name ?? "");
    if (!text || !f.geometry) return;
    const { rings } = partsOf(f.geometry);
    const rest = rings.map((ring) => ({ ring, box: boxOfLines([ring]) })).sort((a, b) => areaOf(b.box) - areaOf(a.box))[0];
    if (!rest) return;
    const at = middleOf(rest.ring, rest.box);
    this.places.push({ text, ...at, kind });
  }

  protected override paint(c: CanvasRenderingContext2D, frame: Frame): void {
    const p = this.palette;
    const view = boxOf(frame, 8);
    const path = (parts: readonly Part[], close: boolean): void => {
      c.beginPath();
      for (const part of parts) if (meets(part.box, view)) for (const line of part.lines) trace(c, line, frame, close);
    };
    c.fillStyle = p.out;
    c.fillRect(0, 0, frame.width, frame.height);
    c.lineJoin = c.lineCap = "round";
    if (this.areas.land.length) {
      path(this.areas.land, true);
      c.fillStyle = c.strokeStyle = p.land;
      c.fill();
      c.lineWidth = 1;
      c.stroke();
    }
    for (const [name, colour] of [["hills", p.hill], ["urban", p.urban]] as const) {
      path(this.areas[name], true);
      c.fillStyle = colour;
      c.fill();
    }
    const shapes = this.shapes();
    if (this.parts.water) this.paintWater(c, frame, path, shapes);
    if (this.parts.roads) {
      this.paintRegisterRoads(c, frame, shapes);
      this.paintRoads(c, frame, view);
    }
    if (this.parts.borders) paintBorders(c, frame, this.palette, this.borders);
  }

  private paintWater(c: CanvasRenderingContext2D, frame: Frame, path: (parts: readonly Part[], close: boolean) => void, shapes: readonly ShapeItem[]): void {
    const p = this.palette;
    const river = Math.max(1.2, 2 ** (frame.zoom - 11) * 2.4);
    path(this.rivers, false);
    c.strokeStyle = p.waterLine;
    c.lineWidth = Math.min(river, 14) + 1.2;
    c.stroke();
    path(this.areas.water, true);
    c.strokeStyle = p.waterLine;
    c.lineWidth = 1.5;
    c.stroke();
    c.fillStyle = p.water;
    c.fill();
    path(this.rivers, false);
    c.strokeStyle = p.water;
    c.lineWidth = Math.min(river, 14);
    c.stroke();
    for (const shape of shapes) {
      if (shape.cls !== "reservoir" && shape.cls !== "shoreline") continue;
      within(c, shape, frame, () => {
        if (shape.filled) {
          c.fillStyle = p.water;
          c.fill("evenodd");
        } else {
          c.strokeStyle = p.waterLine;
          c.lineWidth = 1.2;
          c.stroke();
        }
      });
    }
  }

  /** Of a road of the register the tile tells no class: one muted width for all. */
  private paintRegisterRoads(c: CanvasRenderingContext2D, frame: Frame, shapes: readonly ShapeItem[]): void {
    const p = this.palette;
    const width = 2.2 * 2 ** Math.max(-0.6, Math.min(2, (frame.zoom - 12) * 0.45));
    for (const casing of [true, false])
      for (const shape of shapes) {
        const rail = shape.cls === "railway";
        if (shape.filled || (!rail && shape.cls !== "road")) continue;
        within(c, shape, frame, () => {
          c.strokeStyle = rail ? (casing ? p.border : p.road) : casing ? p.roadCase : p.road;
          c.lineWidth = rail ? (casing ? 1.8 : 0.9) : casing ? width + 1.3 : width;
          if (rail && !casing) c.setLineDash([6, 6]);
          c.stroke();
          c.setLineDash([]);
        });
      }
  }

  private paintRoads(c: CanvasRenderingContext2D, frame: Frame, view: Box): void {
    const p = this.palette;
    const grow = 2 ** Math.max(frame.zoom < 9 ? -0.8 : -0.45, Math.min(2, (frame.zoom - 12) * 0.45));
    for (const casing of [true, false])
      for (let rank = 4; rank >= 0; rank--) {
        if (frame.zoom < (ROAD_FROM[rank] as number)) continue;
        const width = (ROAD_WIDTH[rank] as number) * grow;
        c.beginPath();
        for (const road of this.roads)
          if (road.rank === rank && meets(road.box, view)) for (const line of road.lines) trace(c, line, frame, false);
        c.strokeStyle = casing ? p.roadCase : p.road;
        c.lineWidth = casing ? width + (rank < 2 ? 2 : 1.4) : width;
        c.stroke();
      }
  }
}

/** Draws a shape of a tile, cut at its tile's edge so that neighbours meet without a seam. */
function within(c: CanvasRenderingContext2D, shape: ShapeItem, frame: Frame, draw: () => void): void {
  const size = worldSize(frame.zoom);
  const [left, top] = [shape.tile.minX * size - frame.left, shape.tile.minY * size - frame.top];
  const side = (shape.tile.maxX - shape.tile.minX) * size;
  c.save();
  c.beginPath();
  c.rect(left, top, side, side);
  c.clip();
  c.beginPath();
  for (const line of shape.lines) trace(c, line, frame, shape.filled);
  draw();
  c.restore();
}

function areaOf(box: Box): number {
  return (box.maxX - box.minX) * (box.maxY - box.minY);
}

/** The middle of the longest horizontal run inside a ring, looked for on nine levels, and its length. */
export function middleOf(ring: Flat, box: Box): { x: number; y: number; size: number } {
  let best = { x: (box.minX + box.maxX) / 2, y: (box.minY + box.maxY) / 2, size: 0 };
  for (let level = 1; level <= 9; level++) {
    const y = box.minY + ((box.maxY - box.minY) * level) / 10;
    const cuts: number[] = [];
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      const yi = ring[i + 1] as number;
      const yj = ring[j + 1] as number;
      if (yi > y === yj > y) continue;
      const xi = ring[i] as number;
      const xj = ring[j] as number;
      cuts.push(xi + ((xj - xi) * (y - yi)) / (yj - yi));
    }
    cuts.sort((a, b) => a - b);
    for (let i = 0; i + 1 < cuts.length; i += 2) {
      const from = cuts[i] as number;
      const to = cuts[i + 1] as number;
      if (to - from > best.size) best = { x: (from + to) / 2, y, size: to - from };
    }
  }
  return best;
}
