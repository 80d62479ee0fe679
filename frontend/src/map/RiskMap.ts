/** The map as one thing: base map, objects or hexagons, rings; hand, finger and keyboard. It knows nothing of the page. */
import * as L from "leaflet";
import { BasemapLayer, type Features } from "./BasemapLayer";
import { Ground, type GroundWish } from "./Ground";
import { type Rim, rimOf } from "./clear";
import { type GradeIndex, gradeIndex } from "./grades";
import { type HeatFetch, type HeatKey, HeatLayer, type PlacedCell } from "./HeatLayer";
import type { Hit } from "./hit";
import { type LevelLook, orderOf, type ScaleLook } from "./levels";
import { anchorOf, MarkLayer } from "./MarkLayer";
import { type Box, boxOfLines, type Geometry, latOf, lngOf, metresOfDegree, partsOf, worldSize, worldX, worldY } from "./mercator";
import type { NameBoard } from "./NameBoard";
import { comeNearer } from "./nearer";
import { type Palette, readPalette } from "./palette";
import { Pin } from "./Pin";
import { REACH } from "./reach";
import { type LayerState, RiskLayer } from "./RiskLayer";
import { type ScaleBar, scaleBar } from "./scaleBar";
import type { Mark } from "./scene";
import { Sketch } from "./Sketch";
import { Atlas, type Looks, ringRadius, specOf, Sprite } from "./symbols";
import type { TileFetch } from "./TileStore";

/** What the pointer or the keyboard is at. */
export interface Pointed {
  id: number | null; cls: string; grade: GradeIndex; name: string;
  cluster: { n: number; by: readonly number[]; parts: readonly number[] } | null; look: LevelLook | null; over: boolean; cell: PlacedCell | null;
  x: number; y: number; // in the map's box, CSS pixels
}

/** To the next or the one before, to open it, to let go of it. */
export type Walked = "next" | "back" | "open" | "leave";

export interface MapEvents {
  picked(id: number): void;
  /** Where there was nothing to pick. */
  pickedNothing(lng: number, lat: number): void;
  pickedCell(cell: PlacedCell): void;
  pointed(at: Pointed | null): void;
  /** The keyboard's focus is on a mark: to be spoken. `of` marks are in view. */
  focused(at: Pointed | null, i: number, of: number): void;
  viewed(view: { lat: number; lng: number; zoom: number; bounds: [number, number, number, number] }): void;
  /** The pointer's place; true where something that the page lays over the map is there: nothing of the map is pointed at then. */
  moved(lng: number, lat: number): boolean;
  /** A press, before the map looks what of its own is there; true where something that lies over it took it. */
  pressed?(lng: number, lat: number): boolean;
  /** A key that walks through marks, before those of the map's own are walked; true where what lies over it took it. */
  keyed?(what: Walked): boolean;
  objects(state: LayerState): void;
  heat(state: LayerState, key: HeatKey | null, error?: unknown): void;
}

/** A layer that another page lays over this map's own; it hears of colours, symbols and size as they change. */
export interface OverLayer extends L.Layer {
  setUnit(unit: number): void;
  dress(looks: Looks, atlas: Atlas | null, palette: Palette): void;
  redraw(): void;
}

const FINGER = 8;
const SYMBOL = 24; // room for a symbol at the edge of what is clear
const NEAR = 15; // zoom
const REST_MS = 120; // after which the page hears where the map has come to: link and figures follow the hand no closer

export class RiskMap {
  private readonly map: L.Map;
  private readonly base: BasemapLayer;
  private readonly ground: Ground;
  private readonly risk: RiskLayer;
  private readonly heat: HeatLayer;
  private readonly marks: MarkLayer;
  private readonly palette;
  private looks: Looks = new Map();
  private sprite: Sprite | null = null;
  private readonly overs: OverLayer[] = [];
  private heatOn = false;
  private colours: ScaleLook | null = null;
  private chosenId: number | null = null;
  private focus: Mark | null = null;
  private focusCell: PlacedCell | null = null;
  private finest = 10;
  private fine = true;
  private home: L.LatLngBounds | null = null;
  private readonly theme = new MutationObserver(() => this.recolour());
  private sketching: Sketch | null = null;
  private pinned: Pin | null = null;
  private area: L.GeoJSON | null = null;
  private resting = 0;
  private dragged = false;

