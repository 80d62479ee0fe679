/** The small map of one object: its outline, what lies near it with the measured lines; on a form, drawing. */
import * as L from "leaflet";
import { BasemapLayer, type Features } from "../../map/BasemapLayer";
import type { Standing } from "../../map/GroundNames";
import { anchorOf } from "../../map/MarkLayer";
import { GRADE_CODES, type GradeIndex, gradeIndex } from "../../map/grades";
import { placeLabel, type Spot, spotOf, Taken } from "../../map/labels";
import { type Flat, type Frame, type Geometry, partsOf, trace, worldSize, worldX, worldY } from "../../map/mercator";
import { type Palette, readPalette } from "../../map/palette";
import { type ScaleBar, scaleBar } from "../../map/scaleBar";
import { type Shape, Sketch, type SketchKind } from "../../map/Sketch";
import { Atlas, type Looks, specOf, Sprite } from "../../map/symbols";
import { ViewportLayer } from "../../map/ViewportLayer";
import { O } from "../../words/object";
import { type Box4, boundsOf } from "./bounds";

/** Its own place as the page shows it; `over` is the word for one that is no more, or empty. */
export interface Own {
  geometry: Geometry | null; grade: string; cls: string; over: string;
  /** The fence that its rule counts residents around, where it does. */
  boundary?: Geometry | null;
  /** A place that is no object yet: a mark in this design variable's colour, with its word. */
  mark?: { tone: string; word: string };
  /** Metres round it that are shown at first; else those within which neighbours are. */
  around?: number;
}
export interface Neighbour {
  id: number; grade: string; cls: string; label: string; anchor: readonly [number, number]; line: readonly (readonly number[])[] | null;
  /** What was measured, written on its line in this design variable's colour; the chosen one stands out. */
  said?: { text: string; tone: string; chosen: boolean };
}
const EQUATOR_M = 40_075_016.7;
const REACH = 14;
const FINGER = 5; // pixels that a pointer may miss by
const [OWN, BESIDE, POINTED] = [30, 21, 25]; // sides of symbols in pixels
const COUNTED_M = 500; // outward of the fence: GB 18218-2018, table 5
const RING = 24; // round the object, where it has no outline
const PIN = 9; // radius of the mark of a place
/** Where on its line a measured distance may stand: share of the line, pixels above it. */
const ON_LINE = [[0.5, 0], [0.35, 0], [0.65, 0], [0.8, 0], [0.2, 0], [0.5, 26], [0.5, -26]] as const;
const FONT = 12;

interface Word { text: string; x: number; y: number; plate?: { tone: string; chosen: boolean; half: number } } // the middle of its baseline, in world pixels
/** What is written at a zoom, and what that and the symbols cover. */
interface Words { zoom: number; words: readonly Word[]; spots: readonly Spot[] }

interface Parts { points: Flat; lines: Flat[]; rings: Flat[] }
class PlaceLayer extends ViewportLayer {
  private parts: Parts | null = null;
  private fence: Parts | null = null;
  private near: { n: Neighbour; x: number; y: number; line: Flat | null }[] = [];
  private own: { x: number; y: number } | null = null;
  private grade: GradeIndex = 4;
  private cls = "";
  private over = "";
  private mark: Own["mark"];
  private readonly tones = new Map<string, string>();
  private looks: Looks = new Map();
  private atlas: Atlas | null = null;
  private within = 0;
  private latitude = 0;
  private placed: Words | null = null;
  hovered: number | null = null;

  constructor(private readonly palette: Palette) {
    super("place");
  }

  dress(looks: Looks, atlas: Atlas | null): void {
    this.looks = looks;
    this.atlas = atlas;
    this.redraw();
  }

  show({ geometry, grade, cls, over, boundary, mark }: Own, near: readonly Neighbour[], within: number): void {
    Object.assign(this, { cls, over, mark, own: geometry && anchorOf(geometry) });
    this.parts = flatParts(geometry);
    this.fence = flatParts(boundary ?? null);
    this.grade = gradeIndex(grade);
    this.within = within;
    this.near = near.map((n) => ({
      n, x: worldX(n.anchor[0]), y: worldY(n.anchor[1]),
      line: n.line && Float64Array.from(n.line.flatMap(([lng = 0, lat = 0]) => [worldX(lng), worldY(lat)])),
    }));
    const first = firstOf((geometry ?? boundary)?.coordinates);
    this.latitude = first?.[1] ?? 0;
    this.renew();
  }

