/** Days of a year that are not as the week says, and what follows for a term in working days. */
export interface Holiday { day: string; works: boolean; title: string }
export interface Year { year: number; items: Holiday[]; years: number[]; due_days: number }
export type Marks = Map<string, Holiday>;

export const iso = (date: Date): string => date.toISOString().slice(0, 10);
export const utc = (year: number, month: number, day: number): Date => new Date(Date.UTC(year, month, day));
/** 0 is Monday. */
export const weekday = (date: Date): number => (date.getUTCDay() + 6) % 7;
export const next = (date: Date, days: number): Date => new Date(date.getTime() + days * 86_400_000);

export function works(date: Date, marks: Marks): boolean {
  return marks.get(iso(date))?.works ?? weekday(date) < 5;
}
/** The n-th working day after a day. */
export function after(day: Date, n: number, marks: Marks): Date {
  for (let left = n; left > 0; ) {
    day = next(day, 1);
    if (works(day, marks)) left--;
  }
  return day;
}
/** What a click makes of a day: a weekday is off or plain, a weekend day worked, off by name, or plain. */
export function turned(date: Date, now: Holiday | undefined, title: string): Holiday | null {
  const day = iso(date);
  const weekend = weekday(date) >= 5;
  if (!now) return { day, works: weekend, title };
  return weekend && now.works ? { day, works: false, title } : null;
}
export const sorted = (marks: Iterable<Holiday>): Holiday[] => [...marks].sort((a, b) => (a.day < b.day ? -1 : 1));
