/** What GET /api/search answers. */
import type { Grade } from "../words";

export type Position = [number, number];
export interface Match { field: string; from: number; to: number }
interface Hit { how: string; match: Match }
export interface FoundObject extends Hit {
  id: number; class: string; code: string | null; name: string; grade: Grade; level: { scale: string; value: string; rank: number } | null;
  division: string | null; where: string; stage: string; former: boolean; form: "full" | "public"; position: Position | null; uscc?: string;
}
export interface FoundDivision extends Hit { code: string; name: string; level: string; where: string; box: [number, number, number, number] | null }
export interface FoundPlace extends Hit {
  kind: string; name: string; address: string; division: string | null; where: string; source: string; position: Position; level: string; missing: string | null;
}
export interface Meaning { crs: string; title: string; position: Position; shift_m: number | null; inside: boolean; division: string | null; where: string }
export interface FoundPosition { x: number; y: number; notation: string; turned: boolean; precision_m: number | null; items: Meaning[] }
export interface Answer {
  q: string; state: number; objects: { items: FoundObject[]; more: boolean; found?: number | null };
  divisions: { items: FoundDivision[]; more: boolean }; places: { items: FoundPlace[]; more: boolean }; position: FoundPosition | null;
}
