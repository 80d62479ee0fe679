/** Ways of teams, below the symbols; numbered incidents and where roads are cut, above them. */
import * as L from "leaflet";
import { fanOut, type Stand } from "../../map/fan";
import { type Spot, spotOf, Taken } from "../../map/labels";
import { type Flat, type Frame, type Geometry, latOf, lngOf, partsOf, trace, worldSize, worldX, worldY } from "../../map/mercator";
import { type NameBoard, type NameSource, type Wish, writeNames } from "../../map/NameBoard";
import { comeNearer } from "../../map/nearer";
import type { Palette } from "../../map/palette";
import type { OverLayer } from "../../map/RiskMap";
import { ViewportLayer } from "../../map/ViewportLayer";
import type { Told, Walk } from "../NightMap.vue";
import { RD } from "../../words/rescueDispatch";
import { said } from "../numbers";
import { RANK } from "../ranks";

/** `how`: what runs, what is proposed; `off`: what no road leads over; `straight`: no road was asked. */
export interface Way { how: "running" | "proposed"; road: Geometry | null; boat: readonly Geometry[]; off: Geometry | null; straight: boolean }
export interface PinMark { id: number; lng: number; lat: number; shape: Geometry | null; label: string; tip: string; chosen: boolean; over: boolean }

const NAMED_FROM = 12.5; // zoom from which incidents have their names; the chosen one always
const HEAD = 12; // radius of the round part of a pin; its tip, so far below the middle of it, is at the place
const TIP = 19;
const APART = HEAD + 1.5; // half of what a pin takes beside others
const RINGS = 2; // so far from its place a pin may stand: from afar many more would be a thicket
const RINGS_NEAR = 8; // of those that no nearer zoom would take apart
const NEAR_FROM = 16;
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

const COUNT = { dx: 12, dy: -12, reach: 10 }; // the plate at a pin's shoulder, pixels
const TOLD = 8; // so many of those are named in its note

/** A point in world pixels of a zoom as longitude and latitude. */
const placeOf = ({ x, y }: { x: number; y: number }, zoom: number): { lng: number; lat: number } => ({ lng: lngOf(x / worldSize(zoom)), lat: latOf(y / worldSize(zoom)) });

interface Placed extends PinMark { x: number; y: number; rings: Flat[]; lines: Flat[] }
/** Where the pins stand at a zoom: the middle of each one's head in world pixels, and below whom those are told that have no room. */
interface Layout { zoom: number; all: readonly Placed[]; stands: ReadonlyMap<Placed, Stand>; under: ReadonlyMap<Placed, readonly Placed[]> }

/**
 * Incidents as numbered pins. Those that would hide one another stand side by side, the most urgent at its place and
 * the others with a leader to theirs; who has no room even so is counted at the nearest pin. The one that is chosen or
 * walked to always stands.
 */
export class PinsLayer extends ViewportLayer implements OverLayer, NameSource {
  board: NameBoard | null = null;
  private pins: Placed[] = [];
  private cuts: { x: number; y: number }[] = [];
  private apart: { zoom: number; cuts: { x: number; y: number }[] } | null = null;
  private layout: Layout | null = null;
  private palette: Palette | null = null;
  private focused: number | null = null;

  constructor(private readonly take: (incident: number) => void) {
    super("found", false);
  }

  dress(_looks: unknown, _atlas: unknown, palette: Palette): void {
    this.palette = palette;
    this.board?.renew();
  }

  /** `pins`: the most urgent first. */
  show(pins: readonly PinMark[], cuts: readonly { lng: number; lat: number }[]): void {
    this.pins = pins.map((p) => ({ ...p, x: worldX(p.lng), y: worldY(p.lat), rings: p.shape ? partsOf(p.shape).rings : [], lines: p.shape ? partsOf(p.shape).lines : [] }));
    this.cuts = cuts.map((c) => ({ x: worldX(c.lng), y: worldY(c.lat) }));
    this.apart = this.layout = null;
    this.board?.renew();
  }

  /** What stands on the map: for tests. */
  counts(): { pins: number; cuts: number } {
    return { pins: this.pins.length, cuts: this.cuts.length };
  }

