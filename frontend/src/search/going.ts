/** To a place on the map; whoever asks brings the map's page up. */
import { store } from "../selection/store";
import { pin, pinDivision, pinPlace, pinPosition } from "./pin";
import { remember } from "./recent";
import { search, type Option } from "./searching";

const CLOSE = 16;
const TILE = 256;

function fly(lng: number, lat: number, zoom: number): void {
  store.view = { lng, lat, zoom };
}

/** The zoom at which a box fills most of the map. */
function zoomOf([west, south, east, north]: readonly number[] & { length: 4 }): number {
  const size = document.querySelector(".map")?.getBoundingClientRect();
  const [width, height] = [size?.width || innerWidth, size?.height || innerHeight];
  const stretch = Math.cos((((south ?? 0) + (north ?? 0)) / 2) * (Math.PI / 180));
  const across = (0.8 * width * 360) / (TILE * Math.max((east ?? 0) - (west ?? 0), 1e-4));
  const down = (0.8 * height * 360 * stretch) / (TILE * Math.max((north ?? 0) - (south ?? 0), 1e-4));
  return Math.min(16, Math.max(8, Math.floor(Math.log2(Math.min(across, down)) * 2) / 2));
}

/** Does what an option says; whether the box is done with. */
export function choose(option: Option): boolean {
  switch (option.kind) {
    case "object": {
      const { id, position } = option.item;
      pin.value = null;
      store.selected = id;
      if (position) fly(position[0], position[1], Math.max(store.view?.zoom ?? 0, CLOSE));
      break;
    }
    case "division":
      pin.value = pinDivision(option.item);
      if (option.item.box) fly(pin.value?.lng ?? 0, pin.value?.lat ?? 0, zoomOf(option.item.box));
      break;
    case "place":
      pin.value = pinPlace(option.item);
      fly(pin.value.lng, pin.value.lat, option.item.level === "door" ? 17 : 15);
      break;
    case "position":
      if (search.answer?.position) pin.value = pinPosition(search.answer.position, option.item, search.answer.q);
      fly(option.item.position[0], option.item.position[1], Math.max(store.view?.zoom ?? 0, CLOSE));
      break;
    case "filter":
      store.chosen.q = option.q;
      break;
    default: return false;
  }
  if (search.text.trim()) remember(search.text.trim());
  return true;
}
