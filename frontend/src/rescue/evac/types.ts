/** What the service says of evacuations. */
export type EntryKind = "sheltered" | "with_relatives" | "returned" | "to_move_change";
export interface Counts { to_move: number; moved: number; sheltered: number; with_relatives: number; left: number; returned: number; returned_from_shelters: number; returned_from_relatives: number; in_shelters: number }
export interface Village extends Counts {
  id: number; name: string; division: string; division_name: string; organiser: string; phone: string; route: string; shelter: number | null;
  may_enter: boolean; may_see_households: boolean; assigned: { shelter: number | null; name: string; persons: number; distance_m: number }[];
}
export interface Evacuation extends Counts { id: number; name: string; level: string; exercise: boolean; closed_at: string | null; at: string; villages: Village[] }
export interface EvacuationLine extends Counts { id: number; name: string; level: string; exercise: boolean; villages: number; ordered_at: string }
export interface Household {
  id: number; householder: string; kind: string; persons: number; left: number; frail: number; disabled: number; left_behind: number; alone: number;
  phone: string; address: string; helper: string; helper_phone: string;
}
export interface Households { items: Household[]; list: { households: number; persons: number; moved: number; left: number; without_household: number } }
export interface Shelter { id: number | null; name: string | null; free: number | null; usable: boolean }
export interface Entry { id: number; kind: EntryKind; kind_title: string; persons: number; household: number | null; shelter: number | null; cancels: string | null; at: string; by: string; key: string; note: string; cancelled: boolean }
/** An entry as it is sent; what is kept on the telephone names no person. */
export interface NewEntry { village: number; kind: EntryKind; persons: number; key: string; at: string; household?: number; shelter?: number; origin?: "shelter" | "relatives"; cancels?: string; note?: string; force_to_move?: boolean }