  /** `covered` is how many pixels at the left and right edge the page's own panels take. */
  constructor(private readonly element: HTMLElement, private readonly events: MapEvents, reducedMotion: boolean, private readonly covered: [number, number]) {
    this.palette = readPalette(element);
    this.map = L.map(element, {
      zoomControl: false, attributionControl: false, minZoom: 6, maxZoom: 19, worldCopyJump: false,
      zoomAnimation: !reducedMotion, fadeAnimation: false, markerZoomAnimation: false, inertia: !reducedMotion,
      wheelPxPerZoomLevel: 100, keyboardPanDelta: 100, zoomSnap: 0.5,
    });
    for (const [name, z] of [["basemap", 200], ["ground", 210], ["heat", 350], ["water", 370], ["risk", 400], ["found", 430], ["marks", 450], ["pin", 460]] as const)
      this.map.createPane(name).style.zIndex = String(z);
    this.ground = new Ground(this.map, element);
    this.base = this.ground.plain;
    this.risk = new RiskLayer(this.palette, this.base.names, (state) => { if (!this.heatOn) events.objects(state); }, () => this.marks.redraw());
    this.heat = new HeatLayer(this.palette, this.base.names, () => this.finest, (state, key, error) => { if (this.heatOn) events.heat(state, key, error); });
    this.marks = new MarkLayer(this.palette, (id) => (this.heatOn ? undefined : this.risk.find(id)));
    this.listen();
  }

  /** To be called once, with the place to begin at. */
  begin(home: Box4, view: { lat: number; lng: number; zoom: number } | null): void {
    this.home = L.latLngBounds([home[1], home[0]], [home[3], home[2]]);
    this.measureUp();
    if (view) this.map.setView([view.lat, view.lng], view.zoom, { animate: false });
    else this.goHome(false);
    this.map.setMaxBounds(this.home.pad(REACH));
    for (const layer of [this.base, this.heatOn ? this.heat : this.risk, this.marks]) layer.addTo(this.map);
    // Glyphs of the page's font come in by parts; what was painted with a stand-in is painted again.
    document.fonts.addEventListener("loadingdone", this.repaint);
    this.theme.observe(document.documentElement, { attributeFilter: ["data-theme", "data-wall"] });
  }

  /** The page's theme has changed: colours are read anew into the one palette that every layer holds. */
  recolour(): void {
    this.ground.recolour();
    Object.assign(this.palette, readPalette(this.element), this.ground.ink);
    this.measureUp();
    this.heat.recoloured();
    this.dress();
    this.repaint();
  }

  /** The size of the drawing, which the page's design says for this screen. */
  private measureUp(): void {
    this.ground.setUnit(this.palette.unit);
    for (const layer of [this.base, this.risk, this.heat, this.marks, ...this.overs]) layer.setUnit(this.palette.unit);
  }

  /** The zoom as the drawing has it: farther off by as much as all is drawn larger. */
  private get drawnZoom(): number {
    return this.map.getZoom() - Math.log2(this.palette.unit);
  }

  readonly repaint = (): void => {
    this.ground.redraw();
    this.base.names.renew(); // as wide as the new glyphs are
    this.risk.renew();
    for (const layer of [this.heat, this.marks, ...this.overs]) layer.redraw();
  };

  remove(): void {
    document.fonts.removeEventListener("loadingdone", this.repaint);
    this.theme.disconnect();
    this.sketching?.cancel();
    if (this.resting) this.rested(); // another page is opened at once: this one shall be found again as it was left
    this.risk.select(null);
    this.map.remove();
  }

  // -- What it shows ---------------------------------------------------------

  setBasemap(layer: string, data: Features): void {
    this.base.setLayer(layer, data);
  }

  setDivisions(level: "city" | "county" | "town", data: Features): void {
    this.base.setDivisions(level, data);
  }

