/** The objects of one selection: all tiles in view on one canvas, worst grade on top. */
import type * as L from "leaflet";
import { GRADE_CODES } from "./grades";
import type { GroundNames } from "./GroundNames";
import { type Hit, hitsAt } from "./hit";
import type { ScaleLook } from "./levels";
import { type Frame, trace, worldSize } from "./mercator";
import type { Palette } from "./palette";
import { buildScene, type Cluster, clusterRadius, EMPTY, type Mark, type Scene, type Single } from "./scene";
import { type Label, placeLabel, type Spot, spotOf, Taken } from "./labels";
import type { NameBoard } from "./NameBoard";
import { type Atlas, chosenRing, chosenSpec, drawCluster, type Looks, overLine, RING_HALO, specOf } from "./symbols";
import type { ShapeItem, TileAddress, TileItems } from "./tile";
import { type TileFetch, TileStore } from "./TileStore";
import { ViewportLayer } from "./ViewportLayer";

interface PlacedName { text: string; x: number; y: number; half: number } // world pixels
/** Names of one scene at one zoom, and all that they and the symbols take of the map. */
interface Placed { scene: Scene; zoom: number; beside: readonly Spot[]; names: readonly PlacedName[]; spots: readonly Spot[] }

/** `failed`: what stands is the picture of before; `missing`: it is the one asked for, with places that were not read. */
export type LayerState = "loading" | "ready" | "failed" | "missing";
const NAMES_FROM = 15; // page zoom; the service sends names from tile matrix 14
export const RETRY_MS = 4000;
const DEEPEST = 22;
const NONE: readonly Spot[] = [];

export class RiskLayer extends ViewportLayer {
  private store: TileStore | null = null;
  private scene: Scene = EMPTY;
  private shownStore: TileStore | null = null; // whose tiles the scene was made of
  private of = ""; // the selection that is asked for
  private shownOf: string | null = null; // the one that the scene is of
  private placed: Placed | null = null;
  private elsewhere: ReadonlySet<number> = new Set();
  private board: NameBoard | null = null; // names of what lies over this
  private madeOf: ReadonlySet<TileItems> = new Set();
  private chosen: { id: number; word: string } | null = null;
  private building = 0;
  private retrying = 0;
  private said: LayerState | null = null;
  private looks: Looks = new Map();
  private atlas: Atlas | null = null;

  constructor(private readonly palette: Palette, private readonly ground: GroundNames, private readonly report: (state: LayerState) => void, private readonly changed: () => void) {
    super("risk");
    ground.paintedBy(this);
  }

  dress(looks: Looks, atlas: Atlas): void {
    this.looks = looks;
    this.atlas = atlas;
    this.renew();
  }

  /** The font has changed: names are measured and placed anew. */
  renew(): void {
    this.placed = null;
    this.redraw();
    this.board?.renew();
  }

  /** Names that are placed before these, and keep off the symbols here. */
  nameBeside(board: NameBoard): void {
    this.board = board;
    board.below = { bodiesAt: (zoom) => this.bodiesAt(zoom), redraw: () => this.redraw() };
    this.renew();
  }

  /** What symbols and clusters take, but for those that a layer above draws itself. */
  private bodiesAt(zoom: number): Spot[] {
    const size = worldSize(zoom);
    return this.scene.marks.flatMap((mark) => (mark.kind === "single" && this.elsewhere.has(mark.id) ? [] : [spotOf(mark.x * size, mark.y * size, mark.kind === "cluster" ? clusterRadius(mark.n) + 6 : specOf(mark, this.looks, zoom).size / 2)]));
  }

  /**
   * Show another picture. The old one stays on the canvas until every tile in view of the new one is there; where they
   * cannot be read it stays only if it is `of` the same selection.
   */
  select(fetchTile: TileFetch | null, scale: ScaleLook | null = null, of = ""): void {
    this.store?.close();
    this.store = null;
    this.of = of;
    this.said = null;
    if (!fetchTile) {
      this.shownStore = this.shownOf = null;
      this.show(EMPTY);
      this.say("ready");
      return;
    }
    const store = new TileStore(fetchTile, () => {
      if (this.store === store) this.later();
    }, scale);
    this.store = store;
    this.want();
  }

