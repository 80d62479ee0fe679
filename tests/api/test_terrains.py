"""Terrains that are loaded, and floods worked out from them: rights, height systems, small and large windows."""

import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from click.testing import CliRunner
from rasterio.transform import from_origin
from shapely.geometry import Point, shape
from starlette.testclient import TestClient
from tests.api.test_bad_input import refused
from tests.terrains import LEFT, STEP, TOP, VOID, bowl, middle, write

from riskmap.base.settings import Settings
from riskmap.cli import main
from riskmap.rescue import terrain_floods, terrains

Maker = Callable[..., TestClient]
MIDDLE = {"type": "Point", "coordinates": middle(10, 10)}
_RIVER = {"type": "LineString", "coordinates": [middle(10, 2), middle(10, 18)]}


def load(client: TestClient, path: Path, **said: Any) -> Any:
    given = {"name": path.stem, "height_system": "1985国家高程基准"} | said
    with path.open("rb") as file:
        return client.post("/api/rescue/terrains", data=given, files={"file": (path.name, file)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("terrains")


@pytest.fixture(scope="module")
def terrain(admin: TestClient, folder: Path) -> dict[str, Any]:
    """A bowl of 10 m in the middle, with a void in a corner."""
    heights = bowl()
    heights[0, 0] = VOID
    answer = load(
        admin,
        write(folder / "盆地.tif", heights),
        source="示例测绘院",
        licence="内部使用",
        dated="2024-05",
        crs="EPSG:4490",
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def ask(client: TestClient, loaded: dict[str, Any], **given: Any) -> Any:
    body = {
        "name": "示例内涝", "terrain": loaded["id"], "level_m": 12.25, "height_system": "1985国家高程基准",
        "radius_m": 3000,
    }  # fmt: skip
    if not {"gauge", "line", "point"} & set(given):
        body["point"] = MIDDLE
    return client.post("/api/rescue/floods/terrain", json=body | given)


def test_a_loaded_terrain_says_what_it_is(admin: TestClient, terrain: dict[str, Any]) -> None:
    listed = admin.get("/api/rescue/terrains").json()
    [one] = [t for t in listed["items"] if t["id"] == terrain["id"]]
    assert one == terrain
    assert (one["name"], one["height_system"], one["crs"]) == ("盆地", "1985国家高程基准", "EPSG:4490")
    assert (one["source"], one["licence"], one["dated"]) == ("示例测绘院", "内部使用", "2024-05")
    assert (one["rows"], one["cols"], one["voids"], one["lowest_m"], one["highest_m"]) == (21, 21, 1, 10, 20)
    assert one["cell_m"] == pytest.approx(103.5, abs=0.5)
    assert [float(b) for b in one["bounds"]] == pytest.approx([LEFT, TOP - 21 * STEP, LEFT + 21 * STEP, TOP])
    assert one["problem"] is None
    assert listed["defaults"]["radius_m"] == 10_000
    assert "riskmap load terrain" in listed["too_large"]


def test_a_small_window_is_a_flood_at_once_with_its_method(admin: TestClient, terrain: dict[str, Any]) -> None:
    answer = ask(admin, terrain, classes=[0, 0.25, 1.25], note="推演")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["source"], made["source_title"], made["version"]) == ("terrain", "地形推算", 1)
    assert [(float(c["depth_m"]), c["depth_to_m"] and float(c["depth_to_m"])) for c in made["classes"]] == [
        (0.25, 1.25),
        (1.25, None),
    ]
    assert shape(made["classes"][1]["geometry"]).bounds == pytest.approx(
        (LEFT + 9 * STEP, TOP - 12 * STEP, LEFT + 12 * STEP, TOP - 9 * STEP)
    )
    method = made["method"]
    assert method["title"] == "静水平面法"
    assert method["terrain"]["sha256"] == terrain["sha256"]
    assert (method["cells"]["wet"], method["cells"]["voids"], float(method["deepest_m"])) == (25, 1, 2.25)
    assert method["said"][0] == "水位：图上的点，12.25 m（1985国家高程基准）。"
    assert "示例测绘院，2024-05 测制" in method["said"][1]
    assert any("不计流速" in said for said in method["limits"])
    listed = admin.get(f"/api/rescue/floods/{made['id']}").json()
    assert listed["method"] == method
    logged = admin.get("/api/rescue/log").json()["items"]
    assert any(entry["flood"] == made["id"] and "示例内涝" in entry["what"] for entry in logged)


def test_another_height_system_asks_for_a_shift_and_prints_it(admin: TestClient, terrain: dict[str, Any]) -> None:
    body = refused(ask(admin, terrain, height_system="吴淞高程", level_m=14.15))
    assert [e["field"] for e in body["errors"]] == ["shift_m"]
    assert "水位是吴淞高程，地形是1985国家高程基准" in body["errors"][0]["message"]
    made = ask(admin, terrain, height_system="吴淞高程", level_m=14.15, shift_m=-1.9).json()
    assert made["method"]["cells"]["wet"] == 25  # 12.25
    said = made["method"]["said"][0]
    assert said == "水位：图上的点，14.15 m 减改正数 1.9 m 为 12.25 m（水位吴淞高程，地形1985国家高程基准）。"
    same = refused(ask(admin, terrain, shift_m=0.5))
    assert same["errors"][0]["field"] == "shift_m"
    assert ask(admin, terrain, shift_m=0).status_code == 201
    missing = refused(ask(admin, terrain, height_system=None))
    assert missing["errors"][0]["field"] == "height_system"


def _gauge(client: TestClient, **more: Any) -> int:
    body = {
        "class": "gauge-station",
        "name": "示例水文站",
        "geometry": MIDDLE,
        "attributes": {"height_system": "吴淞高程"},
    }
    answer = client.post("/api/objects", json=body | more)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def test_a_gauge_brings_its_place_and_its_height_system(
    admin: TestClient, terrain: dict[str, Any], make_account: Maker
) -> None:
    station = _gauge(admin, visibility="command")
    body = refused(ask(admin, terrain, gauge=station))  # typed: another system than its own
    assert body["errors"][0]["field"] == "height_system"
    made = ask(admin, terrain, gauge=station, height_system=None, level_m=14.15, shift_m=-1.9).json()
    assert made["method"]["place"]["name"] == "示例水文站"
    assert "水文站“示例水文站”" in made["method"]["said"][0]
    other = admin.post("/api/objects", json={"class": "school", "name": "例小学", "attributes": {}, "geometry": MIDDLE})
    assert refused(ask(admin, terrain, gauge=other.json()["id"]))["errors"][0]["code"] == "not_a_gauge"
    assert refused(ask(admin, terrain, gauge=10**9))["errors"][0]["code"] == "unknown_gauge"
    waiting = _gauge(admin, name="无位置站", geometry=None)
    assert refused(ask(admin, terrain, gauge=waiting))["errors"][0]["code"] == "unplaced"
    # Whoever may not see a station, or only its public form with a place that is none, cannot begin there.
    editor = make_account("editor")
    assert refused(ask(editor, terrain, gauge=station))["errors"][0]["code"] == "unknown_gauge"
    public = _gauge(admin, name="公开站", visibility="public")
    elsewhere = make_account("editor", areas=["360430"])
    assert refused(ask(elsewhere, terrain, gauge=public))["errors"][0]["code"] == "unknown_gauge"


def test_a_river_with_a_falling_level(admin: TestClient, folder: Path) -> None:
    bed = np.linspace(20, 10, 21)[None, :] + np.abs(np.arange(21) - 10)[:, None]
    loaded = load(admin, write(folder / "河谷.tif", bed)).json()
    made = ask(admin, loaded, line=_RIVER, level_m=20.5, level_end_m=12.5).json()
    found = [shape(c["geometry"]) for c in made["classes"]]
    assert any(s.contains(Point(middle(10, 5))) for s in found)
    assert not any(s.contains(Point(middle(6, 5))) for s in found)
    assert any("按沿线距离直线内插" in said for said in made["method"]["said"])
    assert any("折断" in said for said in made["method"]["limits"])


def test_shattered_water_on_a_projected_terrain_is_kept_as_it_was_drawn(admin: TestClient, folder: Path) -> None:
    heights = 10 + np.random.default_rng(5).normal(0, 0.6, (80, 80))
    heights[0] = 99
    to = pyproj.Transformer.from_crs("EPSG:4490", "EPSG:4548", always_xy=True)
    x, y = to.transform(116.0, 29.7)
    path = write(folder / "碎.tif", heights, crs="EPSG:4548", transform=from_origin(x, y, 100, 100))
    middle_ = {"type": "Point", "coordinates": list(to.transform(x + 4050, y - 4050, direction="INVERSE"))}
    made = ask(admin, load(admin, path).json(), point=middle_, level_m=10.2, search_m=1000, radius_m=8000).json()
    shapes = [shape(c["geometry"]) for c in made["classes"]]
    assert [float(c["depth_m"]) for c in made["classes"]] == [0, 0.15, 0.25, 0.5, 1]
    assert sum(len(shapely.get_parts(s)) for s in shapes) > 1000
    assert all(s.is_valid for s in shapes)
    # A cell of 100 m in the plane of 117° is not quite 10 000 m² on the ground.
    assert float(made["area_m2"]) == pytest.approx(made["method"]["cells"]["wet"] * 10_000, rel=2e-3)
    over = sum(a.intersection(b).area for i, a in enumerate(shapes) for b in shapes[:i])
    assert over < 1e-5 * sum(s.area for s in shapes)  # an answer has seven digits: a centimetre


def test_a_large_window_is_a_job_with_the_same_result(
    admin: TestClient, terrain: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = ask(admin, terrain, name="小窗口").json()
    monkeypatch.setattr(terrain_floods, "AT_ONCE", 100)
    answer = ask(admin, terrain, name="大窗口", at="2026-07-01T08:00:00+08:00", exercise=True)
    assert answer.status_code == 202, answer.text
    job = _over(admin, answer.json()["job"])
    assert job["status"] == "done", job["message"]
    made = admin.get(f"/api/rescue/floods/{job['result']['flood']}").json()
    assert (made["name"], made["exercise"], made["at"]) == ("大窗口", True, "2026-07-01T08:00:00+08:00")
    assert made["classes"] == at_once["classes"]
    assert made["method"]["cells"] == at_once["method"]["cells"]
    failed = _over(admin, ask(admin, terrain, level_m=30).json()["job"])
    assert failed["status"] == "failed"
    assert "高于计算范围内最高的地面" in failed["message"]


def _over(client: TestClient, job_id: str) -> dict[str, Any]:
    nothing = threading.Event()
    for _ in range(600):
        job = client.get(f"/api/jobs/{job_id}").json()
        if job["status"] not in {"queued", "running"}:
            return dict(job)
        nothing.wait(0.1)
    raise AssertionError("the job did not end")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"level_m": 5}, "level_m"),
        ({"level_m": 30}, "level_m"),
        ({"level_m": 99999}, "level_m"),
        ({"point": {"type": "Point", "coordinates": [2.35, 48.85]}}, "terrain"),
        ({"point": {"type": "Point", "coordinates": [29.7, 116.0]}}, "point"),
        ({"line": {"type": "LineString", "coordinates": [[116, 29.69]]}}, "line"),
        ({"line": {"type": "MultiLineString", "coordinates": [[[116, 29.69], [116.01, 29.69]], [[116.01, 29.68], [116.02, 29.68]]]}}, "line"),
        ({"line": {"type": "LineString", "coordinates": [[116 + i / 1e6, 29.69] for i in range(2001)]}}, "line"),
        ({"bounds": [110, 20, 111, 21]}, "bounds"),
        ({"bounds": [116.02, 29.69, 116.0, 29.7]}, "body"),
        ({"bounds": [116.0, 29.699, 116.003, 29.7]}, "bounds"),
        ({"classes": []}, "classes"),
        ({"classes": [0.5, 0.25]}, "body"),
        ({"radius_m": 0}, "radius_m"),
        ({"level_end_m": 3}, "body"),
        ({"point": MIDDLE, "line": _RIVER}, "body"),
        ({"point": None}, "body"),
        ({"height_system": "某基准"}, "height_system"),
        ({"terrain": 10**12}, None),
        ({"series": 10**12}, "series"),
        ({"at": "2999-01-01T00:00:00+08:00"}, "at"),
    ],
)  # fmt: skip
def test_what_cannot_be_worked_out_is_refused_and_nothing_is_kept(
    admin: TestClient, terrain: dict[str, Any], given: dict[str, Any], field: str | None
) -> None:
    before = admin.get("/api/rescue/floods").json()["items"]
    answer = ask(admin, terrain, **given)
    body = refused(answer, 404 if "terrain" in given else 422)
    if field:
        assert field in {e["field"] for e in body["errors"]}, body
    assert admin.get("/api/rescue/floods").json()["items"] == before


