/** One import on its way through the wizard: what was chosen, what the service says of it, where it stands. */
import { computed, nextTick, reactive, watch } from "vue";
import type { LocationQuery } from "vue-router";
import { getJson, isAbort, Problem, request, send } from "../../api/client";
import { upload } from "../../api/upload";
import { complain, store } from "../../selection/store";
import { router } from "../../shell/routes";
import { W } from "../../words";
import { I } from "../../words/imports";
import { busy, follow, RUN_ID } from "./following";
import { choose, refusalOf } from "./matching";
import type { Choice, Column, FileInfo, Match, Run, Undone, UndoPreview } from "./types";

export const STEPS = ["file", "columns", "datum", "dry", "result"] as const;
export type Step = (typeof STEPS)[number];

function formOf(files: readonly File[]): FormData {
  const body = new FormData();
  for (const file of files) body.append("file", file, file.name);
  return body;
}

export const importing = reactive({
  step: "file" as Step,
  // What the sender chose
  file: null as FileInfo | null,
  cls: "",
  sheet: "",
  headerLine: null as number | null,
  headerLines: 1,
  choices: null as Choice[] | null,
  crs: null as string | null,
  // What the service says of it
  match: null as Match | null,
  matching: false,
  sending: null as { done: number; all: number } | "checking" | null,
  opening: false,
  starting: false,
  run: null as Run | null,
  stale: false, // the last look at the run did not come through
  undone: null as Undone | null,
  note: "", // what a choice did to another column
  error: "",
});

/** Which steps one may go to now. */
export const reachable = computed<ReadonlySet<Step>>(() => {
  const out = new Set<Step>(["file"]);
  if (importing.file && importing.cls) out.add("columns");
  if (importing.match && !importing.match.missing.length && importing.match.columns.some((c) => c.target)) out.add("datum");
  if (importing.run) out.add(importing.run.dry_run ? "dry" : "result");
  return out;
});

function said(error: unknown): string {
  if (error instanceof Problem) {
    if (error.status === 401) complain(error);
    return error.detail;
  }
  console.error(error);
  return W.fault;
}

// -- What is kept over a reload ------------------------------------------------------

interface Kept { cls: string; sheet: string; headerLine: number | null; headerLines: number; choices: Choice[] | null; crs: string | null }
const keyOf = (file: string): string => `riskmap.import.${file}`;

function keep(): void {
  if (!importing.file) return;
  const { cls, sheet, headerLine, headerLines, choices, crs } = importing;
  try {
    sessionStorage.setItem(keyOf(importing.file.file), JSON.stringify({ cls, sheet, headerLine, headerLines, choices, crs } satisfies Kept));
  } catch {
    // Without a store of its own the page still works; a reload then asks again.
  }
}
function kept(file: string): Kept | null {
  try {
    return JSON.parse(sessionStorage.getItem(keyOf(file)) ?? "null") as Kept | null;
  } catch {
    return null;
  }
}
watch(() => [importing.cls, importing.sheet, importing.headerLine, importing.headerLines, importing.choices, importing.crs], keep);

// -- Step 1: the file ------------------------------------------------------------------

let uploading: AbortController | null = null;

export async function takeFiles(files: readonly File[]): Promise<void> {
  importing.error = refusalOf(files, store.meta?.upload_mb ?? Infinity);
  if (importing.error || !files.length) return;
  uploading?.abort();
  const mine = (uploading = new AbortController());
  importing.sending = { done: 0, all: files.reduce((sum, f) => sum + f.size, 0) };
  try {
    const file = await upload<FileInfo>("POST", "/api/imports/files", formOf(files), I.cutOff, (sent) => { if (!mine.signal.aborted) importing.sending = sent ?? "checking"; }, mine.signal);
    setFile(file);
    if (file.template) chooseClass(file.template.class);
    await router.replace({ query: { file: file.file, ...(importing.cls ? { class: importing.cls } : {}) } });
  } catch (error) {
    importing.error = isAbort(error) ? I.stopped : said(error);
  } finally {
    if (uploading === mine) {
      uploading = null;
      importing.sending = null;
    }
  }
}
export function stopUpload(): void {
  uploading?.abort();
}