  /** Another basemap, or another look of it; `said` hears why its tiles do not come, or null when they do. */
  setGround(wish: GroundWish, said: (why: string | null) => void): void {
    this.ground.choose(wish, said);
    // Halos, names and rings stand out from the ground that they lie on.
    if (this.ground.ink.halo !== this.palette.halo) this.recolour();
  }

  /** Roads, railways and waters of the register as part of the ground; null: none. */
  setRegisterGround(tiles: TileFetch | null): void {
    this.base.setRegister(tiles);
  }

  /** What lies below: for tests. */
  groundShown(): { source: string; filter: string; there: number; due: number } {
    return this.ground.shown();
  }

  setSprite(svg: string): void {
    this.sprite = Sprite.read(svg);
    this.dress();
  }

  setLooks(looks: Looks): void {
    this.looks = looks;
    this.dress();
  }

  /** Lays another page's layers over the map: in the panes "water", below the symbols, and "found", above them. */
  lay(...layers: OverLayer[]): void {
    for (const layer of layers) {
      layer.setUnit(this.palette.unit);
      layer.addTo(this.map);
    }
    this.overs.push(...layers);
    this.dress();
  }

  private dress(): void {
    if (!this.sprite) {
      for (const over of this.overs) over.dress(this.looks, null, this.palette);
      return;
    }
    const atlas = new Atlas(this.sprite, this.palette, Math.min(window.devicePixelRatio || 1, 2) * this.palette.unit);
    this.risk.dress(this.looks, atlas);
    this.marks.dress(this.looks, atlas);
    for (const over of this.overs) over.dress(this.looks, atlas, this.palette);
  }

  /** Another picture: null shows nothing at all. `of` says of which selection, whatever the state of the data. */
  select(tiles: TileFetch | null, heat: HeatFetch | null, scale: ScaleLook | null = null, of = ""): void {
    this.colours = scale;
    this.risk.select(tiles, scale, of);
    this.heat.select(heat, of);
  }

  /** Asks for nothing more and leaves what is drawn, until another picture is selected. */
  hold(): void {
    this.risk.hold();
    this.heat.hold();
  }

  showHeat(on: boolean, finest: number): void {
    this.finest = finest;
    this.heat.refine();
    if (on === this.heatOn) return;
    this.heatOn = on;
    this.setFocus(null);
    this.marks.ring("hover", null);
    if (!this.home) return;
    (on ? this.risk : this.heat).remove();
    (on ? this.heat : this.risk).addTo(this.map);
    this.marks.redraw();
  }

  /** Hexagons by weight, or by number. */
  weighHeat(on: boolean): void {
    this.heat.weigh(on);
  }

  chooseCell(cell: string | null): void {
    this.heat.choose(cell);
  }

  /** Objects that a layer laid over this one names. */
  nameElsewhere(ids: ReadonlySet<number>): void {
    this.risk.nameElsewhere(ids);
  }

  /** What of the world is seen. */
  seen(): Box {
    const [{ min, max }, size] = [this.map.getPixelBounds(), worldSize(this.map.getZoom())];
    return { minX: (min?.x ?? 0) / size, maxX: (max?.x ?? 0) / size, minY: (min?.y ?? 0) / size, maxY: (max?.y ?? 0) / size };
  }

  /** Names of layers laid over this map: those of objects and of the ground stay off them, and theirs off the symbols. */
  nameWith(board: NameBoard): void {
    this.risk.nameBeside(board);
  }

  choose(object: Shown | null): void {
    this.chosenId = object?.id ?? null;
    this.risk.choose(this.chosenId, object?.over ?? "");
    const anchor = object?.geometry ? anchorOf(object.geometry) : null;
    this.marks.choose(object?.geometry && anchor ? { id: object.id, ...this.lookOf(object), geometry: object.geometry, anchor, over: object.over ?? "" } : null);
  }

