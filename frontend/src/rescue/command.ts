/** Warnings and responses of the night, asked for with the rest. */
import { reactive } from "vue";
import { getJson, isAbort, Problem } from "../api/client";
import { Latest } from "../api/latest";
import { complain, whyOf } from "../selection/store";
import { asked, withTheRest } from "./night";
import type { Response, Warning, WarningWhole } from "./types";

export const command = reactive({
  warnings: null as Warning[] | null,
  warningsFailed: "",
  warning: null as WarningWhole | null, // the one that is looked at, with its area
  responses: null as Response[] | null,
  responsesFailed: "",
});

const latest = { warnings: new Latest(), responses: new Latest(), one: new Latest() };

async function read<T>(which: "warnings" | "responses", take: (items: T[]) => void, lost: (why: string) => void, quiet: boolean): Promise<void> {
  const signal = latest[which].begin();
  try {
    const got = await getJson<{ items: T[] }>(`/api/rescue/${which}?${asked()}`, signal);
    if (!signal.aborted) take(got.items);
  } catch (error) {
    if (isAbort(error) || signal.aborted) return;
    if (quiet && error instanceof Problem && (error.status === 0 || error.status >= 500)) return;
    lost(whyOf(error));
    if (!(error instanceof Problem) || error.status === 401) complain(error);
  }
}
export async function readWarnings(quiet = false): Promise<void> {
  await read<Warning>("warnings", (items) => {
    [command.warnings, command.warningsFailed] = [items, ""];
    const now = command.warning && items.find((w) => w.series === command.warning?.series);
    if (command.warning && !now) command.warning = null;
    else if (now && (now.id !== command.warning?.id || now.standing !== command.warning.standing)) void openWarning(now.id);
  }, (why) => [command.warnings, command.warningsFailed] = [null, why], quiet);
}
export async function readResponses(quiet = false): Promise<void> {
  await read<Response>("responses", (items) => [command.responses, command.responsesFailed] = [items, ""], (why) => [command.responses, command.responsesFailed] = [null, why], quiet);
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

export function followCommand(): () => void {
  Object.assign(command, { warnings: null, warning: null, responses: null, warningsFailed: "", responsesFailed: "" });
  const ends = [withTheRest(readWarnings), withTheRest(readResponses)];
  return () => ends.forEach((end) => end());
}
