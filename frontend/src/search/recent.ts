/** What was searched for of late: kept for this tab only, since office machines are shared. */
import { ref } from "vue";

const KEPT = "riskmap.recent-searches";
const MOST = 6;

function read(): string[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(kept) ? kept.filter((q): q is string => typeof q === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}
export const recent = ref(read());

function keep(): void {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(recent.value));
  } catch {
    // Kept for this page alone then.
  }
}
export function remember(q: string): void {
  recent.value = [q, ...recent.value.filter((other) => other !== q)].slice(0, MOST);
  keep();
}
export function forgetRecent(): void {
  recent.value = [];
  keep();
}
