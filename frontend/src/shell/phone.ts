/** Telephones as they are dialled. */

/** The part of a person's telephone that can be dialled: the first number in it, with its area code. */
export function dialled(phone: string | undefined): string | null {
  const found = /\+?[(]?\d[\d\- ()]{4,}/.exec((phone ?? "").normalize("NFKC"))?.[0].replace(/[^\d+]/g, "");
  return found && found.length >= 5 ? found : null;
}
/** What a link calls: the first number of several, without words beside it; also one as short as 110. */
export function callTo(phone: string): string {
  return `tel:${dialled(phone) ?? /\d{3,}/.exec(phone.normalize("NFKC"))?.[0] ?? phone}`;
}
