"""Files with known faults, read to the end: exactly the rows come back, wait and stand that their lists say."""

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import shape
from tests.unit.exchange_files import catalogue, matcher, targets

from riskmap.base.settings import GEODATA
from riskmap.exchange.cells import plain
from riskmap.exchange.datum import metres_between
from riskmap.exchange.headers import Column, Header, datum_in, find_header, match_columns, normalised
from riskmap.exchange.locate import Candidate, Located, Territory, candidates, geometry_of, locate, orientation
from riskmap.exchange.rows import Divisions, Reading, RowReader
from riskmap.exchange.table import Table
from riskmap.exchange.tables import open_table

CHINA = (73.0, 3.0, 136.0, 54.0)
Pair = tuple[Decimal | None, Decimal | None]


@cache
def demo() -> tuple[Divisions, Territory]:
    """The names, codes and outlines of the demo's divisions."""
    body = json.loads((GEODATA / "demo" / "jiujiang" / "divisions.geojson").read_text(encoding="utf-8"))
    said = [f["properties"] for f in body["features"]]
    shapes = [
        (p["code"], "3604" if p["level"] == "city" else p["code"], shape(f["geometry"]))
        for p, f in zip(said, body["features"], strict=True)
    ]
    return Divisions(said), Territory(shapes, CHINA)


@dataclass
class Read:
    """A file, read as a run would."""

    table: Table
    sheet: str
    header: Header
    columns: list[Column]
    words: str | None
    readings: list[Reading]
    kind: str
    candidates: list[Candidate]
    crs: str | None = None
    located: Located | None = None

    @property
    def taken(self) -> list[Reading]:
        return [r for r in self.readings if r.ignored is None]

    def target(self, header: str) -> str | None:
        return next(c.target for c in self.columns if c.header.split("\n")[0] == header)


def read(
    path: Path,
    class_: str,
    sheet: str | None = None,
    territory: Territory | None = None,
    by_hand: dict[str, str] | None = None,
) -> Read:
    divisions, own = demo()
    territory = territory or own
    table = open_table(path)
    name = sheet if sheet is not None else table.sheets[0].name
    rows = list(table.rows(name))
    header = find_header(rows[:60], table.merged(name), matcher(class_))
    assert header is not None
    chosen = {normalised(h): (target, None) for h, target in (by_hand or {}).items()}
    columns = match_columns(header, matcher(class_), chosen)
    words = datum_in([plain(c) for line, cells in rows[: header.last + 1] if line <= header.last for c in cells])
    reader = RowReader(catalogue().classes[class_], targets(class_), columns, divisions, table.uncomputed(name))
    readings = [reader.read(line, cells) for line, cells in rows if line > header.last]
    found = Read(table, name, header, columns, words, readings, "none", [])
    said = pairs(found)
    if orientation(said):
        said = [(y, x) for x, y in said]
    found.kind, found.candidates = candidates(said, territory)
    found.crs = table.crs or words or (found.candidates[0].crs if found.kind == "projected" else None)
    if found.crs:
        found.located = locate(said, [r.why for r in found.taken], found.crs, territory)
    return found


def pairs(found: Read) -> list[Pair]:
    out: list[Pair] = []
    for reading in found.taken:
        if reading.geometry is not None:
            x, y = shapely.get_coordinates(reading.geometry)[0].tolist()
            out.append((Decimal(repr(x)), Decimal(repr(y))))
        else:
            out.append((reading.x, reading.y))
    return out


@pytest.fixture(scope="module")
def expected(real_data: Path) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((real_data / "import-samples/invented/expected.json").read_text(encoding="utf-8"))
    return body


