/** Where a name may stand: below its symbol, else beside or above it, and over nothing else that is drawn. */

export interface Spot { l: number; r: number; t: number; b: number }
export interface Label { text: string; x: number; y: number; half: number; body: Spot }

export function spotOf(x: number, y: number, half: number): Spot {
  return { l: x - half, r: x + half, t: y - half, b: y + half };
}

const CELL = 64;

/** Boxes that are taken, found by the squares of the view that they meet. */
export class Taken {
  private readonly cells = new Map<string, Spot[]>();
  /** All of them, in the order they came. */
  readonly spots: Spot[] = [];

  add(spot: Spot): void {
    this.spots.push(spot);
    for (const key of keys(spot)) {
      const cell = this.cells.get(key);
      if (cell) cell.push(spot);
      else this.cells.set(key, [spot]);
    }
  }

  isFree(spot: Spot, but?: Spot): boolean {
    for (const key of keys(spot))
      for (const t of this.cells.get(key) ?? []) if (t !== but && spot.l < t.r && spot.r > t.l && spot.t < t.b && spot.b > t.t) return false;
    return true;
  }
}

function* keys(spot: Spot): Generator<string> {
  for (let x = Math.floor(spot.l / CELL); x <= Math.floor(spot.r / CELL); x++) for (let y = Math.floor(spot.t / CELL); y <= Math.floor(spot.b / CELL); y++) yield `${x},${y}`;
}

const ASCENT = 11;
const DESCENT = 3;

/** The middle of the name's baseline at the first free side, which is then taken; null where no side is free. */
export function placeLabel(label: Label, width: number, taken: Pick<Taken, "isFree" | "add">): { x: number; y: number } | null {
  const half = width / 2 + 2;
  const side = label.half + 3 + half;
  const sides: readonly (readonly [number, number])[] = [[0, label.half + 13], [side, 4], [-side, 4], [0, -label.half - 6]];
  for (const [dx, dy] of sides) {
    const [x, y] = [label.x + dx, label.y + dy];
    const spot = { l: x - half, r: x + half, t: y - ASCENT, b: y + DESCENT };
    if (!taken.isFree(spot, label.body)) continue;
    taken.add(spot);
    return { x, y };
  }
  return null;
}
