/** The selection as the page holds it, as the service takes it, and as a link carries it. */
import { GRADES, type Grade } from "../words";

/** What map, counts, heat and table share. */
export interface Chosen {
  classes: string[] | null; // null: every risk source (role hazard)
  grades: Grade[] | null; // null: all
  levels: string[] | null; // of one scale, each "scale:value"; null: all
  division: string | null;
  q: string;
}

export interface View { lat: number; lng: number; zoom: number }

/** Everything a link brings back. */
export interface Link { chosen: Chosen; view: View | null; heat: boolean; scale: string | null; cell: string | null; object: number | null; base?: string | null | undefined }

export const EVERYTHING: Chosen = { classes: null, grades: null, levels: null, division: null, q: "" };
const NONE = "-"; // an empty list, which is not the same as no condition

/** Parameters of the service; `hazards` is what "every risk source" means in this catalogue. */
export function toParams(chosen: Chosen, hazards: readonly string[]): URLSearchParams {
  const params = new URLSearchParams();
  const classes = chosen.classes ?? hazards;
  if (classes.length) params.set("class", classes.join(","));
  if (chosen.grades?.length) params.set("grade", chosen.grades.join(","));
  if (chosen.levels?.length) params.set("level", chosen.levels.join(","));
  if (chosen.division) params.set("division", chosen.division);
  if (chosen.q.trim()) params.set("q", chosen.q.trim());
  return params;
}

/** Whether nothing can be in it: the service reads an empty list as "no limit". */
export function isNothing(chosen: Chosen): boolean {
  return chosen.classes?.length === 0 || chosen.grades?.length === 0 || chosen.levels?.length === 0;
}

export function toHash({ chosen, view, heat, scale, cell, object, base }: Link): string {
  const parts: string[] = [];
  const add = (name: string, value: string): void => void parts.push(`${name}=${encodeURIComponent(value).replace(/%2F/g, "/")}`);
  if (chosen.classes) add("class", chosen.classes.join(",") || NONE);
  if (chosen.grades) add("grade", chosen.grades.join(",") || NONE);
  if (chosen.levels) add("level", chosen.levels.join(",") || NONE);
  if (chosen.division) add("division", chosen.division);
  if (chosen.q.trim()) add("q", chosen.q.trim());
  if (heat) add("heat", "1");
  if (scale) add("scale", scale);
  if (cell) add("cell", cell);
  if (object !== null) add("object", String(object));
  if (base) add("base", base);
  if (view) add("map", `${view.zoom}/${view.lat.toFixed(5)}/${view.lng.toFixed(5)}`);
  return parts.join("&");
}

/** A link, from whoever it comes: what is not understood is left out. */
export function fromHash(hash: string): Link {
  const params = new URLSearchParams(hash.replace(/^#/, ""));
  const list = (name: string, known: RegExp): string[] | null => {
    const value = params.get(name);
    return value === null ? null : [...new Set(value.split(",").filter((v) => known.test(v)))].slice(0, 200);
  };
  const text = (name: string, known: RegExp): string | null => {
    const value = params.get(name);
    return value !== null && known.test(value) ? value : null;
  };
  const grades = list("grade", /^[a-z]+$/)?.filter((g): g is Grade => (GRADES as readonly string[]).includes(g)) ?? null;
  const levels = list("level", /^[a-z][a-z0-9-]*:[^,:]{1,20}$/);
  // Levels are switched in their scale's legend: a link that limits them brings it along.
  const scale = levels?.[0]?.split(":")[0] ?? text("scale", /^[a-z][a-z0-9-]*$/);
  const view = /^(\d{1,2}(?:\.\d{1,2})?)\/(-?\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)$/.exec(params.get("map") ?? "");
  const [zoom, lat, lng] = (view ?? []).slice(1).map(Number);
  const sane = zoom !== undefined && lat !== undefined && lng !== undefined && zoom <= 19 && Math.abs(lat) <= 85 && Math.abs(lng) <= 180;
  const object = text("object", /^[1-9]\d{0,15}$/);
  return {
    chosen: { classes: list("class", /^[a-z][a-z0-9-]*$/), grades, levels: levels?.filter((v) => v.startsWith(`${scale}:`)) ?? null, division: text("division", /^\d{2,12}$/), q: (params.get("q") ?? "").trim().slice(0, 100) },
    view: sane ? { zoom, lat, lng } : null,
    heat: params.get("heat") === "1",
    scale: scale === "risk-grade" ? null : scale,
    cell: text("cell", /^[0-9a-f]{15}$/),
    object: object === null ? null : Number(object),
    base: text("base", /^[a-z0-9][a-z0-9-]{0,39}(\.[a-z]{1,10})?$/) ?? undefined,
  };
}
