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

export function classOf(n: number, breaks: readonly number[]): number {
  let i = 0;
  while (i + 1 < breaks.length && n >= (breaks[i + 1] as number)) i++;
  return i;
}
