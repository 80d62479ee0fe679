/** Opening a link or a kept selection, from whoever it comes: what this reader or catalogue has not is left out, and told. */
import { getJson, Problem, send } from "../api/client";
import type { Detail } from "../api/types";
import { F } from "../words/filters";
import { geodesic } from "../map/geodesic";
import { withinReach } from "../map/reach";
import { type AreaShape, MOST_VERTICES, settled } from "./area";
import { type Chosen, fromHash, type Link, notUnderstood, type View, WORST_FIRST } from "./query";
import { knownSort, sortTitle } from "./sorting";
import { area, classes, divisionName, scales, store } from "./state";

function knownLevel(level: string): boolean {
  const [scale = "", value = ""] = level.split(":");
  const known = scales.value.get(scale);
  return !!known && (value === "none" || value === "off" || (value === "outside" && !!known.outside) || known.levels.some((l) => l.value === value));
}

/** What of it there is in the catalogue as this reader gets it. */
function pruned(chosen: Chosen, told: string[]): Chosen {
  const keep = <T>(all: readonly T[], known: (one: T) => boolean, say: (one: T) => string): T[] =>
    all.filter((one) => known(one) || (told.push(say(one)), false));
  const out = { ...chosen };
  if (out.classes?.length) {
    const left = keep(out.classes, (c) => classes.value.has(c), F.unknownClass);
    out.classes = left.length ? left : null; // nothing left of it: no condition, rather than an empty page
  }
  if (out.levels?.length) {
    const left = keep(out.levels, knownLevel, F.unknownLevel);
    out.levels = left.length ? left : null;
  }
  out.divisions = keep(out.divisions, (d) => d.length < 6 || divisionName.value.has(d), F.unknownDivision);
  const only = out.classes?.length === 1 ? classes.value.get(out.classes[0] ?? "") : undefined;
  out.fields = keep(out.fields, (f) => !!only?.fields.some((k) => k.name === f.field), (f) => F.unknownField(f.field));
  if (out.asOf) {
    const n = /^state:(\d+)$/.exec(out.asOf)?.[1];
    if (n ? Number(n) > store.state : !isDay(out.asOf) || out.asOf > store.at.slice(0, 10)) {
      told.push(n ? F.futureState(n) : isDay(out.asOf) ? F.futureDay(out.asOf) : F.noSuchDay(out.asOf));
      out.asOf = null;
    }
  }
  return out;
}

