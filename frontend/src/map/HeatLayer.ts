/** The same selection as H3 hexagons: one colour for number or for weight, a diamond where something 重大 lies in the cell. */
import type * as L from "leaflet";
import { type Flat, flatten, type Frame, trace, worldSize, worldX, worldY } from "./mercator";
import { breaksFor, classOf, resolutionAt, weightBreaks } from "./heatSteps";
import type { GroundNames } from "./GroundNames";
import type { Palette } from "./palette";
import { type LayerState, RETRY_MS } from "./RiskLayer";
import { pathOf } from "./symbols";
import { ViewportLayer } from "./ViewportLayer";

export interface HeatCell { cell: string; n: number; weighted: number; by_grade: Record<string, number>; few: boolean }
/** What an object of each grade weighs, by the rule set of the day; `even`: all the same. */
export interface HeatWeights { title: string; by_grade: Record<string, number>; even: boolean }
export interface HeatAnswer { resolution: number; cells: HeatCell[]; few_below?: number; weights: HeatWeights }
export type HeatFetch = (resolution: number, signal: AbortSignal) => Promise<HeatAnswer>;
/** `weighted`: by which of the two the colours are; never by weights that are all the same. */
export interface HeatKey { resolution: number; few: number; breaks: number[]; zoom: number; cells: PlacedCell[]; weights: HeatWeights; weighted: boolean }
export interface PlacedCell extends HeatCell { lng: number; lat: number }

interface Hexagon extends PlacedCell { ring: Flat; x: number; y: number; reach: number } // reach: from the middle to the farthest corner

type H3 = typeof import("h3-js");

const HATCH = 6; // pixels from stroke to stroke

export class HeatLayer extends ViewportLayer {
  private source: HeatFetch | null = null;
  private hexagons: Hexagon[] = [];
  private byCell = new Map<string, Hexagon>();
  private breaks: number[] = [];
  private few = 5;
  private weights: HeatWeights | null = null;
  private wished = false; // colours by weight, where there are weights
  private resolution = 0;
  private of = ""; // the selection that is asked for
  private shownOf: string | null = null; // the one that the hexagons are of
  private running: AbortController | null = null;
  private retrying = 0;
  private troubled = false;
  private asked = "";
  private stamp = 0;
  private chosen: string | null = null;
  private focused: string | null = null;
  private h3: H3 | null = null;
  private hatch: CanvasPattern | null = null;

  constructor(
    private readonly palette: Palette,
    private readonly ground: GroundNames,
    private readonly finest: () => number,
    private readonly report: (state: LayerState, key: HeatKey | null, error?: unknown) => void,
  ) {
    super("heat");
    ground.paintedBy(this);
  }

  /** Another picture; the old hexagons stay until the new are there, or cannot be read and are `of` another selection. */
  select(source: HeatFetch | null, of = ""): void {
    this.source = source;
    this.of = of;
    this.stamp++;
    this.troubled = false;
    if (!source) {
      this.running?.abort();
      this.clear();
      this.report("ready", null);
      return;
    }
    this.ask();
  }

  private clear(): void {
    this.hexagons = [];
    this.byCell.clear();
    this.resolution = 0;
    this.shownOf = null;
    this.redraw();
  }

  /** The palette has changed: what was made of its colours is made anew. */
  recoloured(): void {
    this.hatch = null;
    this.redraw();
  }

  /** The finest resolution may have changed. */
  refine(): void {
    this.ask();
  }

  /** Colours by weight, or by number. */
  weigh(on: boolean): void {
    if (on === this.wished) return;
    this.wished = on;
    if (this.resolution) this.rank();
  }

  private get weighted(): boolean {
    return this.wished && this.weights !== null && !this.weights.even;
  }

  private value(cell: HeatCell): number {
    return this.weighted ? cell.weighted : cell.n;
  }

  /** Order and colours of the hexagons that are there. */
  private rank(): void {
    if (!this.weights) return;
    this.hexagons.sort((a, b) => this.value(b) - this.value(a) || b.n - a.n || (b.by_grade.major ?? 0) - (a.by_grade.major ?? 0) || (a.cell < b.cell ? -1 : 1));
    const sure = this.hexagons.filter((h) => !h.few).map((h) => h.weighted);
    this.breaks = this.weighted ? weightBreaks(sure) : breaksFor(Math.max(0, ...this.hexagons.map((h) => h.n)), this.few);
    this.redraw();
    this.report("ready", { resolution: this.resolution, few: this.few, breaks: this.breaks, zoom: this.frame?.zoom ?? 0, cells: [...this.hexagons], weights: this.weights, weighted: this.weighted });
  }

  /** Asks for nothing more; what is drawn stays. */
  hold(): void {
    this.running?.abort();
    this.source = null;
    this.asked = "";
  }
  choose(cell: string | null): void {
    this.chosen = cell;
    this.redraw();
  }

  cellAt(latlng: L.LatLng): PlacedCell | null {
    if (!this.h3 || !this.resolution) return null;
    return this.byCell.get(this.h3.latLngToCell(latlng.lat, latlng.lng, this.resolution)) ?? null;
  }

  /** The hexagons whose middle is in the view, most first: for the keyboard. */
  inView(): readonly (PlacedCell & { x: number; y: number })[] {
    const { frame } = this;
    const { min, max } = this._map.getPixelBounds();
    if (!frame || !min || !max) return [];
    const size = worldSize(frame.zoom);
    return this.hexagons.filter((h) => h.x * size >= min.x && h.x * size <= max.x && h.y * size >= min.y && h.y * size <= max.y);
  }

