import type { Geometry } from "../../map/mercator";

/** Where closed roads begin: an end that one closed piece alone has. */
export function cutsOf(lines: readonly Geometry[]): { lng: number; lat: number }[] {
  const ends = new Map<string, { lng: number; lat: number; n: number }>();
  for (const g of lines) {
    const parts = (g.type === "LineString" ? [g.coordinates] : g.type === "MultiLineString" ? g.coordinates : []) as [number, number][][];
    for (const line of parts)
      for (const end of [line[0], line.at(-1)]) {
        if (!end) continue;
        const key = `${end[0].toFixed(6)},${end[1].toFixed(6)}`;
        const known = ends.get(key);
        if (known) known.n++;
        else ends.set(key, { lng: end[0], lat: end[1], n: 1 });
      }
  }
  return [...ends.values()].filter((e) => e.n === 1).map(({ lng, lat }) => ({ lng, lat }));
}
