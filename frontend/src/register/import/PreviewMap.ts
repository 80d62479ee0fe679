/** A small map of an import's points: where they fall, where the sender's own numbers would, and one place to be set by hand. */
import * as L from "leaflet";
import { BasemapLayer, type Features } from "../../map/BasemapLayer";
import { boxOf, type Frame, worldSize, worldX, worldY } from "../../map/mercator";
import { type Palette, readPalette } from "../../map/palette";
import { type ScaleBar, scaleBar } from "../../map/scaleBar";
import { ViewportLayer } from "../../map/ViewportLayer";

/** A point by the number of its row; `from` is what the sender's numbers would be if taken as they are. */
export interface Spot { line: number; lon: number; lat: number; from?: { lon: number; lat: number } | null }

export interface PreviewEvents {
  /** A point, or none, was clicked. */
  picked(line: number | null): void;
  /** A place of the map was clicked, or chosen with Enter. */
  clicked(lon: number, lat: number): void;
  moved(lon: number, lat: number): void;
  viewed(): void;
}

type Box4 = [number, number, number, number];
const REACH = 9; // pixels from a point that still mean it

interface Drawn { line: number; x: number; y: number; fx: number; fy: number } // world units; fx NaN: none

class SpotLayer extends ViewportLayer {
  private spots: Drawn[] = [];
  private chosen: number | null = null;

  constructor(private readonly palette: Palette) {
    super("spots");
  }

  show(spots: readonly Spot[]): void {
    this.spots = spots.map((s) => ({ line: s.line, x: worldX(s.lon), y: worldY(s.lat), fx: s.from ? worldX(s.from.lon) : NaN, fy: s.from ? worldY(s.from.lat) : NaN }));
    this.redraw();
  }

  choose(line: number | null): void {
    this.chosen = line;
    this.redraw();
  }

  /** The nearest point within reach of a place of the world. */
  near(x: number, y: number, zoom: number): number | null {
    let best = REACH / worldSize(zoom);
    let line: number | null = null;
    for (const s of this.spots) {
      const d = Math.hypot(s.x - x, s.y - y);
      if (d <= best) [best, line] = [d, s.line];
    }
    return line;
  }

  /** How many stand in the view: for tests, which cannot read pixels as a person does. */
  count(): number {
    return this.spots.length;
  }

  protected override paint(c: CanvasRenderingContext2D, frame: Frame): void {
    const p = this.palette;
    const size = worldSize(frame.zoom);
    const view = boxOf(frame, 12);
    const seen = (x: number, y: number): boolean => x >= view.minX && x <= view.maxX && y >= view.minY && y <= view.maxY;
    const drawn = this.spots.filter((s) => seen(s.x, s.y) || seen(s.fx, s.fy));
    const radius = drawn.length > 2000 ? 2.5 : 4;
    // One path for all lines, one for all rings, one for all dots: thousands stay fluid.
    c.strokeStyle = p.ink3;
    c.lineWidth = 1;
    c.beginPath();
    for (const s of drawn) {
      if (Number.isNaN(s.fx)) continue;
      c.moveTo(s.x * size - frame.left, s.y * size - frame.top);
      c.lineTo(s.fx * size - frame.left, s.fy * size - frame.top);
    }
    c.stroke();
    c.beginPath();
    for (const s of drawn) {
      if (Number.isNaN(s.fx)) continue;
      const x = s.fx * size - frame.left;
      const y = s.fy * size - frame.top;
      c.moveTo(x + radius - 0.5, y);
      c.arc(x, y, radius - 0.5, 0, Math.PI * 2);
    }
    c.fillStyle = p.surface;
    c.fill();
    c.lineWidth = 1.3;
    c.stroke();
    c.beginPath();
    for (const s of drawn) {
      const x = s.x * size - frame.left;
      const y = s.y * size - frame.top;
      c.moveTo(x + radius, y);
      c.arc(x, y, radius, 0, Math.PI * 2);
    }
    c.fillStyle = p.accent;
    c.fill();
    c.strokeStyle = p.surface;
    c.lineWidth = 1;
    c.stroke();
    const one = this.spots.find((s) => s.line === this.chosen);
    if (one) ring(c, p, one.x * size - frame.left, one.y * size - frame.top);
  }
}

/** The pin that is set by hand. */
class PinLayer extends ViewportLayer {
  private at: { x: number; y: number } | null = null;

  constructor(private readonly palette: Palette) {
    super("pin");
  }

  set(at: { x: number; y: number } | null): void {
    this.at = at;
    this.redraw();
  }

  protected override paint(c: CanvasRenderingContext2D, frame: Frame): void {
    if (!this.at) return;
    const p = this.palette;
    const x = this.at.x * worldSize(frame.zoom) - frame.left;
    const y = this.at.y * worldSize(frame.zoom) - frame.top;
    c.beginPath();
    c.moveTo(x, y);
    c.bezierCurveTo(x - 4, y - 8, x - 10, y - 12, x - 10, y - 20);
    c.arc(x, y - 20, 10, Math.PI, 0);
    c.bezierCurveTo(x + 10, y - 12, x + 4, y - 8, x, y);
    c.closePath();
    c.fillStyle = p.accent;
    c.strokeStyle = p.surface;
    c.lineWidth = 2;
    c.fill();
    c.stroke();
    c.beginPath();
    c.arc(x, y - 20, 4, 0, Math.PI * 2);
    c.fillStyle = p.surface;
    c.fill();
  }
}

