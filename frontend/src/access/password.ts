/** Rules for passwords as the service has them, shown while one types; and one that keeps them. */
import { A } from "../words/access";
import type { Rules } from "./types";

// Without those that look alike on paper.
const UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ";
const LOWER = "abcdefghijkmnopqrstuvwxyz";
const DIGITS = "23456789";
const KINDS = [/\p{Lu}/u, /\p{Ll}/u, /\p{Nd}/u, /[^\p{Lu}\p{Ll}\p{Nd}]/u];

export interface Kept { words: string; ok: boolean | null }

/** Each rule and whether the password keeps it; null where only the service can tell. */
export function judge(password: string, username: string, rules: Rules): Kept[] {
  const length = [...password].length;
  const kinds = KINDS.filter((kind) => kind.test(password)).length;
  const out: Kept[] = [{ words: A.rule.length(rules.length, rules.most), ok: length >= rules.length && length <= rules.most }];
  if (rules.kinds > 1) out.push({ words: A.rule.kinds(rules.kinds, rules.long), ok: kinds >= rules.kinds || (rules.long > 0 && password.length >= rules.long) });
  out.push({ words: A.rule.name, ok: password !== "" && password.toLowerCase() !== username.trim().toLowerCase() });
  if (rules.history) out.push({ words: A.rule.history(rules.history), ok: null });
  return out;
}

export function fits(password: string, username: string, rules: Rules): boolean {
  return judge(password, username, rules).every((rule) => rule.ok !== false);
}

function pick(from: string): string {
  const most = 256 - (256 % from.length); // above it some letters would come more often
  const bytes = new Uint8Array(1);
  do crypto.getRandomValues(bytes);
  while ((bytes[0] ?? 0) >= most);
  return from[(bytes[0] ?? 0) % from.length] ?? "";
}

/** Four groups with hyphens, as it is read out or copied by hand. */
export function generate(rules: Rules): string {
  const size = Math.max(4, Math.ceil((rules.length - 3) / 4));
  for (;;) {
    const made = Array.from({ length: 4 }, () => Array.from({ length: size }, () => pick(UPPER + LOWER + DIGITS)).join("")).join("-");
    if (KINDS.every((kind) => kind.test(made))) return made;
  }
}
