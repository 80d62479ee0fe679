/** Which basemap is shown and how: kept in this browser, carried by the link, offered by the service. */
import { computed, reactive, watch } from "vue";
import { getJson, request } from "../api/client";
import { ALL_PARTS, type GroundParts } from "../map/GroundNames";
import type { GroundWish, Variant } from "../map/Ground";
import type { RiskMap } from "../map/RiskMap";
import { classes, store } from "../selection/store";
import { B } from "../words/basemap";
import { F } from "../words/filters";
import type { Basemap } from "./types";

export const VARIANTS: readonly Variant[] = ["colour", "grey", "dark"];
const KEPT = "riskmap.ground";
const SHIFTED = "GCJ02";

interface Kept { base: string | null; parts: GroundParts; over: Record<"raster" | "vector", GroundParts>; opacity: Record<string, number> }
const BARE: GroundParts = { roads: false, water: false, borders: true, names: false };
const usual = (): Kept => ({ base: null, parts: { ...ALL_PARTS }, over: { raster: { ...BARE }, vector: { ...BARE, names: true } }, opacity: {} });

function readKept(): Kept {
  const out = usual();
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null") as Partial<Kept> | null;
    const take = (into: GroundParts, from?: Partial<GroundParts>): void => {
      for (const name of Object.keys(into) as (keyof GroundParts)[]) if (typeof from?.[name] === "boolean") into[name] = from[name];
    };
    take(out.parts, kept?.parts);
    take(out.over.raster, kept?.over?.raster);
    take(out.over.vector, kept?.over?.vector);
    for (const [name, value] of Object.entries(kept?.opacity ?? {})) if (typeof value === "number" && value >= 0.2 && value <= 1) out.opacity[name] = value;
    if (typeof kept?.base === "string") out.base = kept.base;
  } catch {
    // Nothing kept, or by somebody else: the usual.
  }
  return out;
}

const kept = readKept();
export const ground = reactive({
  items: [] as Basemap[],
  first: "plain",
  parts: kept.parts,
  over: kept.over,
  opacity: kept.opacity,
  trouble: null as string | null, // why what was chosen is not shown
});
store.base ??= kept.base;

/** The link's "source.variant". */
const asked = computed<{ source: string | null; variant: Variant | null }>(() => {
  const [source, variant] = (store.base ?? "").split(".");
  return { source: source || null, variant: VARIANTS.find((v) => v === variant) ?? null };
});
export const variant = computed<Variant | null>({
  get: () => asked.value.variant,
  set: (now) => (store.base = `${shown.value?.source ?? "plain"}${now ? `.${now}` : ""}`),
});
export const shown = computed<Basemap | null>(() => {
  const find = (source: string | null): Basemap | undefined => ground.items.find((b) => b.source === source && !b.problem);
  return find(asked.value.source) ?? find(ground.first) ?? find("plain") ?? null;
});
/** A sentence, where a link or an earlier choice names what is not to be had. */
export const missing = computed<string>(() => {
  const { source } = asked.value;
  if (!source || !ground.items.length || shown.value?.source === source) return "";
  return ground.items.find((b) => b.source === source)?.problem ?? B.none;
});

// What nobody has is told and leaves the address; one that is only in trouble stays, and keeps its sentence.
watch(() => [store.base, ground.items, store.fitted] as const, ([base, items, fitted]) => {
  const { source, variant: look } = asked.value;
  if (!base || !fitted || !items.length) return;
  const known = items.some((b) => b.source === source);
  if (known && (look || base === source)) return;
  store.leftOut = [...store.leftOut, known ? F.unknownVariant(base) : F.unknownBase(base)];
  store.base = known ? source : null;
});

export function choose(source: string): void {
  ground.trouble = null;
  store.base = `${source}${variant.value ? `.${variant.value}` : ""}`;
}

watch([() => store.base, ground], () => {
  const { parts, over, opacity } = ground;
  try {
    // What a link names and nobody has is not remembered.
    const base = store.base && ground.items.some((b) => b.source === asked.value.source) ? store.base : (kept.base ?? null);
    localStorage.setItem(KEPT, JSON.stringify({ base, parts, over, opacity } satisfies Kept));
  } catch {
    // Kept for this page alone then.
  }
});

export const overKind = computed<"raster" | "vector" | null>(() => (shown.value && shown.value.kind !== "plain" ? shown.value.kind : null));

const wish = computed<GroundWish>(() => {
  const b = shown.value;
  const tiles = b && b.kind !== "plain" ? b : null;
  return {
    source: tiles && { source: tiles.source, kind: tiles.kind as "raster" | "vector", tiles: tiles.tiles, minZoom: tiles.min_zoom ?? 0, maxZoom: tiles.max_zoom ?? 18, bounds: tiles.bounds ?? null, shifted: tiles.datum === SHIFTED },
    photo: tiles?.photo ?? false,
    variant: variant.value,
    opacity: (tiles && ground.opacity[tiles.source]) ?? 1,
    parts: { ...ground.parts },
    over: { ...ground.over[overKind.value ?? "raster"] },
  };
});

/** The register's own lines, where the bureau has loaded no file of them; the public's form of a line is a point. */
const fromRegister = computed<string | null>(() => {
  if (!store.account || !store.rights || !store.state || !store.meta) return null;
  const files = new Set(store.meta.basemap.map((b) => b.layer));
  const wanted = ["railway", ...(files.has("roads") ? [] : ["road"]), ...(files.has("water") ? [] : ["reservoir", "shoreline"])].filter((c) => classes.value.has(c));
  return wanted.length ? `r=${store.rights}&state=${store.state}&class=${wanted.join(",")}` : null;
});

export async function loadBasemaps(): Promise<void> {
  try {
    const told = await getJson<{ default: string; items: Basemap[] }>("/api/basemaps");
    ground.items = told.items;
    ground.first = told.default;
  } catch {
    // Without the list the plain basemap is there all the same.
    if (!ground.items.length) ground.trouble = B.listFailed;
  }
}

/** Has a map show what is chosen; gives what ends it. */
export function followGround(map: RiskMap): () => void {
  const said = (why: string | null): void => void (ground.trouble = why === null ? null : why || B.away);
  const ends = [
    watch(() => store.rights, () => void loadBasemaps(), { immediate: true }),
    watch(wish, (now) => map.setGround(now, said), { immediate: true }),
    watch(fromRegister, (query) => map.setRegisterGround(query === null ? null : async ({ z, x, y }, signal) => {
      const response = await request(`/api/tiles/${z}/${x}/${y}.mvt?${query}`, { signal });
      return response.status === 204 ? null : response.arrayBuffer();
    }), { immediate: true }),
  ];
  return () => ends.forEach((end) => end());
}
