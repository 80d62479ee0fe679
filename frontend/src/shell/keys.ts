/** Whether a key press is meant for the page and not for a field, a menu of the browser or an input method. */
export function forPage(event: KeyboardEvent): boolean {
  const { target } = event;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
  if (!(target instanceof HTMLElement)) return true;
  return !/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !target.isContentEditable && !target.closest("[role=dialog]");
}
