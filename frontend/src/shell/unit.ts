/** Screen pixels of one design pixel: more on a wall, or where the reader has set a larger type. */
export function unit(): number {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1;
}