function setFile(file: FileInfo): void {
  Object.assign(importing, { file, sheet: file.sheet, headerLine: null, headerLines: 1, choices: null, crs: null, match: null, run: null, note: "", error: "" });
}

export function chooseClass(cls: string): void {
  if (cls === importing.cls) return;
  Object.assign(importing, { cls, choices: null, match: null, note: "" });
}

// -- Steps 2 and 3: columns and datum ------------------------------------------------------

let asking: AbortController | null = null;

export async function ask(): Promise<void> {
  const { file, cls } = importing;
  if (!file || !cls) return;
  asking?.abort();
  const mine = (asking = new AbortController());
  importing.matching = true;
  importing.error = "";
  try {
    const body = JSON.stringify({
      file: file.file, class: cls, sheet: importing.sheet,
      ...(importing.headerLine ? { header_line: importing.headerLine, header_lines: importing.headerLines } : {}),
      ...(importing.choices ? { columns: importing.choices } : {}),
      ...(importing.crs ? { crs: importing.crs } : {}),
    });
    const match = (await (await request("/api/imports/match", { method: "POST", body, signal: mine.signal })).json()) as Match;
    if (mine.signal.aborted) return;
    importing.match = match;
    if (match.header) importing.headerLines = match.header.lines;
  } catch (error) {
    if (isAbort(error) || mine.signal.aborted) return;
    importing.error = said(error);
    importing.match = null;
  } finally {
    if (!mine.signal.aborted) importing.matching = false;
  }
}

export function chooseSheet(sheet: string): void {
  Object.assign(importing, { sheet, headerLine: null, headerLines: 1, choices: null, crs: null, match: null, note: "" });
  void ask();
}
export function chooseHeader(line: number, lines: number): void {
  Object.assign(importing, { headerLine: line, headerLines: lines, choices: null, note: "" });
  void ask();
}
export function chooseColumn(column: Column, target: string | null, factor: string | null = null): void {
  if (!importing.match) return;
  const { choices, gaveUp } = choose(importing.match.columns, column.index, target, factor);
  const title = importing.match.targets.find((t) => t.target === target)?.title ?? "";
  importing.note = gaveUp ? I.taken(gaveUp.header || I.nameless, title) : "";
  importing.choices = choices;
  void ask();
}
export function chooseDatum(crs: string): void {
  importing.crs = crs;
  void ask();
}

// -- Steps 4 and 5: the run ---------------------------------------------------------------

/** Start the dry run or the real one; what the service misses sends the page to the step where it can be given. */
export async function start(dry: boolean): Promise<void> {
  const { run } = importing;
  const file = importing.file?.file ?? run?.file;
  const cls = importing.cls || run?.class;
  if (!file || !cls || importing.starting) return;
  const form = new FormData();
  const add = (name: string, value: string | null | undefined): void => { if (value) form.append(name, value); };
  add("class", cls);
  add("dry_run", String(dry));
  add("file_id", file);
  add("sheet", importing.sheet || run?.sheet);
  const line = importing.headerLine ?? importing.match?.header?.line ?? run?.header_line;
  add("header_line", line ? String(line) : null);
  add("header_lines", importing.match?.header || importing.headerLine ? String(importing.headerLines) : run?.header_lines ? String(run.header_lines) : null);
  const chosen = importing.choices ?? importing.match?.columns ?? run?.mapping;
  const choices = chosen?.map(({ index, target, factor }) => ({ index, target, factor }));
  add("columns", choices ? JSON.stringify(choices) : null);
  add("crs", importing.crs ?? importing.match?.datum.crs ?? run?.crs);
  importing.starting = true;
  importing.error = "";
  try {
    const answer = (await (await request("/api/imports", { method: "POST", body: form })).json()) as { id: string };
    await router.push({ query: { id: answer.id } });
  } catch (error) {
    const text = said(error);
    const code = error instanceof Problem ? error.code : "";
    if (code === "datum_needed") await goTo("datum");
    else if (code === "no_header" || code === "missing_columns") await goTo("columns");
    await nextTick(); // the step that is gone to begins without an error of its own
    importing.error = text;
  } finally {
    importing.starting = false;
  }
}

let following = 0;

async function followRun(id: string): Promise<void> {
  const mine = ++following;
  await follow<Run>(id, {
    still: () => mine === following,
    seen: (run) => Object.assign(importing, { run, stale: false, error: "" }),
    missed: () => (importing.stale = true),
    refused: (error) => (importing.error = said(error)),
  });
}

