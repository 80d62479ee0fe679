/** Distances, areas and circles on the ellipsoid. The library is loaded when it is first needed. */
import type { Geometry } from "./mercator";

export type Position = [number, number]; // lng, lat

/** A circle in ground metres, as the page keeps it; the service gets its outline. */
export interface Circle { type: "Circle"; center: Position; radius_m: number }

export interface Geodesic {
  distance(a: Position, b: Position): number;
  /** Degrees from north, clockwise, 0 … 360. */
  bearing(a: Position, b: Position): number;
  /** Where one comes to from a place; `bearing` in degrees. */
  destination(from: Position, bearing: number, metres: number): Position;
  /** Sum of a line's parts. */
  length(line: readonly Position[]): number;
  /** Square metres of areas, holes taken off; 0 for points and lines. */
  area(geometry: Geometry): number;
  /** A closed ring whose every vertex is exactly the radius away. */
  circle(circle: Circle, vertices?: number): { type: "Polygon"; coordinates: Position[][] };
}

let made: Promise<Geodesic> | null = null;

/** CGCS2000's ellipsoid differs from WGS 84's by 0.1 mm at the poles. */
export function geodesic(): Promise<Geodesic> {
  return (made ??= import("geographiclib-geodesic").then(({ default: library }) => {
    const earth = library.Geodesic.WGS84;
    const ringArea = (ring: readonly Position[]): number => {
      const polygon = earth.Polygon(false);
      for (const [lng, lat] of ring.slice(0, -1)) polygon.AddPoint(lat, lng);
      return Math.abs(polygon.Compute(false, true).area ?? 0);
    };
    const polygonArea = (rings: readonly Position[][]): number => rings.reduce((sum, ring, i) => sum + (i ? -1 : 1) * ringArea(ring), 0);
    const distance = (a: Position, b: Position): number => earth.Inverse(a[1], a[0], b[1], b[0]).s12 ?? 0;
    const destination = (from: Position, bearing: number, metres: number): Position => {
      const to = earth.Direct(from[1], from[0], bearing, metres);
      return [to.lon2 ?? from[0], to.lat2 ?? from[1]];
    };
    return {
      distance,
      destination,
      bearing: (a, b) => ((earth.Inverse(a[1], a[0], b[1], b[0]).azi1 ?? 0) + 360) % 360,
      length: (line) => line.slice(1).reduce((sum, to, i) => sum + distance(line[i] as Position, to), 0),
      area: ({ type, coordinates }) => {
        if (type === "Polygon") return polygonArea(coordinates as Position[][]);
        return type === "MultiPolygon" ? (coordinates as Position[][][]).reduce((sum, rings) => sum + polygonArea(rings), 0) : 0;
      },
      circle: ({ center, radius_m }, vertices = 128) => {
        const ring = Array.from({ length: vertices }, (_, i) => destination(center, (-360 * i) / vertices, radius_m));
        return { type: "Polygon", coordinates: [[...ring, ring[0] as Position]] };
      },
    };
  }));
}

/** Whether a closed ring, given without its last vertex, crosses or touches itself. */
export function crossesItself(ring: readonly Position[]): boolean {
  const n = ring.length;
  if (n < 4) return false;
  const turn = (a: Position, b: Position, c: Position): number => Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
  const on = (a: Position, b: Position, p: Position): boolean =>
    Math.min(a[0], b[0]) <= p[0] && p[0] <= Math.max(a[0], b[0]) && Math.min(a[1], b[1]) <= p[1] && p[1] <= Math.max(a[1], b[1]);
  for (let i = 0; i < n; i++)
    for (let k = i + 2; k < n; k++) {
      if (i === 0 && k === n - 1) continue; // neighbours over the seam
      const [a, b, c, d] = [ring[i], ring[(i + 1) % n], ring[k], ring[(k + 1) % n]] as [Position, Position, Position, Position];
      const [t1, t2, t3, t4] = [turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)];
      if (t1 !== t2 && t3 !== t4) return true;
      if ((!t1 && on(a, b, c)) || (!t2 && on(a, b, d)) || (!t3 && on(c, d, a)) || (!t4 && on(c, d, b))) return true;
    }
  return false;
}
