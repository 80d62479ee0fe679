import { ElMessage } from "element-plus";
import { RA } from "../words/rescueActs";
import type { FloodWhole } from "./types";

/** That a scenario was saved; and, long enough to be read, that it lies in no part of the territory. */
export function tellSaved(made: FloodWhole): void {
  ElMessage({ type: "success", message: made.repairs.length ? RA.savedMended(made.name, made.version, made.repairs.length) : RA.saved(made.name, made.version), grouping: true });
  if (made.outside) ElMessage({ type: "warning", message: made.warnings[0] ?? "", grouping: true, duration: 12_000, showClose: true });
}
