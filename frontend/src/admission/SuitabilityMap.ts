/** A map of cells, each with one of four answers: by lightness, pattern and letter, never by the risk grade's colours. */
import * as L from "leaflet";
import { BasemapLayer, type Features } from "../map/BasemapLayer";
import { type Flat, flatten, type Frame, trace, worldSize, worldX, worldY } from "../map/mercator";
import { type Palette, readPalette } from "../map/palette";
import { type ScaleBar, scaleBar } from "../map/scaleBar";
import { ViewportLayer } from "../map/ViewportLayer";
import { KIND_LETTER, KINDS, type Kind } from "../words/where";
import type { Box, Cell } from "./suitability";

export interface Placed extends Cell { lng: number; lat: number }
interface Hexagon extends Placed { ring: Flat; x: number; y: number; reach: number }
type H3 = typeof import("h3-js");

const PATTERN = 8; // pixels after which a pattern repeats
const LETTER_FROM = 13; // pixels of a cell's reach from which its letter is written
const BESIDE_LEGEND = 700; // pixels of a map's width from which there is room beside its legend
const OPACITY: Record<Kind, number> = { admit: 0.5, conditional: 0.62, check: 0.78, against: 0.9 };

export interface CellColours { fill: Record<Kind, string>; ink: Record<Kind, string> }
/** One colour from light to dark, as the page's theme has it. */
export function cellColours(element: Element): CellColours {
  const style = getComputedStyle(element);
  const of = (name: string): Record<Kind, string> => Object.fromEntries(KINDS.map((k) => [k, style.getPropertyValue(`--cell-${k}-${name}`).trim()])) as Record<Kind, string>;
  return { fill: of("fill"), ink: of("ink") };
}

/** A pattern's strokes: none, dots, one slant, both. The legend's swatches are painted by the same. */
export function paintPattern(c: CanvasRenderingContext2D, kind: Kind, fill: string, ink: string): void {
  c.fillStyle = fill;
  c.fillRect(0, 0, PATTERN, PATTERN);
  c.strokeStyle = c.fillStyle = ink;
  c.lineWidth = 1;
  if (kind === "conditional") {
    for (const [x, y] of [[2, 2], [6, 6]] as const) {
      c.beginPath();
      c.arc(x, y, 0.9, 0, 2 * Math.PI);
      c.fill();
    }
    return;
  }
  c.beginPath();
  for (const shift of [-PATTERN, 0, PATTERN]) {
    if (kind === "check" || kind === "against") {
      c.moveTo(shift, PATTERN);
      c.lineTo(shift + PATTERN, 0);
    }
    if (kind === "against") {
      c.moveTo(shift, 0);
      c.lineTo(shift + PATTERN, PATTERN);
    }
  }
  c.stroke();
}

class CellLayer extends ViewportLayer {
  private hexagons: Hexagon[] = [];
  private byCell = new Map<string, Hexagon>();
  private patterns: Partial<Record<Kind, CanvasPattern>> = {};
  private only: Kind | null = null;
  private chosen: string | null = null;
  private focused: string | null = null;
  private at: { x: number; y: number } | null = null;
  private colours: CellColours;

  constructor(private readonly palette: Palette, private readonly element: HTMLElement) {
    super("cells");
    this.colours = cellColours(element);
  }

  show(cells: readonly Cell[], h3: H3): void {
    this.hexagons = cells.map((cell) => {
      const ring = flatten(h3.cellToBoundary(cell.cell).map(([lat, lng]) => [lng, lat]));
      const [lat, lng] = h3.cellToLatLng(cell.cell);
      const [x, y] = [worldX(lng), worldY(lat)];
      return { ...cell, ring, lng, lat, x, y, reach: Math.hypot((ring[0] as number) - x, (ring[1] as number) - y) * 1.1 };
    });
    this.byCell = new Map(this.hexagons.map((h) => [h.cell, h]));
    this.focused = null;
    this.redraw();
  }

  recoloured(): void {
    this.patterns = {};
    this.colours = cellColours(this.element);
    this.redraw();
  }

