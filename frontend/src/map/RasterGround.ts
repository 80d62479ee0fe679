/** A basemap of image tiles on one canvas over the plain one; where a tile is missing, what lies below stays. */
import { GroundLayer } from "./GroundLayer";
import { GroundStore } from "./GroundStore";
import { type GroundSource, groundTiles, layOf } from "./groundGrid";
import type { Frame } from "./mercator";
import type { TileAddress } from "./tile";

const ANCESTORS = 5; // levels above that may stand in for a tile that is not there yet
const OVERLAP = 0.002; // of a tile: neighbours meet without a hair between them

export class RasterGround extends GroundLayer<ImageBitmap> {
  protected readonly store: GroundStore<ImageBitmap>;

  constructor(source: GroundSource, said: (why: string | null) => void) {
    super(source, true);
    this.store = new GroundStore(source, async (response) => createImageBitmap(await response.blob()), (image) => image.close(), () => this.redraw(), said);
  }

  protected override paint(c: CanvasRenderingContext2D, frame: Frame): void {
    const addresses = groundTiles(this.source, frame);
    this.source.tiles.forEach((_, layer) => {
      for (const address of addresses) this.paintTile(c, frame, layer, address);
    });
  }

  private paintTile(c: CanvasRenderingContext2D, frame: Frame, layer: number, address: TileAddress): void {
    const image = this.store.get(layer, address);
    if (image === null) return;
    if (image) return this.stamp(c, frame, address, image, 0, 0, image.width, image.height);
    // Not there yet: the part of a coarser tile that covers it, else finer ones.
    for (let up = 1; up <= ANCESTORS && address.z - up >= this.source.minZoom; up++) {
      const parent = this.store.get(layer, { z: address.z - up, x: address.x >> up, y: address.y >> up });
      if (parent === null) return;
      if (!parent) continue;
      const side = parent.width / 2 ** up;
      const [dx, dy] = [address.x - ((address.x >> up) << up), address.y - ((address.y >> up) << up)];
      return this.stamp(c, frame, address, parent, dx * side, dy * side, side, side);
    }
    for (const dx of [0, 1])
      for (const dy of [0, 1]) {
        const finer = { z: address.z + 1, x: address.x * 2 + dx, y: address.y * 2 + dy };
        const child = this.store.get(layer, finer);
        if (child) this.stamp(c, frame, finer, child, 0, 0, child.width, child.height);
      }
  }

  private stamp(c: CanvasRenderingContext2D, frame: Frame, address: TileAddress, image: ImageBitmap, sx: number, sy: number, sw: number, sh: number): void {
    if (!this.source.shifted) {
      const [w, , , h, x, y] = layOf(address, frame, false);
      const [left, top] = [Math.round(x), Math.round(y)];
      c.drawImage(image, sx, sy, sw, sh, left, top, Math.round(x + w) - left, Math.round(y + h) - top);
      return;
    }
    c.save();
    c.transform(...layOf(address, frame, true));
    c.drawImage(image, sx, sy, sw, sh, -OVERLAP / 2, -OVERLAP / 2, 1 + OVERLAP, 1 + OVERLAP);
    c.restore();
  }
}
