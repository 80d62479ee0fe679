/** A long work of the service, followed until it is over or nobody looks any more. */
import { getJson, isAbort, Problem } from "../../api/client";
import { RF } from "../../words/rescueForces";
import type { JobShare } from "./types";

const EVERY_MS = 1200;
export interface Job extends JobShare { message: string | null; result?: Record<string, unknown> | null }

/** Its end; null where nobody looks any more. Raises Problem in the words of the job where it failed. */
export async function followJob(id: string, tell: (job: Job) => void, signal: AbortSignal): Promise<Job | null> {
  while (!signal.aborted) {
    let job: Job | null = null;
    try {
      job = await getJson<Job>(`/api/jobs/${id}`, signal);
    } catch (error) {
      if (isAbort(error)) return null;
      if (error instanceof Problem && error.status === 404) throw new Problem(404, "not_mine", RF.jobLost);
      if (error instanceof Problem && error.status === 401) throw error;
    }
    if (job) {
      if (job.status === "failed" || job.status === "cancelled") throw new Problem(422, job.status, job.message ?? "");
      if (job.status === "done") return job;
      tell(job);
    }
    await new Promise((later) => setTimeout(later, EVERY_MS));
  }
  return null;
}
