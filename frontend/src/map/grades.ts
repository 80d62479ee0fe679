/** Risk grades as the tiles name them, worst first; the index is the rank less one. */
import { GRADES, type Grade } from "../words";

export { GRADES as GRADE_CODES, type Grade as GradeCode };
export type GradeIndex = 0 | 1 | 2 | 3 | 4;

export function gradeIndex(code: unknown): GradeIndex {
  const i = GRADES.indexOf(code as Grade);
  return (i < 0 ? 4 : i) as GradeIndex;
}

export type Counts = [number, number, number, number, number];

export function worstOf(by: Counts): GradeIndex {
  const i = by.findIndex((n) => n > 0);
  return (i < 0 ? 4 : i) as GradeIndex;
}