  limit(only: Kind | null): void {
    this.only = only;
    this.redraw();
  }
  choose(cell: string | null, at: { lng: number; lat: number } | null): void {
    this.chosen = cell;
    this.at = at && { x: worldX(at.lng), y: worldY(at.lat) };
    this.redraw();
  }
  focusOn(cell: string | null): void {
    if (cell === this.focused) return;
    this.focused = cell;
    this.redraw();
  }
  of(cell: string): Placed | null {
    return this.byCell.get(cell) ?? null;
  }
  private shown(h: Hexagon): boolean {
    return this.only === null || h.kind === this.only;
  }
  count(): number {
    return this.hexagons.filter((h) => this.shown(h)).length;
  }

  /** The cells whose middle is in the view, the worst first, from top to bottom: for the keyboard. */
  inView(): Placed[] {
    const { frame } = this;
    const { min, max } = this._map.getPixelBounds();
    if (!frame || !min || !max) return [];
    const size = worldSize(frame.zoom);
    return this.hexagons.filter((h) => this.shown(h) && h.x * size >= min.x && h.x * size <= max.x && h.y * size >= min.y && h.y * size <= max.y)
      .sort((a, b) => KINDS.indexOf(b.kind) - KINDS.indexOf(a.kind) || a.y - b.y || a.x - b.x);
  }

  protected override paint(c: CanvasRenderingContext2D, frame: Frame): void {
    const size = worldSize(frame.zoom);
    const seen: Record<Kind, Hexagon[]> = { admit: [], conditional: [], check: [], against: [] };
    for (const h of this.hexagons) {
      const [x, y, reach] = [h.x * size - frame.left, h.y * size - frame.top, h.reach * size + 8];
      if (this.shown(h) && x > -reach && y > -reach && x < frame.width + reach && y < frame.height + reach) seen[h.kind].push(h);
    }
    c.lineJoin = "round";
    // One path for all of a kind: tens of thousands stay fluid. Patterns are fixed to the ground, so that strips fit.
    const shift = new DOMMatrix().translate(-(frame.left % PATTERN), -(frame.top % PATTERN));
    for (const kind of KINDS) {
      if (!seen[kind].length) continue;
      const pattern = (this.patterns[kind] ??= this.makePattern(c, kind));
      pattern.setTransform(shift);
      c.beginPath();
      for (const h of seen[kind]) trace(c, h.ring, frame, true);
      c.globalAlpha = OPACITY[kind];
      c.fillStyle = pattern;
      c.fill();
      c.globalAlpha = 1;
      if ((seen[kind][0] as Hexagon).reach * size < 4) continue;
      c.strokeStyle = this.palette.halo;
      c.lineWidth = 0.8;
      c.stroke();
    }
    const every = KINDS.flatMap((kind) => seen[kind]);
    if (every[0] && every[0].reach * size >= LETTER_FROM) {
      c.font = `500 ${Math.min(16, Math.max(11, every[0].reach * size * 0.5))}px ${this.palette.font}`;
      c.textAlign = "center";
      c.textBaseline = "middle";
      c.lineWidth = 3;
      for (const h of every) {
        const [x, y] = [h.x * size - frame.left, h.y * size - frame.top];
        c.strokeStyle = this.colours.fill[h.kind];
        c.strokeText(KIND_LETTER[h.kind], x, y);
        c.fillStyle = this.colours.ink[h.kind];
        c.fillText(KIND_LETTER[h.kind], x, y);
      }
      c.textBaseline = "alphabetic";
    }
    this.outline(c, frame, this.chosen, this.palette.select, 2.5);
    this.outline(c, frame, this.focused, this.palette.accent, 3);
    if (this.at) {
      const [x, y] = [this.at.x * size - frame.left, this.at.y * size - frame.top];
      for (const [r, colour] of [[7, this.palette.halo], [5.5, this.palette.select], [2, this.palette.halo]] as const) {
        c.beginPath();
        c.arc(x, y, r, 0, 2 * Math.PI);
        c.fillStyle = colour;
        c.fill();
      }
    }
  }

