/** How far beyond the territory the map can be moved. */
type Box4 = readonly [number, number, number, number];

/** Of the territory's own width and height, on each side. */
export const REACH = 2.5;

export function withinReach([west, south, east, north]: Box4, { lng, lat }: { lng: number; lat: number }): boolean {
  const [dx, dy] = [(east - west) * REACH, (north - south) * REACH];
  return lng >= west - dx && lng <= east + dx && lat >= south - dy && lat <= north + dy;
}
