const MOST_MS = 15_000;

/** How long to wait before one asks again, after so many questions in a row that came to nothing; at most 15 s. */
export function waitFor(lost: number): number {
  return Math.min(MOST_MS, 1000 * 2 ** lost);
}
