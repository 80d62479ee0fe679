/** Outlines of counties and towns for the map: as its ground, and as the place that a chosen area is. */
import { ref } from "vue";
import { getJson } from "../api/client";
import type { Geometry, Outline } from "../api/types";
import type { RiskMap } from "../map/RiskMap";
import { store } from "./state";
import { whyOf } from "./trouble";

type Level = "city" | "county" | "town";

export function useOutlines(map: () => RiskMap | null) {
  /** What has not come and why; asked for again by `retry`. */
  const failed = ref<{ what: "ground" | "place"; why: string } | null>(null);
  const ask = (level: Level): Promise<Outline> => getJson<Outline>(`/api/divisions.geojson?level=${level}`);

  async function loadGround(): Promise<void> {
    const outline = async (level: Level): Promise<void> => map()?.setDivisions(level, await ask(level));
    const layers = (store.meta?.basemap ?? []).map(async (b) => map()?.setBasemap(b.layer, await getJson<Outline>(b.url)));
    // The ground is a help, not an answer: without it the objects stay usable. That it is missing is said.
    const first = await Promise.allSettled([outline("county"), ...layers]);
    const all = [...first, ...(await Promise.allSettled([outline("city"), outline("town")]))];
    const lost = all.find((one) => one.status === "rejected");
    if (lost) failed.value = { what: "ground", why: whyOf(lost.reason) };
    else if (failed.value?.what === "ground") failed.value = null;
  }

  /** The map goes to the areas that are chosen, as far as they still are when their outlines have come. */
  async function goToChosen(): Promise<void> {
    const wanted = store.chosen.divisions;
    const codes = wanted.join();
    if (failed.value?.what === "place") failed.value = null;
    if (!codes) {
      if (!store.chosen.area) map()?.goHome();
      return;
    }
    try {
      const outlines = await Promise.all([...new Set(wanted.map((code) => (code.length > 6 ? "town" : "county")))].map(ask));
      const found = outlines.flatMap((o) => o.features).flatMap((f): Geometry[] => (f.geometry && wanted.includes(String(f.properties?.code)) ? [f.geometry] : []));
      if (found.length && store.chosen.divisions.join() === codes) map()?.fitGeometry(...found);
    } catch (error) {
      if (store.chosen.divisions.join() === codes) failed.value = { what: "place", why: whyOf(error) };
    }
  }

  function retry(): void {
    const what = failed.value?.what;
    failed.value = null;
    void (what === "place" ? goToChosen() : loadGround());
  }

  return { failed, loadGround, goToChosen, retry };
}
