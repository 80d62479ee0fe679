/** How grades, classes and clusters are drawn: colour, shape and letter, so that one may be missing. */
import { GRADE_LETTER, GRADES, type Grade, shortNum } from "../words";
import { clusterRadius } from "./merge";
import type { Cluster } from "./tiles";

export interface Palette {
  fill: Record<Grade, string>; edge: Record<Grade, string>; on: Record<Grade, string>; ring: Record<Grade, string>;
  halo: string; surface: string; ink: string; rim: string; select: string; label: string; hex: string[]; font: string;
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const v = (name: string): string => style.getPropertyValue(name).trim();
  const of = (part: string): Record<Grade, string> => Object.fromEntries(GRADES.map((g) => [g, v(`--risk-${g}-${part}`)])) as Record<Grade, string>;
  const fill = of("fill");
  return {
    fill, edge: of("edge"), on: of("on"), ring: { ...fill, none: v("--line-2") },
    halo: v("--m-halo"), surface: v("--surface"), ink: v("--ink"), rim: v("--m-city"), select: v("--select"), label: v("--m-label"),
    hex: [1, 2, 3, 4, 5].map((i) => v(`--hex-${i}`)), font: v("--font"),
  };
}

/** Outlines of the class symbols, 16 × 16, by sprite id. */
export class Sprite {
  private readonly paths = new Map<string, Path2D>();

  static async load(): Promise<Sprite> {
    const sprite = new Sprite();
    const text = await (await fetch("/sprite.svg")).text();
    const page = new DOMParser().parseFromString(text, "image/svg+xml");
    for (const symbol of page.querySelectorAll("symbol")) {
      const path = new Path2D();
      for (const part of symbol.querySelectorAll("path")) path.addPath(new Path2D(part.getAttribute("d") ?? ""));
      for (const c of symbol.querySelectorAll("circle")) {
        const [cx, cy, r] = ["cx", "cy", "r"].map((n) => Number(c.getAttribute(n)));
        if (cx !== undefined && cy !== undefined && r !== undefined) {
          path.moveTo(cx + r, cy);
          path.arc(cx, cy, r, 0, 2 * Math.PI);
        }
      }
      sprite.paths.set(symbol.id, path);
    }
    return sprite;
  }

  draw(ctx: CanvasRenderingContext2D, id: string, x: number, y: number, size: number, colour: string): void {
    const path = this.paths.get(id);
    if (!path) return;
    ctx.save();
    ctx.translate(x - size / 2, y - size / 2);
    ctx.scale(size / 16, size / 16);
    ctx.strokeStyle = colour;
    ctx.lineWidth = 1.6;
    ctx.lineCap = ctx.lineJoin = "round";
    ctx.stroke(path);
    ctx.restore();
  }
}

/** A grade's shape of this height round (x, y): ◆ ▲ ■ ● ◌. */
export function gradePath(grade: Grade, x: number, y: number, size: number): Path2D {
  const r = size / 2;
  const path = new Path2D();
  if (grade === "major") {
    path.moveTo(x, y - r * 1.08);
    path.lineTo(x + r * 1.08, y);
    path.lineTo(x, y + r * 1.08);
    path.lineTo(x - r * 1.08, y);
  } else if (grade === "serious") {
    path.moveTo(x, y - r * 1.02);
    path.lineTo(x + r * 1.12, y + r * 0.86);
    path.lineTo(x - r * 1.12, y + r * 0.86);
  } else if (grade === "general") {
    path.rect(x - r * 0.84, y - r * 0.84, r * 1.68, r * 1.68);
  } else {
    path.arc(x, y, r * 0.94, 0, 2 * Math.PI);
  }
  path.closePath();
  return path;
}

const FAR: Record<Grade, number> = { major: 26, serious: 24, general: 14, low: 12, none: 12 };
const NEAR: Record<Grade, number> = { major: 28, serious: 27, general: 22, low: 21, none: 21 };

