/** How much of a map's edges is taken by what lies over it, so that what is to be seen is fitted into the rest. */

export interface Rim { left: number; top: number; right: number; bottom: number }

/** Symbols and their names reach beyond their place. */
const ROOM: Rim = { left: 28, top: 36, right: 28, bottom: 36 };
const LEAST = 0.4; // of the width and of the height: so much is left of a small map whatever covers it

/**
 * Pixels at each edge of `map` to keep free, for boxes in the same coordinates. Each box is cleared at the edge where that
 * costs the least of the map; the widest at an edge counts.
 */
export function rimOf(map: Rim, covers: readonly Rim[]): Rim {
  const rim: Rim = { left: 0, top: 0, right: 0, bottom: 0 };
  const [width, height] = [map.right - map.left, map.bottom - map.top];
  for (const c of covers) {
    if (c.right <= map.left || c.left >= map.right || c.bottom <= map.top || c.top >= map.bottom) continue;
    const cost: [keyof Rim, number, number][] = [
      ["left", c.right - map.left, height], ["right", map.right - c.left, height], ["top", c.bottom - map.top, width], ["bottom", map.bottom - c.top, width],
    ];
    // What an edge has lost already is lost to no box anew.
    const [edge, depth] = cost.reduce((best, one) => (Math.max(0, one[1] - rim[one[0]]) * one[2] < Math.max(0, best[1] - rim[best[0]]) * best[2] ? one : best));
    rim[edge] = Math.max(rim[edge], depth);
  }
  const within = (a: number, b: number, room: readonly [number, number], all: number): [number, number] => {
    const most = all * (1 - LEAST);
    const [from, to] = [a + room[0], b + room[1]];
    const share = Math.min(1, most / (from + to));
    return [Math.round(from * share), Math.round(to * share)];
  };
  const [left, right] = within(rim.left, rim.right, [ROOM.left, ROOM.right], width);
  const [top, bottom] = within(rim.top, rim.bottom, [ROOM.top, ROOM.bottom], height);
  return { left, top, right, bottom };
}
