/** What lies under the objects: the plain basemap always, and the tiles of a chosen one over it. */
import type * as L from "leaflet";
import { BasemapLayer } from "./BasemapLayer";
import type { GroundParts } from "./GroundNames";
import type { GroundSource } from "./groundGrid";
import { greyed, type OnGround, onGround, type Palette, readPalette } from "./palette";
import { RasterGround } from "./RasterGround";
import { VectorGround } from "./VectorGround";

export type Variant = "colour" | "grey" | "dark";

export interface GroundWish {
  source: GroundSource | null; // null: the plain one alone
  photo: boolean; // an aerial picture: darkened, never inverted
  variant: Variant | null; // null: as the page's theme asks
  opacity: number;
  parts: GroundParts; // of the plain one
  over: GroundParts; // what of it is drawn over tiles
}

const GREY = "grayscale(1)";
const NIGHT = "invert(1) hue-rotate(180deg) saturate(.45) brightness(.85) contrast(.85)";
const DUSK = "brightness(.5) saturate(.65)";

export class Ground {
  readonly plain: BasemapLayer;
  private readonly palette: Palette;
  /** Colours for what others paint on it. */
  ink: OnGround;
  private tiles: RasterGround | VectorGround | null = null;
  private wish: GroundWish | null = null;
  private unit = 1;

  constructor(private readonly map: L.Map, private readonly element: HTMLElement) {
    this.palette = readPalette(element);
    this.ink = onGround(this.palette);
    this.plain = new BasemapLayer(this.palette);
  }

  choose(wish: GroundWish, said: (why: string | null) => void): void {
    const before = this.wish?.source;
    this.wish = wish;
    if (JSON.stringify(before ?? null) !== JSON.stringify(wish.source)) {
      this.tiles?.remove();
      this.tiles = null;
      said(null);
      if (wish.source) {
        const tell = (why: string | null): void => {
          if (this.wish?.source?.source === wish.source?.source) said(why);
        };
        this.tiles = wish.source.kind === "vector" ? new VectorGround(wish.source, this.palette, tell, () => this.plain.names.renew()) : new RasterGround(wish.source, tell);
        this.tiles.setUnit(this.unit);
        this.tiles.addTo(this.map);
      }
    }
    const { tiles } = this;
    this.plain.names.nameBy(tiles instanceof VectorGround ? () => tiles.names().map((n) => ({ ...n, size: n.weight })) : null);
    this.plain.show(wish.parts, wish.source ? wish.over : null);
    this.recolour();
  }

  /** The page's theme or the wished look has changed. */
  recolour(): void {
    const dark = document.documentElement.dataset.theme === "dark";
    const raster = this.tiles instanceof RasterGround;
    const variant = this.wish?.variant ?? (dark && raster ? "dark" : "colour");
    // A drawn picture as it is, is light under any theme; an aerial one is neither. What is drawn here goes by the theme.
    const light = variant !== "dark" && (!dark || (raster && !this.wish?.photo));
    // The palette of the other theme is read where the page would have it.
    const probe = document.createElement("span");
    probe.dataset.theme = light ? "light" : "dark";
    this.element.append(probe);
    const read = readPalette(probe);
    probe.remove();
    this.ink = onGround(read);
    // What is drawn here takes its colours from the palette; a filter is for images alone.
    Object.assign(this.palette, variant === "grey" ? greyed(read) : read);
    const night = this.wish?.photo ? DUSK : NIGHT;
    this.tiles?.dress(raster ? { colour: "", grey: GREY, dark: night }[variant] : "", this.wish?.opacity ?? 1);
    this.redraw();
  }

  setUnit(unit: number): void {
    this.unit = unit;
    this.tiles?.setUnit(unit);
  }

  redraw(): void {
    for (const layer of [this.plain, this.plain.names, this.tiles]) layer?.redraw();
  }

  shown(): { source: string; filter: string; there: number; due: number } {
    const canvas = document.querySelector<HTMLElement>("canvas[data-ground]");
    return { source: this.tiles?.source.source ?? "plain", filter: canvas?.style.filter ?? "", ...(this.tiles?.progress() ?? { there: 0, due: 0 }) };
  }
}
