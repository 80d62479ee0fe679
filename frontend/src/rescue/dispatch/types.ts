/** What the service says of dispatch. */
import type { Geometry } from "../../api/types";
import type { OffRoad } from "../forces/types";

export type Line = { type: "LineString"; coordinates: [number, number][] };
export interface Priority { points: number; words: string[]; mark: string }
export interface IncidentFacts { kind: string; name: string; trapped: number | null; vulnerable: number | null; depth_m: string | number | null; needs: string[]; reporter: string; phone: string; note: string; result: string; flood: number | null }
export interface Incident extends IncidentFacts {
  id: number; version: number; exercise: boolean; made_at: string; made_by: string; changed_at: string; by: string; happened_at: string; status: "open" | "closed" | "merged" | "split"; status_title: string;
  place: Geometry; point: [number, number]; needs_titles: string[]; came_from: number[]; before: number[]; went_to: number[]; priority: Priority;
  yours: boolean; // the reader's areas let him change it
  finished?: Finished[]; // in the list
  waits?: boolean; // in the list: all who were sent have finished, it is to be ended or told anew
}
/** A team has reported 完成 since the incident was last changed. */
export interface Finished extends TeamNamed { order: number; at: string; note: string }
export interface IncidentVersion extends IncidentFacts { version: number; made_at: string; by: string; status: string; status_title: string; at: string }
export interface IncidentWhole extends Incident { versions: IncidentVersion[]; orders: Order[] }

export interface BoatLeg { line?: Line; distance_m: number; travel_s: number }
export interface TeamNamed { team: number | null; team_name: string | null; masked: string | null }
export interface Assignment extends TeamNamed, OffRoad {
  incident: number; incident_name: string; travel_s: number; distance_m: number; routing: "road" | "straight_line"; route: Line | null; boat_leg: (Line & BoatLeg) | null; boat_out?: (Line & BoatLeg) | null; off_road?: Geometry | null; instructions: string[]; in_water_m: number | null;
  meets: string[]; seats: number; pinned: boolean; order: number | null; why: string; out_of_use: string;
}
export interface Sent extends TeamNamed { travel_s: number | null; distance_m: number | null; arrived: boolean; rerouted: boolean; routing: Assignment["routing"] | null }
export interface DiffRow { incident: number; incident_name: string; what: "lost" | "gained" | "other_team" | "slower" | "faster" | "rerouted" | "new" | "gone" | "same"; words: string; before: Sent[] | null; after: Sent[] | null }
export interface Against { rows: DiffRow[]; counts: Record<DiffRow["what"], number>; both: number; before_s: number; after_s: number }
export interface Accepted { plan: number; number: number; at: string; by: string }
export interface PlanHead {
  id: number; exercise: boolean; made_at: string; made_by: string; how: "made" | "changed" | "replanned"; how_title: string; parent: number | null; based_on: number; flood: number | null; incidents: number[];
  accepted: boolean; accepted_number: number | null; accepted_at: string | null; accepted_by: string | null; returned_at: string | null; returned_by: string | null; returned_reason: string | null;
}
export interface Stands extends PlanHead { since: string[]; overtaken: Accepted | null; holds: boolean }
export interface Plan extends Stands {
  routing: Assignment["routing"]; routing_title: string; routing_notes: string[]; unanswered: boolean; spoilt: boolean; optimal: boolean; solved_note: string; assignments: Assignment[]; unreachable: { incident: number; incident_name: string; code: "no_way" | "no_skill" | "no_team"; why: string }[];
  short: { incident: number; incident_name: string; words: string }[]; left_out: (TeamNamed & { why: string })[]; lapsed: (TeamNamed & { incident: number; why: string })[]; standing: (TeamNamed & { incident: number; order: number; arrived: boolean })[]; finished: (TeamNamed & { incident: number; order: number; at: string })[];
  withdraws: (TeamNamed & { order: number; incident: number; renewed: boolean })[]; against: Against | null; causes: string[]; pins: ByHand[];
}
/** What was set by hand: this team goes there; `barred`: not there. */
export interface ByHand extends TeamNamed { incident: number | null; barred: boolean }
export interface Plans { items: PlanHead[]; accepted: Accepted | null }

export type OrderStatus = "issued" | "receipt" | "departure" | "arrival" | "result" | "cancelled";
export const MARKS = ["receipt", "departure", "arrival", "result", "cancelled"] as const;
/** What became of an order, and who said so. */
export interface Mark { id: number; what: OrderStatus; what_title: string; at: string; made_at: string; by: string; how: "phone_page" | "call" | "system"; how_title: string; note: string }
/** One that was wrong. */
export interface TakenBack extends Mark { taken_back: { at: string; by: string; reason: string } }
/** Where a part of a way by boat meets the land, and how long that part is. */
export interface AtLand { point: [number, number]; distance_m: number }
export interface Order extends OffRoad {
  id: number; number: string; plan: number; plan_number: number; exercise: boolean; team: { id: number | null; name: string | null; masked: string | null }; incident: number; incident_name: string | null; ordered_at: string; by: string; what: string;
  to: { party: number; role: string; post: string; name: string } | null; travel_s: number; distance_m: number; routing: "road" | "straight_line"; expected_at: string; late: boolean; instructions: string[]; ashore: AtLand | null; launch: (AtLand & { whole: boolean }) | null; status: OrderStatus; status_title: string;
  marks: Mark[]; taken_back: TakenBack[]; said: string; turned_back: boolean; left: string; out_of_use: string;
}
