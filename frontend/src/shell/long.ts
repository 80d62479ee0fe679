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

/** Where a field of one line has no room for all that comes at once (pasted, dropped, put in by another program), nothing of it is taken, and that is said; so it is where a key more is pressed: the browser would cut it without a word. One ear for all fields of all pages. */
export function tellOfCuts(): () => void {
  const tell = (event: Event, field: HTMLInputElement, given: string): void => {
    const cut = cutOf(given, field);
    if (!cut) return;
    event.preventDefault();
    const typed = [...given].length === 1;
    ElMessage({ type: "warning", message: typed ? W.notTyped(num(field.maxLength)) : W.notPasted(num(field.maxLength), num(cut)), grouping: true, duration: 6000 });
  };
  const paste = (event: ClipboardEvent): void => {
    if (event.target instanceof HTMLInputElement && !event.defaultPrevented) tell(event, event.target, (event.clipboardData?.getData("text/plain") ?? "").trim());
  };
  // What a paste has been refused for does not come here. What a keyboard composes may grow beyond the room, and cannot be
  // refused: it is measured when it is done.
  const put = (event: InputEvent): void => {
    if (event.target instanceof HTMLInputElement && !event.isComposing && event.inputType !== "insertFromPaste") tell(event, event.target, event.data ?? event.dataTransfer?.getData("text/plain") ?? "");
  };
  let before: Pick<HTMLInputElement, "value" | "maxLength" | "selectionStart" | "selectionEnd"> | null = null;
  const begun = ({ target }: Event): void => {
    before = target instanceof HTMLInputElement ? { value: target.value, maxLength: target.maxLength, selectionStart: target.selectionStart, selectionEnd: target.selectionEnd } : null;
  };
  const composed = (event: CompositionEvent): void => {
    const cut = before ? cutOf(event.data, before) : 0;
    if (before && cut) ElMessage({ type: "warning", message: W.cutShort(num(before.maxLength), num(cut)), grouping: true, duration: 6000 });
    before = null;
  };
  const ears = [["paste", paste], ["beforeinput", put], ["compositionstart", begun], ["compositionend", composed]] as readonly (readonly [string, (event: never) => void])[];
  for (const [kind, ear] of ears) document.addEventListener(kind, ear as EventListener);
  return () => { for (const [kind, ear] of ears) document.removeEventListener(kind, ear as EventListener); };
}
