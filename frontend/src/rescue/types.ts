/** What the service says of the night; the names are those of the public contract. */
import type { Geometry } from "../api/types";
import type { Grade } from "../words";
import type { LogKind, WarningColour } from "../words/rescueCodes";

export type Traffic = "open" | "care" | "closed";
export type Metres = number | string;
export interface DepthClass { ordinal: number; depth_m: Metres; depth_to_m: Metres | null; area_m2: number; geometry: Geometry; traffic: Traffic }
export interface Repair { part: number; what: string; area_m2: number }
export interface Flood {
  id: number; series: number; version: number; name: string; source: "drawn" | "uploaded" | "terrain"; at: string; made_at: string; made_by: string; exercise: boolean;
  note: string; area_m2: number; bounds: [number, number, number, number];
  withdrawn_at: string | null; withdrawn_by: string | null; withdrawn_reason: string | null;
}
export interface Version { id: number; version: number; made_at: string; made_by: string; at: string; area_m2: number; withdrawn_at: string | null }
export interface FloodWhole extends Flood { source_title: string; method: Record<string, unknown> | null; repairs: Repair[]; classes: DepthClass[]; versions: Version[]; outside: boolean; warnings: string[]; state: number }
export interface Floods { items: Flood[]; at: string; state: number }

/** An object as the reader gets it; `masked` stands for one that he may not see. */
export interface Found {
  id: number | null; name: string | null; class: string | null; class_title: string | null; grade: Grade | null; division: string | null; at: [number, number] | null;
  depth_m: Metres | null; depth_to_m: Metres | null; distance_m: number; masked: string | null;
}
export interface Home extends Found { residents: number | null; source: string; dated: string }
export interface Town { division: string | null; name: string; residents: number; unknown: number; present: number; homes: Home[] }
export interface Pond { id: number | null; name: string | null; class: string | null; class_title: string | null; grade: Grade | null; masked: string | null; said: string }
/** Metres by what the water does to general traffic, and to a vehicle of a wading depth; null where no roads are loaded. */
export interface RoadLengths {
  closed_m: number | null; care_m: number | null; open_m: number | null; bridges_m: number | null; set: { name: string; source: string; dated: string | null; rows: number } | null; note: string | null;
  vehicle: { wading_m: Metres; margin_m: Metres; closed_m: number; passable_m: number } | null;
}
export interface WetRoads { features: { geometry: Geometry; properties: { name: string; bridge: boolean; status: Traffic; status_title: string; depth_m: Metres } }[]; more: boolean }
export interface Exposure {
  objects: Found[]; total: number; in_water: number; near: number; hidden: number; hidden_beside: number; unplaced: number;
  by_grade: Record<Grade, { in_water: number; near: number }>;
  by_class: ({ class: string; title: string; in_water: number; near: number } & Record<Grade, number>)[];
  homes: number; persons: number; persons_unknown: number; persons_dated: [string, string] | null; present: number; towns: Town[];
  first: (Found & { why: string })[]; water_reactive: Found[]; ponds_above: Pond[];
  shelters_in_water: Found[]; teams_in_water: Found[]; stores_in_water: Found[];
  roads: RoadLengths; margin_m: Metres; flood: { id: number; version: number; name: string }; at: string; state: number;
}

export interface LogEntry { id: number; at: string; by: string; exercise: boolean; kind: LogKind; what: string; flood: number | null; state: number; ref: { kind: string; id: number } | null; body: Record<string, unknown> | null }
export interface LogPage { items: LogEntry[]; next: number | null; at: string; state: number }

// -- Levels ---------------------------------------------------------------------

export interface MarkOf { name: string; title: string; level_m: Metres; over_m: Metres | null; below_m: Metres | null }
export interface Doubt { id: number; at: string; level_m: Metres; jump_m: Metres | null; by: string }
export interface LevelItem {
  id: number; class: string; class_title?: string; code: string; name: string; division: string | null; division_name?: string | null; department: string; form: string; lon: number | null; lat: number | null;
  status: string; status_title: string; last_status: string | null; words: string; level_m: Metres | null; at: string | null; age_min: number | null; silent_after_min: number;
  reading: { id: number; source: string; by: string; made_at: string; note: string } | null; trend: { m_per_h: Metres; words: string; since: string; from_m: Metres } | null;
  marks: MarkOf[]; next: { name: string; title: string; level_m: Metres; below_m: Metres } | null; height_system: string | null;
  gauge: { code: string | null; id: number | null; name: string | null; masked: string | null; missing: boolean } | null; waiting: Doubt[]; persons: number | null;
  responsible: { role: string; post: string | null; name: string | null; phone?: string | null }[];
}
export interface Levels { items: LevelItem[]; total: number; counts: { status: string; title: string; n: number; place: number }[]; statuses: Record<string, string>; at: string; exercise: boolean; state: number }
export interface TakenReadings { read: number; added: number; same: number; doubtful: number; refused: number; items: { id: number; name: string; level_m: Metres; doubtful: boolean; jump_m: Metres | null }[]; faults: { place: number; field: string; code: string; message: string }[] }