function ring(c: CanvasRenderingContext2D, p: Palette, x: number, y: number): void {
  for (const [r, colour, width] of [[9, p.surface, 4], [9, p.select, 2]] as const) {
    c.beginPath();
    c.arc(x, y, r, 0, Math.PI * 2);
    c.strokeStyle = colour;
    c.lineWidth = width;
    c.stroke();
  }
}

export class PreviewMap {
  private readonly map: L.Map;
  private readonly base: BasemapLayer;
  private readonly spots: SpotLayer;
  private readonly pin: PinLayer;
  private readonly home: L.LatLngBounds;
  private fine = true;
  private unfitted: readonly Spot[] | null = null; // what is to be fitted once the map can be seen

  constructor(private readonly element: HTMLElement, private readonly events: PreviewEvents, home: Box4, reducedMotion: boolean, private readonly placing: boolean) {
    const palette = readPalette(element);
    this.map = L.map(element, {
      zoomControl: false, attributionControl: false, minZoom: 5, maxZoom: 19, zoomAnimation: !reducedMotion, fadeAnimation: false,
      markerZoomAnimation: false, inertia: !reducedMotion, wheelPxPerZoomLevel: 100, keyboardPanDelta: 100, zoomSnap: 0.5, doubleClickZoom: !placing,
    });
    for (const [name, z] of [["basemap", 200], ["labels", 380], ["spots", 400], ["pin", 450]] as const) this.map.createPane(name).style.zIndex = String(z);
    this.base = new BasemapLayer(palette);
    this.spots = new SpotLayer(palette);
    this.pin = new PinLayer(palette);
    this.home = L.latLngBounds([home[1], home[0]], [home[3], home[2]]);
    this.goHome(false);
    for (const layer of [this.base, this.base.labels, this.spots, this.pin]) layer.addTo(this.map);
    this.listen();
    document.fonts.addEventListener("loadingdone", this.repaint);
  }

  private readonly repaint = (): void => {
    this.base.redraw();
    this.base.labels.redraw();
  };

  remove(): void {
    document.fonts.removeEventListener("loadingdone", this.repaint);
    this.map.remove();
  }

  setBasemap(layer: string, data: Features): void {
    this.base.setLayer(layer, data);
  }

  setDivisions(level: "city" | "county" | "town", data: Features): void {
    this.base.setDivisions(level, data);
  }

  show(spots: readonly Spot[]): void {
    this.spots.show(spots);
  }

  /** Rings a point and brings it into view. */
  choose(spot: Spot | null): void {
    this.spots.choose(spot?.line ?? null);
    if (spot) this.map.panInside([spot.lat, spot.lon], { padding: [48, 48] });
  }

  /** Everything that is shown, or the whole territory where nothing is. */
  fit(spots: readonly Spot[]): void {
    const { x, y } = this.map.getSize();
    this.unfitted = x && y ? null : spots;
    if (this.unfitted) return;
    const inside = spots.filter((s) => this.home.pad(0.5).contains([s.lat, s.lon]));
    const shown = inside.length ? inside : spots;
    if (!shown.length) return this.goHome(false);
    this.map.fitBounds(L.latLngBounds(shown.map((s) => [s.lat, s.lon])).pad(0.05), { padding: [24, 24], maxZoom: 13, animate: false });
  }

  setPin(at: { lon: number; lat: number } | null, near = false): void {
    this.pin.set(at && { x: worldX(at.lon), y: worldY(at.lat) });
    if (!at) return;
    if (near) this.map.setView([at.lat, at.lon], Math.max(this.map.getZoom(), 13));
    else this.map.panInside([at.lat, at.lon], { padding: [64, 64] });
  }

  fitBox(box: Box4): void {
    this.map.fitBounds([[box[1], box[0]], [box[3], box[2]]], { padding: [16, 16], maxZoom: 14 });
  }

  zoomIn(): void { this.map.zoomIn(); }
  zoomOut(): void { this.map.zoomOut(); }
  goHome(animate = true): void { this.map.fitBounds(this.home, { animate, padding: [8, 8] }); }
  /** A map that was made while it was not to be seen finds its view now. */
  resized(): void {
    this.map.invalidateSize({ pan: false });
    if (this.unfitted) this.fit(this.unfitted);
  }
  count(): number { return this.spots.count(); }

  pointOf(lon: number, lat: number): { x: number; y: number } {
    const { x, y } = this.map.latLngToContainerPoint([lat, lon]);
    return { x, y };
  }

  scale(most: number): ScaleBar {
    return scaleBar(this.map.getCenter().lat, this.map.getZoom(), most);
  }

  private listen(): void {
    const { map, element } = this;
    element.addEventListener("pointerdown", () => element.classList.add("by-hand"));
    element.addEventListener("pointermove", (event) => (this.fine = event.pointerType === "mouse"));
    element.addEventListener("keydown", (event) => {
      element.classList.remove("by-hand");
      if (event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Home") this.goHome();
      else if (event.key === "Enter" && this.placing) this.events.clicked(map.getCenter().lng, map.getCenter().lat);
      else return;
      event.preventDefault();
    });
    map.on("mousemove", (event) => {
      this.events.moved(event.latlng.lng, event.latlng.lat);
      if (this.fine && !this.placing) element.style.cursor = this.near(event.latlng) === null ? "" : "pointer";
    });
    map.on("click", (event) => {
      if (this.placing) this.events.clicked(event.latlng.lng, event.latlng.lat);
      else this.events.picked(this.near(event.latlng));
    });
    map.on("moveend zoomend resize", () => this.events.viewed());
  }

  private near(at: L.LatLng): number | null {
    return this.spots.near(worldX(at.lng), worldY(at.lat), this.map.getZoom());
  }
}

