/** Depths, areas, lengths and times of the night in words; values in, words out. */
import { decimal, num, when } from "../words";
import { RS } from "../words/rescue";
import type { DepthClass, Found, Metres } from "./types";

/** Lower edges of the four tones that the map has for depth, in metres. */
export const TONES = [0, 0.25, 0.5, 1] as const;
export function toneOf(depth: Metres): 1 | 2 | 3 | 4 {
  const d = Number(depth);
  return (TONES.filter((least) => d >= least).length || 1) as 1 | 2 | 3 | 4;
}

/** A number as it was typed, without zeros that say nothing. */
export function plain(m: Metres): string {
  const text = String(m);
  return text.includes(".") && !/e/i.test(text) ? text.replace(/\.?0+$/, "") : text;
}
/** A level as gauges write it: two decimals, more where they say something. */
export function level(m: Metres): string {
  const text = plain(m);
  const [whole = "", rest = ""] = text.split(".");
  return `${whole}.${rest.padEnd(2, "0")}`;
}
/** 0.25–0.5 m; 1 m 以上 */
export function rangeWords({ depth_m, depth_to_m }: Pick<DepthClass, "depth_m" | "depth_to_m">): string {
  return depth_to_m === null ? RS.andMore(plain(depth_m)) : RS.range(plain(depth_m), plain(depth_to_m));
}
/** Of an object in the water: the least depth there; of one beside it how far it is. */
export function depthWords(found: Pick<Found, "depth_m" | "depth_to_m" | "distance_m">): string {
  return found.depth_m === null ? RS.beside(String(Math.round(found.distance_m))) : rangeWords({ depth_m: found.depth_m, depth_to_m: found.depth_to_m });
}

/** 412.3 ha; small ones in square metres, as the service says them. */
export function hectares(m2: number): string {
  const ha = m2 / 1e4;
  return ha >= 0.1 ? `${decimal(ha.toFixed(1))} ha` : `${num(Math.round(m2))} m²`;
}
/** 395.1 km² of what is as large as a county; else hectares. */
export function areaWords(m2: number): string {
  return m2 >= 1e7 ? `${decimal((m2 / 1e6).toFixed(1))} km²` : hectares(m2);
}
export function kilometres(m: number): string {
  return m >= 100 ? `${decimal((m / 1000).toFixed(1))} km` : `${num(Math.round(m))} m`;
}

/** Residents of so many homes; none is registered there, or none with a number, is not nobody. */
export function residentsWords(n: number, homes: number, unknown: number): string {
  if (!homes) return RS.noHomes;
  return unknown === homes ? RS.noNumber : num(n);
}

const CLOCK = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", timeStyle: "medium" });
/** 23:47:12, where the bureau is. */
export function clock(at: string | Date): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "" : CLOCK.format(date);
}
/** 23:40 of today, else 07-14 23:40. */
export function minute(at: string): string {
  const full = when(at);
  return full.slice(0, 10) === when(new Date().toISOString()).slice(0, 10) ? full.slice(11) : full.slice(5);
}
/** 23:40:08 of today, else 07-14 23:40. */
export function second(at: string): string {
  return minute(at).length === 5 ? clock(at) : minute(at);
}

/** Whole minutes: begun ones count, and no way takes none. The service's rule is the same (`ways.minutes_of`). */
export function minutesOf(seconds: number): number {
  return Math.max(1, Math.ceil(seconds / 60));
}
export const HOUR = 60;
/** 14 分钟; from an hour on 1 小时 23 分. */
export function minutesWords(m: number): string {
  return m < HOUR ? RS.minutes(m) : RS.hours(Math.floor(m / HOUR), m % HOUR);
}
export function durationWords(seconds: number): string {
  return minutesWords(minutesOf(seconds));
}
