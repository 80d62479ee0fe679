/**
 * Drawing and changing shapes on the map: geoman does the handles, this says what is drawn, in our words and keys.
 *
 *     const sketch = riskMap.sketch();
 *     sketch.draw("polygon", { changed: (shape) => …, finished: (shape) => …, cancelled: () => … });
 *     sketch.edit({ type: "Circle", center: [116, 29.7], radius_m: 2000 }, { finished: … });
 *     sketch.finish();  sketch.cancel();
 *
 * One at a time: beginning another cancels the one before. What has been finished is no longer drawn here.
 */
import * as L from "leaflet";
import { areaWords, distanceWords, SKETCH as W } from "../words/sketch";
import { type Circle, crossesItself, type Geodesic, geodesic, type Position } from "./geodesic";
import type { Geometry } from "./mercator";

export type SketchKind = "point" | "line" | "polygon" | "circle";
/** A geometry in lng/lat, or a circle in ground metres. */
export type Shape = Geometry | Circle;

export interface SketchOptions {
  /** Live, also while the pointer moves; what could not be finished yet is told too. */
  changed?(shape: Shape): void;
  finished?(shape: Shape): void;
  cancelled?(): void;
  /** What to say instead of the usual first sentence. */
  hint?: string;
  /** Whether length, area or radius are said beside it; true unless the caller says them himself. */
  measured?: boolean;
}

const LEAST = { point: 1, line: 2, polygon: 3, circle: 2 } as const;
const SHAPE = { point: "Marker", line: "Line", polygon: "Polygon", circle: "Circle" } as const;
const DIGITS = 7; // of a degree: 1 cm
const MOST_STEPS = 100;
const PANE = "sketch";
const HANDLES = "sketch-handles";

/** What geoman's drawing of one kind does for its own toolbar, without saying so in its types. */
interface Drawing { _removeLastVertex?(): void; _finishShape?: ((event?: object) => void) | undefined; _syncHintLine?(): void; _hintMarker?: L.Marker; _layer?: L.Layer }

type Sketched = L.Marker | L.Polyline | L.Polygon | L.Circle;

interface Session {
  kind: SketchKind;
  editing: boolean;
  options: SketchOptions;
  layers: Sketched[]; // while editing
  begun: Shape | null;
  steps: Shape[]; // while editing: what Backspace goes back to
  refused: boolean; // the last click would have crossed: without that point it would be another area than was meant
  stop: (() => void)[];
}

export class Sketch {
  private session: Session | null = null;
  private earth: Geodesic | null = null;
  private panel: HTMLElement | null = null;
  private cursor: L.LatLng | null = null;

  constructor(private readonly map: L.Map, private readonly element: HTMLElement) {}

  /** While it is, the map's own click and hover pick nothing. */
  get active(): boolean {
    return this.session !== null;
  }

  async draw(kind: SketchKind, options: SketchOptions = {}): Promise<void> {
    const session = await this.begin({ kind, editing: false, options, layers: [], begun: null, steps: [], refused: false, stop: [] });
    if (!session) return;
    const { map } = this;
    const colour = getComputedStyle(this.element).getPropertyValue("--accent").trim();
    const line = { color: colour, weight: 2 };
    map.pm.setGlobalOptions({ panes: { layerPane: PANE, vertexPane: HANDLES, markerPane: HANDLES }, snappable: false });
    const dbl = map.doubleClickZoom.enabled();
    map.doubleClickZoom.disable();
    session.stop.push(() => dbl && setTimeout(() => map.doubleClickZoom.enable(), 300));
    const listen = (type: string, f: (event: never) => void): void => {
      map.on(type as "click", f as never);
      session.stop.push(() => map.off(type as "click", f as never));
    };
    listen("mousemove", (event: L.LeafletMouseEvent) => {
      if (event.originalEvent.isTrusted && kind === "point") this.element.classList.remove("sketch-by-key"); // a hand is at it again
      // On its way to a button the pointer is at no place of the line.
      const aside = (kind === "line" || kind === "polygon") && event.originalEvent.target instanceof Node && this.panel?.contains(event.originalEvent.target);
      this.cursor = aside ? null : event.latlng;
      this.tell();
    });
    listen("pm:create", ({ layer }: { layer: L.Layer }) => {
      layer.remove();
      const shape = shapeOf([layer as L.Marker], kind);
      // Geoman has not tidied up after itself yet.
      queueMicrotask(() => {
        if (this.session === session) this.end(() => options.finished?.(shape));
      });
    });
    listen("pm:drawstart", ({ workingLayer }: { workingLayer: L.Layer }) => {
      for (const type of ["pm:vertexadded", "pm:vertexremoved", "pm:centerplaced"]) workingLayer.on(type, () => this.tell());
    });
    this.cursor = null;
    if (kind === "polygon") this.guard(session);
    map.pm.enableDraw(SHAPE[kind], {
      snappable: false, tooltips: false, cursorMarker: kind !== "point", allowSelfIntersection: kind !== "polygon", continueDrawing: false, markerEditable: false,
      ...(kind === "line" || kind === "polygon" ? { finishOn: "dblclick" as const } : {}),
      markerStyle: { icon: L.divIcon({ className: "sketch-pin" }), draggable: false }, resizeableCircle: true,
      templineStyle: line, hintlineStyle: { ...line, dashArray: "5 5" }, pathOptions: line,
    });
    session.stop.push(() => map.pm.disableDraw(SHAPE[kind]));
    // After geoman's own listener, so that the point is taken by now or has been refused.
    if (kind === "polygon") listen("click", ({ latlng }: L.LeafletMouseEvent) => {
      const last = this.placed(session).at(-1);
      session.refused = last !== undefined && !last.equals(latlng);
      this.tell();
    });
    const byKey = !!document.activeElement?.matches(":focus-visible"); // begun without a hand
    if (kind === "point" && byKey) this.byKey();
    // The arrows and the space bar are the map's now; a field that is typed in keeps them.
    if ((kind === "point" || byKey) && !document.activeElement?.matches("input, textarea, select")) map.getContainer().focus({ preventScroll: true });
    this.tell();
  }

