/** How long a bar on the map is: on the ellipsoid at the view's own latitude, for every map of the page alike. */
import { metresOfDegree, worldSize } from "./mercator";

const CSS_PIXEL_M = 0.0254 / 96;

/** `oneTo`: the scale as 1 to how many, two digits of it. */
export interface ScaleBar { metres: number; pixels: number; oneTo: number }

/** A bar of a round number of metres and at most `most` pixels. */
export function scaleBar(lat: number, zoom: number, most: number): ScaleBar {
  const perPixel = metresOfDegree(lat) * (360 / worldSize(zoom));
  const longest = perPixel * most;
  const power = 10 ** Math.floor(Math.log10(longest || 1));
  const metres = [5, 2, 1].map((m) => m * power).find((m) => m <= longest) ?? power;
  return { metres, pixels: metres / perPixel, oneTo: Number((perPixel / CSS_PIXEL_M).toPrecision(2)) };
}
