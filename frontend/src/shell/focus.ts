/** Where the focus goes when what had it is gone: never to the page as a whole, from where a keyboard begins anew. */

/** What the page is about: the map, else the page's title. */
export function focusPage(): void {
  const target = document.querySelector<HTMLElement>(".mid > .map .canvas") ?? document.querySelector<HTMLElement>("main h1") ?? document.querySelector<HTMLElement>("main");
  if (!target) return;
  if (!target.hasAttribute("tabindex")) target.tabIndex = -1; // takes the focus only when it is sent there, and is no stop of its own
  target.focus({ preventScroll: true });
}

export function nothingFocused(): boolean {
  return !document.activeElement || document.activeElement === document.body;
}

/** A way back to what has the focus now; a table's row is found again by its object, also after its rows came anew. */
export function wayBack(): (alsoRow: number | null) => void {
  const from = document.activeElement;
  const row = from?.closest<HTMLElement>("[data-id]")?.dataset.id;
  return (alsoRow) => {
    const rowOf = (id: string | number | null | undefined): HTMLElement | null => (id == null ? null : document.querySelector<HTMLElement>(`.tbl [data-id="${id}"] :is(.name, button)`));
    const there = from instanceof HTMLElement && from !== document.body && from.isConnected ? from : (rowOf(row) ?? rowOf(alsoRow));
    if (there) there.focus();
    if (nothingFocused()) focusPage();
  };
}
