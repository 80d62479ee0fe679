/** What dispatch lays over the map, kept as the store has it. */
import { computed, watch } from "vue";
import { anchorOf } from "../../map/MarkLayer";
import { type Geometry, latOf, lngOf, partsOf } from "../../map/mercator";
import { RD } from "../../words/rescueDispatch";
import { cutsOf } from "./cuts";
import { assignmentOf, dispatch, isOpen, shownPlan } from "./dispatch";
import { type PinMark, PinsLayer, type Way, WaysLayer } from "./DispatchLayers";
import type { Assignment } from "./types";
import { forces } from "../forces/forces";
import { night } from "../night";

/** A point of a shape to put a sign on. */
function pointOf(shape: Geometry): { lng: number; lat: number } | null {
  const at = anchorOf(shape);
  return at && { lng: lngOf(at.x), lat: latOf(at.y) };
}

const boats = (a: Assignment): Geometry[] => [a.boat_out, a.boat_leg].flatMap((leg) => leg ?? []);

export function useDispatchMap(take: (incident: number) => void): { ways: WaysLayer; pins: PinsLayer } {
  const ways = new WaysLayer();
  const pins = new PinsLayer(take);
  const drawn = computed<Way[]>(() => {
    const running = (dispatch.orders ?? []).filter((o) => o.status !== "arrival" && !o.turned_back).flatMap((o): Way[] => {
      const a = assignmentOf(o);
      return a ? [{ how: "running", road: a.route, boat: boats(a), off: a.off_road ?? null, straight: a.routing === "straight_line" }] : [];
    });
    const proposed = (shownPlan.value && (isOpen.value || night.at) && (dispatch.comparing || !running.length) ? shownPlan.value.assignments : []).filter((a) => a.order === null).map((a): Way => ({ how: "proposed", road: a.route, boat: boats(a), off: a.off_road ?? null, straight: a.routing === "straight_line" }));
    return [...running, ...proposed];
  });
  const incidents = computed<PinMark[]>(() => (dispatch.incidents ?? []).flatMap((i): PinMark[] => {
    const at = pointOf(i.place);
    const parts = partsOf(i.place);
    return at ? [{ id: i.id, ...at, shape: parts.rings.length + parts.lines.length ? i.place : null, label: i.trapped ? RD.pinTrapped(i.trapped) : i.name, tip: RD.pin(i.id, i.name), chosen: dispatch.chosen === i.id, over: i.status !== "open" || !!i.waits }] : [];
  }).sort((a, b) => Number(a.over) - Number(b.over))); // as the list has them: the most urgent first
  const cuts = computed(() => [
    ...cutsOf((night.roads?.features ?? []).filter((f) => f.properties.status === "closed").map((f) => f.geometry)),
    ...(forces.closures ?? []).flatMap((c) => { const at = pointOf(c.geometry); return at ? [at] : []; }),
  ]);
  watch(drawn, (now) => ways.show(now), { immediate: true });
  watch([incidents, cuts], ([i, c]) => pins.show(i, c), { immediate: true });
  Object.assign(window, { riskmapWays: ways, riskmapPins: pins }); // for tests and the console
  return { ways, pins };
}
