import type { Flat } from "../map/mercator";

/** The widest place of an area, to write in: the longest run across it at some heights. */
export function roomIn(rings: readonly Flat[]): { x: number; y: number; width: number } | null {
  let [top, bottom] = [Infinity, -Infinity];
  for (const ring of rings) for (let i = 1; i < ring.length; i += 2) [top, bottom] = [Math.min(top, ring[i] as number), Math.max(bottom, ring[i] as number)];
  let best: { x: number; y: number; width: number } | null = null;
  for (const share of [0.5, 0.35, 0.65, 0.2, 0.8]) {
    const y = top + (bottom - top) * share;
    const cuts: number[] = [];
    for (const ring of rings)
      for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
        const [yi, yj] = [ring[i + 1] as number, ring[j + 1] as number];
        if (yi > y !== yj > y) cuts.push((ring[i] as number) + ((y - yi) / (yj - yi)) * ((ring[j] as number) - (ring[i] as number)));
      }
    cuts.sort((a, b) => a - b);
    for (let k = 0; k + 1 < cuts.length; k += 2) {
      const [from, to] = [cuts[k] as number, cuts[k + 1] as number];
      if (!best || to - from > best.width) best = { x: (from + to) / 2, y, width: to - from };
    }
  }
  return best;
}
