/** The hexagons of the present picture, for lists: where each is, in which county, most first. */
import { ref, shallowRef } from "vue";
import { getJson } from "../api/client";
import type { Outline } from "../api/types";
import { whyOf } from "../selection/trouble";
import { T } from "../words/table";
import type { PlacedCell } from "../map/HeatLayer";

/** Filled by the map with each answer; most first, by weight where the picture is by weight. */
export const cells = shallowRef<PlacedCell[]>([]);
export const weighed = ref(false);

type Ring = readonly (readonly number[])[];
interface Place { name: string; rings: Ring[]; box: [number, number, number, number] }
const places = shallowRef<Place[]>([]);
let asked: Promise<void> | null = null;
/** Why the counties' names are not there; empty where they are, or on their way. */
export const namesFailed = ref("");

/** Outlines of the counties, asked for once. */
export function loadPlaces(): Promise<void> {
  namesFailed.value = "";
  asked ??= getJson<Outline>("/api/divisions.geojson?level=county").then((found) => {
    places.value = found.features.flatMap((f) => {
      const rings = (f.geometry?.type === "Polygon" ? (f.geometry.coordinates as Ring[]) : f.geometry?.type === "MultiPolygon" ? (f.geometry.coordinates as Ring[][]).flat() : []);
      const xs = rings.flatMap((r) => r.map((p) => p[0] as number));
      const ys = rings.flatMap((r) => r.map((p) => p[1] as number));
      const min = (v: number[]): number => v.reduce((a, b) => Math.min(a, b), Infinity);
      const max = (v: number[]): number => v.reduce((a, b) => Math.max(a, b), -Infinity);
      return rings.length ? [{ name: String(f.properties?.name ?? ""), rings, box: [min(xs), min(ys), max(xs), max(ys)] as Place["box"] }] : [];
    });
  }).catch((error: unknown) => {
    asked = null; // to be asked again: by hand, with the line, or the next time
    namesFailed.value = whyOf(error);
  });
  return asked;
}

/** The county that a cell's centre lies in. */
export function namedPlace(cell: { lng: number; lat: number }): string {
  if (!places.value.length) return "";
  const { lng, lat } = cell;
  const found = places.value.find((p) => lng >= p.box[0] && lng <= p.box[2] && lat >= p.box[1] && lat <= p.box[3] && inside(p.rings, lng, lat));
  return found?.name ?? T.outside;
}

/** Even-odd over all rings, so holes are outside. */
function inside(rings: readonly Ring[], x: number, y: number): boolean {
  let within = false;
  for (const ring of rings)
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [xi, yi] = ring[i] as readonly [number, number];
      const [xj, yj] = ring[j] as readonly [number, number];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
    }
  return within;
}