  /** Where the reader stands, with how far that may be wrong; whether the map reaches there. */
  here(at: { lng: number; lat: number; accuracy: number }): boolean {
    const inside = this.home?.pad(0.5).contains([at.lat, at.lng]) ?? false;
    this.marks.here(inside ? { x: worldX(at.lng), y: worldY(at.lat), radius: at.accuracy / (metresOfDegree(at.lat) * 360) } : null);
    if (inside) this.map.setView([at.lat, at.lng], Math.max(this.map.getZoom(), 15));
    return inside;
  }

  /** Marks places that another part of the page lists, by a broken ring. */
  note(places: readonly Geometry[]): void {
    this.marks.note(places.flatMap((p) => anchorOf(p) ?? []));
  }

  /** How an object is drawn in the present picture. */
  private lookOf(object: Shown): { cls: string; grade: GradeIndex; order: number; look: LevelLook | null } {
    const grade = gradeIndex(object.grade);
    const { colours: scale } = this;
    if (!scale) return { cls: object.class, grade, order: grade, look: null };
    const order = orderOf(scale, object.class, object.level?.scale === scale.code ? object.level.rank : 0, object.outside === scale.code);
    return { cls: object.class, grade, order, look: scale.looks[order] ?? null };
  }

  /** Rings what another part of the page points at: its symbol, or the cluster that it is counted in. */
  hover(object: Shown | null): void {
    const anchor = object?.anchor ? { x: worldX(object.anchor[0]), y: worldY(object.anchor[1]) } : object?.geometry ? anchorOf(object.geometry) : null;
    if (object && anchor && !this.heatOn) {
      const mark = this.risk.find(object.id) ?? this.risk.clusterOf(object.id, anchor.x, anchor.y);
      if (mark) return this.marks.ring("hover", { x: mark.x, y: mark.y, radius: ringRadius(mark, this.looks, this.drawnZoom) });
    }
    if (!object || !anchor) {
      this.marks.ring("hover", null);
      return;
    }
    const spec = specOf(this.lookOf(object), this.looks, this.drawnZoom);
    this.marks.ring("hover", { ...anchor, radius: spec.size / 2 + 8 });
  }

  /**
   * Moves so that a place is well inside the view, above what covers its lower part; nothing moves if it is already. Goes
   * nearer where asked to, or where the map's bounds would stop the move and leave the place covered.
   */
  reveal(geometry: Geometry, closer: boolean, coveredBelow = 0): void {
    const anchor = anchorOf(geometry);
    if (!anchor) return;
    const at = L.latLng(latOf(anchor.y), lngOf(anchor.x));
    const below = this.map.getSize().y * coveredBelow;
    const zoom = closer ? Math.max(this.map.getZoom(), NEAR) : this.zoomToClear(at, below);
    if (!closer && zoom === this.map.getZoom()) {
      // What legend and buttons cover is no place to be seen, where the map is wide enough to spare it.
      const [left, right] = this.covered.map((side) => Math.max(64, Math.min(side + 48, this.map.getSize().x / 3))) as [number, number];
      this.map.panInside(at, { paddingTopLeft: [left, 64], paddingBottomRight: [right, 64 + below] });
      return;
    }
    this.map.setView(this.map.unproject(this.map.project(at, zoom).add([0, below / 2]), zoom), zoom);
  }

  /** The farthest zoom, from the present one on, at which the map can be moved so far up that a place stands clear of what covers it. */
  private zoomToClear(at: L.LatLng, below: number): number {
    const { map } = this;
    const now = map.getZoom();
    const south = this.home?.pad(REACH).getSouthEast();
    if (!south || !below) return now;
    const height = map.getSize().y;
    const clear = height - below;
    const step = map.options.zoomSnap ?? 1;
    // Where the map is already as far up as it goes, the view ends at the bounds; a place that is above needs no move.
    const stands = (zoom: number, from: number): boolean => height - (map.project(south, zoom).y - map.project(at, zoom).y) <= from;
    if (map.latLngToContainerPoint(at).y <= clear - SYMBOL || stands(now, clear - SYMBOL)) return now;
    let zoom = now;
    do zoom += step;
    while (zoom < NEAR && !stands(zoom, clear / 2));
    return zoom;
  }

  // -- Acts -------------------------------------------------------------------

