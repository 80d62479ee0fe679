/** What rows of counts come to: by grade, class and level, each without its own condition. */
import type { CountRow } from "../api/types";
import { GRADES, type Grade } from "../words";

/** Objects that a scale says nothing of: those of its own classes are not assessed, the others stand off it. */
export const UNASSESSED = "none";
export const OFF_SCALE = "off";

export type ByGrade = Record<Grade, number>;
export function zeros(): ByGrade {
  return Object.fromEntries(GRADES.map((g) => [g, 0])) as ByGrade;
}

/** The conditions that the figures of a page take away one at a time. */
export interface Limits { classes: ReadonlySet<string>; grades: ReadonlySet<Grade>; levels: ReadonlySet<string> | null }

/** A row's level as a condition says it: "scale:value", "scale:outside", "scale:none", "scale:off"; "" where no scale is chosen. */
export function levelOf(row: CountRow, scale: string | null, onScale: ReadonlySet<string>): string {
  if (scale === null) return "";
  if (row.level?.startsWith(`${scale}:`)) return row.level;
  return `${scale}:${onScale.has(row.class) ? UNASSESSED : OFF_SCALE}`;
}

/** `scale` is the one that the levels are of: of another there is no figure yet. */
export interface Figures { byGrade: ByGrade; byClass: Record<string, ByGrade>; byLevel: Record<string, number>; scale: string | null; total: number }

export function figuresOf(rows: readonly CountRow[], limits: Limits, scale: string | null, onScale: ReadonlySet<string>): Figures {
  const out: Figures = { byGrade: zeros(), byClass: {}, byLevel: {}, scale, total: 0 };
  for (const row of rows) {
    const level = levelOf(row, scale, onScale);
    const cls = limits.classes.has(row.class);
    const grade = limits.grades.has(row.grade);
    const lv = limits.levels === null || limits.levels.has(level);
    if (cls && lv) out.byGrade[row.grade] += row.n;
    if (grade && lv) (out.byClass[row.class] ??= zeros())[row.grade] += row.n;
    if (cls && grade) out.byLevel[level] = (out.byLevel[level] ?? 0) + row.n;
    if (cls && grade && lv) out.total += row.n;
  }
  return out;
}
