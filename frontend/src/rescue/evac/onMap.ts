/** Brings the evacuations that run to their layer on the map. */
import { computed, watch } from "vue";
import { RE } from "../../words/rescuePeople";
import { past } from "../night";
import { opened, people, running } from "./people";
import { type Going, PeopleLayer, type ShelterSign, type VillageSign } from "./PeopleLayer";

/** `chose`: a village was pressed; false where the page wants the place and not the village. The layer is what the map gets. */
export function usePeopleLayer(chose: (evacuation: number, village: number) => boolean) {
  const layer = new PeopleLayer((village) => {
    const of = running.value.find((e) => people.whole[e.id]?.villages.some((v) => v.id === village));
    return of !== undefined && chose(of.id, village);
  });
  const placed = computed(() => new Map(Object.values(people.places).flat().flatMap((p) => (p.at ? [[p.village, p.at] as const] : []))));
  const villages = computed<VillageSign[]>(() => running.value.flatMap((e) => people.whole[e.id]?.villages ?? []).flatMap((v) => {
    const at = placed.value.get(v.id);
    return at ? [{ id: v.id, name: v.name, at, left: v.left, said: v.left ? RE.mapLeft(v.left) : RE.mapDone, chosen: v.id === people.village }] : [];
  }));
  const sent = computed(() => new Set((opened.value?.villages ?? []).flatMap((v) => v.assigned.map((a) => a.shelter))));
  const shelters = computed<ShelterSign[]>(() => (people.shelters?.items ?? []).flatMap((s) => {
    if (s.id === null || !s.at || s.name === null) return [];
    const used = sent.value.has(s.id) || (s.occupied ?? 0) > 0;
    // What is free is known of now alone: of a minute that is looked back at, where the plan of then sent people.
    if (past.value) return sent.value.has(s.id) ? [{ id: s.id, name: s.name, at: s.at, usable: true, said: "", weight: 3 }] : [];
    // Of those that cannot be used the ones in the water, or that somebody is in: all others are in the list.
    if (!s.usable && !used && !s.in_water && people.part !== "shelters") return [];
    return [{ id: s.id, name: s.name, at: s.at, usable: s.usable, said: s.usable ? RE.mapFree(Math.max(0, s.free ?? 0)) : RE.mapStopped, weight: used ? 3 : s.in_water ? 2 : 1 }];
  }));
  const going = computed<Going[]>(() => {
    const where = new Map((people.shelters?.items ?? []).flatMap((s) => (s.id !== null && s.at ? [[s.id, s.at] as const] : [])));
    // While a plan is looked at its own; else those of the one in force.
    const plan = people.looking && people.part === "plan" ? people.plan : null;
    const all = plan ? plan.villages.map((v) => ({ id: v.village, to: v.to })) : (opened.value?.villages ?? []).map((v) => ({ id: v.id, to: v.assigned }));
    return all.flatMap((v) => v.to.flatMap(({ shelter, persons }) => {
      const [from, to] = [placed.value.get(v.id), shelter === null ? undefined : where.get(shelter)];
      return from && to ? [{ from, to, persons }] : [];
    }));
  });
  watch([villages, shelters, going], ([v, s, g]) => layer.show(v, running.value.length ? s : [], running.value.length ? g : []), { immediate: true });
  Object.assign(window, { riskmapPeople: layer }); // for tests and the console
  /** Objects that the layer draws: not drawn a second time. */
  const covered = computed<ReadonlySet<number>>(() => new Set([
    ...running.value.flatMap((e) => people.whole[e.id]?.villages ?? []).flatMap((v) => (v.object !== null && placed.value.has(v.id) ? [v.object] : [])),
    ...shelters.value.map((s) => s.id),
  ]));
  return { layer, covered };
}