  private outline(c: CanvasRenderingContext2D, frame: Frame, cell: string | null, colour: string, width: number): void {
    const hexagon = cell ? this.byCell.get(cell) : undefined;
    if (!hexagon) return;
    for (const [stroke, w] of [[this.palette.halo, width + 3.5], [colour, width]] as const) {
      c.beginPath();
      trace(c, hexagon.ring, frame, true);
      c.strokeStyle = stroke;
      c.lineWidth = w;
      c.stroke();
    }
  }

  private makePattern(c: CanvasRenderingContext2D, kind: Kind): CanvasPattern {
    const tile = document.createElement("canvas");
    tile.width = tile.height = PATTERN;
    const own = tile.getContext("2d");
    if (own) paintPattern(own, kind, this.colours.fill[kind], this.colours.ink[kind]);
    const made = c.createPattern(tile, "repeat");
    if (!made) throw new Error("canvas pattern");
    return made;
  }
}

export interface CellEvents {
  /** The pointer or the keyboard is at a cell, or at none; `i` of `of` is the keyboard's. */
  pointed(cell: Placed | null, at: { x: number; y: number }, i: number, of: number): void;
  picked(cell: string | null, lng: number, lat: number): void;
  viewed(): void;
}

export class SuitabilityMap {
  private readonly map: L.Map;
  private readonly palette: Palette;
  private readonly base: BasemapLayer;
  private readonly cells: CellLayer;
  private readonly home: L.LatLngBounds;
  private readonly theme: MutationObserver;
  private h3: H3 | null = null;
  private resolution = 0;
  private order: Placed[] = []; // what the keyboard walks through
  private walked = -1;
  private unfitted: Box | null = null;

  constructor(private readonly element: HTMLElement, private readonly events: CellEvents, home: Box, reducedMotion: boolean) {
    this.palette = readPalette(element);
    this.map = L.map(element, {
      zoomControl: false, attributionControl: false, minZoom: 5, maxZoom: 19, zoomAnimation: !reducedMotion, fadeAnimation: false,
      markerZoomAnimation: false, inertia: !reducedMotion, wheelPxPerZoomLevel: 100, keyboardPanDelta: 100, zoomSnap: 0.5,
    });
    for (const [name, z] of [["basemap", 200], ["cells", 300], ["labels", 380]] as const) this.map.createPane(name).style.zIndex = String(z);
    this.base = new BasemapLayer(this.palette);
    this.cells = new CellLayer(this.palette, element);
    this.home = L.latLngBounds([home[1], home[0]], [home[3], home[2]]);
    this.goHome(false);
    for (const layer of [this.base, this.cells, this.base.labels]) layer.addTo(this.map);
    this.theme = new MutationObserver(() => {
      Object.assign(this.palette, readPalette(element)); // the one palette that every layer holds
      this.repaint();
      this.cells.recoloured();
    });
    this.theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    document.fonts.addEventListener("loadingdone", this.repaint);
    this.listen();
  }

  private readonly repaint = (): void => {
    this.base.redraw();
    this.base.labels.redraw();
    this.cells.redraw();
  };

  remove(): void {
    this.theme.disconnect();
    document.fonts.removeEventListener("loadingdone", this.repaint);
    this.map.remove();
  }

  setBasemap(layer: string, data: Features): void { this.base.setLayer(layer, data); }
  setDivisions(level: "city" | "county" | "town", data: Features): void { this.base.setDivisions(level, data); }

  async show(cells: readonly Cell[], resolution: number): Promise<void> {
    this.h3 ??= await import("h3-js");
    this.resolution = resolution;
    this.walked = -1;
    this.cells.show(cells, this.h3);
  }
  limit(only: Kind | null): void {
    this.walked = -1;
    this.cells.limit(only);
  }
  choose(cell: string | null, at: { lng: number; lat: number } | null, near = false): void {
    this.cells.choose(cell, at);
    at ??= cell ? (this.cells.of(cell) ?? null) : null;
    if (at && near && !this.map.getBounds().pad(-0.1).contains([at.lat, at.lng])) this.map.panTo([at.lat, at.lng]);
  }
  of(cell: string): Placed | null { return this.cells.of(cell); }
  /** How many are drawn: for tests, which cannot read pixels as a person does. */
  count(): number { return this.cells.count(); }

