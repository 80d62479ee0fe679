import type { LocationQuery, RouteLocationRaw } from "vue-router";

/** The selection stands behind the #: what of it stands in the query, as in a request, is taken over and never passed by. */
const OF_SELECTION = ["class", "tag", "grade", "level", "division", "enterprise", "industry", "department", "stage", "source", "verified", "q", "bbox", "cell", "where", "as_of", "selection"];
export function inHash(to: { path: string; query: LocationQuery; hash: string }): RouteLocationRaw | null {
  const moved = OF_SELECTION.filter((name) => name in to.query);
  if (!moved.length) return null;
  const chosen = new URLSearchParams(to.hash.slice(1));
  for (const name of moved) for (const value of [to.query[name]].flat()) if (value) chosen.append(name, value);
  return { path: to.path, query: Object.fromEntries(Object.entries(to.query).filter(([name]) => !moved.includes(name))), hash: `#${chosen}`, replace: true };
}
