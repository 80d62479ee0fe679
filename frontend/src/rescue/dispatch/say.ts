/** Arrivals and teams in words; values in, words out. */
import { plain } from "../say";
import { RD } from "../../words/rescueDispatch";
import type { Team } from "../forces/types";
import type { DiffRow, Sent } from "./types";

/** Whole minutes; never 0 of a way that there is. */
export function minutesOf(seconds: number): number {
  return Math.max(1, Math.round(seconds / 60));
}
export function minutesWords(seconds: number): string {
  const m = minutesOf(seconds);
  return m < 120 ? String(m) : RD.hours(Math.floor(m / 60), m % 60);
}
/** Minutes until a moment; negative where it is over. */
export function minutesTo(at: string, now: number): number {
  return Math.ceil((Date.parse(at) - now) / 60_000);
}
/** 艇 2 · 人 11 */
export function strength(team: Team | undefined): string {
  if (!team) return "";
  return [team.boats ? RD.boats(team.boats) : "", team.persons ? RD.persons(team.persons) : "", team.pumps_m3h && Number(team.pumps_m3h) ? RD.pumps(plain(team.pumps_m3h)) : ""].filter(Boolean).join(" · ");
}

const called = (s: Sent): string => s.team_name ?? s.masked ?? "";
const timed = (s: Sent): string => (s.arrived ? RD.there : s.travel_s === null ? RD.out : RD.minutes(minutesWords(s.travel_s)));
/** What accepting changes at an incident: 舟艇二队 11 → 14 分钟; 甲队 38 分钟 → 乙队 22 分钟. */
export function changeWords(row: DiffRow): string {
  const [before, after] = [row.before ?? [], row.after ?? []];
  const [b, a] = [before[0], after[0]];
  if (before.length === 1 && after.length === 1 && a && b && called(a) === called(b) && a.travel_s !== null && b.travel_s !== null && !a.arrived) return RD.withTime(called(a), RD.arrow(minutesWords(b.travel_s), RD.minutes(minutesWords(a.travel_s))));
  const listed = (sent: readonly Sent[]): string => sent.map((s) => RD.withTime(called(s), timed(s))).join("、") || RD.nobody;
  return before.length ? RD.arrow(listed(before), listed(after)) : listed(after);
}
