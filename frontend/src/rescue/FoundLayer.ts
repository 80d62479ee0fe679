/** What the water has met, with its depth, and the gauges with what they say; over the symbols of the map. */
import { gradeIndex } from "../map/grades";
import { placeLabel, type Spot, spotOf, Taken } from "../map/labels";
import { type Frame, partsOf, worldSize, worldX, worldY } from "../map/mercator";
import type { Palette } from "../map/palette";
import type { OverLayer } from "../map/RiskMap";
import { type Atlas, type Looks, specOf } from "../map/symbols";
import { ViewportLayer } from "../map/ViewportLayer";
import { roomIn } from "./room";
import { rangeWords } from "./say";
import type { DepthClass } from "./types";

/** One symbol: an object in the water, a team that is out, or a gauge (`said` in a plate beside it). `weight`: the greater is drawn and named first. */
export interface Sign { id: number; lng: number; lat: number; cls: string; grade: string; label: string; said: string; tone: "object" | "team" | "over" | "quiet" | "calm"; weight: number }
interface Placed extends Sign { x: number; y: number }
interface Depth { text: string; x: number; y: number }

const REACH = 15; // pixels
const NAMED_FROM = 14; // zoom from which every object has its name; farther off the weightiest alone
const NAMED_FAR = 12;
const HEAVY = 30; // the least weight of what is named from afar: 一般
const WHOLE = 40; // from this weight on never drawn small: 较大, 重大, and gauges over their marks
const CROWD = 26; // pixels: what stands closer to a weightier one is drawn small, from afar

export class FoundLayer extends ViewportLayer implements OverLayer {
  private signs: Placed[] = [];
  private depths: (Depth & { width: number })[] = [];
  private looks: Looks = new Map();
  private atlas: Atlas | null = null;
  private palette: Palette | null = null;
  private depthInk = "";
  private labels: { zoom: number; placed: { text: string; x: number; y: number; tone: Sign["tone"] | "depth" }[] } | null = null;
  private chosen: number | null = null;
  private small: { zoom: number; ids: Set<number> } | null = null;

  constructor() {
    super("found");
  }

  /** What is drawn above this has its symbols and names there. */
  avoid: ((c: CanvasRenderingContext2D, zoom: number) => readonly Spot[]) | null = null;

  dress(looks: Looks, atlas: Atlas | null, palette: Palette): void {
    Object.assign(this, { looks, atlas, palette, labels: null });
    this.depthInk = getComputedStyle(document.documentElement).getPropertyValue("--depth-text").trim();
    this.redraw();
  }

  show(signs: readonly Sign[], classes: readonly DepthClass[]): void {
    this.signs = signs.map((s) => ({ ...s, x: worldX(s.lng), y: worldY(s.lat) })).sort((a, b) => a.weight - b.weight);
    this.depths = classes.flatMap((c) => {
      const room = roomIn(partsOf(c.geometry).rings);
      return room ? [{ ...room, text: rangeWords(c) }] : [];
    });
    this.small = null;
    this.labels = null;
    this.redraw();
  }

  choose(id: number | null): void {
    this.chosen = id;
    this.redraw();
  }

  /** How many signs stand on the map: for tests. */
  count(): number {
    return this.signs.length;
  }

  /** The sign at a place, within reach of a finger; the one drawn last first. */
  at(lng: number, lat: number, zoom: number): Sign | null {
    const size = worldSize(zoom);
    const [x, y] = [worldX(lng) * size, worldY(lat) * size];
    let [best, near]: [Placed | null, number] = [null, REACH];
    for (const s of this.signs) {
      const d = Math.hypot(s.x * size - x, s.y * size - y);
      if (d <= near) [best, near] = [s, d];
    }
    return best;
  }

  protected override paint(c: CanvasRenderingContext2D, frame: Frame): void {
    const { palette: p } = this;
    if (!p) return;
    const size = worldSize(frame.zoom);
    const small = this.smallAt(frame.zoom);
    for (const s of this.signs) {
      const [x, y] = [Math.round(s.x * size - frame.left), Math.round(s.y * size - frame.top)];
      if (x < -40 || y < -40 || x > frame.width + 40 || y > frame.height + 40) continue;
      if (s.id === this.chosen) {
        for (const [colour, width] of [[p.halo, 7], [p.select, 3]] as const) {
          c.beginPath();
          c.arc(x, y, 20, 0, 2 * Math.PI);
          c.strokeStyle = colour;
          c.lineWidth = width;
          c.stroke();
        }
      }
      if (s.tone === "team") this.framed(c, x, y, p);
      if (s.tone === "object" || s.tone === "team") {
        const spec = specOf({ cls: s.cls, grade: gradeIndex(s.grade) }, this.looks, frame.zoom);
        this.atlas?.stamp(c, small.has(s.id) ? { ...spec, size: s.weight >= HEAVY ? 8 : 5, glyph: "" } : spec, x, y);
      }
      else this.gauge(c, s, x, y, p);
    }
    c.textAlign = "center";
    c.textBaseline = "alphabetic";
    c.lineJoin = "round";
    for (const { text, x, y, tone } of this.labelsAt(c, frame.zoom)) {
      c.font = this.font(p, tone);
      c.strokeStyle = p.halo;
      c.lineWidth = 4;
      c.strokeText(text, x - frame.left, y - frame.top);
      c.fillStyle = tone === "depth" ? this.depthInk || p.label : tone === "object" || tone === "calm" ? p.label : p.ink;
      c.fillText(text, x - frame.left, y - frame.top);
    }
  }

