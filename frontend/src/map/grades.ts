/** Risk grades as the tiles name them, worst first; the index is the rank less one. */
export const GRADE_CODES = ["major", "serious", "general", "low", "none"] as const;
export type GradeCode = (typeof GRADE_CODES)[number];
export type GradeIndex = 0 | 1 | 2 | 3 | 4;

export function gradeIndex(code: unknown): GradeIndex {
  const i = GRADE_CODES.indexOf(code as GradeCode);
  return (i < 0 ? 4 : i) as GradeIndex;
}

export function gradeOf(index: GradeIndex): GradeCode {
  return GRADE_CODES[index];
}

export type Counts = [number, number, number, number, number];

export function worstOf(by: Counts): GradeIndex {
  const i = by.findIndex((n) => n > 0);
  return (i < 0 ? 4 : i) as GradeIndex;
}
