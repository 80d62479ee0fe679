/** What the page is about: one reactive object that panels change and layers listen to. */
import { computed, reactive, watch } from "vue";
import { getJson, isAbort, Problem, send, setCsrf } from "../api/client";
import type { Account, Catalogue, ClassSpec, CountRow, Counts, Detail, Division, GradeStep, Item, Meta, Moment, Page, Rights, Scale, Session } from "../api/types";
import { GRADES, type Grade, gradeWords, W } from "../words";
import { levelWords } from "../words/table";
import { type ByGrade, type Figures, figuresOf } from "./figures";
import { type Chosen, EVERYTHING, fromHash, isNothing, toHash, toParams, type View } from "./query";
import { together } from "./together";

const link = fromHash(location.hash);
export const PAGE_SIZE = 100;
const PUBLIC_RIGHTS = "r_public";
const REPLY_MS = 2500; // how long a stream of events may be away before the page says so
const PULSE_MS = 30_000;

export const store = reactive({
  // From the service
  meta: null as Meta | null,
  catalogue: null as Catalogue | null,
  divisions: [] as Division[],
  account: null as Account | null,
  rights: "",
  state: 0,
  at: "",
  online: true,
  error: "",
  // Chosen here
  chosen: link.chosen as Chosen,
  view: link.view as View | null,
  bounds: null as [number, number, number, number] | null,
  heat: link.heat,
  scale: link.scale as string | null, // by which scale map and legend are coloured; null: the risk grade
  sort: "-grade",
  cell: link.cell as string | null,
  inView: false,
  selected: link.object as number | null,
  hover: null as number | null,
  signIn: "" as "" | "asked" | "expired" | "change",
  mustChange: null as { username: string; why: string } | null, // whose password has to be changed before anything else
  // Answers
  facets: [] as CountRow[], // by grade, class and perhaps level, without those conditions
  counted: { chosen: link.chosen as Chosen, scale: link.scale as string | null }, // what the figures are of
  byDivision: {} as Record<string, number>,
  total: null as number | null,
  unplaced: 0,
  counting: false,
  rows: [] as Item[],
  rowsTotal: null as number | null,
  rowsState: 0, // the state that the table shows
  next: null as string | null,
  cursors: [""] as string[], // how each page so far was asked for
  listing: false,
  listFailed: "", // why the table shows what it showed before, or nothing
  detail: null as Detail | null,
  steps: [] as GradeStep[],
  detailError: "",
});

// -- What follows from it -----------------------------------------------------

export const classes = computed<Map<string, ClassSpec>>(() => new Map((store.catalogue?.classes ?? []).map((c) => [c.class, c])));
export const scales = computed<Map<string, Scale>>(() => new Map((store.catalogue?.scales ?? []).map((s) => [s.scale, s])));
export const hazards = computed<string[]>(() => (store.catalogue?.classes ?? []).filter((c) => c.role === "hazard").map((c) => c.class));
export const shownClasses = computed<Set<string>>(() => new Set(store.chosen.classes ?? hazards.value));
export const shownGrades = computed<Set<Grade>>(() => new Set(store.chosen.grades ?? GRADES));
export const divisionName = computed<Map<string, string>>(() => new Map(store.divisions.map((d) => [d.code, d.name])));
export const area = computed<string>(() => store.meta?.area ?? "");
export const nothing = computed<boolean>(() => isNothing(store.chosen));
/** The selection as the service takes it; null while it is not known or nothing can be in it. */
export const query = computed<string | null>(() => (store.catalogue && !nothing.value ? toParams(store.chosen, hazards.value).toString() : null));
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
/** Counts by grade of the chosen classes, and by class of the chosen grades: each facet without its own condition. */
export const figures = computed<Figures>(() => figuresFor(store.facets));
export const byGrade = computed<ByGrade>(() => figures.value.byGrade);
export const byClass = computed<Record<string, ByGrade>>(() => figures.value.byClass);
/** By what counts are grouped, and the selection without the conditions that they are the facets of. */
export function facetQuery(): string {
  return `by=grade,class${store.scale ? ",level" : ""}&${toParams({ ...store.chosen, classes: [], grades: null, levels: null }, [])}`;
}

export function placeName(code: string | null): string {
  if (!code) return W.dash;
  const names = [code.slice(0, 6), code.length >= 9 ? code.slice(0, 9) : ""].map((c) => divisionName.value.get(c));
  return names.filter(Boolean).join(" ") || divisionName.value.get(code) || code;
}

// -- Asking -------------------------------------------------------------------

export function complain(error: unknown): void {
  if (isAbort(error)) return;
  if (!(error instanceof Problem)) {
    console.error(error);
    store.error = W.fault;
  } else if (error.status === 0) store.online = false;
  else if (error.status === 401 && store.account) void expire();
  else if (error.code === "password_expired") askToChange(store.account?.username ?? store.mustChange?.username ?? "", "expired");
  else store.error = error.detail;
}

