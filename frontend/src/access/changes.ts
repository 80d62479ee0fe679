/** An entry of the trail as differences that one can read. */
import { GRADE_WORD, QUALITY_WORD, ROLE_WORD, STAGE_WORD, TIER_WORD, VISIBILITY_WORD } from "../words";
import { A, FIELD_WORD, MAY_WORD } from "../words/access";
import { rightsWords } from "./rights";
import type { Entry } from "./types";

export interface Change { title: string; from: string; to: string }
export interface Titles { field: (name: string, class_: string) => string | undefined; area: (code: string) => string; class: (code: string) => string }

const TIERS = ["public", "department", "command"];
const MOST = 200; // characters of a value; the export has them all

function one(name: string, value: unknown, titles: Titles): string {
  if (value === null || value === undefined || value === "") return A.empty;
  if (typeof value === "boolean") return value ? A.true : A.false;
  if (Array.isArray(value)) return value.length ? value.map((v) => one(name, v, titles)).join("、") : A.empty;
  if (typeof value === "object") return JSON.stringify(value).slice(0, MOST);
  const text = String(value);
  switch (name) {
    case "role": return ROLE_WORD[text] ?? text;
    case "tier": return TIER_WORD[text] ?? text;
    case "visibility": return VISIBILITY_WORD[TIERS[Number(text)] ?? text] ?? text;
    case "stage": return STAGE_WORD[text] ?? text;
    case "grade": return (GRADE_WORD as Record<string, string>)[text] ?? text;
    case "position_quality": return QUALITY_WORD[text] ?? text;
    case "may": return MAY_WORD[text] ?? text;
    case "areas": case "division": return titles.area(text);
    case "classes": case "class": return titles.class(text);
    default: return text.length > MOST ? `${text.slice(0, MOST)}……` : text;
  }
}

/** Attributes of an object stand beside its other fields. */
function flat(value: Record<string, unknown> | null): Map<string, unknown> {
  const out = new Map<string, unknown>();
  for (const [name, v] of Object.entries(value ?? {})) {
    if (name === "attributes" && v !== null && typeof v === "object") for (const [k, inner] of Object.entries(v)) out.set(`attributes.${k}`, inner);
    else out.set(name, v);
  }
  return out;
}

/** What is the same before and after is left out; what was never filled in too. */
export function changesOf(entry: Entry, titles: Titles): Change[] {
  const before = flat(entry.before);
  const after = flat(entry.after);
  const class_ = String(after.get("class") ?? before.get("class") ?? "");
  const both = entry.before !== null && entry.after !== null && entry.action !== "end";
  const out: Change[] = [];
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(name), after.get(name)];
    if (both ? JSON.stringify(was ?? null) === JSON.stringify(is ?? null) : [was, is].every((v) => v === null || v === undefined || v === "" || (Array.isArray(v) && !v.length))) continue;
    const field = name.replace(/^attributes\./, "");
    const title = (name === field ? undefined : titles.field(field, class_)) ?? FIELD_WORD[field] ?? field;
    out.push({ title, from: before.has(name) ? one(field, was, titles) : "", to: after.has(name) ? one(field, is, titles) : "" });
  }
  return out;
}

/** What an import came to, as one says it; nothing where the entry does not tell. */
function importInShort({ kind, action, after }: Entry, titles: Titles): string {
  if (kind !== "import" || !after) return "";
  const n = (name: string): number => Number(after[name] ?? 0);
  const title = titles.class(String(after.class ?? ""));
  if (action === "write" || action === "import") return A.imported(title, String(after.file ?? ""), n("added"), n("changed"), n("waiting"), n("back"));
  if (action === "undo") return A.undone(n("ended"), n("restored"), n("left"));
  return action === "queue" ? A.queued(title, after.dry_run === true) : "";
}

/** The differences in a few words, for a row of the table. */
export function inShort(entry: Entry, titles: Titles): string {
  const imported = importInShort(entry, titles);
  if (imported) return imported;
  const changes = changesOf(entry, titles);
  const [first] = changes;
  if (!first) return "";
  const made = entry.kind === "account" && !entry.before ? entry.after : null;
  if (typeof made?.role === "string" && typeof made.tier === "string") {
    const list = (name: string): string[] => (Array.isArray(made[name]) ? made[name].map(String) : []);
    return rightsWords({ role: made.role, tier: made.tier, areas: list("areas"), departments: list("departments"), classes: list("classes"), may: list("may") }, titles);
  }
  if (changes.length === 1) return `${first.title}：${entry.before && entry.after ? `${first.from} → ${first.to}` : first.to || first.from}`;
  const name = entry.after?.name ?? entry.before?.name ?? entry.after?.what;
  if (typeof name === "string" && name && !(entry.before && entry.after)) return name;
  const shown = changes.slice(0, 3).map((c) => c.title).join("、");
  return changes.length > 3 ? A.nFields(shown, changes.length) : shown;
}