@pytest.mark.parametrize(
    "name", ["schools_bd09_gb18030.csv", "tailings_ponds_title_rows.xlsx", "risk_points_zone39.xlsx"]
)
def test_an_awkward_file_gives_exactly_the_rows_that_its_list_says(
    name: str, real_data: Path, expected: dict[str, Any]
) -> None:
    said = expected[name]
    found = read(real_data / "import-samples" / "invented" / name, said["class"], said.get("sheet"))
    assert found.header.line == said["header_line"]
    assert len(found.taken) == said["read"]

    # Codes that stand twice are found by the import, across rows.
    back = [(b["line"], b["column"], b["code"]) for b in said["back"] if b["code"] != "duplicate_in_file"]
    # A column is named by the first line of its header.
    got = [(r.line, f.column.split("\n")[0], f.code) for r in found.taken for f in r.faults]
    if name.startswith("risk_points"):  # a code that is missing is asked for by who keeps the list, not by the class
        back = [b for b in back if b[1:] != ("编码", "required")]
    assert got == back

    crs = found.crs
    if name.startswith("tailings"):  # nothing in it names a datum: it is asked, and answered
        assert crs is None
        divisions, territory = demo()
        del divisions
        crs = said["crs"]
        found.located = locate(pairs(found), [r.why for r in found.taken], crs, territory)
    assert crs == said["crs"]
    assert found.located is not None
    lines = [r.line for r in found.taken]
    refused = {b["line"] for b in said["back"]}
    waiting = [(line, why) for line, why in zip(lines, found.located.why, strict=True) if why and line not in refused]
    assert waiting == [(w["line"], w["why"]) for w in said["waiting"]]
    assert len(lines) - len(refused) - len(waiting) == said["good"]

    at: dict[Any, int] = {}
    for i, reading in enumerate(found.taken):
        at.setdefault(reading.core.get("code"), i)
    tolerance = said.get("position_tolerance_m", 1)
    for code, (lon, lat) in said["positions_cgcs2000"].items():
        i = at[code]
        away = metres_between(
            found.located.lon[i : i + 1], found.located.lat[i : i + 1], np.array([lon]), np.array([lat])
        )
        # The list has six decimals, a tenth of a metre.
        assert away[0] <= max(tolerance, 0.08), (code, away)


def test_the_columns_of_the_awkward_files_are_matched(real_data: Path) -> None:
    folder = real_data / "import-samples" / "invented"
    schools = read(folder / "schools_bd09_gb18030.csv", "school")
    assert [c.target for c in schools.columns] == [
        "name", "code", "division", "town", "address", "attributes.persons", "lon", "lat",
    ]  # fmt: skip
    assert schools.table.encoding == "gb18030"
    assert schools.words == "BD09"
    ponds = read(folder / "tailings_ponds_title_rows.xlsx", "tailings-pond")
    assert ponds.target("全库容") == "attributes.capacity_m3"
    assert next(c.factor for c in ponds.columns if c.target == "attributes.capacity_m3") == 10_000
    assert next(r for r in ponds.taken if r.line == 5).attributes["capacity_m3"] == 444_000
    assert [(r.line, r.ignored) for r in ponds.readings if r.ignored] == [(65, "blank"), (66, "sum")]
    points = read(folder / "risk_points_zone39.xlsx", "risk-point", "风险点清单")
    assert (points.kind, points.crs) == ("projected", "EPSG:4527")
    assert points.target("X坐标") == "x"
    assert points.target("排查日期") == "attributes.assessed_on"


def test_full_width_digits_and_thousands_go_in_as_they_are_meant(real_data: Path) -> None:
    schools = read(real_data / "import-samples" / "invented" / "schools_bd09_gb18030.csv", "school")
    for reading in schools.taken:
        if reading.line in {172, 173, 174}:
            assert not reading.faults
            assert reading.core["name"] == reading.core["name"].strip()
            assert int(reading.attributes["persons"]) > 0


# -- Real files, re-encoded ----------------------------------------------------------------


def _districts(real_data: Path) -> dict[str, Any]:
    body = json.loads((real_data / "boundaries-cn" / "jiujiang_districts.geojson").read_text(encoding="utf-8"))
    return {f["properties"]["name"]: shape(f["geometry"]) for f in body["features"]}


