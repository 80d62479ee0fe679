/** A drawn area as a link carries it. A circle stays a circle; the service gets its geodesic outline. */
import type { Circle, Position } from "../map/geodesic";

export interface DrawnPolygon { type: "Polygon"; coordinates: Position[][] }
export type AreaShape = Circle | DrawnPolygon;
/** `id` is the service's name of it; "" until the service has been told. */
export interface Area { shape: AreaShape; id: string }

export const MOST_VERTICES = 300; // of what one draws: a link has to carry it, and the public may save 400
const DIGITS = 6; // of a degree: 0.1 m
const LEAST_RADIUS = 1;
const MOST_RADIUS = 500_000;

function round(v: number): number {
  return Number(v.toFixed(DIGITS));
}

/** The shape as a link brings it back, so that whoever opens the link asks for the very same. */
export function settled(shape: AreaShape): AreaShape {
  if (shape.type === "Circle") return { type: "Circle", center: [round(shape.center[0]), round(shape.center[1])], radius_m: Math.round(shape.radius_m * 10) / 10 };
  return { type: "Polygon", coordinates: shape.coordinates.map((ring) => ring.map(([lng, lat]) => [round(lng), round(lat)])) };
}

export function areaToText(shape: AreaShape): string {
  if (shape.type === "Circle") return `circle:${shape.center.join(",")},${shape.radius_m}`;
  return `polygon:${(shape.coordinates[0] ?? []).slice(0, -1).map((p) => p.join(",")).join(";")}`;
}

export function areaFromText(text: string): AreaShape | null {
  const [kind, rest = ""] = text.split(":");
  const points = rest.split(";").map((p) => p.split(",").map(Number));
  const onEarth = (p: number[]): boolean => p.every(Number.isFinite) && Math.abs(p[0] ?? 999) <= 180 && Math.abs(p[1] ?? 999) <= 85;
  if (kind === "circle" && points.length === 1) {
    const [lng, lat, radius_m] = points[0] ?? [];
    if (lng === undefined || lat === undefined || radius_m === undefined || !onEarth([lng, lat]) || !(radius_m >= LEAST_RADIUS && radius_m <= MOST_RADIUS)) return null;
    return { type: "Circle", center: [lng, lat], radius_m };
  }
  if (kind !== "polygon" || points.length < 3 || points.length > MOST_VERTICES || !points.every((p) => p.length === 2 && onEarth(p))) return null;
  const ring = points as Position[];
  return { type: "Polygon", coordinates: [[...ring, ring[0] as Position]] };
}