  async edit(shape: Shape, options: SketchOptions = {}): Promise<void> {
    const session = await this.begin({ kind: kindOf(shape), editing: true, options, layers: [], begun: shape, steps: [], refused: false, stop: [] });
    if (!session) return;
    this.map.pm.setGlobalOptions({ panes: { layerPane: PANE, vertexPane: HANDLES, markerPane: HANDLES }, snappable: false });
    session.stop.push(() => this.drop(session));
    this.put(session, shape);
    this.say();
  }

  /** Takes what is drawn as it is, if it is whole. */
  finish(): void {
    const { session } = this;
    if (!session) return;
    const shape = this.shape(false);
    if (session.editing) {
      if (shape && !this.wrong(shape)) this.end(() => session.options.finished?.(shape));
      return;
    }
    const drawing = this.drawing(session);
    if (session.kind === "point") {
      if (this.cursor) this.end(() => session.options.finished?.(pointAt(this.cursor as L.LatLng)));
    } else if (session.kind === "circle") {
      if (this.centre(session) && this.cursor) drawing._finishShape?.({ latlng: this.cursor });
    } else if (shape && vertices(shape).length >= LEAST[session.kind]) {
      const pointed = this.shape(true);
      if (session.kind === "polygon" && (session.refused || this.wrong(shape) || (pointed && this.wrong(pointed)))) this.say(W.crossing);
      else drawing._finishShape?.();
    } else this.say(W.moreVertices(LEAST[session.kind]));
  }

  cancel(): void {
    const { session } = this;
    if (session) this.end(() => session.options.cancelled?.());
  }

  /** The last vertex back, or the last change. */
  undo(): void {
    const { session } = this;
    if (!session) return;
    if (session.editing) {
      const back = session.steps.pop();
      if (!back) return;
      this.put(session, back);
      this.tell();
    } else if (session.refused) {
      const last = this.placed(session).at(-1);
      const { _hintMarker: hint } = this.drawing(session);
      session.refused = false;
      this.cursor = null;
      if (last) hint?.setLatLng(last); // nor does a line lead to it any more
      this.drawing(session)._syncHintLine?.();
      this.tell();
    } else if (session.kind === "circle" ? this.centre(session) : this.placed(session).length === 1) {
      const { options } = session;
      session.options = {}; // begun anew, not given up
      void this.draw(session.kind, options);
    } else if (this.placed(session).length) {
      this.drawing(session)._removeLastVertex?.();
      this.tell();
    }
  }

  // -- Beginning and end ----------------------------------------------------------

