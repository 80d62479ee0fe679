/** What the page is about: one reactive object that panels change and layers listen to, and what follows from it. */
import { computed, reactive } from "vue";
import type { Account, Catalogue, ClassSpec, CountRow, Detail, Division, GradeStep, Item, Meta, NamedRuleset, Scale } from "../api/types";
import { GRADES, type Grade, num, W } from "../words";
import { type ByGrade, type Figures, figuresOf } from "./figures";
import { type Chosen, fromHash, isNothing, toParams, type View } from "./query";

/** The address that the page was opened with, before the page writes its own; a question of admission is no selection. */
export const firstHash = /^\/admission/.test(location.pathname) ? "" : location.hash;
const link = fromHash(firstHash);
export const PAGE_SIZE = 100;
export const FACETS = ["stage", "source", "department", "verified", "division", "tag"] as const;
export type Facet = (typeof FACETS)[number];

export const store = reactive({
  // From the service
  meta: null as Meta | null,
  catalogue: null as Catalogue | null,
  divisions: [] as Division[],
  account: null as Account | null,
  rights: "",
  switching: false, // who asks is being changed: what is asked with the old rights meanwhile would be refused
  state: 0,
  at: "",
  online: true,
  error: "",
  // Chosen here
  chosen: link.chosen as Chosen,
  view: link.view as View | null,
  bounds: null as [number, number, number, number] | null,
  heat: link.heat,
  weighted: link.weighted, // the hexagons by weight, where the rule set weighs; else by number
  scale: link.scale as string | null, // by which scale map and legend are coloured; null: the risk grade
  sort: link.sort,
  drawing: null as "polygon" | "circle" | "edit" | null, // what is being drawn on the map, to be an area of the selection
  fitted: false, // whether the page's first link has been looked through
  leftOut: [] as string[], // what a link asked for that was not taken, and why
  from: null as string | null, // the earlier of two days to compare; the later is the one that is shown
  cell: link.cell as string | null,
  base: (link.base ?? null) as string | null, // the basemap, as "source" or "source.variant"; null: the bureau's default
  inView: false,
  selected: link.object as number | null,
  hover: null as number | null,
  signIn: "" as "" | "asked" | "expired" | "change",
  mustChange: null as { username: string; why: string } | null, // whose password has to be changed before anything else
  // Answers
  facets: [] as CountRow[], // by grade, class and perhaps level, without those conditions
  counted: { chosen: link.chosen as Chosen, scale: link.scale as string | null }, // what the figures are of
  values: {} as Partial<Record<Facet, Record<string, number>>>, // of stage, source …: each without its own condition
  valuesMore: {} as Partial<Record<Facet, number>>, // how many values there are that `values` does not list
  unread: "" as string, // why the figures are not those of what is chosen; they are shown as a dash then
  total: null as number | null,
  unplaced: 0,
  ruleset: null as NamedRuleset | null, // of the day or state that the figures are of
  frozen: 0, // while a past is shown: the state that it was asked at
  counting: false,
  rows: [] as Item[],
  enterprises: {} as Record<number, string>, // names of those that are chosen
  rowsTotal: null as number | null,
  rowsState: 0, // the state that the table shows
  next: null as string | null,
  cursors: [""] as string[], // how each page so far was asked for
  listing: false,
  listFailed: "", // why the table shows what it showed before, or nothing
  detail: null as Detail | null,
  steps: [] as GradeStep[],
  stepsFailed: "", // why it is not known how the grade came about
  detailError: "",
});

// -- What follows from it -----------------------------------------------------

