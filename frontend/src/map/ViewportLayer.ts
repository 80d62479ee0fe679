/**
 * A layer with one canvas over the whole view and a margin round it; it moves with the map. When the margin is
 * nearly used up, what is painted is shifted and only the strips that have come in are painted.
 */
import * as L from "leaflet";
import { type Frame } from "./mercator";

const MARGIN = 0.25; // of the view's size, on each side
const USED_UP = 0.8; // of the margin: from here on the canvas follows
const REST_MS = 250; // after which a map is at rest, and the canvas takes its place in the middle again
const WIDEST_MARGIN = 384; // pixels: a wall's canvas shall not grow by half
const MOST_PIXELS = 2 ** 24; // of one canvas: no graphics card is counted on

export abstract class ViewportLayer extends L.Layer {
  protected readonly canvas: HTMLCanvasElement;
  protected readonly context: CanvasRenderingContext2D;
  protected frame: Frame | null = null;
  private center: L.LatLng | null = null;
  private corner: L.Point | null = null; // the frame's, in CSS pixels of its zoom
  private size: L.Point = L.point(0, 0); // of the view that the frame was made for
  protected margin: L.Point = L.point(0, 0); // what the canvas has beyond the view on each side, CSS pixels
  private paintedZoom = 0; // the map's zoom that the frame was painted for
  private ratio = 1;
  protected unit = 1;
  private pending = 0;
  private resting = 0;

  /**
   * `shifts`: a point's paint does not depend on where the frame's edges are, so that strips fit what is there.
   * `usedUp`: the share of the margin after which the canvas follows; layers that lie on each other take different
   * ones, so that they are not painted at one frame of the screen.
   */
  constructor(private readonly paneName: string, private readonly shifts = true, private readonly usedUp = USED_UP) {
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

  /** Paint the frame; the context is in the frame's pixels, empty and cut at its edges, which may be those of a strip. */
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
    clearTimeout(this.resting);
    this.pending = 0;
    this.frame = null;
    return this;
  }

  override getEvents(): Record<string, L.LeafletEventHandlerFn> {
    return {
      viewreset: () => this.reframe(),
      moveend: () => this.settle(),
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

  /** While dragging: follow before the margin is used up. */
  private follow(): void {
    if (this.offset() > this.usedUp) this.reframe();
  }

  /** A map that is moved in many small steps is not painted at each: only when it rests, or the margin is used up. */
  private settle(): void {
    clearTimeout(this.resting);
    const offset = this.offset();
    if (offset > this.usedUp) this.reframe();
    else if (offset > 0) this.resting = window.setTimeout(() => this.reframe(), REST_MS);
  }

  /** How much of the margin the map has moved over: 0 where the canvas lies in the middle, Infinity at another zoom or size. */
  private offset(): number {
    const { corner, margin, size, _map: map } = this;
    if (!map || !corner || !margin.x || !margin.y || map.getZoom() !== this.paintedZoom || !map.getSize().equals(size)) return Infinity;
    const off = map.project(map.getCenter(), this.paintedZoom).subtract(size.divideBy(2)).subtract(corner).subtract(margin);
    return Math.max(Math.abs(off.x) / margin.x, Math.abs(off.y) / margin.y);
  }

  private reframe(): void {
    clearTimeout(this.resting);
    const map = this._map;
    if (!map) return;
    const size = map.getSize();
    if (!size.x || !size.y) return;
    const { unit, frame: before, corner: left } = this;
    this.size = size;
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
    const same = this.canvas.width === across && this.canvas.height === down && this.ratio === ratio;
    if (!same) {
      this.ratio = ratio;
      this.canvas.width = across;
      this.canvas.height = down;
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${height}px`;
    }
    L.DomUtil.setTransform(this.canvas, min, 1);
    if (!same || before?.zoom !== this.frame.zoom || !left || !this.shift(left.subtract(this.corner), this.frame)) this.repaint();
    this.moved();
  }

  /** Moves what is painted to its new place and paints the strips that have come in. False where that cannot be. */
  private shift({ x: dx, y: dy }: L.Point, frame: Frame): boolean {
    const whole = this.unit === 1 && Number.isInteger(dx * this.ratio) && Number.isInteger(dy * this.ratio);
    // A picture that is to be painted anyway is not shifted first.
    if (!this.shifts || this.pending || !whole || Math.abs(dx) > frame.width / 2 || Math.abs(dy) > frame.height / 2) return false;
    const { context } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalCompositeOperation = "copy";
    context.drawImage(this.canvas, dx * this.ratio, dy * this.ratio);
    context.globalCompositeOperation = "source-over";
    if (dx) this.paintStrip(frame, dx > 0 ? 0 : frame.width + dx, 0, Math.abs(dx), frame.height);
    if (dy) this.paintStrip(frame, 0, dy > 0 ? 0 : frame.height + dy, frame.width, Math.abs(dy));
    return true;
  }

  private paintStrip(frame: Frame, left: number, top: number, width: number, height: number): void {
    const { context, ratio } = this;
    context.save();
    context.setTransform(ratio, 0, 0, ratio, left * ratio, top * ratio);
    context.beginPath();
    context.rect(0, 0, width, height);
    context.clip();
    context.clearRect(0, 0, width, height);
    this.paint(context, { zoom: frame.zoom, left: frame.left + left, top: frame.top + top, width, height });
    context.restore();
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
