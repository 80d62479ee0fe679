/** Ways of teams, below the symbols; numbered incidents and where roads are cut, above them. */
import { type Spot, spotOf, Taken } from "../../map/labels";
import { type Flat, type Frame, type Geometry, partsOf, trace, worldSize, worldX, worldY } from "../../map/mercator";
import { type NameBoard, type NameSource, type Wish, writeNames } from "../../map/NameBoard";
import type { Palette } from "../../map/palette";
import type { OverLayer } from "../../map/RiskMap";
import { ViewportLayer } from "../../map/ViewportLayer";
import type { Told } from "../NightMap.vue";
import { said } from "../numbers";
import { RANK } from "../ranks";

/** `how`: what runs, what is proposed; `off`: what no road leads over; `straight`: no road was asked. */
export interface Way { how: "running" | "proposed"; road: Geometry | null; boat: readonly Geometry[]; off: Geometry | null; straight: boolean }
export interface PinMark { id: number; lng: number; lat: number; shape: Geometry | null; label: string; tip: string; chosen: boolean; over: boolean }

const NAMED_FROM = 12.5; // zoom from which incidents have their names; the chosen one always
const CUTS_FROM = 13;
const CUT_ROOM = 26; // pixels: where many roads are cut, every other cross would hide the ground

/** White ways on roads, dashed by boat, thinly dotted where no road leads; what is proposed in the accent's colour beside what runs. */
export class WaysLayer extends ViewportLayer implements OverLayer {
  private ways: { how: Way["how"]; straight: boolean; road: Flat[]; boat: Flat[]; off: Flat[] }[] = [];
  private palette: Palette | null = null;

  constructor() {
    super("water", false);
  }

  dress(_looks: unknown, _atlas: unknown, palette: Palette): void {
    this.palette = palette;
    this.redraw();
  }

  show(ways: readonly Way[]): void {
    const lines = (g: Geometry | null): Flat[] => (g ? partsOf(g).lines : []);
    this.ways = ways.map((w) => ({ how: w.how, straight: w.straight, road: lines(w.road), boat: w.boat.flatMap(lines), off: lines(w.off) }));
    this.redraw();
  }

  /** How many of each are drawn: for tests. */
  counts(): { running: number; proposed: number; boats: number; off: number } {
    const n = (how: Way["how"]): number => this.ways.filter((w) => w.how === how && w.road.length + w.boat.length + w.off.length).length;
    return { running: n("running"), proposed: n("proposed"), boats: this.ways.filter((w) => w.boat.length).length, off: this.ways.filter((w) => w.off.length).length };
  }

  protected override paint(c: CanvasRenderingContext2D, frame: Frame): void {
    const { palette: p } = this;
    if (!p) return;
    c.lineJoin = c.lineCap = "round";
    const stroke = (lines: readonly Flat[], colour: string, width: number, dash: readonly number[]): void => {
      c.beginPath();
      for (const line of lines) trace(c, line, frame, false);
      [c.strokeStyle, c.lineWidth] = [colour, width];
      c.setLineDash([...dash]);
      c.stroke();
    };
    for (const how of ["running", "proposed"] as const)
      for (const way of this.ways) {
        if (way.how !== how) continue;
        const colour = how === "running" ? p.ink : p.accent;
        stroke(way.off, p.halo, 5, []);
        stroke(way.off, colour, 2.5, [0.1, 5]);
        stroke(way.road, p.halo, 8, []);
        stroke(way.road, colour, 4, way.straight ? [1, 8] : []);
        stroke(way.boat, p.halo, 7, []);
        stroke(way.boat, colour, 3, [3, 7]);
      }
    c.setLineDash([]);
  }
}

export class PinsLayer extends ViewportLayer implements OverLayer, NameSource {
  board: NameBoard | null = null;
  private pins: (PinMark & { x: number; y: number; rings: Flat[]; lines: Flat[] })[] = [];
  private cuts: { x: number; y: number }[] = [];
  private apart: { zoom: number; cuts: { x: number; y: number }[] } | null = null;
  private palette: Palette | null = null;

  constructor(private readonly take: (incident: number) => void) {
    super("found", false);
  }

  dress(_looks: unknown, _atlas: unknown, palette: Palette): void {
    this.palette = palette;
    this.board?.renew();
  }

  show(pins: readonly PinMark[], cuts: readonly { lng: number; lat: number }[]): void {
    this.pins = pins.map((p) => ({ ...p, x: worldX(p.lng), y: worldY(p.lat), rings: p.shape ? partsOf(p.shape).rings : [], lines: p.shape ? partsOf(p.shape).lines : [] }));
    this.cuts = cuts.map((c) => ({ x: worldX(c.lng), y: worldY(c.lat) }));
    this.apart = null;
    this.board?.renew();
  }

  /** What stands on the map: for tests. */
  counts(): { pins: number; cuts: number } {
    return { pins: this.pins.length, cuts: this.cuts.length };
  }

