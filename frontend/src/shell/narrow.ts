/** Whether the page is too narrow for panels side by side. */
import { ref } from "vue";

const media = window.matchMedia("(max-width: 899px)");
export const narrow = ref(media.matches);
media.addEventListener("change", () => (narrow.value = media.matches));

export const reducedMotion = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
