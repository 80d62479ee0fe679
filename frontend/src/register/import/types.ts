/** What the service sends about imports, jobs and the waiting queue; names as in the contract. */

export interface SheetHead { line: number; cells: (string | null)[] }
export interface Sheet { name: string; rows: number; columns: number; hidden?: boolean; head: SheetHead[] }
export interface FileInfo {
  file: string; name: string; bytes: number; kind: "table" | "vector"; encoding: string | null; notes: string[];
  template: { class: string; version: number; present: number | null } | null; sheets: Sheet[]; sheet: string;
}

export interface Sample { line: number; text: string | null; value: string | null; fault: string | null }
export type How = "exact" | "synonym" | "remembered" | "given" | "none";
export interface Column {
  index: number; header: string; target: string | null; how: How; factor: string | null; unit_from: string | null; unit_to: string | null; samples: Sample[];
}
export interface Target { target: string; title: string; group: string; unit: string | null; required: boolean; help: string | null }
export interface Candidate { crs: string; title: string; inside: number; of: number; shift_m: number | null }
export interface Datum {
  kind: "degrees" | "projected" | "none"; crs: string | null; from: "asked" | "file" | "words" | "numbers" | "remembered" | null;
  sure: boolean; candidates: Candidate[]; sentence: string;
}
/** A coordinate system that a file may be in; `zoned`: the easting begins with the zone's number. */
export interface System { crs: string; title: string; kind: "degrees" | "projected"; zoned: boolean }
export interface Placed { line: number; lon: number; lat: number; from_lon: number | null; from_lat: number | null }
export interface Unplaced { line: number; why: string; words: string }
export interface Match {
  file: string; class: string; sheet: string; header: { line: number; lines: number } | null; columns: Column[]; targets: Target[]; missing: string[];
  datum: Datum; points: Placed[]; points_of: number; unplaced: Unplaced[];
}
/** What the sender chose by hand for one column. */
export interface Choice { index: number; target: string | null; factor: string | null }

/** read = added + changed + same + waiting + back; `writes` are those that are, or would be, written. */
export interface Rows { read: number; added: number; changed: number; same: number; back: number; waiting: number; ignored: number; writes: number }
export type Status = "queued" | "running" | "done" | "failed" | "cancelled";
export interface RunColumn { index: number; header: string; target: string | null; title: string; back: number; waiting: number }
export interface Run {
  id: string; file: string; file_name: string; file_bytes: number; class: string; class_title: string; sheet: string; header_line: number | null; header_lines?: number;
  mapping?: Choice[]; cancel?: boolean; crs: string | null; crs_title: string | null; dry_run: boolean; status: Status; phase: string; progress: number; rows: Rows | null; state: number | null;
  message: string | null; notes: string[]; columns: RunColumn[]; by: string; made_at: string; started_at: string | null; finished_at: string | null;
  undone: { state: number; by: string; at: string; left: number } | null; may_undo: boolean;
}
export type RowKind = "back" | "waiting" | "changed" | "ignored" | "note";
export interface Fault { index: number | null; column: string; code: string; message: string }
export interface RunRow {
  line: number; kind: RowKind; cells: (string | null)[]; faults: Fault[]; object: { id: number; name: string } | null; change: Record<string, [string | null, string | null]> | null;
}
export interface RowPage { items: RunRow[]; next: string | null; total: number }
/** Longitude, latitude and object of what a run wrote. */
export interface RunPoints { items: [number, number, number][]; of: number }
/** What taking an import back would do, and with its state what it did; `left` may be cut, `left_count` is not; `hidden`: others that this account may no longer see. */
export interface UndoPreview { ended: number; restored: number; left_count: number; left: { id: number; name: string; why: string }[]; hidden: number }
export interface Undone extends UndoPreview { state: number }

export interface Job {
  id: string; kind: string; title: string; status: Status; phase: string; progress: number; message: string | null; by: string;
  made_at: string; started_at: string | null; finished_at: string | null; cancel: boolean; link: string | null;
}

export interface WaitingItem {
  id: number; class: string; class_title: string; code: string | null; name: string; division: string | null; division_name: string | null; address: string | null; geometry?: string[];
  why: string; words: string; original: { x: string; y: string; crs: string } | null; suggestion: { lon: number; lat: number; words: string; quality?: string } | null;
  grade: string; state: number; may_write: boolean;
}
export interface WaitingPage { items: WaitingItem[]; total: number; next: string | null; state: number }
