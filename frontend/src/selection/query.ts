/** The selection as the page holds it, as the service takes it, and as a link carries it. */
import { GRADES, type Grade } from "../words";

export interface Chosen {
  classes: string[] | null; // null: every risk source (role hazard)
  grades: Grade[] | null; // null: all
  division: string | null;
  q: string;
  cell: string | null;
}

export interface View { lat: number; lng: number; zoom: number }

export const EVERYTHING: Chosen = { classes: null, grades: null, division: null, q: "", cell: null };

/** Parameters of the service; `hazards` is what "every risk source" means in this catalogue. */
export function toParams(chosen: Chosen, hazards: readonly string[]): URLSearchParams {
  const params = new URLSearchParams();
  for (const code of chosen.classes ?? hazards) params.append("class", code);
  for (const grade of chosen.grades ?? []) params.append("grade", grade);
  if (chosen.division) params.set("division", chosen.division);
  if (chosen.q.trim()) params.set("q", chosen.q.trim());
  if (chosen.cell) params.set("cell", chosen.cell);
  return params;
}

/** Whether nothing can be in it: the service reads an empty list as "no limit". */
export function isNothing(chosen: Chosen): boolean {
  return chosen.classes?.length === 0 || chosen.grades?.length === 0;
}

export function toHash(chosen: Chosen, view: View | null, heat: boolean, object: number | null): string {
  const params = new URLSearchParams();
  if (chosen.classes) params.set("class", chosen.classes.join(",") || "none");
  if (chosen.grades) params.set("grade", chosen.grades.join(",") || "nothing");
  if (chosen.division) params.set("division", chosen.division);
  if (chosen.q) params.set("q", chosen.q);
  if (chosen.cell) params.set("cell", chosen.cell);
  if (heat) params.set("heat", "1");
  if (object !== null) params.set("object", String(object));
  if (view) params.set("map", `${view.zoom}/${view.lat.toFixed(5)}/${view.lng.toFixed(5)}`);
  return params.toString();
}

export function fromHash(hash: string): { chosen: Chosen; view: View | null; heat: boolean; object: number | null } {
  const params = new URLSearchParams(hash.replace(/^#/, ""));
  const list = (name: string): string[] | null => {
    const value = params.get(name);
    return value === null ? null : value.split(",").filter((v) => v && v !== "none" && v !== "nothing");
  };
  const grades = params.get("grade") === null ? null : (params.get("grade") ?? "").split(",").filter((g): g is Grade => (GRADES as readonly string[]).includes(g));
  const [zoom, lat, lng] = (params.get("map") ?? "").split("/").map(Number);
  const sane = zoom !== undefined && lat !== undefined && lng !== undefined && [zoom, lat, lng].every(Number.isFinite);
  const object = Number(params.get("object") ?? NaN);
  return {
    chosen: { classes: list("class"), grades, division: params.get("division"), q: params.get("q") ?? "", cell: params.get("cell") },
    view: sane && params.has("map") ? { zoom, lat, lng } : null,
    heat: params.get("heat") === "1",
    object: Number.isInteger(object) ? object : null,
  };
}
