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

/** Whether areas, departments or classes narrow what an account sees. */
export function isLimited(account: Account | null): boolean {
  return account !== null && [account.areas, account.departments, account.classes].some((limits) => limits.length > 0);
}

/** All share the one network of roads: who works for a part of the city does not replace it. */
export function mayLoad(account: Account | null): boolean {
  return mayWrite(account) && !isLimited(account);
}

/** A terrain is shared by all as well: who works for a part of the city takes out his own alone. */
export function mayRemove(account: Account | null, by: string): boolean {
  return mayWrite(account) && (!account?.areas.length || account.username === by);
}

/** The bureau's lists of acts, one for the whole city. */
export function mayKeepActs(account: Account | null): boolean {
  return mayWrite(account) && !account?.areas.length && (account?.role === "administrator" || mayDispatch(account));
}
