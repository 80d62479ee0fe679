/** What the service sends of the lists. */
import type { ObjectLevel } from "../api/types";
import type { Grade } from "../words";

/** What is typed or chosen for one list alone: a number within limits, a day up to the last, one of some options. */
export interface ListParameter {
  name: string; title: string; kind: "number" | "day" | "choice"; default: number | string | null; value?: number | string | null;
  unit?: string; minimum?: number | string; maximum?: number | string; whole?: boolean; options?: { value: string; title: string }[];
}
export interface ListColumn { name: string; title: string; kind: string; width: number; sortable: boolean; worst_first: boolean; unit?: string }
export interface ListOffer { name: string; title: string; question: string; columns: ListColumn[]; parameters: ListParameter[]; sort: string; part_of: string | null }
/** Parameters that take the place of the selection's. */
export type Over = Partial<Record<"class" | "grade" | "level" | "division" | "as_of" | "enterprise" | "parent", string[]>>;
export interface ListFigure { name: string; title: string; unit: string; value: number | string | null; share?: number | string | null; opens: { list: string; only: string | null } | null; map: Over | null }
export interface ObjectCell { id?: number; name?: string; hidden?: string }
export interface CountCell { n: number | string; opens: { map?: Over; list?: string; selection?: Over } | null }
export type Cell = string | number | boolean | null | string[] | ObjectCell | CountCell | ObjectLevel | Grade | { code: string; name: string };
export type ListRow = Record<string, Cell> & { id?: number };
export interface ListPage {
  list: string; title: string; question: string; columns: ListColumn[]; parameters: ListParameter[]; rows: ListRow[]; total: number; figures: ListFigure[];
  only: string | null; sort: string; empty: string; words: string; sentence?: string; state: number; day: string; next: string | null;
}