export function symbolSize(grade: Grade, zoom: number): number {
  return (zoom >= 15 ? NEAR : FAR)[grade];
}

export function drawSymbol(
  ctx: CanvasRenderingContext2D, p: Palette, sprite: Sprite, grade: Grade, symbol: string, x: number, y: number, size: number,
): void {
  const path = gradePath(grade, x, y, size);
  ctx.lineJoin = "round";
  ctx.strokeStyle = p.halo;
  ctx.lineWidth = 3.6;
  ctx.stroke(path);
  ctx.fillStyle = p.fill[grade];
  ctx.fill(path);
  ctx.strokeStyle = p.edge[grade];
  ctx.lineWidth = 1.2;
  if (grade === "none") ctx.setLineDash([2.4, 2]);
  ctx.stroke(path);
  ctx.setLineDash([]);
  if (size >= 20) {
    const down = grade === "serious" ? size * 0.14 : 0;
    sprite.draw(ctx, symbol, x, y + down, size * (grade === "serious" ? 0.48 : 0.56), p.on[grade]);
  }
}

/** Neutral body, ring by share of grade from twelve o'clock, the worst grade as shape with its letter. */
export function drawCluster(ctx: CanvasRenderingContext2D, p: Palette, cluster: Cluster, x: number, y: number): void {
  const r = clusterRadius(cluster.n);
  const outer = r + 4;
  disc(ctx, x, y, outer + 1.6, p.halo);
  disc(ctx, x, y, r, p.surface);
  let from = -Math.PI / 2;
  ctx.lineWidth = 4;
  GRADES.forEach((grade, i) => {
    const n = cluster.by[i] ?? 0;
    if (!n) return;
    const to = from + (n / cluster.n) * 2 * Math.PI;
    ctx.beginPath();
    ctx.arc(x, y, r + 2, from, to);
    ctx.strokeStyle = p.ring[grade];
    ctx.stroke();
    from = to;
  });
  ctx.beginPath();
  ctx.arc(x, y, outer, 0, 2 * Math.PI);
  ctx.strokeStyle = p.rim;
  ctx.lineWidth = 0.8;
  ctx.stroke();
  ctx.fillStyle = p.ink;
  ctx.font = `500 ${r < 15 ? 11 : 12}px ${p.font}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(shortNum(cluster.n), x, y + 0.5);
  if (cluster.worst === "major" || cluster.worst === "serious") {
    const bx = x + outer * 0.74;
    const by = y - outer * 0.74;
    const badge = gradePath(cluster.worst, bx, by, cluster.worst === "serious" ? 19 : 18);
    ctx.strokeStyle = p.halo;
    ctx.lineWidth = 3;
    ctx.lineJoin = "round";
    ctx.stroke(badge);
    ctx.fillStyle = p.fill[cluster.worst];
    ctx.fill(badge);
    ctx.fillStyle = p.on[cluster.worst];
    ctx.font = `700 10px ${p.font}`;
    ctx.fillText(GRADE_LETTER[cluster.worst], bx, by + (cluster.worst === "serious" ? 2.4 : 0.5));
  }
}

export function disc(ctx: CanvasRenderingContext2D, x: number, y: number, r: number, fill: string): void {
  ctx.beginPath();
  ctx.arc(x, y, r, 0, 2 * Math.PI);
  ctx.fillStyle = fill;
  ctx.fill();
}

/** Selected or hovered: double ring in ink, so that no grade's colour is used. */
export function drawRing(ctx: CanvasRenderingContext2D, p: Palette, x: number, y: number, r: number, strong: boolean): void {
  ctx.beginPath();
  ctx.arc(x, y, r, 0, 2 * Math.PI);
  ctx.strokeStyle = p.surface;
  ctx.lineWidth = strong ? 6 : 4;
  ctx.stroke();
  ctx.strokeStyle = p.select;
  ctx.lineWidth = strong ? 2.6 : 1.4;
  ctx.stroke();
}
