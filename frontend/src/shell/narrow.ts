/** Whether the page is too narrow for panels side by side. */
import { ref } from "vue";

const media = window.matchMedia("(max-width: 899px)");
/** Paper is narrow too, but is no phone: what is a table on the screen is one on paper. */
const paper = window.matchMedia("print");
export const narrow = ref(media.matches);
for (const one of [media, paper]) one.addEventListener("change", () => paper.matches || (narrow.value = media.matches));

/** Whether three columns leave little to the middle one. */
const closeMedia = window.matchMedia("(max-width: 1439px)");
export const close = ref(closeMedia.matches);
closeMedia.addEventListener("change", () => (close.value = closeMedia.matches));

export const reducedMotion = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
