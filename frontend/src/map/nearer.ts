/** A cluster is pressed: the map comes near enough to what is in it, by a step at least, and never with a leap. */
import * as L from "leaflet";

export function comeNearer(map: L.Map, bounds: L.LatLngBounds): void {
  const zoom = map.getZoom();
  const wanted = map.getBoundsZoom(bounds, false, L.point(80, 80));
  map.setView(bounds.getCenter(), Math.max(zoom + 1, Math.min(wanted, zoom + 3, 19)));
}
