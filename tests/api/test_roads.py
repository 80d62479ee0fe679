"""The road network over HTTP: the demo city's own, a file in its place whole or not at all, and who may do it."""

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import pyogrio
import pytest
import shapely
from click.testing import CliRunner
from osmium.osm.mutable import Node, Way
from sqlalchemy import Engine, text
from starlette.testclient import TestClient
from tests.api.imports import wait

from riskmap import cli
from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.base.settings import GEODATA, Settings
from riskmap.rescue import roads_service

DEMO = True
Maker = Callable[..., TestClient]
HERE = [(116.0, 29.70), (116.01, 29.71), (116.02, 29.71)]


def geojson(*rows: tuple[dict[str, Any], Sequence[Sequence[float]]]) -> bytes:
    features = [
        {"type": "Feature", "properties": p, "geometry": {"type": "LineString", "coordinates": list(at)}}
        for p, at in rows
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


GOOD = geojson(({"道路名称": "甲路", "道路等级": "省道"}, HERE), ({"道路名称": "人行", "道路等级": "人行道"}, HERE))


def send(client: TestClient, body: bytes, file: str = "路网.geojson", **given: str) -> Any:
    return client.post("/api/rescue/roads", files={"file": (file, body)}, data=given)


def run(client: TestClient, body: bytes, file: str = "路网.geojson", **given: str) -> dict[str, Any]:
    answer = send(client, body, file, **given)
    assert answer.status_code == 202, answer.text
    return wait(client, answer.json()["id"])


def current(client: TestClient, **asked: str) -> dict[str, Any]:
    answer = client.get("/api/rescue/roads", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def names(engine: Engine) -> list[str]:
    with database.read(engine, SYSTEM.settings()) as connection:
        return list(connection.scalars(text("SELECT name FROM road ORDER BY road_id")))


def test_the_demo_city_has_its_roads_and_says_that_they_are_invented(
    admin: TestClient, engine: Engine, settings: Settings
) -> None:
    told = current(admin)["set"]
    ways = [w for w in osmium.FileProcessor(str(GEODATA / "demo" / "jiujiang" / "roads.osm.pbf")) if w.is_way()]
    assert told["rows"] == len(ways) == len(names(engine))
    assert "演示" in told["name"]
    assert "虚构" in told["source"]
    assert told["left_out"] == []
    assert told["notes"] == []
    assert told["length_m"] == pytest.approx(sum(one["length_m"] for one in told["by_class"]), abs=1)
    assert {one["highway"] for one in told["by_class"]} >= {"motorway", "trunk", "residential"}
    assert told["length_m"] > 1_000_000
    with database.read(engine, SYSTEM.settings()) as connection:
        bridges, apart = connection.execute(
            text("SELECT count(*) FILTER (WHERE bridge), count(*) FILTER (WHERE length_m <= 0) FROM road")
        ).one()
    assert bridges > 20
    assert apart == 0
    assert roads_service.load_demo(engine, settings) == 0, "what a bureau loads later is never replaced by it"


class TestReplacing:
    def test_a_file_takes_the_place_of_the_set_whole(self, admin: TestClient, engine: Engine) -> None:
        before = current(admin)
        state = admin.get("/healthz").json()["state"]
        done = run(admin, GOOD, source="交通局", licence="内部使用", dated="2026-05-01")
        assert done["status"] == "done", done["message"]
        assert done["rows"] == {"read": 2, "taken": 1, "left_out": 1}
        assert "装入 1 条" in done["message"]
        now = current(admin)
        told = now["set"]
        assert (told["name"], told["source"], told["licence"], told["dated"]) == (
            "路网",
            "交通局",
            "内部使用",
            "2026-05-01",
        )
        assert [(one["title"], one["rows"]) for one in told["by_class"]] == [("省道、主干路", 1)]
        assert [(one["title"], one["rows"], one["numbers"]) for one in told["left_out"]] == [("人行道", 1, [2])]
        assert {(one["said"], one["title"]) for one in told["classes_read"]} == {
            ("省道", "省道、主干路"), ("人行道", "人行道"),
        }  # fmt: skip
        assert names(engine) == ["甲路"]
        assert now["earlier"][0]["id"] == before["set"]["id"]
        assert admin.get("/healthz").json()["state"] == state, "a live fact moves no state"
        assert current(admin, at=before["at"])["set"]["id"] == before["set"]["id"]
        assert current(admin, at="2020-01-01T00:00:00+08:00")["set"] is None
        assert "不等于道路畅通" in current(admin, at="2020-01-01T00:00:00+08:00")["message"]

    def test_what_lies_elsewhere_says_so_and_is_taken(self, admin: TestClient) -> None:
        done = run(admin, geojson(({"highway": "primary"}, [(2.3, 48.8), (2.4, 48.8)])))
        assert done["status"] == "done"
        assert "都在辖区外" in current(admin)["set"]["notes"][0]

    def test_gbk_shapefiles_of_a_zone_are_read(self, admin: TestClient, tmp_path: Path) -> None:
        lines = [shapely.LineString([(39500000 + 100 * i, 3288000), (39500100 + 100 * i, 3288050)]) for i in range(3)]
        path = tmp_path / "道路.shp"
        fields = [
            np.array(["国道", "县道", "铁路"], dtype=object),
            np.array(["京九路", "赣江大道", "京九铁路"], dtype=object),
        ]
        pyogrio.raw.write(
            path, shapely.to_wkb(lines), fields, ["道路等级", "路名"], geometry_type="LineString", crs="EPSG:4527",
            driver="ESRI Shapefile", encoding="GBK",
        )  # fmt: skip
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            for part in tmp_path.iterdir():
                if part.suffix != ".cpg":
                    archive.write(part, part.name)
        done = run(admin, body.getvalue(), "道路.zip")
        assert done["status"] == "done", done["message"]
        told = current(admin)["set"]
        assert (told["format"], told["crs"]) == ("shp", "EPSG:4527")
        assert [(one["highway"], one["rows"]) for one in told["by_class"]] == [("trunk", 1), ("secondary", 1)]
        assert told["left_out"][0]["code"] == "not_a_road"
        west, south, east, north = told["bounds"]
        assert 116.99 < west < east < 117.01
        assert 29.70 < south < north < 29.73
        assert told["length_m"] == pytest.approx(2 * np.hypot(100, 50), rel=1e-3)

    def test_by_command_with_its_parts_beside_it(
        self, settings: Settings, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "roads.shp"
        lines = shapely.to_wkb([shapely.LineString(HERE)])
        pyogrio.raw.write(
            path, lines, [np.array(["甲等"], dtype=object)], ["class"], geometry_type="LineString", crs="EPSG:4490",
            driver="ESRI Shapefile", encoding="UTF-8",
        )  # fmt: skip
        monkeypatch.setenv("RISKMAP_DATABASE_URL", settings.database_url or "")
        monkeypatch.setenv("RISKMAP_DATA_DIR", str(settings.data_dir))
        monkeypatch.setenv("RISKMAP_FREE_DISK_MB", "0")
        told = CliRunner().invoke(cli.main, ["load", "roads", str(path), "--name", "命令行路网"])
        assert told.exit_code == 0, told.output
        assert "装入 1 条" in told.output
        assert "“甲等”1 条" in told.output
        with database.read(engine, SYSTEM.settings()) as connection:
            name, by = connection.execute(text("SELECT name, loaded_by FROM road_set ORDER BY set_id DESC")).first()
        assert (name, by) == ("命令行路网", "system")
        wrong = CliRunner().invoke(cli.main, ["load", "roads", str(path), "--crs", "EPSG:4527"])
        assert wrong.exit_code == 1
        assert "坐标是经纬度" in wrong.output


def osm(nodes: dict[int, tuple[float, float]], ways: dict[int, tuple[list[int], dict[str, str]]], path: Path) -> bytes:
    with osmium.SimpleWriter(str(path)) as writer:
        for node, at in nodes.items():
            writer.add_node(Node(id=node, location=at))
        for way, (refs, tags) in ways.items():
            writer.add_way(Way(id=way, nodes=refs, tags=tags))
    return path.read_bytes()


class TestBadFiles:
    @pytest.fixture(autouse=True)
    def kept(self, admin: TestClient, engine: Engine) -> Any:
        """Whatever is sent, the roads in use stay."""
        before, roads = current(admin)["set"], names(engine)
        yield
        assert current(admin)["set"] == before
        assert names(engine) == roads

    @pytest.mark.parametrize(
        ("body", "name", "words"),
        [
            (b"", "a.osm.pbf", "0 字节"),
            (b"name,lon,lat\na,1,2\n", "a.csv", "没有道路的图形"),
            (b"%PDF-1.7", "a.pdf", "不是道路文件"),
            (b"\x00\x00\x27\x0a" + bytes(96), "a.shp", "打成一个 zip"),
            (b"<gpx></gpx>", "a.gpx", "不是道路文件"),
            (b"\x1f\x8b\x08\x00", "a.osm.gz", "不是道路文件"),
            (b"PK\x03\x04rest", "a.zip", "已损坏"),
            (b"<osm version='0.6'></osm>", "a.osm", "没有道路"),
            (b"<osm version='0.6'><way id='1'><nd ref='1'/><tag k='highway' v='primary'/>", "a.osm", "读不出来"),
            (b"<osm version='0.6'><way id='1'><nd ref='1'/><nd ref='2'/><tag k='highway' v='primary'/></way></osm>",
             "a.osm", "没有道路的节点"),
            (geojson(({"等级": "人行道"}, HERE)), "a.geojson", "没有能走车的路"),
            (geojson(({"等级": "省道"}, [(395, 29), (396, 29)])), "a.geojson", "坐标系"),
            (b'{"type":"FeatureCollection","features":[]}', "a.geojson", "没有要素"),
            (GOOD[:-20], "a.geojson", "读不出来"),
        ],
    )  # fmt: skip
    def test_a_file_that_is_none_fails_in_words(self, admin: TestClient, body: bytes, name: str, words: str) -> None:
        done = run(admin, body, name)
        assert done["status"] == "failed"
        assert words in done["message"]

    def test_a_cut_pbf_fails_in_words(self, admin: TestClient) -> None:
        whole = (GEODATA / "demo" / "jiujiang" / "roads.osm.pbf").read_bytes()
        done = run(admin, whole[: len(whole) // 2], "a.osm.pbf")
        assert done["status"] == "failed"
        assert "读不出来" in done["message"]

    def test_osm_is_in_one_datum(self, admin: TestClient, tmp_path: Path) -> None:
        body = osm({1: HERE[0], 2: HERE[1]}, {1: ([1, 2], {"highway": "primary"})}, tmp_path / "a.osm")
        done = run(admin, body, "a.osm", crs="GCJ02")
        assert done["status"] == "failed"
        assert "WGS 84" in done["message"]

    def test_what_is_said_of_a_file_is_checked_at_once(self, admin: TestClient) -> None:
        for given, field in (
            ({"dated": "去年"}, "dated"), ({"colour": "red"}, "colour"), ({"name": "长" * 101}, "name"),
            ({"crs": "EPSG:3857"}, "crs"), ({"crs": "西安80"}, "crs"),
        ):  # fmt: skip
            answer = send(admin, GOOD, **given)
            assert answer.status_code == 422, answer.text
            assert field in {e["field"] for e in answer.json()["errors"]}
        assert admin.post("/api/rescue/roads", data={"name": "x"}).status_code == 422
        assert admin.post("/api/rescue/roads", data={"name": "x"}, files={"none": ("", b"")}).status_code == 422
        assert admin.get("/api/rescue/roads", params={"at": "昨天"}).status_code == 422


class TestWho:
    def test_only_who_works_for_all_of_it_replaces_it(
        self, client: TestClient, make_account: Maker, admin: TestClient
    ) -> None:
        assert client.get("/api/rescue/roads").status_code == 401
        assert send(client, GOOD).status_code in (401, 403)
        assert make_account("reader", "public").get("/api/rescue/roads").status_code == 403
        reader = make_account("reader")
        assert current(reader)["set"]["id"] == current(admin)["set"]["id"]
        assert send(reader, GOOD).status_code == 403
        limited = send(make_account("editor", areas=["360402"]), GOOD)
        assert limited.status_code == 403
        assert "全市共用" in limited.json()["detail"]
        done = run(make_account("editor"), GOOD, name="编辑装的")
        assert done["status"] == "done", done["message"]

    def test_row_security_keeps_the_public_out(self, engine: Engine) -> None:
        with database.read(engine, {"tier": "0"}) as connection:
            assert connection.scalar(text("SELECT count(*) FROM road")) == 0
            assert connection.scalar(text("SELECT count(*) FROM road_set")) == 0

    def test_it_stands_in_the_trail_and_in_the_log(self, engine: Engine, admin: TestClient) -> None:
        run(admin, GOOD)
        set_id = current(admin)["set"]["id"]
        with database.read(engine, SYSTEM.settings()) as connection:
            trail = connection.scalar(
                text("SELECT count(*) FROM audit_entry WHERE kind = 'road' AND action = 'load' AND ref = :ref"),
                {"ref": str(set_id)},
            )
            what = connection.scalar(
                text("SELECT what FROM rescue_log WHERE kind = '设置' AND ref->>'id' = :ref"), {"ref": str(set_id)}
            )
        assert trail == 1
        assert "装入路网" in what
