/** What the service says of evacuations. */
import type { OffRoad } from "../forces/types";

export type EntryKind = "sheltered" | "with_relatives" | "returned" | "to_move_change";
export interface Counts { to_move: number; moved: number; sheltered: number; with_relatives: number; left: number; returned: number; returned_from_shelters: number; returned_from_relatives: number; in_shelters: number }
export interface Village extends Counts {
  id: number; name: string; division: string; division_name: string; object: number | null; area: string; organiser: string; phone: string; transport: string; route: string; shelter: number | null;
  may_enter: boolean; may_see_households: boolean; assigned: ({ shelter: number | null; name: string; persons: number; distance_m: number; out_of_use: string } & OffRoad)[];
}
export interface EvacuationHead extends Counts {
  id: number; name: string; flood: number | null; level: string; trigger: string; exercise: boolean; ordered_at: string; by: string;
  closed_at: string | null; closed_by: string | null; closed_reason: string | null; keep_days: number | null;
}
export interface Evacuation extends EvacuationHead { at: string; yours: boolean; villages: Village[] }
export interface EvacuationLine extends EvacuationHead { villages: number }
export interface Household {
  id: number; householder: string; kind: string; persons: number; moved: number; left: number; returned: number; frail: number; disabled: number; left_behind: number; alone: number;
  code: string; phone: string; address: string; helper: string; helper_phone: string;
}
export interface Households { items: Household[]; list: { households: number; persons: number; moved: number; left: number; without_household: number } }
export interface Shelter { id: number | null; name: string | null; free: number | null; usable: boolean; at: [number, number] | null }
export interface ShelterWhole extends Shelter {
  masked: string | null; depth_m: number | string | null; in_water: boolean; capacity: number | null; occupied: number | null; reserved: number | null;
  why_not: string[]; cautions: string[]; hazards: { id: number | null; name: string | null; class_title: string | null; masked: string | null; distance_m: number | null }[]; more_hazards: number;
}
export interface Shelters { items: ShelterWhole[]; total: number; unusable: number; capacity: number; free: number; hidden: number; unnamed: number; in_closed: number; hazard_m: number; water: number | null; water_withdrawn: boolean; at: string }
export interface PlaceOf { village: number; at: [number, number] | null; rough: boolean }
export interface PlanLine { id: number; made_at: string; by: string; routing: "road" | "straight_line"; short: number; accepted_at: string | null; accepted_by: string | null }
interface SentTo { name: string; persons: number }
export interface Plan extends PlanLine {
  unused_since: { name: string; said: string; persons: number }[]; // shelters of it that the register has as not in use since
  notes: string[]; hazard_m: number; top_kmh: number | null; persons: number; shelters: number;
  villages: { village: number; name: string; left: number; short: number; why: string; way: "dry" | "before_water" | "straight_line" | null; to: ({ shelter: number | null; name: string | null; masked: string | null; persons: number; distance_m: number; travel_s: number | null } & OffRoad)[] }[];
  diff: { against: { plan: number; at: string; by: string } | null; rows: { village: number; name: string; before: SentTo[]; after: SentTo[] }[]; same: number };
}
interface ProposedHome { name: string; division: string; town: string; object: number; class_title: string; to_move: number | null; depth_m: number | string | null; distance_m: number; source: string; dated: string }
export interface Proposed {
  villages: ProposedHome[]; near: ProposedHome[]; near_hidden: number;
  hidden: number; hidden_persons: number; persons: number; unknown: number;
}
export interface TakenHouseholds { added: number; changed: number; same: number; faults: { line: number; column: string; code: string; message: string }[] }
export interface Entry { id: number; kind: EntryKind; kind_title: string; persons: number; household: number | null; shelter: number | null; origin: "shelter" | "relatives" | null; cancels: string | null; at: string; by: string; key: string; note: string; cancelled: boolean }
/** An entry as it is sent; what is kept on the telephone names no person. */
export interface NewEntry { village: number; kind: EntryKind; persons: number; key: string; at: string; household?: number; shelter?: number; origin?: "shelter" | "relatives"; cancels?: string; note?: string; force_to_move?: boolean }
