/** Teams, goods, standing by and roads of the night, asked for with the rest; the map and the tab look here. */
import { computed, reactive, watch } from "vue";
import { getJson, isAbort, Problem } from "../../api/client";
import { Latest } from "../../api/latest";
import { classes, complain, store, whyOf } from "../../selection/store";
import { halfWidth } from "../../shell/digits";
import { narrow } from "../../shell/narrow";
import { RF, TEAM_STATUSES } from "../../words/rescueForces";
import type { Sign } from "../FoundLayer";
import { asked, isAway, night, past, withTheRest } from "../night";
import { isLimited } from "../rights";
import type { RoadLine } from "../WaterLayer";
import type { At, Closure, KeyPlace, Nearest, Site, StandbyRecord, Stores, Team, Teams } from "./types";
import { minute } from "../say";
import { isWet } from "./wet";

export const PARTS = ["teams", "goods", "standby", "roads"] as const;
export type ForcesPart = (typeof PARTS)[number];
export interface Spot { lng: number; lat: number; name: string; id: number | null }

export const forces = reactive({
  part: "teams" as ForcesPart,
  shown: false, // whether the tab is looked at: what it alone shows is asked for then
  teams: null as Teams | null,
  goods: null as Stores | null,
  closures: null as Closure[] | null,
  records: null as StandbyRecord[] | null,
  mostRecords: 0, // so many are told at once
  failed: { teams: "", goods: "", closures: "", records: "" },
  team: null as number | null, // the one that is open
  store: null as number | null,
  spot: null as Spot | null, // where one asks who is there first
  need: "",
  nearest: null as Nearest | null,
  nearestAt: "", // when that was worked out, and with which water avoided
  nearestFlood: "",
  nearestFailed: "",
  late: [] as readonly KeyPlace[], // key places that no team reaches in time, and where teams had better stand by
  sites: [] as readonly Site[],
});

type Listed = keyof typeof forces.failed;
const latest: Record<Listed | "nearest", Latest> = { teams: new Latest(), goods: new Latest(), closures: new Latest(), records: new Latest(), nearest: new Latest() };

async function read<T>(which: Listed, path: string, take: (got: T) => void, lost: () => void, quiet: boolean): Promise<void> {
  const signal = latest[which].begin();
  try {
    const got = await getJson<T>(`/api/rescue/${path}?${asked()}`, signal);
    if (signal.aborted) return;
    take(got);
    forces.failed[which] = "";
  } catch (error) {
    if (isAbort(error) || signal.aborted) return;
    if (quiet && isAway(error)) return;
    lost();
    forces.failed[which] = whyOf(error);
    if (!(error instanceof Problem) || error.status === 401) complain(error);
  }
}
export const readTeams = (quiet = false): Promise<void> => read<Teams>("teams", "teams", (got) => (forces.teams = got), () => (forces.teams = null), quiet);
export const readGoods = (quiet = false): Promise<void> => read<Stores>("goods", "goods", (got) => (forces.goods = got), () => (forces.goods = null), quiet);
export const readClosures = (quiet = false): Promise<void> => read<{ items: Closure[] }>("closures", "routing/closures", (got) => (forces.closures = got.items), () => (forces.closures = null), quiet);
export const readRecords = (quiet = false): Promise<void> => read<{ items: StandbyRecord[]; most: number }>("records", "standby", (got) => ([forces.records, forces.mostRecords] = [got.items, got.most]), () => (forces.records = null), quiet);

/** Lists of another minute, exercise or account do not stand under this one. */
function clear(): void {
  for (const one of Object.values(latest)) one.begin();
  Object.assign(forces, { teams: null, goods: null, closures: null, records: null, failed: { teams: "", goods: "", closures: "", records: "" }, team: null, store: null, spot: null, nearest: null, nearestFailed: "", late: [], sites: [] });
}
async function readForces(quiet: boolean): Promise<void> {
  const part = forces.shown ? forces.part : "";
  await Promise.all([readTeams(quiet), readClosures(quiet), ...(part === "goods" ? [readGoods(quiet)] : []), ...(part === "standby" ? [readRecords(quiet)] : [])]);
}
export function followForces(): () => void {
  clear();
  const ends = [
    withTheRest(readForces),
    // At once: the log is read before the lists, and what they hold would be told of the other mode until then.
    watch(() => [night.exercise, night.at], clear, { flush: "sync" }),
    // Another water, or the first that is read: who is first through it is another question.
    watch(() => night.flood?.id, () => forces.spot && void askNearest()),
  ];
  return () => {
    ends.forEach((end) => end());
    for (const one of Object.values(latest)) one.begin();
  };
}
/** What a part alone shows, when it is turned to. */
export function openPart(part: ForcesPart): void {
  forces.part = part;
  if (part === "goods") void readGoods();
  if (part === "standby") void readRecords();
}

