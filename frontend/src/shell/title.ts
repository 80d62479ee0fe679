/** What the browser calls a page, while it stands. */
import { onBeforeUnmount, watch } from "vue";
import { store } from "../selection/store";
import { W } from "../words";

export function useTitle(of: () => string): void {
  const house = (): string => store.meta?.title ?? W.title;
  // Also when the house's own name arrives: the session writes it over whatever stands.
  watch([of, () => store.meta], ([now]) => (document.title = now ? `${now} · ${house()}` : house()), { immediate: true, flush: "post" });
  onBeforeUnmount(() => (document.title = house()));
}
