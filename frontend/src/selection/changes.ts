/** What has changed in the selection: since this reader last said that he has seen it, or between two days. */
import { reactive, watch } from "vue";
import { getJson, isAbort, Problem, send } from "../api/client";
import type { Geometry, ObjectLevel } from "../api/types";
import type { Grade } from "../words";
import { complain, query, store } from "./store";

export interface Change {
  id: number; kind: string; class: string; code: string | null; name: string; grade: { value: Grade }; level: ObjectLevel | null; verdict: string | null;
  division: string | null; stage: string; geometry: Geometry | null; in_selection: boolean; fields: string[]; updated_at: string;
  before?: { grade: Grade; level: string | null; verdict: string | null; stage: string };
}
interface Answer { since?: number; since_at?: string | null; state: number; total: number | null; by_kind: Record<string, number>; items: Change[]; next: string | null; too_many?: boolean }

const KEPT = "riskmap.seen"; // the public's, which has no account to keep it
export const PAGE = 100;

export const changes = reactive({
  since: null as number | null,
  sinceAt: "",
  state: 0, // that the answer is of
  total: 0,
  tooMany: false, // to be compared one by one: nothing is counted then
  items: [] as Change[],
  next: null as string | null,
  open: false,
  ringed: true,
});

let running: AbortController | null = null;
function begin(): AbortSignal {
  running?.abort();
  running = new AbortController();
  return running.signal;
}

function forget(): void {
  Object.assign(changes, { total: 0, tooMany: false, items: [], next: null });
}

async function keep(state: number): Promise<void> {
  if (store.account) await send("PUT", "/api/changes/seen", { state });
  else {
    try {
      localStorage.setItem(KEPT, String(state));
    } catch {
      // A browser that keeps nothing begins anew each time.
    }
  }
  changes.since = state;
}

/** Who comes for the first time has seen the present. */
async function recall(): Promise<void> {
  forget();
  changes.since = null;
  if (!store.state) return;
  let seen: number | null;
  if (store.account) seen = (await getJson<{ seen: number | null }>("/api/changes/seen")).seen;
  else {
    try {
      seen = Number(localStorage.getItem(KEPT)) || null;
    } catch {
      seen = null;
    }
  }
  if (seen === null || seen > store.state) await keep(store.state);
  else changes.since = seen;
}

/** The question's parameters; null where there is nothing to ask. */
function asked(): URLSearchParams | null {
  const { since } = changes;
  const { from } = store;
  if (query.value === null) return null;
  const params = new URLSearchParams(query.value);
  if (from) {
    params.delete("as_of");
    params.set("from", from);
    if (store.chosen.asOf) params.set("to", store.chosen.asOf);
    return params;
  }
  if (since === null || store.chosen.asOf || since >= store.state) return null;
  params.set("since", String(since));
  return params;
}

async function ask(cursor: string | null): Promise<void> {
  const signal = begin();
  const params = asked();
  if (!params) return forget();
  params.set("limit", String(PAGE));
  if (cursor) params.set("cursor", cursor);
  try {
    const found = await getJson<Answer>(`/api/changes?${params.toString()}`, signal);
    if (signal.aborted) return;
    changes.items = cursor ? [...changes.items, ...found.items] : found.items;
    changes.next = found.next;
    changes.total = found.total ?? 0;
    changes.tooMany = found.too_many ?? false;
    changes.state = found.state;
    changes.sinceAt = found.since_at ?? "";
  } catch (error) {
    if (isAbort(error)) return;
    // A selection that the earlier state did not know has nothing to be compared with.
    if (error instanceof Problem && error.status === 422) forget();
    else complain(error);
  }
}

export const listMore = (): Promise<void> => ask(changes.next);

export async function markSeen(): Promise<void> {
  try {
    await keep(changes.state);
    changes.open = false;
    forget();
  } catch (error) {
    complain(error);
  }
}

/** Two days compared: the earlier one, with the day that the page shows; null ends it. */
export function compareWith(from: string | null): void {
  store.from = from;
  changes.open = from !== null; // the same once more, too
}
watch(() => store.from, (from) => {
  forget();
  changes.open = from !== null;
});

/** Begins when the page knows who asks; asks again whenever the picture or the asker is another. */
let due = 0;
watch(() => [store.catalogue !== null, store.account?.username] as const, ([ready]) => void (ready && recall().catch(complain)), { immediate: true });
watch(() => store.chosen.asOf, (asOf) => {
  // Days are compared with days; a state that is shown, or an earlier day, ends it.
  if (store.from && asOf && (asOf.startsWith("state:") || asOf <= store.from)) compareWith(null);
});
watch(() => [changes.since, store.from, store.state, query.value, store.rights], () => {
  clearTimeout(due);
  due = window.setTimeout(() => void ask(null), 0);
});
