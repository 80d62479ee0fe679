/** Light, or the dark of a command room: chosen once in this browser, until then as the system says. */
import { ref, watch } from "vue";

export type Theme = "light" | "dark";
const KEPT = "riskmap.theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");

function chosen(): Theme | null {
  try {
    const kept = localStorage.getItem(KEPT);
    return kept === "light" || kept === "dark" ? kept : null;
  } catch {
    return null; // a browser that keeps nothing follows the system each time
  }
}
const bySystem = (): Theme => (system.matches ? "dark" : "light");

export const theme = ref<Theme>(chosen() ?? bySystem());
watch(theme, (now) => (document.documentElement.dataset.theme = now), { immediate: true, flush: "sync" });
system.addEventListener("change", () => {
  if (!chosen()) theme.value = bySystem();
});

export function flipTheme(): void {
  theme.value = theme.value === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEPT, theme.value);
  } catch {
    // Chosen for this page alone then.
  }
}
