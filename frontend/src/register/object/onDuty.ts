/** What a team is ordered to do just now: who ends its life is told before. */
import { getJson, Problem } from "../../api/client";
import type { Detail } from "../../api/types";
import { complain } from "../../selection/store";
import { O } from "../../words/object";

interface Running { number: string; incident: number; incident_name: string | null }

/** Orders to a team that are not done, in words; empty for everything else, and for whom dispatch is none of his. */
export async function openOrders(object: Detail, signal: AbortSignal): Promise<string[]> {
  if (object.class !== "rescue-team") return [];
  try {
    const both = await Promise.all([false, true].map((exercise) => getJson<{ items: Running[] }>(`/api/rescue/orders?team=${object.id}&running=true&exercise=${exercise}`, signal)));
    return both.flatMap(({ items }, i) => items.map((o) => O.onDuty(o.number, o.incident_name ?? "", i === 1)));
  } catch (error) {
    if (!(error instanceof Problem) || ![401, 403, 404].includes(error.status)) complain(error);
    return [];
  }
}
