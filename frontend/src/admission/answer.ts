/** What a page shows of an answer: its rows, its lines on the map, what was asked. */
import type { Neighbour } from "../register/object/PlaceMap";
import { N } from "../words/admission";
import type { Answer, Asked, Direction, Hit } from "./types";
import { lookOf } from "./verdicts";

/** A line of the table; `id` also names it on the map. */
export interface HitRow { id: number; hit: Hit; passes: boolean }

export function rowsOf(answer: Pick<Answer, "hits" | "near">): HitRow[] {
  return [...answer.hits.map((hit) => ({ hit, passes: false })), ...answer.near.map((hit) => ({ hit, passes: true }))].map((row, id) => ({ id, ...row }));
}
export const toneOf = (row: HitRow): string => lookOf(row.passes ? null : row.hit.consequence).tone;

/** One line for each object, that of the chosen row, else of the first: the worst. Without a place to draw there is none. */
export function neighboursOf(rows: readonly HitRow[], chosen: number | null): Neighbour[] {
  const byObject = new Map<number, HitRow>();
  for (const row of rows) {
    const { object, line } = row.hit;
    if (!object || !line || line.length < 2) continue;
    if (!byObject.has(object.id) || row.id === chosen) byObject.set(object.id, row);
  }
  return [...byObject.values()].map((row) => {
    const { hit } = row;
    const [from, to] = [hit.line?.[0] ?? [0, 0], hit.line?.[1] ?? [0, 0]] as [[number, number], [number, number]];
    return {
      id: row.id, grade: "none", cls: hit.object?.class ?? "", label: hit.object?.name ?? "", anchor: to, line: [from, to],
      said: { text: N.line(hit.measured_m ?? 0, hit.required_m), tone: toneOf(row), chosen: row.id === chosen },
    };
  });
}

/** How far round the applicant the map shows: what was met, with its limits; where nothing was, the nearest that passes. */
const [LEAST_M, WIDEST_M] = [80, 1500];
export function aroundOf(rows: readonly HitRow[]): number {
  const drawn = rows.filter(({ hit }) => hit.line);
  const met = drawn.filter(({ passes }) => !passes);
  const metres = (met.length ? met : drawn).flatMap(({ hit, passes }) => [hit.measured_m ?? 0, passes ? 0 : (hit.required_m ?? 0)]);
  return Math.min(Math.max(LEAST_M, ...metres) * 1.25, WIDEST_M);
}

// -- What was asked --------------------------------------------------------------------

export interface Layer { classes: string[]; rules: string[]; objects: number | null; asOf: string | null }

/** Rules by the classes that they look for: each layer once, those without any data first, the rules of no layer last. */
export function layersOf(asked: readonly Asked[]): Layer[] {
  const out = new Map<string, Layer>();
  for (const one of asked) {
    const key = one.classes.join();
    const layer = out.get(key) ?? { classes: one.classes, rules: [], objects: one.objects, asOf: one.data_as_of };
    if (!layer.rules.includes(one.rule)) layer.rules.push(one.rule);
    out.set(key, layer);
  }
  const order = (l: Layer): number => (l.objects === 0 ? 0 : l.classes.length ? 1 : 2);
  return [...out.values()].sort((a, b) => order(a) - order(b) || b.rules.length - a.rules.length);
}

/** Of the zones: which the place is in, how many were asked, how many rest on no data. */
export function zonesOf(answer: Pick<Answer, "hits" | "asked">): { inside: Hit[]; asked: number; unknown: number } {
  const zone = (one: { direction: Direction; classes?: string[] }): boolean => one.direction === "place";
  const asked = answer.asked.filter((a) => zone(a) && a.classes.length);
  return { inside: answer.hits.filter(zone), asked: asked.length, unknown: asked.filter((a) => a.objects === 0).length };
}
