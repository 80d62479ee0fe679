/** Names of several layers that lie over one another, placed together: none runs into another, whichever layer it is of. */
import { placeLabel, type Spot, Taken } from "./labels";
import { type Box, worldSize } from "./mercator";

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
 * clear of where that can be; who `must` be named lies over a symbol rather than have no name. None lies across the edge
 * of what is seen (`view`): a name that is cut reads as another.
 */
export function placeNames(wishes: readonly Wish[], bodies: readonly Spot[], soft: readonly Spot[], widthOf: (wish: Wish) => number, view: Spot | null = null): PlacedName[] {
  const [names, hard, all] = [new Taken(), new Taken(), new Taken()];
  for (const body of bodies) for (const taken of [hard, all]) taken.add(body);
  for (const body of soft) all.add(body);
  const out: PlacedName[] = [];
  for (const wish of [...wishes].sort((a, b) => b.rank - a.rank)) {
    const width = widthOf(wish);
    const at = [all, hard, ...(wish.must ? [names] : [])].reduce<{ x: number; y: number } | null>((found, taken) => found ?? sideOf(wish, width, taken, view), null);
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

/** Whether the name of a place that is seen is so wholly, and that of one that is not seen not at all. */
function whole(at: { x: number; y: number }, s: Spot, view: Spot | null): boolean {
  if (!view) return true;
  if (at.x < view.l || at.x > view.r || at.y < view.t || at.y > view.b) return s.r <= view.l || s.l >= view.r || s.b <= view.t || s.t >= view.b;
  return s.l >= view.l && s.r <= view.r && s.t >= view.t && s.b <= view.b;
}

function sideOf(wish: Wish, width: number, taken: Taken, view: Spot | null): { x: number; y: number } | null {
  const isFree = (spot: Spot, but?: Spot): boolean => whole(wish, spot, view) && taken.isFree(spot, but);
  if (!wish.body) return isFree(spotAt(wish, width)) ? { x: wish.x, y: wish.y } : null;
  return placeLabel({ ...wish, body: wish.body }, width, { isFree, add: () => undefined });
}

interface Placed {
  zoom: number; of: ReadonlyMap<Wish, PlacedName>; wishes: ReadonlyMap<NameSource, readonly Wish[]>; spots: readonly Spot[];
  view: Spot | null; again: (view: Spot | null) => PlacedName[]; bodies: readonly Spot[];
}

export class NameBoard {
  private readonly sources: NameSource[] = [];
  private placed: Placed | null = null;
  /** What of the world is seen; null where it is not known. */
  view: () => Box | null = () => null;
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

  /** The map has come to rest: names that would be cut at its edges now stand elsewhere, and those that were left out come back. */
  settle(): void {
    const was = this.placed;
    if (!was) return;
    const view = this.viewAt(was.zoom);
    if (JSON.stringify(view) === JSON.stringify(was.view)) return;
    const names = was.again(view);
    const same = names.length === was.of.size && names.every(({ wish, x, y }) => { const at = was.of.get(wish); return at?.x === x && at.y === y; });
    if (same) return void (this.placed = { ...was, view });
    this.placed = this.with(was, names, view);
    for (const source of this.sources) source.redraw();
    this.below?.redraw();
  }

  /** The names of one layer. All are measured and placed in one pass a zoom, and stay as the view moves, so that strips agree, until it rests. */
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

  private viewAt(zoom: number): Spot | null {
    const [box, size] = [this.view(), worldSize(zoom)];
    return box && { l: box.minX * size, r: box.maxX * size, t: box.minY * size, b: box.maxY * size };
  }

  private with(was: Omit<Placed, "of" | "spots" | "view">, names: readonly PlacedName[], view: Spot | null): Placed {
    return { ...was, view, of: new Map(names.map((n) => [n.wish, n])), spots: [...was.bodies, ...names.map((n) => n.spot)] };
  }

  private at(c: CanvasRenderingContext2D, zoom: number): Placed {
    if (this.placed?.zoom === zoom) return this.placed;
    const told = new Map(this.sources.map((source) => [source, source.wishesAt(zoom)]));
    const bodies = [...told.values()].flatMap((one) => one.bodies);
    const wishes = [...told.values()].flatMap((one) => one.wishes);
    const soft = this.below?.bodiesAt(zoom) ?? [];
    const widths = new Map(wishes.map((wish) => {
      c.font = wish.font;
      return [wish, c.measureText(wish.text).width] as const;
    }));
    const again = (view: Spot | null): PlacedName[] => placeNames(wishes, bodies, soft, (wish) => widths.get(wish) ?? 0, view);
    const view = this.viewAt(zoom);
    return (this.placed = this.with({ zoom, wishes: new Map([...told].map(([source, one]) => [source, one.wishes])), bodies, again }, again(view), view));
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
