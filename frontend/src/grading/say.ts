/** A grade's record as one reads it: its inputs line by line, its arithmetic, what it came to. */
import type { GradeInput, GradeStep, TraceLine } from "../api/types";
import { store } from "../selection/store";
import { GRADE_WORD, type Grade, GRADES, W } from "../words";
import type { ReviewLine } from "./review";
import { G, MARK_WORD, SHIPPED_RULES, SOURCE_WORD } from "../words/grading";

const gradeWord = (value: string): string => ((GRADES as readonly string[]).includes(value) ? GRADE_WORD[value as Grade] : value);
export const valueWord = (value: string | null | undefined, verdict?: string): string => (value ? gradeWord(value) : (verdict ?? G.noGrade));
/** A rule set by its title; by its code where this catalogue has it no more. */
export const rulesetWord = (code: string | undefined): string => (!code || code === "shipped" ? SHIPPED_RULES : (store.catalogue?.rulesets.find((r) => r.ruleset === code)?.title ?? code));
/** What has to be said of a line's standing; nothing where its clause was checked. */
export const markOf = (tag: string | undefined): string => MARK_WORD[tag ?? ""] ?? "";

export interface InputLine { key: string; title: string; value: string; source: string }

const figure = (g: GradeInput): string => [g.value, g.unit].filter(Boolean).join(" ");

/** Inputs in the order of the form; the columns of one row of a list stand together. */
export function inputLines(step: GradeStep): InputLine[] {
  const rows = new Map<string, [string, GradeInput][]>();
  const single: InputLine[] = [];
  for (const [key, given] of Object.entries(step.inputs ?? {})) {
    if (typeof given === "string") continue; // of a policy: its level, said as its basis
    const row = /^(\w+\.\d+)\.(.+)$/.exec(key);
    if (row?.[1] && row[2]) rows.set(row[1], [...(rows.get(row[1]) ?? []), [row[2], given]]);
    else single.push({ key, title: given.title, value: given.masked ? G.unread : given.source === "none" ? "" : figure(given), source: given.masked ? "" : (SOURCE_WORD[given.source ?? "declared"] ?? "") });
  }
  const lines = [...rows].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true })).map(([key, cells]): InputLine => {
    const title = cells.map(([, g]) => g.title).reduce((a, b) => (b.length < a.length ? b : a));
    // The row of the standard first, then the quantity, then the rest.
    const order = (name: string): number => ["row", "categories", "quantity_t", "volume_m3", "density_t_m3"].indexOf(name) + 1 || 9;
    const said = [...cells].sort(([a, g], [b, h]) => Number(g.title !== title) - Number(h.title !== title) || order(a) - order(b));
    return { key, title, value: said.map(([, g]) => [g.title === title ? "" : g.title.replace(title, "").trim(), figure(g)].filter(Boolean).join(" ")).join("，"), source: SOURCE_WORD[cells[0]?.[1].source ?? "declared"] ?? "" };
  });
  return [...lines, ...single];
}

/** Whether a line compares instead of computing: 10 ≤ 20.34 < 50. */
export const compares = (line: TraceLine): boolean => /[<>≤≥＜＞]/.test(line.expression);
export const resultOf = (line: TraceLine): string => [line.value, line.unit].filter(Boolean).join(" ");

/** The lines that one follows while typing: of the whole, not of each row of a list. */
export function mainLines(step: GradeStep): TraceLine[] {
  return (step.trace ?? []).filter((line) => !/[₀-₉]$/.test(line.symbol));
}

/** Marks of the lines that are not among these: what was only read or is the bureau's own is never left unsaid. */
export function otherMarks(step: GradeStep): string[] {
  const main = new Set(mainLines(step));
  return [...new Set((step.trace ?? []).flatMap((line) => (markOf(line.tag) && !main.has(line) ? [[markOf(line.tag), line.clause].filter(Boolean).join(" ")] : [])))];
}

/** Every mark of a record's lines, once: the weakest alone would hide that another is still to be checked. */
export const marksOf = (step: GradeStep): string[] => [...new Set((step.trace ?? []).map((line) => markOf(line.tag)).filter(Boolean))];

/** S = 40/10 = 4, or 级别：10 ≤ 16 < 50，三级 */
export function lineWords(line: TraceLine): string {
  const result = resultOf(line);
  if (compares(line)) return `${line.symbol}：${[line.expression, result].filter(Boolean).join("，")}`;
  return [line.symbol, line.expression === line.value ? "" : line.expression, result].filter(Boolean).join(" = ");
}

/** What was before, from the changes of an object: 四级 → 三级（2026-11-26）. Empty where it never was another. */
export function earlierGrades(versions: readonly { change: Record<string, [unknown, unknown]>; valid_from: string }[], name: "level" | "grade"): string {
  const word = (v: unknown): string => {
    const value = v !== null && typeof v === "object" ? (v as { value?: unknown }).value : v;
    return typeof value === "string" && value ? gradeWord(value) : G.noGrade;
  };
  const moves = versions.flatMap((v) => (v.change[name] ? [{ from: word(v.change[name][0]), to: word(v.change[name][1]), on: v.valid_from }] : []));
  return moves.map((m, i) => `${i === 0 || moves[i - 1]?.to !== m.from ? m.from : ""} → ${m.to}${G.onDay(m.on)}`.trim()).join(" ");
}

/** What would change: 四级 → 三级, or R alone. */
export const changeOf = (line: ReviewLine): string => (line.kind === "level" ? G.levelChange(line.before.verdict, line.after.verdict) : G.valueChange(line.before.R ?? "", line.after.R ?? ""));
/** Why: the change with the most persons, and how many others. */
export function becauseOf(line: ReviewLine): string {
  const { cause } = line;
  return cause ? G.because(cause.object?.name ?? cause.masked ?? W.masked, G.causeOf(cause.change)) + (cause.others ? G.others(cause.others) : "") : "";
}
