/** Tiles of a chosen basemap on one canvas over the plain ground: what image and vector tiles have in common. */
import type { GroundStore } from "./GroundStore";
import { type GroundSource, groundTiles } from "./groundGrid";
import { ViewportLayer } from "./ViewportLayer";

export abstract class GroundLayer<T> extends ViewportLayer {
  protected abstract readonly store: GroundStore<T>;

  constructor(readonly source: GroundSource, shifts: boolean) {
    super("ground", shifts, 0.7);
    this.canvas.dataset.ground = source.source;
  }

  dress(filter: string, opacity: number): void {
    this.canvas.style.filter = filter;
    this.canvas.style.opacity = String(opacity);
  }

  progress(): { there: number; due: number } {
    return this.store.progress();
  }

  override onRemove(): this {
    this.store.close();
    return super.onRemove();
  }

  protected override moved(): void {
    if (this.frame) this.store.want(groundTiles(this.source, this.frame));
  }
}