  private at(lng: number, lat: number, zoom: number): PinMark | undefined {
    const size = worldSize(zoom);
    const [x, y] = [worldX(lng) * size, worldY(lat) * size];
    const near = (o: { x: number; y: number }): number => Math.hypot(o.x * size - x, o.y * size - y);
    return this.pins.filter((p) => near(p) <= 16).sort((a, b) => near(a) - near(b))[0];
  }

  pick(lng: number, lat: number, zoom: number): boolean {
    const pin = this.at(lng, lat, zoom);
    if (pin) this.take(pin.id);
    return !!pin;
  }

  told(lng: number, lat: number, zoom: number): Told | null {
    const pin = this.at(lng, lat, zoom);
    return pin ? { lng: pin.lng, lat: pin.lat, title: pin.label, text: pin.tip } : null;
  }

  protected override paint(c: CanvasRenderingContext2D, frame: Frame): void {
    const { palette: p } = this;
    if (!p) return;
    const size = worldSize(frame.zoom);
    const at = (o: { x: number; y: number }): [number, number] => [Math.round(o.x * size - frame.left), Math.round(o.y * size - frame.top)];
    const seen = ([x, y]: readonly [number, number]): boolean => x > -60 && y > -60 && x < frame.width + 60 && y < frame.height + 60;
    c.lineJoin = "round";
    for (const pin of this.pins) {
      if (!pin.rings.length && !pin.lines.length) continue;
      c.beginPath();
      for (const ring of pin.rings) trace(c, ring, frame, true);
      for (const line of pin.lines) trace(c, line, frame, false);
      for (const [colour, width] of [[p.halo, 5], [p.ink, 2]] as const) {
        [c.strokeStyle, c.lineWidth] = [colour, width];
        c.stroke();
      }
    }
    for (const cut of this.cutsAt(frame.zoom)) {
      const [left, top] = at(cut);
      if (seen([left, top])) this.cross(c, left, top, p);
    }
    for (const pin of this.pins) {
      const [left, top] = at(pin);
      if (seen([left, top])) this.pin(c, left, top, pin, p);
    }
    writeNames(c, this.board?.of(this, c, frame.zoom) ?? [], frame, p.halo, () => p.ink);
  }

  /** Cuts as far apart as they are drawn, the same wherever the view is. */
  private cutsAt(zoom: number): readonly { x: number; y: number }[] {
    if (zoom < CUTS_FROM) return [];
    if (this.apart?.zoom === zoom) return this.apart.cuts;
    const size = worldSize(zoom);
    const taken = new Taken();
    const cuts = this.cuts.filter((cut) => {
      const [x, y] = [cut.x * size, cut.y * size];
      if (!taken.isFree(spotOf(x, y, CUT_ROOM / 2))) return false;
      taken.add(spotOf(x, y, CUT_ROOM));
      return true;
    });
    this.apart = { zoom, cuts };
    return cuts;
  }

  wishesAt(zoom: number): { bodies: Spot[]; wishes: Wish[] } {
    const { palette: p } = this;
    if (!p) return { bodies: [], wishes: [] };
    const size = worldSize(zoom);
    const bodies = this.cutsAt(zoom).map((cut) => spotOf(cut.x * size, cut.y * size, 10));
    const wishes = this.pins.flatMap((pin): Wish[] => {
      const [x, y] = [pin.x * size, pin.y * size];
      const body = { l: x - 13, r: x + 13, t: y - 13, b: y + 19 };
      bodies.push(body);
      if (!pin.chosen && zoom < NAMED_FROM) return [];
      return [{ text: pin.label, font: `700 12px ${p.font}`, x, y, half: 18, body, rank: pin.chosen ? RANK.chosen : pin.over ? RANK.place : RANK.incident, must: pin.chosen }];
    });
    return { bodies, wishes };
  }

  /** A number in a drop that points to the place. */
  private pin(c: CanvasRenderingContext2D, x: number, y: number, pin: PinMark, p: Palette): void {
    const drop = (): void => {
      c.beginPath();
      c.arc(x, y, 12, 0.8 * Math.PI, 2.2 * Math.PI);
      c.lineTo(x, y + 19);
      c.closePath();
    };
    drop();
    [c.strokeStyle, c.lineWidth] = [pin.chosen ? p.accent : p.halo, pin.chosen ? 7 : 4];
    c.stroke();
    c.fillStyle = pin.over ? p.surface : p.ink;
    c.fill();
    c.fillStyle = pin.over ? p.ink2 : p.surface;
    const text = said(pin.id);
    c.font = `700 ${text.length > 2 ? 10 : 12}px ${p.font}`;
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.fillText(text, x, y + 0.5);
  }

  private cross(c: CanvasRenderingContext2D, x: number, y: number, p: Palette): void {
    c.beginPath();
    c.roundRect(x - 8, y - 8, 16, 16, 2);
    [c.fillStyle, c.strokeStyle, c.lineWidth] = [p.surface, p.ink, 1.5];
    c.fill();
    c.stroke();
    c.beginPath();
    for (const [dx, dy] of [[4, 4], [-4, 4]] as const) {
      c.moveTo(x - dx, y - dy);
      c.lineTo(x + dx, y + dy);
    }
    c.stroke();
  }
}
