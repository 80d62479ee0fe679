/** What to do with an error, wherever it came from. */
import { isAbort, Problem } from "../api/client";
import { W } from "../words";
import { store } from "./state";

let expired: () => void = () => undefined;
/** Who is told when the service no longer knows the session. */
export function whenExpired(tell: () => void): void {
  expired = tell;
}

export function askToChange(username: string, why: string): void {
  store.mustChange = { username, why };
  store.signIn = "change";
}

/** Why something could not be read, for a sentence where it would stand. */
export function whyOf(error: unknown): string {
  return error instanceof Problem ? error.detail : W.readFailed;
}

export function complain(error: unknown): void {
  if (isAbort(error)) return;
  if (!(error instanceof Problem)) {
    console.error(error);
    store.error = W.fault;
  } else if (error.status === 0) store.online = false;
  else if (error.status === 401 && store.account) expired();
  else if (error.code === "password_expired") askToChange(store.account?.username ?? store.mustChange?.username ?? "", "expired");
  else store.error = error.detail;
}
