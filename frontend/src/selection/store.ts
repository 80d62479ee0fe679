/** What the page is about: one reactive object that panels change and layers listen to. */
import { computed, reactive, watch } from "vue";
import { getJson, isAbort, Problem, send, setCsrf } from "../api/client";
import type { Account, Catalogue, ClassSpec, CountRow, Counts, Detail, Division, Item, Meta, Page, Rights, Scale, Session } from "../api/types";
import { GRADES, type Grade } from "../words";
import { type Chosen, EVERYTHING, fromHash, isNothing, toHash, toParams, type View } from "./query";

const link = fromHash(location.hash);
export const PAGE_SIZE = 100;

export const store = reactive({
  meta: null as Meta | null,
  catalogue: null as Catalogue | null,
  divisions: [] as Division[],
  account: null as Account | null,
  rights: "r_public",
  state: 0,
  at: "",
  online: true,
  error: "",
  chosen: link.chosen as Chosen,
  view: link.view as View | null,
  heat: link.heat,
  facets: [] as CountRow[], // by grade and class, without those two conditions
  byDivision: {} as Record<string, number>,
  rows: [] as Item[],
  total: null as number | null,
  unplaced: 0,
  next: null as string | null,
  loading: false,
  selected: link.object as number | null,
  detail: null as Detail | null,
  detailError: "",
  hover: null as number | null,
  signInOpen: false,
  onlyInView: false,
});

// -- What follows from it -----------------------------------------------------

export const classes = computed<Map<string, ClassSpec>>(() => new Map((store.catalogue?.classes ?? []).map((c) => [c.class, c])));
export const scales = computed<Map<string, Scale>>(() => new Map((store.catalogue?.scales ?? []).map((s) => [s.scale, s])));
export const hazards = computed<string[]>(() => (store.catalogue?.classes ?? []).filter((c) => c.role === "hazard").map((c) => c.class));
export const shownClasses = computed<Set<string>>(() => new Set(store.chosen.classes ?? hazards.value));
export const shownGrades = computed<Set<Grade>>(() => new Set(store.chosen.grades ?? GRADES));
export const divisionName = computed<Map<string, string>>(() => new Map(store.divisions.map((d) => [d.code, d.name])));
export const query = computed<string>(() => toParams(store.chosen, hazards.value).toString());
export const nothing = computed<boolean>(() => isNothing(store.chosen));

/** Counts by grade of the chosen classes, and by class of the chosen grades: each facet without its own condition. */
export const byGrade = computed<Record<Grade, number>>(() => {
  const out = Object.fromEntries(GRADES.map((g) => [g, 0])) as Record<Grade, number>;
  for (const row of store.facets) if (shownClasses.value.has(row.class)) out[row.grade] += row.n;
  return out;
});
export const byClass = computed<Record<string, Record<Grade, number>>>(() => {
  const out: Record<string, Record<Grade, number>> = {};
  for (const row of store.facets) {
    if (!shownGrades.value.has(row.grade)) continue;
    const counts = (out[row.class] ??= Object.fromEntries(GRADES.map((g) => [g, 0])) as Record<Grade, number>);
    counts[row.grade] += row.n;
  }
  return out;
});

// -- Asking -------------------------------------------------------------------

let running: AbortController | null = null;

function complain(error: unknown): void {
  if (isAbort(error)) return;
  if (error instanceof Problem && error.status === 401) {
    store.account = null;
    store.rights = "r_public";
  }
  if (error instanceof Problem && error.status === 0) store.online = false;
  store.error = error instanceof Problem ? error.detail : "页面出错，请刷新后再试。";
}

let due = 0;

/** Ask once, however many changes come together. */
function refreshSoon(): void {
  clearTimeout(due);
  due = window.setTimeout(() => void refresh(), 0);
}

/** Table, totals and facets of the present selection; an older question is dropped. */
export async function refresh(): Promise<void> {
  if (!store.catalogue) return;
  running?.abort();
  const mine = (running = new AbortController());
  store.loading = true;
  const facetParams = toParams({ ...store.chosen, classes: [], grades: null }, hazards.value);
  const areaParams = toParams({ ...store.chosen, division: null, cell: null }, hazards.value);
  try {
    const [page, facets, areas] = await Promise.all([
      nothing.value ? null : getJson<Page>(`/api/objects?limit=${PAGE_SIZE}&${query.value}`, mine.signal),
      getJson<Counts>(`/api/counts?by=grade,class&${facetParams}`, mine.signal),
      nothing.value ? null : getJson<Counts>(`/api/counts?by=division&${areaParams}`, mine.signal),
    ]);
    if (mine.signal.aborted) return;
    store.rows = page?.items ?? [];
    store.total = page?.total ?? 0;
    store.unplaced = page?.unplaced ?? 0;
    store.next = page?.next ?? null;
    store.facets = facets.rows as CountRow[];
    store.byDivision = Object.fromEntries((areas?.rows ?? []).map((r) => [r.division ?? "", r.n ?? 0]));
    store.error = "";
    store.online = true;
  } catch (error) {
    complain(error);
  } finally {
    if (running === mine) store.loading = false;
  }
}