/** On a phone the map lies above the rest: it comes into view to be clicked, or where it has moved to something. */
export function mapInView(): void {
  if (narrow.value) document.querySelector(".rs-mid")?.scrollIntoView({ block: "nearest" });
}
/** A place that is typed, longitude first; undefined where it is none. */
export function typedPlace(text: string): At | undefined {
  const [lng = NaN, lat = NaN] = halfWidth(text).split(/[,，\s]+/).filter(Boolean).map(Number);
  return Math.abs(lng) <= 180 && Math.abs(lat) <= 85 ? [lng, lat] : undefined;
}

// -- Who is there first --------------------------------------------------------------------

export async function askNearest(): Promise<void> {
  const signal = latest.nearest.begin();
  const { spot } = forces;
  const { flood } = night;
  Object.assign(forces, { nearest: null, nearestFailed: "" });
  if (!spot || past.value) return;
  const query = new URLSearchParams({ lon: String(spot.lng), lat: String(spot.lat), limit: "200", ...(forces.need ? { need: forces.need } : {}), ...(flood ? { flood: String(flood.id) } : {}), ...(night.exercise ? { exercise: "true" } : {}) });
  try {
    const got = await getJson<Nearest>(`/api/rescue/teams/nearest?${query}`, signal);
    if (!signal.aborted) Object.assign(forces, { nearest: got, nearestAt: new Date().toISOString(), nearestFlood: flood?.name ?? "" });
  } catch (error) {
    if (isAbort(error) || signal.aborted) return;
    forces.nearestFailed = whyOf(error);
    if (!(error instanceof Problem) || error.status === 401) complain(error);
  }
}
export function lookAt(spot: Spot | null): void {
  forces.spot = spot;
  void askNearest();
}

// -- In the water, on the map ----------------------------------------------------------------

export const wetTeam = (t: Pick<Team, "position">): boolean => isWet(night.flood?.classes ?? [], t.position);
const wetStores = computed(() => new Set((night.exposure?.stores_in_water ?? []).flatMap((o) => (o.id === null || o.depth_m === null ? [] : [o.id]))));
export const wetStore = (id: number): boolean => wetStores.value.has(id);

const TEAM_CLASS = "rescue-team";
/** Classes whose symbols this draws all, each where it is now: the map has them once. An account that is limited gets some of them by the map alone. */
export const ownClasses = computed<readonly string[]>(() => (forces.teams && !forces.teams.hidden && !isLimited(store.account) ? [TEAM_CLASS] : []));
export const forceSigns = computed<Sign[]>(() => {
  const at = (place: At): { lng: number; lat: number } => ({ lng: place[0], lat: place[1] });
  const out = (forces.teams?.items ?? []).flatMap((t): Sign[] => {
    if (!t.position) return [];
    const away = t.position_from === "reported" || t.status !== TEAM_STATUSES[0];
    return [{ id: t.id, ...at(t.position), cls: TEAM_CLASS, grade: "none", label: t.name, said: [t.status, wetTeam(t) ? RF.inWater : ""].filter(Boolean).join(" "), tone: away ? "team" : "object", weight: away ? 75 : 6, waits: t.status === TEAM_STATUSES[0] }];
  });
  // Where a team is not yet: its own sign stands where it is known to be.
  const goals = (forces.teams?.items ?? []).flatMap((t): Sign[] => (t.standby && !t.standby.arrived_at ? [{ id: goalOf(t.id), ...at(t.standby.at), cls: TEAM_CLASS, grade: "none", label: RF.goal(t.name), said: t.standby.expected_at ? RF.expected(minute(t.standby.expected_at)) : "", tone: "goal", weight: 74 }] : []));
  out.push(...goals);
  if (!forces.shown || forces.part !== "standby") return out;
  const late = forces.late.flatMap((p): Sign[] => (p.id !== null && p.at ? [{ id: p.id, ...at(p.at), cls: p.class ?? "", grade: p.grade ?? "none", label: p.name ?? "", said: RF.late, tone: "object", weight: 20 }] : []));
  const sites = forces.sites.map((s, i): Sign => ({ id: -1 - i, ...at(s.at), cls: TEAM_CLASS, grade: "none", label: s.name || RF.site, said: RF.site, tone: "object", weight: 70 }));
  return [...out, ...late, ...sites];
});
export const closedRoads = computed<RoadLine[]>(() => (forces.closures ?? []).map(({ geometry }) => ({ how: "closed", barred: true, geometry })));

/** The sign of the place that a team goes to stand by at: below those of the places that are proposed. */
const GOALS = -1000;
const goalOf = (team: number): number => GOALS - team;
/** A symbol was clicked: a team is opened, of a store its goods; whether it was one of ours. */
export function pickedForce(id: number): boolean {
  const team = forces.teams?.items.find((t) => t.id === id || goalOf(t.id) === id);
  if (team) {
    Object.assign(forces, { part: "teams", team: team.id, spot: null, nearest: null });
    return true;
  }
  if (forces.shown && forces.part === "goods" && forces.goods?.items.some((s) => s.id === id)) {
    forces.store = id;
    return true;
  }
  return false;
}
export const classTitle = (cls: string | null): string => (cls ? (classes.value.get(cls)?.title ?? cls) : "");
