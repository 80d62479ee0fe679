export type Box4 = [number, number, number, number];

/** West, south, east, north of whatever is nested in coordinates. */
export function boundsOf(coordinates: unknown): Box4 | null {
  const out: Box4 = [Infinity, Infinity, -Infinity, -Infinity];
  const walk = (at: unknown): void => {
    if (!Array.isArray(at)) return;
    if (typeof at[0] === "number" && typeof at[1] === "number") {
      out[0] = Math.min(out[0], at[0]);
      out[1] = Math.min(out[1], at[1]);
      out[2] = Math.max(out[2], at[0]);
      out[3] = Math.max(out[3], at[1]);
    } else at.forEach(walk);
  };
  walk(coordinates);
  return Number.isFinite(out[0]) ? out : null;
}
