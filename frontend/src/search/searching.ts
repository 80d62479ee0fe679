/** The search box's question and its answer: only the newest counts, and the old answer stays until it is here. */
import { computed, reactive } from "vue";
import { getJson, isAbort, Problem } from "../api/client";
import { W } from "../words";
import { S } from "../words/search";
import { readingWords } from "./pin";
import { recent } from "./recent";
import type { Answer, FoundDivision, FoundObject, FoundPlace, Meaning } from "./types";

const PAUSE_MS = 180;
const MOST = 8;

export type Option = { key: string } & (
  | { kind: "object"; item: FoundObject } | { kind: "division"; item: FoundDivision } | { kind: "place"; item: FoundPlace } | { kind: "position"; item: Meaning }
  | { kind: "recent"; q: string } | { kind: "forget" } | { kind: "filter"; q: string }
);
export interface Group { key: string; title: string; note: string; options: Option[] }

export const search = reactive({ text: "", answer: null as Answer | null, busy: false, problem: "" });

let timer = 0;
let running: AbortController | null = null;

export function type(text: string): void {
  search.text = text;
  clearTimeout(timer);
  running?.abort();
  if (!text.trim()) {
    Object.assign(search, { answer: null, busy: false, problem: "" });
    return;
  }
  search.busy = true;
  timer = window.setTimeout(() => void ask(), PAUSE_MS);
}

/** Asks at once; resolves when the newest question is answered, or another took its place. */
export async function ask(): Promise<void> {
  clearTimeout(timer);
  running?.abort();
  const q = search.text.trim();
  if (!q) return;
  const mine = (running = new AbortController());
  search.busy = true;
  try {
    const answer = await getJson<Answer>(`/api/search?limit=${MOST}&q=${encodeURIComponent(q)}`, mine.signal);
    if (mine.signal.aborted) return;
    search.answer = answer;
    search.problem = "";
  } catch (error) {
    if (isAbort(error) || mine.signal.aborted) return;
    search.answer = null;
    search.problem = error instanceof Problem ? error.detail : W.fault;
  }
  search.busy = false;
}

/** Whether the answer is to what stands in the box. */
export const isAnswered = computed(() => !search.busy && (search.answer !== null || search.problem !== ""));

export const hits = computed(() => {
  const { answer } = search;
  return answer ? answer.objects.items.length + answer.divisions.items.length + answer.places.items.length + (answer.position?.items.length ?? 0) : 0;
});

export const groups = computed<Group[]>(() => {
  const { answer } = search;
  const q = search.text.trim();
  if (!q) {
    const options: Option[] = recent.value.map((said, i) => ({ key: `r${i}`, kind: "recent", q: said }));
    return options.length ? [{ key: "recent", title: S.groups.recent, note: "", options: [...options, { key: "forget", kind: "forget" }] }] : [];
  }
  const out: Group[] = [];
  if (answer) {
    const { objects, divisions, places, position } = answer;
    if (position) out.push({ key: "position", title: `${S.groups.position} · ${S.notations[position.notation] ?? ""}`, note: position.items.length ? readingWords(position).join("；") : S.noZone, options: position.items.map((item) => ({ key: `c${item.crs}`, kind: "position", item })) });
    if (objects.items.length) out.push({ key: "objects", title: S.groups.objects, note: objects.more ? S.moreObjects(objects.found ?? null) : "", options: objects.items.map((item) => ({ key: `o${item.id}`, kind: "object", item })) });
    if (divisions.items.length) out.push({ key: "divisions", title: S.groups.divisions, note: divisions.more ? S.morePlaces : "", options: divisions.items.map((item) => ({ key: `d${item.code}`, kind: "division", item })) });
    if (places.items.length) out.push({ key: "places", title: S.groups.places, note: places.more ? S.morePlaces : "", options: places.items.map((item, i) => ({ key: `p${i}`, kind: "place", item })) });
  }
  if (!answer?.position) out.push({ key: "filter", title: "", note: "", options: [{ key: "filter", kind: "filter", q }] });
  return out;
});
export const options = computed<Option[]>(() => groups.value.flatMap((g) => g.options));
