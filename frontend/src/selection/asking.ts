/** Questions to the service: counts, table, card. Of each only the newest answer counts. */
import { watch } from "vue";
import { getJson, isAbort, Problem } from "../api/client";
import { Latest } from "../api/latest";
import type { Counts, CountRow, Detail, GradeStep, Page } from "../api/types";
import { FACETS, facetQuery, PAGE_SIZE, query, store, tableQuery, untold } from "./state";
import { together } from "./together";
import { complain, whyOf } from "./trouble";

const counts = new Latest();
const table = new Latest();
const details = new Latest();

export async function count(): Promise<void> {
  const { catalogue } = store;
  if (!catalogue || untold.value) return;
  const signal = counts.begin();
  store.frozen = store.state;
  store.counting = true;
  const counted = { chosen: { ...store.chosen }, scale: store.scale };
  try {
    const [facets, beside] = await together(Promise.all([
      getJson<Counts>(`/api/counts?${facetQuery()}`, signal),
      query.value === null ? null : getJson<Counts>(`/api/counts?by=division&facets=${FACETS.join(",")}&${query.value}`, signal),
    ]));
    if (signal.aborted) return;
    store.counted = counted;
    store.facets = facets.rows as CountRow[];
    store.values = Object.fromEntries(FACETS.map((f) => [f, Object.fromEntries((beside?.facets?.[f] ?? []).map((row) => [row.value, row.n]))]));
    store.valuesMore = beside?.facets_more ?? {};
    store.total = beside?.total ?? 0;
    store.unplaced = beside?.unplaced ?? 0;
    store.ruleset = facets.ruleset;
    store.error = store.unread = "";
    store.online = true;
  } catch (error) {
    // The figures of before stay only where they are of this very selection.
    const same = JSON.stringify(store.counted) === JSON.stringify(counted) && store.total !== null;
    if (!isAbort(error) && !same) Object.assign(store, { unread: whyOf(error), total: null, unplaced: 0, ruleset: null, facets: [], values: {}, valuesMore: {} });
    complain(error);
  } finally {
    if (!signal.aborted) store.counting = false;
  }
}

let listed = ""; // what the rows that are shown were asked for by

async function list(): Promise<void> {
  if (!store.catalogue) return;
  const signal = table.begin();
  if (tableQuery.value === null) {
    await together(Promise.resolve());
    if (!signal.aborted) Object.assign(store, { rows: [], rowsTotal: 0, next: null, listing: false });
    return;
  }
  store.listing = true;
  const cursor = store.cursors.at(-1);
  const asked = `${tableQuery.value} ${store.sort} ${cursor}`;
  try {
    const page = await together(getJson<Page>(`/api/objects?limit=${PAGE_SIZE}&sort=${encodeURIComponent(store.sort)}&${tableQuery.value}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, signal));
    if (signal.aborted) return;
    store.rows = page.items;
    store.rowsTotal = page.total;
    store.rowsState = page.state;
    store.listFailed = "";
    store.next = page.next;
    listed = asked;
  } catch (error) {
    if (!isAbort(error)) {
      store.listFailed = whyOf(error);
      // Rows of another selection must not stand under this one's words.
      if (listed !== asked) Object.assign(store, { rows: [], rowsTotal: null, next: null });
    }
    complain(error);
  } finally {
    if (!signal.aborted) store.listing = false;
  }
}

export function turnPage(by: 1 | -1): void {
  if (by > 0 && store.next) store.cursors.push(store.next);
  else if (by < 0 && store.cursors.length > 1) store.cursors.pop();
  else return;
  void list();
}

let due = 0;

/** The same page once more, after it could not be read. */
export function retryList(): void {
  void list();
}

/** The first page again; asked once, however many changes come together. */
export function listAnew(): void {
  store.cursors = [""];
  clearTimeout(due);
  due = window.setTimeout(() => void list(), 0);
}

export async function showDetail(): Promise<void> {
  const signal = details.begin();
  const id = store.selected;
  store.detailError = store.stepsFailed = "";
  if (id === null) {
    store.detail = null;
    store.steps = [];
    return;
  }
  if (store.detail?.id !== id) store.detail = null;
  const then = store.chosen.asOf ? `?as_of=${store.chosen.asOf}` : "";
  try {
    const [detail, grades] = await Promise.all([
      getJson<Detail>(`/api/objects/${id}${then}`, signal),
      // The object is shown also where this does not come; that it did not is said there.
      getJson<{ grades: GradeStep[] }>(`/api/objects/${id}/grade${then}`, signal).catch((error: unknown) => (isAbort(error) ? { grades: [] } : whyOf(error))),
    ]);
    if (signal.aborted) return;
    store.detail = detail;
    store.steps = typeof grades === "string" ? [] : grades.grades;
    store.stepsFailed = typeof grades === "string" ? grades : "";
  } catch (error) {
    if (signal.aborted || isAbort(error)) return;
    store.detail = null;
    store.steps = [];
    store.detailError = whyOf(error);
    if (error instanceof Problem && error.status === 401) complain(error);
  }
}

/** What a lost line kept from coming is asked for when it is back. */
watch(() => store.online, (on) => {
  if (!on || !store.catalogue) return;
  void count();
  listAnew();
  void showDetail();
});
watch(() => JSON.stringify(store.chosen), () => {
  if (store.cell) store.cell = null; // a hexagon's list belongs to the picture it was clicked in
  void count();
});
watch([tableQuery, () => store.sort], listAnew);
watch(() => store.scale, (scale) => {
  if (store.chosen.levels?.some((level) => !level.startsWith(`${scale}:`))) store.chosen.levels = null;
  else void count();
});
watch([() => store.selected, () => store.chosen.asOf], () => void showDetail());
