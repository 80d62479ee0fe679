/** 转移 of the night: the evacuations of this minute, the villages of those that run, and of the one that is opened its shelters and plans. */
import { computed, reactive, watch } from "vue";
import { getJson, isAbort, Problem } from "../../api/client";
import { Latest } from "../../api/latest";
import { complain, store, whyOf } from "../../selection/store";
import { asked, isAway, night, past, withTheRest } from "../night";
import type { Counts, Evacuation, EvacuationLine, PlaceOf, Plan, PlanLine, Shelters, Village } from "./types";

const SHELTERS_EVERY_MS = 60_000; // they are decided over more than the reader may see, and counted

export const people = reactive({
  list: null as EvacuationLine[] | null,
  failed: "",
  whole: {} as Record<number, Evacuation>, // those that run, and the one that is opened
  open: null as number | null,
  village: null as number | null, // of the opened one
  looking: false, // its tab is open
  part: "villages" as "villages" | "shelters" | "plan",
  places: {} as Record<number, PlaceOf[]>,
  shelters: null as Shelters | null, // of the opened one, as they are now
  sheltersFailed: "",
  hazard: 500,
  only: [] as number[], // shelters that a plan is to use; none: all that can be used
  plans: null as PlanLine[] | null,
  mostPlans: 0, // so many are told at once
  plan: null as Plan | null, // the one that is looked at
  plansFailed: "",
});

export const running = computed(() => (people.list ?? []).filter((e) => !e.closed_at));
export const opened = computed<Evacuation | null>(() => (people.open === null ? null : (people.whole[people.open] ?? null)));
const NAMES = ["to_move", "moved", "sheltered", "with_relatives", "left", "returned", "returned_from_shelters", "returned_from_relatives", "in_shelters"] as const;
/** Of all that run together; null where none does. */
export const sum = computed<Counts | null>(() => {
  if (!running.value.length) return null;
  return Object.fromEntries(NAMES.map((name) => [name, running.value.reduce((n, e) => n + e[name], 0)])) as unknown as Counts;
});

const latest = { all: new Latest(), shelters: new Latest(), plans: new Latest(), plan: new Latest() };
const path = (id: number): string => `/api/rescue/evacuations/${id}`;
const then = (): string => (past.value ? `?at=${encodeURIComponent(night.at)}` : "");

export async function readPeople(quiet = false): Promise<void> {
  const signal = latest.all.begin();
  try {
    const { items } = await getJson<{ items: EvacuationLine[] }>(`/api/rescue/evacuations?${asked()}`, signal);
    const run = items.filter((e) => !e.closed_at);
    const open = people.open !== null && items.some((e) => e.id === people.open) ? people.open : (run[0]?.id ?? null);
    const ids = [...new Set([...run.map((e) => e.id), ...(open === null ? [] : [open])])];
    const whole = await Promise.all(ids.map((id) => getJson<Evacuation>(`${path(id)}${then()}`, signal)));
    if (signal.aborted) return;
    Object.assign(people, { list: items, failed: "", whole: Object.fromEntries(whole.map((e) => [e.id, e])) });
    if (people.open !== open) turnTo(open);
    await Promise.all([...whole.map((e) => readPlaces(e, signal)), readShelters(), readPlans(quiet)]);
  } catch (error) {
    if (isAbort(error) || signal.aborted || (quiet && isAway(error))) return;
    Object.assign(people, { list: null, whole: {}, failed: whyOf(error) });
    if (!(error instanceof Problem) || error.status === 401) complain(error);
  }
}

/** Another one is looked at: nothing of the one before stands under it. */
function turnTo(id: number | null): void {
  Object.assign(people, { open: id, village: null, shelters: null, sheltersFailed: "", only: [], plans: null, plan: null, plansFailed: "" });
  sheltersBy = "";
}
export function openOne(id: number | null): void {
  if (people.open === id) return;
  turnTo(id);
  if (id !== null && !people.whole[id]) void readPeople();
  else if (id !== null) void Promise.all([readShelters(true), readPlans()]);
}

