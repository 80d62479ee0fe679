/** Limits on the fields of the one chosen class: as a link carries them, and as the service takes them (CQL2). */

export type FieldLimit = { field: string } & (
  | { kind: "number" | "date"; from: string; to: string } // "" leaves that end open
  | { kind: "enum"; values: string[] }
  | { kind: "boolean"; value: boolean }
  | { kind: "text"; text: string }
);

const NUMBER = /^-?\d{1,15}(\.\d{1,9})?$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const MOST_TEXT = 60;
export const MOST_FIELDS = 20;
const FIELD = /^[A-Za-z][A-Za-z0-9_]{0,40}$/;
const LETTER = { number: "n", date: "d", enum: "e", boolean: "b", text: "t" } as const;

export function isNumber(text: string): boolean {
  return NUMBER.test(text) && text.replace(/\D/g, "").replace(/^0+/, "").length <= 15; // more, and a double would round it
}

/** Whether it limits anything. */
export function limits(limit: FieldLimit): boolean {
  switch (limit.kind) {
    case "number": case "date": return limit.from !== "" || limit.to !== "";
    case "enum": return limit.values.length > 0;
    case "boolean": return true;
    case "text": return limit.text.trim() !== "";
  }
}

/** What stands behind the field's name in a link. */
export function fieldToText(limit: FieldLimit): string {
  const letter = LETTER[limit.kind];
  switch (limit.kind) {
    case "number": case "date": return `${letter}${limit.from}..${limit.to}`;
    case "enum": return letter + limit.values.map(encodeURIComponent).join("|");
    case "boolean": return letter + (limit.value ? "1" : "0");
    case "text": return letter + limit.text.trim();
  }
}

export function fieldFromText(field: string, text: string): FieldLimit | null {
  if (!FIELD.test(field)) return null;
  const rest = text.slice(1);
  const kind = (Object.keys(LETTER) as (keyof typeof LETTER)[]).find((k) => LETTER[k] === text[0]);
  switch (kind) {
    case "number": case "date": {
      const [from = "", to = "", more] = rest.split("..");
      const legal = (end: string): boolean => end === "" || (kind === "number" ? isNumber(end) : DATE.test(end));
      return more === undefined && legal(from) && legal(to) && (from || to) ? { field, kind, from, to } : null;
    }
    case "enum": {
      try {
        const values = rest.split("|").map(decodeURIComponent).filter((v) => v && v.length <= MOST_TEXT).slice(0, 50);
        return values.length ? { field, kind, values } : null;
      } catch {
        return null;
      }
    }
    case "boolean": return rest === "1" || rest === "0" ? { field, kind, value: rest === "1" } : null;
    case "text": return rest.trim() && rest.length <= MOST_TEXT ? { field, kind, text: rest.trim() } : null;
    default: return null;
  }
}

function quoted(text: string): string {
  return `'${text.replace(/'/g, "''")}'`;
}

function condition(limit: FieldLimit): string {
  const { field } = limit;
  switch (limit.kind) {
    case "number": case "date": {
      const value = limit.kind === "number" ? (v: string) => v : quoted;
      return [limit.from && `${field} >= ${value(limit.from)}`, limit.to && `${field} <= ${value(limit.to)}`].filter(Boolean).join(" AND ");
    }
    case "enum": return `${field} IN (${limit.values.map(quoted).join(", ")})`;
    case "boolean": return `${field} = ${limit.value ? "TRUE" : "FALSE"}`;
    case "text": return `${field} LIKE ${quoted(`%${limit.text.trim().replace(/[\\%_]/g, "\\$&")}%`)}`;
  }
}

/** CQL2 text of all of them, or "". */
export function whereOf(all: readonly FieldLimit[]): string {
  return all.filter(limits).map(condition).join(" AND ");
}
