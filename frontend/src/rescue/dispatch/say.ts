/** Arrivals and teams in words; values in, words out. */
import { metresBetween } from "../../map/mercator";
import { num } from "../../words";
import { durationWords, minutesOf } from "../say";
import { RS } from "../../words/rescue";
import { RD } from "../../words/rescueDispatch";
import type { Team } from "../forces/types";
import type { FloodWhole } from "../types";
import type { DiffRow, Sent, TakenBack } from "./types";

/** What was marked and what counts no more, in order of time: a mark that was put right stands behind the wrong one. */
export function inTime<M extends { at: string }>(marks: readonly M[], back: readonly TakenBack[]): { at: string; mark: M | null; back: TakenBack | null }[] {
  return [...back.map((b) => ({ at: b.at, mark: null, back: b })), ...marks.map((mark) => ({ at: mark.at, mark, back: null }))].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** Persons as they are typed: nothing is not known, which is not none. */
export const isPersons = (typed: string): boolean => !typed.trim() || /^\d{1,6}$/.test(typed.trim());
export const numberOf = (typed: string): number | null => (typed.trim() ? Number(typed.trim()) : null);

/** What is said of the trapped: not known, nobody, or so many. */
export type Trapped = "unknown" | "none" | "some";
export const trappedOf = (typed: string): Trapped => (!typed.trim() ? "unknown" : /^0+$/.test(typed.trim()) ? "none" : "some");
/** As the form keeps it; some, but not how many, is no number and is asked for. */
export const typedTrapped = (said: Trapped, number: string): string => (said === "unknown" ? "" : said === "none" ? "0" : number.trim() || "?");

/** What has to be known of persons that are divided among parts, as the log will say it: more or fewer than before, or not
 * known; empty where they add up. `asks`: some of them would be nowhere. */
export function addedUp(before: number | null, parts: readonly (number | null)[]): { said: string; asks: boolean } {
  const known = parts.filter((n) => n !== null);
  const [sum, unknown] = [known.reduce((a, b) => a + b, 0), parts.length - known.length];
  if (!known.length) return before === null ? { said: "", asks: false } : { said: RD.partsNone(before), asks: before > 0 };
  if (unknown || before === null) return { said: RD.partsSum(sum) + (unknown ? RD.partsUnknown(unknown) : "") + RD.partsBefore(before), asks: before !== null && sum < before };
  return { said: sum === before ? "" : RD.partsSum(sum) + (sum > before ? RD.partsMore(sum - before) : RD.partsFewer(before - sum)), asks: sum < before };
}

/** The same of incidents that become one, as the log will say it. */
export function putTogether(before: readonly (number | null)[], after: number | null): { said: string; asks: boolean } {
  const known = before.filter((n) => n !== null);
  const [total, unknown] = [known.reduce((a, b) => a + b, 0), before.length - known.length];
  if (after === null) return { said: total ? RD.mergedUnknown(total, unknown) : "", asks: false };
  if (after >= total && (unknown || after === total)) return { said: "", asks: false };
  return { said: RD.mergedSum(total, unknown, after - total), asks: after < total };
}

/** Other incidents as one that takes them in has them: the nearest first, with the metres to it. */
export function byDistance<I extends { id: number; point: [number, number] }>(of: I, all: readonly I[]): { incident: I; metres: number }[] {
  return all.filter((i) => i.id !== of.id).map((incident) => ({ incident, metres: metresBetween(of.point, incident.point) })).sort((a, b) => a.metres - b.metres);
}

const minuteOf = (ms: number): number => Math.floor(ms / 60_000);
/** Minutes until a moment as a clock tells them: 0 in its own minute, negative where that is over, which is late. */
export function minutesTo(at: string, now: number): number {
  return minuteOf(Date.parse(at)) - minuteOf(now);
}
/** 艇 2 · 人 11 */
export function strength(team: Team | undefined): string {
  if (!team) return "";
  return [team.boats ? RD.boats(team.boats) : "", team.persons ? RD.persons(team.persons) : "", team.pumps_m3h && Number(team.pumps_m3h) ? RD.pumps(num(Number(team.pumps_m3h))) : ""].filter(Boolean).join(" · ");
}
/** 11 → 14 分钟; with a unit to each where they are not of one. */
export function fromTo(before_s: number, after_s: number): string {
  const of = (s: number): string => (s ? durationWords(s) : RS.minutes(0)); // of those that are all there
  const [before, after] = [of(before_s), of(after_s)];
  return RD.arrow(before.endsWith(RS.minute) && after.endsWith(RS.minute) ? String(before_s ? minutesOf(before_s) : 0) : before, after);
}
/** By which water a plan is made: what is looked at; without one that of the plan it stands upon; else none. */
export function basisWords(flood: Pick<FloodWhole, "name" | "version" | "withdrawn_at"> | null, parent: { flood: number | null } | null): string {
  if (flood && !flood.withdrawn_at) return RD.basis(flood.name, flood.version);
  if (flood) return RD.basisWithdrawn;
  return parent && parent.flood !== null ? RD.basisParent : RD.basisDry;
}

const called = (s: Sent): string => s.team_name ?? s.masked ?? "";
const timed = (s: Sent): string => (s.arrived ? RD.there : s.travel_s === null ? RD.out : s.travel_s === 0 ? RD.pastDue : s.routing === "straight_line" ? RD.byLine(durationWords(s.travel_s)) : durationWords(s.travel_s));
/** What accepting changes at an incident: 舟艇二队 11 → 14 分钟; 甲队 38 分钟 → 乙队 22 分钟; 甲队 改走另一条路 23 分钟. */
export function changeWords(row: DiffRow): string {
  if (row.what === "gone") return row.words;
  const [before, after] = [row.before ?? [], row.after ?? []];
  const [b, a] = [before[0], after[0]];
  if (before.length === 1 && after.length === 1 && a && b && called(a) === called(b) && a.travel_s !== null && b.travel_s !== null && !a.arrived) {
    if (a.routing === "straight_line" || b.routing === "straight_line") return RD.withTime(called(a), RD.arrow(timed(b), timed(a))); // each says what it is
    const times = !b.travel_s && a.travel_s ? RD.arrow(RD.pastDue, durationWords(a.travel_s)) : minutesOf(b.travel_s) === minutesOf(a.travel_s) ? durationWords(a.travel_s) : fromTo(b.travel_s, a.travel_s);
    return RD.withTime(called(a), a.rerouted ? RD.withTime(RD.otherWay, times) : times);
  }
  const said = (s: Sent): string => RD.withTime(called(s), timed(s));
  const listed = (sent: readonly Sent[]): string => sent.map((s) => (s.rerouted ? RD.byOtherWay(said(s)) : said(s))).join("、") || RD.nobody;
  return before.length ? RD.arrow(listed(before), listed(after)) : listed(after);
}
