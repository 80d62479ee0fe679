/** Lists of a rule whose rows are chosen from a standard's own tables. All others are filled in column by column. */
import { type Component, defineAsyncComponent } from "vue";
import type { Row } from "../register/object/form";
import { covered } from "./substances";

export interface Chooser { component: Component; covered: (row: Row) => string[] }

const CHOOSERS: Record<string, Chooser> = {
  "gb18218.substances": { component: defineAsyncComponent(() => import("./SubstanceChooser.vue")), covered },
};

export function chooserOf(rule: string | null | undefined, field: string): Chooser | undefined {
  return rule ? CHOOSERS[`${rule}.${field}`] : undefined;
}
