/** The ground under the objects: land, hills, water, roads, divisions and their names, in muted colours. */
import { type Box, boxOf, boxOfLines, type Flat, type Frame, type Geometry, meets, partsOf, trace, worldSize } from "./mercator";
import type { Palette } from "./palette";
import { ROAD_RANK } from "../words";
import { ViewportLayer } from "./ViewportLayer";

export interface Feature { properties: Record<string, unknown> | null; geometry: Geometry | null }
export interface Features { features: Feature[] }

interface Part { lines: Flat[]; box: Box }
interface Road extends Part { rank: number; name: string }
interface Label { text: string; x: number; y: number; kind: "county" | "seat" | "town" | "water" | "hill"; size: number }

const ROAD_WIDTH = [3.6, 3, 2.6, 2.2, 1.8];
const ROAD_FROM = [7, 9, 10, 11, 12]; // page zoom, by rank

export class BasemapLayer extends ViewportLayer {
  private readonly areas: Record<"land" | "hills" | "urban" | "water", Part[]> = { land: [], hills: [], urban: [], water: [] };
  private rivers: Part[] = [];
  private roads: Road[] = [];
  private borders: Record<"city" | "county" | "town", Part[]> = { city: [], county: [], town: [] };
  private readonly names: Label[] = [];
  /** The names lie above the hexagons and below the symbols. */
  readonly labels: LabelLayer;

  constructor(private readonly palette: Palette) {
    super("basemap");
    this.labels = new LabelLayer(palette, this.names);
  }

  /** One layer of the service's base map; unknown ones are left out. */
  setLayer(name: string, data: Features): void {
    if (name === "rivers") this.rivers = this.partsOf(data, "lines");
    else if (name === "roads") this.roads = this.roadsOf(data);
    else if (name === "places") this.addPlaces(data);
    else if (name === "hills" || name === "urban" || name === "water") this.areas[name] = this.partsOf(data, "rings");
    if (name === "water" || name === "hills")
      for (const f of data.features) this.addNameOf(f, name === "water" ? "water" : "hill");
    this.redraw();
    this.labels.redraw();
  }

  /** Outlines of divisions; the county's carry their names where the base map has no seat for them. */
  setDivisions(level: "city" | "county" | "town", data: Features): void {
    this.borders[level] = this.partsOf(data, "rings");
    if (level === "county") {
      this.areas.land = this.borders.county;
      const named = new Set(this.names.filter((l) => l.kind === "seat").map((l) => l.text));
      for (const f of data.features) if (!named.has(String(f.properties?.name ?? ""))) this.addNameOf(f, "county");
    } else if (level === "city" && !this.areas.land.length) this.areas.land = this.borders.city;
    this.redraw();
    this.labels.redraw();
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
      const old = seat ? this.names.findIndex((l) => l.kind === "county" && l.text === text) : -1;
      if (old >= 0) this.names.splice(old, 1);
      this.names.push({ text, x: at[0] as number, y: at[1] as number, kind: seat ? "seat" : "town", size: 0 });
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
    this.names.push({ text, ...at, kind });
  }

  protected override paint(c: CanvasRenderingContext2D, frame: Frame): void {
    const p = this.palette;
    const view = boxOf(frame, 8);
    const { zoom } = frame;
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
    const river = Math.max(1.2, 2 ** (zoom - 11) * 2.4);
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
    this.paintRoads(c, frame, view);
    this.paintBorders(c, frame, path);
  }

  private paintRoads(c: CanvasRenderingContext2D, frame: Frame, view: Box): void {
    const p = this.palette;
    const grow = 2 ** Math.max(-0.9, Math.min(2, (frame.zoom - 12) * 0.45));
    for (const casing of [true, false])
      for (let rank = 4; rank >= 0; rank--) {
        if (frame.zoom < (ROAD_FROM[rank] as number)) continue;
        const width = (ROAD_WIDTH[rank] as number) * grow;
        c.beginPath();
        for (const road of this.roads)
          if (road.rank === rank && meets(road.box, view)) for (const line of road.lines) trace(c, line, frame, false);
        c.strokeStyle = casing ? p.roadCase : p.road;
        c.lineWidth = casing ? width + (rank < 2 ? 1.6 : 1.2) : width;
        c.stroke();
      }
  }

  private paintBorders(c: CanvasRenderingContext2D, frame: Frame, path: (parts: readonly Part[], close: boolean) => void): void {
    const p = this.palette;
    c.lineCap = "butt";
    if (frame.zoom >= 12) {
      path(this.borders.town, true);
      c.strokeStyle = p.border;
      c.globalAlpha = 0.45;
      c.lineWidth = 0.8;
      c.setLineDash([2, 3]);
      c.stroke();
    }
    path(this.borders.county, true);
    c.globalAlpha = 0.8;
    c.strokeStyle = p.border;
    c.lineWidth = 1;
    c.setLineDash([5, 3, 1, 3]);
    c.stroke();
    path(this.borders.city, true);
    c.globalAlpha = 0.9;
    c.strokeStyle = p.city;
    c.lineWidth = 1.2;
    c.setLineDash([8, 3, 1.5, 3]);
    c.stroke();
    c.setLineDash([]);
    c.globalAlpha = 1;
  }
}

/** Names of places, waters and hills. */
class LabelLayer extends ViewportLayer {
  constructor(private readonly palette: Palette, private readonly names: readonly Label[]) {
    super("labels", false); // which names are left out depends on those at the edges
  }

  /** Names, the weightier first; one that would touch another is left out at this zoom. */
  protected override paint(c: CanvasRenderingContext2D, frame: Frame): void {
    const p = this.palette;
    const size = worldSize(frame.zoom);
    const look = {
      county: { font: 13, weight: 500, colour: p.label, halo: p.halo, from: 8, gap: 1.6 },
      seat: { font: 13, weight: 500, colour: p.label, halo: p.halo, from: 8, gap: 1.6 },
      water: { font: 12, weight: 400, colour: p.labelWater, halo: p.water, from: 8, gap: 2 },
      hill: { font: 11, weight: 400, colour: p.label2, halo: p.hill, from: 10, gap: 2 },
      town: { font: 11, weight: 400, colour: p.label2, halo: p.halo, from: 11, gap: 0 },
    } as const;
    const order = { county: 0, seat: 0, water: 1, hill: 2, town: 3 } as const;
    const taken: { l: number; r: number; t: number; b: number }[] = [];
    c.textAlign = "center";
    c.lineJoin = "round";
    for (const label of [...this.names].sort((a, b) => order[a.kind] - order[b.kind] || b.size - a.size)) {
      const style = look[label.kind];
      if (frame.zoom < style.from) continue;
      if ((label.kind === "water" || label.kind === "hill") && label.size * size < label.text.length * 13) continue;
      const x = label.x * size - frame.left;
      const y = label.y * size - frame.top;
      if (x < -60 || y < -20 || x > frame.width + 60 || y > frame.height + 20) continue;
      c.font = `${style.weight} ${style.font}px ${p.font}`;
      c.letterSpacing = `${style.gap}px`;
      const half = c.measureText(label.text).width / 2 + 4;
      const box = { l: x - half, r: x + half, t: y - 12, b: y + 6 };
      if (taken.some((t) => box.l < t.r && box.r > t.l && box.t < t.b && box.b > t.t)) continue;
      taken.push(box);
      c.strokeStyle = style.halo;
      c.lineWidth = 3;
      c.strokeText(label.text, x, y);
      c.fillStyle = style.colour;
      c.fillText(label.text, x, y);
    }
    c.letterSpacing = "0px";
  }
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
