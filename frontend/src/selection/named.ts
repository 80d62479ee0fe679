/** Selections that the account keeps by name, and those that others share. */
import { ref } from "vue";
import { getJson, send } from "../api/client";

export interface Named { id: number; title: string; link: string; shared: boolean; changed_at: string; by: string; mine: boolean }

export const kept = ref<Named[]>([]);

export async function refresh(): Promise<void> {
  kept.value = (await getJson<{ items: Named[] }>("/api/selections/named")).items;
}

export async function keep(title: string, link: string, shared: boolean): Promise<void> {
  await send("POST", "/api/selections/named", { title, link, shared });
  await refresh();
}

export async function change(id: number, what: Partial<Pick<Named, "title" | "link" | "shared">>): Promise<void> {
  await send("PATCH", `/api/selections/named/${id}`, what);
  await refresh();
}

export async function forget(id: number): Promise<void> {
  await send("DELETE", `/api/selections/named/${id}`);
  await refresh();
}