  /** Words are measured and placed anew, colours read anew. */
  renew(): void {
    this.placed = null;
    this.tones.clear();
    this.redraw();
  }

  /** The colour of a design variable, as the theme has it. */
  private tone(name: string): string {
    let colour = this.tones.get(name);
    if (!colour) this.tones.set(name, (colour = getComputedStyle(document.documentElement).getPropertyValue(name).trim() || this.palette.ink));
    return colour;
  }

  /** What the names of the ground must leave free. */
  standing(c: CanvasRenderingContext2D, zoom: number): Standing {
    const placed = this.wordsAt(c, zoom);
    return { of: placed, spots: () => placed.spots };
  }

  /** Symbols and words: for tests. */
  get spots(): readonly Spot[] {
    return this.placed?.spots ?? [];
  }

  /** The neighbour at a place of the world, within reach of a finger. */
  at(x: number, y: number, zoom: number): number | null {
    let [best, id]: [number, number | null] = [REACH / worldSize(zoom), null];
    for (const { n, x: nx, y: ny } of this.near) {
      const d = Math.hypot(nx - x, ny - y);
      if (d <= best) [best, id] = [d, n.id];
    }
    return id;
  }

  protected override paint(c: CanvasRenderingContext2D, frame: Frame): void {
    const { palette: p, parts } = this;
    const size = worldSize(frame.zoom);
    const at = (x: number, y: number): [number, number] => [x * size - frame.left, y * size - frame.top];
    c.lineJoin = c.lineCap = "round";
    if (parts && this.within) this.paintReach(c, frame, size, parts, this.within, !this.fence);
    if (this.fence) {
      this.paintReach(c, frame, size, this.fence, COUNTED_M, true);
      c.beginPath();
      for (const ring of this.fence.rings) trace(c, ring, frame, true);
      c.strokeStyle = p.halo;
      c.lineWidth = 4;
      c.stroke();
      c.strokeStyle = p.ink2;
      c.lineWidth = 1.8;
      c.setLineDash([9, 3, 2, 3]);
      c.stroke();
      c.setLineDash([]);
    }
    if (parts) {
      for (const ring of [false, true]) {
        const flats = ring ? parts.rings : parts.lines;
        if (!flats.length) continue;
        c.beginPath();
        for (const f of flats) trace(c, f, frame, ring);
        if (ring) {
          c.globalAlpha = 0.25;
          c.fillStyle = this.mark ? this.tone(this.mark.tone) : p.grade[GRADE_CODES[this.grade] ?? "none"].fill;
          c.fill("evenodd");
          c.globalAlpha = 1;
        }
        c.strokeStyle = p.halo;
        c.lineWidth = 5;
        c.stroke();
        c.strokeStyle = this.mark ? this.tone(this.mark.tone) : p.select;
        c.lineWidth = 2;
        if (this.over) c.setLineDash([6, 4]);
        c.stroke();
        c.setLineDash([]);
      }
    }
    for (const { n, line } of [...this.near].sort((a, b) => Number(a.n.said?.chosen ?? false) - Number(b.n.said?.chosen ?? false))) {
      if (!line) continue;
      c.beginPath();
      trace(c, line, frame, false);
      if (n.said) {
        c.strokeStyle = p.halo;
        c.lineWidth = n.said.chosen ? 6 : 4;
        c.stroke();
      } else c.setLineDash([4, 3]);
      c.strokeStyle = n.said ? this.tone(n.said.tone) : p.ink;
      c.lineWidth = n.said ? (n.said.chosen ? 2.6 : 1.6) : 1.2;
      c.stroke();
      c.setLineDash([]);
    }
    for (const { n, x, y } of [...this.near].reverse()) {
      const [px, py] = at(x, y);
      const side = n.id === this.hovered || n.said?.chosen ? POINTED : BESIDE;
      // Where a distance is asked its grade is not: a plain plate, which is no grade's shape.
      if (n.said) this.atlas?.stamp(c, { shape: "plate", size: side, glyph: this.looks.get(n.cls)?.glyph ?? "" }, px, py);
      else this.stamp(c, n.cls, gradeIndex(n.grade), px, py, side);
    }
    if (this.own) {
      const [x, y] = at(this.own.x, this.own.y);
      for (const [colour, width] of [[p.halo, 6], [p.select, 2.5]] as const) {
        if (this.outlined || this.mark) break;
        c.beginPath();
        c.arc(x, y, RING, 0, 2 * Math.PI);
        if (this.over) c.setLineDash([6, 4]);
        c.strokeStyle = colour;
        c.lineWidth = width;
        c.stroke();
        c.setLineDash([]);
      }
      if (this.mark) this.pin(c, x, y, this.tone(this.mark.tone));
      else this.stamp(c, this.cls, this.grade, x, y, OWN, this.over !== "");
    }
    for (const { text, x, y, plate } of this.wordsAt(c, frame.zoom).words) {
      if (plate) this.plate(c, text, x - frame.left, y - frame.top, plate);
      else this.write(c, text, x - frame.left, y - frame.top);
    }
  }

