/** One pin over the map: a place that somebody asked for. It takes no clicks: what lies under it stays within reach. */
import * as L from "leaflet";

const SVG = "http://www.w3.org/2000/svg";

function drawn(): HTMLElement {
  const holder = document.createElement("div");
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 30 38");
  svg.setAttribute("aria-hidden", "true");
  const body = document.createElementNS(SVG, "path");
  body.setAttribute("d", "M15 37C9 27 3 21 3 14a12 12 0 1 1 24 0c0 7-6 13-12 23z");
  const eye = document.createElementNS(SVG, "circle");
  for (const [name, value] of [["cx", "15"], ["cy", "14"], ["r", "4.5"]] as const) eye.setAttribute(name, value);
  svg.append(body, eye);
  holder.append(svg);
  return holder;
}

export class Pin {
  private marker: L.Marker | null = null;
  constructor(private readonly map: L.Map) {}

  /** Stands there, or nowhere. */
  at(place: { lng: number; lat: number } | null): void {
    if (!place) {
      this.marker?.remove();
      this.marker = null;
      return;
    }
    const icon = L.divIcon({ html: drawn(), className: "map-pin", iconSize: [30, 38], iconAnchor: [15, 37] });
    this.marker ??= L.marker([place.lat, place.lng], { icon, interactive: false, keyboard: false, pane: "pin" }).addTo(this.map);
    this.marker.setLatLng([place.lat, place.lng]);
  }
}
