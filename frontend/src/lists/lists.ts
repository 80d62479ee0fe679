/** What the page of lists asks: which there are, a page of one, the totals of all. The selection is the one of the map. */
import { reactive } from "vue";
import { getJson, isAbort, Problem } from "../api/client";
import { Latest } from "../api/latest";
import { isNothing, STAGES, toHash, toParams, WORST_FIRST, type Chosen } from "../selection/query";
import { classes, store } from "../selection/state";
import { complain, whyOf } from "../selection/trouble";
import type { Grade } from "../words";
import type { ListOffer, ListPage, Over } from "./types";

export const PAGE = 100;

/** What is asked of one list beside the selection; as the page's address has it. */
export interface Asked { name: string; sort: string; only: string; parent: string; given: Record<string, string> }

export const lists = reactive({
  offers: [] as ListOffer[],
  offersFailed: "",
  offersOf: "", // for whom
  totals: {} as Record<string, number | null>, // null: not read
  page: null as ListPage | null,
  of: "", // what the page that is shown was asked by
  failed: "",
  loading: false,
  cursors: [""] as string[],
});

/** The selection as these pages ask it: where no class is chosen, a list says by itself which it is of. */
export function listQuery(): URLSearchParams | null {
  if (!store.catalogue || !store.fitted || store.chosen.area?.id === "" || isNothing(store.chosen)) return null;
  return toParams(store.chosen, []);
}

/** A selection's part of the address, as the map has it. */
export function hashOf(chosen: Chosen): string {
  const scale = chosen.levels?.[0]?.split(":")[0] ?? null;
  return toHash({ chosen, view: null, heat: false, weighted: false, scale, cell: null, object: null, sort: WORST_FIRST });
}

/** The selection with these parameters in place of its own. */
export function laidOver(chosen: Chosen, over: Over): Chosen {
  const out = { ...chosen };
  if (over.class) out.classes = over.class;
  if (over.grade) out.grades = over.grade as Grade[];
  if (over.level) out.levels = over.level;
  if (over.division) out.divisions = over.division;
  if (over.enterprise) out.enterprises = over.enterprise.map(Number);
  if (over.as_of) out.asOf = over.as_of[0] ?? null;
  return out;
}

/** The same with its mark, or nothing. */
export function fragment(hash: string): string {
  return hash ? `#${hash}` : "";
}

/** The map of a figure: it counts every class, where the map by itself begins with the risk sources. */
export function mapLink(over: Over): string {
  const out = laidOver(store.chosen, over);
  out.classes ??= [...classes.value.keys()];
  if (out.stages?.length === STAGES.length) out.stages = [...STAGES];
  return `/${fragment(hashOf(out))}`;
}

const offering = new Latest();
const paging = new Latest();
const counting = new Latest();

export async function askOffers(): Promise<void> {
  const signal = offering.begin();
  const who = store.rights;
  try {
    const found = await getJson<{ items: ListOffer[] }>("/api/lists", signal);
    lists.offers = found.items;
    lists.offersOf = who;
    lists.offersFailed = "";
  } catch (error) {
    if (isAbort(error)) return;
    lists.offersFailed = whyOf(error);
    complain(error);
  }
}

export function addressOf(asked: Asked, selection: URLSearchParams): URLSearchParams {
  const params = new URLSearchParams(selection);
  const offer = lists.offers.find((o) => o.name === asked.name);
  for (const { name } of offer?.parameters ?? []) if (asked.given[name]) params.set(name, asked.given[name]);
  if (asked.only) params.set("only", asked.only);
  if (asked.sort) params.set("sort", asked.sort);
  if (asked.parent) params.set("parent", asked.parent);
  return params;
}

/** A page of one list; rows of another question never stand under this one's words. */
export async function askPage(asked: Asked, quiet = false): Promise<void> {
  const signal = paging.begin();
  const selection = listQuery();
  if (!selection) return;
  const params = addressOf(asked, selection);
  const cursor = lists.cursors.at(-1);
  const key = `${asked.name}?${params}`;
  if (lists.of !== key && lists.page?.list !== asked.name) lists.page = null;
  lists.loading = !quiet;
  lists.failed = "";
  params.set("limit", String(PAGE));
  if (cursor) params.set("cursor", cursor);
  try {
    const page = await getJson<ListPage>(`/api/lists/${asked.name}?${params}`, signal);
    if (signal.aborted) return;
    lists.page = page;
    lists.of = key;
    store.online = true;
  } catch (error) {
    if (isAbort(error)) return;
    if (lists.of !== key) lists.page = null;
    lists.failed = error instanceof Problem && error.status === 422 ? error.detail : whyOf(error);
    complain(error);
  } finally {
    if (!signal.aborted) lists.loading = false;
  }
}

/** Of each list how many rows, one after the other: those that measure come last. */
export async function askTotals(given: Record<string, string>): Promise<void> {
  const signal = counting.begin();
  const selection = listQuery();
  lists.totals = {};
  if (!selection) return;
  const slow = ["neighbours", "targets", "coverage"];
  const order = lists.offers.filter((o) => !o.part_of).sort((a, b) => slow.indexOf(a.name) - slow.indexOf(b.name));
  for (const offer of order) {
    const params = addressOf({ name: offer.name, sort: "", only: "", parent: "", given }, selection);
    params.set("limit", "0");
    try {
      const found = await getJson<ListPage>(`/api/lists/${offer.name}?${params}`, signal);
      if (signal.aborted) return;
      lists.totals[offer.name] = found.total;
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      lists.totals[offer.name] = null;
    }
  }
}