  private async begin(session: Session): Promise<Session | null> {
    this.cancel();
    this.session = session;
    this.show(session);
    try {
      const [, , earth] = await Promise.all([
        import("@geoman-io/leaflet-geoman-free"), import("@geoman-io/leaflet-geoman-free/dist/leaflet-geoman.css"), geodesic(), import("./sketch.css"),
      ]);
      this.earth = earth;
    } catch (error) {
      if (this.session !== session) return null;
      this.end(() => session.options.cancelled?.());
      throw new Error(W.failed, { cause: error });
    }
    if (this.session !== session) return null;
    this.element.classList.remove("sketch-loading");
    if (!this.map.getPane(PANE)) {
      this.map.createPane(PANE).style.zIndex = "460";
      this.map.createPane(HANDLES).style.zIndex = "470";
    }
    // Its vertices are moved by hand alone: without this each would call itself a button and have no name.
    (window as unknown as { L: typeof L }).L.Marker.mergeOptions({ keyboard: false });
    pm().reInitLayer(this.map as unknown as L.Layer); // the map is older than the library
    return session;
  }

  private end(then: () => void): void {
    const { session } = this;
    if (!session) return;
    this.session = null;
    for (const stop of session.stop.reverse()) stop();
    this.panel?.remove();
    this.panel = null;
    this.element.classList.remove("sketching", "sketch-loading");
    then();
  }

  // -- What is drawn ----------------------------------------------------------------

  private drawing(session: Session): Drawing {
    return (this.map.pm.Draw as unknown as Record<string, Drawing>)[SHAPE[session.kind]] ?? {};
  }

  /** Geoman also finishes by itself: at a double click, or at the first vertex. Not after a point that it has refused. */
  private guard(session: Session): void {
    const drawing = this.drawing(session);
    const finish = drawing._finishShape;
    drawing._finishShape = (event) => (session.refused ? this.say() : finish?.call(drawing, event));
    session.stop.push(() => delete drawing._finishShape); // its class has its own
  }

  private placed(session: Session): L.LatLng[] {
    const layer = this.drawing(session)._layer;
    return layer instanceof L.Polyline ? (layer.getLatLngs().flat(2) as L.LatLng[]) : [];
  }

  private centre(session: Session): L.LatLng | null {
    const layer = this.drawing(session)._layer;
    return layer instanceof L.Circle && this.map.hasLayer(layer) ? layer.getLatLng() : null;
  }

  /** The shape as it stands; with the pointer's place as its next vertex where one is being drawn. */
  private shape(withPointer: boolean): Shape | null {
    const { session, cursor } = this;
    if (!session) return null;
    if (session.editing) return session.layers.length ? shapeOf(session.layers, session.kind, session.begun) : null;
    if (session.kind === "point") return cursor ? pointAt(cursor) : null;
    if (session.kind === "circle") {
      const centre = this.centre(session);
      return centre && cursor ? { type: "Circle", center: positionOf(centre), radius_m: round1(this.map.distance(centre, cursor)) } : null;
    }
    const line = this.placed(session).map(positionOf);
    const last = line.at(-1);
    if (withPointer && line.length && cursor && last && (last[0] !== positionOf(cursor)[0] || last[1] !== positionOf(cursor)[1])) line.push(positionOf(cursor));
    if (line.length < 2) return null;
    return session.kind === "polygon" && line.length > 2 ? { type: "Polygon", coordinates: [[...line, line[0]]] } : { type: "LineString", coordinates: line };
  }

  private wrong(shape: Shape): boolean {
    return "coordinates" in shape && ringsOf(shape).some((ring) => crossesItself(ring.slice(0, -1)));
  }

  private put(session: Session, shape: Shape): void {
    this.drop(session);
    const colour = getComputedStyle(this.element).getPropertyValue("--accent").trim();
    session.layers = layersOf(shape, { color: colour, weight: 2, pane: PANE, pmIgnore: false });
    for (const layer of session.layers) {
      layer.addTo(this.map);
      if (!layer.pm) pm().reInitLayer(layer);
      layer.pm.enable({ snappable: false, allowSelfIntersection: true, draggable: true, preventMarkerRemoval: false } as L.PM.EditModeOptions);
      // Each of these comes after the layer has moved; "before" is what Backspace goes back to.
      let before = this.shape(false);
      for (const type of ["pm:change", "pm:drag", "drag"]) layer.on(type, () => this.tell());
      for (const type of ["pm:edit", "pm:dragend", "dragend"])
        layer.on(type, () => {
          const now = this.shape(false);
          if (before && JSON.stringify(before) !== JSON.stringify(now)) {
            session.steps.push(before);
            session.steps.splice(0, session.steps.length - MOST_STEPS);
          }
          before = now;
          this.tell();
        });
    }
  }

  private drop(session: Session): void {
    for (const layer of session.layers) {
      layer.pm?.disable();
      layer.remove();
    }
    session.layers = [];
  }

