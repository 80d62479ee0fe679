/** What saving would come to: the service is asked with what is typed, a newer question aborts the older. */
import { ref, toRaw } from "vue";
import { type FieldFault, isAbort, Problem, request } from "../../api/client";
import type { ClassSpec, GradeStep, ObjectLevel } from "../../api/types";
import { complain, store } from "../../selection/store";
import type { Grade } from "../../words";
import { bodyOf, type Draft } from "./form";

export interface Preview { grade: { value: Grade }; level: ObjectLevel | null; grades: GradeStep[] }
/** `id` is null for a new object; `held` while it is being saved. */
interface Typed { id: number | null; draft: Draft | null; spec: ClassSpec | null; dirty: string[]; held: boolean }

export function usePreview(typed: () => Typed, told: { fine: () => void; refused: (errors: readonly FieldFault[]) => void }) {
  const seen = ref<Preview | null>(null);
  const previewing = ref<"" | "wait" | "bad" | "off">("");
  let question: AbortController | null = null;

  async function preview(): Promise<void> {
    const { id, draft, spec, dirty, held } = typed();
    if (!draft || !spec || !store.account || held) return;
    if (id === null && !draft.name.trim()) {
      seen.value = null;
      previewing.value = "";
      return;
    }
    question?.abort();
    const { signal } = (question = new AbortController());
    previewing.value = "wait";
    try {
      const path = id === null ? "/api/objects/preview" : `/api/objects/${id}/preview`;
      const body = JSON.stringify(bodyOf(toRaw(draft), spec, id === null ? null : dirty));
      const found = (await (await request(path, { method: "POST", body, signal })).json()) as Preview;
      if (signal.aborted) return;
      seen.value = found;
      previewing.value = "";
      told.fine();
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      if (!(error instanceof Problem)) return complain(error);
      previewing.value = error.status === 0 ? "off" : "bad";
      if (error.status === 401) complain(error);
      told.refused(error.errors);
    }
  }

  return { seen, previewing, preview, stop: () => question?.abort() };
}
