/** What is asked of one object beside itself: persons, near things, history, parts. A newer question aborts the older one. */
import { reactive } from "vue";
import { getJson, isAbort, Problem, request } from "../../api/client";
import type { Assessment, Counts, Detail, Geometry, Grades, GradeStep, Page } from "../../api/types";
import { complain, whyOf } from "../../selection/store";
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
/** `later` is how many versions came after the moment that is looked at. */
export interface History { versions: Version[]; objects: Record<string, string>; state: number; later?: number }

/** Questions beside the object itself. */
export type Part = "parties" | "near" | "history" | "parts" | "firm";
/** Why an answer did not come, by question: nothing registered and nothing read must never look the same. */
export type Failed = Partial<Record<Part, string>>;

export interface About {
  detail: Detail | null; steps: GradeStep[]; assessments: Assessment[]; parties: Party[] | null; partiesTag: string; near: Near | null; history: History | null; historyRefused: boolean;
  parts: Page | null; firm: Counts | null; fence: Geometry | null; failed: Failed; busy: boolean; problem: { status: number; text: string } | null;
}

const none = (): Omit<About, "busy"> => ({ detail: null, steps: [], assessments: [], parties: null, partiesTag: "", near: null, history: null, historyRefused: false, parts: null, firm: null, fence: null, failed: {}, problem: null });

async function persons(id: number, at: string, signal: AbortSignal): Promise<{ list: Party[]; tag: string }> {
  const response = await request(`/api/objects/${id}/parties${at ? `?${at}` : ""}`, { signal });
  return { list: (await response.json()) as Party[], tag: response.headers.get("ETag") ?? "" };
}

const shapeOf = (value: unknown): Geometry | null => (value && typeof value === "object" && "coordinates" in value ? (value as Geometry) : null);

function asOfQuery(asOf: string): string {
  return asOf ? `as_of=${encodeURIComponent(asOf)}` : "";
}

/** What was known at a state, or was so by a day: the past shows no change that came after it. */
export function until(history: History, asOf: string): History {
  const n = /^state:(\d+)$/.exec(asOf)?.[1];
  const versions = !asOf ? history.versions : history.versions.filter((v) => (n ? v.state <= Number(n) : v.valid_from <= asOf));
  return { ...history, versions, later: history.versions.length - versions.length };
}

/** Puts an answer where it belongs, or keeps why it did not come. What is shown of before stays readable. */
async function put<T>(failed: Failed, part: Part, signal: AbortSignal, asked: Promise<T>, then: (got: T) => void): Promise<void> {
  try {
    const got = await asked;
    if (signal.aborted) return;
    then(got);
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a part that was read has no reason any more
    delete failed[part];
  } catch (error) {
    if (signal.aborted || isAbort(error)) return;
    failed[part] = whyOf(error);
    // A lost line and an ended session are the whole page's; the rest is said where the answer would stand.
    if (!(error instanceof Problem) || error.status === 0 || error.status === 401) complain(error);
  }
}

export const CARD_PARTS = ["parties", "near", "history"] as const;
type CardPart = (typeof CARD_PARTS)[number];

/** Persons, the nearest things and the history of an object, for its card, at a moment or now. */
export class CardFacts {
  readonly facts = reactive({ id: null as number | null, parties: null as Party[] | null, near: null as Near | null, history: null as History | null, failed: {} as Failed });
  private running = new AbortController();
  private asOf = "";

  /** What the public form has none of is not asked for. */
  async ask(object: Pick<Detail, "id" | "form"> | null, asOf = ""): Promise<void> {
    this.running.abort();
    this.running = new AbortController();
    const { facts } = this;
    const id = object?.id ?? null;
    if (facts.id !== id || this.asOf !== asOf) Object.assign(facts, { id, parties: null, near: null, history: null, failed: {} });
    this.asOf = asOf;
    if (id === null) return;
    await Promise.all((object?.form === "full" ? CARD_PARTS : (["parties"] as const)).map((part) => this.again(part)));
  }

  /** One question alone: after it failed. */
  async again(part: CardPart): Promise<void> {
    const { facts, asOf } = this;
    const { id } = facts;
    const { signal } = this.running;
    const at = asOfQuery(asOf);
    if (part === "parties") await put(facts.failed, part, signal, persons(id ?? 0, at, signal), ({ list }) => (facts.parties = list));
    else if (part === "near") await put(facts.failed, part, signal, getJson<Near>(`/api/objects/${id}/near?within=500&limit=4${at && `&${at}`}`, signal), (near) => (facts.near = near));
    else await put(facts.failed, part, signal, getJson<History>(`/api/objects/${id}/history`, signal), (history) => (facts.history = until(history, asOf)));
  }
}

/** Everything of an object's page, at a moment or now. */
export class PageFacts {
  readonly about = reactive<About>({ ...none(), busy: false });
  private running = new AbortController();
  private nearing: AbortController | null = null;
  private shown = ""; // what was asked for last
  private read = ""; // whose detail is shown: it may be another while an answer is out or did not come
  private asOf = "";
  private within = 500;

