/** 等级待复核: what the service lists, and how many there are, for the menu. */
import { ref } from "vue";
import { getJson } from "../api/client";
import { store } from "../selection/store";

/** `R` and `exposed` are null where they were not computed. */
export interface Shown { value: string | null; verdict: string; R: string | null; exposed: string | null }
/** What changed around: an object, or only whom to ask for it. */
export interface Cause { object: { id: number; name: string } | null; masked?: string; change: string }
/** `kind`: the level would be another, or only R. */
export interface ReviewLine {
  id: number; kind: "level" | "value"; object: { id: number; name: string; class: string }; division: string | null; scale: string; before: Shown; after: Shown;
  cause: (Cause & { others: number }) | null; causes: Cause[]; state: number; at: string;
}
export interface ReviewPage { items: ReviewLine[]; total: number; levels: number; values: number; next: number | null; state: number }

/** How many levels wait to be confirmed; null where it is not known. */
export const openLines = ref<number | null>(null);

export async function countLines(): Promise<void> {
  if (!store.account || store.account.role === "auditor") return void (openLines.value = null);
  try {
    openLines.value = (await getJson<ReviewPage>("/api/grading/review?limit=1")).levels;
  } catch {
    openLines.value = null; // a count beside a menu: its page says why it cannot be read
  }
}