def test_who_may(
    admin: TestClient, client: TestClient, terrain: dict[str, Any], make_account: Maker, folder: Path
) -> None:
    path = write(folder / "他人.tif", bowl() + 1)
    assert client.get("/api/rescue/terrains").status_code == 401
    assert ask(client, terrain).status_code in (401, 403)
    reader = make_account("reader")
    assert [t["id"] for t in reader.get("/api/rescue/terrains").json()["items"]]
    for answer in (load(reader, path), ask(reader, terrain), reader.delete(f"/api/rescue/terrains/{terrain['id']}")):
        assert answer.status_code == 403
        refused(answer, 403)
    outer = make_account("editor", tier="public")
    assert load(outer, path).status_code == 403
    editor = make_account("editor")
    loaded = load(editor, path)
    assert loaded.status_code == 201, loaded.text
    assert ask(editor, loaded.json(), level_m=13.25).status_code == 201


def test_a_terrain_is_taken_once_and_named_once(admin: TestClient, terrain: dict[str, Any], folder: Path) -> None:
    known = refused(load(admin, folder / "盆地.tif", name="又一份"), 409)
    assert "已经装入，名为“盆地”" in known["detail"]
    taken = refused(load(admin, write(folder / "b.tif", bowl() + 2), name="盆地"), 409)
    assert taken["errors"][0]["field"] == "name"


