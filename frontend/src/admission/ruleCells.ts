/** A cell of a table of rules in an officer's words. */
import { classes, placeName } from "../selection/store";
import { W } from "../words";
import { sureWord } from "../words/admission";
import { columnOf, SIZE_WORD, U } from "../words/admissionRules";
import type { Row } from "./rulesDraft";

const parts = (text: string): string[] => text.split(";").map((w) => w.trim()).filter(Boolean);

export function cellWords(table: string, column: string, row: Row, tags: ReadonlyMap<string, string>): string {
  const value = row[column] ?? "";
  const spec = columnOf(table, column);
  if (column === "by" && !value) return ""; // a fixed number says so by itself
  if (!value || !spec) return value;
  if (column === "tag") return sureWord(row.edition ?? "", value);
  const titles = (list: readonly string[], of: (code: string) => string): string => list.map(of).join("、");
  switch (spec.kind) {
    case "choice": return spec.choices?.[value] ?? value;
    case "metres": return U.metresOf(value, spec.unit ?? "m");
    case "yes": return value === "yes" ? W.yes : W.no;
    case "who": return value === "*" ? U.any : titles(parts(value), (t) => tags.get(t) ?? t);
    case "tags": return titles(parts(value), (t) => tags.get(t) ?? t);
    case "classes": return titles(parts(value), (c) => classes.value.get(c)?.title ?? c);
    case "words": return parts(value).join("、");
    case "region": return placeName(value);
    case "place": {
      const [relation, tag = ""] = value.split(":");
      return (relation === "in" ? U.inTag : U.outTag)(tags.get(tag) ?? tag);
    }
    case "scale": return titles(parts(value), (one) => {
      const found = /^([a-z0-9_]+)(>=|<=|>|<)(.*)$/.exec(one);
      return found ? U.limit(SIZE_WORD[found[1] ?? ""] ?? one, found[2] ?? "", found[3] ?? "") : one;
    });
    default: return value;
  }
}