  /** Where each pin's head is at a zoom, and the incidents that are only counted there: for tests. */
  standing(zoom: number): { id: number; lng: number; lat: number; out: boolean; more: number[] }[] {
    const { stands, under } = this.layoutAt(zoom);
    return [...stands].map(([pin, at]) => ({ id: pin.id, ...placeOf(at, zoom), out: at.out, more: (under.get(pin) ?? []).map((p) => p.id) }));
  }

  private layoutAt(zoom: number): Layout {
    if (this.layout?.zoom === zoom) return this.layout;
    const size = worldSize(zoom);
    const lay = (all: readonly Placed[]): Layout => {
      const { stands, under } = fanOut(all.map((p) => ({ x: p.x * size, y: p.y * size - TIP })), APART, zoom < NEAR_FROM ? RINGS : RINGS_NEAR, ({ x, y }) => ({ ...spotOf(x, y, APART), b: y + TIP }));
      const of = (i: number): Placed[] => all.slice(i, i + 1);
      return { zoom, all, stands: new Map(all.flatMap((p, i) => { const s = stands[i]; return s ? [[p, s] as const] : []; })), under: new Map([...under].flatMap(([i, ids]) => of(i).map((p) => [p, ids.flatMap(of)] as const))) };
    };
    const plain = lay(this.pins);
    const wanted = this.pins.filter((p) => p.chosen || p.id === this.focused);
    // What is looked at is not moved about by looking at it: only where it would not be seen it goes before the others.
    return (this.layout = wanted.every((p) => plain.stands.has(p)) ? plain : lay([...wanted, ...this.pins.filter((p) => !wanted.includes(p))]));
  }

  /** What is pressed or pointed at: a pin, or with `more` the count at one. */
  private at(lng: number, lat: number, zoom: number): { pin: Placed; more: readonly Placed[] | null; lng: number; lat: number } | null {
    const size = worldSize(zoom);
    const [x, y] = [worldX(lng) * size, worldY(lat) * size];
    const { all, stands, under } = this.layoutAt(zoom);
    const [heads, feet]: [{ pin: Placed; at: Stand; d: number }[], Placed[]] = [[], []];
    for (const pin of all) {
      const at = stands.get(pin);
      const more = under.get(pin);
      if (at && more && Math.hypot(at.x + COUNT.dx - x, at.y + COUNT.dy - y) <= COUNT.reach) return { pin, more, ...placeOf(at, zoom) };
      const d = at ? Math.hypot(at.x - x, at.y - y) : Infinity;
      if (at && d <= 16) heads.push({ pin, at, d });
      else if (at && Math.hypot(pin.x * size - x, pin.y * size - y) <= 8) feet.push(pin);
    }
    const pin = heads.sort((a, b) => a.d - b.d)[0]?.pin ?? feet[0];
    const at = pin && stands.get(pin);
    return pin && at ? { pin, more: null, ...placeOf(at, zoom) } : null;
  }

  pick(lng: number, lat: number, zoom: number): boolean {
    const found = this.at(lng, lat, zoom);
    if (found?.more) comeNearer(this._map, L.latLngBounds([found.pin, ...found.more].map((p) => [p.lat, p.lng])));
    else if (found) this.take(found.pin.id);
    return !!found;
  }

  told(lng: number, lat: number, zoom: number): Told | null {
    const found = this.at(lng, lat, zoom);
    if (!found) return null;
    const { pin, more, ...at } = found;
    return more ? { ...at, title: RD.pinsMore(more.length), text: RD.pinsHere(more.slice(0, TOLD).map((p) => p.tip), more.length) } : { ...at, title: pin.label, text: pin.tip };
  }

