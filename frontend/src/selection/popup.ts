/** A small panel that hangs on its button: a click beside it or Escape closes it, and the focus goes back. */
import { onBeforeUnmount, type Ref, ref, watch } from "vue";

export function usePopup(): { open: Ref<boolean>; button: Ref<HTMLButtonElement | null> } {
  const open = ref(false);
  const button = ref<HTMLButtonElement | null>(null);
  const outside = (event: Event): void => {
    if (event.target instanceof Node && !button.value?.parentElement?.contains(event.target)) open.value = false;
  };
  const key = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.stopImmediatePropagation();
    event.preventDefault();
    open.value = false;
    button.value?.focus();
  };
  const listen = (on: boolean): void => {
    const act = on ? window.addEventListener : window.removeEventListener;
    act("pointerdown", outside, true);
    act("keydown", key as EventListener, true);
  };
  watch(open, listen);
  onBeforeUnmount(() => listen(false));
  return { open, button };
}
