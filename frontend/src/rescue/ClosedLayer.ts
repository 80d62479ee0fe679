/** Roads that are closed, above the ways of teams: a way that was ordered before a road closed does not hide that it is. */
import { type Flat, type Frame, partsOf, trace } from "../map/mercator";
import type { Palette } from "../map/palette";
import type { OverLayer } from "../map/RiskMap";
import { ViewportLayer } from "../map/ViewportLayer";
import type { RoadLine } from "./WaterLayer";

/** Two lines with nothing between them; what is closed by hand has bars across, which no way has, nor what the water closes. */
export class ClosedLayer extends ViewportLayer implements OverLayer {
  private roads: { barred: boolean; lines: Flat[] }[] = [];
  private palette: Palette | null = null;
  private colours = { closed: "", ground: "" };

  constructor() {
    super("water", false); // the bars depend on where a line begins, which a strip may not see
  }

  dress(_looks: unknown, _atlas: unknown, palette: Palette): void {
    const style = getComputedStyle(document.documentElement);
    this.palette = palette;
    this.colours = { closed: style.getPropertyValue("--road-closed").trim(), ground: style.getPropertyValue("--surface").trim() };
    this.redraw();
  }

  show(roads: readonly RoadLine[]): void {
    this.roads = roads.filter((r) => r.how === "closed").map((r) => ({ barred: r.barred ?? false, lines: partsOf(r.geometry).lines })).sort((a, b) => Number(a.barred) - Number(b.barred));
    this.redraw();
  }

  /** How many are drawn, and how many of them were closed by hand: for tests. */
  counts(): { closed: number; barred: number } {
    return { closed: this.roads.length, barred: this.roads.filter((r) => r.barred).length };
  }

  protected override paint(c: CanvasRenderingContext2D, frame: Frame): void {
    const { colours, palette: p } = this;
    if (!p) return;
    c.lineJoin = "round";
    for (const { barred, lines } of this.roads) {
      c.beginPath();
      for (const line of lines) trace(c, line, frame, false);
      const strokes = barred ? [[p.halo, 14, "round"], [colours.closed, 10, "butt"], [colours.ground, 6.5, "butt"]] as const : [[colours.closed, 6, "round"], [colours.ground, 3.4, "round"]] as const;
      for (const [colour, width, cap] of strokes) {
        [c.strokeStyle, c.lineWidth, c.lineCap] = [colour, width, cap];
        c.stroke();
      }
      if (!barred) continue;
      [c.strokeStyle, c.lineWidth, c.lineCap] = [colours.closed, 10, "butt"];
      c.setLineDash([2, 6]);
      c.stroke();
      c.setLineDash([]);
    }
  }
}
