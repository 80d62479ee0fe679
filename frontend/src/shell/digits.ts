/** Numbers as a Chinese keyboard types them: １２ is 12, ０．５ is 0.5. */

const FULL: Readonly<Record<string, string>> = { "．": ".", "－": "-", "＋": "+", "\u3000": " " };
/** What is typed in full width as the plain signs that a number is read from; each sign stays one sign. */
export function halfWidth(text: string): string {
  return text.replace(/[０-９．－＋\u3000]/g, (c) => FULL[c] ?? String.fromCharCode(c.charCodeAt(0) - 0xfee0));
}

/** Fields for numbers, as they say of themselves. */
const NUMBERS = "input[inputmode=numeric], input[inputmode=decimal], input[inputmode=tel], input[data-number]";

/** One ear for all fields of all pages: in a field for a number the full-width signs become plain ones before anybody reads them;
 * while a keyboard composes nothing is touched. */
export function readFullWidth(): () => void {
  const hear = (event: Event): void => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || (event as InputEvent).isComposing || !field.matches(NUMBERS)) return;
    const half = halfWidth(field.value);
    if (half === field.value) return;
    const [from, to] = [field.selectionStart, field.selectionEnd];
    field.value = half;
    field.setSelectionRange(from, to);
  };
  // Before the field's own listeners: these take what then stands in it.
  const kinds = ["input", "compositionend", "change"] as const;
  for (const kind of kinds) document.addEventListener(kind, hear, true);
  return () => { for (const kind of kinds) document.removeEventListener(kind, hear, true); };
}
