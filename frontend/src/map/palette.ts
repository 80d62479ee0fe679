/** The map's colours, read from the page's design variables so that both stay one. */
import { GRADE_CODES, type GradeCode } from "./grades";

export interface GradeColours { fill: string; on: string; edge: string; text: string; ring: string }
export interface Palette {
  grade: Record<GradeCode, GradeColours>;
  surface: string; ink: string; ink2: string; ink3: string; line2: string; select: string; accent: string;
  out: string; land: string; hill: string; urban: string; water: string; waterLine: string;
  road: string; roadCase: string; border: string; city: string; label: string; label2: string; labelWater: string; halo: string;
  hex: string[];
  font: string;
  unit: number; // CSS pixels of one pixel of the map's drawing: more on a wall
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const v = (name: string): string => style.getPropertyValue(name).trim();
  const grade = {} as Record<GradeCode, GradeColours>;
  for (const g of GRADE_CODES)
    grade[g] = {
      fill: v(`--risk-${g}-fill`), on: v(`--risk-${g}-on`), edge: v(`--risk-${g}-edge`), text: v(`--risk-${g}-text`),
      ring: g === "none" ? v("--line-2") : v(`--risk-${g}-fill`),
    };
  return {
    grade,
    surface: v("--surface"), ink: v("--ink"), ink2: v("--ink-2"), ink3: v("--ink-3"), line2: v("--line-2"), select: v("--select"), accent: v("--accent"),
    out: v("--m-out"), land: v("--m-land"), hill: v("--m-hill"), urban: v("--m-urban"), water: v("--m-water"), waterLine: v("--m-water-line"),
    road: v("--m-road"), roadCase: v("--m-road-case"), border: v("--m-border"), city: v("--m-city"),
    label: v("--m-label"), label2: v("--m-label-2"), labelWater: v("--m-label-water"), halo: v("--m-halo"),
    hex: [1, 2, 3, 4, 5].map((i) => v(`--hex-${i}`)),
    font: v("--font") || "sans-serif",
    unit: Number(v("--map-unit")) || 1,
  };
}

/** What is painted straight on the ground, and has to stand out from it whatever the page's theme. */
export type OnGround = Pick<Palette, "halo" | "label" | "select" | "accent">;
export const onGround = ({ halo, label, select, accent }: Palette): OnGround => ({ halo, label, select, accent });

export const GROUND = ["out", "land", "hill", "urban", "water", "waterLine", "road", "roadCase", "border", "city", "label", "label2", "labelWater", "halo"] as const;

/** The ground's colours by their lightness alone. The page's variables are written as #rrggbb; the build shortens what it can. */
export function greyed(palette: Palette): Palette {
  const grey = (colour: string): string => {
    const full = colour.length === 4 ? colour.replace(/[^#]/g, "$&$&") : colour;
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(full.slice(i, i + 2), 16));
    const light = Math.round(0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0));
    return `rgb(${light} ${light} ${light})`;
  };
  return { ...palette, ...Object.fromEntries(GROUND.map((name) => [name, grey(palette[name])])) };
}
