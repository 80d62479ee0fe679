/** What a drawn line or area measures on the ellipsoid: leg by leg and in all. */
import type { Geodesic, Position } from "./geodesic";
import type { Shape } from "./Sketch";

export interface Leg { metres: number; bearing: number }
export interface Measured { legs: Leg[]; metres: number; area: number | null }

export function measure(shape: Shape, earth: Geodesic): Measured {
  if (!("coordinates" in shape)) return { legs: [], metres: 0, area: null };
  const closed = shape.type === "Polygon";
  const line = (closed ? (shape.coordinates as Position[][])[0] : shape.type === "LineString" ? shape.coordinates : []) as Position[];
  const legs = line.slice(1).map((to, i) => {
    const from = line[i] as Position;
    return { metres: earth.distance(from, to), bearing: earth.bearing(from, to) };
  });
  return { legs, metres: legs.reduce((sum, leg) => sum + leg.metres, 0), area: closed ? earth.area(shape) : null };
}