export async function more(): Promise<void> {
  if (!store.next || store.loading) return;
  store.loading = true;
  const asked = query.value;
  try {
    const page = await getJson<Page>(`/api/objects?limit=${PAGE_SIZE}&${asked}&cursor=${store.next}`);
    if (asked !== query.value) return;
    store.rows.push(...page.items);
    store.next = page.next;
  } catch (error) {
    complain(error);
  } finally {
    store.loading = false;
  }
}

async function showDetail(id: number | null): Promise<void> {
  store.detailError = "";
  if (id === null) {
    store.detail = null;
    return;
  }
  try {
    const detail = await getJson<Detail>(`/api/objects/${id}`);
    if (store.selected === id) store.detail = detail;
  } catch (error) {
    if (store.selected !== id) return;
    store.detail = null;
    store.detailError = error instanceof Problem ? error.detail : "读取失败，请稍后再试。";
  }
}

/** What the caller may see may have changed: take the new fingerprint and state. */
export async function renewRights(): Promise<void> {
  const now = await getJson<Rights>("/api/rights");
  store.rights = now.rights;
  moveTo(now.state, now.at);
}

function moveTo(state: number, at: string): void {
  store.online = true;
  if (state >= store.state) {
    store.state = state;
    store.at = at;
  }
}

export async function signIn(username: string, password: string): Promise<void> {
  const session = await send<Session>("POST", "/api/session", { username, password });
  if (!session) return;
  setCsrf(session.csrf);
  store.account = session.account;
  await reload();
}

export async function signOut(): Promise<void> {
  await send("DELETE", "/api/session");
  setCsrf("");
  store.account = null;
  store.selected = null;
  await reload();
}

async function reload(): Promise<void> {
  const [catalogue] = await Promise.all([getJson<Catalogue>("/api/catalogue"), renewRights()]);
  store.catalogue = catalogue;
  refreshSoon();
  await showDetail(store.selected);
}

function follow(): void {
  const events = new EventSource("/api/events");
  events.addEventListener("state", (event) => {
    const { state, at } = JSON.parse((event as MessageEvent<string>).data) as { state: number; at: string };
    moveTo(state, at);
  });
  events.addEventListener("error", () => {
    store.online = false;
  });
  events.addEventListener("open", () => {
    store.online = true;
  });
}

export async function begin(): Promise<void> {
  try {
    const now = await getJson<Rights>("/api/rights");
    if (now.signed_in) {
      const session = await getJson<Session>("/api/session");
      setCsrf(session.csrf);
      store.account = session.account;
    }
    const [meta, divisions] = await Promise.all([getJson<Meta>("/api/meta"), getJson<{ items: Division[] }>("/api/divisions")]);
    store.meta = meta;
    store.divisions = divisions.items;
    document.title = meta.title;
    await reload();
    follow();
  } catch (error) {
    complain(error);
    setTimeout(() => void begin(), 5000);
  }
}

watch(() => query.value + String(nothing.value), refreshSoon);
watch(() => store.state, (_, before) => {
  if (!before) return;
  refreshSoon();
  void showDetail(store.selected);
});
watch(() => store.selected, (id) => void showDetail(id));
watch(() => toHash(store.chosen, store.view, store.heat, store.selected), (hash) => history.replaceState(null, "", "#" + hash));
window.addEventListener("hashchange", () => {
  const now = fromHash(location.hash);
  store.chosen = now.chosen;
  store.heat = now.heat;
  store.selected = now.object;
  if (now.view) store.view = now.view;
});

// -- Acts ---------------------------------------------------------------------

export function chooseGrades(grades: Grade[] | null): void {
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

export function toggleClasses(codes: string[], on: boolean): void {
  const now = new Set(shownClasses.value);
  for (const code of codes) {
    if (on) now.add(code);
    else now.delete(code);
  }
  chooseClasses(now);
}

export function reset(): void {
  store.chosen = { ...EVERYTHING };
}
