/** The selection in the page's address. */
import { computed, watch } from "vue";
import { openLink } from "./opening";
import { fromHash, toHash, WORST_FIRST } from "./query";
import { store } from "./state";

const hash = computed(() => toHash({ chosen: store.chosen, view: store.view, heat: store.heat, weighted: store.weighted, scale: store.scale, cell: store.cell, object: store.selected, sort: store.sort, base: store.base, from: store.from }));
let written = location.hash.slice(1);
let kept = false; // whether the map's page is the one that is shown: another page's address is not ours
let shown = store.selected; // the object of the address
let leaving = false;

/**
 * Opening an object is a step that the browser's back button takes back, as one expects of a sheet on a phone;
 * filters and the map's moves only change the present step. Closing it goes back that step.
 */
function writeLink(): void {
  if (!kept || leaving) return;
  // The reader is at another step already, of which we are about to be told: it is not ours to write over.
  if (location.hash.slice(1) !== written) return;
  // What a link opens as the page comes up is no step.
  const opened = shown === null && store.selected !== null && navigator.userActivation.hasBeenActive;
  const closed = shown !== null && store.selected === null;
  shown = store.selected;
  if (closed && (history.state as { object?: boolean } | null)?.object) {
    leaving = true;
    history.back();
    return;
  }
  written = hash.value;
  const url = hash.value ? `#${hash.value}` : location.pathname + location.search;
  if (opened) history.pushState({ ...history.state, object: true }, "", url);
  else history.replaceState(history.state, "", url);
  written = location.hash.slice(1); // as the browser spells it
}
export function keepLink(on: boolean): void {
  kept = on;
  if (on) written = location.hash.slice(1); // what another page left there is written over
  if (hash.value !== location.hash.slice(1)) writeLink();
}
watch(hash, writeLink);
window.addEventListener("hashchange", () => {
  if (leaving) {
    leaving = false;
    shown = store.selected; // perhaps another has been opened meanwhile
    written = hash.value;
    history.replaceState(history.state, "", hash.value ? `#${hash.value}` : location.pathname + location.search);
    return;
  }
  if (!kept || location.hash.slice(1) === written) return;
  written = location.hash.slice(1);
  shown = fromHash(location.hash).object;
  void openLink(location.hash);
});

/** The selection alone, without place, object and picture: what is kept by name. */
export function selectionHash(): string {
  return toHash({ chosen: store.chosen, view: null, heat: false, weighted: false, scale: store.chosen.levels ? store.scale : null, cell: null, object: null, sort: WORST_FIRST });
}