  /**
   * Every word where it lies over no symbol and no other word: the distance, the object's end, then the nearest first.
   * What finds no room is left to the table beside.
   */
  private wordsAt(c: CanvasRenderingContext2D, zoom: number): Words {
    if (this.placed?.zoom === zoom) return this.placed;
    const size = worldSize(zoom);
    const taken = new Taken();
    const words: Word[] = [];
    c.font = this.font;
    c.letterSpacing = "0px";
    const own = this.own && spotOf(this.own.x * size, this.own.y * size, this.mark ? PIN : this.outlined ? OWN / 2 : RING);
    if (own) taken.add(own);
    const near = this.near.map(({ n, x, y }) => ({ n, x: x * size, y: y * size, body: spotOf(x * size, y * size, POINTED / 2) }));
    for (const { body } of near) taken.add(body);
    for (const [text, parts, metres] of [[O.boundaryReach, this.fence, COUNTED_M], [O.withinM(this.within), this.parts, this.within]] as const) {
      if (!parts || !metres) continue;
      const half = c.measureText(text).width / 2 + 2;
      const { middle, top, bottom } = this.reachBox(size, parts, metres);
      const boxAt = (y: number): Spot => ({ l: middle - half, r: middle + half, t: y - 11, b: y + 3 });
      // Inside its edge, else outside.
      const y = [top + 17, bottom - 8, top - 7, bottom + 16].find((at) => taken.isFree(boxAt(at))) ?? top - 7;
      taken.add(boxAt(y));
      words.push({ text, x: middle, y });
    }
    const put = (text: string, x: number, y: number, body: Spot): void => {
      if (!text) return;
      const place = placeLabel({ text, x, y, half: (body.r - body.l) / 2, body }, c.measureText(text).width, taken);
      if (place) words.push({ text, ...place });
    };
    // What was measured stands on its line, the chosen one before all; elsewhere on it where the middle is taken.
    for (const { n, line } of [...this.near].sort((a, b) => Number(b.n.said?.chosen ?? false) - Number(a.n.said?.chosen ?? false))) {
      if (!n.said || !line || line.length < 4) continue;
      const [x1, y1, x2, y2] = [line[0], line[1], line.at(-2), line.at(-1)].map((v) => (v ?? 0) * size) as [number, number, number, number];
      const half = c.measureText(n.said.text).width / 2 + 8;
      const boxAt = ([t, up]: readonly [number, number]): Spot => {
        const [x, y] = [x1 + (x2 - x1) * t, y1 + (y2 - y1) * t - up];
        return { l: x - half, r: x + half, t: y - 11, b: y + 11 };
      };
      const at = ON_LINE.find((place) => taken.isFree(boxAt(place))) ?? (n.said.chosen ? ON_LINE[0] : undefined);
      if (!at) continue;
      const box = boxAt(at);
      taken.add(box);
      words.push({ text: n.said.text, x: (box.l + box.r) / 2, y: box.t + 15, plate: { tone: n.said.tone, chosen: n.said.chosen, half } });
    }
    if (this.own && own) put(this.mark?.word ?? this.over, this.own.x * size, this.own.y * size, own);
    for (const { n, x, y, body } of near) put(n.label, x, y, body);
    return (this.placed = { zoom, words, spots: taken.spots });
  }

  /** Its outline is round it already. */
  private get outlined(): boolean {
    return !!this.parts && (this.parts.lines.length > 0 || this.parts.rings.length > 0);
  }

