import type { ClassSpec } from "../../api/types";
import { ROLE_OF_CLASS } from "../../words/object";

/** Of a class that is not graded, what it is: it has no grade that could be missing. Empty for what is graded, or has a level. */
export function ungradedRole(o: { grade: { value: string }; level: unknown }, spec: Pick<ClassSpec, "role"> | undefined): string {
  return o.grade.value === "none" && !o.level && spec && spec.role !== "hazard" ? (ROLE_OF_CLASS[spec.role] ?? "") : "";
}
