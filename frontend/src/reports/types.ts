/** What the service sends about report sets; names are those of the contract. */
import type { Grade } from "../words";

export const STAGES = ["draft", "reviewed", "issued", "withdrawn"] as const;
export type Stage = (typeof STAGES)[number];
/** `damaged`: it was finished, and its files are no longer whole. */
export type Status = "queued" | "running" | "done" | "failed" | "damaged";

export const PAPERS = ["A4", "A3", "A2", "A1", "A0"] as const;
export type Paper = (typeof PAPERS)[number];
export interface Sheet { paper: Paper; orientation: "landscape" | "portrait"; heat: boolean }
export const MOST_SHEETS = 6;

export type ByGrade = Record<Grade, number>;
export type Totals = ByGrade & { total: number; unplaced: number };
export interface Head {
  id: string; number: string; version: number; title: string; division: string; state: number; day: string; data_at: string; made_at: string; made_by: string;
  stage: Stage; reviewed_at: string | null; reviewed_by: string | null; issued_at: string | null; issued_by: string | null; withdrawn_at: string | null; withdrawn_by: string | null;
  checksum: string | null; check: string | null; status: Status; job: string | null; phase: string | null; progress: number; message: string | null; public: boolean;
  /** What it says of itself where its rights leave something out. */
  partial: string | null;
  selection: { division?: string[] };
}
export interface Listed extends Head { totals: Totals | null; unplaced_upward: number | null }
export interface SetPage { items: Listed[]; total: number; stages: Record<Stage, number>; next: number | null }

/** `kind`: list, map, picture, booklet, report, handbook, rolling, data. */
export interface SetFile { name: string; title: string; kind: string; bytes: number; pages: number | null }
export interface Part extends ByGrade { code: string; name: string; total: number; unplaced: number }
export interface Unknown { not_assessed: number; unplaced: number; geocoded: number; guessed: number; older_12: number; older_24: number; recall: number }
export interface Figures { totals: Totals; unplaced: ByGrade; by_class: Record<string, ByGrade>; by_division: Part[]; levels: Record<string, Record<string, ByGrade>>; unknown: Unknown }
export interface Moved { id: number; name: string | null; before: Grade | null; after: Grade | null }
export const MOVES = ["came", "raised", "lowered", "went"] as const;
export interface Changes extends Record<(typeof MOVES)[number], Moved[]> {
  previous: { report_id: string; number: string; version: number; state: number; day: string }; totals: { before: Totals; after: Totals };
}
export interface SetEvent { at: string; by: string; what: string; note: string }
export interface Version { id: string; version: number; stage: Stage; status: Status; made_at: string; made_by: string }
export interface Options { sheets: Sheet[]; booklet: boolean; maker: string; secrecy: string; approval: string; public: boolean }
export interface ReportSet extends Head {
  area: string; words: string; options: Options; files: SetFile[]; figures: Figures | null; changes: Changes | null; events: SetEvent[]; versions: Version[];
}
export type Act = "review" | "sign" | "return" | "withdraw" | "again";
