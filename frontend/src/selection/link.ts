/** The selection in the page's address. */
import { computed, watch } from "vue";
import { openLink } from "./opening";
import { toHash } from "./query";
import { store } from "./state";

const hash = computed(() => toHash({ chosen: store.chosen, view: store.view, heat: store.heat, scale: store.scale, cell: store.cell, object: store.selected, base: store.base }));
let written = location.hash.slice(1);
let kept = false; // whether the map's page is the one that is shown: another page's address is not ours
function writeLink(): void {
  if (!kept) return;
  written = hash.value;
  history.replaceState(history.state, "", hash.value ? `#${hash.value}` : location.pathname + location.search);
}
export function keepLink(on: boolean): void {
  kept = on;
  if (hash.value !== location.hash.slice(1)) writeLink();
}
watch(hash, writeLink);
window.addEventListener("hashchange", () => {
  if (!kept || location.hash.slice(1) === written) return;
  void openLink(location.hash);
});

/** The selection alone, without place, object and picture: what is kept by name. */
export function selectionHash(): string {
  return toHash({ chosen: store.chosen, view: null, heat: false, scale: store.chosen.levels ? store.scale : null, cell: null, object: null });
}