  /** The outline of the area that the selection is limited to, or none. */
  showArea(area: Geometry | null): void {
    this.area?.remove();
    if (!this.map.getPane("area")) this.map.createPane("area").style.zIndex = "395";
    this.area = area && L.geoJSON(area as unknown as GeoJSON.Geometry, { pane: "area", interactive: false, style: { className: "area-outline", pane: "area" } } as L.GeoJSONOptions).addTo(this.map);
  }

  /** The one drawing tool of this map: measuring, filtering and editing share it. */
  sketch(): Sketch {
    return (this.sketching ??= new Sketch(this.map, this.element));
  }

  /** A pin at a place, or none. */
  pin(place: { lng: number; lat: number } | null): void {
    (this.pinned ??= new Pin(this.map)).at(place);
  }

  zoomIn(): void { this.map.zoomIn(); }
  zoomOut(): void { this.map.zoomOut(); }
  goHome(animate = true): void {
    const [left, right] = this.covered;
    if (this.home) this.map.fitBounds(this.home, { animate, paddingTopLeft: [left, 8], paddingBottomRight: [right, 8] });
  }
  /** Moves so that all of these are in view; of places, clear of what lies over the map (`covers`, in coordinates of the window). */
  fitGeometry(geometries: readonly Geometry[], covers: readonly Rim[] | null = null): void {
    if (covers) this.resized(); // a column may have opened or closed in the same instant
    const rim = covers ? rimOf(this.element.getBoundingClientRect(), covers) : { left: 16, top: 16, right: 16, bottom: 16 };
    const b = boxOfLines(geometries.map(partsOf).flatMap(({ points, lines, rings }) => [...points, ...lines, ...rings]));
    this.map.fitBounds(L.latLngBounds([latOf(b.maxY), lngOf(b.minX)], [latOf(b.minY), lngOf(b.maxX)]), { paddingTopLeft: [rim.left, rim.top], paddingBottomRight: [rim.right, rim.bottom], maxZoom: 15 });
  }
  setView(view: { lat: number; lng: number; zoom: number }): void {
    const now = this.map.getCenter();
    const moved = Math.abs(now.lat - view.lat) + Math.abs(now.lng - view.lng) > 2e-5 || this.map.getZoom() !== view.zoom;
    if (moved) this.map.setView([view.lat, view.lng], view.zoom);
  }
  resized(): void {
    // Another screen may have another size of drawing.
    if (readPalette(this.element).unit !== this.palette.unit) this.recolour();
    this.map.invalidateSize({ pan: false, debounceMoveend: true });
  }

  /** What stands on the canvas now: for tests, which cannot read pixels as a person does. */
  drawn(): { objects: number; clustered: number; marks: Drawn[]; clusters: (Drawn & { n: number; by: readonly number[] })[] } {
    const marks: Drawn[] = [];
    const clusters: (Drawn & { n: number; by: readonly number[] })[] = [];
    for (const m of this.heatOn ? [] : this.risk.inView()) {
      const { x, y } = this.map.latLngToContainerPoint([latOf(m.y), lngOf(m.x)]);
      if (m.kind === "single") marks.push({ id: m.id, x, y, grade: m.grade, level: m.look?.value ?? null, over: m.over });
      else clusters.push({ id: 0, x, y, grade: m.grade, level: m.scale?.looks[m.order]?.value ?? null, over: false, n: m.n, by: m.parts });
    }
    return { ...this.risk.summary(), marks, clusters };
  }

  pointOf(lng: number, lat: number): { x: number; y: number } {
    const { x, y } = this.map.latLngToContainerPoint([lat, lng]);
    return { x, y };
  }

  scale(most: number): ScaleBar {
    return scaleBar(this.map.getCenter().lat, this.map.getZoom(), most);
  }

  // -- Hand, finger, keyboard ---------------------------------------------------