/** A question of which only the newest answer counts. */
class Latest {
  private running: AbortController | null = null;
  begin(): AbortSignal {
    this.running?.abort();
    this.running = new AbortController();
    return this.running.signal;
  }
}
const counts = new Latest();
const table = new Latest();
const details = new Latest();

async function count(): Promise<void> {
  const { catalogue } = store;
  if (!catalogue) return;
  const signal = counts.begin();
  store.counting = true;
  const counted = { chosen: { ...store.chosen }, scale: store.scale };
  const elsewhere = toParams({ ...store.chosen, division: null }, hazards.value);
  try {
    const [facets, areas, total] = await together(Promise.all([
      getJson<Counts>(`/api/counts?${facetQuery()}`, signal),
      nothing.value ? null : getJson<Counts>(`/api/counts?by=division&${elsewhere}`, signal),
      query.value === null ? null : getJson<Counts>(`/api/counts?by=grade&${query.value}`, signal),
    ]));
    if (signal.aborted) return;
    store.counted = counted;
    store.facets = facets.rows as CountRow[];
    store.byDivision = Object.fromEntries((areas?.rows ?? []).map((r) => [r.division ?? "", r.n ?? 0]));
    store.total = total?.total ?? 0;
    store.unplaced = total?.unplaced ?? 0;
    store.error = "";
    store.online = true;
  } catch (error) {
    complain(error);
  } finally {
    if (!signal.aborted) store.counting = false;
  }
}

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
  try {
    const page = await together(getJson<Page>(`/api/objects?limit=${PAGE_SIZE}&sort=${encodeURIComponent(store.sort)}&${tableQuery.value}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, signal));
    if (signal.aborted) return;
    store.rows = page.items;
    store.rowsTotal = page.total;
    store.rowsState = page.state;
    store.listFailed = "";
    store.next = page.next;
  } catch (error) {
    if (!isAbort(error)) store.listFailed = error instanceof Problem ? error.detail : W.readFailed;
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
function listAnew(): void {
  store.cursors = [""];
  clearTimeout(due);
  due = window.setTimeout(() => void list(), 0);
}

async function showDetail(): Promise<void> {
  const signal = details.begin();
  const id = store.selected;
  store.detailError = "";
  if (id === null) {
    store.detail = null;
    store.steps = [];
    return;
  }
  if (store.detail?.id !== id) store.detail = null;
  try {
    const [detail, grades] = await Promise.all([
      getJson<Detail>(`/api/objects/${id}`, signal),
      getJson<{ grades: GradeStep[] }>(`/api/objects/${id}/grade`, signal).catch(() => ({ grades: [] })),
    ]);
    if (signal.aborted) return;
    store.detail = detail;
    store.steps = grades.grades;
  } catch (error) {
    if (signal.aborted || isAbort(error)) return;
    store.detail = null;
    store.steps = [];
    store.detailError = error instanceof Problem ? error.detail : W.readFailed;
    if (error instanceof Problem && error.status === 401) complain(error);
  }
}

// -- Rights, state, events -----------------------------------------------------

let catalogueMoved = 0; // the state that last changed classes, scales, policies or divisions

function moveTo(now: Moment): void {
  if (now.state < store.state) return;
  catalogueMoved = now.catalogue;
  store.state = now.state;
  store.at = now.at;
}

/** Classes and divisions as they are now: somebody has changed one. */
async function renewCatalogue(): Promise<void> {
  const [catalogue, divisions] = await Promise.all([getJson<Catalogue>("/api/catalogue"), getJson<{ items: Division[] }>("/api/divisions")]);
  store.catalogue = catalogue;
  store.divisions = divisions.items;
}

/** What the caller may see may have changed: take the new fingerprint and state. */
export async function renewRights(): Promise<Rights> {
  const now = await getJson<Rights>("/api/rights");
  store.rights = now.rights;
  store.online = true;
  moveTo(now);
  return now;
}

/** The session is over without our doing: show what the public sees, and ask to sign in. */
async function expire(): Promise<void> {
  forget();
  store.signIn = "expired";
  await reload().catch(complain);
}

function forget(): void {
  setCsrf("");
  store.account = null;
  store.rights = PUBLIC_RIGHTS;
  store.rows = [];
  store.detail = null;
  store.steps = [];
}

function askToChange(username: string, why: string): void {
  store.mustChange = { username, why };
  store.signIn = "change";
}

/** Whether the service answers more than this: not before a password that has to be changed is. */
function takeSession(session: Session): boolean {
  setCsrf(session.csrf);
  if (session.must_change) {
    askToChange(session.account.username, session.must_change);
    return false;
  }
  store.mustChange = null;
  store.account = session.account;
  store.rights = session.rights;
  return true;
}

export async function signIn(username: string, password: string): Promise<void> {
  const session = await send<Session>("POST", "/api/session", { username, password });
  if (session && takeSession(session)) await again();
}

/** Everything for who asks now; from the beginning where a password had to be changed first. */
async function again(): Promise<void> {
  await (store.meta ? reload() : begin());
}

export async function signOut(): Promise<void> {
  try {
    await send("DELETE", "/api/session");
  } catch (error) {
    // A session that has ended by itself is as good as signed out.
    if (!(error instanceof Problem && error.status === 401)) return complain(error);
  }
  store.selected = null;
  store.mustChange = null;
  forget();
  await again().catch(complain);
}

/** After a change of who asks: catalogue (its fields follow the rights), counts, table, card. */
async function reload(): Promise<void> {
  const [, catalogue] = await Promise.all([renewRights(), getJson<Catalogue>("/api/catalogue")]);
  store.catalogue = catalogue;
  listAnew();
  await Promise.all([count(), showDetail()]);
}

let silence = 0;

function follow(): void {
  const events = new EventSource("/api/events");
  events.addEventListener("state", (event) => {
    store.online = true;
    moveTo(JSON.parse((event as MessageEvent<string>).data) as Moment);
  });
  events.addEventListener("open", () => {
    clearTimeout(silence);
    if (!store.online) void renewRights().catch(complain);
    store.online = true;
  });
  const lost = (): void => void (store.online = false);
  window.addEventListener("offline", lost);
  events.addEventListener("error", () => {
    clearTimeout(silence);
    silence = window.setTimeout(() => (store.online = events.readyState === EventSource.OPEN), REPLY_MS);
    if (events.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    events.close();
    window.removeEventListener("offline", lost);
    setTimeout(follow, 3000);
  });
}

/** A line that dies in silence ends no stream: ask now and then, and at once when the browser is back on the net. */
function watchLine(): void {
  const ask = (): void => void renewRights().catch(complain);
  setInterval(ask, PULSE_MS);
  window.addEventListener("online", ask);
}

export async function begin(): Promise<void> {
  try {
    const rights = await renewRights();
    if (rights.signed_in && !takeSession(await getJson<Session>("/api/session"))) return;
    const [meta, divisions, catalogue] = await Promise.all([
      getJson<Meta>("/api/meta"), getJson<{ items: Division[] }>("/api/divisions"), getJson<Catalogue>("/api/catalogue"),
    ]);
    store.meta = meta;
    store.divisions = divisions.items;
    store.catalogue = catalogue;
    store.error = "";
    document.title = meta.title;
    follow();
    watchLine();
    listAnew();
    await Promise.all([count(), showDetail()]);
  } catch (error) {
    store.error = error instanceof Problem ? error.detail : W.fault;
    setTimeout(() => void begin(), 4000);
  }
}

watch(() => JSON.stringify(store.chosen), () => {
  if (store.cell) store.cell = null; // a hexagon's list belongs to the picture it was clicked in
  void count();
});
watch([tableQuery, () => store.sort], listAnew);
watch(() => store.scale, (scale) => {
  if (store.chosen.levels?.some((level) => !level.startsWith(`${scale}:`))) store.chosen.levels = null;
  else void count();
});
watch(() => store.state, async (_now, before) => {
  if (!before || !store.catalogue) return;
  if (store.catalogue.state < catalogueMoved) await renewCatalogue().catch(complain);
  void count();
  listAnew();
  void showDetail();
});
watch(() => store.selected, () => void showDetail());

// -- The link -------------------------------------------------------------------

const hash = computed(() => toHash({ chosen: store.chosen, view: store.view, heat: store.heat, scale: store.scale, cell: store.cell, object: store.selected }));
let written = location.hash.slice(1);
let kept = false; // whether the map's page is the one that is shown: another page's address is not ours
function writeLink(): void {
  if (!kept) return;
  written = hash.value;
  history.replaceState(history.state, "", hash.value ? `#${hash.value}` : location.pathname + location.search);
}
export function keepLink(on: boolean): void {
  kept = on;
  if (hash.value !== location.hash.slice(1)) writeLink();
}
watch(hash, writeLink);
window.addEventListener("hashchange", () => {
  if (!kept || location.hash.slice(1) === written) return;
  const now = fromHash(location.hash);
  store.chosen = now.chosen;
  store.heat = now.heat;
  store.scale = now.scale;
  store.selected = now.object;
  if (now.view) store.view = now.view;
  queueMicrotask(() => (store.cell = now.cell));
});

// -- Acts -------------------------------------------------------------------------

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
