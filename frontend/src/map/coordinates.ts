/** A place of CGCS2000 as other systems write it. Only for reading: what is stored stays CGCS2000. */
import { gcj02ToBd09, toGcj02 } from "./gcj02";

export const SHOWN_IN = ["degrees", "dms", "gauss", "zoned", "gcj02", "bd09"] as const;
export type ShownIn = (typeof SHOWN_IN)[number];

// CGCS2000: GB 22021-2008, the ellipsoid of EPSG:1024.
const A = 6378137;
const F = 1 / 298.257222101;
const N = F / (2 - F);
const E = Math.sqrt(F * (2 - F));
// Krüger's series in the third flattening to its fourth power: below a millimetre within the zone and far beyond.
const RADIUS = (A / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64);
const ALPHA = [
  N / 2 - (2 / 3) * N ** 2 + (5 / 16) * N ** 3 + (41 / 180) * N ** 4,
  (13 / 48) * N ** 2 - (3 / 5) * N ** 3 + (557 / 1440) * N ** 4,
  (61 / 240) * N ** 3 - (103 / 140) * N ** 4,
  (49561 / 161280) * N ** 4,
];

/** The 3-degree zone of a longitude: its central meridian is three times its number. */
export function zoneOf(lng: number): number {
  return Math.round(lng / 3);
}

/** Gauss–Krüger in a 3-degree zone: x to the north, y to the east with 500 km added; `zoned` puts the zone's number before y. */
export function gauss(lng: number, lat: number, zone = zoneOf(lng)): { x: number; y: number; zoned: number } {
  const phi = (lat * Math.PI) / 180;
  const lambda = ((lng - 3 * zone) * Math.PI) / 180;
  const conformal = Math.sinh(Math.atanh(Math.sin(phi)) - E * Math.atanh(E * Math.sin(phi)));
  const xi = Math.atan2(conformal, Math.cos(lambda));
  const eta = Math.atanh(Math.sin(lambda) / Math.hypot(1, conformal));
  let north = xi;
  let east = eta;
  ALPHA.forEach((a, i) => {
    const j = 2 * (i + 1);
    north += a * Math.sin(j * xi) * Math.cosh(j * eta);
    east += a * Math.cos(j * xi) * Math.sinh(j * eta);
  });
  const y = RADIUS * east + 500_000;
  return { x: RADIUS * north, y, zoned: zone * 1_000_000 + y };
}

/** Degrees, minutes and seconds to a hundredth (some 0.3 m), carried over where the seconds round to sixty. */
export function dms(value: number): { d: number; m: number; s: string } {
  const hundredths = Math.round(Math.abs(value) * 360_000);
  return { d: Math.floor(hundredths / 360_000), m: Math.floor((hundredths % 360_000) / 6000), s: ((hundredths % 6000) / 100).toFixed(2).padStart(5, "0") };
}

/** The pair as a system of degrees writes it; null where it is no such system. */
export function degreesIn(system: ShownIn, lng: number, lat: number): [number, number] | null {
  switch (system) {
    case "degrees": return [lng, lat];
    case "gcj02": return toGcj02(lng, lat);
    case "bd09": return gcj02ToBd09(...toGcj02(lng, lat));
    default: return null;
  }
}
