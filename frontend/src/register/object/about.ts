/** What is asked of one object beside itself: persons, near things, history, parts. A newer question aborts the older one. */
import { reactive } from "vue";
import { getJson, isAbort, Problem, request } from "../../api/client";
import type { Counts, Detail, GradeStep, Page } from "../../api/types";
import { complain } from "../../selection/store";
import type { Grade } from "../../words";
import { O } from "../../words/object";

export interface Party { role: string; post: string; name: string; phone?: string; from: string | null; to: string | null }
export interface NearItem {
  id: number; class: string; code: string | null; name: string; grade: { value: Grade; scale: string }; stage: string; distance_m: number; direction: string | null;
  anchor: [number, number]; line: [[number, number], [number, number]] | null; persons: { title: string; value: number } | null;
}
export interface Near { within_m: number; measured: boolean; items: NearItem[]; total: number; coarse: number; state: number }
export interface Version {
  state: number; valid_from: string; at: string; by: string | null; change: Record<string, [unknown, unknown]>; first: boolean; ended?: string; moved_m?: number;
}
export interface History { versions: Version[]; objects: Record<string, string>; state: number }

export interface About {
  detail: Detail | null; steps: GradeStep[]; parties: Party[] | null; partiesTag: string; near: Near | null; history: History | null; historyRefused: boolean;
  parts: Page | null; firm: Counts | null; busy: boolean; problem: { status: number; text: string } | null;
}

const NONE = { detail: null, steps: [], parties: null, partiesTag: "", near: null, history: null, historyRefused: false, parts: null, firm: null, problem: null };

async function persons(id: number, at: string, signal: AbortSignal): Promise<{ list: Party[]; tag: string }> {
  const response = await request(`/api/objects/${id}/parties${at ? `?${at}` : ""}`, { signal });
  return { list: (await response.json()) as Party[], tag: response.headers.get("ETag") ?? "" };
}

function asOfQuery(asOf: string): string {
  return asOf ? `as_of=${encodeURIComponent(asOf)}` : "";
}

/** Persons, the nearest things and the history of an object, for its card; what fails is left out. */
export class CardFacts {
  readonly facts = reactive({ id: null as number | null, parties: null as Party[] | null, near: null as Near | null, history: null as History | null });
  private running: AbortController | null = null;

  /** What the public form has none of is not asked for. */
  async ask(object: Pick<Detail, "id" | "form"> | null): Promise<void> {
    this.running?.abort();
    const { signal } = (this.running = new AbortController());
    const { facts } = this;
    const id = object?.id ?? null;
    if (facts.id !== id) Object.assign(facts, { id, parties: null, near: null, history: null });
    if (id === null) return;
    const put = <T>(what: Promise<T>, then: (got: T) => void): Promise<void> => what.then((got) => {
      if (!signal.aborted) then(got);
    }, () => undefined);
    await Promise.all([
      put(persons(id, "", signal), ({ list }) => (facts.parties = list)),
      ...(object?.form === "full" ? [
        put(getJson<Near>(`/api/objects/${id}/near?within=500&limit=4`, signal), (near) => (facts.near = near)),
        put(getJson<History>(`/api/objects/${id}/history`, signal), (history) => (facts.history = history)),
      ] : []),
    ]);
  }
}

/** Everything of an object's page, at a moment or now. */
export class PageFacts {
  readonly about = reactive<About>({ ...NONE, busy: false });
  private running: AbortController | null = null;
  private nearing: AbortController | null = null;
  private shown = "";

  async ask(id: number, asOf: string, within: number): Promise<void> {
    this.stop();
    const { signal } = (this.running = new AbortController());
    const { about } = this;
    const what = `${id} ${asOf}`;
    if (this.shown !== what && (about.detail?.id !== id || about.problem)) Object.assign(about, NONE);
    this.shown = what;
    about.busy = true;
    const at = asOfQuery(asOf);
    const and = at ? `&${at}` : "";
    try {
      const [detail, grades] = await Promise.all([
        getJson<Detail>(`/api/objects/${id}${at ? `?${at}` : ""}`, signal),
        getJson<{ grades: GradeStep[] }>(`/api/objects/${id}/grade${at ? `?${at}` : ""}`, signal),
      ]);
      if (signal.aborted) return;
      Object.assign(about, { detail, steps: grades.grades, problem: null });
      const put = <T>(asked: Promise<T>, then: (got: T) => void): Promise<void> => asked.then((got) => {
        if (!signal.aborted) then(got);
      }, (error: unknown) => {
        if (!isAbort(error) && !(error instanceof Problem && error.status === 403)) complain(error);
      });
      const firm = detail.class === "enterprise";
      await Promise.all([
        put(persons(id, at, signal), ({ list, tag }) => Object.assign(about, { parties: list, partiesTag: tag })),
        put(this.nearOf(id, and, within, signal), (near) => (about.near = near)),
        put(getJson<Page>(`/api/objects?parent=${id}&stage=any&limit=50${and}`, signal), (parts) => (about.parts = parts)),
        firm ? put(getJson<Counts>(`/api/counts?by=class,grade&enterprise=${id}${and}`, signal), (counts) => (about.firm = counts)) : Promise.resolve((about.firm = null)),
        detail.form === "full" ? put(getJson<History>(`/api/objects/${id}/history`, signal), (history) => Object.assign(about, { history, historyRefused: false })) : void Object.assign(about, { history: null, historyRefused: true }),
      ]);
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      const gone = error instanceof Problem && (error.status === 404 || error.status === 422);
      if (error instanceof Problem && error.status === 0 && about.detail) complain(error); // what is shown stays readable
      else Object.assign(about, { ...NONE, problem: { status: error instanceof Problem ? error.status : 0, text: gone ? (asOf ? O.notThen : O.notFound) : error instanceof Problem ? error.detail : O.readFailed } });
      if (error instanceof Problem && error.status === 401) complain(error);
    } finally {
      if (!signal.aborted) about.busy = false;
    }
  }

  /** False where it could not be read: what is shown is still of the distance before. */
  async askNear(id: number, asOf: string, within: number): Promise<boolean> {
    this.nearing?.abort();
    const { signal } = (this.nearing = new AbortController());
    const at = asOfQuery(asOf);
    try {
      const near = await this.nearOf(id, at ? `&${at}` : "", within, signal);
      if (!signal.aborted && this.about.detail?.id === id) this.about.near = near;
    } catch (error) {
      if (signal.aborted || isAbort(error)) return true;
      complain(error);
      return false;
    }
    return true;
  }

  private nearOf(id: number, and: string, within: number, signal?: AbortSignal): Promise<Near> {
    return getJson<Near>(`/api/objects/${id}/near?within=${within}&limit=200${and}`, signal);
  }

  stop(): void {
    this.running?.abort();
    this.nearing?.abort();
  }
}

/** The part of a person's telephone that can be dialled: the first number in it. */
export function dialled(phone: string | undefined): string | null {
  const found = /\+?\d[\d\- ]{4,}/.exec(phone ?? "")?.[0].replace(/[^\d+]/g, "");
  return found && found.length >= 5 ? found : null;
}
