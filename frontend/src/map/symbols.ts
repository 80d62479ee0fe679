/** How an object looks: a grade's shape with its class's glyph; the same geometry paints it and finds it under the pointer. */
import { GRADE_CODES, type GradeIndex } from "./grades";
import { GRADE_LETTER, shortNum } from "../words";
import { isDark, OUTSIDE, type LevelLook, type LevelShape } from "./levels";
import type { Palette } from "./palette";
import { clusterRadius, type Cluster, type Mark, type Single } from "./scene";

/** What the map needs to know of a class. */
export interface ClassLook { glyph: string; hazard: boolean }
export type Looks = ReadonlyMap<string, ClassLook>;

/** `over`: what it stands for is no more; hollow, broken and struck through: neither a live one nor 未评定, whose circle is broken too. */
export interface SymbolSpec { shape: GradeIndex | "plate" | LevelShape; size: number; glyph: string; level?: LevelLook; over?: boolean }

const FAR: readonly number[] = [26, 24, 14, 12, 12]; // by grade: heavy ones are seen first
const NEAR: readonly number[] = [28, 27, 22, 22, 21];

/** An object's symbol at a zoom. Near by, every one shows its class; far off, only the two heavy grades do. */
export function specOf(single: { cls: string; grade: GradeIndex; order?: number; look?: LevelLook | null }, looks: Looks, zoom: number): SymbolSpec {
  if (single.look) return levelSpec(single.look, single.order ?? 0, looks.get(single.cls)?.glyph ?? "", zoom);
  const look = looks.get(single.cls);
  if (look && !look.hazard && single.grade === 4) {
    // Targets, forces and context have no risk grade of their own: a neutral plate, never 未评定's dashed circle.
    return zoom >= 13 ? { shape: "plate", size: 22, glyph: look.glyph } : { shape: "plate", size: 14, glyph: look.glyph };
  }
  const size = (zoom >= 14 ? NEAR : FAR)[single.grade] as number;
  return { shape: single.grade, size, glyph: size >= 20 ? (look?.glyph ?? "") : "" };
}

/** A level's outline with its letter; what the scale says nothing of stays small and neutral. */
function levelSpec(look: LevelLook, order: number, glyph: string, zoom: number): SymbolSpec {
  const near = zoom >= 14;
  if (look.value === OUTSIDE) return { shape: look.shape, size: near ? 21 : 17, glyph: "", level: look };
  if (look.shape === "unassessed") return { shape: look.shape, size: near ? 21 : 13, glyph: near ? glyph : "", level: look };
  if (look.shape === "off") return { shape: look.shape, size: near ? 19 : 10, glyph: near ? glyph : "", level: look };
  return { shape: look.shape, size: order === 0 ? 26 : near ? 24 : 21, glyph: "", level: look };
}

type Polygon = readonly (readonly [number, number])[];

