/** A canvas over the whole view and some way round it, in Leaflet's pane: it moves and zooms with the map. */
import L from "leaflet";

const MARGIN = 0.25; // of the view, on each side: what a drag shows before it is drawn

export interface Projector {
  /** Share of the world (0–1) to pixels of the canvas. */
  (wx: number, wy: number): { x: number; y: number };
}

export abstract class CanvasLayer extends L.Layer {
  protected readonly canvas = document.createElement("canvas");
  private topLeft = L.point(0, 0); // layer point of the canvas's corner
  private centre = L.latLng(0, 0);
  private zoom = 0;
  private frame = 0;
  protected map: L.Map | undefined;

  constructor(private readonly pane: string) {
    super();
    this.canvas.className = "leaflet-zoom-animated map-canvas";
    this.canvas.setAttribute("aria-hidden", "true");
  }

  override onAdd(map: L.Map): this {
    this.map = map;
    map.getPane(this.pane)?.append(this.canvas);
    map.on("moveend zoomend resize viewreset", this.settle, this);
    map.on("zoomanim", this.animate, this);
    this.settle();
    return this;
  }

  override onRemove(map: L.Map): this {
    map.off("moveend zoomend resize viewreset", this.settle, this);
    map.off("zoomanim", this.animate, this);
    cancelAnimationFrame(this.frame);
    this.canvas.remove();
    this.map = undefined;
    return this;
  }

  /** Draw soon, once, however often it is asked for. */
  protected schedule(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paint());
  }

  /** Draw now: `project` gives canvas pixels. */
  protected abstract draw(ctx: CanvasRenderingContext2D, project: Projector, size: L.Point, zoom: number): void;

  /** The view has come to rest. */
  protected settled(): void {
    this.schedule();
  }

  private settle(): void {
    const map = this.map;
    if (!map) return;
    const size = map.getSize();
    this.topLeft = map.containerPointToLayerPoint(size.multiplyBy(-MARGIN)).round();
    this.centre = map.getCenter();
    this.zoom = map.getZoom();
    this.settled();
  }

  private paint(): void {
    const map = this.map;
    if (!map) return;
    const size = map.getSize().multiplyBy(1 + 2 * MARGIN).round();
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const width = Math.round(size.x * ratio);
    const height = Math.round(size.y * ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.canvas.style.width = `${size.x}px`;
      this.canvas.style.height = `${size.y}px`;
    }
    L.DomUtil.setTransform(this.canvas, this.topLeft, 1);
    const ctx = this.canvas.getContext("2d");
    if (!ctx) return;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, size.x, size.y);
    const zoom = map.getZoom();
    this.draw(ctx, this.projector(zoom), size, zoom);
  }

  protected projector(zoom: number): Projector {
    const map = this.map;
    const scale = 256 * 2 ** zoom;
    const origin = map ? map.getPixelOrigin().add(this.topLeft) : L.point(0, 0);
    return (wx, wy) => ({ x: wx * scale - origin.x, y: wy * scale - origin.y });
  }

  /** A point of the container as a point of the canvas. */
  protected toCanvas(point: L.Point): L.Point {
    return this.map ? this.map.containerPointToLayerPoint(point).subtract(this.topLeft) : point;
  }

  private animate(event: L.LeafletEvent): void {
    const map = this.map;
    if (!map) return;
    const { center, zoom } = event as L.ZoomAnimEvent;
    const scale = map.getZoomScale(zoom, this.zoom);
    const half = map.getSize().multiplyBy(0.5 + MARGIN);
    const from = map.project(this.centre, zoom);
    const to = map.project(center, zoom);
    const offset = half.multiplyBy(-scale).add(from).subtract(to).add(map.getSize().divideBy(2));
    L.DomUtil.setTransform(this.canvas, map.containerPointToLayerPoint(offset), scale);
  }
}
