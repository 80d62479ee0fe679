/** Warnings and responses of the night, asked for with the rest. */
import { reactive, watch } from "vue";
import { getJson, isAbort, Problem } from "../api/client";
import { Latest } from "../api/latest";
import { complain, whyOf } from "../selection/store";
import { asked, isAway, night, withTheRest } from "./night";
import type { Response, Warning, WarningWhole } from "./types";

export const command = reactive({
  warnings: null as Warning[] | null,
  warningsFailed: "",
  warning: null as WarningWhole | null, // the one that is looked at, with its area
  responses: null as Response[] | null,
  responsesFailed: "",
  next: { warnings: null as number | null, responses: null as number | null }, // where older ones go on
  readOn: { warnings: false, responses: false }, // older pages were read
});

const latest = { warnings: new Latest(), responses: new Latest(), one: new Latest() };

interface Page<T> { items: T[]; next: number | null }
type List = "warnings" | "responses";

async function read<T>(which: List, take: (page: Page<T>) => void, lost: (why: string) => void, quiet: boolean): Promise<void> {
  const signal = latest[which].begin();
  try {
    const got = await getJson<Page<T>>(`/api/rescue/${which}?${asked()}`, signal);
    if (!signal.aborted) take(got);
  } catch (error) {
    if (isAbort(error) || signal.aborted) return;
    if (quiet && isAway(error)) return;
    lost(whyOf(error));
    if (!(error instanceof Problem) || error.status === 401) complain(error);
  }
}
/** The first page read anew; older ones that were read on stay behind it, and so does where they go on. */
function joined<T extends { id: number }>(which: List, now: readonly T[] | null, { items, next }: Page<T>, same: (a: T, b: T) => boolean): T[] {
  const last = next ?? 0; // the first page ends here
  const older = next === null || !command.readOn[which] ? [] : (now ?? []).filter((o) => o.id < last && !items.some((i) => same(i, o)));
  if (!older.length) [command.next[which], command.readOn[which]] = [next, false];
  return [...items, ...older];
}
const sameWarning = (a: Warning, b: Warning): boolean => a.series === b.series;
const sameResponse = (a: Response, b: Response): boolean => a.id === b.id;

export async function readWarnings(quiet = false): Promise<void> {
  await read<Warning>("warnings", (page) => {
    const items = joined("warnings", command.warnings, page, sameWarning);
    [command.warnings, command.warningsFailed] = [items, ""];
    const now = command.warning && items.find((w) => w.series === command.warning?.series);
    if (command.warning && !now) command.warning = null;
    else if (now && (now.id !== command.warning?.id || now.standing !== command.warning.standing)) void openWarning(now.id);
  }, (why) => [command.warnings, command.warningsFailed] = [null, why], quiet);
}
export async function readResponses(quiet = false): Promise<void> {
  await read<Response>("responses", (page) => [command.responses, command.responsesFailed] = [joined("responses", command.responses, page, sameResponse), ""], (why) => [command.responses, command.responsesFailed] = [null, why], quiet);
}
/** The next page of what is older. */
export async function readOlder(which: List): Promise<void> {
  const before = command.next[which];
  if (before === null) return;
  try {
    const got = await getJson<Page<Warning & Response>>(`/api/rescue/${which}?${asked({ before })}`);
    if (command.next[which] !== before) return; // the list was read anew meanwhile
    if (which === "warnings") command.warnings = [...(command.warnings ?? []), ...got.items.filter((o) => !command.warnings?.some((i) => sameWarning(i, o)))];
    else command.responses = [...(command.responses ?? []), ...got.items];
    [command.next[which], command.readOn[which]] = [got.next, true];
  } catch (error) {
    complain(error);
  }
}
/** One warning with its area, or none. */
export async function openWarning(id: number | null): Promise<void> {
  const signal = latest.one.begin();
  if (id === null) return void (command.warning = null);
  try {
    const got = await getJson<WarningWhole>(`/api/rescue/warnings/${id}?${asked()}`, signal);
    if (!signal.aborted) command.warning = got;
  } catch (error) {
    if (!isAbort(error)) complain(error);
  }
}

function clear(): void {
  for (const one of Object.values(latest)) one.begin();
  Object.assign(command, { warnings: null, warning: null, responses: null, warningsFailed: "", responsesFailed: "", next: { warnings: null, responses: null }, readOn: { warnings: false, responses: false } });
}
export function followCommand(): () => void {
  clear();
  // Nothing of another minute, or of what is exercised, stands under this one.
  const ends = [withTheRest(readWarnings), withTheRest(readResponses), watch(() => [night.exercise, night.at], clear, { flush: "sync" })];
  return () => ends.forEach((end) => end());
}
