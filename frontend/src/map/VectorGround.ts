/** A basemap of vector tiles, drawn with our own few colours, so that it is as calm as the plain one and turns dark with it. */
import { VectorTile } from "@mapbox/vector-tile";
import { PbfReader } from "pbf";
import { GroundLayer } from "./GroundLayer";
import { GroundStore } from "./GroundStore";
import { type GroundSource, groundTiles, layOf } from "./groundGrid";
import type { Frame } from "./mercator";
import type { Palette } from "./palette";
import { type TileAddress, tileKey } from "./tile";
import { type Kind, meaningOf, placeOf } from "./vectorStyle";

export interface TileName { text: string; x: number; y: number; kind: "seat" | "town" | "water"; from: number; weight: number }
interface Piece { path: Path2D; rank: number }
interface Parsed { pieces: Map<Kind, Piece[]>; names: { text: string; u: number; v: number; kind: TileName["kind"]; from: number; weight: number }[] }

const MOST_FEATURES = 60_000; // of one tile
const ROAD_WIDTH = [3.4, 2.8, 2.4, 1.9, 1.4];
const ROAD_FROM = [6, 8, 10, 11.5, 13];

export class VectorGround extends GroundLayer<Parsed> {
  protected readonly store: GroundStore<Parsed>;
  private named: TileName[] = [];
  private namedBy = ""; // the tiles whose names they are

  constructor(source: GroundSource, private readonly palette: Palette, said: (why: string | null) => void, private readonly renamed: () => void) {
    super(source, false); // its names are those of the whole frame
    this.store = new GroundStore(source, async (response) => parse(await response.arrayBuffer()), () => undefined, () => this.redraw(), said);
  }

  /** Names of places in the frame, in world units. */
  names(): readonly TileName[] {
    return this.named;
  }

  protected override paint(c: CanvasRenderingContext2D, frame: Frame): void {
    const p = this.palette;
    const { zoom } = frame;
    const tiles: { lay: ReturnType<typeof layOf>; tile: Parsed }[] = [];
    const names: TileName[] = [];
    let by = String(zoom);
    const size = 256 * 2 ** zoom;
    for (const address of groundTiles(this.source, frame)) {
      const found = this.find(address);
      if (!found) continue;
      const lay = layOf(found.at, frame, this.source.shifted);
      tiles.push({ lay, tile: found.tile });
      by += ` ${tileKey(found.at)}`;
      for (const n of found.tile.names) {
        const x = (lay[0] * n.u + lay[2] * n.v + lay[4] + frame.left) / size;
        const y = (lay[1] * n.u + lay[3] * n.v + lay[5] + frame.top) / size;
        names.push({ ...n, x, y });
      }
    }
    if (!tiles.length) return;
    c.lineJoin = c.lineCap = "round";
    for (const { lay } of tiles) this.within(c, lay, () => {
      c.fillStyle = p.land;
      c.fillRect(0, 0, 1, 1);
    });
    const fill = (kind: Kind, colour: string, from = 0): void => {
      if (zoom < from) return;
      for (const { lay, tile } of tiles) this.within(c, lay, () => {
        c.fillStyle = colour;
        for (const piece of tile.pieces.get(kind) ?? []) c.fill(piece.path, "evenodd");
      });
    };
    const stroke = (kind: Kind, rank: number, colour: string, width: number, dash: number[] = []): void => {
      for (const { lay, tile } of tiles) {
        const px = Math.hypot(lay[0], lay[1]);
        this.within(c, lay, () => {
          c.strokeStyle = colour;
          c.lineWidth = width / px;
          c.setLineDash(dash.map((d) => d / px));
          for (const piece of tile.pieces.get(kind) ?? []) if (piece.rank === rank) c.stroke(piece.path);
          c.setLineDash([]);
        });
      }
    };
    fill("green", p.hill);
    fill("urban", p.urban);
    stroke("river", 0, p.water, Math.max(1.2, Math.min(10, 2 ** (zoom - 11) * 2)));
    if (zoom >= 11) stroke("river", 1, p.water, 1);
    fill("water", p.water);
    if (zoom >= 9) {
      stroke("rail", 0, p.border, 1.6);
      stroke("rail", 0, p.road, 0.8, [6, 6]);
    }
    const grow = 2 ** Math.max(-0.9, Math.min(2, (zoom - 12) * 0.45));
    for (const casing of [true, false])
      for (let rank = 4; rank >= 0; rank--) {
        if (zoom < (ROAD_FROM[rank] as number)) continue;
        const width = (ROAD_WIDTH[rank] as number) * grow;
        stroke("road", rank, casing ? p.roadCase : p.road, casing ? width + 1.4 : width);
      }
    stroke("border", 1, p.border, 1, [5, 3, 1, 3]);
    stroke("border", 0, p.city, 1.2, [8, 3, 1.5, 3]);
    if (by === this.namedBy) return;
    this.namedBy = by;
    this.named = names;
    this.renamed();
  }

  /** The tile itself, or the coarser one that covers it while it comes. */
  private find(address: TileAddress): { at: TileAddress; tile: Parsed } | null {
    for (let up = 0; up <= 4 && address.z - up >= this.source.minZoom; up++) {
      const at = { z: address.z - up, x: address.x >> up, y: address.y >> up };
      const tile = this.store.get(0, at);
      if (tile === null) return null;
      if (tile) return { at, tile };
    }
    return null;
  }

  private within(c: CanvasRenderingContext2D, lay: ReturnType<typeof layOf>, draw: () => void): void {
    c.save();
    c.transform(...lay);
    c.beginPath();
    c.rect(0, 0, 1, 1);
    c.clip();
    draw();
    c.restore();
  }
}

/** A tile as paths in the unit square, by what they mean. */
function parse(bytes: ArrayBuffer): Parsed {
  const out: Parsed = { pieces: new Map(), names: [] };
  const tile = new VectorTile(new PbfReader(bytes));
  let read = 0;
  for (const [name, layer] of Object.entries(tile.layers)) {
    for (let i = 0; i < layer.length && read < MOST_FEATURES; i++, read++) {
      const feature = layer.feature(i);
      if (feature.type === 1) {
        const place = placeOf(name, feature.properties);
        const at = place && feature.loadGeometry()[0]?.[0];
        if (place && at && at.x >= 0 && at.y >= 0 && at.x < layer.extent && at.y < layer.extent) out.names.push({ ...place, u: at.x / layer.extent, v: at.y / layer.extent });
        continue;
      }
      const meaning = meaningOf(name, feature.type, feature.properties);
      if (!meaning) continue;
      const path = new Path2D();
      for (const part of feature.loadGeometry()) {
        part.forEach((p, j) => (j ? path.lineTo(p.x / layer.extent, p.y / layer.extent) : path.moveTo(p.x / layer.extent, p.y / layer.extent)));
        if (feature.type === 3) path.closePath();
      }
      const list = out.pieces.get(meaning.kind);
      if (list) list.push({ path, rank: meaning.rank });
      else out.pieces.set(meaning.kind, [{ path, rank: meaning.rank }]);
    }
  }
  return out;
}