def test_what_is_no_terrain_leaves_nothing_behind(admin: TestClient, settings: Settings, folder: Path) -> None:
    before = admin.get("/api/rescue/terrains").json()["items"]
    kept = sorted((settings.data_dir / "terrain").iterdir())
    (folder / "读我.tif").write_text("no raster")
    assert refused(load(admin, folder / "读我.tif"))["errors"][0]["code"] == "not_terrain"
    vrt = '<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1"/></VRTDataset>'
    (folder / "远.vrt").write_text(vrt)
    assert refused(load(admin, folder / "远.vrt"))["errors"][0]["code"] == "not_terrain"
    assert refused(load(admin, write(folder / "c.tif", bowl(), crs=None)))["errors"][0]["field"] == "crs"
    fields = refused(load(admin, folder / "c.tif", height_system="", crs="4490"))["errors"]
    assert {e["field"] for e in fields} == {"height_system", "crs"}
    assert refused(admin.post("/api/rescue/terrains", data={"name": "x"}, files={"other": b""}))["code"] == "no_file"
    assert admin.get("/api/rescue/terrains").json()["items"] == before
    assert sorted((settings.data_dir / "terrain").iterdir()) == kept


def test_a_terrain_of_too_many_cells_is_refused_before_it_is_read(
    admin: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terrains, "MOST_CELLS", 440)
    assert refused(load(admin, write(folder / "大.tif", bowl() + 7)))["code"] == "too_many_cells"


