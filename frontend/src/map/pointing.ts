/** What the pointer or the keyboard is at, in words: an object, a cluster, a hexagon. */
import { computed, onBeforeUnmount, shallowRef, watch } from "vue";
import { getJson } from "../api/client";
import type { Detail } from "../api/types";
import { namedPlace, weighed } from "../register/cells";
import { OFF_SCALE } from "../selection/figures";
import { classes, shownScale, store } from "../selection/state";
import { byGradeWords, type Grade, GRADE_WORD, GRADES, num, W } from "../words";
import { besideWord } from "../words/table";
import { scaleLook } from "./levels";
import type { Pointed } from "./RiskMap";

export interface Tip { style: { left: string; top: string }; grade: Grade | null; title: string; text: string; hint: string }

export function usePointing() {
  const pointed = shallowRef<Pointed | null>(null);
  const names = new Map<number, string>();
  let asking = 0;
  let question: AbortController | null = null;
  let nameless: Pointed | null = null; // what is pointed at, where the picture has no name of it

  /** Far zooms carry no names: the one under the pointer is asked for when it rests there. */
  function nameOf(p: Pointed): void {
    clearTimeout(asking);
    question?.abort();
    const { id } = p;
    if (id === null || p.name || names.has(id)) return;
    const row = store.rows.find((r) => r.id === id);
    if (row) {
      names.set(id, row.name);
      return;
    }
    const mine = (question = new AbortController());
    asking = window.setTimeout(() => {
      const { asOf } = store.chosen;
      getJson<Detail>(`/api/objects/${id}${asOf ? `?as_of=${encodeURIComponent(asOf)}` : ""}`, mine.signal).then((detail) => {
        names.set(id, detail.name);
        if (pointed.value?.id === id) pointed.value = { ...pointed.value, name: detail.name };
      }, () => undefined);
    }, 200);
  }
  // A name is one of its moment and of who may read it. What is rested upon meanwhile is asked for anew.
  watch([() => store.state, () => store.rights, () => store.chosen.asOf], () => {
    names.clear();
    clearTimeout(asking);
    question?.abort();
    if (nameless) nameOf(nameless);
  });
  function point(p: Pointed | null): void {
    nameless = p && !p.name ? p : null;
    if (p?.id && !p.name) p = { ...p, name: names.get(p.id) ?? store.rows.find((r) => r.id === p?.id)?.name ?? "" };
    if (p?.id !== pointed.value?.id && p) nameOf(p);
    pointed.value = p;
    const id = p?.id ?? null;
    if (store.hover !== id) store.hover = id;
  }
  function levelTitle(value: string): string {
    return besideWord(value, shownScale.value?.outside?.title) ?? value;
  }
  /** A cluster's parts, by what the picture is coloured by. */
  function partWords(cluster: { by: readonly number[]; parts: readonly number[] }): string {
    const scale = shownScale.value;
    if (!scale) return byGradeWords(cluster.by);
    const titles = scaleLook(scale, new Set()).looks.map((l) => levelTitle(l.value));
    return cluster.parts.flatMap((n, i) => (n ? [`${titles[i] ?? ""} ${num(n)}`] : [])).join("、");
  }
  function lookWords(p: Pointed): string {
    return p.look && shownScale.value && p.look.value !== OFF_SCALE ? `${shownScale.value.title} ${levelTitle(p.look.value)}` : "";
  }
  const tip = computed<Tip | null>(() => {
    const p = pointed.value;
    if (!p) return null;
    const style = { left: `${p.x}px`, top: `${p.y}px` };
    if (p.cluster) return { style, grade: null, title: W.places(p.cluster.n), text: partWords(p.cluster), hint: W.clusterHint };
    if (p.cell) return { style, grade: null, title: [namedPlace(p.cell), W.cellWords(p.cell.n, p.cell.few, weighed.value ? p.cell.weighted : null)].filter(Boolean).join(" "), text: byGradeWords(GRADES.map((g) => p.cell?.by_grade[g] ?? 0)), hint: "" };
    const spec = classes.value.get(p.cls);
    const grade = GRADES[p.grade] ?? "none";
    const graded = spec?.role === "hazard" || grade !== "none";
    return { style, grade: graded ? grade : null, title: p.name || spec?.title || "", text: [p.name ? spec?.title : "", graded ? GRADE_WORD[grade] : "", lookWords(p), p.over ? W.over : ""].filter(Boolean).join(" · "), hint: "" };
  });
  onBeforeUnmount(() => {
    clearTimeout(asking);
    question?.abort();
  });

  return { pointed, tip, point };
}
