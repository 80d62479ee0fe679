"""Real road files, loaded as a bureau would: every row is a road or is told, and lengths are those of the ellipsoid."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import osmium
import pyogrio
import pytest
import shapely
from osmium.osm.mutable import Node, Way
from pyproj import Geod
from sqlalchemy import Engine, text

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.base.settings import Settings
from riskmap.rescue import roads_service
from riskmap.rescue.roads import CARRIES, Summary
from riskmap.rescue.roads_service import About
from riskmap.rescue.roads_table import Wanted

GEOD = Geod(ellps="WGS84")
FLOODED = [("venezia/EMSR332_09VENEZIA_DEL_v1_transportation_l", 4267),
           ("pordenone/EMSR332_08PORDENONE_DEL_v1_transportation_l", 3183)]  # fmt: skip
Load = Callable[..., Summary]


@pytest.fixture
def load(engine: Engine, settings: Settings) -> Load:
    def run(path: Path, **wanted: Any) -> Summary:
        return roads_service.load(engine, settings, path, About(wanted=Wanted(**wanted)), lambda *_: None)[1]

    return run


def stored(engine: Engine) -> list[Any]:
    with database.read(engine, SYSTEM.settings()) as connection:
        return list(connection.execute(text("SELECT *, ST_AsBinary(geom) AS wkb FROM road ORDER BY road_id")))


class Ways(osmium.SimpleHandler):
    """Ways with a highway, and the places of all nodes, counted without any of our code."""

    def __init__(self) -> None:
        super().__init__()
        self.at: dict[int, tuple[int, int]] = {}
        self.ways: dict[int, tuple[dict[str, str], list[int]]] = {}

    def node(self, n: Any) -> None:
        self.at[n.id] = (n.location.x, n.location.y)

    def way(self, w: Any) -> None:
        if "highway" in w.tags:
            self.ways[w.id] = ({t.k: t.v for t in w.tags}, [n.ref for n in w.nodes])


def test_andorra_is_loaded_way_by_way_with_its_own_nodes(
    real_data: Path, engine: Engine, load: Load, tmp_path: Path
) -> None:
    path = real_data / "osm-andorra" / "andorra.osm.pbf"
    summary = load(path)
    own = Ways()
    own.apply_file(str(path))
    assert len(own.ways) == 1615
    carries = {i for i, (tags, _) in own.ways.items() if tags["highway"] in CARRIES and tags.get("area") != "yes"}
    rows = stored(engine)
    assert summary.read == 1615
    assert summary.count + sum(left.count for left in summary.left.values()) == 1615
    assert {row.osm_id for row in rows} == carries
    assert len(rows) == len(carries) == summary.count
    by_class = Counter(tags["highway"] for i, (tags, _) in own.ways.items() if i in carries)
    assert dict(summary.rows) == dict(by_class)
    assert {code: left.count for code, left in summary.left.items()} == dict(
        Counter(tags["highway"] for i, (tags, _) in own.ways.items() if i not in carries)
    )
    for row in rows:
        tags, nodes = own.ways[row.osm_id]
        assert row.nodes == nodes
        at = shapely.get_coordinates(shapely.from_wkb(bytes(row.wkb)))
        assert [(round(x * 1e7), round(y * 1e7)) for x, y in at] == [own.at[n] for n in nodes]
        assert (row.name, row.ref) == (tags.get("name"), tags.get("ref"))
    oneway = {i for i in carries if own.ways[i][0].get("oneway") == "yes"}
    assert {row.osm_id for row in rows if row.oneway == 1} >= oneway
    assert any(len(set(row.nodes)) < len(row.nodes) for row in rows), "a way that comes back to a node of its own"
    total = sum(GEOD.geometry_length(shapely.from_wkb(bytes(row.wkb))) for row in rows)
    assert summary.length_m == pytest.approx(total, rel=1e-6)

    # What a routing engine is given is made of the table alone, and is the file's own network.
    out = tmp_path / "again.osm.pbf"
    places: dict[int, tuple[float, float]] = {}
    for row in rows:
        at = shapely.get_coordinates(shapely.from_wkb(bytes(row.wkb))).tolist()
        places.update(zip(row.nodes, map(tuple, at), strict=True))
    with osmium.SimpleWriter(str(out)) as writer:
        for node, place in sorted(places.items()):
            writer.add_node(Node(id=node, location=place))
        for row in rows:
            writer.add_way(Way(id=row.osm_id, nodes=row.nodes, tags={"highway": row.highway}))
    again = Ways()
    again.apply_file(str(out))
    assert {i: nodes for i, (_, nodes) in again.ways.items()} == {i: own.ways[i][1] for i in carries}
    assert all(again.at[n] == own.at[n] for n in again.at)


@pytest.mark.parametrize(("layer", "count"), FLOODED)
def test_roads_of_copernicus_are_all_there_with_their_length(
    real_data: Path, engine: Engine, load: Load, layer: str, count: int
) -> None:
    path = real_data / "flood-emsr332" / f"{layer}.shp"
    summary = load(path)
    _, _, shapes, _ = pyogrio.raw.read(path)
    total = sum(GEOD.geometry_length(shape) for shape in shapely.from_wkb(shapes))
    rows = stored(engine)
    assert len(rows) == summary.count == summary.read == count
    assert sum(row.length_m for row in rows) == pytest.approx(total, rel=1e-3)
    assert summary.length_m == pytest.approx(total, rel=1e-3)
    assert {row.highway for row in rows} == {"unclassified"}
    told = "".join(summary.told())
    assert "辖区外" in told
    assert "没有认出道路等级" in told
    assert "像是铁路或跑道" in told

    named = load(path, class_field="info")
    _, _, _, fields = pyogrio.raw.read(path, columns=["obj_type"], read_geometry=False)
    kinds = Counter(str(kind) for kind in fields[0])
    assert named.count == kinds["211-Highways, Streets and Roads"]
    assert named.left["not_a_road"].count == count - named.count
    assert set(named.rows) == {"motorway", "primary", "secondary"}


def test_roads_among_other_things_of_osm_are_picked(real_data: Path, engine: Engine, load: Load) -> None:
    path = real_data / "osm-sanhe-cn" / "sanhe-osm.geojson"
    summary = load(path)
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    roads = {f["properties"]["id"] for f in features if f["properties"].get("highway")}
    assert len(roads) == 37
    rows = stored(engine)
    assert {f"way/{row.osm_id}" for row in rows} == roads
    assert len(rows) == 37
    assert summary.read == 375
    assert {code: left.count for code, left in summary.left.items()} == {"not_a_line": 333, "no_class": 5}
    assert dict(summary.rows) == {"unclassified": 31, "service": 6}
