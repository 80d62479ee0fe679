"""The base map's own layers: GeoJSON files of the demo, or those that a bureau puts into its data folder."""

import json
from pathlib import Path
from typing import Any

ORDER = ("hills", "urban", "water", "rivers", "roads", "places")
_TITLES = {
    "hills": "山地",
    "urban": "建成区",
    "water": "水面",
    "rivers": "河流",
    "roads": "道路",
    "places": "地名",
}


class Basemap:
    """Layers by file name; `basemap.json` beside them may give titles and the attribution."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._info: dict[str, Any] = {}
        self.problem: str | None = None
        info = folder / "basemap.json"
        if info.exists():
            # A broken file here costs its words, not the service.
            try:
                said = json.loads(info.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                said = None
            if isinstance(said, dict):
                self._info = said
            else:
                self.problem = "basemap.json 读不出来，来源没有显示。请核对它是 UTF-8 的 JSON。"

    @property
    def attribution(self) -> str:
        """Whose data it is, shown on the map."""
        return str(self._info.get("attribution", ""))

    @property
    def approval(self) -> str:
        """审图号, where there is one."""
        return str(self._info.get("approval", ""))

    def path(self, layer: str) -> Path | None:
        """A layer's file; only names that are in the folder, so no path leads out of it."""
        return {p.stem: p for p in self._folder.glob("*.geojson")}.get(layer)

    def layers(self) -> list[dict[str, str]]:
        """What is there, from the ground up."""
        names = [p.stem for p in self._folder.glob("*.geojson")]
        names.sort(key=lambda n: (ORDER.index(n) if n in ORDER else len(ORDER), n))
        titles = {**_TITLES, **self._info.get("titles", {})}
        return [{"layer": n, "title": titles.get(n, n), "url": f"/api/basemap/{n}.geojson"} for n in names]
