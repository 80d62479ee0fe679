/** Objects and clusters of one selection, drawn from the tiles on one canvas: worst grade on top. */
import L from "leaflet";
import { isAbort } from "../api/client";
import { GRADES } from "../words";
import { CanvasLayer, type Projector } from "./CanvasLayer";
import { clusterRadius, merge, type Placed } from "./merge";
import { drawCluster, drawRing, drawSymbol, type Palette, type Sprite, symbolSize } from "./symbols";
import { type Address, type Cluster, isOutdated, type Thing, type Tile, TileSource } from "./tiles";

const MOST_Z = 22;
const MERGE_BELOW = 16; // map zoom; from there on every object is sent and drawn
const NAMES_FROM = 15;

export interface Hooks {
  outdated: () => void;
  problem: (error: unknown) => void;
  idle: (loading: boolean) => void;
}

type Drawn =
  | { kind: "object"; item: Thing; px: number; py: number; r: number }
  | { kind: "cluster"; item: Cluster; px: number; py: number; r: number };

export class ObjectLayer extends CanvasLayer {
  private address: Address | null = null;
  private readonly source = new TileSource();
  private abort: AbortController | null = null;
  private shown: Tile[] = []; // what is on the screen: the old picture stays until the new one is whole
  private drawn: Drawn[] = [];
  private shapes: { item: Thing; path: Path2D; line: boolean }[] = [];
  private selected: number | null = null;
  private hover: number | null = null;
  private dim = false;

  constructor(private readonly sprite: Sprite, private readonly palette: () => Palette, private readonly symbolOf: (code: string) => string, private readonly hooks: Hooks) {
    super("objects");
  }

  /** Show another selection, state or rights; null shows nothing. */
  select(address: Address | null): void {
    if (JSON.stringify(address) === JSON.stringify(this.address)) return;
    this.address = address;
    if (!address) this.shown = [];
    this.fetch();
  }

  /** Mark the selected and the hovered object; nothing is drawn where the heat is shown instead. */
  mark(selected: number | null, hover: number | null, dim: boolean): void {
    if (selected === this.selected && hover === this.hover && dim === this.dim) return;
    this.selected = selected;
    this.hover = hover;
    this.dim = dim;
    this.schedule();
  }

  protected override settled(): void {
    this.schedule();
    this.fetch();
  }

  private wanted(): { z: number; x: number; y: number }[] {
    const map = this.map;
    if (!map) return [];
    const z = Math.max(0, Math.min(MOST_Z, Math.round(map.getZoom()) - 1));
    const bounds = map.getBounds().pad(0.15);
    const side = 2 ** z;
    const at = (latlng: L.LatLng): L.Point => map.project(latlng, 0).multiplyBy(side / 256);
    const a = at(bounds.getNorthWest());
    const b = at(bounds.getSouthEast());
    const out = [];
    for (let x = Math.max(0, Math.floor(a.x)); x <= Math.min(side - 1, Math.floor(b.x)); x++)
      for (let y = Math.max(0, Math.floor(a.y)); y <= Math.min(side - 1, Math.floor(b.y)); y++) out.push({ z, x, y });
    return out;
  }

  private fetch(): void {
    this.abort?.abort();
    const address = this.address;
    if (!address || !this.map) {
      this.schedule();
      return;
    }
    const mine = (this.abort = new AbortController());
    const wanted = this.wanted();
    const missing = wanted.filter((t) => !this.source.peek(address, t.z, t.x, t.y));
    const present = (): Tile[] => wanted.flatMap((t) => this.source.peek(address, t.z, t.x, t.y) ?? []);
    if (!missing.length) {
      this.shown = present();
      this.hooks.idle(false);
      this.schedule();
      return;
    }
    this.hooks.idle(true);
    void Promise.all(missing.map((t) => this.source.load(address, t.z, t.x, t.y, mine.signal)))
      .then(() => {
        if (mine.signal.aborted) return;
        this.shown = present();
        this.hooks.idle(false);
        this.schedule();
      })
      .catch((error: unknown) => {
        if (isAbort(error) || mine.signal.aborted) return;
        mine.abort();
        this.hooks.idle(false);
        if (isOutdated(error)) this.hooks.outdated();
        else this.hooks.problem(error);
      });
  }

