/** The selection in words, condition by condition. */
import { computed, ref, watch } from "vue";
import { geodesic, type Geodesic } from "../map/geodesic";
import { gradeWords, num, STAGE_WORD, W } from "../words";
import { F } from "../words/filters";
import { levelWords } from "../words/table";
import type { FieldLimit } from "./fields";
import { STAGES } from "./query";
import { area, classes, hazards, placeName, scales, store } from "./state";

/** How many the sentence speaks of: those of the chosen hexagon where there is one. */
export const spokenTotal = computed<number | null>(() => store.total);
/** The selection as conditions in words; each with how to take it away, where it can be. */
export interface Condition { text: string; drop: (() => void) | null; title?: string; past?: boolean }

const earth = ref<Geodesic | null>(null);
watch(() => store.chosen.area?.shape.type, async (type) => {
  if (type === "Polygon") earth.value = await geodesic();
}, { immediate: true });

/** A number as it was typed, its thousands apart. */
function grouped(text: string): string {
  const [whole = "", rest] = text.split(".");
  return (whole.startsWith("-") ? "−" : "") + num(Number(whole.replace("-", ""))) + (rest ? `.${rest}` : "");
}

export function fieldWords(limit: FieldLimit): string {
  const only = classes.value.get(store.chosen.classes?.[0] ?? "");
  const field = only?.fields.find((f) => f.name === limit.field);
  const title = field?.title ?? limit.field;
  switch (limit.kind) {
    case "number": case "date": {
      const say = limit.kind === "number" ? grouped : (v: string) => v;
      const unit = field?.unit ?? "";
      if (limit.from && limit.to) return F.between(title, say(limit.from), say(limit.to), unit);
      return limit.from ? F.atLeast(title, say(limit.from), unit) : F.atMost(title, say(limit.to), unit);
    }
    case "enum": return F.oneOf(title, limit.values.map((v) => field?.options?.find((o) => o.value === v)?.title ?? v));
    case "boolean": return F.oneOf(title, [limit.value ? F.yes : F.no]);
    case "text": return F.has(title, limit.text);
  }
}

function areaText(): string {
  const shape = store.chosen.area?.shape;
  if (!shape) return "";
  if (shape.type === "Circle") return F.circle(W.degrees(shape.center[0], shape.center[1]), shape.radius_m);
  return earth.value ? F.within(earth.value.area(shape)) : F.withinAny;
}

export const asOfWords = computed<string>(() => {
  const { asOf } = store.chosen;
  if (!asOf) return F.now;
  return asOf.startsWith("state:") ? F.asOfState(num(Number(asOf.slice(6)))) : F.asOfDay(asOf);
});

/** The past that is shown, as a date or state; "" for now. */
export const asOfDate = computed<string>(() => store.chosen.asOf?.replace(/^state:/, `${W.state} `) ?? "");

export const conditions = computed<Condition[]>(() => {
  const { chosen } = store;
  const out: Condition[] = [];
  const add = (text: string, drop: Condition["drop"], title = text): void => void out.push({ text, drop, title });
  const names = chosen.divisions.map(placeName);
  if (names.length) add(F.areasN(names), () => (store.chosen.divisions = []), names.join("、"));
  else add(W.wholeArea(area.value), null);
  if (chosen.area) add(areaText(), () => (store.chosen.area = null));
  const titles = (chosen.classes ?? []).map((c) => classes.value.get(c)?.title ?? c);
  if (chosen.classes === null) add(W.hazardsN(hazards.value.length), null);
  else add(titles.length === 1 ? (titles[0] ?? "") : titles.length ? W.nClasses(titles.length) : W.noClassChosen, () => (store.chosen.classes = null), titles.join("、"));
  if (chosen.grades === null) add(W.allGrades, null);
  else add(gradeWords(chosen.grades), () => (store.chosen.grades = null));
  if (chosen.levels) add(levelWords(scales.value.get(store.scale ?? "")?.title ?? "", chosen.levels, scales.value.get(store.scale ?? "")?.outside?.title), () => (store.chosen.levels = null));
  if (chosen.stages) add(chosen.stages.length === STAGES.length ? F.anyStage : chosen.stages.map((s) => STAGE_WORD[s]).join("、"), () => (store.chosen.stages = null));
  else if (chosen.q.trim()) add(F.anyStage, null, F.searchTip); // a search finds the closed ones too
  else add(F.live, null, F.liveTip);
  if (chosen.departments.length) add(F.departmentIs(chosen.departments), () => (store.chosen.departments = []));
  if (chosen.sources.length) add(F.sourceIs(chosen.sources), () => (store.chosen.sources = []));
  if (chosen.verified !== null) add(chosen.verified ? F.isVerified : F.notVerified, () => (store.chosen.verified = null));
  if (chosen.tags.length) add(F.tagIs(chosen.tags), () => (store.chosen.tags = []));
  if (chosen.enterprises.length) add(F.enterpriseIs(chosen.enterprises.map((id) => store.enterprises[id] ?? F.enterpriseNo(id))), () => (store.chosen.enterprises = []));
  for (const limit of chosen.fields) add(fieldWords(limit), () => (store.chosen.fields = store.chosen.fields.filter((f) => f.field !== limit.field)));
  if (store.cell) add(W.cellChosen(store.rowsTotal), () => (store.cell = null));
  if (chosen.q.trim()) add(W.contains(chosen.q.trim()), () => (store.chosen.q = ""));
  if (chosen.asOf) out.push({ text: asOfWords.value, drop: () => (store.chosen.asOf = null), past: true });
  return out;
});
