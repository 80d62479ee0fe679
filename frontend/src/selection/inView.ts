/** What of the selection lies in the view: the same question as the table's 仅看地图范围, asked once for all of the legend. */
import { computed, shallowRef, watch } from "vue";
import { getJson, isAbort } from "../api/client";
import type { Counts, CountRow } from "../api/types";
import type { Figures } from "./figures";
import { facetQuery, figuresFor, store } from "./state";
import { together } from "./together";
import { complain } from "./trouble";

const rows = shallowRef<{ rows: CountRow[]; scale: string | null } | null>(null);
let running: AbortController | null = null;

/** Null until the first answer, and while the selection is counted by another scale than the view was. */
export const seen = computed<Figures | null>(() => (rows.value && rows.value.scale === store.counted.scale ? figuresFor(rows.value.rows) : null));

async function ask(): Promise<void> {
  running?.abort();
  const mine = (running = new AbortController());
  const { bounds, scale } = store;
  if (!bounds || !store.catalogue) return;
  const box = bounds.map((v) => v.toFixed(6)).join(",");
  try {
    const got = await together(getJson<Counts>(`/api/counts?${facetQuery()}&bbox=${box}`, mine.signal));
    if (!mine.signal.aborted) rows.value = { rows: got.rows as CountRow[], scale };
  } catch (error) {
    if (isAbort(error)) return;
    rows.value = null; // those of another view or selection are no answer
    complain(error);
  }
}

// The map says where it is when it rests.
watch([() => JSON.stringify(store.chosen), () => store.scale, () => store.state, () => store.catalogue, () => store.bounds, () => store.online && !rows.value], () => void ask(), { immediate: true });
