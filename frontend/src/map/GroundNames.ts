/**
 * Names of places, waters and hills, and the borders that lie over tiles. They lie above the hexagons and below the
 * symbols, and a layer that draws those paints them on its own canvas: every canvas that covers the view costs at
 * each step of the hand, where no graphics card does the work.
 */
import { type Spot, Taken } from "./labels";
import { type Box, boxOf, type Flat, type Frame, meets, strokeDashed, worldSize } from "./mercator";
import type { Palette } from "./palette";
import { ViewportLayer } from "./ViewportLayer";

/** What of the plain basemap is shown. */
export interface GroundParts { roads: boolean; water: boolean; borders: boolean; names: boolean }
export const ALL_PARTS: GroundParts = { roads: true, water: true, borders: true, names: true };

export interface Part { lines: Flat[]; box: Box }
export type Borders = Record<"city" | "county" | "town", Part[]>;
/** A name in world units; `size` is the room that its area has, or how weighty it is; `from` a zoom that its source says. */
export interface GroundName { text: string; x: number; y: number; kind: "county" | "seat" | "town" | "water" | "hill"; size: number; from?: number }
interface Placed { name: GroundName; x: number; y: number; half: number } // world pixels

/** What stands in the names' way, in world pixels; `of` is the same as long as nothing of it has changed. */
export interface Standing { of: object; spots: () => Iterable<Spot> }

const LOOK = {
  county: { font: 13, weight: 500, colour: "label", halo: "halo", from: 8, gap: 1.6 },
  seat: { font: 13, weight: 500, colour: "label", halo: "halo", from: 8, gap: 1.6 },
  water: { font: 12, weight: 400, colour: "labelWater", halo: "water", from: 8, gap: 2 },
  hill: { font: 11, weight: 400, colour: "label2", halo: "hill", from: 10, gap: 2 },
  town: { font: 11, weight: 400, colour: "label2", halo: "halo", from: 11, gap: 0 },
} as const;
const ORDER = { county: 0, seat: 0, water: 1, hill: 2, town: 3 } as const;
/** How far a name may step from its place, nearest first: in halves of its width, and pixels down. */
const STEPS: readonly (readonly [number, number])[] = [
  [0, 0], [0, -26], [0, 30], [0.7, 0], [-0.7, 0], [0.7, -28], [-0.7, 28], [0.7, 28], [-0.7, -28],
  [0, -42], [0, 46], [1.3, 0], [-1.3, 0], [1.3, -30], [-1.3, 30], [1.3, 30], [-1.3, -30],
];
const FAR_STEPS = STEPS.slice(0, 3); // of waters and hills: a few pixels are many kilometres there
const FAR = 9.5; // page zoom
const NOTHING: Standing = { of: {}, spots: () => [] };

export class GroundNames {
  private parts: GroundParts = { ...ALL_PARTS, borders: false };
  /** Names that come with tiles instead of our own. */
  private others: (() => readonly GroundName[]) | null = null;
  private placed: { zoom: number; of: object; names: readonly Placed[] } | null = null;
  private readonly painters = new Set<{ redraw(): void }>();
  private readonly homes = new Map<GroundName, Part | undefined>();

  constructor(private readonly palette: Palette, private readonly own: readonly GroundName[], private readonly borders: Borders) {}

  /** A layer that paints the names with its own, and does so again when they change. */
  paintedBy(layer: { redraw(): void }): void {
    this.painters.add(layer);
  }

  show(parts: GroundParts): void {
    this.parts = parts;
    this.redraw();
  }

  nameBy(others: (() => readonly GroundName[]) | null): void {
    this.others = others;
    this.renew();
  }

  /** Names, outlines or the font have changed: all are placed anew. */
  renew(): void {
    this.placed = null;
    this.homes.clear();
    this.redraw();
  }

  /** The same names again, perhaps in other colours. */
  redraw(): void {
    for (const layer of this.painters) layer.redraw();
  }

  paint(c: CanvasRenderingContext2D, frame: Frame, standing: Standing = NOTHING): void {
    if (this.parts.borders) paintBorders(c, frame, this.palette, this.borders);
    if (!this.parts.names) return;
    if (this.placed?.zoom !== frame.zoom || this.placed.of !== standing.of)
      this.placed = { zoom: frame.zoom, of: standing.of, names: this.place(c, frame.zoom, standing) };
    c.textAlign = "center";
    c.textBaseline = "alphabetic";
    c.lineJoin = "round";
    c.lineWidth = 3;
    for (const { name, x: left, y: top, half } of this.placed.names) {
      const [x, y] = [left - frame.left, top - frame.top];
      if (x + half < 0 || x - half > frame.width || y < -10 || y > frame.height + 16) continue;
      const look = this.lookOf(c, name);
      c.strokeStyle = this.palette[look.halo];
      c.strokeText(name.text, x, y);
      c.fillStyle = this.palette[look.colour];
      c.fillText(name.text, x, y);
    }
    c.letterSpacing = "0px";
  }

  /** Where names stand, in world pixels: for tests. */
  get spots(): readonly Spot[] {
    return (this.placed?.names ?? []).map(({ x, y, half }) => boxAt(x, y, half));
  }

