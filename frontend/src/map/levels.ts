/** A class's own scale on the map: its levels from the worst, then what it does not assess, then what is not on it. */
export interface LevelLook { value: string; colour: string; letter: string; shape: LevelShape }
export type LevelShape = "hexagon" | "dam" | "octagon" | "shield" | "tank" | "hatch" | "bar" | "flag" | "drop" | "unassessed" | "off";

/** What the map needs to know of a scale; `looks` begins with the worst level and ends with 未评定 and 不在此标度. */
export interface ScaleLook { code: string; ranks: readonly number[]; looks: readonly LevelLook[]; on: ReadonlySet<string> }

const SHAPES = new Set<string>(["hexagon", "dam", "octagon", "shield", "tank", "hatch", "bar", "flag", "drop"]);

interface Given { scale: string; worse: string; levels: readonly { value: string; rank: number; colour: string; letter: string; shape: string }[] }

export function scaleLook(scale: Given, on: ReadonlySet<string>): ScaleLook {
  const order = [...scale.levels].sort((a, b) => (scale.worse === "high-rank" ? b.rank - a.rank : a.rank - b.rank));
  const looks: LevelLook[] = order.map((l) => ({ value: l.value, colour: l.colour, letter: l.letter, shape: (SHAPES.has(l.shape) ? l.shape : "hexagon") as LevelShape }));
  looks.push({ value: "none", colour: "", letter: "", shape: "unassessed" }, { value: "off", colour: "", letter: "", shape: "off" });
  return { code: scale.scale, ranks: order.map((l) => l.rank), looks, on };
}

/** How bad: 0 is the scale's worst level. */
export function orderOf(scale: ScaleLook, cls: string, rank: number): number {
  const at = scale.ranks.indexOf(rank);
  return at >= 0 ? at : scale.ranks.length + (scale.on.has(cls) ? 0 : 1);
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