  protected override draw(ctx: CanvasRenderingContext2D, project: Projector, size: L.Point, zoom: number): void {
    const p = this.palette();
    this.shapes = [];
    this.drawn = [];
    if (this.dim) return; // the heat lies here: two pictures of the same objects would hide each other
    this.drawShapes(ctx, p, project);
    const inside = (x: number, y: number): boolean => x > -40 && y > -40 && x < size.x + 40 && y < size.y + 40;
    const clusters: Placed<Cluster>[] = [];
    const singles: Placed<Thing>[] = [];
    for (const tile of this.shown) {
      for (const item of tile.clusters) {
        const at = project(item.x, item.y);
        if (inside(at.x, at.y)) clusters.push({ item, px: at.x, py: at.y });
      }
      for (const item of tile.things) {
        if (!item.counted) continue;
        const at = project(item.x, item.y);
        if (inside(at.x, at.y)) singles.push({ item, px: at.x, py: at.y });
      }
    }
    const placed = zoom < MERGE_BELOW ? merge(clusters, singles) : { clusters, singles };
    const rank = (d: Drawn): number => GRADES.indexOf(d.kind === "cluster" ? d.item.worst : d.item.grade) - (d.kind === "cluster" ? 0 : 0.5);
    for (const c of placed.clusters) this.drawn.push({ kind: "cluster", item: c.item, px: c.px, py: c.py, r: clusterRadius(c.item.n) + 5 });
    for (const s of placed.singles) this.drawn.push({ kind: "object", item: s.item, px: s.px, py: s.py, r: symbolSize(s.item.grade, zoom) / 2 + 1 });
    this.drawn.sort((a, b) => rank(b) - rank(a) || a.px - b.px);
    for (const d of this.drawn) {
      if (d.kind === "cluster") drawCluster(ctx, p, d.item, d.px, d.py);
      else drawSymbol(ctx, p, this.sprite, d.item.grade, this.symbolOf(d.item.class), d.px, d.py, symbolSize(d.item.grade, zoom));
    }
    for (const id of [this.hover, this.selected]) {
      const d = this.drawn.find((one) => one.kind === "object" && one.item.id === id);
      if (d) drawRing(ctx, p, d.px, d.py, d.r + 6, id === this.selected);
    }
    if (zoom >= NAMES_FROM) this.drawNames(ctx, p);
  }

  /** Each tile draws its own part: clipped to the tile, so that no shape shows where it was cut. */
  private drawShapes(ctx: CanvasRenderingContext2D, p: Palette, project: Projector): void {
    for (const tile of this.shown) {
      const side = 1 / 2 ** tile.z;
      const from = project(tile.x * side, tile.y * side);
      const to = project((tile.x + 1) * side, (tile.y + 1) * side);
      const shapes = tile.things.filter((t) => t.shape);
      if (!shapes.length) continue;
      ctx.save();
      ctx.beginPath();
      ctx.rect(Math.round(from.x), Math.round(from.y), Math.round(to.x) - Math.round(from.x), Math.round(to.y) - Math.round(from.y));
      ctx.clip();
      shapes.sort((a, b) => GRADES.indexOf(b.grade) - GRADES.indexOf(a.grade));
      for (const item of shapes) this.drawShape(ctx, p, project, item);
      ctx.restore();
    }
  }

  private drawShape(ctx: CanvasRenderingContext2D, p: Palette, project: Projector, item: Thing): void {
    if (!item.shape) return;
    const path = new Path2D();
    for (const ring of item.shape.rings) {
      for (let i = 0; i < ring.length; i += 2) {
        const at = project(ring[i] ?? 0, ring[i + 1] ?? 0);
        if (i) path.lineTo(at.x, at.y);
        else path.moveTo(at.x, at.y);
      }
      if (item.shape.type === 3) path.closePath();
    }
    const line = item.shape.type === 2;
    const strong = item.id === this.selected || item.id === this.hover;
    const colour = item.grade === "none" ? p.edge.none : p.fill[item.grade];
    ctx.lineJoin = ctx.lineCap = "round";
    if (line) {
      ctx.strokeStyle = p.halo;
      ctx.lineWidth = strong ? 7 : 5;
      ctx.stroke(path);
      ctx.strokeStyle = strong ? p.select : colour;
      ctx.lineWidth = strong ? 3.4 : 2.2;
      ctx.stroke(path);
    } else {
      ctx.globalAlpha = item.grade === "none" ? 0.1 : 0.2;
      ctx.fillStyle = colour;
      ctx.fill(path, "evenodd");
      ctx.globalAlpha = 1;
      ctx.strokeStyle = strong ? p.select : p.edge[item.grade];
      ctx.lineWidth = strong ? 2.6 : 1.2;
      if (item.grade === "none" && !strong) ctx.setLineDash([4, 3]);
      ctx.stroke(path);
      ctx.setLineDash([]);
    }
    this.shapes.push({ item, path, line });
  }

