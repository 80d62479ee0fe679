/** What is done with orders in more than one place: a mark after a call, and the sheets. */
import { ElMessage } from "element-plus";
import { onBeforeUnmount, ref } from "vue";
import { isAbort, send } from "../../api/client";
import { download } from "../../api/download";
import { complain } from "../../selection/store";
import type { useAct } from "../../shell/act";
import { RD } from "../../words/rescueDispatch";
import { asked } from "../night";
import { dispatch } from "./dispatch";
import type { Mark, Order } from "./types";

/** Told by telephone: what the team did, when, and with which words. What was read before is to be read again. */
export async function markOrder(run: ReturnType<typeof useAct>["run"], id: number, what: string, more: { note: string; at?: string | null } = { note: "" }): Promise<Order | undefined> {
  const done = await run(() => send<Order>("POST", `/api/rescue/orders/${id}/marks`, { what, how: "call", ...more }));
  if (!done) return undefined;
  ElMessage({ type: "success", message: RD.marked(RD.marks[what] ?? what), grouping: true });
  return done;
}

/** Whom a 完成 was the last of that were sent: the incident is to be ended, or told anew. After all has been read again. */
export function askWhatNext(incident: number): void {
  if (dispatch.incidents?.some((i) => i.id === incident && i.waits)) ElMessage({ type: "warning", message: RD.finishedToast(incident), grouping: true, duration: 8000, showClose: true });
}

/** A mark that was wrong counts no more; `instead`: what it should have been. */
export async function correctMark(run: ReturnType<typeof useAct>["run"], id: number, mark: Mark, reason: string, instead: string | null, last: number | null): Promise<Order | null> {
  const done = await run(() => send<Order>("POST", `/api/rescue/orders/${id}/marks/${mark.id}/correct`, { reason, instead, last }));
  if (done) ElMessage({ type: "success", message: RD.corrected(mark.what_title), grouping: true });
  return done ?? null;
}

export function useSheets() {
  const running = new AbortController();
  onBeforeUnmount(() => running.abort());
  const printing = ref(false);
  async function print(orders: readonly Pick<Order, "id">[]): Promise<void> {
    printing.value = true;
    try {
      await download(`/api/rescue/orders.pdf?${orders.map((o) => `order=${o.id}`).join("&")}&${asked()}`, `${RD.orders}.pdf`, running.signal, () => undefined, RD.broken);
    } catch (error) {
      if (!isAbort(error)) complain(error);
    } finally {
      printing.value = false;
    }
  }
  return { printing, print };
}