// -- Terrains ---------------------------------------------------------------------

export interface Terrain { id: number; name: string; height_system: string; source: string; licence: string; dated: string; cell_m: number; bounds: [number, number, number, number]; bytes: number; loaded_by: string; problem: string | null }
export interface Terrains { items: Terrain[]; height_systems: string[]; upload_mb: number; too_large: string; defaults: { classes: Metres[]; radius_m: number; search_m: number } }

// -- Warnings ---------------------------------------------------------------------

export interface Warning {
  id: number; series: number; version: number; kind: string; colour: WarningColour; title: string; issuer: string; starts_at: string; ends_at: string; text: string; source: string; source_title?: string;
  divisions: string[]; repairs: Repair[]; area_m2: number; bounds: [number, number, number, number]; made_at: string; made_by: string; exercise: boolean;
  lifted_at: string | null; lifted_by: string | null; lifted_reason: string | null; standing: "to_come" | "in_force" | "expired" | "lifted"; standing_title: string;
}
export interface WarningWhole extends Warning { geometry: Geometry; versions: { id: number; version: number; made_at: string; made_by: string }[] }
export interface TellRow {
  object: number | null; name: string | null; class: string | null; class_title: string | null; grade: Grade | null; at: [number, number] | null; division: string | null; town: string | null; department: string | null;
  party: number | null; role: string | null; post: string | null; person: string | null; phone: string | null; same_phone: number; via: string | null; nobody: string | null; masked: string | null; objects: number;
  told: { at: string; by: string; result: string; note: string; version: number } | null;
}
export interface Tell {
  warning: Pick<Warning, "id" | "version" | "title" | "standing_title">; grades: Grade[]; objects: number; by_grade: Record<Grade, number>; nobody: number; no_phone: number; through_department: number; hidden_beside: number; unplaced: number; total: number;
  counts: { reached: number; connected: number; passed_on: number; missed: number; earlier: number; left: number }; towns: { division: string | null; name: string; objects: number; lines: number; reached: number; nobody: number }[]; rows: TellRow[]; at: string; state: number;
}

// -- Response -----------------------------------------------------------------------

export type ActState = "open" | "done" | "not_applicable" | "dropped";
export interface ResponseAct {
  id: number; act: string; department: string; post: string; minutes: number | null; level: number; from_list: boolean; due_at: string | null; left_s: number | null; state: ActState; state_title: string;
  overdue: boolean; late: boolean; marked_at: string | null; marked_by: string | null; note: string; person: string; phone: string | null;
}
export interface Response {
  id: number; kind: string; division: string; division_name: string; level: number | null; level_title: string | null; running: boolean; started_at: string; started_by: string; ended_at: string | null; ended_by: string | null; exercise: boolean; warning: number | null; step: number;
  steps: { number: number; at: string; by: string; what: "start" | "change" | "end"; level: number | null; level_title: string | null; basis: string }[];
  counts: { open: number; done: number; not_applicable: number; dropped: number; total: number; overdue: number }; acts: ResponseAct[];
}
export interface ActList { level: number; level_title: string; own: boolean; version: number; changed_at: string | null; changed_by: string | null; note: string | null; acts: { act: string; department: string; post: string; minutes: number | null }[] }

// -- One page -----------------------------------------------------------------------

export interface NearBy extends Found { direction: string; in_water: boolean; out_of_use: string; reactive: boolean; facts: Record<string, unknown> }
export interface NearList { total: number; items: NearBy[] }
export interface OnePage {
  place: { at: [number, number]; division: string | null; words: string }; radius_m: Metres; hazards: NearList; by_grade: Record<Grade, number>; exposed: NearList; homes: number; persons: number; persons_unknown: number; present: number;
  help: Record<string, NearList>; roads: { items: { name: string | null; class_title: string; distance_m: number; status: string; status_title: string }[]; note: string | null };
  calls: { n: number; group: string; object: number | null; name: string | null; masked: string | null; distance_m: number; direction: string; in_water: boolean; out_of_use: string; role: string | null; post: string; person: string; phone: string; note: string }[];
}
