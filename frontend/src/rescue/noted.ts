/** What is typed for the log and not sent yet: of the night and of the exercise apart, so that neither gets into the other. */
import { reactive } from "vue";
import { type LogKind, OWN_KIND } from "../words/rescueCodes";

const empty = (): { kind: LogKind; what: string } => ({ kind: OWN_KIND, what: "" });
const noted = reactive({ night: empty(), exercise: empty() });
let by = "";

/** What is typed on this side. */
export const notedIn = (exercise: boolean): { kind: LogKind; what: string } => noted[exercise ? "exercise" : "night"];

/** Who types; what another account has typed is none of his. */
export function notedBy(user: string): void {
  if (user !== by) Object.assign(noted, { night: empty(), exercise: empty() });
  by = user;
}
