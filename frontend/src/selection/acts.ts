/** What a panel, the legend or a key does to the selection. */
import { GRADES, type Grade } from "../words";
import { EVERYTHING } from "./query";
import { hazards, shownClasses, shownGrades, store } from "./state";

export function chooseGrades(grades: readonly Grade[] | null): void {
  store.chosen.grades = grades === null || grades.length === GRADES.length ? null : GRADES.filter((g) => grades.includes(g));
}

export function toggleGrade(grade: Grade): void {
  const now = new Set(shownGrades.value);
  if (!now.delete(grade)) now.add(grade);
  chooseGrades([...now]);
}

export function chooseClasses(codes: Iterable<string>): void {
  const now = new Set(codes);
  const same = now.size === hazards.value.length && hazards.value.every((c) => now.has(c));
  store.chosen.classes = same ? null : (store.catalogue?.classes ?? []).map((c) => c.class).filter((c) => now.has(c));
}

export function toggleClasses(codes: readonly string[], on: boolean): void {
  const now = new Set(shownClasses.value);
  for (const code of codes) {
    if (on) now.add(code);
    else now.delete(code);
  }
  chooseClasses(now);
}

/** By which scale map and legend are coloured; conditions on another scale's levels go. */
export function colourBy(scale: string | null): void {
  store.chosen.levels = null;
  store.scale = scale;
}

/** A level of the present scale on or off; `all` is everything that its legend lists. */
export function toggleLevel(level: string, all: readonly string[]): void {
  const now = new Set(store.chosen.levels ?? all);
  if (!now.delete(level)) now.add(level);
  store.chosen.levels = all.every((one) => now.has(one)) ? null : all.filter((one) => now.has(one));
}

export function reset(): void {
  store.chosen = { ...EVERYTHING };
  store.cell = null;
  store.inView = false;
}
