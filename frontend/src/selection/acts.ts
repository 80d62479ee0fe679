/** What a panel, the legend or a key does to the selection. */
import { watch } from "vue";
import { GRADES, type Grade } from "../words";
import { type FieldLimit, limits } from "./fields";
import { EVERYTHING, LIVE_STAGES, STAGES } from "./query";
import { classes, hazards, shownClasses, shownGrades, store } from "./state";

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
  store.chosen = structuredClone(EVERYTHING);
  store.leftOut = [];
  store.cell = null;
  store.inView = false;
}

/** One more or one less of a list. */
function flipped<T>(all: readonly T[], one: T): T[] {
  return all.includes(one) ? all.filter((o) => o !== one) : [...all, one];
}

/** An area on or off. A county takes the place of its towns, a town that of its county. */
export function toggleDivision(code: string): void {
  const { divisions } = store.chosen;
  const others = divisions.filter((d) => d === code || !(d.startsWith(code) || code.startsWith(d)));
  store.chosen.divisions = flipped(others, code);
}

export function toggleStage(stage: string): void {
  const now = flipped(store.chosen.stages ?? LIVE_STAGES, stage);
  const same = now.length === LIVE_STAGES.length && LIVE_STAGES.every((s) => now.includes(s));
  store.chosen.stages = same || !now.length ? null : STAGES.filter((s) => now.includes(s));
}

export function toggleValue(list: "sources" | "departments" | "tags", value: string): void {
  store.chosen[list] = flipped(store.chosen[list], value);
}

export function toggleEnterprise(id: number, name: string): void {
  store.enterprises[id] = name;
  store.chosen.enterprises = flipped(store.chosen.enterprises, id);
}

/** Sets, replaces or, where it limits nothing, takes away what is asked of a field. */
export function limitField(limit: FieldLimit): void {
  const others = store.chosen.fields.filter((f) => f.field !== limit.field);
  store.chosen.fields = limits(limit) ? [...others, limit] : others;
}

// Limits on fields go with their class; at once, so that nothing is asked in between.
watch(() => store.chosen.classes, () => {
  const { fields, classes: chosen } = store.chosen;
  if (!fields.length || !store.catalogue) return;
  const known = chosen?.length === 1 ? classes.value.get(chosen[0] ?? "")?.fields : undefined;
  const left = fields.filter((f) => known?.some((k) => k.name === f.field));
  if (left.length < fields.length) store.chosen.fields = left;
}, { flush: "sync" });
