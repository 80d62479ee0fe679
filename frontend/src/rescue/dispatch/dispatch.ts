/** Incidents, plans and orders of the night, asked for with the rest. */
import { computed, reactive, watch } from "vue";
import { getJson, isAbort, Problem } from "../../api/client";
import { Latest } from "../../api/latest";
import { complain, whyOf } from "../../selection/store";
import { focusOn } from "../../shell/focusOn";
import { OUT } from "../../words/rescueDispatch";
import { forces, readTeams } from "../forces/forces";
import { asked, isAway, night, readLog, withTheRest } from "../night";
import type { Accepted, Assignment, Incident, Order, Plan, PlanHead, Plans, Stands } from "./types";

/** What is done in the left column: an incident is reported, changed, merged or split. */
export type IncidentAct = { what: "new" } | { what: "edit" | "merge" | "split"; incident: Incident };
type Part = "incidents" | "plans" | "orders";

export const dispatch = reactive({
  incidents: null as Incident[] | null,
  every: false, // with those that are over
  plans: null as PlanHead[] | null,
  accepted: null as Accepted | null, // the newest acceptance
  orders: null as Order[] | null, // that run
  mostOrders: 0, // so many are told at once
  mostOver: 0, // so many of what is over
  bodies: {} as Record<number, Plan>,
  shown: null as number | null, // the proposal that is looked at: it is not changed for another behind the hand
  stands: null as Stands | null, // how that stands
  holding: null as Stands | null, // how the plan that holds stands
  set: [] as number[], // proposals that were put aside here
  chosen: null as number | null, // an incident
  comparing: false,
  act: null as IncidentAct | null,
  changes: 0, // acts of this page: what was read of one incident is read again
  failed: { incidents: "", plans: "", orders: "" } as Record<Part, string>,
});

const latest: Record<Part, Latest> = { incidents: new Latest(), plans: new Latest(), orders: new Latest() };

async function read<T>(part: Part, path: string, take: (got: T) => void, quiet: boolean): Promise<void> {
  const signal = latest[part].begin();
  try {
    const got = await getJson<T>(path, signal);
    if (signal.aborted) return;
    take(got);
    dispatch.failed[part] = "";
  } catch (error) {
    if (isAbort(error) || signal.aborted) return;
    if (quiet && isAway(error)) return;
    dispatch.failed[part] = whyOf(error);
    if (!(error instanceof Problem) || error.status === 401) complain(error);
  }
}

export async function readIncidents(quiet = false): Promise<void> {
  await read<{ items: Incident[]; most: number }>("incidents", `/api/rescue/incidents?${asked(dispatch.every ? { all: "true" } : {})}`, ({ items, most }) => ([dispatch.incidents, dispatch.mostOver] = [items, most]), quiet);
}
export async function readOrders(quiet = false): Promise<void> {
  await read<{ items: Order[]; most: number }>("orders", `/api/rescue/orders?${asked({ running: "true" })}`, ({ items, most }) => ([dispatch.orders, dispatch.mostOrders] = [items, most]), quiet);
}

/** The plans, which of them is looked at, and what is in those that the page shows. A plan never changes: it is read once. */
export async function readPlans(quiet = false): Promise<void> {
  await read<Plans>("plans", `/api/rescue/plans?${asked({ limit: 20 })}`, ({ items, accepted }) => {
    [dispatch.plans, dispatch.accepted] = [items, accepted];
    if (dispatch.shown === null) dispatch.shown = proposals.value[0]?.id ?? null;
  }, quiet);
  await Promise.all([readShown(), readHolding(), readBodies()]);
}

export const open = computed(() => (dispatch.incidents ?? []).filter((i) => i.status === "open"));
/** Proposals made upon what holds for something that goes on, the newest first. */
export const proposals = computed(() => (dispatch.plans ?? []).filter((p) => open.value.some((i) => p.incidents.includes(i.id)) && !p.accepted && !p.returned_at && p.based_on === (dispatch.accepted?.number ?? 0) && !dispatch.set.includes(p.id)));
export const shownPlan = computed<Plan | null>(() => (dispatch.shown === null ? null : (dispatch.bodies[dispatch.shown] ?? null)));
export const heldPlan = computed<Plan | null>(() => (dispatch.accepted ? (dispatch.bodies[dispatch.accepted.plan] ?? null) : null));
/** Whether the proposal that is looked at may still be accepted. */
export const isOpen = computed(() => !!shownPlan.value && !!dispatch.stands && dispatch.stands.id === shownPlan.value.id && !dispatch.stands.accepted && !dispatch.stands.returned_at && !dispatch.stands.overtaken);
export const out = computed(() => (forces.teams?.items ?? []).filter((t) => OUT.includes(t.status)).length);

