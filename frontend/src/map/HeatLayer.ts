/** H3 hexagons: one hue for number, a diamond where 重大 is inside, hatched where there are few. */
import { cellToBoundary, latLngToCell } from "h3-js";
import L from "leaflet";
import type { HeatCell } from "../api/types";
import { CanvasLayer, type Projector } from "./CanvasLayer";
import { gradePath, type Palette } from "./symbols";

export const HEAT_STEPS = [5, 15, 40, 90] as const;

export function heatStep(n: number): number {
  return HEAT_STEPS.filter((least) => n >= least).length;
}

function toWorld(lat: number, lng: number): [number, number] {
  const sine = Math.sin((lat * Math.PI) / 180);
  return [lng / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

export class HeatLayer extends CanvasLayer {
  private cells: { cell: HeatCell; ring: [number, number][] }[] = [];
  private resolution = 7;
  private chosen: string | null = null;
  private hatch: CanvasPattern | null = null;

  constructor(private readonly palette: () => Palette) {
    super("heat");
  }

  show(resolution: number, cells: HeatCell[]): void {
    this.resolution = resolution;
    this.cells = cells.filter((c) => c.n > 0).map((cell) => ({ cell, ring: cellToBoundary(cell.cell).map(([lat, lng]) => toWorld(lat, lng)) }));
    this.schedule();
  }

  choose(cell: string | null): void {
    this.chosen = cell;
    this.schedule();
  }

  /** The cell at a place, where something is in it. */
  cellAt(place: L.LatLng): HeatCell | null {
    const id = latLngToCell(place.lat, place.lng, this.resolution);
    return this.cells.find((c) => c.cell.cell === id)?.cell ?? null;
  }

  private pattern(ctx: CanvasRenderingContext2D, colour: string): CanvasPattern | string {
    if (this.hatch) return this.hatch;
    const tile = document.createElement("canvas");
    tile.width = tile.height = 6;
    const t = tile.getContext("2d");
    if (!t) return colour;
    t.strokeStyle = colour;
    t.lineWidth = 1;
    t.beginPath();
    t.moveTo(0, 6);
    t.lineTo(6, 0);
    t.stroke();
    this.hatch = ctx.createPattern(tile, "repeat");
    return this.hatch ?? colour;
  }

  protected override draw(ctx: CanvasRenderingContext2D, project: Projector, size: L.Point): void {
    const p = this.palette();
    const marks: [number, number][] = [];
    for (const { cell, ring } of this.cells) {
      const points = ring.map(([x, y]) => project(x, y));
      if (points.every((q) => q.x < 0) || points.every((q) => q.x > size.x) || points.every((q) => q.y < 0) || points.every((q) => q.y > size.y)) continue;
      const path = new Path2D();
      points.forEach((q, i) => (i ? path.lineTo(q.x, q.y) : path.moveTo(q.x, q.y)));
      path.closePath();
      ctx.globalAlpha = 0.82;
      ctx.fillStyle = cell.few ? this.pattern(ctx, p.hex[2] ?? p.ink) : (p.hex[heatStep(cell.n)] ?? p.ink);
      ctx.fill(path);
      ctx.globalAlpha = 1;
      const chosen = cell.cell === this.chosen;
      ctx.strokeStyle = chosen ? p.select : cell.few ? (p.hex[2] ?? p.ink) : p.halo;
      ctx.lineWidth = chosen ? 3 : 1;
      ctx.stroke(path);
      if (cell.by_grade.major > 0) marks.push([points.reduce((s, q) => s + q.x, 0) / points.length, points.reduce((s, q) => s + q.y, 0) / points.length]);
    }
    for (const [x, y] of marks) {
      const path = gradePath("major", x, y, 13);
      ctx.strokeStyle = p.halo;
      ctx.lineWidth = 3;
      ctx.stroke(path);
      ctx.fillStyle = p.fill.major;
      ctx.fill(path);
    }
  }
}