  /** The hexagon that the keyboard is at. */
  focusOn(cell: string | null): void {
    if (this.focused === cell) return;
    this.focused = cell;
    this.redraw();
  }

  override onAdd(map: L.Map): this {
    super.onAdd(map);
    this.ask();
    return this;
  }

  override onRemove(): this {
    clearTimeout(this.retrying);
    this.running?.abort();
    this.asked = "";
    return super.onRemove();
  }

  protected override moved(): void {
    this.ask();
  }

  private ask(): void {
    if (!this.source || !this.frame) return;
    const resolution = resolutionAt(this.frame.zoom, this.finest());
    const key = `${this.stamp}|${resolution}`;
    if (key === this.asked) return;
    this.asked = key;
    this.running?.abort();
    const mine = (this.running = new AbortController());
    clearTimeout(this.retrying);
    // What has failed is told until it is there, also while it is tried again.
    if (!this.troubled) this.report("loading", null);
    void this.load(this.source, resolution, mine.signal, key);
  }

  private async load(source: HeatFetch, resolution: number, signal: AbortSignal, key: string): Promise<void> {
    try {
      const [answer, h3] = await Promise.all([source(resolution, signal), this.h3 ?? import("h3-js")]);
      if (signal.aborted) return;
      this.h3 = h3;
      // A cell that a line only passes through counts nothing: its list would be empty.
      this.hexagons = answer.cells.filter((cell) => cell.n > 0).map((cell) => {
        const ring = flatten(h3.cellToBoundary(cell.cell).map(([lat, lng]) => [lng, lat]));
        const [lat, lng] = h3.cellToLatLng(cell.cell);
        const [x, y] = [worldX(lng), worldY(lat)];
        let reach = 0;
        for (let i = 0; i < ring.length; i += 2) reach = Math.max(reach, Math.hypot((ring[i] as number) - x, (ring[i + 1] as number) - y));
        return { ...cell, ring, lng, lat, x, y, reach };
      });
      this.byCell = new Map(this.hexagons.map((h) => [h.cell, h]));
      this.few = answer.few_below ?? this.few;
      this.resolution = answer.resolution;
      this.shownOf = this.of;
      this.troubled = false;
      this.weights = answer.weights;
      this.rank();
    } catch (error) {
      if (signal.aborted) return;
      if (this.asked === key) this.asked = "";
      const missing = this.shownOf !== this.of;
      if (missing) this.clear();
      this.troubled = true;
      this.report(missing ? "missing" : "failed", null, error);
      this.retrying = window.setTimeout(() => this.ask(), RETRY_MS);
    }
  }

  protected override paint(context: CanvasRenderingContext2D, frame: Frame): void {
    const size = worldSize(frame.zoom);
    const inside = (h: Hexagon): boolean => {
      const x = h.x * size - frame.left;
      const y = h.y * size - frame.top;
      const reach = h.reach * size + 8;
      return x > -reach && y > -reach && x < frame.width + reach && y < frame.height + reach;
    };
    const seen = this.hexagons.filter(inside);
    // The hatching is fixed to the ground, so that a strip of it fits what is there.
    this.hatch ??= this.makeHatch(context);
    this.hatch?.setTransform(new DOMMatrix().translate(-(frame.left % HATCH), -(frame.top % HATCH)));
    context.lineJoin = "round";
    for (const h of seen) {
      context.beginPath();
      trace(context, h.ring, frame, true);
      if (h.few) {
        context.fillStyle = this.hatch ?? this.palette.halo;
        context.fill();
        context.strokeStyle = this.palette.hex[2] as string;
        context.lineWidth = 0.8;
      } else {
        context.globalAlpha = 0.9;
        context.fillStyle = this.palette.hex[classOf(this.value(h), this.breaks)] as string;
        context.fill();
        context.globalAlpha = 1;
        context.strokeStyle = this.palette.halo;
        context.lineWidth = 1;
      }
      context.stroke();
    }
    for (const h of seen) if (h.by_grade.major) this.diamond(context, h.x * size - frame.left, h.y * size - frame.top);
    this.ground.paint(context, frame);
    this.outline(context, frame, this.chosen, this.palette.select, 2.5);
    this.outline(context, frame, this.focused, this.palette.accent, 3);
  }

  private outline(context: CanvasRenderingContext2D, frame: Frame, cell: string | null, colour: string, width: number): void {
    const hexagon = cell ? this.byCell.get(cell) : undefined;
    if (!hexagon) return;
    context.beginPath();
    trace(context, hexagon.ring, frame, true);
    context.strokeStyle = this.palette.halo;
    context.lineWidth = width + 3.5;
    context.stroke();
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }

  private diamond(context: CanvasRenderingContext2D, x: number, y: number): void {
    const path = pathOf(0, 11);
    context.save();
    context.translate(x, y);
    context.strokeStyle = this.palette.halo;
    context.lineWidth = 3.4;
    context.stroke(path);
    context.fillStyle = this.palette.grade.major.fill;
    context.fill(path);
    context.strokeStyle = this.palette.grade.major.edge;
    context.lineWidth = 1;
    context.stroke(path);
    context.restore();
  }

  private makeHatch(context: CanvasRenderingContext2D): CanvasPattern | null {
    const tile = document.createElement("canvas");
    tile.width = tile.height = HATCH;
    const own = tile.getContext("2d");
    if (!own) return null;
    own.strokeStyle = this.palette.hex[2] as string;
    own.lineWidth = 1;
    own.beginPath();
    for (const shift of [-HATCH, 0, HATCH]) {
      own.moveTo(shift, HATCH);
      own.lineTo(shift + HATCH, 0);
    }
    own.stroke();
    return context.createPattern(tile, "repeat");
  }
}