/** Outline of a shape round (0, 0); circles are given by their radius. */
export function outlineOf(shape: SymbolSpec["shape"], size: number): { polygon: Polygon } | { radius: number } {
  const r = size / 2;
  switch (shape) {
    case 0: return { polygon: [[0, -r * 1.08], [r * 1.08, 0], [0, r * 1.08], [-r * 1.08, 0]] };
    case 1: return { polygon: [[0, -r * 1.02], [r * 1.12, r * 0.86], [-r * 1.12, r * 0.86]] };
    case 2: return { polygon: [[-r * 0.84, -r * 0.84], [r * 0.84, -r * 0.84], [r * 0.84, r * 0.84], [-r * 0.84, r * 0.84]] };
    case 3: return { radius: r * 0.88 };
    case 4: return { radius: r * 0.84 };
    case "unassessed": return { radius: r * 0.84 };
    case "off": return { radius: r * 0.78 };
    case "hexagon": return { polygon: [[-r * 0.56, -r * 0.9], [r * 0.56, -r * 0.9], [r * 1.06, 0], [r * 0.56, r * 0.9], [-r * 0.56, r * 0.9], [-r * 1.06, 0]] };
    case "dam": return { polygon: [[-r * 0.66, -r * 0.78], [r * 0.66, -r * 0.78], [r * 1.16, r * 0.78], [-r * 1.16, r * 0.78]] };
    case "octagon": return { polygon: [[-r * 0.4, -r * 0.96], [r * 0.4, -r * 0.96], [r * 0.96, -r * 0.4], [r * 0.96, r * 0.4], [r * 0.4, r * 0.96], [-r * 0.4, r * 0.96], [-r * 0.96, r * 0.4], [-r * 0.96, -r * 0.4]] };
    case "shield": return { polygon: [[-r * 0.88, -r * 0.92], [r * 0.88, -r * 0.92], [r * 0.88, r * 0.2], [0, r * 1.08], [-r * 0.88, r * 0.2]] };
    case "tank": return { polygon: [[-r * 0.9, -r * 0.7], [-r * 0.5, -r * 0.9], [r * 0.5, -r * 0.9], [r * 0.9, -r * 0.7], [r * 0.9, r * 0.7], [r * 0.5, r * 0.9], [-r * 0.5, r * 0.9], [-r * 0.9, r * 0.7]] };
    case "hatch": return { polygon: [[-r * 0.86, -r * 0.86], [r * 0.86, -r * 0.86], [r * 0.86, r * 0.86], [-r * 0.86, r * 0.86]] };
    case "bar": return { polygon: [[-r * 1.1, -r * 0.66], [r * 1.1, -r * 0.66], [r * 1.1, r * 0.66], [-r * 1.1, r * 0.66]] };
    case "flag": return { polygon: [[-r * 0.9, -r * 0.9], [r * 1.16, 0], [-r * 0.9, r * 0.9]] };
    case "drop": return { polygon: [[0, -r * 1.12], [r * 0.6, -r * 0.5], [r * 1.06, r * 0.16], [r * 0.98, r * 0.62], [r * 0.6, r * 0.92], [-r * 0.6, r * 0.92], [-r * 0.98, r * 0.62], [-r * 1.06, r * 0.16], [-r * 0.6, -r * 0.5]] };
    case "plate": return { polygon: [[-r * 0.9, -r * 0.9], [r * 0.9, -r * 0.9], [r * 0.9, r * 0.9], [-r * 0.9, r * 0.9]] };
  }
}

export function pathOf(shape: SymbolSpec["shape"], size: number): Path2D {
  const outline = outlineOf(shape, size);
  const path = new Path2D();
  if ("radius" in outline) path.arc(0, 0, outline.radius, 0, 2 * Math.PI);
  else if (shape === "plate") path.roundRect(-size * 0.45, -size * 0.45, size * 0.9, size * 0.9, size * 0.2);
  else {
    outline.polygon.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
    path.closePath();
  }
  return path;
}

/** Whether a point, relative to the symbol's middle, lies in its outline, widened by `slack` for fingers. */
export function inSymbol(spec: SymbolSpec, dx: number, dy: number, slack = 0): boolean {
  const outline = outlineOf(spec.shape, spec.size + 2 * slack + 1.2);
  if ("radius" in outline) return dx * dx + dy * dy <= outline.radius ** 2;
  return inPolygon(outline.polygon, dx, dy);
}

function inPolygon(polygon: Polygon, x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i] as readonly [number, number];
    const [xj, yj] = polygon[j] as readonly [number, number];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/** The service's sprite, read once: glyphs of classes as paths on a 16 × 16 ground. */
export class Sprite {
  private readonly glyphs = new Map<string, Path2D>();

  static read(svg: string): Sprite {
    const sprite = new Sprite();
    const root = new DOMParser().parseFromString(svg, "image/svg+xml");
    for (const symbol of root.querySelectorAll("symbol")) {
      const path = new Path2D();
      for (const part of symbol.querySelectorAll("path")) path.addPath(new Path2D(part.getAttribute("d") ?? ""));
      sprite.glyphs.set(symbol.id, path);
    }
    return sprite;
  }

  glyph(id: string): Path2D | undefined {
    return this.glyphs.get(id);
  }
}

/** Symbols painted once and stamped many times. */
export class Atlas {
  private readonly stamps = new Map<string, HTMLCanvasElement>();

  constructor(private readonly sprite: Sprite, private readonly palette: Palette, private readonly ratio: number) {}

  stamp(context: CanvasRenderingContext2D, spec: SymbolSpec, x: number, y: number): void {
    const key = `${spec.shape}|${spec.size}|${spec.glyph}|${spec.level?.value ?? ""}|${spec.over ?? false}`;
    let image = this.stamps.get(key);
    const side = spec.size * 1.3 + 8;
    if (!image) {
      image = document.createElement("canvas");
      image.width = image.height = Math.ceil(side * this.ratio);
      const own = image.getContext("2d");
      if (!own) return;
      own.scale(this.ratio, this.ratio);
      own.translate(side / 2, side / 2);
      this.draw(own, spec);
      this.stamps.set(key, image);
    }
    context.drawImage(image, x - side / 2, y - side / 2, side, side);
  }

