/** What of the selection lies in the view: the same question as the table's 仅看地图范围, asked once for all of the legend. */
import { computed, shallowRef, watch } from "vue";
import { getJson, isAbort } from "../api/client";
import type { Counts, CountRow } from "../api/types";
import type { Figures } from "./figures";
import { facetQuery, figuresFor, store } from "./state";
import { together } from "./together";
import { complain } from "./trouble";

const REST_MS = 120; // how long the map rests before it is asked
const rows = shallowRef<CountRow[] | null>(null);
let running: AbortController | null = null;
let due = 0;

/** Null until the first answer. */
export const seen = computed<Figures | null>(() => rows.value && figuresFor(rows.value));

async function ask(): Promise<void> {
  running?.abort();
  const mine = (running = new AbortController());
  const { bounds } = store;
  if (!bounds || !store.catalogue) return;
  const box = bounds.map((v) => v.toFixed(6)).join(",");
  try {
    const got = await together(getJson<Counts>(`/api/counts?${facetQuery()}&bbox=${box}`, mine.signal));
    if (!mine.signal.aborted) rows.value = got.rows as CountRow[];
  } catch (error) {
    if (!isAbort(error)) complain(error);
  }
}

// With the other figures at once; with the map's movements when it rests.
watch([() => JSON.stringify(store.chosen), () => store.scale, () => store.state, () => store.catalogue], () => {
  clearTimeout(due);
  void ask();
});
watch(() => store.bounds, () => {
  clearTimeout(due);
  due = window.setTimeout(() => void ask(), REST_MS);
}, { immediate: true });