  readonly walk: Walk = {
    stops: (zoom) => {
      const { stands } = this.layoutAt(zoom);
      return this.pins.map((p) => {
        const at = stands.get(p);
        return { id: p.id, title: p.label, text: p.tip, ...(at ? placeOf(at, zoom) : { lng: p.lng, lat: p.lat }) };
      });
    },
    open: (id) => this.take(id),
    focus: (id) => {
      if (id === this.focused) return;
      this.focused = id;
      this.layout = null;
      this.board?.renew();
    },
  };

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
    const { stands, under } = this.layoutAt(frame.zoom);
    // The most urgent above all others, and above it what is looked at.
    const last = (pin: Placed): number => Number(pin.chosen || pin.id === this.focused);
    const drawn = this.pins.flatMap((pin) => {
      const s = stands.get(pin);
      const head: [number, number] = s ? [Math.round(s.x - frame.left), Math.round(s.y - frame.top)] : [NaN, NaN];
      return s && (seen(head) || seen(at(pin))) ? [{ pin, head, out: s.out }] : [];
    }).reverse().sort((a, b) => last(a.pin) - last(b.pin));
    for (const { pin, head, out } of drawn) if (out) this.leader(c, head, at(pin), pin, p);
    for (const { pin, head, out } of drawn) this.pin(c, head, out, pin, p);
    for (const { pin, head } of drawn) this.count(c, head, under.get(pin)?.length ?? 0, p);
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
    const { stands, under } = this.layoutAt(zoom);
    const wishes = this.pins.flatMap((pin): Wish[] => {
      const stand = stands.get(pin);
      if (!stand) return [];
      const { x, y } = stand;
      const body = { l: x - 13, r: x + 13, t: y - 13, b: y + (stand.out ? 13 : TIP) };
      bodies.push(body);
      if (stand.out) bodies.push(spotOf(pin.x * size, pin.y * size, 4));
      if (under.has(pin)) bodies.push(spotOf(x + COUNT.dx, y + COUNT.dy, COUNT.reach));
      if (!pin.chosen && zoom < NAMED_FROM) return [];
      return [{ text: pin.label, font: `700 12px ${p.font}`, x, y, half: stand.out ? 13 : 18, body, rank: pin.chosen ? RANK.chosen : pin.over ? RANK.place : RANK.incident, must: pin.chosen }];
    });
    return { bodies, wishes };
  }

  /** From a pin that stands beside its place to that. */
  private leader(c: CanvasRenderingContext2D, head: readonly [number, number], foot: readonly [number, number], pin: PinMark, p: Palette): void {
    const colour = pin.chosen ? p.accent : pin.over ? p.ink2 : p.ink;
    for (const [stroke, width] of [[p.halo, 4], [colour, 1.5]] as const) {
      c.beginPath();
      c.moveTo(...head);
      c.lineTo(...foot);
      [c.strokeStyle, c.lineWidth] = [stroke, width];
      c.stroke();
    }
    c.beginPath();
    c.arc(...foot, 3, 0, 2 * Math.PI);
    [c.strokeStyle, c.lineWidth, c.fillStyle] = [p.halo, 3, colour];
    c.stroke();
    c.fill();
  }

  /** A number in a drop that points to the place; in a round where a leader does. */
  private pin(c: CanvasRenderingContext2D, [x, y]: readonly [number, number], out: boolean, pin: PinMark, p: Palette): void {
    if (pin.id === this.focused) {
      for (const [colour, width] of [[p.halo, 6], [p.accent, 3]] as const) {
        c.beginPath();
        c.arc(x, y, HEAD + 6, 0, 2 * Math.PI);
        [c.strokeStyle, c.lineWidth] = [colour, width];
        c.stroke();
      }
    }
    c.beginPath();
    if (out) c.arc(x, y, HEAD, 0, 2 * Math.PI);
    else {
      c.arc(x, y, HEAD, 0.8 * Math.PI, 2.2 * Math.PI);
      c.lineTo(x, y + TIP);
    }
    c.closePath();
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

  /** How many more are here that have no room. */
  private count(c: CanvasRenderingContext2D, [x, y]: readonly [number, number], more: number, p: Palette): void {
    if (!more) return;
    const text = RD.pinsCount(more);
    c.font = `700 11px ${p.font}`;
    const width = Math.max(18, c.measureText(text).width + 8);
    c.beginPath();
    c.roundRect(x + COUNT.dx - width / 2, y + COUNT.dy - 8, width, 16, 8);
    [c.strokeStyle, c.lineWidth, c.fillStyle] = [p.halo, 3, p.accent];
    c.stroke();
    c.fill();
    c.fillStyle = p.surface;
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.fillText(text, x + COUNT.dx, y + COUNT.dy + 0.5);
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
