/** A form upon a newer version of what it was begun with: what was typed here stays, all else is as it is now. */

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** `form` as it stands, the `before` that it was begun with, what is so `now`; `both`: what is otherwise here and there. */
export function rebase<T extends object>(form: T, before: T, now: T): { form: T; both: (keyof T)[] } {
  const both: (keyof T)[] = [];
  const out = { ...form };
  for (const key of Object.keys(before) as (keyof T)[]) {
    if (same(form[key], before[key])) out[key] = now[key];
    else if (!same(before[key], now[key]) && !same(form[key], now[key])) both.push(key);
  }
  return { form: out, both };
}