  /** Names that do not lie on each other; worse grades first. */
  private drawNames(ctx: CanvasRenderingContext2D, p: Palette): void {
    const boxes: [number, number, number, number][] = this.drawn.map((d) => [d.px - d.r, d.py - d.r, d.px + d.r, d.py + d.r]);
    ctx.font = `12px ${p.font}`;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.lineJoin = "round";
    for (const d of [...this.drawn].reverse()) {
      if (d.kind !== "object" || !d.item.name) continue;
      const text = d.item.name.length > 14 ? `${d.item.name.slice(0, 13)}…` : d.item.name;
      const width = ctx.measureText(text).width;
      const box: [number, number, number, number] = [d.px + d.r + 3, d.py - 8, d.px + d.r + 5 + width, d.py + 8];
      if (boxes.some((b) => b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1])) continue;
      boxes.push(box);
      ctx.strokeStyle = p.halo;
      ctx.lineWidth = 3;
      ctx.strokeText(text, d.px + d.r + 4, d.py);
      ctx.fillStyle = p.label;
      ctx.fillText(text, d.px + d.r + 4, d.py);
    }
  }

  /** What is drawn at a point of the container, exact to its outline: a symbol, else a line, else a polygon. */
  at(point: L.Point): { kind: "object"; id: number } | { kind: "cluster"; cluster: Cluster; centre: L.LatLng } | null {
    const map = this.map;
    if (!map) return null;
    const q = this.toCanvas(point);
    for (let i = this.drawn.length - 1; i >= 0; i--) {
      const d = this.drawn[i];
      if (!d || Math.hypot(d.px - q.x, d.py - q.y) > d.r) continue;
      if (d.kind === "object") return { kind: "object", id: d.item.id };
      const back = map.containerPointToLatLng(point.add(L.point(d.px - q.x, d.py - q.y)));
      return { kind: "cluster", cluster: d.item, centre: back };
    }
    const ctx = this.canvas.getContext("2d");
    if (!ctx) return null;
    ctx.save();
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.lineWidth = 8;
    let hit: number | null = null;
    for (let i = this.shapes.length - 1; i >= 0 && hit === null; i--) {
      const s = this.shapes[i];
      if (s?.line && ctx.isPointInStroke(s.path, q.x, q.y)) hit = s.item.id;
    }
    for (let i = this.shapes.length - 1; i >= 0 && hit === null; i--) {
      const s = this.shapes[i];
      if (s && !s.line && ctx.isPointInPath(s.path, q.x, q.y, "evenodd")) hit = s.item.id;
    }
    ctx.restore();
    return hit === null ? null : { kind: "object", id: hit };
  }

  /** Symbols in the view from the worst on, for the keyboard. */
  order(): { id: number; point: L.Point }[] {
    const map = this.map;
    if (!map) return [];
    const origin = this.toCanvas(L.point(0, 0));
    const size = map.getSize();
    return [...this.drawn].reverse().flatMap((d) => {
      const point = L.point(d.px - origin.x, d.py - origin.y);
      const seen = point.x >= 0 && point.y >= 0 && point.x <= size.x && point.y <= size.y;
      return d.kind === "object" && seen ? [{ id: d.item.id, point }] : [];
    });
  }

  /** What the canvas shows, for tests: sums of what is drawn. */
  summary(): { objects: number; clustered: number } {
    let objects = 0;
    let clustered = 0;
    for (const d of this.drawn) {
      if (d.kind === "object") objects += 1;
      else clustered += d.item.n;
    }
    return { objects, clustered };
  }
}
