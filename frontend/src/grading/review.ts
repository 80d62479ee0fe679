/** 等级待复核: what the service lists, and how many there are, for the menu. */
import { ref } from "vue";
import { getJson } from "../api/client";
import { store } from "../selection/store";

/** `R` and `exposed` are null where they were not computed. */
export interface Shown { value: string | null; verdict: string; R: string | null; exposed: string | null }
export interface ReviewLine {
  id: number; object: { id: number; name: string; class: string }; division: string | null; scale: string; before: Shown; after: Shown;
  cause: { object: { id: number; name: string } | null; masked?: string; change: string; others?: number }; state: number; at: string;
}
export interface ReviewPage { items: ReviewLine[]; total: number; next: number | null; state: number }

/** Null where it is not known. */
export const openLines = ref<number | null>(null);

export async function countLines(): Promise<void> {
  if (!store.account || store.account.role === "auditor") return void (openLines.value = null);
  try {
    openLines.value = (await getJson<ReviewPage>("/api/grading/review?limit=1")).total;
  } catch {
    openLines.value = null; // a count beside a menu: its page says why it cannot be read
  }
}
