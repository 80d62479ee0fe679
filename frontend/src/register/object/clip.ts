/** What of an object goes to the clipboard. */
import type { Detail } from "../../api/types";
import { boundsOf } from "./bounds";

export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

export function linkOf(id: number): string {
  return `${location.origin}/objects/${id}`;
}

/** Longitude and latitude, CGCS2000: the point, or the middle of the shape's box. */
export function degreesOf(o: Detail): string {
  const box = o.geometry && boundsOf(o.geometry.coordinates);
  return box ? `${((box[0] + box[2]) / 2).toFixed(6)}, ${((box[1] + box[3]) / 2).toFixed(6)}` : "";
}
