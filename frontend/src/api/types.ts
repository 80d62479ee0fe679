/** What the service sends; the names are those of the public contract. */
import type { Grade } from "../words";

export interface Level { value: string; title: string; rank: number; colour: string; letter: string; shape: string }
export interface NamedRuleset { ruleset: string; title: string; valid_from: string | null; bands: string[] }
/** How a scale calls what its rule has no level for: assessed, and neither low nor 未评定. */
export interface Outside { title: string; letter: string }
export interface Scale { scale: string; title: string; worse: "low-rank" | "high-rank"; note: string; levels: Level[]; outside: Outside | null; ruleset: NamedRuleset | null }
export interface FieldSpec {
  name: string; title: string; type: string; unit?: string; options?: { value: string; title: string }[]; required?: boolean; visibility?: string; help?: string;
  minimum?: number | string; maximum?: number | string; exclusive_minimum?: boolean; max_length?: number; pattern?: string; values?: (number | string)[];
  values_by?: Record<string, Record<string, (number | string)[]>>; fields?: FieldSpec[]; source?: string;
}
export interface ClassSpec {
  class: string; title: string; group: string; role: "hazard" | "target" | "response" | "context"; geometry: string[];
  scale: string | null; rule?: string | null; retired?: boolean; department: string; symbol: string; fields: FieldSpec[]; list: string[]; popup: string[];
}
export interface Catalogue { state: number; groups: { code: string; title: string }[]; classes: ClassSpec[]; scales: Scale[]; rulesets: NamedRuleset[] }
export interface Meta {
  title: string; demo: boolean; mark: string | null; bounds: [number, number, number, number]; area: string; state: number; at: string;
  rights: string; attribution: string; public_heat_resolution: number; upload_mb: number; heat_few: number; basemap: { layer: string; title: string; url: string }[];
}
export interface Account { username: string; role: string; tier: string; areas: string[]; departments: string[]; classes: string[]; may: string[] }
export interface Session { account: Account; csrf: string; rights: string; must_change: "first" | "expired" | null }
/** `catalogue` is the state that last changed classes, scales, policies or divisions. */
export interface Moment { state: number; at: string; catalogue: number }
export interface Rights extends Moment { rights: string; signed_in: boolean }
export interface CountRow { grade: Grade; class: string; division: string; level?: string | null; n: number }
export interface Counts { total: number; rows: Partial<CountRow>[]; unplaced: number; state: number; ruleset: NamedRuleset; words: string; facets?: Record<string, { value: string; n: number }[]>; facets_more?: Record<string, number> }
export interface Geometry { type: string; coordinates: unknown }
export interface ObjectLevel { scale: string; value: string; rank: number }
export interface Item {
  id: number; class: string; code: string | null; name: string; grade: { value: Grade; scale: string }; level: ObjectLevel | null; verdict: string | null; outside: string | null;
  division: string | null; stage: string; visibility: string; department: string; geometry: Geometry | null; attributes: Record<string, unknown>; anchor?: [number, number] | null;
  state: number; updated_at: string; form: "full" | "public"; position_quality?: string; source?: string; verified?: boolean; enterprise_name?: string | null; parent_name?: string | null; tags?: string[];
}
export interface Named { id: number; name: string | null }
export interface Ancestor extends Named { class: string | null }
export interface Detail extends Item {
  enterprise?: Named | null; parent?: Named | null; valid_from: string; ended: { on: string; reason: string } | null; object_state: number;
  ancestors?: Ancestor[];
}
/** One line of the arithmetic; what says nothing is left out. */
export interface TraceLine { symbol: string; expression: string; title?: string; formula?: string; value?: string; unit?: string; clause?: string; tag?: string; note?: string }
/** `masked`: the reader may not read the field; its value is not sent. */
export interface GradeInput { title: string; value?: string; unit?: string; masked?: boolean; source?: "declared" | "map" | "none" }
/** People around a plant; `id` null: the reader may not see which. */
export interface Home { id: number | null; name?: string; masked?: string; persons: number | null; distance_m: number; partly?: boolean; inside?: boolean }
export interface Exposure { boundary: "unit" | "enterprise"; residents: number; present: number; untold: number; day?: string; homes: Home[] }
export interface GradeStep {
  scale: string; value: string | null; rank: number | null; how: string; verdict?: string; standing?: "graded" | "outside" | "unknown"; basis?: string; rule?: string; standard?: string; edition?: string; ruleset?: string; clause?: string; at?: string; by?: string; state: number;
  confidence?: string; inputs?: Record<string, GradeInput | string>; masked?: boolean; trace?: TraceLine[]; notes?: string[]; exposure?: Exposure; exposure_now?: { residents: number; untold: number; day: string }; confirmed?: { by: string; at: string; note: string };
}
/** What a standard says of an object beside its grade; `objects`: what it rests on, as far as the reader may see them. */
export interface Assessment extends GradeStep { assessment: string; title: string; subject?: string; objects?: { object: { id: number; name: string } | null; masked?: string }[] }
export interface Grades { grades: GradeStep[]; assessments: Assessment[]; state: number }
export interface Page { items: Item[]; total: number; unplaced: number; state: number; next: string | null }
export interface HeatCell { cell: string; n: number; weighted: number; by_grade: Record<Grade, number>; touching: number | null; few: boolean }
export interface Heat { resolution: number; cells: HeatCell[]; few_below?: number; weights: HeatWeights; total: number; unplaced: number; state: number }
/** What an object of each grade weighs, by the rule set of the day that is shown; `even`: all the same, 1. */
export interface HeatWeights { ruleset: string; title: string; valid_from: string | null; by_grade: Record<Grade, number>; even: boolean }
export interface Division { code: string; name: string; level: string; parent: string | null }
export interface Outline { type: string; features: { properties: Record<string, unknown> | null; geometry: Geometry | null }[] }