  private tell(): void {
    const { session } = this;
    const shape = session && this.shape(true);
    if (shape) session.options.changed?.(shape);
    this.say();
  }

  // -- Words, buttons, keys ------------------------------------------------------------

  private show(session: Session): void {
    const panel = document.createElement("div");
    panel.className = "float sketch-panel";
    const text = document.createElement("p");
    text.setAttribute("role", "status");
    panel.append(text);
    const buttons: [string, string, () => void][] = [[W.finish, "finish", () => this.finish()], [W.undo, "undo", () => this.undo()], [W.cancel, "cancel", () => this.cancel()]];
    for (const [words, name, act] of buttons) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = `btn sm${name === "finish" ? " pri" : ""}`;
      button.textContent = words;
      button.addEventListener("click", act);
      panel.append(button);
    }
    panel.title = W.keys;
    L.DomEvent.disableClickPropagation(panel);
    L.DomEvent.disableScrollPropagation(panel);
    this.element.append(panel);
    this.panel = panel;
    this.element.classList.add("sketching", "sketch-loading"); // no crosshair before a click counts
    text.textContent = W.loading;
    const key = (event: KeyboardEvent): void => this.key(event);
    window.addEventListener("keydown", key, true);
    session.stop.push(() => window.removeEventListener("keydown", key, true));
  }

  private say(told = ""): void {
    const { session, panel } = this;
    const text = panel?.querySelector("p");
    if (!session || !text) return;
    const shape = this.shape(true);
    const wrong = told ? told === W.crossing : session.refused || (shape !== null && this.wrong(shape));
    const measured = shape && session.options.measured !== false ? this.measured(shape) : "";
    text.textContent = told || (wrong ? W.crossing : [this.step(session), measured].filter(Boolean).join("　"));
    panel?.classList.toggle("wrong-shape", wrong || !!told);
    this.element.classList.toggle("sketch-wrong", wrong);
    const finish = panel?.querySelector<HTMLButtonElement>(".pri");
    if (finish) finish.disabled = wrong;
    const line = this.drawing(session)._layer;
    if (!session.editing && session.kind === "polygon" && line instanceof L.Polyline) line.setStyle({ color: getComputedStyle(this.element).getPropertyValue(wrong ? "--error" : "--accent").trim() || (wrong ? "#B0155B" : "#0B5F66") });
  }

  private step(session: Session): string {
    const { kind, editing, options } = session;
    if (editing) return options.hint ?? (kind === "point" ? W.pointEdit : kind === "circle" ? W.editCircle : W.edit);
    if (kind === "point") return this.keyed ? W.pointKeys : (options.hint ?? W.point);
    if (kind === "circle") return this.centre(session) ? W.circleEdge : (options.hint ?? W.circleCentre);
    const n = this.placed(session).length;
    if (!n) return options.hint ?? W.firstVertex;
    return n < LEAST[kind] ? W.moreVertices(LEAST[kind]) : W.nextVertex;
  }

  private measured(shape: Shape): string {
    const { earth } = this;
    if (!("coordinates" in shape)) return W.radius(distanceWords(shape.radius_m));
    if (!earth) return "";
    if (shape.type.endsWith("Polygon")) return W.area(areaWords(earth.area(shape)));
    return shape.type === "LineString" ? W.length(distanceWords(earth.length(shape.coordinates as Position[]))) : "";
  }

  private key(event: KeyboardEvent): void {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
    const onButton = target instanceof HTMLElement && target.closest("button, a") !== null;
    const { session } = this;
    // A point: the arrows move the map under the cross, and either key takes what is under it.
    if (session?.kind === "point" && !session.editing && event.key.startsWith("Arrow")) return this.byKey();
    if (event.key === "Escape") this.cancel();
    else if (event.key === "Enter" && !onButton && session?.kind === "point" && !session.editing && (this.keyed || !this.cursor)) this.placeAtCentre();
    else if (event.key === "Enter" && !onButton) this.finish();
    else if (event.key === "Backspace" || event.key === "Delete") this.undo();
    else if (event.key === " " && !onButton) this.placeAtCentre();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /** Without a mouse: the arrows move the map, the space bar puts a vertex in its middle. */
  private placeAtCentre(): void {
    const { session } = this;
    if (!session || session.editing) return;
    this.element.classList.add("sketch-by-key");
    session.stop.push(() => this.element.classList.remove("sketch-by-key"));
    const latlng = this.map.getCenter();
    for (const type of ["mousemove", "click"]) this.map.fire(type, { latlng, containerPoint: this.map.latLngToContainerPoint(latlng), originalEvent: new MouseEvent(type) });
  }

  /** Whether it goes by keys just now: the cross is shown. */
  private get keyed(): boolean {
    return this.element.classList.contains("sketch-by-key");
  }
  private byKey(): void {
    const { session } = this;
    if (!session || this.keyed) return;
    this.element.classList.add("sketch-by-key");
    session.stop.push(() => this.element.classList.remove("sketch-by-key"));
    this.cursor = null;
    this.say();
  }
}

