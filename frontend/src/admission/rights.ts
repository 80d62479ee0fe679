/** Who may ask a place: whoever is signed in above the public's tier, but the auditor. The service has the last word. */
import type { Account } from "../api/types";

export function mayAsk(account: Account | null): boolean {
  return account !== null && account.role !== "auditor" && account.tier !== "public";
}

/** Who may work on cases and send the daily file. */
export function mayHandle(account: Account | null): boolean {
  return mayAsk(account) && ["administrator", "editor"].includes(account?.role ?? "");
}
