/** Typed work that nobody has saved yet: kept in this window for the one who typed it, until he saves it or gives it up. */
import type { Draft } from "./form";

export interface Kept { base: Draft; draft: Draft; state: number; at: string }

const PREFIX = "riskmap.typed.";

function key(user: string, what: string): string {
  return `${PREFIX}${user}.${what}`;
}

/** False where the browser keeps nothing. */
export function keep(user: string, what: string, kept: Kept): boolean {
  try {
    sessionStorage.setItem(key(user, what), JSON.stringify(kept));
    return true;
  } catch {
    return false;
  }
}

export function kept(user: string, what: string): Kept | null {
  try {
    const found = JSON.parse(sessionStorage.getItem(key(user, what)) ?? "null") as Partial<Kept> | null;
    return found?.base?.attributes && found.draft?.attributes ? (found as Kept) : null;
  } catch {
    return null;
  }
}

export function forget(user: string, what: string): void {
  try {
    sessionStorage.removeItem(key(user, what));
  } catch {
    // Nothing was kept.
  }
}
