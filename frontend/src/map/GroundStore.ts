/** A basemap's tiles: fetched from our own service, made ready, kept while they may be needed, asked again after a failure. */
import { type GroundSource, tileUrl } from "./groundGrid";
import { type TileAddress, tileKey } from "./tile";

const AT_ONCE = 6;
const RETRY_MS = 15_000;
const LEAST_KEPT = 200;
const FAILURES = 4; // in a row: then the rest is not asked for until the next try

export class GroundStore<T> {
  private readonly tiles = new Map<string, T | null>();
  private readonly failed = new Set<string>();
  private readonly loading = new Map<string, AbortController>();
  private waiting: [string, string][] = [];
  private most = LEAST_KEPT;
  private inRow = 0;
  private timer = 0;
  private wanted: readonly TileAddress[] = [];

  /** `changed` is called when a tile has come or failed; `said` is why, where the service says it, or null when all is well again. */
  constructor(
    readonly source: GroundSource,
    private readonly read: (response: Response, address: TileAddress) => Promise<T>,
    private readonly drop: (tile: T) => void,
    private readonly changed: () => void,
    private readonly said: (why: string | null) => void,
  ) {}

  /** Undefined: not there yet. Null: there is none. */
  get(layer: number, address: TileAddress): T | null | undefined {
    return this.tiles.get(`${layer}:${tileKey(address)}`);
  }

  want(addresses: readonly TileAddress[]): void {
    this.wanted = addresses;
    const wanted = new Map<string, string>();
    for (const address of addresses) this.source.tiles.forEach((template, i) => wanted.set(`${i}:${tileKey(address)}`, tileUrl(template, address)));
    this.most = Math.max(LEAST_KEPT, wanted.size * 2);
    for (const [key, controller] of this.loading)
      if (!wanted.has(key)) {
        controller.abort();
        this.loading.delete(key);
      }
    this.waiting = [];
    for (const [key, url] of wanted) {
      const there = this.tiles.get(key);
      if (there !== undefined) {
        this.tiles.delete(key);
        this.tiles.set(key, there);
      } else if (!this.loading.has(key) && !this.failed.has(key)) this.waiting.push([key, url]);
    }
    this.pump();
  }

  /** How many of the wanted tiles are there, and how many are to come: for tests. */
  progress(): { there: number; due: number } {
    return { there: this.tiles.size, due: this.waiting.length + this.loading.size };
  }

  close(): void {
    clearTimeout(this.timer);
    this.waiting = [];
    for (const controller of this.loading.values()) controller.abort();
    this.loading.clear();
    for (const tile of this.tiles.values()) if (tile) this.drop(tile);
    this.tiles.clear();
  }

  private pump(): void {
    while (this.loading.size < AT_ONCE) {
      const next = this.waiting.shift();
      if (!next) return;
      void this.load(...next);
    }
  }

  private async load(key: string, url: string): Promise<void> {
    const controller = new AbortController();
    this.loading.set(key, controller);
    const [z, x, y] = key.slice(key.indexOf(":") + 1).split("/").map(Number) as [number, number, number];
    try {
      const response = await fetch(url, { credentials: "same-origin", signal: controller.signal });
      if (!response.ok) throw new Refused(((await response.json().catch(() => null)) as { detail?: string } | null)?.detail ?? "");
      const tile = response.status === 204 ? null : await this.read(response, { z, x, y });
      if (controller.signal.aborted) {
        if (tile) this.drop(tile);
        return;
      }
      this.tiles.set(key, tile);
      this.trim();
      if (this.inRow || this.failed.size) this.said(null);
      this.inRow = 0;
    } catch (error) {
      if (controller.signal.aborted) return;
      this.failed.add(key);
      this.inRow++;
      this.said(error instanceof Refused ? error.message : "");
      this.later();
    } finally {
      if (this.loading.get(key) === controller) this.loading.delete(key);
    }
    this.changed();
    this.pump();
  }

  /** One try after a while for all that failed; meanwhile a service that is away is not asked for every tile. */
  private later(): void {
    if (this.inRow >= FAILURES) this.waiting = [];
    this.timer ||= window.setTimeout(() => {
      this.timer = 0;
      this.failed.clear();
      this.want(this.wanted);
    }, RETRY_MS);
  }

  private trim(): void {
    for (const [key, tile] of this.tiles) {
      if (this.tiles.size <= this.most) return;
      this.tiles.delete(key);
      if (tile) this.drop(tile);
    }
  }
}

class Refused extends Error {}