/** Where its villages are: asked once, and again where there are more. */
async function readPlaces(one: Evacuation, signal: AbortSignal): Promise<void> {
  if ((people.places[one.id]?.length ?? -1) >= one.villages.length) return;
  try {
    const { items } = await getJson<{ items: PlaceOf[] }>(`${path(one.id)}/places`, signal);
    if (!signal.aborted) people.places[one.id] = items;
  } catch (error) {
    if (!isAbort(error) && !(error instanceof Problem)) throw error; // without them the map lacks the villages, and the list has them
  }
}

/** Where one of them is (longitude, latitude), as far as it was read. */
export const placeOf = (evacuation: number, village: number): [number, number] | null => people.places[evacuation]?.find((p) => p.village === village)?.at ?? null;
/** Shelters that the plan in force sends a village to; without one where it was arranged to go. */
export const sentOf = (village: Village): number[] => {
  const planned = village.assigned.flatMap((a) => a.shelter ?? []);
  return planned.length ? planned : village.shelter === null ? [] : [village.shelter];
};

let sheltersBy = "";
let sheltersAt = 0;
/** Asked for where somebody came or left, or the register moved; by itself at most once a minute. */
export async function readShelters(now = false): Promise<void> {
  const one = opened.value;
  if (!one) return;
  const all = running.value.map((e) => `${e.id}:${e.in_shelters}`).join();
  const by = `${one.id} ${people.hazard} ${all} ${store.state} ${night.flood?.id ?? 0} ${one.villages.map((v) => v.assigned.length).join("")}`;
  if (by === sheltersBy || (!now && people.shelters && Date.now() - sheltersAt < SHELTERS_EVERY_MS)) return;
  const signal = latest.shelters.begin();
  [sheltersBy, sheltersAt] = [by, Date.now()];
  try {
    const got = await getJson<Shelters>(`${path(one.id)}/shelters?hazard_m=${people.hazard}`, signal);
    if (!signal.aborted) [people.shelters, people.sheltersFailed] = [got, ""];
  } catch (error) {
    if (isAbort(error) || signal.aborted) return;
    sheltersBy = "";
    if (!people.shelters || now) [people.shelters, people.sheltersFailed] = [null, whyOf(error)];
  }
}
export async function readSheltersAnew(): Promise<void> {
  sheltersBy = "";
  await readShelters(true);
}

export async function readPlans(quiet = false): Promise<void> {
  const id = people.open;
  if (id === null || (quiet && people.plans && people.part !== "plan")) return;
  const signal = latest.plans.begin();
  try {
    const { items, most } = await getJson<{ items: PlanLine[]; most: number }>(`${path(id)}/plans${then()}`, signal);
    if (signal.aborted) return;
    [people.plans, people.mostPlans, people.plansFailed] = [items, most, ""];
    const looked = people.plan && items.find((p) => p.id === people.plan?.id);
    // What was accepted meanwhile changes what the others differ from.
    if (looked && looked.accepted_at !== people.plan?.accepted_at) await openPlan(looked.id);
  } catch (error) {
    if (isAbort(error) || signal.aborted || (quiet && isAway(error))) return;
    [people.plans, people.plansFailed] = [null, whyOf(error)];
  }
}
export async function openPlan(plan: number | null): Promise<void> {
  const signal = latest.plan.begin();
  if (plan === null || people.open === null) return void (people.plan = null);
  try {
    const got = await getJson<Plan>(`${path(people.open)}/plans/${plan}`, signal);
    if (!signal.aborted) people.plan = got;
  } catch (error) {
    if (!isAbort(error)) complain(error);
  }
}

/** Nothing of before stands under another minute, or under an exercise; which one is opened stays, if it is there too. */
function clear(): void {
  for (const one of Object.values(latest)) one.begin();
  Object.assign(people, { list: null, whole: {}, failed: "", shelters: null, sheltersFailed: "", plans: null, plan: null, plansFailed: "" });
  sheltersBy = "";
}
export function followPeople(): () => void {
  clear();
  Object.assign(people, { open: null, village: null, part: "villages", places: {}, only: [] });
  const ends = [withTheRest(readPeople), watch(() => [night.exercise, night.at], clear, { flush: "sync" })];
  return () => {
    ends.forEach((end) => end());
    for (const one of Object.values(latest)) one.begin();
  };
}
