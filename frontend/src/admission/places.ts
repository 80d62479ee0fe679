/** Places found by their words: addresses of the gazetteer, objects, typed coordinates; each says how exact it is. */
import { getJson, send } from "../api/client";
import type { Detail, Geometry } from "../api/types";
import type { Choice } from "../register/object/PickOne.vue";
import { meaningWords, placeWords, whereOf } from "../search/pin";
import type { Answer, FoundObject, FoundPlace, FoundPosition, Meaning } from "../search/types";
import { classes } from "../selection/store";
import { QUALITY_WORD } from "../words";
import { N } from "../words/admission";
import { S } from "../words/search";
import { noPlace, type PlaceDraft } from "./enquiry";
import type { Tags } from "./types";

type Found = { kind: "place"; item: FoundPlace } | { kind: "object"; item: FoundObject } | { kind: "position"; item: Meaning; q: string; numbers: Pick<FoundPosition, "x" | "y"> };
let found = new Map<string, Found>();

export async function placesLike(text: string, signal: AbortSignal): Promise<Choice[]> {
  const answer = await getJson<Answer>(`/api/search?limit=8&q=${encodeURIComponent(text)}`, signal);
  found = new Map();
  const out: Choice[] = [];
  const add = (key: string, one: Found, title: string, note: string[]): void => {
    found.set(key, one);
    out.push({ key, title, note: note.filter(Boolean).join(" · ") });
  };
  for (const item of answer.position?.items ?? []) add(`c${item.crs}`, { kind: "position", item, q: text, numbers: answer.position as FoundPosition }, S.asDatum(item.title), [S.degrees(...item.position), ...meaningWords(item)]);
  answer.places.items.forEach((item, i) => add(`p${i}`, { kind: "place", item }, item.name, [whereOf(item), placeWords(item)]));
  // A coarse position is no place to measure from.
  for (const item of answer.objects.items) if (item.position && item.form === "full") add(`o${item.id}`, { kind: "object", item }, item.name, [classes.value.get(item.class)?.title ?? "", item.where]);
  return out;
}

/** The place of a choice, with how far it may be off. */
export async function placeOfChoice(key: string, off: Tags["uncertainty_m"]): Promise<PlaceDraft | null> {
  const one = found.get(key);
  if (!one) return null;
  const at = (position: readonly number[]): PlaceDraft["geometry"] => ({ type: "Point", coordinates: [...position] });
  if (one.kind === "position") return { ...noPlace(), geometry: at(one.item.position), typed: { x: String(one.numbers.x), y: String(one.numbers.y), crs: one.item.crs }, uncertainty: "0", found: `${N.typed} ${one.q}` };
  if (one.kind === "place") {
    const { item } = one;
    const metres = off.address[item.level] ?? Math.max(...Object.values(off.address));
    return { ...noPlace(), geometry: at(item.position), address: item.address || item.name, uncertainty: String(metres), found: N.exact(placeWords(item), metres) };
  }
  const { item } = one;
  if (item.class === "enterprise") return { ...noPlace(), enterprise: { id: item.id, name: item.name }, found: N.firmPlace };
  const detail = await getJson<Detail>(`/api/objects/${item.id}`);
  const whole = detail.geometry && /^(Point|Polygon|MultiPolygon)$/.test(detail.geometry.type) ? detail.geometry : at(item.position ?? []);
  const metres = off.position[detail.position_quality ?? ""] ?? Math.max(...Object.values(off.position));
  return { ...noPlace(), geometry: whole, uncertainty: String(metres), found: N.exact(`${item.name}（${QUALITY_WORD[detail.position_quality ?? ""] ?? ""}）`, metres) };
}

/** Why a shape of the map cannot be the place: at no place, or outside the territory; said before anything else is asked. */
export async function refusedAt(shape: Geometry): Promise<string> {
  const at = firstOf(shape.coordinates);
  if (!at) return "";
  if (!at[0] && !at[1]) return N.zero;
  const read = await send<{ inside: boolean }>("POST", "/api/positions", { x: String(at[0]), y: String(at[1]), crs: "EPSG:4490" });
  return read && !read.inside ? N.outside(true) : "";
}
function firstOf(coordinates: unknown): [number, number] | null {
  let at = coordinates;
  while (Array.isArray(at) && Array.isArray(at[0])) at = at[0];
  return Array.isArray(at) && typeof at[0] === "number" ? (at as [number, number]) : null;
}
