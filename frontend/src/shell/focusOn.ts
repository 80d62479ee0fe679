/** After an act that took away what the keyboard was on: it goes on from there, and does not begin at the top again. */
import { nextTick } from "vue";

/** `after`: what has to be read before the place is there. Where the focus has gone elsewhere it stays; `from`: what it may be taken from. */
export async function focusOn(selector: string, after: Promise<unknown> = Promise.resolve(), from = "body, :disabled"): Promise<void> {
  await after;
  await nextTick();
  if (document.activeElement && !document.activeElement.matches(from)) return;
  document.querySelector<HTMLElement>(selector)?.focus({ preventScroll: true });
}
