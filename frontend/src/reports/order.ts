/** What a new set is asked for, as the form holds it and as the service takes it. */
import { type Chosen, toParams } from "../selection/query";
import { GRADES, gradeWords } from "../words";
import { R, SECRECY } from "../words/reports";
import type { Sheet } from "./types";

export interface Draft {
  title: string | null; // null: as the area says
  division: string;
  fromMap: boolean;
  time: "now" | "day" | "state"; // `state`: the past that the map shows
  day: string;
  sheets: Sheet[];
  booklet: boolean;
  maker: string;
  secrecy: string;
  approval: string;
  public: boolean;
}

export function newDraft(): Draft {
  return { title: null, division: "", fromMap: false, time: "now", day: "", sheets: [{ paper: "A3", orientation: "landscape", heat: false }], booklet: true, maker: "", secrecy: SECRECY[0], approval: "", public: false };
}

/** Several of these stand in one parameter with commas; of the others each value is one. */
const JOINED = new Set(["class", "grade", "level", "division", "stage", "enterprise"]);

/** The map's selection, without its time, as the service keeps one; the empty one where it is not wanted. */
export function selectionBody(chosen: Chosen, hazards: readonly string[]): Record<string, string[]> {
  const out: Record<string, string[]> = {};
  for (const [name, value] of toParams({ ...chosen, asOf: null }, hazards)) out[name] = [...(out[name] ?? []), ...(JOINED.has(name) ? value.split(",") : [value])];
  return out;
}

export function asOf(draft: Draft, map: Chosen): string | null {
  if (draft.time === "day") return draft.day;
  return draft.time === "state" ? map.asOf : null;
}

/** The order; the map's own divisions take the place of the form's. */
export function orderBody(draft: Draft, title: string, map: Chosen, hazards: readonly string[]): Record<string, unknown> {
  const chosen = draft.fromMap ? selectionBody(map, hazards) : {};
  return {
    title, division: chosen.division ? "" : draft.division, selection: chosen, as_of: asOf(draft, map), sheets: draft.sheets, booklet: draft.booklet,
    maker: draft.maker.trim(), secrecy: draft.public ? SECRECY[1] : draft.secrecy.trim(), approval: draft.approval.trim(), public: draft.public,
  };
}

/** The grades that its map sheets show, as the files are named: 较大以上 where none is chosen. */
export function sheetGrades(draft: Draft, map: Chosen): string {
  const chosen = draft.fromMap && map.grades?.length ? map.grades : (["major", "serious"] as const);
  return chosen.length === GRADES.length ? R.everyGrade : gradeWords(chosen);
}

/** The question of how many there are in it. */
export function countQuery(draft: Draft, map: Chosen, hazards: readonly string[]): string {
  const { division, selection, as_of } = orderBody(draft, "", map, hazards) as { division: string; selection: Record<string, string[]>; as_of: string | null };
  const params = new URLSearchParams({ by: "grade" });
  for (const [name, values] of Object.entries(selection)) for (const value of JOINED.has(name) ? [values.join(",")] : values) params.append(name, value);
  if (division) params.set("division", division);
  if (as_of) params.set("as_of", as_of);
  return params.toString();
}
