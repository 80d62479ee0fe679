/** Who may see sets, make them, and decide on one. The service has the last word. */
import type { Account } from "../api/types";
import type { Act, ReportSet } from "./types";

export function maySee(account: Account | null): boolean {
  return account !== null && account.tier !== "public";
}

export function mayMake(account: Account | null): boolean {
  return maySee(account) && ["administrator", "editor"].includes(account?.role ?? "");
}

/** Whether nothing is hidden from it: what it makes has all. */
export function seesAll(account: Account | null): boolean {
  return account?.tier === "command" && ![account.areas, account.departments, account.classes].some((limit) => limit.length);
}

/** What this account may do with a set as it stands: nothing while it is being made. */
export function actsOf(one: ReportSet, account: Account | null): Act[] {
  if (!account || !maySee(account) || one.status === "queued" || one.status === "running") return [];
  const [makes, signs, own] = [mayMake(account), account.may.includes("sign"), one.made_by === account.username];
  const out: Act[] = [];
  if (makes) out.push("again");
  if (one.stage !== "withdrawn" && (signs || (own && one.stage === "draft"))) out.push("withdraw");
  if (one.stage === "reviewed" && (makes || signs)) out.push("return");
  if (one.status !== "done" || own) return out;
  if (one.stage === "draft" && makes) out.push("review");
  if (one.stage === "reviewed" && signs && one.reviewed_by !== account.username) out.push("sign");
  return out;
}
