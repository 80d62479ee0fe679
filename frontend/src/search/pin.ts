/** A place that was searched for: one pin on the map, with its words, until it is taken away. */
import { shallowRef } from "vue";
import type { FoundDivision, FoundPlace, FoundPosition, Meaning } from "./types";
import { S } from "../words/search";

export interface Pin {
  lng: number; lat: number; title: string; words: string[];
  division?: string; // to be chosen as the area
  said?: { position: FoundPosition; crs: string; q: string }; // numbers whose datum can be changed
}
export const pin = shallowRef<Pin | null>(null);

/** How a place of the gazetteer fits what was asked. */
export function placeWords(place: FoundPlace): string {
  if (place.kind === "door" && place.level === "road") return S.addressNear(place.missing ?? "");
  return S.address(S.placeLevel[place.level] ?? place.level, place.missing);
}
/** Where a place is, beside its name: each word once. */
export function whereOf({ name, address, where }: Pick<FoundPlace, "name" | "address" | "where">): string {
  if (name.startsWith(where)) return "";
  return !address || address.endsWith(name) ? where : address;
}
export function meaningWords(meaning: Meaning): string[] {
  const shift = meaning.shift_m === null ? S.projected : meaning.shift_m < 0.5 ? S.unmoved : S.moved(meaning.shift_m);
  return [shift, meaning.inside ? (meaning.where ? S.inside(meaning.where) : "") : S.outside].filter(Boolean);
}
/** How the numbers were read, whatever their datum. */
export function readingWords(position: FoundPosition): string[] {
  return [position.turned ? S.turned : "", position.precision_m && position.precision_m >= 10 ? S.precision(position.precision_m) : ""].filter(Boolean);
}

export function pinPlace(place: FoundPlace): Pin {
  const [lng, lat] = place.position;
  return { lng, lat, title: place.address || place.name, words: [placeWords(place), S.source(place.source)] };
}
export function pinDivision(division: FoundDivision): Pin | null {
  if (!division.box) return null;
  const [west, south, east, north] = division.box;
  return { lng: (west + east) / 2, lat: (south + north) / 2, title: `${division.where}${division.name}`, words: [S.level[division.level] ?? ""], division: division.code };
}
export function pinPosition(position: FoundPosition, meaning: Meaning, q: string): Pin {
  const [lng, lat] = meaning.position;
  return { lng, lat, title: q, words: [S.asDatum(meaning.title), ...meaningWords(meaning), ...readingWords(position)], said: { position, crs: meaning.crs, q } };
}
