/** The muted ground: territory, hills, water, roads, borders, names. Drawn by us from GeoJSON, so it needs no network. */
import type { Point } from "leaflet";
import { CanvasLayer, type Projector } from "./CanvasLayer";

interface Feature { properties: Record<string, unknown>; geometry: { type: string; coordinates: unknown } | null }
interface Part { rings: Float64Array[]; properties: Record<string, unknown>; closed: boolean; box: [number, number, number, number] }

export type Ground = Record<string, Part[]>;

function world(lng: number, lat: number): [number, number] {
  const sine = Math.sin((Math.max(-85.05, Math.min(85.05, lat)) * Math.PI) / 180);
  return [lng / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

/** GeoJSON features as rings in shares of the world. */
export function toParts(features: Feature[]): Part[] {
  const out: Part[] = [];
  for (const { properties, geometry } of features) {
    if (!geometry) continue;
    const rings: Float64Array[] = [];
    const visit = (value: unknown): void => {
      if (!Array.isArray(value)) return;
      if (Array.isArray(value[0]) && typeof (value[0] as unknown[])[0] === "number") {
        rings.push(Float64Array.from((value as [number, number][]).flatMap(([x, y]) => world(x, y))));
      } else if (typeof value[0] === "number") {
        rings.push(Float64Array.from(world(value[0], value[1] as number)));
      } else value.forEach(visit);
    };
    visit(geometry.coordinates);
    const box: [number, number, number, number] = [1, 1, 0, 0];
    for (const ring of rings)
      for (let i = 0; i < ring.length; i += 2) {
        const x = ring[i] ?? 0;
        const y = ring[i + 1] ?? 0;
        box[0] = Math.min(box[0], x);
        box[1] = Math.min(box[1], y);
        box[2] = Math.max(box[2], x);
        box[3] = Math.max(box[3], y);
      }
    out.push({ rings, properties, closed: geometry.type.endsWith("Polygon"), box });
  }
  return out;
}

const ROADS: Record<string, [number, number]> = { 高速: [5, 7], 国道: [4, 7], 省道: [3.4, 9], 县道: [2.8, 10], 乡道: [2.2, 11], 城市道路: [3, 13] }; // width, from zoom

export class BasemapLayer extends CanvasLayer {
  private ground: Ground = {};

  constructor() {
    super("ground");
  }

  show(ground: Ground): void {
    this.ground = ground;
    this.schedule();
  }

  protected override draw(ctx: CanvasRenderingContext2D, project: Projector, size: Point, zoom: number): void {
    const style = getComputedStyle(this.canvas);
    const v = (name: string): string => style.getPropertyValue(name).trim();
    const font = v("--font");
    ctx.fillStyle = v("--m-out");
    ctx.fillRect(0, 0, size.x, size.y);
    const path = (part: Part): Path2D | null => {
      const a = project(part.box[0], part.box[1]);
      const b = project(part.box[2], part.box[3]);
      if (b.x < -20 || b.y < -20 || a.x > size.x + 20 || a.y > size.y + 20) return null;
      const out = new Path2D();
      for (const ring of part.rings) {
        for (let i = 0; i < ring.length; i += 2) {
          const q = project(ring[i] ?? 0, ring[i + 1] ?? 0);
          if (i) out.lineTo(q.x, q.y);
          else out.moveTo(q.x, q.y);
        }
        if (part.closed) out.closePath();
      }
      return out;
    };
    const each = (name: string, use: (p: Path2D, part: Part) => void): void => {
      for (const part of this.ground[name] ?? []) {
        const p = path(part);
        if (p) use(p, part);
      }
    };
    ctx.lineJoin = ctx.lineCap = "round";
    each("county", (p) => {
      ctx.fillStyle = v("--m-land");
      ctx.fill(p, "evenodd");
    });
    each("hills", (p) => {
      ctx.fillStyle = v("--m-hill");
      ctx.fill(p, "evenodd");
    });
    each("urban", (p) => {
      ctx.fillStyle = v("--m-urban");
      ctx.fill(p, "evenodd");
    });
    each("rivers", (p) => {
      ctx.strokeStyle = v("--m-water-line");
      ctx.lineWidth = Math.max(1.5, 2 ** (zoom - 9));
      ctx.stroke(p);
    });
    each("water", (p) => {
      ctx.fillStyle = v("--m-water");
      ctx.fill(p, "evenodd");
      ctx.strokeStyle = v("--m-water-line");
      ctx.lineWidth = 1;
      ctx.stroke(p);
    });
    for (const casing of [true, false])
      each("roads", (p, part) => {
        const [width, from] = ROADS[String(part.properties["class"])] ?? [2, 12];
        if (zoom < from) return;
        const w = width * Math.min(2.2, Math.max(0.55, 0.55 + (zoom - from) * 0.18));
        ctx.strokeStyle = v(casing ? "--m-road-case" : "--m-road");
        ctx.lineWidth = casing ? w + 1.4 : w;
        ctx.stroke(p);
      });
    if (zoom >= 11)
      each("town", (p) => {
        ctx.strokeStyle = v("--m-border");
        ctx.globalAlpha = 0.35;
        ctx.lineWidth = 0.8;
        ctx.setLineDash([2, 3]);
        ctx.stroke(p);
      });
    ctx.globalAlpha = 0.85;
    each("county", (p) => {
      ctx.strokeStyle = v("--m-border");
      ctx.lineWidth = 1;
      ctx.setLineDash([5, 3, 1, 3]);
      ctx.stroke(p);
    });
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
    this.names(ctx, project, size, zoom, v, font);
  }

  private names(ctx: CanvasRenderingContext2D, project: Projector, size: Point, zoom: number, v: (n: string) => string, font: string): void {
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    const taken: [number, number, number, number][] = [];
    const write = (text: string, x: number, y: number, px: number, colour: string, halo: string, weight = 400): void => {
      ctx.font = `${weight} ${px}px ${font}`;
      const w = ctx.measureText(text).width / 2 + 4;
      const box: [number, number, number, number] = [x - w, y - px, x + w, y + px];
      if (x < 0 || y < 0 || x > size.x || y > size.y || taken.some((b) => b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1])) return;
      taken.push(box);
      ctx.strokeStyle = halo;
      ctx.lineWidth = 3;
      ctx.strokeText(text, x, y);
      ctx.fillStyle = colour;
      ctx.fillText(text, x, y);
    };
    for (const part of this.ground["places"] ?? []) {
      const seat = part.properties["seat"] === true;
      if (!seat && zoom < 11) continue;
      const at = project(part.rings[0]?.[0] ?? 0, part.rings[0]?.[1] ?? 0);
      write(String(part.properties["name"]), at.x, at.y - 14, seat ? 13 : 11, v(seat ? "--m-label" : "--m-label-2"), v("--m-halo"), seat ? 500 : 400);
    }
    for (const part of this.ground["water"] ?? []) {
      const [a, b] = [project(part.box[0], part.box[1]), project(part.box[2], part.box[3])];
      const label = part.properties["label"] as [number, number] | undefined;
      const middle = label ? project(...world(...label)) : { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
      if (b.x - a.x > 44) write(String(part.properties["name"]), middle.x, middle.y, 11, v("--m-label-water"), v("--m-water"));
    }
  }
}
