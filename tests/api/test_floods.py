"""Floods: scenarios with depth classes, drawn and uploaded; versions, exercises, the log; what is refused."""

import json
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from shapely.geometry import shape
from starlette.testclient import TestClient
from tests.api.rescue import HERE, flood, square
from tests.api.test_bad_input import refused

from riskmap.base import clock
from riskmap.rescue import depths

Maker = Callable[..., TestClient]
LON, LAT = HERE
BOW = {"type": "Polygon", "coordinates": [[[116, 29], [116.01, 29.01], [116.01, 29], [116, 29.01], [116, 29]]]}


def measured(geometry: Any) -> float:
    """Geodesic area by an independent way: dense edges, each ring by itself."""
    geod, total = pyproj.Geod(ellps="GRS80"), 0.0
    for part in shapely.get_parts(shapely.segmentize(geometry, 0.001)):
        outer = abs(geod.polygon_area_perimeter(*shapely.get_coordinates(part.exterior).T)[0])
        inner = sum(abs(geod.polygon_area_perimeter(*shapely.get_coordinates(r).T)[0]) for r in part.interiors)
        total += outer - inner
    return total


def test_overlapping_classes_become_disjoint_and_the_deepest_holds(admin: TestClient) -> None:
    wide, narrow = square(LON, LAT, 1000), square(LON, LAT, 400)
    made = flood(admin, [(0.3, wide), (1.0, narrow)])
    assert [float(c["depth_m"]) for c in made["classes"]] == [0.3, 1.0]
    rim, core = (shape(c["geometry"]) for c in made["classes"])
    assert rim.intersection(core).area < 1e-9
    assert core.symmetric_difference(shape(narrow)).area < 1e-8
    inner, all_ = measured(shape(narrow)), measured(shape(wide))
    assert [c["area_m2"] for c in made["classes"]] == pytest.approx([all_ - inner, inner], rel=1e-7)
    assert made["area_m2"] == pytest.approx(measured(shape(wide)), rel=1e-7)
    assert made["repairs"] == []
    assert [c["traffic"] for c in made["classes"]] == ["closed", "closed"]


def test_a_shallow_class_that_lies_wholly_in_a_deep_one_is_gone(admin: TestClient) -> None:
    made = flood(admin, [(0.2, square(LON, LAT, 100)), (2, square(LON, LAT, 300))])
    assert [float(c["depth_m"]) for c in made["classes"]] == [2]


@pytest.mark.parametrize(
    ("depth", "to", "said"),
    [
        ("0.1499", None, "open"), ("0.15", None, "care"), ("0.2499", None, "care"), ("0.25", None, "closed"),
        ("0.15", "0.25", "care"), ("0", "0.15", "open"), ("0.1", "0.3", "closed"), ("0.1", "0.2", "care"),
    ],
)  # fmt: skip
def test_what_a_depth_closes_is_exact_at_the_limits(depth: str, to: str | None, said: str) -> None:
    assert depths.traffic(Decimal(depth), Decimal(to) if to else None) == said


@pytest.mark.parametrize(
    ("wading", "to", "through"), [("0.60", "0.49", True), ("0.60", "0.50", False), ("0.60", None, False)]
)
def test_a_vehicle_passes_where_the_upper_depth_is_below_its_own_less_ten_centimetres(
    wading: str, to: str | None, through: bool
) -> None:
    assert depths.passes(Decimal(wading), Decimal(to) if to else None) is through


def test_a_polygon_that_crosses_itself_is_mended_and_reported(admin: TestClient) -> None:
    made = flood(admin, [(0.5, square(LON, LAT, 100)), (0.8, BOW)])
    [repair] = made["repairs"]
    assert repair["part"] == 2
    assert "自相交" in repair["what"]
    whole = shapely.make_valid(shape(BOW))
    assert made["classes"][-1]["area_m2"] == pytest.approx(measured(whole), rel=1e-6)


