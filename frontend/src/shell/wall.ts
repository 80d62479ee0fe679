/** The wall of a command room: nobody clicks there. The link says so (`?wall`), a key flips it. */
import { ref, watch } from "vue";

export const wall = ref(new URLSearchParams(location.search).has("wall"));
watch(wall, (on) => {
  document.documentElement.toggleAttribute("data-wall", on);
  const url = new URL(location.href);
  if (on) url.searchParams.set("wall", "");
  else url.searchParams.delete("wall");
  const query = url.searchParams.toString().replace(/\bwall=(&|$)/, "wall$1");
  history.replaceState(history.state, "", url.pathname + (query ? `?${query}` : "") + url.hash);
});
document.documentElement.toggleAttribute("data-wall", wall.value);
