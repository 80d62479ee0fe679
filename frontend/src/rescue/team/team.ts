/** What a team's page makes of an order and of what waits to be sent; values in, words out. */
import { RT } from "../../words/rescueTeam";
import type { Mark, Order } from "../dispatch/types";
import type { Sendable, Waiting } from "../queue";

export const STEPS = ["receipt", "departure", "arrival", "result"] as const;
export type Step = (typeof STEPS)[number];
/** A mark as it is sent; `team`: whose it is, for who reads on this telephone what waits, and is not sent. */
export interface NewMark extends Sendable { what: Step; note: string; team?: string }

/** An order as the telephone has it: what was marked, and what waits here to be; the `next` step, and `later` ones that
 * it may have come to already. What came of it is said in words, and so only as the next. */
export interface Told { order: Order; marks: { what: string; title: string; at: string; by: string; note: string; waits: boolean; of: Mark | null }[]; next: Step | null; later: Step[]; over: boolean }

export function told(order: Order, waiting: readonly Waiting<NewMark>[]): Told {
  const isIn = (w: NewMark): boolean => order.marks.some((m) => m.what === w.what && Date.parse(m.at) === Date.parse(w.at));
  const mine = waiting.filter((w) => w.of === order.id && !w.clash && !isIn(w.entry));
  const marks = [
    ...order.marks.map((m) => ({ what: m.what, title: m.what_title, at: m.at, by: m.by, note: m.note, waits: false, of: m })),
    ...mine.map(({ entry }) => ({ what: entry.what, title: RT.marks[entry.what] ?? "", at: entry.at, by: "", note: entry.note, waits: true, of: null })),
  ];
  const done = Math.max(-1, ...marks.map((m) => STEPS.findIndex((s) => s === m.what)));
  const over = order.status === "result" || order.status === "cancelled" || mine.some((w) => w.entry.what === "result");
  return { order, marks, next: over ? null : (STEPS[done + 1] ?? null), later: over ? [] : STEPS.slice(done + 2, -1), over };
}
