/** A square's side in design pixels as a style that grows with the page (see vite.config.ts). */
export function inRem(side: number): { width: string; height: string } {
  return { width: `${side / 16}rem`, height: `${side / 16}rem` };
}
