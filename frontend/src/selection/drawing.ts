/** Drawing an area of the selection on the map, and showing it there. */
import { onBeforeUnmount, watch } from "vue";
import type { RiskMap } from "../map/RiskMap";
import type { Shape } from "../map/Sketch";
import { geodesic } from "../map/geodesic";
import type { AreaShape } from "./area";
import { chooseArea } from "./opening";
import { store } from "./state";
import { complain } from "./trouble";

export function useDrawing(map: RiskMap): void {
  const take = (shape: Shape): void => {
    store.drawing = null;
    void chooseArea(shape as AreaShape).catch(complain);
  };
  const cancelled = (): void => {
    store.drawing = null;
    void show();
  };
  const shown = async (shape: AreaShape | undefined): Promise<void> => {
    map.showArea(!shape ? null : shape.type === "Circle" ? (await geodesic()).circle(shape) : shape);
  };
  const show = (): Promise<void> => shown(store.chosen.area?.shape);
  const stops = [
    watch(() => store.drawing, (how) => {
      const sketch = map.sketch();
      const now = store.chosen.area?.shape;
      if (how === null) return;
      map.showArea(null);
      const begun = how === "edit" && now ? sketch.edit(now, { finished: take, cancelled }) : sketch.draw(how === "circle" ? "circle" : "polygon", { finished: take, cancelled });
      void begun.catch(complain);
    }),
    watch(() => store.chosen.area, () => void show(), { immediate: true }),
  ];
  onBeforeUnmount(() => stops.forEach((stop) => stop()));
}
