/** Whether a place stands in the water of a scenario, on the page alone: for a team's own position, which no register has. */
import type { Geometry } from "../../api/types";
import type { Position } from "../../map/geodesic";

function inRings(rings: readonly Position[][], lng: number, lat: number): boolean {
  let inside = false;
  for (const ring of rings)
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [xi, yi] = ring[i] as Position;
      const [xj, yj] = ring[j] as Position;
      if (yi > lat !== yj > lat && lng < xi + ((lat - yi) / (yj - yi)) * (xj - xi)) inside = !inside;
    }
  return inside;
}

/** Holes are dry. */
export function isWet(classes: readonly { geometry: Geometry }[], at: readonly [number, number] | null): boolean {
  if (!at) return false;
  return classes.some(({ geometry: g }) => {
    if (g.type === "Polygon") return inRings(g.coordinates as Position[][], at[0], at[1]);
    return g.type === "MultiPolygon" && (g.coordinates as Position[][][]).some((rings) => inRings(rings, at[0], at[1]));
  });
}
