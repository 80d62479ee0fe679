/** The selection in words, condition by condition. */
import { computed } from "vue";
import { gradeWords, W } from "../words";
import { levelWords } from "../words/table";
import { area, classes, hazards, placeName, scales, store } from "./state";

/** How many the sentence speaks of: those of the chosen hexagon where there is one. */
export const spokenTotal = computed<number | null>(() => (store.cell ? store.rowsTotal : store.total));
/** The selection as conditions in words; each with how to take it away, where it can be. */
export interface Condition { text: string; drop: (() => void) | null }
export const conditions = computed<Condition[]>(() => {
  const { chosen } = store;
  const out: Condition[] = [];
  out.push(chosen.division
    ? { text: placeName(chosen.division), drop: () => (store.chosen.division = null) }
    : { text: W.wholeArea(area.value), drop: null });
  const only = chosen.classes?.length === 1 ? classes.value.get(chosen.classes[0] ?? "")?.title : undefined;
  out.push(chosen.classes === null
    ? { text: W.hazardsN(hazards.value.length), drop: null }
    : { text: only ?? (chosen.classes.length ? W.nClasses(chosen.classes.length) : W.noClassChosen), drop: () => (store.chosen.classes = null) });
  out.push(chosen.grades === null
    ? { text: W.allGrades, drop: null }
    : { text: gradeWords(chosen.grades), drop: () => (store.chosen.grades = null) });
  if (chosen.levels) out.push({ text: levelWords(scales.value.get(store.scale ?? "")?.title ?? "", chosen.levels), drop: () => (store.chosen.levels = null) });
  if (store.cell) out.push({ text: W.cellChosen, drop: () => (store.cell = null) });
  if (chosen.q.trim()) out.push({ text: W.contains(chosen.q.trim()), drop: () => (store.chosen.q = "") });
  return out;
});