/** What an incident's order was made of: why, which way. */
export function assignmentOf(order: Order): Assignment | undefined {
  return dispatch.bodies[order.plan]?.assignments.find((a) => a.incident === order.incident && (a.order === order.id || (a.team !== null && a.team === order.team.id)));
}

async function stands(id: number): Promise<Stands | null> {
  try {
    return await getJson<Stands>(`/api/rescue/plans/${id}/since?${asked()}`);
  } catch (error) {
    if (!(error instanceof Problem)) complain(error);
    return null; // what stood there stays; the plans' own reading says why
  }
}
async function readShown(): Promise<void> {
  const id = dispatch.shown;
  if (id === null) return void (dispatch.stands = null);
  const got = await stands(id);
  if (got && dispatch.shown === id) dispatch.stands = got;
}
async function readHolding(): Promise<void> {
  const id = dispatch.accepted?.plan;
  if (id === undefined) return void (dispatch.holding = null);
  const got = await stands(id);
  if (got && dispatch.accepted?.plan === id) dispatch.holding = got;
}

let against = ""; // the orders that the proposal was told against
let minuteOf = "";
async function readBodies(): Promise<void> {
  const running = (dispatch.orders ?? []).map((o) => `${o.id}${o.status}${o.turned_back}`).join();
  const wanted = new Set([...(dispatch.shown === null ? [] : [dispatch.shown]), ...(dispatch.accepted ? [dispatch.accepted.plan] : []), ...(dispatch.orders ?? []).map((o) => o.plan)]);
  const of = `${night.exercise} ${night.at}`;
  if (minuteOf !== of) [dispatch.bodies, minuteOf] = [{}, of];
  const stale = against !== running ? dispatch.shown : null;
  against = running;
  await Promise.all([...wanted].filter((id) => !dispatch.bodies[id] || id === stale).map(async (id) => {
    try {
      const got = await getJson<Plan>(`/api/rescue/plans/${id}?${asked()}`);
      if (minuteOf === of) dispatch.bodies[id] = got;
    } catch (error) {
      if (!(error instanceof Problem)) complain(error);
    }
  }));
}

export async function readDispatch(quiet = false): Promise<void> {
  await Promise.all([readIncidents(quiet), readOrders(quiet)]);
  await readPlans(quiet);
}
/** After an act: teams stand otherwise then too. */
export async function readChanged(): Promise<void> {
  dispatch.changes += 1;
  await Promise.all([readDispatch(true), readTeams(true), readLog(true)]);
}

/** A proposal was made here: that is looked at. */
export function show(plan: Plan): void {
  dispatch.bodies[plan.id] = plan;
  [dispatch.shown, dispatch.stands] = [plan.id, plan];
  void readDispatch(true);
}
/** The proposal is looked at no more. */
export function putAside(): void {
  if (dispatch.shown !== null) dispatch.set.push(dispatch.shown);
  Object.assign(dispatch, { shown: null, stands: null, comparing: false });
  void readPlans(true);
}

/** The form in the left column is given up: the keyboard goes on from where it was begun. */
export function giveUp(): void {
  const { act } = dispatch;
  dispatch.act = null;
  void focusOn(act && "incident" in act ? `[data-incident="${act.incident.id}"] .main` : ".rd-head .btn", Promise.resolve(), "body, :disabled, .map *");
}

function clear(): void {
  for (const one of Object.values(latest)) one.begin();
  Object.assign(dispatch, { incidents: null, plans: null, accepted: null, orders: null, bodies: {}, shown: null, stands: null, holding: null, chosen: null, comparing: false, act: null });
}

export function followDispatch(): () => void {
  clear();
  // Nothing of another minute, or of what is exercised, stands under this one.
  const ends = [withTheRest(readDispatch), watch(() => [night.exercise, night.at], clear, { flush: "sync" })];
  return () => ends.forEach((end) => end());
}
