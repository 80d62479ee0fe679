/** The columns of a list that is handed in, in the bureau's order. */

export interface Column { name: string; title: string; unit: string | null; read: string; hidden: boolean; public: boolean }
export interface Layout { list: string; title: string; columns: Column[]; shipped: boolean; changed_at: string | null; changed_by: string | null }

/** The one at `from` at `to` instead; the same order where there is no such place. */
export function moved<T>(columns: readonly T[], from: number, to: number): T[] {
  const out = [...columns];
  if (to < 0 || to >= out.length) return out;
  out.splice(to, 0, ...out.splice(from, 1));
  return out;
}

export function sameOrder(one: readonly Pick<Column, "name" | "hidden">[], other: readonly Pick<Column, "name" | "hidden">[]): boolean {
  return one.length === other.length && one.every((c, i) => c.name === other[i]?.name && c.hidden === other[i]?.hidden);
}
