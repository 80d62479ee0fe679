/** A rule set or a policy, tried and adopted: what the page knows of one trial. */
import { reactive } from "vue";
import { type FieldFault, isAbort, Problem, send } from "../api/client";
import { complain } from "../selection/store";
import type { Grade } from "../words";

export interface Graded { grade: Grade; level: { scale: string; value: string } | null }
export interface Changed {
  id: number; name: string | null; code: string | null; class: string; division: string | null; position: [number, number] | null; before: Graded; after: Graded;
}
export interface Count { class: string; before: { grade: Grade; level: string | null }; after: { grade: Grade; level: string | null }; n: number }
interface Answer { items: Changed[]; next: number | null; state: number; total?: number; counts?: Count[]; weights?: Weights; scores?: Recoloured[] }
/** Of the heat map, before and after. */
export interface Weights { before: Record<Grade, string>; after: Record<Grade, string> }
/** Scores of a scheme whose colour would be another; null: no bands. */
export interface Recoloured { scheme: string; before: string | null; after: string | null; n: number }
interface Adopted { title: string; state: number; changed: number }
/** Of one of the two, as the service takes it. */
export interface Proposal { ruleset?: unknown; policy?: unknown }

const PAGE = 500;

export interface Trial {
  /** The proposal as it was tried, or empty: what is changed after it has to be tried again. */
  of: string; step: "none" | "trying" | "tried" | "adopting" | "adopted"; more: boolean;
  items: Changed[]; next: number | null; total: number; counts: Count[]; weights: Weights | null; scores: Recoloured[]; faults: readonly FieldFault[]; failed: string; done: Adopted | null;
}

const NONE = (): Trial => ({ of: "", step: "none", more: false, items: [], next: null, total: 0, counts: [], weights: null, scores: [], faults: [], failed: "", done: null });

export interface Trying {
  trial: Trial; run: (proposal: Proposal) => Promise<void>; listMore: () => Promise<void>; adopt: (title: string, reason: string) => Promise<boolean>; forget: () => void;
}

export function useTrial(): Trying {
  const trial = reactive(NONE());
  const forget = (): void => void Object.assign(trial, NONE());

  function refused(error: unknown): void {
    if (isAbort(error)) return;
    if (error instanceof Problem && error.status !== 401) {
      trial.failed = error.detail;
      trial.faults = error.errors;
    } else complain(error);
  }
  const ask = (after: number): Promise<Answer | undefined> => send<Answer>("POST", "/api/rulesets/trial", { ...(JSON.parse(trial.of) as object), limit: PAGE, after });

  async function run(proposal: Proposal): Promise<void> {
    Object.assign(trial, NONE(), { of: JSON.stringify(proposal), step: "trying" });
    try {
      const found = await ask(0);
      if (found) Object.assign(trial, { items: found.items, next: found.next, total: found.total ?? 0, counts: found.counts ?? [], weights: found.weights ?? null, scores: found.scores ?? [], step: "tried" });
    } catch (error) {
      trial.step = "none";
      refused(error);
    }
  }

  async function listMore(): Promise<void> {
    if (trial.next === null || trial.more) return;
    trial.more = true;
    try {
      const found = await ask(trial.next);
      if (found) Object.assign(trial, { items: [...trial.items, ...found.items], next: found.next });
    } catch (error) {
      complain(error);
    }
    trial.more = false;
  }

  async function adopt(title: string, reason: string): Promise<boolean> {
    trial.step = "adopting";
    Object.assign(trial, { failed: "", faults: [] });
    try {
      const done = await send<Adopted>("POST", "/api/rulesets/adopt", { ...(JSON.parse(trial.of) as object), title, reason, expected: trial.total });
      Object.assign(trial, { step: "adopted", done: done ?? null });
      return true;
    } catch (error) {
      trial.step = "tried";
      refused(error);
      return false;
    }
  }
  return { trial, run, listMore, adopt, forget };
}