  fit(box: Box): void {
    const { x, y } = this.map.getSize();
    this.unfitted = x && y ? null : box;
    const beside = x > BESIDE_LEGEND ? this.element.parentElement?.querySelector<HTMLElement>(".sw-legend")?.offsetWidth ?? 0 : 0; // what the legend covers shows nothing
    if (!this.unfitted) this.map.fitBounds([[box[1], box[0]], [box[3], box[2]]], { paddingTopLeft: [16 + beside, 16], paddingBottomRight: [16, 16], animate: false });
  }
  /** All cells that are shown. */
  fitCells(cells: readonly Cell[]): void {
    const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const cell of cells) {
      const one = this.cells.of(cell.cell);
      if (!one) continue;
      box[0] = Math.min(box[0], one.lng);
      box[1] = Math.min(box[1], one.lat);
      box[2] = Math.max(box[2], one.lng);
      box[3] = Math.max(box[3], one.lat);
    }
    if (box[0] <= box[2]) this.fit(box);
  }
  bounds(): Box {
    const b = this.map.getBounds();
    return [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()];
  }
  zoomIn(): void { this.map.zoomIn(); }
  zoomOut(): void { this.map.zoomOut(); }
  goHome(animate = true): void { this.map.fitBounds(this.home, { animate, padding: [8, 8] }); }
  resized(): void {
    this.map.invalidateSize({ animate: false }); // what was in the middle stays there
    if (this.unfitted) this.fit(this.unfitted);
  }
  pointOf(lng: number, lat: number): { x: number; y: number } {
    const { x, y } = this.map.latLngToContainerPoint([lat, lng]);
    return { x, y };
  }
  scale(most: number): ScaleBar { return scaleBar(this.map.getCenter().lat, this.map.getZoom(), most); }

  private at(latlng: L.LatLng): Placed | null {
    if (!this.h3 || !this.resolution) return null;
    return this.cells.of(this.h3.latLngToCell(latlng.lat, latlng.lng, this.resolution));
  }

  private walk(by: 1 | -1): void {
    if (this.walked < 0) this.order = this.cells.inView();
    const { length } = this.order;
    if (!length) return;
    this.walked = this.walked < 0 ? (by > 0 ? 0 : length - 1) : (this.walked + by + length) % length;
    const cell = this.order[this.walked] as Placed;
    this.cells.focusOn(cell.cell);
    this.events.pointed(cell, this.pointOf(cell.lng, cell.lat), this.walked + 1, length);
  }

  private listen(): void {
    const { map, element } = this;
    const leave = (): void => {
      this.cells.focusOn(null);
      this.events.pointed(null, { x: 0, y: 0 }, 0, 0);
    };
    element.addEventListener("pointerdown", () => element.classList.add("by-hand"));
    element.addEventListener("keydown", (event) => {
      element.classList.remove("by-hand");
      if (event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return;
      const key = event.key.toLowerCase();
      if (key === "n" || key === "]") this.walk(1);
      else if (key === "p" || key === "[") this.walk(-1);
      else if (key === "home") this.goHome();
      else if (key === "enter" && this.walked >= 0) {
        const cell = this.order[this.walked] as Placed;
        this.events.picked(cell.cell, cell.lng, cell.lat);
      } else if (key === "escape" && this.walked >= 0) {
        this.walked = -1;
        leave();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });
    map.on("mousemove", (event) => {
      const cell = this.at(event.latlng);
      element.style.cursor = cell ? "pointer" : "";
      this.cells.focusOn(cell?.cell ?? null);
      this.events.pointed(cell, event.containerPoint, 0, 0);
    });
    map.on("mouseout", leave);
    map.on("click", (event) => this.events.picked(this.at(event.latlng)?.cell ?? null, event.latlng.lng, event.latlng.lat));
    map.on("moveend zoomend resize", () => {
      this.walked = -1;
      this.events.viewed();
    });
  }
}
