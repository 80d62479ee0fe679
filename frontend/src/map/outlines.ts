/** Outlines of counties and towns for the maps on the page: as their ground, and as the place that a chosen area is. */
import { computed, reactive } from "vue";
import { getJson } from "../api/client";
import type { Geometry, Outline } from "../api/types";
import { placeName, store } from "../selection/state";
import { whyOf } from "../selection/trouble";
import { W } from "../words";
import { F } from "../words/filters";
import type { RiskMap } from "./RiskMap";

export type Level = "city" | "county" | "town";
interface OnGround {
  setDivisions(level: Level, shapes: Outline): void;
  setBasemap(layer: string, shapes: Outline): void;
}

export const divisionsOf = (level: Level): Promise<Outline> => getJson<Outline>(`/api/divisions.geojson?level=${level}`);

/** Counties and plain layers first, then city and towns. Why something has not come; null where all has: the ground is a help, the map stays usable without it. */
export async function loadGround(map: () => OnGround | null, came: (level: Level, shapes: Outline) => void = () => undefined): Promise<unknown> {
  const outline = async (level: Level): Promise<void> => {
    const shapes = await divisionsOf(level);
    map()?.setDivisions(level, shapes);
    came(level, shapes);
  };
  const layers = (store.meta?.basemap ?? []).map(async (b) => map()?.setBasemap(b.layer, await getJson<Outline>(b.url)));
  const first = await Promise.allSettled([outline("county"), ...layers]);
  const all = [...first, ...(await Promise.allSettled([outline("city"), outline("town")]))];
  const lost = all.find((one) => one.status === "rejected");
  return lost ? (lost.reason as unknown) : null;
}

type What = "ground" | "place";

export function useOutlines(map: () => RiskMap | null) {
  /** What has not come and why: each by itself, for either can fail while the other is still missing. */
  const failed = reactive<Partial<Record<What, string>>>({});

  async function ground(): Promise<void> {
    const lost = await loadGround(map);
    if (lost) failed.ground = whyOf(lost);
    else delete failed.ground;
  }

  /** The map goes to the areas that are chosen, as far as they still are when their outlines have come. */
  async function goToChosen(): Promise<void> {
    const wanted = store.chosen.divisions;
    const codes = wanted.join();
    delete failed.place; // of other areas
    if (!codes) {
      if (!store.chosen.area) map()?.goHome();
      return;
    }
    try {
      const outlines = await Promise.all([...new Set(wanted.map((code) => (code.length > 6 ? "town" : "county")))].map(divisionsOf));
      const found = outlines.flatMap((o) => o.features).flatMap((f): Geometry[] => (f.geometry && wanted.includes(String(f.properties?.code)) ? [f.geometry] : []));
      if (found.length && store.chosen.divisions.join() === codes) map()?.fitGeometry(found);
    } catch (error) {
      if (store.chosen.divisions.join() === codes) failed.place = whyOf(error);
    }
  }

  /** What is missing, in words; null where nothing is. */
  const unread = computed(() => {
    const { ground, place } = failed;
    const what = [ground !== undefined && W.outlines, place !== undefined && W.outlineOf(F.areasN(store.chosen.divisions.map(placeName)))].filter((w) => w !== false);
    return what.length ? { what: what.join("、"), why: place ?? ground ?? "" } : null;
  });

  /** All that failed is asked for again. */
  function retry(): void {
    const { ground: lost, place } = failed;
    delete failed.ground;
    delete failed.place;
    if (lost !== undefined) void ground();
    if (place !== undefined) void goToChosen();
  }

  return { unread, loadGround: ground, goToChosen, retry };
}
