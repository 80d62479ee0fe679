/** A set in words. */
import { area, divisionName } from "../selection/store";
import type { Head, Stage, Status } from "./types";

/** The names of a set's divisions; of the whole where it names none. */
export function areaOf(one: Pick<Head, "selection">): string {
  const codes = one.selection.division ?? [];
  return codes.map((code) => divisionName.value.get(code) ?? code).join("、") || area.value;
}

export function isWorking(one: { status: Status }): boolean {
  return one.status === "queued" || one.status === "running";
}

/** The look of a stage's plate. */
export const STAGE_LOOK: Record<Stage, string> = { draft: "line", reviewed: "", issued: "acc", withdrawn: "late" };