export async function cancelRun(): Promise<void> {
  const { run } = importing;
  if (!run || !busy(run)) return;
  try {
    await send("DELETE", `/api/imports/${run.id}`);
    void followRun(run.id);
  } catch (error) {
    importing.error = said(error);
  }
}

/** What taking the run back would end, bring back and leave. */
export async function undoPreview(): Promise<UndoPreview | null> {
  try {
    return await getJson<UndoPreview>(`/api/imports/${importing.run?.id ?? ""}/undo`);
  } catch (error) {
    importing.error = said(error);
    return null;
  }
}

export async function undoRun(): Promise<void> {
  const { run } = importing;
  if (!run) return;
  try {
    importing.undone = (await send<Undone>("DELETE", `/api/imports/${run.id}`)) ?? null;
    void followRun(run.id);
  } catch (error) {
    importing.error = said(error);
  }
}

// -- The address ------------------------------------------------------------------------------

export async function goTo(step: Step): Promise<void> {
  const { run } = importing;
  const file = importing.file?.file ?? run?.file;
  const cls = importing.cls || run?.class;
  if ((step === "dry" || step === "result") && run) await router.push({ query: { id: run.id } });
  else if (file && cls) await router.push({ query: { file, class: cls, ...(step === "file" ? {} : { step }) } });
  else await router.push({ query: {} });
}

export async function beginAnew(): Promise<void> {
  following++;
  forgetAll();
  await router.push({ query: {} });
}
function forgetAll(): void {
  Object.assign(importing, { step: "file", file: null, cls: "", sheet: "", headerLine: null, headerLines: 1, choices: null, crs: null, match: null, run: null, undone: null, note: "", error: "", stale: false });
}

async function openFile(id: string, cls: string): Promise<void> {
  if (importing.file?.file !== id) {
    importing.opening = true;
    try {
      const before = importing.run;
      const file = await getJson<FileInfo>(`/api/imports/files/${id}`);
      const was = kept(id);
      setFile(file);
      if (was && (!cls || was.cls === cls)) Object.assign(importing, was);
      else if (before?.file === id) {
        const { sheet, header_line: headerLine, header_lines: headerLines = 1, crs, mapping } = before;
        const choices = mapping?.map(({ index, target, factor }) => ({ index, target, factor })) ?? null;
        Object.assign(importing, { cls: before.class, sheet, headerLine, headerLines, crs, choices });
      }
    } finally {
      importing.opening = false;
    }
  }
  if (cls) chooseClass(cls);
}

/** Show what an address names: a run by its id, a file on its way by its own, or the beginning. */
export async function place(query: LocationQuery): Promise<void> {
  const text = (name: string): string => (typeof query[name] === "string" ? query[name] : "");
  const id = text("id");
  importing.error = "";
  try {
    if (id) {
      if (!RUN_ID.test(id)) throw new Problem(404, "", I.noSuchRun);
      if (importing.run?.id !== id) {
        importing.run = null;
        importing.undone = null;
        importing.step = "dry";
        await follow1(id);
      }
      const { run } = importing;
      if (run) {
        importing.step = run.dry_run ? "dry" : "result";
        if (importing.file && importing.file.file !== run.file) Object.assign(importing, { file: null, cls: "", match: null, choices: null, crs: null, sheet: "", headerLine: null });
      }
    } else if (text("file")) {
      following++;
      await openFile(text("file"), text("class"));
      const step = text("step");
      importing.step = importing.cls && (step === "columns" || step === "datum") ? step : "file";
      if (importing.step !== "file" && !importing.match) await ask();
      if (importing.step === "datum" && !reachable.value.has("datum")) importing.step = "columns";
    } else {
      following++;
      forgetAll();
    }
  } catch (error) {
    importing.step = "file";
    importing.error = id && error instanceof Problem && error.status === 404 ? I.noSuchRun : said(error);
  }
}

/** The first look decides which step is shown; the watch goes on behind it. */
async function follow1(id: string): Promise<void> {
  const run = await getJson<Run>(`/api/imports/${id}`);
  importing.run = run;
  if (busy(run)) void followRun(id);
}