  private listen(): void {
    const { map } = this;
    const by = (event: PointerEvent): void => {
      this.fine = event.pointerType === "mouse";
      if (event.type === "pointerdown") this.element.classList.add("by-hand"); // its focus needs no ring
    };
    this.element.addEventListener("pointermove", by);
    this.element.addEventListener("pointerdown", by);
    this.element.addEventListener("keydown", () => this.element.classList.remove("by-hand"));
    this.element.addEventListener("blur", () => this.element.classList.remove("by-hand"));
    map.on("mousemove", (event) => this.point(event));
    map.on("mouseout", () => this.unpoint());
    map.on("movestart zoomstart", () => this.unpoint());
    map.on("dragstart dragend", ({ type }) => void (this.dragged = type === "dragstart"));
    map.on("click", (event) => this.click(event));
    map.on("moveend", () => {
      this.setFocus(null);
      clearTimeout(this.resting);
      this.resting = window.setTimeout(() => this.rested(), REST_MS);
    });
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("blur", () => {
      this.setFocus(null);
      this.events.keyed?.("leave");
    });
  }

  private rested(): void {
    clearTimeout(this.resting);
    this.resting = 0;
    const { map } = this;
    const center = map.getCenter();
    const b = map.getBounds();
    this.events.viewed({ lat: center.lat, lng: center.lng, zoom: map.getZoom(), bounds: [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()] });
  }

  private top(point: L.Point): Hit | undefined {
    if (this.heatOn) return undefined;
    const [exact] = this.risk.hits(point);
    return exact ?? (this.fine ? undefined : this.risk.hits(point, FINGER)[0]);
  }

  private pointedOf(hit: Hit, point: L.Point): Pointed {
    const place = { x: point.x, y: point.y };
    if (hit.kind === "shape") {
      const { id, cls, grade, name, look, over } = hit.shape;
      return { id, cls, grade, name, look, over, cluster: null, cell: null, ...place };
    }
    const { mark } = hit;
    if (mark.kind === "cluster") return { id: null, cls: "", grade: mark.grade, name: "", look: null, over: false, cluster: { n: mark.n, by: mark.by, parts: mark.parts }, cell: null, ...place };
    return { id: mark.id, cls: mark.cls, grade: mark.grade, name: mark.name, look: mark.look, over: mark.over, cluster: null, cell: null, ...place };
  }

  private point(event: L.LeafletMouseEvent): void {
    if (this.dragged) return; // the ground moves with the hand: the pointer stays at its place
    if (this.events.moved(event.latlng.lng, event.latlng.lat) && !this.sketching?.active) {
      this.marks.ring("hover", null);
      this.element.style.cursor = "pointer";
      return;
    }
    if (!this.fine || this.sketching?.active) return;
    const point = event.containerPoint;
    if (this.heatOn) {
      const cell = this.heat.cellAt(event.latlng);
      this.element.style.cursor = cell ? "pointer" : "";
      this.events.pointed(cell ? { id: null, cls: "", grade: 4, name: "", look: null, over: false, cluster: null, cell, x: point.x, y: point.y } : null);
      return;
    }
    const hit = this.top(point);
    this.element.style.cursor = hit ? "pointer" : "";
    if (hit?.kind === "mark") {
      const { x, y } = hit.mark;
      this.marks.ring("hover", { x, y, radius: ringRadius(hit.mark, this.looks, this.drawnZoom) });
    } else this.marks.ring("hover", null);
    this.events.pointed(hit ? this.pointedOf(hit, point) : null);
  }

  private unpoint(): void {
    this.element.style.cursor = "";
    this.marks.ring("hover", null);
    this.events.pointed(null);
  }

  private click(event: L.LeafletMouseEvent): void {
    if (this.sketching?.active) return;
    if (this.events.pressed?.(event.latlng.lng, event.latlng.lat)) return;
    if (this.heatOn) {
      const cell = this.heat.cellAt(event.latlng);
      if (cell) this.events.pickedCell(cell);
      else this.events.pickedNothing(event.latlng.lng, event.latlng.lat);
      return;
    }
    const point = event.containerPoint;
    const exact = this.risk.hits(point);
    const hits = exact.length || this.fine ? exact : this.risk.hits(point, FINGER);
    // Clicking again where several lie on each other goes to the next below.
    const ids = hits.map((h) => (h.kind === "shape" ? h.shape.id : h.mark.kind === "single" ? h.mark.id : null));
    const now = this.chosenId === null ? -1 : ids.indexOf(this.chosenId);
    const hit = hits[now >= 0 ? (now + 1) % hits.length : 0];
    if (hit) this.open(hit);
    else this.events.pickedNothing(event.latlng.lng, event.latlng.lat);
  }

