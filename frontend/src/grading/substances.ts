/** Tables 1 to 4 of GB 18218, as a form chooses from them; asked for when such a form is first opened. */
import { shallowRef } from "vue";
import { getJson } from "../api/client";
import type { Row } from "../register/object/form";
import type { Choice } from "../register/object/PickOne.vue";
import { G } from "../words/grading";

export interface Tables {
  edition: string;
  table1: { no: string; name: string; alias: string; cas: string; q_t: string }[];
  table2: { symbol: string; group: string; category: string; description: string; q_t: string }[];
  table3: { gas: string; cas: string; beta: string; row: string; part: string }[];
  table4: { symbol: string; category: string; beta: string }[];
}
export const tables = shallowRef<Tables | null>(null);
export const unread = shallowRef(false);
let asked: Promise<void> | null = null;

export function loadTables(): Promise<void> {
  asked ??= getJson<Tables>("/api/standards/gb18218").then((found) => {
    tables.value = found;
    unread.value = false;
  }).catch(() => {
    asked = null; // the next form asks again
    unread.value = true;
  });
  return asked;
}

const MOST = 30;
const folded = (text: string): string => text.normalize("NFKC").toLowerCase();

/** By number, CAS number, name, alias or category. One CAS number stands in several rows of table 1: all are offered. */
export function substancesLike(found: Tables, text: string): Choice[] {
  const q = folded(text.trim());
  // What is meant exactly comes first, then what begins so, then what has it somewhere.
  const weight = (exact: readonly string[], within: readonly string[]): number => {
    if (exact.some((word) => word && folded(word) === q)) return 0;
    if ([...exact, ...within].some((word) => word && folded(word).startsWith(q))) return 1;
    return within.some((word) => folded(word).includes(q)) ? 2 : 3;
  };
  const listed = found.table1.map((r) => {
    const names = [r.name, ...r.alias.split(";")];
    return { at: weight([r.no, r.cas, ...names], names), choice: { key: `1.${r.no}`, title: [r.name, r.alias && `（${r.alias.replaceAll(";", "、")}）`].join(""), note: [G.inTable1(r.no), r.cas, G.threshold(r.q_t)].filter(Boolean).join(" · ") } };
  });
  const kinds = found.table2.map((r) => ({ at: weight([r.symbol, r.category], [r.category, r.description]), choice: { key: `2.${r.symbol}`, title: `${r.symbol} ${r.category}，${r.description}`, note: `${G.inTable2("")}· ${G.threshold(r.q_t)}` } }));
  return [...listed, ...kinds].filter((f) => f.at < 3).sort((a, b) => a.at - b.at).slice(0, MOST).map((f) => f.choice);
}

/** A row of the form as it is chosen; what another choice had filled in is taken away. */
export function filledWith(found: Tables, key: string, row: Row): Row {
  const [table, ...rest] = key.split(".");
  const word = rest.join(".");
  const bare = { ...row, table: "", no: "", symbol: "", cas: "", gas: "", beta_symbol: "" };
  if (table === "1") {
    const r = found.table1.find((one) => one.no === word);
    return { ...bare, table: "1", no: word, name: r?.name ?? "", cas: r?.cas ?? "", gas: found.table3.find((g) => g.row === word && g.part === "yes")?.gas ?? "" };
  }
  // Its name was of the row of table 1; of a category it is the officer's own.
  return { ...bare, ...(row.table === "1" ? { name: "" } : {}), ...(table === "2" ? { table: "2", symbol: word } : {}) };
}

export interface Standing { choice: Choice | null; gas: string; gases: { gas: string; beta: string }[]; byCategory: boolean }

/** What a row of the form says now. */
export function standing(found: Tables, row: Row): Standing {
  const listed = row.table === "1" ? found.table1.find((r) => r.no === row.no) : undefined;
  if (listed) {
    const whole = found.table3.find((g) => g.row === listed.no && g.part === "no");
    const gases = found.table3.filter((g) => g.row === listed.no && g.part === "yes");
    const named = gases.find((g) => g.gas === row.gas);
    const gas = whole ?? named;
    const note = [G.inTable1(listed.no), G.threshold(listed.q_t), gas ? `${G.beta(gas.beta)}（${G.gasOf(gas.gas)}）` : G.byCategory].join(" · ");
    return { choice: { key: `1.${listed.no}`, title: listed.name, note }, gas: named?.gas ?? "", gases, byCategory: !gas };
  }
  const first = row.table === "2" ? found.table2.find((r) => r.symbol === (row.symbol ?? "").split(/[^\w.]+/)[0]) : undefined;
  const beta = first && found.table4.find((r) => r.symbol === first.symbol)?.beta;
  const choice = first ? { key: `2.${first.symbol}`, title: `${first.category}，${first.description}`, note: [G.inTable2(first.symbol), G.threshold(first.q_t), beta && G.beta(beta)].filter(Boolean).join(" · ") } : null;
  return { choice, gas: "", gases: [], byCategory: false };
}

/** Columns of a row that the chooser fills in or asks for itself. */
export function covered(row: Row): string[] {
  if (!tables.value) return [];
  const always = ["table", "no", "cas", "gas", "beta_symbol"];
  return row.table === "2" ? always : [...always, "symbol", "name"];
}
