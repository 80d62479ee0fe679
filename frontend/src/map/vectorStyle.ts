/** What the layers of common vector tiles mean to our small style: OpenMapTiles, Shortbread and Protomaps; others are left out. */

export type Kind = "green" | "urban" | "water" | "river" | "rail" | "road" | "border";
export interface Meaning { kind: Kind; rank: number }
export interface PlaceMeaning { kind: "seat" | "town" | "water"; from: number; weight: number }

type Properties = Record<string, unknown>;
const GREEN = /^(wood|forest|tree|grass|grassland|scrub|park|nature_reserve|national_park|protected_area|meadow|orchard|heath|garden|cemetery|golf_course|wetland|swamp)$/;
const URBAN = /^(residential|urban|urban_area|neighbourhood|suburb|commercial|industrial|retail|school|university|hospital)$/;
const ROAD: [RegExp, number][] = [
  [/^(motorway|highway|freeway)(_link)?$/, 0],
  [/^(trunk|major_road)(_link)?$/, 1],
  [/^(primary)(_link)?$/, 1],
  [/^(secondary|medium_road)(_link)?$/, 2],
  [/^(tertiary)(_link)?$/, 3],
  [/^(minor|minor_road|street|street_limited|residential|unclassified|living_street|busway|service|road)$/, 4],
];
const PLACE: Record<string, PlaceMeaning> = {
  city: { kind: "seat", from: 6, weight: 5 }, town: { kind: "seat", from: 9, weight: 4 }, county: { kind: "seat", from: 8, weight: 4 },
  locality: { kind: "town", from: 10, weight: 3 }, village: { kind: "town", from: 12, weight: 2 }, suburb: { kind: "town", from: 11, weight: 2 }, borough: { kind: "town", from: 10, weight: 3 },
  hamlet: { kind: "town", from: 13, weight: 1 }, neighbourhood: { kind: "town", from: 13, weight: 1 }, quarter: { kind: "town", from: 13, weight: 1 },
};

function classOf(p: Properties): string {
  for (const name of ["class", "kind", "pmap:kind", "subclass", "kind_detail"]) if (typeof p[name] === "string" && p[name]) return (p[name] as string).toLowerCase();
  return "";
}

/** What a line or area of a layer is; null: nothing that we draw. `type`: 2 lines, 3 areas. */
export function meaningOf(layer: string, type: number, p: Properties): Meaning | null {
  const cls = classOf(p);
  switch (layer) {
    case "water": case "ocean": case "water_polygons":
      return type === 3 ? { kind: "water", rank: 0 } : { kind: "river", rank: /^(river|canal)$/.test(cls) ? 0 : 1 };
    case "waterway": case "water_lines": case "physical_line":
      return type === 2 ? { kind: "river", rank: /^(river|canal)$/.test(cls) ? 0 : 1 } : null;
    case "landcover": case "landuse": case "land": case "park": case "natural":
      if (type !== 3) return null;
      if (layer === "park" || GREEN.test(cls)) return { kind: "green", rank: 0 };
      return URBAN.test(cls) ? { kind: "urban", rank: 0 } : null;
    case "building": case "buildings":
      return type === 3 ? { kind: "urban", rank: 1 } : null;
    case "transportation": case "streets": case "roads": case "transit": {
      if (type !== 2) return null;
      if (/^(rail|transit|light_rail|subway|narrow_gauge|railway)/.test(cls)) return { kind: "rail", rank: 0 };
      const detail = typeof p["kind_detail"] === "string" ? (p["kind_detail"] as string) : cls;
      const found = ROAD.find(([words]) => words.test(detail)) ?? ROAD.find(([words]) => words.test(cls));
      return found ? { kind: "road", rank: found[1] } : null;
    }
    case "boundary": case "boundaries": {
      const level = Number(p["admin_level"] ?? p["kind_detail"] ?? p["pmap:min_admin_level"] ?? 9);
      if (p["maritime"] === 1 || p["maritime"] === true) return null;
      return type === 2 && level <= 6 ? { kind: "border", rank: level <= 4 ? 0 : 1 } : null;
    }
    default: return null;
  }
}

/** What a named point is; null: no name that we write. */
export function placeOf(layer: string, p: Properties): (PlaceMeaning & { text: string }) | null {
  const text = [p["name:zh-Hans"], p["name:zh"], p["name_zh"], p["name"]].find((v): v is string => typeof v === "string" && v !== "");
  if (!text) return null;
  if (/^(water_name|water_polygons_labels|water)$/.test(layer)) return { kind: "water", from: 8, weight: 2, text };
  if (!/^(place|places|place_labels)$/.test(layer)) return null;
  const found = PLACE[typeof p["kind_detail"] === "string" && PLACE[p["kind_detail"] as string] ? (p["kind_detail"] as string) : classOf(p)];
  return found ? { ...found, text: text.slice(0, 30) } : null;
}
