/** Two floods side by side: figures of each as the service gives them, never of both together. */
import { GRADE_WORD, GRADES, num } from "../words";
import { RC } from "../words/rescueCompare";
import { hectares, kilometres, rangeWords, residentsWords } from "./say";
import type { Exposure, FloodWhole } from "./types";

export interface Side { flood: FloodWhole; exposure: Exposure }
/** `diff`: right less left; empty where either is not known. */
export interface Line { key: string; group: string; title: string; left: string; right: string; diff: string }

const signed = (value: number, words: (v: number) => string): string => (value === 0 ? "0" : `${value > 0 ? "+" : "−"}${words(Math.abs(value))}`);

export function lines(left: Side, right: Side): Line[] {
  const out: Line[] = [];
  const add = (group: string, title: string, of: (s: Side) => number | null, words: (v: number) => string, shown?: (s: Side) => string): void => {
    const [a, b] = [of(left), of(right)];
    const said = (s: Side, v: number | null): string => shown?.(s) ?? (v === null ? RC.none : words(v));
    out.push({ key: `${group} ${title}`, group, title, left: said(left, a), right: said(right, b), diff: a === null || b === null ? "" : signed(b - a, words) });
  };
  add(RC.area, RC.area, (s) => s.flood.area_m2, hectares);
  // A depth class that one of them does not have is none there, not 0 ha of it: their steps may differ.
  const ranges = [...new Set([...left.flood.classes, ...right.flood.classes].sort((a, b) => Number(a.depth_m) - Number(b.depth_m)).map(rangeWords))];
  for (const range of ranges) add(RC.byDepth, range, (s) => s.flood.classes.find((c) => rangeWords(c) === range)?.area_m2 ?? null, hectares);
  add(RC.inWater, RC.inWater, (s) => s.exposure.in_water, num);
  for (const g of GRADES) add(RC.byGrade, GRADE_WORD[g], (s) => s.exposure.by_grade[g].in_water, num);
  const classes = new Map([...left.exposure.by_class, ...right.exposure.by_class].filter((c) => c.in_water).map((c) => [c.class, c.title]));
  for (const [code, title] of classes) add(RC.byClass, title, (s) => s.exposure.by_class.find((c) => c.class === code)?.in_water ?? 0, num);
  add(RC.people, RC.residents, (s) => (s.exposure.homes === s.exposure.persons_unknown ? null : s.exposure.persons), num, (s) => [residentsWords(s.exposure.persons, s.exposure.homes, s.exposure.persons_unknown), s.exposure.persons_unknown ? RC.unknown(s.exposure.persons_unknown) : ""].filter(Boolean).join("，"));
  add(RC.people, RC.present, (s) => s.exposure.present, num);
  for (const how of ["closed", "care"] as const) add(RC.roads, RC[how], (s) => s.exposure.roads[`${how}_m`], kilometres, (s) => (s.exposure.roads.set ? kilometres(s.exposure.roads[`${how}_m`] ?? 0) : RC.noRoads));
  return out;
}