  private lookOf(c: CanvasRenderingContext2D, name: GroundName): (typeof LOOK)[GroundName["kind"]] {
    const look = LOOK[name.kind];
    c.font = `${look.weight} ${look.font}px ${this.palette.font}`;
    c.letterSpacing = `${look.gap}px`;
    return look;
  }

  /** The weightier first; one that would touch another is left out at this zoom. The same wherever the view is, so that strips fit. */
  private place(c: CanvasRenderingContext2D, zoom: number, standing: Standing): readonly Placed[] {
    const size = worldSize(zoom);
    const all = new Taken();
    const named = new Taken();
    for (const spot of standing.spots()) all.add(spot);
    const out: Placed[] = [];
    for (const name of [...(this.others?.() ?? this.own)].sort((a, b) => ORDER[a.kind] - ORDER[b.kind] || b.size - a.size)) {
      if (zoom < (name.from ?? LOOK[name.kind].from)) continue;
      if (name.from === undefined && (name.kind === "water" || name.kind === "hill") && name.size * size < name.text.length * 13) continue;
      this.lookOf(c, name);
      const half = c.measureText(name.text).width / 2 + 4;
      let [x, y] = [name.x * size, name.y * size];
      // Where a symbol stands on the place itself, the name steps aside; a lesser name gives way altogether.
      const weighty = name.kind === "seat" || name.kind === "county";
      const home = weighty ? this.homeOf(name) : undefined;
      const steps = (weighty || zoom >= FAR ? STEPS : FAR_STEPS).map(([dx, dy]) => ({ x: x + dx * (half + 12), y: y + dy }));
      if (home) steps.push(...spread(home.box, size).sort((a, b) => Math.hypot(a.x - x, a.y - y) - Math.hypot(b.x - x, b.y - y)));
      // A county's name stays in its county.
      const free = steps.find((at) => all.isFree(boxAt(at.x, at.y, half)) && (!home || holds(home, at.x / size, at.y / size)));
      if (!free && (zoom < FAR || !weighty)) continue;
      if (free) ({ x, y } = free);
      const box = boxAt(x, y, half);
      if (!named.isFree(box)) continue;
      all.add(box);
      named.add(box);
      out.push({ name, x, y, half });
    }
    return out;
  }

  private homeOf(name: GroundName): Part | undefined {
    if (!this.homes.has(name)) this.homes.set(name, this.borders.county.find((part) => holds(part, name.x, name.y)));
    return this.homes.get(name);
  }
}

/** The names on a canvas of their own. */
export class LabelLayer extends ViewportLayer {
  standing: (c: CanvasRenderingContext2D, frame: Frame) => Standing = () => NOTHING;

  constructor(private readonly names: GroundNames) {
    super("labels");
    names.paintedBy(this);
  }

  protected override paint(c: CanvasRenderingContext2D, frame: Frame): void {
    this.names.paint(c, frame, this.standing(c, frame));
  }
}

export function paintBorders(c: CanvasRenderingContext2D, frame: Frame, p: Palette, borders: Borders): void {
  const view = boxOf(frame, 8);
  const draw = (parts: readonly Part[], colour: string, alpha: number, width: number, dash: number[]): void => {
    c.strokeStyle = colour;
    c.globalAlpha = alpha;
    c.lineWidth = width;
    c.setLineDash(dash);
    const period = dash.reduce((sum, d) => sum + d, 0);
    for (const part of parts) if (meets(part.box, view)) for (const line of part.lines) strokeDashed(c, line, frame, true, period);
  };
  c.lineCap = "butt";
  c.lineJoin = "round";
  if (frame.zoom >= 12) draw(borders.town, p.border, 0.45, 0.8, [2, 3]);
  draw(borders.county, p.border, frame.zoom < 9 ? 0.7 : 0.85, frame.zoom < 9 ? 0.8 : 1, [5, 3, 1, 3]);
  draw(borders.city, p.city, 0.85, frame.zoom < 9 ? 1 : 1.2, [8, 3, 1.5, 3]);
  c.setLineDash([]);
  c.globalAlpha = 1;
}

/** Places all over an area's box, in world pixels: where else a county's name may find room. */
function spread(box: Box, size: number): { x: number; y: number }[] {
  const out: { x: number; y: number }[] = [];
  for (let i = 1; i < 10; i++)
    for (let j = 1; j < 10; j++) out.push({ x: (box.minX + ((box.maxX - box.minX) * i) / 10) * size, y: (box.minY + ((box.maxY - box.minY) * j) / 10) * size });
  return out;
}

/** Whether a place of the world lies in an area: the rings' edges to the east of it are odd in number. */
function holds({ lines, box }: Part, x: number, y: number): boolean {
  if (x < box.minX || x > box.maxX || y < box.minY || y > box.maxY) return false;
  let inside = false;
  for (const ring of lines)
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      const [xi, yi, xj, yj] = [ring[i] as number, ring[i + 1] as number, ring[j] as number, ring[j + 1] as number];
      if (yi > y !== yj > y && x < xi + ((xj - xi) * (y - yi)) / (yj - yi)) inside = !inside;
    }
  return inside;
}

function boxAt(x: number, y: number, half: number): Spot {
  return { l: x - half, r: x + half, t: y - 12, b: y + 6 };
}
