/** The night as this page has it: which scenario, which minute, what is in the water, the log. Panels and map look here. */
import { computed, reactive } from "vue";
import { getJson, isAbort, Problem } from "../api/client";
import { Latest } from "../api/latest";
import { complain, store, whyOf } from "../selection/store";
import type { LogKind } from "../words/rescueCodes";
import type { Exposure, Flood, Floods, FloodWhole, Levels, LogEntry, LogPage, WetRoads } from "./types";

const EVERY_MS = 12_000;
const LOG_PAGE = 60;

export const night = reactive({
  exercise: false,
  at: "", // the minute that is looked back at; empty: now
  wanted: null as number | null, // the scenario version that the address names
  floods: null as Flood[] | null,
  flood: null as FloodWhole | null,
  followed: "", // that a newer version was taken by itself
  exposure: null as Exposure | null,
  margin: 50,
  wading: null as number | null, // cm: of the vehicle that roads are told for; null: general traffic
  roads: null as WetRoads | null, // where they are closed or to be taken with care
  levels: null as Levels | null,
  log: null as LogEntry[] | null,
  logNext: null as number | null,
  logKind: "" as LogKind | "",
  readAt: "", // when the service last answered
  reading: false, // what is in the water is being asked
  failed: { floods: "", flood: "", exposure: "", roads: "", levels: "", log: "" }, // why a part was not read
  cut: false, // the line is broken: what is shown is of `readAt`
});

export const past = computed(() => night.at !== "");
/** The state of the register at the minute that is looked back at: that of the last entry before it. */
export const stateThen = computed<number | null>(() => (past.value ? (night.log?.[0]?.state ?? null) : null));

function params(more: Record<string, string | number | null> = {}): string {
  const out = new URLSearchParams();
  if (night.exercise) out.set("exercise", "true");
  if (night.at) out.set("at", night.at);
  for (const [name, value] of Object.entries(more)) if (value !== null && value !== "") out.set(name, String(value));
  return out.toString();
}
export const asked = params;

type Part = keyof typeof night.failed;
const latest: Record<Part, Latest> = { floods: new Latest(), flood: new Latest(), exposure: new Latest(), roads: new Latest(), levels: new Latest(), log: new Latest() };

/** The service is away or busy for a moment: what stands on the page stays. */
export function isAway(error: unknown): error is Problem {
  return error instanceof Problem && (error.status === 0 || error.status >= 500 || error.status === 429);
}

/** Asks; what is there stays where the line fails for a moment, and its age is said. */
export async function ask<T>(part: Part, path: string, take: (got: T) => void, quiet: boolean, lost: () => void): Promise<void> {
  const signal = latest[part].begin();
  try {
    const got = await getJson<T>(path, signal);
    if (signal.aborted) return;
    take(got);
    night.failed[part] = "";
    [night.cut, night.readAt] = [false, new Date().toISOString()];
  } catch (error) {
    if (isAbort(error) || signal.aborted) return;
    night.cut = isAway(error) && error.status !== 429;
    if (quiet && isAway(error)) return;
    lost();
    night.failed[part] = whyOf(error);
    if (!(error instanceof Problem) || error.status === 401) complain(error);
  }
}

export async function readFloods(quiet = false): Promise<void> {
  let back = false;
  await ask<Floods>("floods", `/api/rescue/floods?${params()}`, ({ items }) => {
    night.floods = items;
    // The newest version of the scenario that is looked at; without one the newest of all.
    const now = night.flood;
    const mine = now && items.find((f) => f.series === now.series);
    if (mine && now && mine.version > now.version && newest(now)) {
      night.followed = String(mine.version);
      night.wanted = mine.id;
    }
    // Its version is told no more: it was taken back meanwhile, or with all of the scenario.
    back = !!now && !now.withdrawn_at && newest(now) && (!mine || mine.version < now.version);
    if (night.wanted === null) night.wanted = items[0]?.id ?? null;
  }, quiet, () => (night.floods = null));
  await readFlood(back);
}

/** Whether this was the newest version when it was read: then its successor is followed. */
function newest(flood: FloodWhole): boolean {
  return !flood.versions.some((v) => v.version > flood.version);
}

export async function readFlood(anew = false): Promise<void> {
  const id = night.wanted;
  if (id === null) {
    latest.flood.begin();
    night.flood = null;
    return readExposure();
  }
  if (night.flood?.id !== id || anew)
    await ask<FloodWhole>("flood", `/api/rescue/floods/${id}`, (got) => {
      const other = got.exercise !== night.exercise;
      night.flood = got;
      if (!other) return;
      // A link to an exercise shows it as one; what was read of the night itself is none of it.
      for (const part of ["floods", "levels", "log"] as const) latest[part].begin();
      Object.assign(night, { exercise: got.exercise, floods: null, levels: null, log: null, logNext: null });
      void readAll();
    }, false, () => (night.flood = null));
  await readExposure();
}

/** A version with each class as all water that is at least so deep: what the next version is drawn on. */
export async function readCovering(flood: FloodWhole): Promise<FloodWhole> {
  const { classes } = await getJson<Pick<FloodWhole, "classes">>(`/api/rescue/floods/${flood.id}/covering`);
  return { ...flood, classes };
}

