/** Names of several layers that lie over one another, placed together: none runs into another, whichever layer it is of. */
import { placeLabel, type Spot, Taken } from "./labels";

/**
 * A name that a layer would have at a zoom, in world pixels. `half` and `body` are its symbol's, `body` the very box that
 * the layer gives among its bodies; without a body the name lies on its place. `rank`: the greater is placed first.
 */
export interface Wish { text: string; font: string; x: number; y: number; half: number; body: Spot | null; rank: number; must?: boolean }
export interface PlacedName { wish: Wish; x: number; y: number; spot: Spot }

/** A layer whose names are placed here. */
export interface NameSource {
  board: NameBoard | null;
  /** What its symbols take at a zoom, and the names that it would have there. */
  wishesAt(zoom: number): { bodies: readonly Spot[]; wishes: readonly Wish[] };
  redraw(): void;
}

const APART = 10; // pixels: two names side by side that are closer are read as one

/**
 * Where each name stands, by rank; among equals in the order given, so that the same data always give the same picture.
 * A name that would lie over one of higher rank, or over a symbol, is left out. What is merely below (`soft`) is kept
 * clear of where that can be; who `must` be named lies over a symbol rather than have no name.
 */
export function placeNames(wishes: readonly Wish[], bodies: readonly Spot[], soft: readonly Spot[], widthOf: (wish: Wish) => number): PlacedName[] {
  const [names, hard, all] = [new Taken(), new Taken(), new Taken()];
  for (const body of bodies) for (const taken of [hard, all]) taken.add(body);
  for (const body of soft) all.add(body);
  const out: PlacedName[] = [];
  for (const wish of [...wishes].sort((a, b) => b.rank - a.rank)) {
    const width = widthOf(wish);
    const at = [all, hard, ...(wish.must ? [names] : [])].reduce<{ x: number; y: number } | null>((found, taken) => found ?? sideOf(wish, width, taken), null);
    if (!at) continue;
    const spot = spotAt(at, width);
    const room = { l: spot.l - APART, r: spot.r + APART, t: spot.t - 1, b: spot.b + 1 };
    for (const taken of [names, hard, all]) taken.add(room);
    out.push({ wish, ...at, spot });
  }
  return out;
}

/** What a name takes on the map. */
const spotAt = ({ x, y }: { x: number; y: number }, width: number): Spot => ({ l: x - width / 2 - 2, r: x + width / 2 + 2, t: y - 11, b: y + 3 });

function sideOf(wish: Wish, width: number, taken: Taken): { x: number; y: number } | null {
  if (!wish.body) return taken.isFree(spotAt(wish, width)) ? { x: wish.x, y: wish.y } : null;
  return placeLabel({ ...wish, body: wish.body }, width, { isFree: (spot, but) => taken.isFree(spot, but), add: () => undefined });
}

export class NameBoard {
  private readonly sources: NameSource[] = [];
  private placed: { zoom: number; of: ReadonlyMap<Wish, PlacedName>; wishes: ReadonlyMap<NameSource, readonly Wish[]>; spots: readonly Spot[] } | null = null;
  /** What lies below all of these at a zoom, and is painted again when their names are placed anew. */
  below: { bodiesAt(zoom: number): readonly Spot[]; redraw(): void } | null = null;

  join(...sources: readonly NameSource[]): void {
    for (const source of sources) source.board = this;
    this.sources.push(...sources);
    this.renew();
  }

  /** Something of one layer has changed: the names of all are placed anew when next they are painted. */
  renew(): void {
    this.placed = null;
    for (const source of this.sources) source.redraw();
    this.below?.redraw();
  }

  /** The names of one layer. All are measured and placed in one pass a zoom, wherever the view is, so that strips agree. */
  of(source: NameSource, c: CanvasRenderingContext2D, zoom: number): readonly PlacedName[] {
    const { wishes, of } = this.at(c, zoom);
    return (wishes.get(source) ?? []).flatMap((wish) => of.get(wish) ?? []);
  }

  /** All that symbols and names take; the same array as long as nothing has changed. */
  spots(c: CanvasRenderingContext2D, zoom: number): readonly Spot[] {
    return this.at(c, zoom).spots;
  }

  /** What is named at the zoom painted last, in world pixels: for tests. */
  named(): { text: string; spot: Spot }[] {
    return [...(this.placed?.of.values() ?? [])].map(({ wish, spot }) => ({ text: wish.text, spot }));
  }

  private at(c: CanvasRenderingContext2D, zoom: number): NonNullable<NameBoard["placed"]> {
    if (this.placed?.zoom === zoom) return this.placed;
    const told = new Map(this.sources.map((source) => [source, source.wishesAt(zoom)]));
    const bodies = [...told.values()].flatMap((one) => one.bodies);
    const names = placeNames([...told.values()].flatMap((one) => one.wishes), bodies, this.below?.bodiesAt(zoom) ?? [], ({ text, font }) => {
      c.font = font;
      return c.measureText(text).width;
    });
    return (this.placed = {
      zoom, of: new Map(names.map((n) => [n.wish, n])), wishes: new Map([...told].map(([source, one]) => [source, one.wishes])),
      spots: [...bodies, ...names.map((n) => n.spot)],
    });
  }
}

/** Writes a layer's names in a frame; the context's font and alignment are left as they were set here. */
export function writeNames(c: CanvasRenderingContext2D, names: readonly PlacedName[], frame: { left: number; top: number; width: number; height: number }, halo: string, colourOf: (wish: Wish) => string): void {
  c.textAlign = "center";
  c.textBaseline = "alphabetic";
  c.lineJoin = "round";
  c.strokeStyle = halo;
  c.lineWidth = 4;
  for (const { wish, x, y, spot } of names) {
    if (spot.r < frame.left || spot.l > frame.left + frame.width || spot.b < frame.top - 4 || spot.t > frame.top + frame.height + 4) continue;
    c.font = wish.font;
    c.fillStyle = colourOf(wish);
    c.strokeText(wish.text, x - frame.left, y - frame.top);
    c.fillText(wish.text, x - frame.left, y - frame.top);
  }
}
