/** What of an object goes to the clipboard. */
import type { Detail } from "../../api/types";
import { boundsOf } from "./bounds";

export function linkOf(id: number, asOf: string): string {
  return `${location.origin}/objects/${id}${asOf ? `?as_of=${encodeURIComponent(asOf)}` : ""}`;
}

/** Longitude and latitude, CGCS2000: the point, or the middle of the shape's box. */
export function degreesOf(o: Detail): string {
  const box = o.geometry && boundsOf(o.geometry.coordinates);
  return box ? `${((box[0] + box[2]) / 2).toFixed(6)}, ${((box[1] + box[3]) / 2).toFixed(6)}` : "";
}
