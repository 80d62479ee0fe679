/** Rings round what is chosen, hovered or has the keyboard's focus; above everything, so that nothing else is repainted. */
import { type Flat, type Frame, type Geometry, partsOf, trace, worldSize, worldX, worldY } from "./mercator";
import type { GradeIndex } from "./grades";
import type { LevelLook } from "./levels";
import type { Palette } from "./palette";
import { type Atlas, chosenRing, chosenSpec, type Looks, overLine, RING_HALO } from "./symbols";
import { ViewportLayer } from "./ViewportLayer";

export interface Ring { x: number; y: number; radius: number; style: "hover" | "focus" }
/** `over` is the word for an object that is no more, or empty. */
export interface Chosen { id: number; cls: string; grade: GradeIndex; order: number; look: LevelLook | null; geometry: Geometry; anchor: { x: number; y: number }; over: string }

/** A place to stand for a geometry: the point itself, the middle of a line's run, the middle of an area's box. */
export function anchorOf(geometry: Geometry): { x: number; y: number } | null {
  const { points, lines, rings } = partsOf(geometry);
  const point = points[0];
  if (point) return { x: point[0] as number, y: point[1] as number };
  const line = lines[0];
  if (line) {
    const middle = Math.floor(line.length / 4) * 2;
    return { x: line[middle] as number, y: line[middle + 1] as number };
  }
  const ring = rings[0];
  if (!ring) return null;
  let [minX, maxX, minY, maxY] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < ring.length; i += 2) {
    minX = Math.min(minX, ring[i] as number);
    maxX = Math.max(maxX, ring[i] as number);
    minY = Math.min(minY, ring[i + 1] as number);
    maxY = Math.max(maxY, ring[i + 1] as number);
  }
  return { x: (minX + maxX) / 2, y: (minY + maxY) / 2 };
}

const NOTED = 19; // radius, outside every symbol

export class MarkLayer extends ViewportLayer {
  private chosen: Chosen | null = null;
  private parts: { lines: Flat[]; close: boolean } | null = null;
  private readonly rings = new Map<Ring["style"], Ring>();
  private stands: { x: number; y: number; radius: number } | null = null;
  private noted: readonly { x: number; y: number }[] = [];
  private looks: Looks = new Map();
  private atlas: Atlas | null = null;

  /** `drawnAt` says where an object's symbol stands on the map, if it is drawn by itself. */
  constructor(private readonly palette: Palette, private readonly drawnAt: (id: number) => { x: number; y: number } | undefined) {
    super("marks", false); // a few rings: cheaper than shifting the canvas
  }

  /** A canvas that shows nothing is not there: each one costs at every step of the map. */
  override redraw(): void {
    const empty = !this.chosen && !this.rings.size && !this.stands && !this.noted.length;
    this.canvas.style.display = empty ? "none" : "";
    super.redraw();
  }

  dress(looks: Looks, atlas: Atlas): void {
    this.looks = looks;
    this.atlas = atlas;
    this.redraw();
  }

  choose(chosen: Chosen | null): void {
    this.chosen = chosen;
    const parts = chosen ? partsOf(chosen.geometry) : null;
    this.parts = parts && (parts.rings.length || parts.lines.length) ? { lines: parts.rings.length ? parts.rings : parts.lines, close: parts.rings.length > 0 } : null;
    this.redraw();
  }

  /** `radius` is a share of the world. */
  here(at: { x: number; y: number; radius: number } | null): void {
    this.stands = at;
    this.redraw();
  }

  note(places: readonly { x: number; y: number }[]): void {
    this.noted = places;
    this.redraw();
  }

  ring(style: Ring["style"], ring: Omit<Ring, "style"> | null): void {
    if (ring) this.rings.set(style, { ...ring, style });
    else if (!this.rings.delete(style)) return;
    this.redraw();
  }

  protected override paint(context: CanvasRenderingContext2D, frame: Frame): void {
    const size = worldSize(frame.zoom);
    const { palette } = this;
    if (this.stands) {
      const x = this.stands.x * size - frame.left;
      const y = this.stands.y * size - frame.top;
      context.beginPath();
      context.arc(x, y, this.stands.radius * size, 0, 2 * Math.PI);
      context.globalAlpha = 0.14;
      context.fillStyle = palette.accent;
      context.fill();
      context.globalAlpha = 1;
      this.circle(context, x, y, this.stands.radius * size, palette.accent, 1);
      context.beginPath();
      context.arc(x, y, 7, 0, 2 * Math.PI);
      context.fillStyle = palette.accent;
      context.fill();
      this.circle(context, x, y, 7, palette.halo, 3);
    }
    for (const at of this.noted) {
      const x = at.x * size - frame.left;
      const y = at.y * size - frame.top;
      this.circle(context, x, y, NOTED, palette.halo, 5);
      context.setLineDash([5, 3]);
      this.circle(context, x, y, NOTED, palette.accent, 2);
      context.setLineDash([]);
    }
    if (this.chosen) {
      if (this.parts) {
        context.beginPath();
        for (const line of this.parts.lines) trace(context, line, frame, this.parts.close);
        context.lineJoin = "round";
        context.strokeStyle = palette.halo;
        context.lineWidth = 5;
        context.stroke();
        context.strokeStyle = palette.select;
        context.lineWidth = 2;
        if (this.chosen.over) context.setLineDash([6, 4]);
        context.stroke();
        context.setLineDash([]);
      }
      const at = this.drawnAt(this.chosen.id) ?? this.chosen.anchor;
      const x = Math.round(at.x * size - frame.left);
      const y = Math.round(at.y * size - frame.top);
      const { over } = this.chosen;
      const near = { ...chosenSpec(this.chosen, this.looks), over: over !== "" };
      this.circle(context, x, y, chosenRing(near), palette.halo, 2 * RING_HALO);
      if (over) context.setLineDash([6, 4]);
      this.circle(context, x, y, chosenRing(near), palette.select, 2.5);
      context.setLineDash([]);
      this.atlas?.stamp(context, near, x, y);
      if (over) {
        context.font = `700 12px ${palette.font}`;
        context.textAlign = "center";
        context.strokeStyle = palette.halo;
        context.lineWidth = 4;
        context.strokeText(over, x, y + overLine(near));
        context.fillStyle = palette.select;
        context.fillText(over, x, y + overLine(near));
      }
    }
    for (const ring of this.rings.values()) {
      const x = ring.x * size - frame.left;
      const y = ring.y * size - frame.top;
      this.circle(context, x, y, ring.radius, palette.halo, 5);
      this.circle(context, x, y, ring.radius, ring.style === "focus" ? palette.accent : palette.select, ring.style === "focus" ? 3 : 1.6);
    }
  }

  private circle(context: CanvasRenderingContext2D, x: number, y: number, radius: number, colour: string, width: number): void {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
}

export function placeOf(lng: number, lat: number): { x: number; y: number } {
  return { x: worldX(lng), y: worldY(lat) };
}
