/** 报数: what a form begins with where an entry is corrected, and which households an entry can be about. */
import type { Waiting } from "../queue";
import type { Entry, EntryKind, Household, NewEntry } from "./types";

export const ENTRIES = 500; // of a village that are listed

/** An entry as a form has it: what nobody touches is sent again as it was, its place of origin and its time too. */
export function formOf(was: Entry) {
  return { kind: was.kind, persons: String(was.persons), shelter: was.shelter ?? 0, origin: was.origin ?? ("shelter" as const), household: was.household ?? 0, cancels: was.key, at: was.at, note: was.note };
}
/** Those of whom somebody can still be moved, or has moved and not returned. */
export function householdsFor(kind: EntryKind, all: readonly Household[]): Household[] {
  if (kind === "to_move_change") return [];
  return all.filter((h) => (kind === "returned" ? h.moved > h.returned : h.left > 0));
}
/** What means nothing before another is in: its correction, and a return before those who arrived. Others the service can
 * judge by themselves. */
export function entryFollows({ of, entry }: Waiting<NewEntry>, before: Waiting<NewEntry>): boolean {
  if (entry.cancels) return entry.cancels === before.key;
  return of === before.of && entry.village === before.entry.village && entry.kind === "returned" && ["sheltered", "with_relatives"].includes(before.entry.kind);
}