  /** Round a team that is out: what moves is seen among all that stands. */
  private framed(c: CanvasRenderingContext2D, x: number, y: number, p: Palette): void {
    for (const [colour, width] of [[p.halo, 7], [p.select, 3.5]] as const) {
      c.beginPath();
      c.roundRect(x - 14, y - 14, 28, 28, 6);
      c.strokeStyle = colour;
      c.lineWidth = width;
      c.stroke();
    }
  }

  /** In a dense town, from afar: the weightiest stand whole, what would crowd them stands small at its place; none is left out. */
  smallAt(zoom: number): ReadonlySet<number> {
    if (this.small?.zoom === zoom) return this.small.ids;
    const ids = new Set<number>();
    if (zoom < NAMED_FROM) {
      const size = worldSize(zoom);
      const whole = new Map<string, [number, number][]>();
      for (const s of [...this.signs].reverse()) {
        const [x, y] = [s.x * size, s.y * size];
        const [cx, cy] = [Math.floor(x / CROWD), Math.floor(y / CROWD)];
        const near = [-1, 0, 1].flatMap((dx) => [-1, 0, 1].flatMap((dy) => whole.get(`${cx + dx},${cy + dy}`) ?? []));
        if (s.tone === "object" && s.weight < WHOLE && near.some(([u, v]) => Math.hypot(u - x, v - y) < CROWD)) ids.add(s.id);
        else whole.set(`${cx},${cy}`, [...(whole.get(`${cx},${cy}`) ?? []), [x, y]]);
      }
    }
    this.small = { zoom, ids };
    return ids;
  }

  /** A staff gauge: filled where the level is over its marks, broken where it says nothing. */
  private gauge(c: CanvasRenderingContext2D, s: Sign, x: number, y: number, p: Palette): void {
    c.beginPath();
    c.roundRect(x - 10, y - 10, 20, 20, 4);
    c.strokeStyle = p.halo;
    c.lineWidth = 4;
    c.stroke();
    c.fillStyle = s.tone === "over" ? p.ink : p.surface;
    c.fill();
    c.strokeStyle = s.tone === "over" ? p.ink : p.ink3;
    c.lineWidth = 1.5;
    c.setLineDash(s.tone === "quiet" ? [3, 2] : []);
    c.stroke();
    c.setLineDash([]);
    c.strokeStyle = s.tone === "over" ? p.surface : p.ink2;
    c.lineWidth = 1.5;
    c.beginPath();
    for (const dy of [-2, 3]) {
      c.moveTo(x - 6, y + dy);
      c.quadraticCurveTo(x - 3, y + dy - 4, x, y + dy);
      c.quadraticCurveTo(x + 3, y + dy + 4, x + 6, y + dy);
    }
    c.stroke();
  }

  private font(p: Palette, tone: Sign["tone"] | "depth"): string {
    return tone === "object" || tone === "calm" || tone === "quiet" ? `500 11px ${p.font}` : `700 12px ${p.font}`;
  }

  /** Names where they lie over no symbol and no other name: depths first, then the weightiest. */
  private labelsAt(c: CanvasRenderingContext2D, zoom: number): { text: string; x: number; y: number; tone: Sign["tone"] | "depth" }[] {
    if (this.labels?.zoom === zoom) return this.labels.placed;
    const { palette: p } = this;
    if (!p) return [];
    const size = worldSize(zoom);
    const taken = new Taken();
    const placed: { text: string; x: number; y: number; tone: Sign["tone"] | "depth" }[] = [];
    const small = this.smallAt(zoom);
    for (const spot of this.avoid?.(c, zoom) ?? []) taken.add(spot);
    for (const s of this.signs) taken.add(spotOf(s.x * size, s.y * size, small.has(s.id) ? 5 : 13));
    c.font = this.font(p, "depth");
    for (const d of this.depths) {
      const width = c.measureText(d.text).width;
      if (d.width * size < width + 8) continue;
      const [x, y] = [d.x * size, d.y * size + 4];
      const spot = { l: x - width / 2 - 2, r: x + width / 2 + 2, t: y - 12, b: y + 3 };
      if (!taken.isFree(spot)) continue;
      taken.add(spot);
      placed.push({ text: d.text, x, y, tone: "depth" });
    }
    const named = [...this.signs].reverse();
    for (const s of zoom >= NAMED_FROM ? named : named.filter((one) => one.weight >= HEAVY).slice(0, NAMED_FAR)) {
      const text = [s.label, s.said].filter(Boolean).join(" ");
      if (!text) continue;
      c.font = this.font(p, s.tone);
      const [x, y] = [s.x * size, s.y * size];
      const body = spotOf(x, y, 13);
      // A team that is out has its name also where there is no room for it.
      const place = placeLabel({ text, x, y, half: 13, body }, c.measureText(text).width, taken) ?? (s.tone === "team" ? { x, y: y + 28 } : null);
      if (place) placed.push({ text, ...place, tone: s.tone });
    }
    this.labels = { zoom, placed };
    return placed;
  }
}
