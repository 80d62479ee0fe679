/** How a verdict looks: its symbol and its colour. Never one of the four colours of the risk grade, and never colour alone. */
import type { Verdict } from "./types";

export type Look = { icon: string; tone: string };
const LOOKS: Record<Verdict, Look> = {
  refuse_advised: { icon: "ui-close", tone: "--v-refuse" }, pre_licence: { icon: "ui-doc", tone: "--v-pre" }, rectify_first: { icon: "ui-edit", tone: "--v-rectify" },
  on_site_check: { icon: "ui-search", tone: "--v-check" }, commit_and_admit: { icon: "ui-check", tone: "--v-commit" }, admit: { icon: "ui-check", tone: "--v-admit" },
};
const PASSES: Look = { icon: "ui-check", tone: "--ink-3" };
const COUNTS_ONLY: Look = { icon: "ui-info", tone: "--ink-2" };

/** `none` is a rule that only counts or reminds; null what passes. */
export function lookOf(verdict: Verdict | "none" | null): Look {
  return verdict === null ? PASSES : verdict === "none" ? COUNTS_ONLY : LOOKS[verdict];
}