  /** The one that has a ring round it, and under the ring perhaps a word: names stand beside them. */
  choose(id: number | null, word: string): void {
    if ((this.chosen?.id ?? null) === id && (this.chosen?.word ?? "") === word) return;
    this.chosen = id === null ? null : { id, word };
    if (this.frame && named(this.frame.zoom)) this.renew();
  }

  /** Objects whose name a layer above says, with what it knows of them. */
  nameElsewhere(ids: ReadonlySet<number>): void {
    if (ids.size === this.elsewhere.size && [...ids].every((id) => this.elsewhere.has(id))) return;
    [this.elsewhere, this.placed] = [ids, null];
    if (this.board || (this.frame && named(this.frame.zoom))) this.renew();
  }

  /** Asks for nothing more; what is drawn stays. */
  hold(): void {
    this.store?.close();
    this.store = null;
  }

  /** Everything drawn under a point of the view, topmost first. */
  hits(point: L.Point, slack = 0): Hit[] {
    const { frame } = this;
    if (!frame) return [];
    const at = this.inFrame(point);
    return hitsAt(this.scene, frame, this.looks, at.x, at.y, slack);
  }

  /** What is in the view itself, worst first, then as one reads: for the keyboard and for a screen reader. */
  inView(): Mark[] {
    const { frame } = this;
    if (!frame) return [];
    const size = worldSize(this._map.getZoom());
    const bounds = this._map.getPixelBounds();
    const { min, max } = bounds;
    if (!min || !max) return [];
    const row = (m: Mark): number => Math.round((m.y * size) / 48);
    return this.scene.marks
      .filter((m) => m.x * size >= min.x && m.x * size <= max.x && m.y * size >= min.y && m.y * size <= max.y)
      .sort((a, b) => a.order - b.order || a.kind.length - b.kind.length || row(a) - row(b) || a.x - b.x);
  }

  /** The object as it is drawn now, if it is drawn by itself. */
  find(id: number): Single | undefined {
    return this.scene.marks.find((m): m is Single => m.kind === "single" && m.id === id);
  }

  /** The cluster that an object is counted in, if it is not drawn by itself; `x` and `y` are its anchor's place in the world. */
  clusterOf(id: number, x: number, y: number): Cluster | undefined {
    const { frame } = this;
    if (!frame) return undefined;
    const clusters = this.scene.marks.filter((m): m is Cluster => m.kind === "cluster");
    const guest = clusters.find((c) => c.ids.includes(id));
    if (guest) return guest;
    const z = this.matrix();
    const side = 2 ** z;
    const [tx, ty] = [Math.floor(x * side), Math.floor(y * side)];
    const cut = Math.floor((x * side - tx) * 16) * 16 + Math.floor((y * side - ty) * 16);
    return clusters.find((c) => c.cuts.includes(`${z}/${tx}/${ty}#${cut}`));
  }

  /** What the picture stands for: objects drawn by themselves, and those in clusters. */
  summary(): { objects: number; clustered: number } {
    const clustered = this.scene.marks.reduce((n, m) => n + (m.kind === "cluster" ? m.n : 0), 0);
    return { objects: this.scene.marks.filter((m) => m.kind === "single").length, clustered };
  }

  override onRemove(): this {
    clearTimeout(this.retrying);
    cancelAnimationFrame(this.building);
    this.building = 0;
    return super.onRemove();
  }

  protected override moved(): void {
    this.want();
  }

  /** The page's zoom is the tile matrix and one: tiles are 512 pixels wide. */
  private matrix(): number {
    return Math.max(0, Math.min(DEEPEST, Math.round(this.frame?.zoom ?? 0) - 1));
  }

  private addresses(): TileAddress[] {
    const { frame } = this;
    if (!frame) return [];
    const z = this.matrix();
    const side = worldSize(frame.zoom) / 2 ** z;
    const most = 2 ** z - 1;
    const clamp = (v: number): number => Math.max(0, Math.min(most, Math.floor(v / side)));
    const out: TileAddress[] = [];
    for (let x = clamp(frame.left); x <= clamp(frame.left + frame.width); x++)
      for (let y = clamp(frame.top); y <= clamp(frame.top + frame.height); y++) out.push({ z, x, y });
    const cx = (frame.left + frame.width / 2) / side - 0.5;
    const cy = (frame.top + frame.height / 2) / side - 0.5;
    return out.sort((a, b) => Math.hypot(a.x - cx, a.y - cy) - Math.hypot(b.x - cx, b.y - cy));
  }

