/** The flood on the map: one tone a depth class, roads to be taken with care, outlines of warnings; below every symbol. */
import { type Flat, type Frame, type Geometry, partsOf, trace } from "../map/mercator";
import type { Palette } from "../map/palette";
import type { OverLayer } from "../map/RiskMap";
import { ViewportLayer } from "../map/ViewportLayer";
import { toneOf } from "./say";
import type { DepthClass, Metres } from "./types";

const OPACITY = [0.62, 0.64, 0.68, 0.76] as const;

interface Toned { rings: Flat[]; tone: 1 | 2 | 3 | 4; depth: Metres }
/** `barred`: closed by hand. */
export interface RoadLine { how: "closed" | "care"; barred?: boolean; geometry: Geometry }
/** `colour`: the design variable of its edge. */
export interface Outlined { geometry: Geometry; colour: string; chosen: boolean }

export class WaterLayer extends ViewportLayer implements OverLayer {
  private classes: Toned[] = [];
  private care: Flat[][] = []; // what is closed is drawn above the ways
  private outlines: { rings: Flat[]; colour: string; chosen: boolean }[] = [];
  private palette: Palette | null = null;
  private colours = { tones: ["", "", "", ""], care: "" };

  constructor() {
    super("water");
  }

  dress(_looks: unknown, _atlas: unknown, palette: Palette): void {
    const style = getComputedStyle(document.documentElement);
    const v = (name: string): string => style.getPropertyValue(name).trim();
    this.palette = palette;
    this.colours = { tones: [1, 2, 3, 4].map((i) => v(`--depth-${i}`)), care: v("--road-care") };
    this.redraw();
  }

  show(classes: readonly DepthClass[]): void {
    // The shallowest first: a deeper class lies over the line of the one round it.
    this.classes = [...classes].sort((a, b) => Number(a.depth_m) - Number(b.depth_m)).map((c) => ({ rings: partsOf(c.geometry).rings, tone: toneOf(c.depth_m), depth: c.depth_m }));
    this.redraw();
  }

  showRoads(roads: readonly RoadLine[]): void {
    this.care = roads.filter((r) => r.how === "care").map(({ geometry }) => partsOf(geometry).lines);
    this.redraw();
  }

  outline(outlines: readonly Outlined[]): void {
    this.outlines = outlines.map(({ geometry, ...rest }) => ({ rings: partsOf(geometry).rings, ...rest }));
    this.redraw();
  }

  /** Tones that are drawn, the shallowest first: for tests. */
  tones(): number[] {
    return this.classes.map((c) => c.tone);
  }

  protected override paint(c: CanvasRenderingContext2D, frame: Frame): void {
    const { colours, palette } = this;
    if (!palette) return;
    c.lineJoin = c.lineCap = "round";
    for (const { rings, tone } of this.classes) {
      c.beginPath();
      for (const ring of rings) trace(c, ring, frame, true);
      c.globalAlpha = OPACITY[tone - 1] ?? 0.7;
      c.fillStyle = colours.tones[tone - 1] ?? "";
      c.fill("evenodd");
      c.globalAlpha = 0.9;
      c.strokeStyle = colours.tones[Math.min(3, tone)] ?? "";
      c.lineWidth = tone === 1 ? 1.6 : 1;
      c.stroke();
      c.globalAlpha = 1;
    }
    for (const lines of this.care) {
      c.beginPath();
      for (const line of lines) trace(c, line, frame, false);
      for (const [colour, width] of [[palette.halo, 5], [colours.care, 3]] as const) {
        c.strokeStyle = colour;
        c.lineWidth = width;
        c.stroke();
      }
    }
    const style = getComputedStyle(document.documentElement);
    for (const { rings, colour: name, chosen } of this.outlines) {
      const colour = style.getPropertyValue(name).trim() || palette.accent;
      c.beginPath();
      for (const ring of rings) trace(c, ring, frame, true);
      for (const [ink, width] of [[palette.halo, chosen ? 7 : 5], [colour, chosen ? 3.5 : 2.2]] as const) {
        c.setLineDash(ink === colour ? [10, 6] : []);
        c.strokeStyle = ink;
        c.lineWidth = width;
        c.stroke();
      }
      c.setLineDash([]);
    }
  }
}
