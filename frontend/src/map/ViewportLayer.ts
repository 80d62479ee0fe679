/** A layer with one canvas over the whole view and a margin round it; it moves with the map and is repainted when the map rests. */
import * as L from "leaflet";
import { type Frame } from "./mercator";

const MARGIN = 0.25; // of the view's size, on each side
const WIDEST_MARGIN = 384; // pixels: a wall's canvas shall not grow by half
const MOST_PIXELS = 2 ** 24; // of one canvas: no graphics card is counted on

export abstract class ViewportLayer extends L.Layer {
  protected readonly canvas: HTMLCanvasElement;
  protected readonly context: CanvasRenderingContext2D;
  protected frame: Frame | null = null;
  private center: L.LatLng | null = null;
  private corner: L.Point | null = null; // the frame's, in CSS pixels of its zoom
  private margin: L.Point = L.point(0, 0);
  private paintedZoom = 0; // the map's zoom that the frame was painted for
  private ratio = 1;
  private unit = 1;
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

  /** CSS pixels of one pixel of the frame. On a wall all is drawn larger, as the map one zoom farther off would be. */
  setUnit(unit: number): void {
    if (unit === this.unit) return;
    this.unit = unit;
    if (this._map) this.reframe();
  }

  /** A point of the view in the frame's pixels. */
  protected inFrame(point: L.Point): L.Point {
    const at = this._map.containerPointToLayerPoint(point).add(this._map.getPixelOrigin()).divideBy(this.unit);
    return at.subtract([this.frame?.left ?? 0, this.frame?.top ?? 0]);
  }

  /** Paint the frame; the context is in the frame's pixels and empty. */
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
    const { corner, margin } = this;
    if (!corner || this._map.getZoom() !== this.paintedZoom) return;
    const now = this._map.project(this._map.getCenter(), this.paintedZoom).subtract(this._map.getSize().divideBy(2));
    const offX = Math.abs(now.x - corner.x - margin.x);
    const offY = Math.abs(now.y - corner.y - margin.y);
    if (offX > margin.x * 0.7 || offY > margin.y * 0.7) this.reframe();
  }

  private reframe(): void {
    const map = this._map;
    if (!map) return;
    const size = map.getSize();
    if (!size.x || !size.y) return;
    const { unit } = this;
    this.margin = L.point(Math.min(size.x * MARGIN, WIDEST_MARGIN), Math.min(size.y * MARGIN, WIDEST_MARGIN)).round();
    const min = map.containerPointToLayerPoint(this.margin.multiplyBy(-1)).round();
    const origin = map.getPixelOrigin();
    const width = Math.round(size.x + 2 * this.margin.x);
    const height = Math.round(size.y + 2 * this.margin.y);
    this.paintedZoom = map.getZoom();
    this.center = map.getCenter();
    this.corner = min.add(origin);
    this.frame = { zoom: this.paintedZoom - Math.log2(unit), left: this.corner.x / unit, top: this.corner.y / unit, width: width / unit, height: height / unit };
    const ratio = Math.max(1, Math.min(window.devicePixelRatio || 1, 2, Math.sqrt(MOST_PIXELS / (width * height))));
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== across || this.canvas.height !== down || this.ratio !== ratio) {
      this.ratio = ratio;
      this.canvas.width = across;
      this.canvas.height = down;
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
    context.setTransform(this.ratio * this.unit, 0, 0, this.ratio * this.unit, 0, 0);
    this.paint(context, this.frame);
  }

  /** While zooming: the painted picture is stretched, as Leaflet does with its own. */
  private place(center: L.LatLng, zoom: number): void {
    if (!this.corner || !this.center) return;
    const map = this._map;
    const half = map.getSize().divideBy(2);
    const scale = map.getZoomScale(zoom, this.paintedZoom);
    const panePosition = L.DomUtil.getPosition(map.getPane("mapPane") as HTMLElement);
    const newOrigin = map.project(center, zoom).subtract(half).add(panePosition).round();
    L.DomUtil.setTransform(this.canvas, this.corner.multiplyBy(scale).subtract(newOrigin), scale);
  }
}