  private radius(size: number, metres: number): number {
    return (metres / (EQUATOR_M * Math.cos((this.latitude * Math.PI) / 180))) * size;
  }

  /** Where everything within so many metres ends, in world pixels. */
  private reachBox(size: number, { points, lines, rings }: Parts, metres: number): { middle: number; top: number; bottom: number } {
    let [left, right, top, bottom] = [1, 0, 1, 0];
    for (const flat of [points, ...lines, ...rings])
      for (let i = 0; i < flat.length; i += 2) {
        const [x, y] = [flat[i] as number, flat[i + 1] as number];
        [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
      }
    const radius = this.radius(size, metres);
    return { middle: ((left + right) / 2) * size, top: top * size - radius, bottom: bottom * size + radius };
  }

  /** Everything within so many metres of an outline; not `toned`: its edge alone. */
  private paintReach(c: CanvasRenderingContext2D, frame: Frame, size: number, parts: Parts, metres: number, toned: boolean): void {
    const { palette } = this;
    const radius = this.radius(size, metres);
    // One shape in one tone, however its parts overlap: painted whole beside, then laid over.
    const sheet = document.createElement("canvas");
    sheet.width = frame.width;
    sheet.height = frame.height;
    const s = sheet.getContext("2d");
    if (!s) return;
    s.lineJoin = s.lineCap = "round";
    s.strokeStyle = s.fillStyle = palette.ink2;
    s.lineWidth = 2 * radius;
    s.beginPath();
    for (const f of parts.lines) trace(s, f, frame, false);
    for (const f of parts.rings) trace(s, f, frame, true);
    s.stroke();
    s.fill("evenodd");
    for (let i = 0; i < parts.points.length; i += 2) {
      s.beginPath();
      s.arc((parts.points[i] as number) * size - frame.left, (parts.points[i + 1] as number) * size - frame.top, radius, 0, 2 * Math.PI);
      s.fill();
    }
    c.globalAlpha = 0.09;
    if (toned) c.drawImage(sheet, 0, 0);
    // Its edge: the same a little wider, less itself.
    const edge = document.createElement("canvas");
    edge.width = frame.width;
    edge.height = frame.height;
    const e = edge.getContext("2d");
    if (!e) return;
    for (const [dx, dy] of [[-1, 0], [1, 0], [0, -1], [0, 1]] as const) e.drawImage(sheet, dx, dy);
    e.globalCompositeOperation = "destination-out";
    e.drawImage(sheet, 0, 0);
    c.globalAlpha = toned ? 0.7 : 0.35;
    c.drawImage(edge, 0, 0);
    c.globalAlpha = 1;
  }

  /** As on the large map; until the glyphs have come, the shape alone. */
  private stamp(c: CanvasRenderingContext2D, cls: string, grade: GradeIndex, x: number, y: number, size: number, over = false): void {
    const shape = specOf({ cls, grade }, this.looks, 16).shape;
    this.atlas?.stamp(c, { shape, size, glyph: this.looks.get(cls)?.glyph ?? "", over }, x, y);
  }

  /** Where something is asked for that is no object yet. */
  private pin(c: CanvasRenderingContext2D, x: number, y: number, tone: string): void {
    for (const [colour, radius] of [[this.palette.halo, PIN], [tone, PIN - 2], [this.palette.halo, 2.5]] as const) {
      c.beginPath();
      c.arc(x, y, radius, 0, 2 * Math.PI);
      c.fillStyle = colour;
      c.fill();
    }
  }

  private plate(c: CanvasRenderingContext2D, text: string, x: number, y: number, { tone, chosen, half }: NonNullable<Word["plate"]>): void {
    const colour = this.tone(tone);
    c.beginPath();
    c.roundRect(x - half, y - 15, 2 * half, 22, 3);
    c.fillStyle = chosen ? colour : this.palette.surface;
    c.fill();
    c.strokeStyle = colour;
    c.lineWidth = 1.2;
    c.stroke();
    c.font = this.font;
    c.textAlign = "center";
    c.fillStyle = chosen ? this.palette.surface : this.palette.ink;
    c.fillText(text, x, y);
  }

  private get font(): string {
    return `500 ${FONT}px ${this.palette.font}`;
  }

  private write(c: CanvasRenderingContext2D, text: string, x: number, y: number): void {
    c.font = this.font;
    c.textAlign = "center";
    c.strokeStyle = this.palette.halo;
    c.lineWidth = 3;
    c.strokeText(text, x, y);
    c.fillStyle = this.palette.ink;
    c.fillText(text, x, y);
  }
}

function flatParts(geometry: Geometry | null): Parts | null {
  if (!geometry) return null;
  const { points, lines, rings } = partsOf(geometry);
  return { points: Float64Array.from(points.flatMap((p) => [p[0] as number, p[1] as number])), lines: [...lines], rings: [...rings] };
}

function firstOf(coordinates: unknown): [number, number] | null {
  let at = coordinates;
  while (Array.isArray(at) && Array.isArray(at[0])) at = at[0];
  return Array.isArray(at) && typeof at[0] === "number" ? (at as [number, number]) : null;
}

export interface PlaceEvents {
  moved(lng: number, lat: number): void;
  viewed(): void;
  /** A neighbour was clicked. */
  picked(id: number): void;
  /** The ground was, where nothing is drawn just now. */
  clicked(lng: number, lat: number): void;
}

export class PlaceMap {
  private readonly map: L.Map;
  private readonly base: BasemapLayer;
  private readonly place: PlaceLayer;
  private readonly home: L.LatLngBounds;
  readonly sketch: Sketch;
  private geometry: Geometry | null = null;
  private boundary: Geometry | null = null;
  private around = 0;
  private fitted = false;
  private readonly theme: MutationObserver;
  private readonly palette: Palette;
  private looks: Looks = new Map();
  private sprite = new Sprite();

