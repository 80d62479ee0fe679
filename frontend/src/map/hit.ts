/** What is drawn under a point of the view, topmost first. */
import { type Flat, type Frame, worldSize } from "./mercator";
import type { Mark, Scene } from "./scene";
import { inCluster, inSymbol, type Looks, specOf } from "./symbols";
import type { ShapeItem } from "./tile";

export type Hit = { kind: "mark"; mark: Mark } | { kind: "shape"; shape: ShapeItem };

/** Every mark and shape that covers the point, given in the frame's pixels; `slack` widens them for fingers. */
export function hitsAt(scene: Scene, frame: Frame, looks: Looks, px: number, py: number, slack = 0): Hit[] {
  const size = worldSize(frame.zoom);
  const out: Hit[] = [];
  for (let i = scene.marks.length - 1; i >= 0; i--) {
    const mark = scene.marks[i] as Mark;
    const dx = px - (mark.x * size - frame.left);
    const dy = py - (mark.y * size - frame.top);
    if (Math.abs(dx) > 48 + slack || Math.abs(dy) > 48 + slack) continue;
    const inside = mark.kind === "cluster" ? inCluster(mark, dx, dy, slack) : inSymbol(specOf(mark, looks, frame.zoom), dx, dy, slack);
    if (inside) out.push({ kind: "mark", mark });
  }
  const seen = new Set(out.map((h) => (h.kind === "mark" && h.mark.kind === "single" ? h.mark.id : -1)));
  const wx = (px + frame.left) / size;
  const wy = (py + frame.top) / size;
  for (let i = scene.shapes.length - 1; i >= 0; i--) {
    const shape = scene.shapes[i] as ShapeItem;
    if (seen.has(shape.id)) continue;
    const { tile } = shape;
    if (wx < tile.minX || wx >= tile.maxX || wy < tile.minY || wy >= tile.maxY) continue;
    const near = (4 + slack) / size;
    if ((shape.filled && inRings(shape.lines, wx, wy)) || shape.lines.some((l) => distance(l, wx, wy, shape.filled) <= near)) {
      seen.add(shape.id);
      out.push({ kind: "shape", shape });
    }
  }
  return out;
}

/** Even-odd over all rings, so holes are outside. */
export function inRings(rings: readonly Flat[], x: number, y: number): boolean {
  let inside = false;
  for (const ring of rings)
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      const xi = ring[i] as number;
      const yi = ring[i + 1] as number;
      const xj = ring[j] as number;
      const yj = ring[j + 1] as number;
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
    }
  return inside;
}

/** Distance of a point from a line, or from a ring where `closed`. */
export function distance(line: Flat, x: number, y: number, closed = false): number {
  let best = Infinity;
  const n = line.length;
  for (let i = closed ? 0 : 2; i < n; i += 2) {
    const j = i === 0 ? n - 2 : i - 2;
    const ax = line[j] as number;
    const ay = line[j + 1] as number;
    const bx = line[i] as number;
    const by = line[i + 1] as number;
    const length2 = (bx - ax) ** 2 + (by - ay) ** 2;
    const t = length2 ? Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length2)) : 0;
    best = Math.min(best, Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)));
  }
  return best;
}