def test_versions_follow_each_other_and_the_log_says_how_much_was_gained(admin: TestClient) -> None:
    first = flood(admin, [(0.5, square(LON, LAT, 500))], name="例湖圩溃口")
    assert (first["series"], first["version"]) == (first["id"], 1)
    between = clock.now()
    second = flood(admin, [(0.5, square(LON, LAT, 600))], name="例湖圩溃口", series=first["id"])
    assert (second["series"], second["version"]) == (first["id"], 2)
    now = {f["id"]: f for f in admin.get("/api/rescue/floods").json()["items"]}
    assert second["id"] in now
    assert first["id"] not in now
    assert not {"method", "repairs"} & now[second["id"]].keys()  # long ones, told of one version
    assert second["repairs"] == []
    assert [v["version"] for v in admin.get(f"/api/rescue/floods/{first['id']}").json()["versions"]] == [2, 1]
    newest = admin.get("/api/rescue/log", params={"kind": "水情"}).json()["items"][0]
    assert newest["flood"] == second["id"]
    assert "第 2 版" in newest["what"]
    assert "较上一版增 44.0 ha" in newest["what"]
    # A minute without an offset is one of the bureau's own clock.
    for at in (between.isoformat(), between.astimezone(clock.SHANGHAI).replace(tzinfo=None).isoformat()):
        then = admin.get("/api/rescue/floods", params={"at": at}).json()["items"]
        assert first["id"] in {f["id"] for f in then}
        before = admin.get("/api/rescue/log", params={"at": at}).json()
        assert second["id"] not in {e["flood"] for e in before["items"]}
        assert first["id"] in {e["flood"] for e in before["items"]}
        assert second["id"] in {e["flood"] for e in admin.get("/api/rescue/log", params={"since": at}).json()["items"]}


@pytest.mark.parametrize("path", ["floods", "warnings", "responses", "log", "levels", "roads", "teams", "evacuations"])
def test_a_minute_that_is_to_come_is_refused_everywhere(admin: TestClient, path: str) -> None:
    late = (clock.now() + timedelta(minutes=3)).isoformat()
    told = refused(admin.get(f"/api/rescue/{path}", params={"at": late}))
    assert told["errors"][0] == {"field": "at", "code": "in_future", "message": "时刻还没有到，请选已过去的时刻"}
    soon = (clock.now() + timedelta(minutes=1)).isoformat()  # clocks differ
    assert admin.get(f"/api/rescue/{path}", params={"at": soon}).status_code == 200


def test_an_exercise_is_never_among_what_is_real(admin: TestClient) -> None:
    made = flood(admin, [(0.5, square(LON, LAT, 500))], name="演练溃口", exercise=True)
    assert made["id"] not in {f["id"] for f in admin.get("/api/rescue/floods").json()["items"]}
    assert made["id"] in {f["id"] for f in admin.get("/api/rescue/floods?exercise=true").json()["items"]}
    assert "演练溃口" not in admin.get("/api/rescue/log").text
    assert "演练溃口" in admin.get("/api/rescue/log?exercise=true").text
    real = {"name": "实战", "depths": [{"depth_m": 1, "geometry": square(LON, LAT, 9)}], "series": made["id"]}
    refused(admin.post("/api/rescue/floods", json=real))


def test_what_was_withdrawn_stays_readable_with_its_reason(admin: TestClient) -> None:
    made = flood(admin, [(0.5, square(LON, LAT, 300))], name="画错的")
    before = clock.now()
    assert admin.post(f"/api/rescue/floods/{made['id']}/withdraw", json={"reason": "画在对岸"}).status_code == 200
    assert made["id"] not in {f["id"] for f in admin.get("/api/rescue/floods").json()["items"]}
    then = admin.get("/api/rescue/floods", params={"at": before.isoformat()}).json()["items"]
    assert made["id"] in {f["id"] for f in then}
    assert admin.get(f"/api/rescue/floods/{made['id']}").json()["withdrawn_reason"] == "画在对岸"
    refused(admin.post(f"/api/rescue/floods/{made['id']}/withdraw", json={"reason": "又一次"}), 409)


def test_who_may(admin: TestClient, client: TestClient, make_account: Maker) -> None:
    made = flood(admin, [(0.5, square(LON, LAT, 300))])
    body = {"name": "例", "depths": [{"depth_m": 1, "geometry": square(LON, LAT, 9)}]}
    reader, public = make_account("reader"), make_account("reader", "public")
    assert client.get("/api/rescue/floods").status_code == 401
    assert client.get(f"/api/rescue/floods/{made['id']}/exposure").status_code == 401
    assert public.get("/api/rescue/floods").status_code == 403
    assert reader.get(f"/api/rescue/floods/{made['id']}").status_code == 200
    assert reader.post("/api/rescue/floods", json=body).status_code == 403
    assert reader.post(f"/api/rescue/floods/{made['id']}/withdraw", json={"reason": "例"}).status_code == 403
    assert make_account("editor", areas=["360402"]).post("/api/rescue/floods", json=body).status_code == 201
    state = admin.get("/healthz").json()["state"]
    flood(admin, [(1, square(LON, LAT, 20))])
    assert admin.get("/healthz").json()["state"] == state  # live facts do not move it


