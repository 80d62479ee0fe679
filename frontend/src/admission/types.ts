/** What the service sends of 准入核验; the names are those of the public contract. */
import type { Geometry } from "../api/types";

export const VERDICTS = ["refuse_advised", "pre_licence", "rectify_first", "on_site_check", "commit_and_admit", "admit"] as const;
export type Verdict = (typeof VERDICTS)[number];
export const STANDINGS = ["unplaced", "assigned", "overdue", "checked", "refused"] as const;
export type Standing = (typeof STANDINGS)[number];
export type Direction = "applicant_to_target" | "source_to_applicant" | "place" | "trade";

export interface HitObject { id: number; name: string; class: string; class_title: string; division: string | null }
interface Graded { R: string | null; verdict: string }
/** One rule that was met, or of `near` the nearest that passes. What the reader may not see is masked: rule and metres stay. */
export interface Hit {
  rule: string; title: string; effect: string; direction: Direction; consequence: Verdict | "none"; why: string; basis: string; confidence: string;
  object: HitObject | null; masked: string | null; measured_m: number | null; required_m: number | null; uncertainty_m: number | null; edge: string | null;
  said: string; doubts: string[]; line: [number, number][] | null; would_pass: number | null; words: string;
  raised?: { before: Graded | null; after: Graded | null; changes: boolean };
  risk?: { target: string; kind: string; limit: string; contour: string | null; plant: string; said: string; inside: boolean };
}
export interface Asked { rule: string; title: string; basis: string; confidence: string; direction: Direction; classes: string[]; objects: number | null; data_as_of: string | null }
export interface FoundTag { tag: string; title: string; how: "chosen" | "scope" | "industry"; evidence: string }
/** A position as somebody wrote it, in the datum that `crs` names. */
export interface Typed { x: string; y: string; crs: string }
/** Numbers as they were given, where the stored ones are others: typed, or a shape in another datum. */
export type Original = Partial<Typed> & { crs: string; crs_title: string; geometry?: Geometry };
export interface Placed { geometry: Geometry; uncertainty_m: number | null; division: string | null; division_name: string | null; how: string | null; original: Original | null }
/** Where a daily file says that it is; of a case that waits also why, and what may be meant. */
export interface Sent {
  x: string | null; y: string | null; crs: string | null; crs_title?: string; address: string | null; waits: string | null;
  suggested: { typed: Typed; lon: number; lat: number } | null;
}
export interface Context { ruleset: string | null; ruleset_title: string | null; state: number | null; day: string | null }
export interface Answer extends Context {
  verdict: Verdict; verdict_title: string; sentence: string; hits: Hit[]; near: Hit[]; asked: Asked[]; lacking: string[]; trade: FoundTag[]; without: { tag: string; title: string }[]; warnings: string[]; place: Placed;
}

export interface Request {
  applicant: { name: string; uscc: string | null; person: string; address: string };
  trade: { industry_code: string | null; scope: string; tags: string[]; without?: string[] };
  place: { geometry: Geometry | null; typed?: Typed | null; crs: string; uncertainty_m: number | string | null; enterprise: number | null; address: string | null };
  size: Record<string, unknown> & { storage: Record<string, unknown>[] };
}
interface Done { at: string; by: string }
export interface CaseEvent { at: string; by: string; what: string; note: string; body: Record<string, unknown> | null }
/** What was found on site. */
export interface Findings { outcome: "pass" | "rectify" | "refuse"; checkers: string[]; on: string; rectify_by: string | null; note: string; items: { item: string; ok: boolean | null; note: string }[] }
/** A case; one that waits for its place has no verdict and no place. */
export interface Case extends Omit<Answer, "verdict" | "verdict_title" | "place"> {
  case: string; made_at: string; made_by: string; channel: string; request: Request; tags: string[]; standing: Standing; status: string; town: string | null;
  department: string | null; due: string | null; due_note: string | null; checked: Done | null; closed: Done | null;
  signed: (Done & { verdict: Verdict; verdict_title: string; note: string }) | null;
  events: CaseEvent[]; files: { id: number; kind: string; name: string; bytes: number; at: string; by: string }[]; findings: Findings | null; verdict: Verdict | null; verdict_title: string | null; place: Placed | null; may: { sign: boolean; place: boolean; handle: boolean; file: boolean };
  /** What is to be looked at on site. */
  checklist: string[]; batch: string | null; sent: Sent | null;
  /** Why a signed copy would not close it; null where it would. */
  not_closed: string | null;
  /** Why the reader may not sign it; null where he may. */
  may_not_sign: string | null;
}
export interface Rerun extends Case { same: boolean }
export interface Listed {
  case: string; name: string; verdict: Verdict | null; verdict_title: string | null; standing: Standing; town: string | null; town_name: string | null; department: string | null;
  due: string | null; made_at: string; uscc: string | null; address: string; signed: (Done & { verdict: Verdict }) | null; closed_at: string | null;
  /** Why it waits for its place. */
  waits: string | null;
}
export type Counts = Record<Standing | "total", number>;
export interface CasePage { items: Listed[]; next: number | null; today: string; counts?: Counts; total?: number }
export interface Tag { tag: string; title: string; side: string; words: string[]; licence: string | null }
export interface Tags {
  items: Tag[]; verdicts: { verdict: Verdict; title: string }[]; uncertainty_m: { address: Record<string, number>; position: Record<string, number> };
}
