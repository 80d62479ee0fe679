/** A layer with one canvas over the whole view and a margin round it; it moves with the map and is repainted when the map rests. */
import * as L from "leaflet";
import { type Frame } from "./mercator";

const MARGIN = 0.25; // of the view's size, on each side

export abstract class ViewportLayer extends L.Layer {
  protected readonly canvas: HTMLCanvasElement;
  protected readonly context: CanvasRenderingContext2D;
  protected frame: Frame | null = null;
  private center: L.LatLng | null = null;
  private ratio = 1;
  private pending = 0;

  constructor(private readonly paneName: string) {
    super();
    this.canvas = document.createElement("canvas");
    this.canvas.className = "leaflet-zoom-animated";
    this.canvas.style.pointerEvents = "none";
    this.canvas.setAttribute("aria-hidden", "true");
    const context = this.canvas.getContext("2d");
    if (!context) throw new Error("canvas 2d");
    this.context = context;
  }

  /** Paint the frame; the context is in CSS pixels and empty. */
  protected abstract paint(context: CanvasRenderingContext2D, frame: Frame): void;

  /** The view has come to rest somewhere else. */
  protected moved(): void {}

  override onAdd(map: L.Map): this {
    map.getPane(this.paneName)?.append(this.canvas);
    this.reframe();
    return this;
  }

  override onRemove(): this {
    this.canvas.remove();
    cancelAnimationFrame(this.pending);
    this.pending = 0;
    this.frame = null;
    return this;
  }

  override getEvents(): Record<string, L.LeafletEventHandlerFn> {
    return {
      viewreset: () => this.reframe(),
      moveend: () => this.reframe(),
      resize: () => this.reframe(),
      move: () => this.follow(),
      zoom: () => this.place(this._map.getCenter(), this._map.getZoom()),
      zoomanim: (event) => {
        const { center, zoom } = event as L.ZoomAnimEvent;
        this.place(center, zoom);
      },
    };
  }

  /** Paint again at the next frame of the screen. */
  redraw(): void {
    if (this.pending || !this.frame) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      this.repaint();
    });
  }

  /** While dragging: repaint before the margin is used up. */
  private follow(): void {
    const { frame } = this;
    if (!frame || this._map.getZoom() !== frame.zoom) return;
    const corner = this._map.project(this._map.getCenter(), frame.zoom).subtract(this._map.getSize().divideBy(2));
    const marginX = frame.width * (MARGIN / (1 + 2 * MARGIN));
    const marginY = frame.height * (MARGIN / (1 + 2 * MARGIN));
    const offX = Math.abs(corner.x - frame.left - marginX);
    const offY = Math.abs(corner.y - frame.top - marginY);
    if (offX > marginX * 0.7 || offY > marginY * 0.7) this.reframe();
  }

  private reframe(): void {
    const map = this._map;
    if (!map) return;
    const size = map.getSize();
    if (!size.x || !size.y) return;
    const zoom = map.getZoom();
    const min = map.containerPointToLayerPoint(size.multiplyBy(-MARGIN)).round();
    const origin = map.getPixelOrigin();
    const width = Math.round(size.x * (1 + 2 * MARGIN));
    const height = Math.round(size.y * (1 + 2 * MARGIN));
    this.center = map.getCenter();
    this.frame = { zoom, left: min.x + origin.x, top: min.y + origin.y, width, height };
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    if (this.canvas.width !== width * ratio || this.canvas.height !== height * ratio || this.ratio !== ratio) {
      this.ratio = ratio;
      this.canvas.width = width * ratio;
      this.canvas.height = height * ratio;
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${height}px`;
    }
    L.DomUtil.setTransform(this.canvas, min, 1);
    this.repaint();
    this.moved();
  }

  private repaint(): void {
    if (!this.frame) return;
    const { context } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.paint(context, this.frame);
  }

  /** While zooming: the painted picture is stretched, as Leaflet does with its own. */
  private place(center: L.LatLng, zoom: number): void {
    const { frame } = this;
    if (!frame || !this.center) return;
    const map = this._map;
    const half = map.getSize().divideBy(2);
    const scale = map.getZoomScale(zoom, frame.zoom);
    const panePosition = L.DomUtil.getPosition(map.getPane("mapPane") as HTMLElement);
    const newOrigin = map.project(center, zoom).subtract(half).add(panePosition).round();
    const corner = L.point(frame.left, frame.top).multiplyBy(scale);
    L.DomUtil.setTransform(this.canvas, corner.subtract(newOrigin), scale);
  }
}