  private want(): void {
    if (!this.store || !this.frame) return;
    this.store.want(this.addresses());
    this.assemble();
  }

  private later(): void {
    this.building ||= requestAnimationFrame(() => {
      this.building = 0;
      this.assemble();
    });
  }

  /** Makes the scene anew from what has come in; a new picture or zoom only when it is complete. */
  private assemble(): void {
    const { store, frame } = this;
    if (!store || !frame) return;
    const addresses = this.addresses();
    const there: TileItems[] = [];
    let failed = 0;
    for (const address of addresses) {
      const tile = store.get(address);
      if (tile) there.push(tile);
      else if (store.hasFailed(address)) failed++;
    }
    const complete = there.length === addresses.length;
    const settled = there.length + failed === addresses.length;
    const foreign = settled && this.shownOf !== this.of;
    const same = this.shownStore === store && this.scene.zoom === frame.zoom;
    // Tiles that have left the frame do no harm: a scene is made anew for what comes in.
    const unchanged = same && there.every((tile) => this.madeOf.has(tile));
    if ((complete || same || foreign) && !unchanged) {
      this.madeOf = new Set(there);
      this.shownStore = store;
      this.shownOf = this.of;
      this.show(buildScene(there, frame.zoom));
    }
    if (failed) {
      clearTimeout(this.retrying);
      this.retrying = window.setTimeout(() => {
        this.store?.retry();
        this.want();
      }, RETRY_MS);
    }
    if (complete) this.say("ready");
    else if (settled) this.say(this.shownStore === store && this.scene.zoom === frame.zoom ? "missing" : "failed");
    // What has failed is told until it is there, also while it is tried again.
    else if (this.said !== "failed" && this.said !== "missing") this.say("loading");
  }

  private show(scene: Scene): void {
    this.scene = scene;
    this.redraw();
    this.board?.renew();
    this.changed();
  }

  private say(state: LayerState): void {
    if (this.said === state) return;
    this.said = state;
    this.report(state);
  }

  protected override paint(context: CanvasRenderingContext2D, frame: Frame): void {
    const size = worldSize(frame.zoom);
    const placed = this.placeNames(context, frame.zoom);
    for (const shape of this.scene.shapes) this.paintShape(context, shape, frame);
    // Over lines and outlines, which would strike the names through, and under symbols.
    this.ground.paint(context, frame, { of: placed, spots: () => placed.spots });
    for (const mark of this.scene.marks) {
      const x = mark.x * size - frame.left;
      const y = mark.y * size - frame.top;
      if (x < -40 || y < -40 || x > frame.width + 40 || y > frame.height + 40) continue;
      if (mark.kind === "cluster") drawCluster(context, mark, x, y, this.palette);
      else {
        const spec = specOf(mark, this.looks, frame.zoom);
        this.atlas?.stamp(context, mark.over ? { ...spec, over: true } : spec, Math.round(x), Math.round(y));
      }
    }
    this.paintNames(context, frame, placed.names);
  }