  private open(hit: Hit): void {
    if (hit.kind === "shape") this.events.picked(hit.shape.id);
    else if (hit.mark.kind === "single") this.events.picked(hit.mark.id);
    else {
      const { extent } = hit.mark;
      const bounds = L.latLngBounds([latOf(extent.maxY), lngOf(extent.minX)], [latOf(extent.minY), lngOf(extent.maxX)]);
      comeNearer(this.map, bounds);
    }
  }

  /** N and P, or brackets, walk through what is in view, worst first; Enter opens it; Escape lets go. */
  private key(event: KeyboardEvent): void {
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey) return;
    const walked: Walked | null = "]nN".includes(event.key) ? "next" : "[pP".includes(event.key) ? "back" : event.key === "Enter" ? "open" : event.key === "Escape" ? "leave" : null;
    if (walked && this.events.keyed?.(walked)) this.setFocus(null);
    else if (walked === "next") this.step(1);
    else if (walked === "back") this.step(-1);
    else if (event.key === "Enter") {
      if (this.focus) this.open({ kind: "mark", mark: this.focus });
      else if (this.focusCell) this.events.pickedCell(this.focusCell);
      else this.step(1);
    } else if (event.key === "Escape" && (this.focus || this.focusCell)) this.setFocus(null);
    else if (event.key === "Home") this.goHome();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private step(by: 1 | -1): void {
    if (this.heatOn) return this.stepCell(by);
    const list = this.risk.inView();
    if (!list.length) return;
    const same = (m: Mark): boolean => !!this.focus && m.kind === this.focus.kind && m.x === this.focus.x && m.y === this.focus.y;
    const now = list.findIndex(same);
    const next = now < 0 ? (by > 0 ? 0 : list.length - 1) : (now + by + list.length) % list.length;
    this.setFocus(list[next] ?? null, next, list.length);
  }

  /** From hexagon to hexagon, most first; Enter opens its list. */
  private stepCell(by: 1 | -1): void {
    const list = this.heat.inView();
    if (!list.length) return;
    const now = list.findIndex((h) => h.cell === this.focusCell?.cell);
    const next = now < 0 ? (by > 0 ? 0 : list.length - 1) : (now + by + list.length) % list.length;
    const cell = list[next];
    if (!cell) return;
    this.focusCell = cell;
    this.heat.focusOn(cell.cell);
    const point = this.map.latLngToContainerPoint([cell.lat, cell.lng]);
    this.events.focused({ id: null, cls: "", grade: 4, name: "", look: null, over: false, cluster: null, cell, x: point.x, y: point.y }, next + 1, list.length);
  }

  private setFocus(mark: Mark | null, i = 0, of = 0): void {
    if (!mark && !this.focus && !this.focusCell) return;
    this.focusCell = null;
    this.heat.focusOn(null);
    this.focus = mark;
    this.marks.ring("focus", mark ? { x: mark.x, y: mark.y, radius: ringRadius(mark, this.looks, this.drawnZoom) } : null);
    if (!mark) return this.events.focused(null, 0, 0);
    const point = this.map.latLngToContainerPoint([latOf(mark.y), lngOf(mark.x)]);
    this.events.focused(this.pointedOf({ kind: "mark", mark }, point), i + 1, of);
  }
}

/** A mark on the canvas; a cluster's grade and level are its badge's. */
interface Drawn { id: number; x: number; y: number; grade: GradeIndex; level: string | null; over: boolean }

/** An object as lists and cards have it. */
export interface Shown {
  id: number; class: string; grade: string; geometry: Geometry | null;
  level?: { scale: string; rank: number } | null; outside?: string | null; anchor?: readonly [number, number] | null; over?: string;
}

type Box4 = [number, number, number, number];