// -- Shapes and layers -----------------------------------------------------------------

/** Geoman hangs itself on the global that Leaflet leaves, which a bundler's namespace does not see. */
function pm(): typeof L.PM {
  return (window as unknown as { L: typeof L }).L.PM;
}

function kindOf(shape: Shape): SketchKind {
  if (!("coordinates" in shape)) return "circle";
  return shape.type.endsWith("Point") ? "point" : shape.type.endsWith("LineString") ? "line" : "polygon";
}

function round(v: number): number {
  return Number(v.toFixed(DIGITS));
}
function round1(m: number): number {
  return Math.round(m * 10) / 10;
}
function positionOf({ lng, lat }: L.LatLng): Position {
  return [round(lng), round(lat)];
}
function pointAt(at: L.LatLng): Geometry {
  return { type: "Point", coordinates: positionOf(at) };
}

function ringsOf({ type, coordinates }: Geometry): Position[][] {
  return type === "Polygon" ? (coordinates as Position[][]) : type === "MultiPolygon" ? (coordinates as Position[][][]).flat() : [];
}

function vertices(shape: Shape): Position[] {
  if (!("coordinates" in shape)) return [shape.center];
  if (shape.type === "Polygon") return (shape.coordinates as Position[][]).flatMap((ring) => ring.slice(0, -1));
  return shape.type === "LineString" ? (shape.coordinates as Position[]) : [];
}

function layersOf(shape: Shape, style: L.PathOptions & { pmIgnore: boolean }): Sketched[] {
  if (!("coordinates" in shape)) return [L.circle([shape.center[1], shape.center[0]], { ...style, radius: shape.radius_m })];
  const at = ([lng, lat]: Position): L.LatLng => L.latLng(lat, lng);
  const pin = (p: Position): L.Marker => L.marker(at(p), { icon: L.divIcon({ className: "sketch-pin" }), draggable: true, pane: HANDLES, keyboard: false });
  const open = (ring: Position[]): L.LatLng[] => ring.slice(0, -1).map(at);
  const c = shape.coordinates;
  switch (shape.type) {
    case "Point": return [pin(c as Position)];
    case "MultiPoint": return (c as Position[]).map(pin);
    case "LineString": return [L.polyline((c as Position[]).map(at), style) as L.Polyline];
    case "MultiLineString": return (c as Position[][]).map((l) => L.polyline(l.map(at), style) as L.Polyline);
    case "Polygon": return [L.polygon((c as Position[][]).map(open), style)];
    case "MultiPolygon": return (c as Position[][][]).map((p) => L.polygon(p.map(open), style));
    default: return [];
  }
}

/** What the layers stand for; a Multi… stays one where it was one. */
function shapeOf(layers: readonly L.Layer[], kind: SketchKind, like: Shape | null = null): Shape {
  const [first] = layers;
  if (kind === "circle" && first instanceof L.Circle) return { type: "Circle", center: positionOf(first.getLatLng()), radius_m: round1(first.getRadius()) };
  const closed = (ring: L.LatLng[]): Position[] => {
    const out = ring.map(positionOf);
    return [...out, out[0] as Position];
  };
  const parts = layers.flatMap((layer): unknown[] => {
    if (layer instanceof L.Marker) return [positionOf(layer.getLatLng())];
    if (layer instanceof L.Polygon) {
      const rings = layer.getLatLngs() as L.LatLng[][];
      return rings.some((r) => r.length > 2) ? [rings.filter((r) => r.length > 2).map(closed)] : [];
    }
    return layer instanceof L.Polyline ? [(layer.getLatLngs() as L.LatLng[]).map(positionOf)] : [];
  });
  const single = { point: "Point", line: "LineString", polygon: "Polygon", circle: "Polygon" }[kind];
  return parts.length > 1 || like?.type.startsWith("Multi") ? { type: `Multi${single}`, coordinates: parts } : { type: single, coordinates: parts[0] };
}