  /** One symbol round (0, 0): halo, shape, glyph. */
  private draw(context: CanvasRenderingContext2D, spec: SymbolSpec): void {
    const { palette } = this;
    const path = pathOf(spec.shape, spec.size);
    context.lineJoin = context.lineCap = "round";
    context.strokeStyle = palette.halo;
    context.lineWidth = spec.size >= 20 ? 4 : 3;
    context.stroke(path);
    if (spec.level?.letter && !spec.over) return drawLevel(context, spec.level, spec.size, path, palette);
    const plate = spec.shape === "plate" || spec.shape === "off";
    const unassessed = spec.shape === "unassessed";
    const colours = plate || unassessed || spec.level || spec.over ? null : palette.grade[GRADE_CODES[spec.shape as GradeIndex]];
    context.fillStyle = colours?.fill ?? palette.surface;
    context.fill(path);
    context.strokeStyle = colours?.edge ?? palette.ink3;
    context.lineWidth = spec.size >= 20 ? 1.4 : 1.1;
    if (spec.shape === 4 || unassessed || spec.over) context.setLineDash([3, 2]);
    context.stroke(path);
    context.setLineDash([]);
    if (spec.over) strike(context, spec.size, palette);
    const glyph = spec.glyph ? this.sprite.glyph(spec.glyph) : undefined;
    if (!glyph) return;
    const share = spec.shape === 1 ? 0.44 : spec.shape === 0 ? 0.52 : plate ? 0.66 : 0.6;
    const side = spec.size * share;
    context.translate(-side / 2, -side / 2 + (spec.shape === 1 ? spec.size * 0.15 : 0));
    context.scale(side / 16, side / 16);
    context.strokeStyle = colours?.on ?? palette.ink2;
    context.lineWidth = Math.min(2.1, (1.15 * 16) / side);
    context.stroke(glyph);
  }
}

/** Under the glyph, which stays to be read. */
function strike(context: CanvasRenderingContext2D, size: number, palette: Palette): void {
  const reach = size * 0.5;
  context.beginPath();
  context.moveTo(-reach, reach);
  context.lineTo(reach, -reach);
  context.strokeStyle = palette.halo;
  context.lineWidth = size >= 20 ? 4 : 3;
  context.stroke();
  context.strokeStyle = palette.ink3;
  context.lineWidth = size >= 20 ? 1.6 : 1.4;
  context.stroke();
}

/** A level's shape in its colour with its letter, as the catalogue has them. */
function drawLevel(context: CanvasRenderingContext2D, look: LevelLook, size: number, path: Path2D, palette: Palette): void {
  context.fillStyle = look.colour || palette.surface;
  context.fill(path);
  context.strokeStyle = look.colour ? "rgba(10, 16, 20, .55)" : palette.ink3;
  context.lineWidth = look.colour ? 1 : 1.4;
  context.stroke(path);
  context.fillStyle = !look.colour ? palette.ink2 : isDark(look.colour) ? "#fff" : "#1d1410";
  context.font = `700 ${Math.round(size * (look.letter.length > 1 ? 0.42 : 0.48))}px ${palette.font}`;
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  context.fillText(look.letter, look.shape === "flag" ? -size * 0.12 : 0, size * (look.shape === "shield" ? 0.12 : look.shape === "drop" ? 0.27 : 0.17));
}

export const badgeSize = (grade: GradeIndex): number => (grade === 0 ? 18 : grade === 1 ? 19 : 14);

/** Clusters of nothing heavier than 低 say so by their ring alone. */
function hasBadge(cluster: Cluster): boolean {
  return cluster.scale ? cluster.order < cluster.scale.ranks.length : cluster.grade <= 2;
}
const LEVEL_BADGE = 18;

/** Where a cluster's badge sits from its middle: on its ring, and never over the number. */
export function badgeOffset(n: number): number {
  return Math.max(14.8, (clusterRadius(n) + 4) * 0.74);
}

const LEAST_SHARE = 0.03; // of the ring: one 重大 among a thousand is still to be seen

/** A part's share of the ring; what would be too thin to see is widened, the others give way. */
export function shareOf(n: number, cluster: { n: number; parts: readonly number[] }): number {
  const small = cluster.parts.filter((part) => part > 0 && part / cluster.n < LEAST_SHARE);
  if (n / cluster.n < LEAST_SHARE) return LEAST_SHARE;
  const rest = cluster.n - small.reduce((sum, part) => sum + part, 0);
  return (n / rest) * (1 - small.length * LEAST_SHARE);
}

