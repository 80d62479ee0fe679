/** One act of a dialog: at work; refused at its fields or in a sentence, in the service's words. */
import { ref } from "vue";
import { type FieldFault, isAbort, Problem } from "../api/client";
import { complain } from "../selection/store";
import { W, when } from "../words";

/** Today where the bureau is, as a date field has it. */
export const today = (): string => when(new Date().toISOString()).slice(0, 10);

const SETTLED = 800; // ms after what was pressed has changed: a hand that was slow to press twice has done so by then

/** One act at a time, from the click until a moment after it is done: the second of two clicks does nothing, also where the
 * first is done by then and another button stands in its place. What the act goes on with by itself is not waited for. */
export function useOnce() {
  const held = ref(false);
  async function once(act: () => Promise<unknown>): Promise<void> {
    if (held.value) return;
    held.value = true; // before anything is waited for
    try {
      await act();
      await new Promise((done) => setTimeout(done, SETTLED));
    } finally {
      held.value = false;
    }
  }
  return { held, once };
}

export function useAct(stale: () => void) {
  const busy = ref(false);
  const faults = ref<readonly FieldFault[]>([]);
  const wrong = ref("");
  /** What came of it; null where it was refused. */
  async function run<T>(act: () => Promise<T>): Promise<T | null> {
    if (busy.value) return null;
    [busy.value, faults.value, wrong.value] = [true, [], ""];
    try {
      return await act();
    } catch (error) {
      if (isAbort(error)) return null;
      if (!(error instanceof Problem) || error.status === 401) complain(error);
      else {
        faults.value = error.errors;
        wrong.value = error.status === 0 ? W.noService : error.errors.length ? "" : error.detail;
        if (error.status === 409) stale(); // somebody else was first: how it stands now is shown behind
      }
      return null;
    } finally {
      busy.value = false;
    }
  }
  const faultOf = (name: string): string => faults.value.find((f) => f.field === name || f.field.startsWith(`${name}.`))?.message ?? "";
  /** Faults that none of these fields shows. */
  const others = (shown: readonly string[]): string => faults.value.filter((f) => !shown.some((name) => f.field === name || f.field.startsWith(`${name}.`))).map((f) => f.message).join(" ");
  return { busy, faults, wrong, run, faultOf, others };
}
