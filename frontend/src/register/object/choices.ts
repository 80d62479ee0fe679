/** What one can choose from by typing: divisions of the territory, and other objects. */
import { getJson } from "../../api/client";
import type { Page } from "../../api/types";
import { classes, placeName, store } from "../../selection/store";
import type { Choice } from "./PickOne.vue";

export function divisionsLike(text: string): Choice[] {
  return store.divisions.filter((d) => d.name.includes(text) || d.code.startsWith(text) || placeName(d.code).replace(/\s/g, "").includes(text.replace(/\s/g, ""))).slice(0, 12).map((d) => ({ key: d.code, title: placeName(d.code), note: d.code }));
}

/** `only` narrows by parameters of the list; an object is no choice for itself. */
export async function objectsLike(only: string, text: string, self: number | null, signal: AbortSignal): Promise<Choice[]> {
  const page = await getJson<Page>(`/api/objects?q=${encodeURIComponent(text)}&limit=8${only}`, signal);
  return page.items.filter((i) => i.id !== self).map((i) => ({ key: String(i.id), title: i.name, note: [classes.value.get(i.class)?.title, i.code].filter(Boolean).join(" · ") }));
}
