/** Tiles of one picture (selection, rights, state): fetched once, decoded in slices, kept while they may be needed again. */
import type { ScaleLook } from "./levels";
import { inSlices } from "./slices";
import { decode, type TileAddress, type TileItems, tileKey } from "./tile";

/** Fetches a tile's bytes; null where it is empty. */
export type TileFetch = (address: TileAddress, signal: AbortSignal) => Promise<ArrayBuffer | null>;

const KEPT = 256; // tiles
const MOST = 60_000; // objects, clusters and shapes of all tiles together: some 20 MB
const AT_ONCE = 4;
const NOTHING: TileItems = { points: [], clusters: [], shapes: [] };

export class TileStore {
  private readonly tiles = new Map<string, TileItems>();
  private readonly failed = new Map<string, number>();
  private readonly loading = new Map<string, AbortController>();
  private waiting: TileAddress[] = [];
  private wanted: ReadonlySet<string> = new Set();
  private weight = 0;

  /** `changed` is called when a tile has come in or failed. */
  constructor(private readonly fetchTile: TileFetch, private readonly changed: () => void, private readonly scale: ScaleLook | null = null) {}

  get(address: TileAddress): TileItems | undefined {
    return this.tiles.get(tileKey(address));
  }

  hasFailed(address: TileAddress): boolean {
    return this.failed.has(tileKey(address));
  }

  /** Asks for what is missing, in this order; requests for others that have not begun are dropped, running ones aborted. */
  want(addresses: readonly TileAddress[]): void {
    const wanted = (this.wanted = new Set(addresses.map(tileKey)));
    for (const [key, controller] of this.loading)
      if (!wanted.has(key)) {
        controller.abort();
        this.loading.delete(key);
      }
    for (const address of addresses) this.touch(tileKey(address));
    this.waiting = addresses.filter((a) => {
      const key = tileKey(a);
      return !this.tiles.has(key) && !this.loading.has(key) && !this.failed.has(key);
    });
    this.pump();
  }

  /** Another try for what failed. */
  retry(): void {
    this.failed.clear();
  }

  /** Stops everything; the store is not used again. */
  close(): void {
    this.waiting = [];
    for (const controller of this.loading.values()) controller.abort();
    this.loading.clear();
  }

  /** Lets go of what was not looked at for longest; never of what is in view. */
  private forget(): void {
    for (const [key, items] of this.tiles) {
      if (this.tiles.size <= KEPT && this.weight <= MOST) return;
      if (this.wanted.has(key)) continue;
      this.tiles.delete(key);
      this.weight -= weightOf(items);
    }
  }

  private touch(key: string): void {
    const tile = this.tiles.get(key);
    if (!tile) return;
    this.tiles.delete(key);
    this.tiles.set(key, tile);
  }

  private pump(): void {
    while (this.loading.size < AT_ONCE) {
      const next = this.waiting.shift();
      if (!next) return;
      void this.load(next);
    }
  }

  private async load(address: TileAddress): Promise<void> {
    const key = tileKey(address);
    const controller = new AbortController();
    this.loading.set(key, controller);
    try {
      const bytes = await this.fetchTile(address, controller.signal);
      const items = bytes ? await inSlices(decode(bytes, address, this.scale), controller.signal) : NOTHING;
      this.tiles.set(key, items);
      this.weight += weightOf(items);
      this.forget();
    } catch {
      if (!controller.signal.aborted) this.failed.set(key, Date.now());
    }
    if (this.loading.get(key) === controller) this.loading.delete(key);
    if (!controller.signal.aborted) this.changed();
    this.pump();
  }
}

function weightOf({ points, clusters, shapes }: TileItems): number {
  return points.length + clusters.length + shapes.length;
}