  async ask(id: number, asOf: string, within: number): Promise<void> {
    this.stop();
    const { signal } = (this.running = new AbortController());
    const { about } = this;
    const what = `${id} ${asOf}`;
    if (this.shown !== what && (about.detail?.id !== id || about.problem)) Object.assign(about, none());
    Object.assign(this, { shown: what, asOf, within });
    about.busy = true;
    const at = asOfQuery(asOf);
    try {
      const [detail, grades] = await Promise.all([
        getJson<Detail>(`/api/objects/${id}${at && `?${at}`}`, signal),
        getJson<Grades>(`/api/objects/${id}/grade${at && `?${at}`}`, signal),
      ]);
      if (signal.aborted) return;
      const full = detail.form === "full";
      // Another moment's persons, neighbours and history must not stand under this one, not even until its own come.
      if (this.read !== what) Object.assign(about, { parties: null, partiesTag: "", near: null, history: null, parts: null, firm: null, fence: null });
      this.read = what;
      Object.assign(about, { detail, steps: grades.grades, assessments: grades.assessments, problem: null, failed: {}, historyRefused: !full, ...(full ? {} : { history: null }), ...(detail.class === "enterprise" ? {} : { firm: null }) });
      void this.fenceOf(detail, grades.grades, at, signal);
      await Promise.all([this.again("parties"), this.again("near"), this.again("parts"), detail.class === "enterprise" && this.again("firm"), full && this.again("history")]);
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      const gone = error instanceof Problem && (error.status === 404 || error.status === 422);
      if (error instanceof Problem && error.status === 0 && about.detail) complain(error); // what is shown stays readable
      else Object.assign(about, { ...none(), problem: { status: error instanceof Problem ? error.status : 0, text: gone ? (asOf ? O.notThen : O.notFound) : whyOf(error) } });
      if (error instanceof Problem && error.status === 401) complain(error);
    } finally {
      if (!signal.aborted) about.busy = false;
    }
  }

  /** One question alone: as part of the whole, or after it failed. */
  async again(part: Part): Promise<void> {
    const { about, asOf } = this;
    const { signal } = this.running;
    const id = about.detail?.id;
    if (id === undefined) return;
    const at = asOfQuery(asOf);
    const and = at && `&${at}`;
    const into = <T>(asked: Promise<T>, then: (got: T) => void): Promise<void> => put(about.failed, part, signal, asked, then);
    switch (part) {
      case "parties": return into(persons(id, at, signal), ({ list, tag }) => Object.assign(about, { parties: list, partiesTag: tag }));
      case "near": return into(this.nearOf(id, and, this.within, signal), (near) => (about.near = near));
      case "parts": return into(getJson<Page>(`/api/objects?parent=${id}&stage=any&limit=50${and}`, signal), (parts) => (about.parts = parts));
      case "firm": return into(getJson<Counts>(`/api/counts?by=class,grade&enterprise=${id}${and}`, signal), (counts) => (about.firm = counts));
      case "history": return into(getJson<History>(`/api/objects/${id}/history`, signal), (history) => (about.history = until(history, asOf)));
    }
  }

  /** False where it could not be read: what is shown is still of the distance before. */
  async askNear(id: number, asOf: string, within: number): Promise<boolean> {
    this.nearing?.abort();
    const { signal } = (this.nearing = new AbortController());
    const at = asOfQuery(asOf);
    try {
      const near = await this.nearOf(id, at && `&${at}`, within, signal);
      if (signal.aborted || this.about.detail?.id !== id) return true;
      this.within = within;
      this.about.near = near;
      delete this.about.failed.near;
    } catch (error) {
      if (signal.aborted || isAbort(error)) return true;
      complain(error);
      return false;
    }
    return true;
  }

  /** The fence around which its grade counted the residents: its own, else its enterprise's, as far as one may read it. */
  private async fenceOf(detail: Detail, steps: readonly GradeStep[], at: string, signal: AbortSignal): Promise<void> {
    const whose = steps.find((step) => step.exposure)?.exposure?.boundary;
    let fence: Geometry | null = null;
    if (whose === "unit") fence = shapeOf(detail.attributes.plant_boundary);
    else if (whose === "enterprise" && detail.enterprise) {
      try {
        const firm = await getJson<Detail>(`/api/objects/${detail.enterprise.id}${at && `?${at}`}`, signal);
        fence = shapeOf(firm.attributes.plant_boundary) ?? (firm.geometry?.type.endsWith("Polygon") ? firm.geometry : null);
      } catch {
        fence = null; // not seen by this reader: the record says whose boundary it was
      }
    }
    if (!signal.aborted) this.about.fence = fence;
  }

  private nearOf(id: number, and: string, within: number, signal?: AbortSignal): Promise<Near> {
    return getJson<Near>(`/api/objects/${id}/near?within=${within}&limit=200${and}`, signal);
  }

  stop(): void {
    this.running.abort();
    this.nearing?.abort();
  }
}