  constructor(element: HTMLElement, events: PlaceEvents, home: Box4, reducedMotion: boolean) {
    const palette = (this.palette = readPalette(element));
    this.theme = new MutationObserver(() => {
      Object.assign(palette, readPalette(element)); // the one palette that every layer holds
      this.stamps();
      for (const layer of [this.base, this.base.labels]) layer.redraw();
      this.place.renew();
    });
    document.fonts.addEventListener("loadingdone", this.rewrite);
    this.theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.map = L.map(element, {
      zoomControl: false, attributionControl: false, minZoom: 5, maxZoom: 19, zoomAnimation: !reducedMotion, fadeAnimation: false, markerZoomAnimation: false,
      inertia: !reducedMotion, wheelPxPerZoomLevel: 100, keyboardPanDelta: 100, zoomSnap: 0.5,
    });
    for (const [name, z] of [["basemap", 200], ["labels", 380], ["place", 400]] as const) this.map.createPane(name).style.zIndex = String(z);
    this.base = new BasemapLayer(palette);
    this.place = new PlaceLayer(palette);
    this.base.labels.standing = (c, frame) => this.place.standing(c, frame.zoom);
    this.home = L.latLngBounds([home[1], home[0]], [home[3], home[2]]);
    this.goHome(false);
    for (const layer of [this.base, this.base.labels, this.place]) layer.addTo(this.map);
    this.sketch = new Sketch(this.map, element);
    element.addEventListener("pointerdown", () => element.classList.add("by-hand"));
    element.addEventListener("keydown", (event) => {
      element.classList.remove("by-hand");
      if (event.key !== "Home" || event.target !== element) return;
      this.fit();
      event.preventDefault();
    });
    const neighbour = (at: L.LatLng): number | null => (this.sketch.active ? null : this.place.at(worldX(at.lng), worldY(at.lat), this.map.getZoom()));
    this.map.on("mousemove", ({ latlng }) => {
      events.moved(latlng.lng, latlng.lat);
      const id = neighbour(latlng);
      if (id === this.place.hovered) return;
      this.place.hovered = id;
      element.style.cursor = id === null ? "" : "pointer";
      this.place.redraw();
    });
    this.map.on("click", ({ latlng }) => {
      const id = neighbour(latlng);
      if (id !== null) events.picked(id);
      else if (!this.sketch.active) {
        this.noteAim();
        events.clicked(latlng.lng, latlng.lat);
      }
    });
    this.map.on("moveend zoomend resize", () => events.viewed());
  }

  private readonly rewrite = (): void => {
    this.place.renew();
    this.base.names.renew();
  };

