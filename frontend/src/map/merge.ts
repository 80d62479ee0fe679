/** Clusters and small symbols that would lie on each other become one cluster: sums stay, nothing is dropped. */
import { GRADES, type Grade } from "../words";
import type { Cluster, Thing } from "./tiles";

export interface Placed<T> { item: T; px: number; py: number }

export function clusterRadius(n: number): number {
  return n < 10 ? 12 : n < 40 ? 15 : n < 120 ? 18 : n < 1000 ? 21 : 25;
}

interface Body { px: number; py: number; n: number; by: number[] }

/**
 * Merge what overlaps on the screen. Singles of 重大 and 较大 always stay themselves;
 * other singles under a cluster's disc are counted in it.
 */
export function merge(clusters: Placed<Cluster>[], singles: Placed<Thing>[]): { clusters: Placed<Cluster>[]; singles: Placed<Thing>[] } {
  const bodies: Body[] = clusters
    .map(({ item, px, py }) => ({ px, py, n: item.n, by: [...item.by] }))
    .sort((a, b) => b.n - a.n || a.px - b.px || a.py - b.py);
  const done: Body[] = [];
  for (const body of bodies) join(done, body);
  const left: Placed<Thing>[] = [];
  for (const single of singles) {
    const grade = GRADES.indexOf(single.item.grade);
    const under = grade < 2 ? undefined : done.find((b) => Math.hypot(b.px - single.px, b.py - single.py) < clusterRadius(b.n) + 8);
    if (!under) {
      left.push(single);
      continue;
    }
    under.n += 1;
    under.by[grade] = (under.by[grade] ?? 0) + 1;
  }
  return {
    clusters: done.map((b) => ({ px: b.px, py: b.py, item: { kind: "cluster", x: 0, y: 0, n: b.n, by: b.by, worst: worstOf(b.by) } })),
    singles: left,
  };
}

/** Put a body among those that do not overlap; what it overlaps it becomes one with, and looks again. */
function join(done: Body[], body: Body): void {
  for (;;) {
    const i = done.findIndex((b) => Math.hypot(b.px - body.px, b.py - body.py) < clusterRadius(b.n) + clusterRadius(body.n) + 6);
    if (i < 0) break;
    const [other] = done.splice(i, 1);
    if (!other) break;
    const n = other.n + body.n;
    body = {
      px: (other.px * other.n + body.px * body.n) / n,
      py: (other.py * other.n + body.py * body.n) / n,
      n,
      by: other.by.map((v, g) => v + (body.by[g] ?? 0)),
    };
  }
  done.push(body);
}

export function worstOf(by: number[]): Grade {
  return GRADES[by.findIndex((n) => n > 0)] ?? "none";
}
