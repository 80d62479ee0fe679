/** What the service says of classes, policies and divisions; the names are those of its answers. */
import type { FieldFault } from "../api/client";
import type { Grade } from "../words";

export interface Option { value: string; title: string; words?: string[] }
export interface Synonym { header: string; unit?: string | null; factor?: string | number | null }
export interface RowFieldBody {
  name: string; title: string; type: string; required?: boolean; unit?: string; minimum?: string | number; maximum?: string | number;
  exclusive_minimum?: boolean; max_length?: number; options?: Option[]; help?: string; [carried: string]: unknown;
}
export interface FieldBody extends RowFieldBody { visibility: string; synonyms: Synonym[]; fields?: RowFieldBody[] }
export interface ClassBody {
  class: string; title: string; group: string; role: string; geometry: string[]; scale: string | null; department: string; symbol: string;
  retired: boolean; fields: FieldBody[]; list: string[]; popup: string[]; synonyms: { header: string; target: string }[];
}
export interface Since { state: number; at: string; by: string }
export interface ClassItem {
  class: string; title: string; group: string; role: string; department: string; symbol: string; scale: string | null; retired: boolean;
  version: number; origin: "shipped" | "bureau"; from_product: boolean; since: Since; objects: number;
}
export interface ClassList { items: ClassItem[]; symbols: string[]; proposed_code: string; targets: Option[]; state: number }
export interface TemplateColumn { title: string; group: string; required: boolean; help: string | null }
export interface Version extends Since { version: number; origin: "shipped" | "bureau"; changes: string[] | null }
export interface OpenClass {
  class: string; version: number; origin: "shipped" | "bureau"; from_product: boolean; since: Since; objects: number; body: ClassBody;
  locked: string[]; list_titles: string[]; template: TemplateColumn[]; versions: Version[]; state: number;
}
export interface Preview { errors: FieldFault[]; warnings: string[]; changes: string[]; version: number; list_titles: string[]; template: TemplateColumn[] }
export interface Saved { class: string; version: number; state: number; changes: string[]; warnings: string[] }
export interface Policy {
  policy: string; title: string; scale: string; adopted: boolean; tag: string | null; source: string | null; reason: string | null; version: number; origin: string; since: Since;
  rows: { level: string; grade: string }[];
}
export interface DatedDivision { code: string; name: string; level: string; parent: string | null; source: string; valid_from: string | null; valid_to: string | null }
export interface Dated { policies: Policy[]; divisions: DatedDivision[]; objects_by_county: Record<string, number>; state: number; day: string }
export interface BandRow { level: string; word: string; least: string | null; least_in: boolean; most: string | null; most_in: boolean }
export interface BandSet { edition: string; tag: string; rows: BandRow[] }
export interface BandTable extends BandSet { table: string; title: string; choice: string | null; choices: (BandSet & { choice: string })[] }
export interface Rulesets {
  ruleset: string; title: string; valid_from: string | null; reason: string; bands: BandTable[]; weights: Record<Grade, string>; schemes: { title: string; own: boolean; bands: BandRow[] }[]; state: number;
  history: { ruleset: string; title: string; valid_from: string | null; reason: string; since: Since | null }[];
}