  remove(): void {
    this.theme.disconnect();
    document.fonts.removeEventListener("loadingdone", this.rewrite);
    this.sketch.cancel();
    this.map.remove();
  }
  /** How classes look, and their glyphs once they have come. */
  dress(looks: Looks, sprite: Sprite | null): void {
    this.looks = looks;
    this.sprite = sprite ?? this.sprite;
    this.stamps();
  }
  private stamps(): void {
    this.place.dress(this.looks, new Atlas(this.sprite, this.palette, Math.min(window.devicePixelRatio || 1, 2)));
  }
  setBasemap(layer: string, data: Features): void { this.base.setLayer(layer, data); }
  setDivisions(level: "city" | "county" | "town", data: Features): void { this.base.setDivisions(level, data); }

  show(own: Own, near: readonly Neighbour[], within: number): void {
    const { geometry, boundary = null } = own;
    const around = own.around ?? within;
    const another = JSON.stringify([geometry, boundary]) !== JSON.stringify([this.geometry, this.boundary]) || around !== this.around;
    this.geometry = geometry;
    this.boundary = boundary;
    this.around = around;
    this.place.show(own, near, within);
    this.base.labels.redraw(); // they stand aside
    if (another || !this.fitted) this.fit();
  }

  /** The object with what is round it, or the whole territory. */
  fit(): void {
    const size = this.map.getSize();
    if (!size.x || !size.y) return;
    const all = [this.geometry, this.boundary].flatMap((one) => (one ? [one.coordinates] : []));
    const box = all.length ? boundsOf(all) : null;
    this.fitted = true;
    if (!box) return this.goHome(false);
    const bounds = L.latLngBounds([box[1], box[0]], [box[3], box[2]]);
    const around = Math.max(this.around || 150, this.boundary ? COUNTED_M : 0);
    const [dLat, dLng] = [around / 110_500, around / (110_500 * Math.cos((box[1] * Math.PI) / 180))];
    this.map.fitBounds(L.latLngBounds([bounds.getSouth() - dLat, bounds.getWest() - dLng], [bounds.getNorth() + dLat, bounds.getEast() + dLng]), { padding: [6, 6], maxZoom: 18, animate: false });
  }
  look(at: readonly [number, number]): void { this.map.setView([at[1], at[0]], Math.max(this.map.getZoom(), 14), { animate: false }); }
  goHome(animate = true): void { this.map.fitBounds(this.home, { animate, padding: [8, 8] }); }
  zoomIn(): void { this.map.zoomIn(); }
  zoomOut(): void { this.map.zoomOut(); }
  resized(): void {
    this.map.invalidateSize({ animate: false }); // what was in the middle stays there
    if (!this.fitted) this.fit();
  }
  /** Where a position is in the map's box: for tests. */
  pointOf(lng: number, lat: number): { x: number; y: number } {
    const { x, y } = this.map.latLngToContainerPoint([lat, lng]);
    return { x, y };
  }

  /** Boxes of symbols, of words beside them and of the ground's names, in world pixels: for tests. */
  written(): { things: readonly Spot[]; names: readonly Spot[] } {
    return { things: this.place.spots, names: this.base.names.spots };
  }

  draw(kind: SketchKind, done: (shape: Geometry) => void, over: () => void): Promise<void> {
    return this.sketch.draw(kind, { finished: (shape) => (this.noteAim(), end(shape, done, over)), cancelled: over });
  }
  edit(shape: Geometry, done: (shape: Geometry) => void, over: () => void): Promise<void> {
    this.place.show({ geometry: null, grade: "none", cls: "", over: "" }, [], 0); // its handles stand for it
    return this.sketch.edit(shape, { finished: (s) => (this.noteAim(), end(s, done, over)), cancelled: over });
  }

  /** What a pointer may miss by, in metres, at the zoom that was last drawn at. */
  finger(): number {
    return this.aim;
  }
  private aim = 0;
  private noteAim(): void {
    this.aim = (FINGER * EQUATOR_M * Math.cos((this.map.getCenter().lat * Math.PI) / 180)) / worldSize(this.map.getZoom());
  }

  scale(most: number): ScaleBar {
    return scaleBar(this.map.getCenter().lat, this.map.getZoom(), most);
  }
}

function end(shape: Shape, done: (shape: Geometry) => void, over: () => void): void {
  if ("coordinates" in shape) done(shape);
  over();
}