def test_another_s_scenario_is_changed_by_its_maker_or_the_command_alone(
    admin: TestClient, make_account: Maker
) -> None:
    made = flood(admin, [(0.5, square(LON, LAT, 500))])
    editor = make_account("editor", areas=["360402"])
    body = {"name": "例", "depths": [{"depth_m": 1, "geometry": square(LON, LAT, 9)}], "series": made["id"]}
    assert "只有登记人和有调度权的人" in refused(editor.post("/api/rescue/floods", json=body), 403)["detail"]
    refused(editor.post(f"/api/rescue/floods/{made['id']}/withdraw", json={"reason": "例"}), 403)
    own = flood(editor, [(0.5, square(LON, LAT, 100))])
    assert editor.post("/api/rescue/floods", json=body | {"series": own["id"]}).status_code == 201
    assert admin.post(f"/api/rescue/floods/{own['id']}/withdraw", json={"reason": "例"}).status_code == 200


def test_a_next_version_is_drawn_on_what_covers_so_that_a_class_taken_away_leaves_no_dry_place(
    admin: TestClient,
) -> None:
    wide, narrow = square(LON, LAT, 1000), square(LON, LAT, 400)
    made = flood(admin, [(0.2, wide), (1.0, narrow)])
    shallow, deep = admin.get(f"/api/rescue/floods/{made['id']}/covering").json()["classes"]
    assert shape(shallow["geometry"]).symmetric_difference(shape(wide)).area < 1e-8
    assert shape(deep["geometry"]).symmetric_difference(shape(narrow)).area < 1e-8
    again = flood(admin, [(0.2, shallow["geometry"])], series=made["id"])
    assert again["area_m2"] == pytest.approx(made["area_m2"], rel=1e-5)  # GeoJSON is cut to a centimetre


class TestRefused:
    @pytest.mark.parametrize(
        ("change", "field", "word"),
        [
            ({"depths": []}, "depths", "水深分级"),
            ({"depths": [{"geometry": square(LON, LAT, 9)}]}, "depths.0.depth_m", "水深"),
            ({"depths": [{"depth_m": -1, "geometry": square(LON, LAT, 9)}]}, "depths.0.depth_m", "水深"),
            ({"depths": [{"depth_m": 500, "geometry": square(LON, LAT, 9)}]}, "depths.0.depth_m", "单位"),
            (
                {"depths": [{"depth_m": 2, "depth_to_m": 1, "geometry": square(LON, LAT, 9)}]},
                "depths.0.depth_m",
                "上限",
            ),
            ({"depths": [{"depth_m": 1, "geometry": {"type": "Point", "coordinates": [116, 29]}}]}, None, "面"),
            ({"name": ""}, "name", "名称"),
            ({"name": "长" * 300}, "name", "太长"),
            ({"at": "昨晚"}, "at", "时间"),
            ({"at": (datetime.now().astimezone() + timedelta(days=90)).isoformat()}, "at", "日期"),
            ({"series": 987654}, "series", "没有这个情景"),
            ({"source": "terrain"}, "source", ""),
            ({"colour": "blue"}, "colour", "没有"),
        ],
    )
    def test_a_wrong_scenario(self, admin: TestClient, change: dict[str, Any], field: str | None, word: str) -> None:
        body = {"name": "例", "depths": [{"depth_m": 1, "geometry": square(LON, LAT, 9)}], **change}
        said = refused(admin.post("/api/rescue/floods", json=body))
        assert word in json.dumps(said, ensure_ascii=False)
        if field:
            assert field in {e["field"] for e in said["errors"]}

    def test_a_province_and_a_line(self, admin: TestClient) -> None:
        province = {"type": "Polygon", "coordinates": [[[113, 24], [119, 24], [119, 30], [113, 30], [113, 24]]]}
        flat = {"type": "Polygon", "coordinates": [[[116, 29], [116.1, 29], [116, 29], [116, 29]]]}
        for shape_, word in ((province, "一个省"), (flat, "没有围成面积")):
            body = {"name": "例", "depths": [{"depth_m": 1, "geometry": shape_}]}
            assert word in refused(admin.post("/api/rescue/floods", json=body))["detail"]

    def test_unknown_ones(self, admin: TestClient) -> None:
        refused(admin.get("/api/rescue/floods/987654"), 404)
        refused(admin.get("/api/rescue/floods/987654/exposure"), 404)
        made = flood(admin, [(1, square(LON, LAT, 20))])
        for query in ("margin_m=-1", "margin_m=99999", "limit=0", "dragon=1", "class=dragon"):
            refused(admin.get(f"/api/rescue/floods/{made['id']}/exposure?{query}"))


Fields = dict[str, list[str]]


def layer(path: Path, shapes: list[Any], fields: Fields, crs: str | None = "EPSG:4490") -> Path:
    """A layer of one kind of shape, by the name's ending."""
    driver = {".shp": "ESRI Shapefile", ".gpkg": "GPKG", ".geojson": "GeoJSON"}[path.suffix]
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array(shapes, dtype=object)), [np.array(v, dtype=object) for v in fields.values()],
        np.array(list(fields), dtype=object), geometry_type=shapes[0].geom_type, crs=crs, driver=driver,
        encoding="GBK" if path.suffix == ".shp" else None,
    )  # fmt: skip
    return path


