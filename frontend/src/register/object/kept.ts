/** Typed work that nobody has saved yet: kept in this window for the one who typed it, until he saves it or gives it up. */
import type { Draft } from "./form";

export interface Kept { base: Draft; draft: Draft; state: number; at: string }

const PREFIX = "riskmap.typed.";

function key(user: string, what: string): string {
  return `${PREFIX}${user}.${what}`;
}

/** False where the browser keeps nothing. */
export function keep(user: string, what: string, value: unknown): boolean {
  try {
    sessionStorage.setItem(key(user, what), JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export function found(user: string, what: string): unknown {
  try {
    return JSON.parse(sessionStorage.getItem(key(user, what)) ?? "null");
  } catch {
    return null;
  }
}

/** A form's work. */
export function kept(user: string, what: string): Kept | null {
  const work = found(user, what) as Partial<Kept> | null;
  return work?.base?.attributes && work.draft?.attributes ? (work as Kept) : null;
}

export function forget(user: string, what: string): void {
  try {
    sessionStorage.removeItem(key(user, what));
  } catch {
    // Nothing was kept.
  }
}
