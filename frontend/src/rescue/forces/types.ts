/** What the service says of teams, goods, standing by, roads and calls. */
import type { Geometry } from "../../api/types";
import type { Grade } from "../../words";
import type { TeamStatus } from "../../words/rescueForces";

export type At = [number, number];
export interface Contact { role: string; post: string; name: string; phone: string }
export interface Team {
  id: number; name: string; division: string | null; base: At | null; skills: { value: string; title: string }[]; boats: number | null; seats: number | null; pumps_m3h: number | string | null; wading_depth_cm: number | string | null; persons: number | null;
  status: TeamStatus; status_at: string | null; status_by: string | null; load: number | null; note: string; contact: Contact | null; position: At | null; position_from: "base" | "reported" | null; position_at: string | null;
  order: { id: number; incident: number; at: string } | null;
  standby: Standby | null;
  out_of_use: string; // that it is registered as not in use, in words; nothing proposes it
}
/** Where a team was told to stand by: on its way until `arrived_at`; `expected_at` null: no way is known. */
export interface Standby { id: number; name: string; at: At; recorded_at: string; travel_s: number | null; expected_at: string | null; routing: "road" | "straight_line" | null; arrived_at: string | null }
export interface Teams { items: Team[]; hidden: number; by_status: Record<string, number>; at: string; state: number }
/** `status` null: a place alone. */
export interface Report { status: TeamStatus | null; at: string; made_at: string; by: string; how: string; load: number | null; note: string; order: number | null; position: At | null; taken_back: boolean }

/** Metres at the end and at the start that no road leads over and no time was reckoned for; none where they are few. */
export interface OffRoad { off_road_m?: number | null; off_start_m?: number | null }
export interface Leg extends OffRoad { travel_s: number; distance_m: number; routing: "road" | "straight_line"; boat_leg: { distance_m: number; travel_s: number } | null; boat_out: { distance_m: number; travel_s: number } | null }
export interface How { routing: "road" | "straight_line"; routing_title: string; routing_notes: string[] }
export interface Arrival extends Omit<Team, "id" | "name"> { id: number | null; name: string | null; masked: string | null; leg: Leg | null; said: string; lacks: string[] }
export interface Nearest extends How { items: Arrival[]; total: number; fitting: number }

export interface Good { item: string; unit: string; registered: number | string; stock: number | string; minimum: number | string | null; below_minimum: boolean }
export interface Store { id: number; name: string; division: string | null; at: At | null; out_of_use: string; counted: string; goods: Good[] }
export interface Stores { items: Store[]; hidden: number; below_minimum: number; at: string; state: number }
export interface Move { id: number; what: "issue" | "return" | "transfer" | "receive"; what_title: string; store: number; to_store: number | null; incident: number | null; item: string; unit: string; quantity: number | string; at: string; by: string; taker: string; note: string }
export interface IncidentName { id: number; kind: string; name: string }

export interface KeyPlace { id: number | null; name: string | null; masked: string | null; class: string | null; class_title: string | null; grade: Grade | null; division: string | null; at: At | null }
export interface Gaps extends How { asked: string; places: number; covered: number; uncovered: number; unplaced: number; teams: number; ordered: number; items: KeyPlace[]; by_class: { class: string; title: string; n: number }[] }
export interface Site { at: At; name: string; team: number | null; team_name: string | null; masked: string | null; travel_s: number | null; covers: number; covers_new: number; said: string }
export interface Proposal extends How { asked: string; k: number; places: number; covered: number; uncovered: number; unplaced: number; teams: number; ordered: number; items: Site[]; after: number; lost: number; left: KeyPlace[]; optimal: boolean; note: string }
export interface StandbyRecord { id: number; made_at: string; by: string; note: string; places: { team: number | null; team_name: string | null; masked: string | null; name: string; at: At | null; expected_at: string | null }[] }

export interface Closure { id: number; at: string; by: string; name: string; reason: string; starts_at: string; ends_at: string | null; length_m: number; geometry: Geometry; opened_at: string | null; yours: boolean }
export interface JobShare { id: string; status: string; phase: string | null; progress: number | null }
export interface Routing {
  status: string; status_title: string; by_road: boolean; set: { id: number; name: string; rows: number; loaded_at: string } | null; tiles: { built_at: string; took_s: number; stretches: number; left_out: number; bytes: number } | null;
  job: JobShare | null; failed: string | null; limits: string[];
}

export interface CallMade { at: string; by: string; result: string; note: string; order: number | null }
export interface CallList { object: { id: number; name: string }; items: { n: number; party: number; role: string; post: string; name: string; phone: string; calls: CallMade[] }[]; note: string; calls: CallMade[] }
