/** Marks that would hide one another: each stands where it is seen, beside its place where that is taken. */
import { type Spot, spotOf, Taken } from "./labels";

/** Where a mark stands, in pixels of its zoom. `out`: beside its place, which a leader shows. */
export interface Stand { x: number; y: number; out: boolean }

const TURNS = 8; // places on the first ring; so many more on each that follows
const PLACE = 3; // half of the dot at the place of one that stands beside it

/** Degrees clockwise from the right: to the sides first, below last, where names stand. */
function turns(ring: number): number[] {
  const n = TURNS * ring;
  const all = Array.from({ length: n }, (_, i) => (i * 360) / n);
  const cost = (degrees: number): number => { const s = Math.sin((degrees * Math.PI) / 180); return s > 0 ? 1 + s : -s; };
  return all.sort((a, b) => cost(a) - cost(b) || a - b);
}

/**
 * For marks of radius `half` at `places` (pixels), those that come first being the weightiest: whoever can keeps his
 * place, the weightier first; who cannot stands on a ring round it, no farther off than `rings`. Who has no room there
 * either has no stand; `under` says below whose he is to be told, as indices into `places`. `bodyOf`: what one takes that
 * stands at his place.
 */
export function fanOut(places: readonly { x: number; y: number }[], half: number, rings: number, bodyOf: (at: { x: number; y: number }) => Spot): { stands: (Stand | null)[]; under: Map<number, number[]> } {
  const taken = new Taken();
  const stands: (Stand | null)[] = places.map((at) => {
    const body = bodyOf(at);
    if (!taken.isFree(body)) return null;
    taken.add(body);
    return { ...at, out: false };
  });
  const standing = stands.flatMap((s, i) => (s ? [i] : []));
  const under = new Map<number, number[]>();
  const angles = Array.from({ length: rings }, (_, i) => turns(i + 1));
  const full = new Set<string>(); // places that have no ring left: at the very same one nothing else is tried
  for (const [i, at] of places.entries()) {
    if (stands[i]) continue;
    const key = `${at.x},${at.y}`;
    const found = full.has(key) ? null : besideOf(at, half, angles, taken);
    if (found) {
      taken.add(spotOf(found.x, found.y, half));
      taken.add(spotOf(at.x, at.y, PLACE));
      stands[i] = { ...found, out: true };
      standing.push(i);
      continue;
    }
    full.add(key);
    const far = (j: number): number => { const p = places[j]; return p ? Math.hypot(p.x - at.x, p.y - at.y) : Infinity; };
    const nearest = standing.reduce((best, j) => (far(j) < far(best) ? j : best), standing[0] ?? i);
    under.set(nearest, [...(under.get(nearest) ?? []), i]);
  }
  return { stands, under };
}

function besideOf(at: { x: number; y: number }, half: number, angles: readonly (readonly number[])[], taken: Taken): { x: number; y: number } | null {
  for (const [i, ring] of angles.entries())
    for (const degrees of ring) {
      const turn = (degrees * Math.PI) / 180;
      const [x, y] = [at.x + Math.cos(turn) * (i + 1) * 2.2 * half, at.y + Math.sin(turn) * (i + 1) * 2.2 * half];
      if (taken.isFree(spotOf(x, y, half))) return { x, y };
    }
  return null;
}
