/** Texts that are longer than what takes them: never cut without a word. */
import { ElMessage } from "element-plus";
import { num, W } from "../words";

/** Characters beyond so many, as the service counts them: without blanks around, and each sign once. */
export function tooMuch(text: string | undefined, most: number): number {
  return Math.max(0, [...(text ?? "").trim()].length - most);
}

/** How many characters of a paste a field has no room for. */
export function cutOf(pasted: string, { value, maxLength, selectionStart, selectionEnd }: Pick<HTMLInputElement, "value" | "maxLength" | "selectionStart" | "selectionEnd">): number {
  if (maxLength < 0) return 0;
  const room = maxLength - (value.length - ((selectionEnd ?? 0) - (selectionStart ?? 0)));
  return Math.max(0, pasted.replace(/[\r\n]+/g, "").length - Math.max(0, room));
}

/** Where a field of one line has no room for all that is pasted, nothing is pasted, and that is said: the browser would cut it without a word. One ear for all fields of all pages. */
export function tellOfCuts(): () => void {
  const hear = (event: ClipboardEvent): void => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || event.defaultPrevented) return;
    const cut = cutOf((event.clipboardData?.getData("text/plain") ?? "").trim(), field);
    if (!cut) return;
    event.preventDefault();
    ElMessage({ type: "warning", message: W.notPasted(num(field.maxLength), num(cut)), grouping: true, duration: 6000 });
  };
  document.addEventListener("paste", hear);
  return () => document.removeEventListener("paste", hear);
}
