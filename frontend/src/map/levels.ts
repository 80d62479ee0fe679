/** A class's own scale on the map: its levels from the worst, then what it has none for, what is not assessed, and what is not on it. */
import { T } from "../words/table";

/** As a condition says that a scale has no level for an object, by its rule. */
export const OUTSIDE = "outside";

export interface LevelLook { value: string; colour: string; letter: string; shape: LevelShape }
export type LevelShape = "hexagon" | "dam" | "octagon" | "shield" | "tank" | "hatch" | "bar" | "flag" | "drop" | "unassessed" | "off";

/** What the map needs to know of a scale; `looks` begins with the worst level and ends with 不构成, where the scale has that, 未评定 and 不在此标度. */
export interface ScaleLook { code: string; ranks: readonly number[]; looks: readonly LevelLook[]; outside: boolean; on: ReadonlySet<string> }

const SHAPES = new Set<string>(["hexagon", "dam", "octagon", "shield", "tank", "hatch", "bar", "flag", "drop"]);

interface Given { scale: string; worse: string; outside: { letter: string } | null; levels: readonly { value: string; rank: number; colour: string; letter: string; shape: string }[] }

export function scaleLook(scale: Given, on: ReadonlySet<string>): ScaleLook {
  const order = [...scale.levels].sort((a, b) => (scale.worse === "high-rank" ? b.rank - a.rank : a.rank - b.rank));
  const looks: LevelLook[] = order.map((l) => ({ value: l.value, colour: l.colour, letter: l.letter, shape: (SHAPES.has(l.shape) ? l.shape : "hexagon") as LevelShape }));
  // The scale's own outline, without its colour: a grey print still tells it from 未评定's broken circle.
  if (scale.outside) looks.push({ value: OUTSIDE, colour: "", letter: scale.outside.letter, shape: looks[0]?.shape ?? "hexagon" });
  looks.push({ value: "none", colour: "", letter: "", shape: "unassessed" }, { value: "off", colour: "", letter: "", shape: "off" });
  return { code: scale.scale, ranks: order.map((l) => l.rank), looks, outside: scale.outside !== null, on };
}

/** How bad: 0 is the scale's worst level. */
export function orderOf(scale: ScaleLook, cls: string, rank: number, outside = false): number {
  const at = scale.ranks.indexOf(rank);
  if (at >= 0) return at;
  if (scale.outside && outside) return scale.ranks.length;
  return scale.looks.length - (scale.on.has(cls) ? 2 : 1);
}

const INK = 0.008; // relative luminance of the dark letters, #1d1410

/** Whether light letters read better on this colour than dark ones: by the ratio of WCAG 2.2, 1.4.3. */
export function isDark(colour: string): boolean {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const v = (parseInt(colour.slice(i, i + 2), 16) || 0) / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  const luminance = (r ?? 0) * 0.2126 + (g ?? 0) * 0.7152 + (b ?? 0) * 0.0722;
  return 1.05 / (luminance + 0.05) >= (luminance + 0.05) / (INK + 0.05);
}

/** Whether a scale is one of sizes, whose first level is the largest and not the worst: its note says so. */
export const isOfSizes = (scale: { note: string }): boolean => scale.note.includes(T.largest);