  /** A line or area, cut at its tile's edge so that neighbours meet without a seam. */
  private paintShape(context: CanvasRenderingContext2D, shape: ShapeItem, frame: Frame): void {
    const size = worldSize(frame.zoom);
    const { tile } = shape;
    const left = Math.round(tile.minX * size - frame.left);
    const top = Math.round(tile.minY * size - frame.top);
    const right = Math.round(tile.maxX * size - frame.left);
    const bottom = Math.round(tile.maxY * size - frame.top);
    if (right < 0 || bottom < 0 || left > frame.width || top > frame.height) return;
    const hazard = this.looks.get(shape.cls)?.hazard ?? true;
    const colours = this.palette.grade[GRADE_CODES[shape.grade]];
    const level = shape.look;
    const none = shape.over || (level ? !level.colour : shape.grade === 4);
    const broken = none && (hazard || shape.over) && (shape.over || !level?.letter); // 不构成 is drawn whole
    const fill = level?.colour || colours.fill;
    const edge = level?.colour || colours.edge;
    context.save();
    context.beginPath();
    context.rect(left, top, right - left, bottom - top);
    context.clip();
    context.beginPath();
    for (const line of shape.lines) trace(context, line, frame, shape.filled);
    context.lineJoin = context.lineCap = "round";
    if (shape.filled) {
      context.globalAlpha = none ? 0.1 : 0.18;
      context.fillStyle = none ? this.palette.ink3 : fill;
      context.fill("evenodd");
      context.globalAlpha = 1;
      if (broken) context.setLineDash([4, 3]);
      context.strokeStyle = none ? this.palette.ink3 : edge;
      context.lineWidth = none || frame.zoom < 11 ? 1 : 1.4;
      context.stroke();
    } else {
      const width = frame.zoom < 11 ? 1.8 : frame.zoom < 13 ? 2.6 : 4;
      context.strokeStyle = this.palette.halo;
      context.lineWidth = width + 2;
      context.stroke();
      context.strokeStyle = none ? this.palette.ink3 : fill;
      context.lineWidth = none ? width - 1.4 : width;
      if (broken) context.setLineDash([6, 4]);
      context.stroke();
    }
    context.restore();
  }

  /**
   * Names beside their symbols, worst first: none over another, nor over another's symbol or cluster. Chosen once
   * a scene, so that every strip agrees.
   */
  private placeNames(context: CanvasRenderingContext2D, zoom: number): Placed {
    const beside = this.board?.spots(context, zoom) ?? NONE;
    if (this.placed?.scene === this.scene && this.placed.zoom === zoom && this.placed.beside === beside) return this.placed;
    const names: PlacedName[] = [];
    const taken = new Taken();
    for (const spot of beside) taken.add(spot);
    const labels: Label[] = [];
    let first: Label | null = null;
    const size = worldSize(zoom);
    for (const mark of this.scene.marks) {
      const [x, y] = [mark.x * size, mark.y * size];
      const ringed = mark.kind === "single" && mark.id === this.chosen?.id && named(zoom) ? chosenSpec(mark, this.looks) : null;
      const half = mark.kind === "cluster" ? clusterRadius(mark.n) + 6 : ringed ? chosenRing(ringed) + RING_HALO : specOf(mark, this.looks, zoom).size / 2;
      const body = spotOf(x, y, half);
      taken.add(body);
      if (ringed && this.chosen?.word) taken.add(underRing(x, y + overLine(ringed), this.chosen.word));
      if (mark.kind !== "single" || !mark.name || this.elsewhere.has(mark.id)) continue;
      const label = { text: mark.name, x, y, half, body };
      if (ringed) first = label;
      else labels.push(label);
    }
    if (first) labels.push(first);
    if (named(zoom)) {
      this.write(context);
      for (const label of labels.reverse()) {
        const width = context.measureText(label.text).width;
        const place = placeLabel(label, width, taken);
        if (place) names.push({ text: label.text, ...place, half: width / 2 + 2 });
      }
    }
    return (this.placed = { scene: this.scene, zoom, beside, names, spots: taken.spots });
  }

  private write(context: CanvasRenderingContext2D): void {
    context.font = `400 11px ${this.palette.font}`;
    context.letterSpacing = "0px";
  }

  private paintNames(context: CanvasRenderingContext2D, frame: Frame, names: readonly PlacedName[]): void {
    const { palette } = this;
    this.write(context);
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    context.lineJoin = "round";
    context.strokeStyle = palette.halo;
    context.lineWidth = 3;
    context.fillStyle = palette.label;
    for (const name of names) {
      const x = name.x - frame.left;
      const y = name.y - frame.top;
      if (x + name.half < 0 || x - name.half > frame.width || y < -6 || y > frame.height + 14) continue;
      context.strokeText(name.text, x, y);
      context.fillText(name.text, x, y);
    }
  }
}

const named = (zoom: number): boolean => Math.round(zoom) >= NAMES_FROM;

/** What a word of 12 px takes, its halo too. */
function underRing(x: number, y: number, word: string): Spot {
  const half = word.length * 6 + 3;
  return { l: x - half, r: x + half, t: y - 12, b: y + 4 };
}