/** Whether the calendar has this day: a browser takes 31 February for 3 March. */
function isDay(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

const ENTERPRISE = "enterprise";

async function namesOf(ids: readonly number[], told: string[]): Promise<number[]> {
  const found = await Promise.all(ids.map(async (id) => {
    if (store.enterprises[id]) return id;
    try {
      const found = await getJson<Detail>(`/api/objects/${id}`);
      if (found.class !== ENTERPRISE) {
        told.push(F.notEnterprise(id)); // nothing belongs to it: an empty page would tell less
        return null;
      }
      store.enterprises[id] = found.name;
      return id;
    } catch (error) {
      if (!(error instanceof Problem && error.status === 404)) return id; // not known just now is no reason to leave it out
      told.push(F.unknownEnterprise(id));
      return null;
    }
  }));
  return found.filter((id) => id !== null);
}

/** Tells the service of a drawn area; its name there. */
export async function tellArea(shape: AreaShape): Promise<string> {
  if (shape.type === "Polygon" && (shape.coordinates[0]?.length ?? 0) > MOST_VERTICES + 1) throw new Problem(422, "too_many_vertices", F.tooManyVertices(MOST_VERTICES));
  const within = shape.type === "Circle" ? (await geodesic()).circle(shape) : shape;
  return (await send<{ id: string }>("POST", "/api/selections", { within }))?.id ?? "";
}

/** Makes a selection what can be asked here and now. */
async function fit(chosen: Chosen, told: string[]): Promise<Chosen> {
  const out = pruned(chosen, told);
  out.enterprises = await namesOf(out.enterprises, told);
  if (out.area && !out.area.id) {
    try {
      out.area = { shape: out.area.shape, id: await tellArea(out.area.shape) };
    } catch (error) {
      told.push(F.areaFailed(error instanceof Problem ? error.detail.replace(/。$/, "") : ""));
      out.area = null;
    }
  }
  return out;
}

/** The day that a link compares with, where it is a day before the one that is shown. */
function knownFrom({ from, chosen }: Link, told: string[]): string | null {
  if (!from) return null;
  const shown = chosen.asOf ?? store.at.slice(0, 10);
  if (isDay(from) && !shown.startsWith("state:") && from < shown) return from;
  told.push(F.badFrom(from));
  return null;
}

let newest = 0;

/** A scale of the catalogue to colour by; one that came with levels has been told with them. */
function knownScale({ scale, chosen }: Link, told: string[]): string | null {
  if (scale === null || scales.value.has(scale)) return scale;
  if (!chosen.levels) told.push(F.unknownScale(scale));
  return null;
}

/** A hexagon of a link, where there is such a one. */
async function knownCell(cell: string | null, told: string[]): Promise<string | null> {
  if (cell === null) return null;
  const h3 = await import("h3-js");
  if (h3.isValidCell(cell) && h3.getResolution(cell) >= 3 && h3.getResolution(cell) <= 10) return cell;
  told.push(F.unknownCell(cell));
  return null;
}

/** A place that the map reaches; what lies beyond is told, and the whole territory is shown instead. */
function reached(view: View | null, told: string[]): View | null {
  if (!view || !store.meta || withinReach(store.meta.bounds, view)) return view;
  told.push(F.viewOutside(area.value));
  return null;
}

export async function openLink(hash: string): Promise<void> {
  const mine = ++newest;
  const link = fromHash(hash);
  const told = notUnderstood(hash).map(F.unknownCondition);
  const view = reached(link.view, told);
  if (link.view && !view) store.view = null; // at once: the map that is being made begins with it
  if (told.length) store.leftOut = [...told]; // as early: the sentence takes room from the map
  const [chosen, cell] = await Promise.all([fit(link.chosen, told), knownCell(link.cell, told)]);
  if (mine !== newest) return;
  const scale = knownScale(link, told);
  const asked = link.sort;
  const sort = knownSort(asked, chosen) ? asked : WORST_FIRST;
  if (sort !== asked) told.push(F.unknownSort(sortTitle(asked)));
  const from = knownFrom({ ...link, chosen }, told);
  Object.assign(store, { chosen, from, heat: link.heat, weighted: link.weighted, scale, sort, selected: link.object, leftOut: told });
  if (link.base) store.base = link.base;
  if (view) store.view = view;
  queueMicrotask(() => (store.cell = cell)); // after the watcher that lets go of the hexagon of another picture
}

/** A selection that is kept by name takes the place of the whole selection; map and object stay. */
export async function openKept(hash: string): Promise<void> {
  const mine = ++newest;
  const link = fromHash(hash);
  const told = notUnderstood(hash).map(F.unknownCondition);
  const chosen = await fit(link.chosen, told);
  if (mine === newest) Object.assign(store, { chosen, scale: knownScale(link, told) ?? (chosen.levels ? null : store.scale), leftOut: told, cell: null });
}

/** After another account came or went: what is chosen may be more than it may see. */
export async function settle(): Promise<void> {
  const told: string[] = [];
  const chosen = await fit({ ...store.chosen, area: store.chosen.area && { ...store.chosen.area } }, told);
  if (JSON.stringify(chosen) !== JSON.stringify(store.chosen)) store.chosen = chosen;
  if (told.length) store.leftOut = told;
}

/** What was drawn becomes a condition, once the service knows it: until then the picture stays as it is. */
export async function chooseArea(drawn: AreaShape): Promise<void> {
  const shape = settled(drawn);
  try {
    const id = await tellArea(shape);
    store.chosen.area = { shape, id };
  } catch (error) {
    if (error instanceof Problem) store.error = F.areaFailed(error.detail);
    else throw error;
  }
}
