/** Who may read the night, enter what is known, decide. The service has the last word. */
import type { Account } from "../api/types";

export function mayRead(account: Account | null): boolean {
  return account !== null && account.tier !== "public";
}

export function mayWrite(account: Account | null): boolean {
  return mayRead(account) && ["administrator", "editor"].includes(account?.role ?? "");
}

/** Response level and warnings. */
export function mayDispatch(account: Account | null): boolean {
  return mayWrite(account) && (account?.may.includes("dispatch") ?? false);
}