function ringColour(cluster: Cluster, part: number, palette: Palette): string {
  const look = cluster.scale?.looks[part];
  if (!look) return palette.grade[GRADE_CODES[part as GradeIndex]].ring;
  return look.colour || (look.shape === "off" ? palette.line2 : look.letter ? palette.ink2 : palette.ink3);
}

/** Neutral body, ring by share of grade from twelve o'clock, the worst grade as shape with its letter. */
export function drawCluster(context: CanvasRenderingContext2D, cluster: Cluster, x: number, y: number, palette: Palette): void {
  const r = clusterRadius(cluster.n);
  const circle = (radius: number): void => {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
  };
  circle(r + 5.6);
  context.fillStyle = palette.halo;
  context.fill();
  circle(r + 4);
  context.fillStyle = palette.line2;
  context.fill();
  let from = -Math.PI / 2;
  cluster.parts.forEach((n, i) => {
    if (!n) return;
    const to = from + shareOf(n, cluster) * 2 * Math.PI;
    context.beginPath();
    context.arc(x, y, r + 2, from, to);
    context.lineWidth = 4;
    context.lineCap = "butt";
    context.strokeStyle = ringColour(cluster, i, palette);
    context.stroke();
    from = to;
  });
  circle(r);
  context.fillStyle = palette.surface;
  context.fill();
  circle(r + 4.2);
  context.strokeStyle = palette.city;
  context.lineWidth = 0.8;
  context.stroke();
  context.fillStyle = palette.ink;
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  context.font = `500 12px ${palette.font}`;
  context.fillText(shortNum(cluster.n), x, y + 4.5);
  if (!hasBadge(cluster)) return;
  const look = cluster.scale?.looks[cluster.order];
  const size = look ? LEVEL_BADGE : badgeSize(cluster.grade);
  const bx = x + badgeOffset(cluster.n);
  const by = y - badgeOffset(cluster.n);
  const path = pathOf(look ? look.shape : cluster.grade, size);
  const grade = GRADE_CODES[cluster.grade];
  context.save();
  context.translate(bx, by);
  context.lineJoin = "round";
  context.strokeStyle = palette.halo;
  context.lineWidth = 3.4;
  context.stroke(path);
  if (look) {
    drawLevel(context, look, size, path, palette);
    context.restore();
    return;
  }
  context.fillStyle = palette.grade[grade].fill;
  context.fill(path);
  context.strokeStyle = palette.grade[grade].edge;
  context.lineWidth = 1;
  context.stroke(path);
  context.fillStyle = palette.grade[grade].on;
  context.font = `700 ${cluster.grade <= 1 ? 10 : 9}px ${palette.font}`;
  context.fillText(GRADE_LETTER[grade], 0, cluster.grade === 1 ? 5.6 : 3.4);
  context.restore();
}

export function inCluster(cluster: Cluster, dx: number, dy: number, slack = 0): boolean {
  if (Math.hypot(dx, dy) <= clusterRadius(cluster.n) + 4.6 + slack) return true;
  if (!hasBadge(cluster)) return false;
  const off = badgeOffset(cluster.n);
  const look = cluster.scale?.looks[cluster.order];
  return inSymbol({ shape: look ? look.shape : cluster.grade, size: look ? LEVEL_BADGE : badgeSize(cluster.grade), glyph: "" }, dx - off, dy + off, slack);
}

const NEAREST = 16; // zoom

/** The chosen one's symbol, as large as from near by at every zoom. */
export function chosenSpec(single: Parameters<typeof specOf>[0], looks: Looks): SymbolSpec {
  return specOf(single, looks, NEAREST);
}
/** Radius of the chosen one's ring, and how far its halo reaches beyond. */
export const chosenRing = (spec: SymbolSpec): number => spec.size / 2 + 9;
export const RING_HALO = 3;
/** Baseline, from the symbol's middle, of the word under a ring that says what has become of it. */
export const overLine = (spec: SymbolSpec): number => chosenRing(spec) + 16;

/** Radius of the ring that marks a drawn thing as hovered. */
export function ringRadius(mark: Mark, looks: Looks, zoom: number): number {
  return mark.kind === "cluster" ? clusterRadius(mark.n) + 8 : specOf(mark as Single, looks, zoom).size / 2 + 8;
}
