/** How fine the hexagons are at a zoom, and what their five colours stand for. */

/** A cell of 15 to 40 pixels at every zoom; the public sees none finer than its own. */
export function resolutionAt(zoom: number, finest: number): number {
  const fine = zoom <= 8 ? 5 : zoom <= 10 ? 6 : zoom <= 12 ? 7 : zoom <= 13 ? 8 : zoom <= 14 ? 9 : 10;
  return Math.min(fine, finest);
}

/** Lower bounds of the five colours: round numbers from the first that is not few to the largest there is. */
export function breaksFor(largest: number, few: number): number[] {
  const step = Math.max(1.6, (Math.max(largest, few * 8) / few) ** (1 / 5));
  const out = [few];
  for (let i = 1; i < 5; i++) {
    const raw = few * step ** i;
    const unit = raw < 20 ? 1 : raw < 100 ? 5 : raw < 500 ? 10 : 100;
    out.push(Math.max((out[i - 1] as number) + 1, Math.round(raw / unit) * unit));
  }
  return out;
}

/** The same for weights: up to five from the smallest weight to the largest, of two figures each. */
export function weightBreaks(weights: readonly number[]): number[] {
  const low = weights.reduce((a, b) => Math.min(a, b), Infinity);
  const high = weights.reduce((a, b) => Math.max(a, b), 0);
  if (!weights.length || !high) return [0];
  const from = low || high / 100;
  const out = [low && floorTo2(low)];
  for (let i = 1; i < 5; i++) {
    const bound = floorTo2(from * (high / from) ** (i / 5));
    if (bound > (out.at(-1) as number)) out.push(bound);
  }
  return out;
}

function floorTo2(value: number): number {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Number((Math.floor(value / unit + 1e-9) * unit).toPrecision(2));
}

export function classOf(n: number, breaks: readonly number[]): number {
  let i = 0;
  while (i + 1 < breaks.length && n >= (breaks[i + 1] as number)) i++;
  return i;
}
