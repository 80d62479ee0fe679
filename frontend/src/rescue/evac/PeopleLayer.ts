/** 转移 on the map: villages with who is left, shelters with their free places, and where the plan in force sends whom. */
import { gradeIndex } from "../../map/grades";
import { type Spot, spotOf } from "../../map/labels";
import { type Frame, worldSize, worldX, worldY } from "../../map/mercator";
import { type NameBoard, type NameSource, type Wish, writeNames } from "../../map/NameBoard";
import type { Palette } from "../../map/palette";
import type { OverLayer } from "../../map/RiskMap";
import { type Atlas, type Looks, specOf } from "../../map/symbols";
import { ViewportLayer } from "../../map/ViewportLayer";
import type { Told } from "../NightMap.vue";
import { RANK } from "../ranks";

export interface VillageSign { id: number; name: string; at: [number, number]; left: number; said: string; chosen: boolean }
export interface ShelterSign { id: number; name: string; at: [number, number]; usable: boolean; said: string; weight: number }
/** Where people are sent: it shows whereto, and is no route. */
export interface Going { from: [number, number]; to: [number, number]; persons: number }

const REACH = 16; // pixels
const SHELTERS_FROM = 11; // zoom; farther off those alone that somebody is in or sent to
const HEAVY = 2;

interface At { x: number; y: number }

export class PeopleLayer extends ViewportLayer implements OverLayer, NameSource {
  board: NameBoard | null = null;
  private villages: (VillageSign & At)[] = [];
  private shelters: (ShelterSign & At)[] = [];
  private going: { from: At; to: At; persons: number }[] = [];
  private looks: Looks = new Map();
  private atlas: Atlas | null = null;
  private palette: Palette | null = null;
  private colours = { warn: "", stop: "" };
  private left = new Set<Wish>(); // names of villages that somebody is left in

  constructor(private readonly picked: (village: number) => boolean) {
    super("found");
  }

  dress(looks: Looks, atlas: Atlas | null, palette: Palette): void {
    const v = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    Object.assign(this, { looks, atlas, palette, colours: { warn: v("--warn-text"), stop: v("--overdue-text") } });
    this.board?.renew();
  }

  show(villages: readonly VillageSign[], shelters: readonly ShelterSign[], going: readonly Going[]): void {
    const at = ([lng, lat]: [number, number]): At => ({ x: worldX(lng), y: worldY(lat) });
    this.villages = villages.map((v) => ({ ...v, ...at(v.at) })).sort((a, b) => a.left - b.left);
    this.shelters = shelters.map((s) => ({ ...s, ...at(s.at) })).sort((a, b) => a.weight - b.weight);
    this.going = going.map((g) => ({ from: at(g.from), to: at(g.to), persons: g.persons }));
    this.board?.renew();
  }

  /** What is drawn: for tests. */
  drawn(): { villages: string[]; shelters: string[]; going: number } {
    return { villages: this.villages.map((v) => `${v.name} ${v.said}`), shelters: this.shelters.map((s) => `${s.name} ${s.said}`), going: this.going.length };
  }

  /** Whether there was a village within reach, and it was taken. */
  pick(lng: number, lat: number, zoom: number): boolean {
    const size = worldSize(zoom);
    const [x, y] = [worldX(lng) * size, worldY(lat) * size];
    const found = [...this.villages].reverse().find((v) => Math.hypot(v.x * size - x, v.y * size - y) <= REACH);
    return found !== undefined && this.picked(found.id);
  }

  /** What stands within reach, with its name: also where there was no room to write it. */
  told(lng: number, lat: number, zoom: number): Told | null {
    const size = worldSize(zoom);
    const [x, y] = [worldX(lng) * size, worldY(lat) * size];
    const found = [...this.seen(zoom), ...this.villages].reverse().find((one) => Math.hypot(one.x * size - x, one.y * size - y) <= REACH);
    return found ? { lng: found.at[0], lat: found.at[1], title: found.name, text: found.said } : null;
  }

  private seen(zoom: number): (ShelterSign & At)[] {
    return zoom >= SHELTERS_FROM ? this.shelters : this.shelters.filter((s) => s.weight >= HEAVY);
  }

  protected override paint(c: CanvasRenderingContext2D, frame: Frame): void {
    const { palette: p } = this;
    if (!p) return;
    const size = worldSize(frame.zoom);
    const spot = (at: At): At => ({ x: Math.round(at.x * size - frame.left), y: Math.round(at.y * size - frame.top) });
    c.lineCap = "round";
    for (const g of this.going) this.line(c, spot(g.from), spot(g.to), g.persons, p);
    for (const s of this.seen(frame.zoom)) {
      const { x, y } = spot(s);
      this.atlas?.stamp(c, specOf({ cls: "shelter", grade: gradeIndex("none") }, this.looks, frame.zoom), x, y);
      if (!s.usable) this.slash(c, x, y, p);
    }
    for (const v of this.villages) this.village(c, v, spot(v), p);
    writeNames(c, this.board?.of(this, c, frame.zoom) ?? [], frame, p.halo, (wish) => (this.left.has(wish) ? p.ink : p.label));
  }

