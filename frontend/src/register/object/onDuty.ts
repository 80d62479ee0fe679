/** What of the night hangs on an object: who ends its life or puts it out of use is told before. */
import { getJson, Problem } from "../../api/client";
import type { Detail } from "../../api/types";
import { complain } from "../../selection/store";
import { O } from "../../words/object";

const KINDS: Record<string, "team" | "shelter" | undefined> = { "rescue-team": "team", shelter: "shelter" };
/** The same in a sentence: for who ends it or strikes it off, and for who puts it out of use. */
export interface Stakes { end: string; out: string }

/** Orders that are not done, people who are there or are to come; null for everything else, and for whom the night is none of his. */
export async function stakesOf(object: Detail, signal: AbortSignal): Promise<Stakes | null> {
  const kind = KINDS[object.class];
  if (!kind) return null;
  try {
    const { items } = await getJson<{ items: { exercise: boolean; words: string[] }[] }>(`/api/rescue/objects/${object.id}/stakes`, signal);
    const said = items.map((i) => O.stake(i.words.join("，"), i.exercise)).join("；");
    return said ? { end: O.stakesEnd[kind](said), out: O.stakesOut[kind](said) } : null;
  } catch (error) {
    if (!(error instanceof Problem) || ![401, 403, 404].includes(error.status)) complain(error);
    return null;
  }
}