export const classes = computed<Map<string, ClassSpec>>(() => new Map((store.catalogue?.classes ?? []).map((c) => [c.class, c])));
export const scales = computed<Map<string, Scale>>(() => new Map((store.catalogue?.scales ?? []).map((s) => [s.scale, s])));
/** The scale that map and legend are coloured by; null is the risk grade, also where a link names an unknown one. */
export const shownScale = computed<Scale | null>(() => scales.value.get(store.scale ?? "") ?? null);
export const hazards = computed<string[]>(() => (store.catalogue?.classes ?? []).filter((c) => c.role === "hazard").map((c) => c.class));
export const shownClasses = computed<Set<string>>(() => new Set(store.chosen.classes ?? hazards.value));
export const shownGrades = computed<Set<Grade>>(() => new Set(store.chosen.grades ?? GRADES));
export const divisionName = computed<Map<string, string>>(() => new Map(store.divisions.map((d) => [d.code, d.name])));
export const area = computed<string>(() => store.meta?.area ?? "");
/** A link that has not been looked through, or a drawn area that the service does not know yet: nothing can be asked. */
export const untold = computed<boolean>(() => !store.fitted || store.chosen.area?.id === "");
export const nothing = computed<boolean>(() => isNothing(store.chosen));
/** The selection as the service takes it; null while it is not known or nothing can be in it. */
export const query = computed<string | null>(() => (store.catalogue && !nothing.value && !untold.value ? toParams(store.chosen, hazards.value).toString() : null));
/** While a past is shown nothing moves by itself. */
export const pictureState = computed<number>(() => (store.chosen.asOf ? store.frozen : store.state));
/** The same with what narrows the table alone. */
export const tableQuery = computed<string | null>(() => {
  if (query.value === null) return null;
  const params = new URLSearchParams(query.value);
  if (store.cell) params.set("cell", store.cell);
  else if (store.inView && store.bounds) params.set("bbox", store.bounds.map((v) => v.toFixed(6)).join(","));
  return params.toString();
});
export const pageIndex = computed<number>(() => store.cursors.length);
export const pages = computed<number>(() => Math.max(1, Math.ceil((store.rowsTotal ?? 0) / PAGE_SIZE)));

/** Classes that a scale is made for. */
export function classesOn(scale: string | null): Set<string> {
  return new Set((store.catalogue?.classes ?? []).filter((c) => c.scale === scale).map((c) => c.class));
}
/** Figures of these rows for what was asked when they were counted. */
export function figuresFor(rows: readonly CountRow[]): Figures {
  const { chosen, scale } = store.counted;
  const limits = { classes: new Set(chosen.classes ?? hazards.value), grades: new Set(chosen.grades ?? GRADES), levels: chosen.levels && new Set(chosen.levels) };
  return figuresOf(rows, limits, scale, classesOn(scale));
}
/** A figure of the selection as the page writes it: never a number that is another selection's, nor 0 for what was not read. */
export function figure(n: number | null): string {
  return store.unread || n === null ? W.dash : num(n);
}
/** Counts by grade of the chosen classes, and by class of the chosen grades: each facet without its own condition. */
export const figures = computed<Figures>(() => figuresFor(store.facets));
export const byGrade = computed<ByGrade>(() => figures.value.byGrade);
export const byClass = computed<Record<string, ByGrade>>(() => figures.value.byClass);
/** By what counts are grouped, and the selection without the conditions that they are the facets of. */
export function facetQuery(): string {
  // Limits on fields are of one class: without it they would mean another's field of the same name.
  const classes = store.chosen.fields.length ? store.chosen.classes : [];
  return `by=grade,class${store.scale ? ",level" : ""}&${toParams({ ...store.chosen, classes, grades: null, levels: null }, [])}`;
}

export function placeName(code: string | null): string {
  if (!code) return W.dash;
  const names = [code.slice(0, 6), code.length >= 9 ? code.slice(0, 9) : ""].map((c) => divisionName.value.get(c));
  return names.filter(Boolean).join(" ") || divisionName.value.get(code) || code;
}

/** Counts by county and by town, whatever areas are chosen. */
export const byDivision = computed<Record<string, number>>(() => {
  const out: Record<string, number> = {};
  for (const [code, n] of Object.entries(store.values.division ?? {})) {
    const county = code.slice(0, 6);
    out[county] = (out[county] ?? 0) + n;
    if (code.length > 6) out[code] = n;
  }
  return out;
});