def packed(folder: Path, shapes: list[Any], fields: Fields, kind: str, crs: str | None = "EPSG:4490") -> Path:
    if kind != "zip":
        return layer(folder / f"water.{kind}", shapes, fields, crs)
    (folder / "shp").mkdir()
    layer(folder / "shp" / "water.shp", shapes, fields, crs)
    path = folder / "water.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in (folder / "shp").iterdir():
            archive.write(part, part.name)
    return path


def sent(client: TestClient, path: Path, **data: Any) -> Any:
    return client.post("/api/rescue/floods", files={"file": (path.name, path.read_bytes())}, data=data)


WATER = [shape(square(LON, LAT, 800)), shape(square(LON + 0.1, LAT, 300)), shape(BOW)]
FIELDS = {"水深": ["0.3", "0.5-1.0", "≥2"], "备注": ["", "", ""]}


@pytest.mark.parametrize("kind", ["zip", "gpkg", "geojson"])
def test_a_file_with_a_field_of_depths(admin: TestClient, tmp_path: Path, kind: str) -> None:
    answer = sent(admin, packed(tmp_path, WATER, FIELDS, kind), depth_field="水深", name="上传的水", crs="EPSG:4490")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["source"] == "uploaded"
    found = [(float(c["depth_m"]), float(c["depth_to_m"]) if c["depth_to_m"] else None) for c in made["classes"]]
    assert found == [(0.3, None), (0.5, 1.0), (2, None)]
    assert [r["part"] for r in made["repairs"]] == [3]  # numbered as the file has it


def test_a_file_in_another_datum_lands_where_it_belongs(admin: TestClient, tmp_path: Path) -> None:
    turn = pyproj.Transformer.from_crs(4490, 4548, always_xy=True)
    zone = [shapely.transform(w, lambda at: np.column_stack(turn.transform(*at.T))) for w in WATER]
    answer = sent(admin, packed(tmp_path, zone, FIELDS, "gpkg", "EPSG:4548"), depth_m="0.5", name="高斯")
    assert answer.status_code == 201, answer.text
    whole = shapely.union_all([shapely.make_valid(w) for w in WATER])
    assert answer.json()["area_m2"] == pytest.approx(measured(whole), rel=1e-4)


def test_a_file_that_says_too_little_or_too_much(admin: TestClient, tmp_path: Path) -> None:
    path = packed(tmp_path, WATER, FIELDS, "gpkg")
    listed = json.dumps(refused(sent(admin, path, name="例")), ensure_ascii=False)
    assert "备注" in listed  # the fields that there are
    assert "水深" in listed
    refused(sent(admin, path, depth_field="深", name="例"))
    refused(sent(admin, path, depth_field="水深", depth_m="1", name="例"))
    assert "第 1 个要素" in refused(sent(admin, path, depth_field="备注", name="例"))["detail"]
    refused(sent(admin, path, depth_m="十", name="例"))
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    refused(sent(admin, tmp_path / "x.csv", depth_m="1"))
    (tmp_path / "y.gpkg").write_bytes(b"")
    refused(sent(admin, tmp_path / "y.gpkg", depth_m="1"))
    points = layer(tmp_path / "p.gpkg", [shapely.Point(LON, LAT)], {})
    assert "应为面" in refused(sent(admin, points, depth_m="1"))["detail"]
    nowhere = layer(tmp_path / "n.gpkg", [WATER[0]], {}, None)
    assert "坐标系" in refused(sent(admin, nowhere, depth_m="1"))["errors"][0]["message"]


def test_edges_that_cross_everywhere_are_refused_before_they_take_all_memory(admin: TestClient, tmp_path: Path) -> None:
    dice = np.random.default_rng(5)
    at = np.column_stack([LON + dice.uniform(-0.1, 0.1, 30_000), LAT + dice.uniform(-0.1, 0.1, 30_000)])
    layer(tmp_path / "t.gpkg", [shapely.Polygon(at)], {})
    assert "交叉的地方太多" in refused(sent(admin, tmp_path / "t.gpkg", depth_m="1"))["detail"]
    comb = [(LON + i * 1e-6, LAT + (0.01 if i % 4 in (1, 2) else 0)) for i in range(40_000)]
    teeth = shapely.Polygon([*comb, (LON + 0.04, LAT - 0.01), (LON, LAT - 0.01)])
    assert teeth.is_valid
    layer(tmp_path / "v.gpkg", [teeth], {})
    assert sent(admin, tmp_path / "v.gpkg", depth_m="1").status_code == 201  # many vertices alone are no fault