def test_what_a_killed_load_left_is_cleared_after_a_day(admin: TestClient, settings: Settings, folder: Path) -> None:
    old, new = (settings.data_dir / "terrain" / f".coming-{name}" for name in ("old", "new"))
    for left in (old, new):
        left.mkdir(parents=True)
        (left / "half.tif").write_bytes(b"II*")
    os.utime(old, (time.time() - 90_000,) * 2)
    assert load(admin, write(folder / "g.tif", bowl() + 8)).status_code == 201
    assert not old.exists()
    assert new.exists()
    shutil.rmtree(new)


def test_a_file_that_the_page_does_not_take_is_told_the_command(admin: TestClient) -> None:
    # Two gigabytes by the header alone: nobody waits until they have come.
    body = refused(
        admin.post(
            "/api/rescue/terrains",
            content=b"x",
            headers={"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(2 << 30)},
        ),
        413,
    )
    assert "riskmap load terrain" in body["detail"]


def test_who_works_for_a_part_of_the_city_removes_no_terrain_of_another(
    admin: TestClient, make_account: Maker, folder: Path
) -> None:
    elsewhere = make_account("editor", areas=["360430"])
    shared, own = (
        load(one, write(folder / f"{name}.tif", np.full((9, 9), height))).json()
        for one, name, height in ((admin, "共用", 31.0), (elsewhere, "自己的", 32.0))
    )
    said = refused(elsewhere.delete(f"/api/rescue/terrains/{shared['id']}"), 403)["detail"]
    assert "“共用”不是您装入的，没有移除" in said
    assert elsewhere.delete(f"/api/rescue/terrains/{own['id']}").status_code == 204
    assert admin.delete(f"/api/rescue/terrains/{shared['id']}").status_code == 204


def test_a_removed_terrain_is_gone_and_its_floods_stay(admin: TestClient, settings: Settings, folder: Path) -> None:
    loaded = load(admin, write(folder / "d.tif", bowl() + 3)).json()
    made = ask(admin, loaded, level_m=15.25).json()
    files = settings.data_dir / "terrain" / loaded["sha256"]
    assert files.exists()
    assert admin.delete(f"/api/rescue/terrains/{loaded['id']}").status_code == 204
    assert not files.exists()
    assert loaded["id"] not in {t["id"] for t in admin.get("/api/rescue/terrains").json()["items"]}
    assert admin.get(f"/api/rescue/floods/{made['id']}").json()["method"]["terrain"]["name"] == "d"
    refused(ask(admin, loaded), 404)
    refused(admin.delete(f"/api/rescue/terrains/{loaded['id']}"), 404)


def test_a_terrain_whose_file_is_gone_says_so_and_is_put_back(
    admin: TestClient, settings: Settings, folder: Path
) -> None:
    path = write(folder / "e.tif", bowl() + 4)
    loaded = load(admin, path).json()
    (settings.data_dir / "terrain" / loaded["sha256"] / path.name).unlink()
    [one] = [t for t in admin.get("/api/rescue/terrains").json()["items"] if t["id"] == loaded["id"]]
    assert "重新装入" in one["problem"]
    assert refused(ask(admin, loaded, level_m=16.25))["errors"][0]["code"] == "terrain_gone"
    assert load(admin, path).json() == loaded
    assert ask(admin, loaded, level_m=16.25).status_code == 201


def test_the_command_takes_a_terrain_whole_or_not_at_all(
    admin: TestClient, settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RISKMAP_DATABASE_URL", settings.database_url or "")
    monkeypatch.setenv("RISKMAP_DATA_DIR", str(settings.data_dir))
    if settings.app_password:
        monkeypatch.setenv("RISKMAP_APP_PASSWORD", settings.app_password)
    path = write(folder / "f.tif", bowl() + 5)
    wrong = CliRunner().invoke(main, ["load", "terrain", str(path), "--height-system", "某基准"])
    assert wrong.exit_code == 2
    broken = CliRunner().invoke(main, ["load", "terrain", str(folder / "读我.tif"), "--height-system", "EGM96"])
    assert broken.exit_code == 1
    assert "地形文件应为 GeoTIFF" in broken.output
    done = CliRunner().invoke(main, ["load", "terrain", str(path), "--name", "命令装入", "--height-system", "EGM96"])
    assert done.exit_code == 0, done.output
    assert "21 行 21 列" in done.output
    [one] = [t for t in admin.get("/api/rescue/terrains").json()["items"] if t["name"] == "命令装入"]
    assert one["loaded_by"] == "system"
    assert one["height_system"] == "EGM96"