let exposedBy = "";
let roadsOf = 0; // a version never changes, and roads but seldom
/** What is in the water: of this version, margin and state of the register; the same is not asked twice. */
export async function readExposure(anew = false): Promise<void> {
  const { flood } = night;
  if (!flood) {
    for (const part of ["exposure", "roads"] as const) latest[part].begin();
    [night.exposure, night.roads, night.reading] = [null, null, false];
    [exposedBy, roadsOf] = ["", 0];
    return;
  }
  const then = stateThen.value;
  const query = new URLSearchParams({ margin_m: String(night.margin), limit: "5000" });
  if (night.wading !== null) query.set("wading_cm", String(night.wading));
  if (then !== null && then < store.state) query.set("as_of", `state:${then}`);
  const by = `${flood.id} ${query} ${store.rights} ${then ?? store.state}`;
  if (by === exposedBy && !anew && !night.failed.exposure) return;
  if (night.exposure?.flood.id !== flood.id) night.exposure = null; // figures of another water do not stand under this one
  exposedBy = by;
  night.reading = true;
  if (roadsOf !== flood.id) {
    [roadsOf, night.roads] = [flood.id, null];
    void ask<WetRoads>("roads", `/api/rescue/floods/${flood.id}/roads`, (got) => (night.roads = got), false, () => (roadsOf = 0));
  }
  await ask<Exposure>("exposure", `/api/rescue/floods/${flood.id}/exposure?${query}`, (got) => (night.exposure = got), false, () => {
    night.exposure = null;
    exposedBy = "";
  });
  if (exposedBy === by || !exposedBy) night.reading = false;
}

/** The next objects of a water that holds more than are read at once: the worst and deepest stand there already. */
export async function readMoreObjects(): Promise<void> {
  const { exposure, flood } = night;
  if (!exposure || !flood) return;
  const query = new URLSearchParams({ margin_m: String(night.margin), limit: "5000", offset: String(exposure.objects.length), as_of: `state:${exposure.state}` });
  await ask<Exposure>("exposure", `/api/rescue/floods/${flood.id}/exposure?${query}`, (got) => {
    if (night.exposure === exposure) night.exposure = { ...exposure, objects: [...exposure.objects, ...got.objects] };
  }, true, () => undefined);
}

export async function readLevels(quiet = false): Promise<void> {
  await ask<Levels>("levels", `/api/rescue/levels?${params()}`, (got) => (night.levels = got), quiet, () => (night.levels = null));
}

export async function readLog(quiet = false): Promise<void> {
  await ask<LogPage>("log", `/api/rescue/log?${params({ kind: night.logKind, limit: LOG_PAGE })}`, (got) => {
    // What was read further down stays; ids tell nothing of the order, for what came about by itself has one of its own.
    const last = got.items.at(-1)?.id;
    const i = night.log?.findIndex((e) => e.id === last) ?? -1;
    const more = i < 0 ? [] : (night.log?.slice(i + 1) ?? []);
    night.log = [...got.items, ...more];
    if (!more.length) night.logNext = got.next;
  }, quiet, () => (night.log = null));
}
export async function moreLog(): Promise<void> {
  if (night.logNext === null) return;
  await ask<LogPage>("log", `/api/rescue/log?${params({ kind: night.logKind, limit: LOG_PAGE, before: night.logNext })}`, (got) => {
    night.log = [...(night.log ?? []), ...got.items];
    night.logNext = got.next;
  }, true, () => undefined);
}

/** What other panels ask with the rest: each as often as the rest. */
const others = new Set<(quiet: boolean) => Promise<void>>();
export function withTheRest(read: (quiet: boolean) => Promise<void>): () => void {
  others.add(read);
  return () => void others.delete(read);
}

/** All of it. The log comes first: a minute that is looked back at takes its state from there. */
export async function readAll(quiet = false): Promise<void> {
  await readLog(quiet);
  if (quiet && night.cut) return; // nothing answers: the rest is asked when the log comes again
  await Promise.all([readFloods(quiet), readLevels(quiet), ...[...others].map((read) => read(quiet))]);
}

/** Another minute, or exercise or not: nothing of before stands under it. `wanted`: the version that is looked at there; the newest without one. */
export function turn(to: { at?: string; exercise?: boolean; wanted?: number | null }): void {
  const other = to.exercise !== undefined && to.exercise !== night.exercise;
  // What was asked before and has not come is of another minute, or of what is exercised: it would lead back there.
  for (const part of ["floods", "levels", "log"] as const) latest[part].begin();
  if (to.at !== undefined) night.at = to.at;
  if (other) {
    for (const part of ["flood", "exposure", "roads"] as const) latest[part].begin();
    [exposedBy, roadsOf, night.roads] = ["", 0, null];
    Object.assign(night, { exercise: to.exercise, at: to.at ?? "", wanted: to.wanted ?? null, flood: null, exposure: null, floods: null, levels: null, log: null, logNext: null });
  }
  night.followed = "";
  void readAll();
}

let timer = 0;
let stopped = true;
async function tick(): Promise<void> {
  clearTimeout(timer);
  // What is past does not move; a page that nobody sees asks nothing.
  if (!document.hidden && !past.value && store.account) await readAll(true);
  if (!stopped) timer = window.setTimeout(() => void tick(), EVERY_MS);
}
function seen(): void {
  if (!document.hidden) void tick();
}
/** Begins to look, and goes on while the page is seen; gives what ends it. */
export function follow(): () => void {
  stopped = false;
  void readAll();
  timer = window.setTimeout(() => void tick(), EVERY_MS);
  document.addEventListener("visibilitychange", seen);
  return () => {
    stopped = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", seen);
    for (const one of Object.values(latest)) one.begin();
  };
}