  private line(c: CanvasRenderingContext2D, a: At, b: At, persons: number, p: Palette): void {
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    if (length < 30) return;
    const [dx, dy] = [(b.x - a.x) / length, (b.y - a.y) / length];
    const [from, to] = [{ x: a.x + dx * 12, y: a.y + dy * 12 }, { x: b.x - dx * 16, y: b.y - dy * 16 }];
    const width = persons >= 200 ? 3 : persons >= 50 ? 2.2 : 1.5;
    for (const [colour, wide, dash] of [[p.halo, width + 3, []], [p.accent, width, [7, 5]]] as const) {
      c.strokeStyle = c.fillStyle = colour;
      c.lineWidth = wide;
      c.setLineDash([...dash]);
      c.beginPath();
      c.moveTo(from.x, from.y);
      c.lineTo(to.x, to.y);
      c.stroke();
      c.setLineDash([]);
    }
    c.beginPath();
    c.moveTo(to.x + dx * 4, to.y + dy * 4);
    c.lineTo(to.x - dx * 6 - dy * 5, to.y - dy * 6 + dx * 5);
    c.lineTo(to.x - dx * 6 + dy * 5, to.y - dy * 6 - dx * 5);
    c.closePath();
    c.fill();
  }

  private slash(c: CanvasRenderingContext2D, x: number, y: number, p: Palette): void {
    for (const [colour, width] of [[p.halo, 6], [this.colours.stop, 3]] as const) {
      c.strokeStyle = colour;
      c.lineWidth = width;
      c.beginPath();
      c.moveTo(x - 9, y - 9);
      c.lineTo(x + 9, y + 9);
      c.stroke();
    }
  }

  /** A house: filled where people are left, open where none is. */
  private village(c: CanvasRenderingContext2D, v: VillageSign, { x, y }: At, p: Palette): void {
    c.beginPath();
    c.moveTo(x, y - 11);
    c.lineTo(x + 11, y - 2);
    c.lineTo(x + 8, y - 2);
    c.lineTo(x + 8, y + 9);
    c.lineTo(x - 8, y + 9);
    c.lineTo(x - 8, y - 2);
    c.lineTo(x - 11, y - 2);
    c.closePath();
    c.lineJoin = "round";
    c.strokeStyle = p.halo;
    c.lineWidth = 5;
    c.stroke();
    c.fillStyle = v.left ? p.ink : p.surface;
    c.fill();
    c.strokeStyle = v.left ? p.ink : p.ink3;
    c.lineWidth = 1.5;
    c.stroke();
    if (v.chosen)
      for (const [colour, width] of [[p.halo, 7], [p.select, 3]] as const) {
        c.beginPath();
        c.arc(x, y, 19, 0, 2 * Math.PI);
        c.strokeStyle = colour;
        c.lineWidth = width;
        c.stroke();
      }
    if (v.left) return;
    c.strokeStyle = p.ink2;
    c.beginPath();
    c.moveTo(x - 4, y + 3);
    c.lineTo(x - 1, y + 6);
    c.lineTo(x + 5, y - 1);
    c.stroke();
  }

  /** Villages with the most people left are named first, then shelters. */
  wishesAt(zoom: number): { bodies: Spot[]; wishes: Wish[] } {
    const { palette: p } = this;
    if (!p) return { bodies: [], wishes: [] };
    const size = worldSize(zoom);
    const bodies: Spot[] = [];
    const wish = (one: { name: string; said: string } & At, bold: boolean, rank: number, must: boolean): Wish => {
      const [x, y] = [one.x * size, one.y * size];
      const body = spotOf(x, y, 13);
      bodies.push(body);
      return { text: `${one.name} ${one.said}`.trim(), font: `${bold ? 700 : 500} 12px ${p.font}`, x, y, half: 13, body, rank, must };
    };
    this.left = new Set();
    const villages = [...this.villages].reverse().map((v) => {
      const made = wish(v, v.left > 0, v.chosen ? RANK.chosen : RANK.place + (v.left ? 0.9 : 0.2), v.chosen);
      if (v.left) this.left.add(made);
      return made;
    });
    return { bodies, wishes: [...villages, ...[...this.seen(zoom)].reverse().map((s) => wish(s, false, RANK.place + 0.1, false))] };
  }
}