@pytest.mark.parametrize(
    ("name", "given", "meant"),
    [
        ("jiujiang_districts_cgcs2000_zone39_gbk", "EPSG:4527", "EPSG:4527"),
        ("jiujiang_districts_cgcs2000_cm117_gbk_noprj", None, "EPSG:4548"),
    ],
)
def test_a_shapefile_in_gbk_lies_where_the_original_lies(
    name: str, given: str | None, meant: str, real_data: Path, tmp_path: Path
) -> None:
    for part in (real_data / "import-samples").glob(f"{name}.*"):
        (tmp_path / f"layer{part.suffix}").write_bytes(part.read_bytes())
    found = read(tmp_path, "control-zone", by_hand={"区县名称": "name"})
    assert found.table.crs == given
    assert found.candidates[0].crs == meant
    original = _districts(real_data)
    assert {r.core["name"] for r in found.taken} == set(original)
    assert {f.code for r in found.taken for f in r.faults} == {"required"}  # what kind of zone it is
    for reading in found.taken:
        assert reading.geometry is not None
        ours = shapely.get_coordinates(geometry_of(reading.geometry, meant))
        theirs = shapely.get_coordinates(original[reading.core["name"]])
        assert len(ours) == len(theirs)
        # A shapefile begins a ring at another vertex and turns it round.
        nearest = theirs[shapely.STRtree(shapely.points(theirs)).nearest(shapely.points(ours))]
        assert np.max(metres_between(ours[:, 0], ours[:, 1], nearest[:, 0], nearest[:, 1])) <= 1


def test_stations_under_a_merged_title_with_longitudes_as_text(real_data: Path) -> None:
    everywhere = Territory([], CHINA)
    path = real_data / "import-samples" / "met_stations_title_row.xlsx"
    found = read(path, "gauge-station", territory=everywhere)
    assert found.header.line == 2
    assert found.target("经度") == "lon"
    assert found.kind == "degrees"
    assert len(found.taken) == 591
    body = json.loads((real_data / "cn-stations" / "data671MeteorologicalStations.geojson").read_text(encoding="utf-8"))
    located = locate(pairs(found), [r.why for r in found.taken], "EPSG:4326", everywhere)
    # The workbook has its positions to four decimals.
    original = [tuple(round(n, 4) for n in f["geometry"]["coordinates"]) for f in body["features"]]
    placed = [(lon, lat) for lon, lat in zip(located.lon, located.lat, strict=True) if np.isfinite(lon)]
    waiting = [at for at, why in zip(original, located.why, strict=True) if why]
    assert placed == [at for at, why in zip(original, located.why, strict=True) if why is None]
    # Stations whose numbers end at a tenth of a degree.
    assert set(located.why) == {None, "vague"}
    assert all(round(lon, 1) == lon and round(lat, 1) == lat for lon, lat in waiting)


def test_stations_as_geojson(real_data: Path) -> None:
    path = real_data / "cn-stations" / "data671MeteorologicalStations.geojson"
    table = open_table(path)
    assert table.kind == "vector"
    [sheet] = table.sheets
    assert sheet.rows == 592
    rows = list(table.rows(sheet.name))
    assert rows[0][0] == 0
    assert [line for line, _ in rows[1:]] == list(range(1, 592))
    assert all(isinstance(cells[-1], shapely.Point) for _, cells in rows[1:])


def test_buildings_of_other_lists_are_read_too(real_data: Path) -> None:
    table = open_table(real_data / "cn-buildings" / "beijing-buildings.geojson")
    assert table.sheets[0].rows == 5_443
    chemical = open_table(next((real_data / "chem-europe").glob("*.csv")))
    rows = list(chemical.rows(chemical.sheets[0].name))
    assert len({len(cells) for _, cells in rows}) == 1
    assert len(rows) == 81
