/** Which shelters are offered to choose from, and in which order. */
import { metresBetween } from "../../map/mercator";
import type { Choice } from "../../register/object/PickOne.vue";
import { RE } from "../../words/rescuePeople";
import { kilometres } from "../say";
import type { Shelter } from "./types";

export type Known = Shelter & { id: number; name: string; at?: [number, number] | null };

/** By key for a choice: what is free there, where the village is sent, how far it is. */
export function choiceOf(s: Known, byPlan: boolean, metres: number | null): Choice {
  return { key: String(s.id), title: s.name, note: [byPlan ? RE.byPlan : "", s.usable ? (s.free === null ? "" : RE.room(s.free)) : RE.stopped, metres === null ? "" : RE.straightM(kilometres(metres))].filter(Boolean).join(" · ") };
}

/**
 * Those that the plan sends the village to come first, in its order; then the nearest (metres in a straight line from
 * `from`: longitude, latitude); those whose place is not known last. `text`: what is searched, in any part of the name.
 */
export function shelterChoices(all: readonly Shelter[], sent: readonly number[], from: readonly [number, number] | null, text = ""): Choice[] {
  const wanted = text.trim().split(/\s+/).filter(Boolean);
  return all.filter((s): s is Known => s.id !== null && s.name !== null && wanted.every((w) => s.name?.includes(w)))
    .map((s) => ({ s, plan: sent.indexOf(s.id), metres: from && s.at ? metresBetween(from, s.at) : null }))
    .sort((a, b) => Number(a.plan < 0) - Number(b.plan < 0) || a.plan - b.plan || nearer(a.metres, b.metres))
    .map(({ s, plan, metres }) => choiceOf(s, plan >= 0, metres));
}

function nearer(a: number | null, b: number | null): number {
  return a === null || b === null ? Number(a === null) - Number(b === null) : a - b;
}
