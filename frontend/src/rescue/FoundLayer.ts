/** What the water has met, with its depth, and the gauges with what they say; over the symbols of the map. */
import { gradeIndex } from "../map/grades";
import { type Spot, spotOf } from "../map/labels";
import { type Frame, partsOf, worldSize, worldX, worldY } from "../map/mercator";
import { type NameBoard, type NameSource, type Wish, writeNames } from "../map/NameBoard";
import type { Palette } from "../map/palette";
import type { OverLayer } from "../map/RiskMap";
import { type Atlas, type Looks, specOf } from "../map/symbols";
import { ViewportLayer } from "../map/ViewportLayer";
import { RANK } from "./ranks";
import { roomIn } from "./room";
import { rangeWords } from "./say";
import type { DepthClass } from "./types";

/** One symbol: an object in the water, a team that is out, or a gauge (`said` in a plate beside it). `weight`: the greater is drawn and named first; `waits`: a team that stands by, named after all that is asked for help or gives it. */
export interface Sign { id: number; lng: number; lat: number; cls: string; grade: string; label: string; said: string; tone: "object" | "team" | "goal" | "over" | "quiet" | "calm"; weight: number; waits?: boolean }
interface Placed extends Sign { x: number; y: number }
interface Depth { text: string; x: number; y: number }

const REACH = 15; // pixels
const NAMED_FROM = 14; // zoom from which every object has its name; farther off the weightiest alone
const NAMED_FAR = 12;
const HEAVY = 30; // the least weight of what is named from afar: 一般
const WHOLE = 40; // from this weight on never drawn small: 较大, 重大, and gauges over their marks
const CROWD = 26; // pixels: what stands closer to a weightier one is drawn small, from afar

export class FoundLayer extends ViewportLayer implements OverLayer, NameSource {
  board: NameBoard | null = null;
  private signs: Placed[] = [];
  private depths: (Depth & { width: number })[] = [];
  private looks: Looks = new Map();
  private atlas: Atlas | null = null;
  private palette: Palette | null = null;
  private depthInk = "";
  private toneOf = new Map<Wish, Sign["tone"] | "depth">();
  private chosen: number | null = null;
  private small: { zoom: number; ids: Set<number> } | null = null;

  constructor() {
    super("found");
  }

  dress(looks: Looks, atlas: Atlas | null, palette: Palette): void {
    Object.assign(this, { looks, atlas, palette });
    this.depthInk = getComputedStyle(document.documentElement).getPropertyValue("--depth-text").trim();
    this.board?.renew();
  }

  show(signs: readonly Sign[], classes: readonly DepthClass[]): void {
    this.signs = signs.map((s) => ({ ...s, x: worldX(s.lng), y: worldY(s.lat) })).sort((a, b) => a.weight - b.weight);
    this.depths = classes.flatMap((c) => {
      const room = roomIn(partsOf(c.geometry).rings);
      return room ? [{ ...room, text: rangeWords(c) }] : [];
    });
    this.small = null;
    this.board?.renew();
  }

  choose(id: number | null): void {
    this.chosen = id;
    this.board?.renew();
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
      else if (s.tone === "goal") this.goal(c, x, y, p);
      else this.gauge(c, s, x, y, p);
    }
    writeNames(c, this.board?.of(this, c, frame.zoom) ?? [], frame, p.halo, (wish) => {
      const tone = this.toneOf.get(wish);
      return tone === "depth" ? this.depthInk || p.label : tone === "object" || tone === "calm" ? p.label : p.ink;
    });
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

  /** Where a team goes to: nobody is there yet. */
  private goal(c: CanvasRenderingContext2D, x: number, y: number, p: Palette): void {
    for (const [colour, width, dash] of [[p.halo, 6, []], [p.select, 2.5, [4, 3]]] as const) {
      c.beginPath();
      c.arc(x, y, 11, 0, 2 * Math.PI);
      [c.strokeStyle, c.lineWidth] = [colour, width];
      c.setLineDash([...dash]);
      c.stroke();
    }
    c.setLineDash([]);
    c.beginPath();
    c.arc(x, y, 3, 0, 2 * Math.PI);
    [c.strokeStyle, c.lineWidth, c.fillStyle] = [p.halo, 3, p.select];
    c.stroke();
    c.fill();
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

  /** Depths on the water, then the weightiest; from afar those alone. */
  wishesAt(zoom: number): { bodies: Spot[]; wishes: Wish[] } {
    const { palette: p } = this;
    if (!p) return { bodies: [], wishes: [] };
    const size = worldSize(zoom);
    const small = this.smallAt(zoom);
    const bodies = new Map(this.signs.map((s) => [s, spotOf(s.x * size, s.y * size, small.has(s.id) ? 5 : s.tone === "team" ? 16 : 13)]));
    this.toneOf = new Map();
    const wish = (tone: Sign["tone"] | "depth", one: Wish): Wish => {
      this.toneOf.set(one, tone);
      return one;
    };
    const depths = this.depths.flatMap((d) => {
      // Roughly what the text takes: whether it has room in its water is no matter of a pixel.
      if (d.width * size < d.text.length * 8 + 8) return [];
      return [wish("depth", { text: d.text, font: this.font(p, "depth"), x: d.x * size, y: d.y * size + 4, half: 0, body: null, rank: RANK.depth })];
    });
    const named = [...this.signs].reverse();
    const far = named.filter((one) => one.weight >= HEAVY).slice(0, NAMED_FAR);
    const chosen = named.filter((one) => one.id === this.chosen && !far.includes(one));
    const signs = (zoom >= NAMED_FROM ? named : [...far, ...chosen]).flatMap((s) => {
      const text = [s.label, s.said].filter(Boolean).join(" ");
      const body = bodies.get(s);
      if (!text || !body) return [];
      const own = s.id === this.chosen ? RANK.chosen : s.waits ? RANK.waiting : s.tone === "team" ? RANK.team : RANK.place;
      return [wish(s.tone, { text, font: this.font(p, s.tone), x: s.x * size, y: s.y * size, half: s.tone === "team" ? 16 : 13, body, rank: own + s.weight / 100, must: s.id === this.chosen })];
    });
    return { bodies: [...bodies.values()], wishes: [...depths, ...signs] };
  }
}
