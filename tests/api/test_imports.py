"""Imports over HTTP: what goes in, what comes back, what waits; twice, changed, taken back; whose they are."""

import io
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pyproj import Transformer
from sqlalchemy import create_engine, text
from starlette.testclient import TestClient
from tests.api.imports import OVER, csv, queue, rows, run, upload, wait, xlsx

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.base.database import superuser_url
from riskmap.base.errors import Invalid
from riskmap.base.settings import Settings
from riskmap.register.load import load_divisions

DEMO = True
HEAD = "学校名称,学校代码,所在区县,人数,经度,纬度"


def school(
    code: str, name: str = "导入小学", county: str = "濂溪区", persons: Any = 300, at: str = "116.0123,29.6512"
) -> str:
    return f"{name},{code},{county},{persons},{at}"


def state_of(client: TestClient) -> int:
    return int(client.get("/api/counts").json()["state"])


def found(client: TestClient, q: str, **more: str) -> list[dict[str, Any]]:
    return client.get("/api/objects", params={"class": "school", "q": q, "limit": 1000, **more}).json()["items"]


def test_good_rows_go_in_as_one_state_and_bad_ones_come_back(admin: TestClient) -> None:
    before = state_of(admin)
    body = csv(HEAD, school("A-1"), school("A-2", persons="五十"), school("A-3", name=""), school("A-4", at=","))
    done = run(admin, body, "school", crs="EPSG:4490", name="学校.csv")
    assert done["status"] == "done"
    assert done["rows"] | {"ignored": 0} == {
        "read": 4, "added": 1, "changed": 0, "same": 0, "back": 2, "waiting": 1, "ignored": 0, "writes": 2,
    }  # fmt: skip
    assert done["state"] == before + 1 == state_of(admin)
    back = rows(admin, done["id"], "back")
    assert [(b["line"], b["faults"][0]["column"], b["faults"][0]["code"]) for b in back] == [
        (3, "人数", "not_a_number"),
        (4, "学校名称", "required"),
    ]
    assert "“五十”不是数字" in back[0]["faults"][0]["message"]
    [placed] = found(admin, "A-1")
    assert placed["geometry"]["coordinates"] == [116.0123, 29.6512]
    assert placed["source"] == "学校"
    [waiting] = found(admin, "A-4")
    assert waiting["geometry"] is None
    assert waiting["position_quality"] == "none"


def test_a_dry_run_changes_nothing_and_says_what_the_run_then_does(admin: TestClient) -> None:
    lines = [
        school(
            f"D-{i}",
            name=f"预演小学{i}",
            persons=i if i % 7 else "多",
            at="116.1,29.7" if i % 11 == 0 else "116.0123,29.6512",
        )
        for i in range(60)
    ]
    kept = upload(admin, csv(HEAD, *lines, school("D-3")))
    before = state_of(admin)
    dry = run(admin, kept["file"], "school", crs="EPSG:4490", dry_run=True)
    assert state_of(admin) == before
    assert dry["state"] is None
    wet = run(admin, kept["file"], "school", crs="EPSG:4490")
    assert wet["rows"] == dry["rows"]
    assert wet["columns"] == dry["columns"]
    strip = lambda items: [{k: v for k, v in i.items() if k != "object"} for i in items]  # noqa: E731
    for kind in ("back", "waiting", "changed", "note", "ignored"):
        assert strip(rows(admin, dry["id"], kind)) == strip(rows(admin, wet["id"], kind))


def test_the_same_file_twice_adds_nothing_and_a_changed_one_changes_what_it_says(admin: TestClient) -> None:
    first = csv(HEAD, *(school(f"T-{i}", name=f"两次小学{i}") for i in range(5)))
    run(admin, first, "school", crs="EPSG:4490")
    before = state_of(admin)
    again = run(admin, first, "school", crs="EPSG:4490")
    assert (again["rows"]["same"], again["rows"]["writes"], again["state"]) == (5, 0, None)
    assert state_of(admin) == before
    second = csv(HEAD, *(school(f"T-{i}", name=f"两次小学{i}", persons=300 + (i == 2)) for i in range(5)))
    changed = run(admin, second, "school", crs="EPSG:4490")
    assert (changed["rows"]["changed"], changed["rows"]["same"]) == (1, 4)
    [told] = rows(admin, changed["id"], "changed")
    assert told["change"] == {"人数": ["300", "301"]}
    assert told["line"] == 4
    [item] = found(admin, "T-2")
    history = admin.get(f"/api/objects/{item['id']}/history").json()["versions"]
    assert history[-1]["change"] == {"attributes.persons": [300, 301]}


def test_a_blank_cell_erases_nothing(admin: TestClient) -> None:
    run(admin, csv(HEAD, school("B-1", name="空格小学")), "school", crs="EPSG:4490")
    run(admin, csv(HEAD, school("B-1", name="空格小学", county="", persons="", at=",")), "school", crs="EPSG:4490")
    [item] = found(admin, "B-1")
    assert item["attributes"]["persons"] == 300
    assert item["geometry"] is not None
    assert item["division"].startswith("360402")


def test_without_codes_name_division_and_position_tell_objects_apart(admin: TestClient) -> None:
    head = "名称,区县,经度,纬度"
    lines = [
        "同名小学,濂溪区,116.01,29.6512",
        "同名小学,濂溪区,116.02,29.6512",
        "同名小学,濂溪区,116.020000001,29.6512",
    ]
    done = run(admin, csv(head, *lines), "school", crs="EPSG:4490")
    assert (done["rows"]["added"], done["rows"]["back"]) == (2, 1)
    assert rows(admin, done["id"])[0]["faults"][0]["code"] == "duplicate_in_file"
    again = run(admin, csv(head, *lines[:2]), "school", crs="EPSG:4490")
    assert (again["rows"]["same"], again["state"]) == (2, None)


def test_a_waiting_row_is_placed_by_hand_or_by_a_later_file_and_stays_there(admin: TestClient) -> None:
    first = csv(HEAD, school("W-1", name="等位小学", at="29.6512,116.0123"), school("W-2", name="等位中学", at=","))
    done = run(admin, first, "school", crs="EPSG:4490")
    assert [f["faults"][0]["code"] for f in rows(admin, done["id"], "waiting")] == ["swapped", "blank"]
    queue_ = admin.get("/api/waiting", params={"class": "school", "q": "等位"}).json()
    assert queue_["total"] == 2
    swapped = next(i for i in queue_["items"] if i["code"] == "W-1")
    assert swapped["original"] == {"x": "29.6512", "y": "116.0123", "crs": "EPSG:4490"}
    assert swapped["suggestion"]["lon"] == 116.0123
    assert "濂溪" in swapped["suggestion"]["words"]
    placed = admin.patch(
        f"/api/objects/{swapped['id']}",
        json={"geometry": {"type": "Point", "coordinates": [116.0125, 29.6513]}, "position_quality": "clicked"},
        headers={"If-Match": f'"{swapped["state"]}"'},
    )
    assert placed.status_code == 200, placed.text
    second = csv(
        HEAD,
        school("W-2", name="等位中学", at="116.0200,29.6600"),
        school("W-1", name="等位小学", at="29.6512,116.0123"),
    )
    later = run(admin, second, "school", crs="EPSG:4490")
    assert (later["rows"]["changed"], later["rows"]["same"], later["rows"]["waiting"]) == (1, 1, 0)
    assert admin.get("/api/waiting", params={"class": "school", "q": "等位"}).json()["total"] == 0
    [by_hand] = found(admin, "W-1")
    assert by_hand["geometry"]["coordinates"] == [116.0125, 29.6513]


def test_what_was_moved_by_hand_is_not_moved_back_by_the_same_file(admin: TestClient) -> None:
    body = csv("名称,区县,经度,纬度", "移位小学,濂溪区,116.0123,29.6512")
    run(admin, body, "school", crs="GCJ02")
    [item] = found(admin, "移位小学")
    moved = admin.patch(
        f"/api/objects/{item['id']}",
        json={"geometry": {"type": "Point", "coordinates": [116.03, 29.66]}},
        headers={"If-Match": f'"{item["state"]}"'},
    )
    assert moved.status_code == 200, moved.text
    again = run(admin, body, "school", crs="GCJ02")
    assert (again["rows"]["same"], again["state"]) == (1, None)
    assert found(admin, "移位小学")[0]["geometry"]["coordinates"] == [116.03, 29.66]


def test_undo_takes_back_the_whole_and_lists_what_was_changed_since(admin: TestClient) -> None:
    run(admin, csv(HEAD, school("U-0", name="撤销原有")), "school", crs="EPSG:4490")
    body = csv(
        HEAD, school("U-0", name="撤销原有", persons=999), *(school(f"U-{i}", name=f"撤销{i}") for i in range(1, 5))
    )
    done = run(admin, body, "school", crs="EPSG:4490")
    [touched] = found(admin, "U-3")
    admin.patch(
        f"/api/objects/{touched['id']}",
        json={"attributes": {"persons": 1}},
        headers={"If-Match": f'"{touched["state"]}"'},
    )
    preview = admin.get(f"/api/imports/{done['id']}/undo").json()
    undone = admin.delete(f"/api/imports/{done['id']}")
    assert undone.status_code == 200, undone.text
    told = undone.json()
    assert (told["ended"], told["restored"]) == (3, 1) == (preview["ended"], preview["restored"])
    assert [(o["name"], o["why"]) for o in told["left"]] == [("撤销3", "之后又有改动")]
    assert {i["code"] for i in found(admin, "U-")} == {"U-0", "U-3"}
    [old] = found(admin, "U-0")
    assert old["attributes"]["persons"] == 300
    assert {i["code"] for i in found(admin, "U-", as_of=f"state:{done['state']}")} == {f"U-{i}" for i in range(5)}
    seen = admin.get(f"/api/imports/{done['id']}").json()
    assert seen["undone"]["state"] == told["state"]
    assert seen["undone"]["left"] == 1
    again = admin.delete(f"/api/imports/{done['id']}")
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_undo")
    # What was taken back can come again.
    assert run(admin, body, "school", crs="EPSG:4490")["rows"]["added"] == 3


def test_undo_brings_persons_back(admin: TestClient) -> None:
    head = "名称,编号,区县,主要负责人,主要负责人电话,经度,纬度"
    run(admin, csv(head, "责任小学,P-1,濂溪区,张某,0792-1,116.01,29.65"), "school", crs="EPSG:4490")
    done = run(admin, csv(head, "责任小学,P-1,濂溪区,李某,0792-2,116.01,29.65"), "school", crs="EPSG:4490")
    assert done["rows"]["changed"] == 1
    [item] = found(admin, "P-1")
    parties = f"/api/objects/{item['id']}/parties"
    assert [(p["name"], p["phone"]) for p in admin.get(parties).json()] == [("李某", "0792-2")]
    admin.delete(f"/api/imports/{done['id']}")
    assert [(p["name"], p["phone"]) for p in admin.get(parties).json()] == [("张某", "0792-1")]


def test_one_file_imported_twice_at_once_is_in_once(admin: TestClient) -> None:
    kept = upload(admin, csv(HEAD, *(school(f"O-{i}", name=f"同时{i}") for i in range(300))))
    asked = [queue(admin, kept["file"], "school", crs="EPSG:4490").json()["id"] for _ in range(4)]
    done = [wait(admin, i) for i in asked]
    assert all(d["status"] == "done" for d in done), [d["message"] for d in done]
    assert sorted(d["rows"]["added"] for d in done) == [0, 0, 0, 300]
    assert sorted(d["rows"]["same"] for d in done) == [0, 300, 300, 300]
    assert admin.get("/api/counts", params={"class": "school", "q": "同时"}).json()["total"] == 300


def test_edits_during_an_import_are_neither_lost_nor_doubled(admin: TestClient, app: Any) -> None:
    body = csv(HEAD, *(school(f"E-{i}", name=f"并行{i}") for i in range(200)))
    run(admin, body, "school", crs="EPSG:4490")
    changed = csv(HEAD, *(school(f"E-{i}", name=f"并行{i}", persons=500) for i in range(200)))

    def edit(i: int) -> int:
        [item] = found(admin, f"E-{i}")[:1]
        return admin.patch(
            f"/api/objects/{item['id']}", json={"attributes": {"beds": i}}, headers={"If-Match": f'"{item["state"]}"'}
        ).status_code

    import_id = queue(admin, changed, "school", crs="EPSG:4490").json()["id"]
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(edit, range(100, 130)))
    done = wait(admin, import_id)
    assert done["status"] == "done", done["message"]
    assert set(codes) <= {200, 409}
    for i, code in zip(range(100, 130), codes, strict=True):
        item = next(x for x in found(admin, f"E-{i}") if x["code"] == f"E-{i}")
        assert item["attributes"]["persons"] == 500
        assert item["attributes"].get("beds") == (i if code == 200 else None)


def test_the_sender_chooses_columns_by_hand_and_is_asked_no_more(admin: TestClient) -> None:
    body = csv("甲,乙,丙,丁,戊", "手配小学,H-1,濂溪区,116.0123,29.6512")
    kept = upload(admin, body)
    asked = {"file": kept["file"], "class": "school", "header_line": 1}
    assert admin.post("/api/imports/match", json=asked).json()["missing"] == ["名称"]
    columns = [{"index": i, "target": t} for i, t in enumerate(["name", "code", "division", "lon", "lat"])]
    refused = queue(admin, kept["file"], "school", header_line=1, crs="EPSG:4490")
    assert (refused.status_code, refused.json()["code"]) == (422, "missing_columns")
    done = run(admin, kept["file"], "school", header_line=1, columns=columns, crs="EPSG:4490")
    assert done["rows"]["added"] == 1
    again = admin.post("/api/imports/match", json=asked).json()
    assert [c["how"] for c in again["columns"]] == ["remembered"] * 5
    assert again["datum"]["crs"] == "EPSG:4490"
    twice = [{"index": 0, "target": "name"}, {"index": 1, "target": "name"}]
    answer = admin.post("/api/imports/match", json={**asked, "columns": twice})
    assert answer.status_code == 422
    assert "只留一列" in answer.json()["detail"]


def test_units_in_the_header_are_converted_and_shown(admin: TestClient) -> None:
    body = csv("名称,编号,占地面积（亩）,建筑面积（万m²）,经度,纬度", "单位小学,M-1,3,1.25,116.0123,29.6512")
    kept = upload(admin, body)
    match = admin.post("/api/imports/match", json={"file": kept["file"], "class": "school"}).json()
    area = next(c for c in match["columns"] if c["target"] == "attributes.area_m2")
    assert (area["unit_from"], area["unit_to"], area["samples"][0]["value"]) == ("万m²", "m²", "12500")
    run(admin, kept["file"], "school", crs="EPSG:4490")
    assert found(admin, "M-1")[0]["attributes"]["area_m2"] == 12500


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4326", "EPSG:4527", "EPSG:4548", "EPSG:4498", "EPSG:4509"])
def test_every_datum_comes_to_the_same_place(admin: TestClient, crs: str) -> None:
    x, y = Transformer.from_crs("EPSG:4490", crs, always_xy=True).transform(116.0123, 29.6512)
    code = "Z-" + crs.replace(":", "")
    done = run(admin, csv("名称,编号,经度,纬度", f"基准小学,{code},{x},{y}"), "school", crs=crs)
    assert done["rows"]["added"] == 1, rows(admin, done["id"])
    lon, lat = found(admin, code)[0]["geometry"]["coordinates"]
    assert (round(lon, 6), round(lat, 6)) == (116.0123, 29.6512)


def test_degrees_whose_datum_nobody_says_are_asked_for(admin: TestClient) -> None:
    fresh = csv("名称,编号,床位,经度,纬度", "未知医院,Y-1,3,116.0123,29.6512")
    refused = queue(admin, fresh, "hospital")
    assert (refused.status_code, refused.json()["code"]) == (422, "datum_needed")
    assert "基准" in refused.json()["detail"]
    old = queue(admin, fresh, "hospital", crs="EPSG:4610")
    assert (old.status_code, old.json()["code"]) == (422, "old_frame")


# -- Whose -------------------------------------------------------------------------


def test_a_town_editor_writes_and_sees_only_his_town(
    admin: TestClient, make_account: Callable[..., TestClient]
) -> None:
    mine = make_account("editor", areas=["360402"])
    other = make_account("editor", areas=["360403"])
    run(admin, csv(HEAD, school("R-9", name="他区小学", county="浔阳区", at="115.99,29.73")), "school", crs="EPSG:4490")
    lines = [
        school("R-1", name="本区小学"),
        school("R-2", name="外区小学", county="浔阳区", at="115.99,29.73"),
        school("R-9", name="同号小学"),  # somebody else's code, which he cannot know
    ]
    done = run(mine, csv(HEAD, *lines), "school", crs="EPSG:4490")
    assert (done["rows"]["added"], done["rows"]["back"]) == (2, 1)
    [back] = rows(mine, done["id"], "back")
    assert (back["line"], back["faults"][0]["code"]) == (3, "not_allowed")
    assert "不在您的管理范围内" in back["faults"][0]["message"]
    assert {i["division"][:6] for i in found(admin, "R-9")} == {"360402", "360403"}
    # His run is nobody else's to see, to fetch or to take back.
    for path in ("", "/rows", "/errors.xlsx", "/undo", "/points"):
        assert other.get(f"/api/imports/{done['id']}{path}").status_code == 404
    assert other.delete(f"/api/imports/{done['id']}").status_code == 404
    assert other.get(f"/api/jobs/{done['id']}").status_code == 404
    assert other.post(f"/api/jobs/{done['id']}/cancel").status_code == 404
    assert done["id"] not in {j["id"] for j in other.get("/api/jobs").json()["items"]}
    assert done["id"] in {j["id"] for j in mine.get("/api/jobs").json()["items"]}
    assert done["id"] in {j["id"] for j in admin.get("/api/jobs").json()["items"]}
    kept = upload(mine, csv(HEAD, school("R-3")))
    assert other.get(f"/api/imports/files/{kept['file']}").status_code == 422
    assert queue(other, kept["file"], "school", crs="EPSG:4490").status_code == 422


def test_undo_by_a_town_editor_leaves_what_left_his_town(
    admin: TestClient, make_account: Callable[..., TestClient]
) -> None:
    mine = make_account("editor", areas=["360402"])
    done = run(
        mine, csv(HEAD, school("V-1", name="迁出小学"), school("V-2", name="留下小学")), "school", crs="EPSG:4490"
    )
    [item] = found(admin, "V-1")
    moved = admin.patch(
        f"/api/objects/{item['id']}",
        json={"geometry": {"type": "Point", "coordinates": [115.99, 29.73]}, "division": "360403"},
        headers={"If-Match": f'"{item["state"]}"'},
    )
    assert moved.status_code == 200, moved.text
    told = mine.delete(f"/api/imports/{done['id']}").json()
    assert told["ended"] == 1
    assert "迁出小学" not in str(told["left"])
    assert len(found(admin, "V-1")) == 1


@pytest.mark.parametrize("role", ["reader", "auditor"])
def test_who_may_not_write_may_not_import(make_account: Callable[..., TestClient], role: str) -> None:
    client = make_account(role)
    assert client.post("/api/imports/files", files={"file": ("a.csv", csv(HEAD))}).status_code == 403
    assert queue(client, csv(HEAD, school("N-1")), "school", crs="EPSG:4490").status_code == 403
    assert client.get("/api/imports").status_code == 403


def test_the_public_sees_no_import_no_job_and_no_queue(client: TestClient) -> None:
    for path in ("imports", "imports/datums", "jobs", "waiting", "classes/school/template.xlsx"):
        assert client.get(f"/api/{path}").status_code == 401, path
    assert client.post("/api/imports/files", files={"file": ("a.csv", b"x")}).status_code == 401


def test_an_editor_of_some_classes_imports_no_other(make_account: Callable[..., TestClient]) -> None:
    client = make_account("editor", classes=["hospital"])
    answer = queue(client, csv(HEAD, school("N-2")), "school", crs="EPSG:4490")
    assert answer.status_code == 403
    assert "学校" in answer.json()["detail"]


def test_a_reader_sees_the_queue_but_not_what_he_may_not_place(
    make_account: Callable[..., TestClient], admin: TestClient
) -> None:
    run(admin, csv(HEAD, school("Q-1", name="队列小学", at=",")), "school", crs="EPSG:4490")
    reader = make_account("reader")
    [item] = reader.get("/api/waiting", params={"q": "队列小学"}).json()["items"]
    assert item["may_write"] is False
    elsewhere = make_account("editor", areas=["360403"])
    assert elsewhere.get("/api/waiting", params={"q": "队列小学"}).json()["total"] == 0


def test_the_queue_pages_through_everything_once(admin: TestClient) -> None:
    run(admin, csv(HEAD, *(school(f"S-{i}", name=f"分页{i}", at=",") for i in range(25))), "school", crs="EPSG:4490")
    seen: list[int] = []
    params: dict[str, Any] = {"class": "school", "limit": 7}
    while True:
        page = admin.get("/api/waiting", params=params).json()
        seen += [i["id"] for i in page["items"]]
        if page["next"] is None:
            break
        params["cursor"] = page["next"]
    assert len(seen) == len(set(seen)) == page["total"]
    counted = admin.get("/api/counts", params={"class": "school"}).json()["unplaced"]
    assert page["total"] == counted
    assert admin.get("/api/waiting", params={"cursor": "x"}).status_code == 422


# -- Bad input ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("a.xlsx", b"", "empty_file"),
        ("a.xlsx", b"\x89PNG\r\n\x1a\n" + b"0" * 500, "not_a_table"),
        ("a.xlsx", b"PK\x03\x04" + b"\x00" * 200, "damaged"),
        ("a.csv", "名称\n".encode() + bytes([0xFF, 0xFE, 0x81]) * 40, "unknown_encoding"),
        ("a.csv", b"\n\n\n", "empty_workbook"),
        ("a.pdf", b"%PDF-1.7 ...", "not_a_table"),
    ],
)
def test_what_is_no_table_is_refused_in_words(admin: TestClient, name: str, body: bytes, code: str) -> None:
    answer = admin.post("/api/imports/files", files={"file": (name, body)})
    assert answer.status_code == 422
    assert answer.json()["code"] == code
    assert "请" in answer.json()["detail"]


def test_nothing_of_a_refused_upload_stays(admin: TestClient, settings: Settings) -> None:
    folder = settings.data_dir / "uploads"
    folder.mkdir(exist_ok=True)
    before = set(folder.iterdir())
    admin.post("/api/imports/files", files={"file": ("a.xlsx", b"PK\x03\x04broken")})
    assert set(folder.iterdir()) == before


def test_a_body_beyond_the_bound_is_refused(app: Any, admin: TestClient, settings: Settings) -> None:
    most = settings.upload_mb << 20
    answer = admin.post(
        "/api/imports/files", content=iter([b"0" * (1 << 20)] * ((most >> 20) + 2)),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )  # fmt: skip
    assert answer.status_code == 413
    assert "MB" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"crs": "EPSG:99999"}, "unknown_crs"),
        ({"sheet": "没有的表"}, "invalid"),
        ({"header_line": "900"}, "invalid"),
        ({"columns": [{"index": 99, "target": "name"}]}, "no_such_column"),
        ({"columns": [{"index": 0, "target": "nothing"}]}, "unknown_target"),
        ({"columns": "{"}, "invalid"),
    ],
)
def test_how_to_read_it_is_checked(admin: TestClient, fields: dict[str, Any], code: str) -> None:
    answer = queue(admin, csv(HEAD, school("X-1")), "school", **{"crs": "EPSG:4490", **fields})
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_class_that_does_not_fit_finds_no_header(admin: TestClient) -> None:
    answer = queue(admin, csv("甲,乙", "1,2"), "school", crs="EPSG:4490")
    assert (answer.status_code, answer.json()["code"]) == (422, "no_header")
    assert "分类是否选对" in answer.json()["detail"]
    assert queue(admin, csv(HEAD, school("X-2")), "no-such-class", crs="EPSG:4490").status_code == 422


def test_a_table_of_nothing_but_its_header_is_told(admin: TestClient) -> None:
    done = run(admin, csv(HEAD), "school", crs="EPSG:4490")
    assert done["status"] == "failed"
    assert "没有数据行" in done["message"]


def test_formulas_give_their_value_and_texts_stay_texts(admin: TestClient) -> None:
    evil = '=HYPERLINK("http://x","y")'
    body = csv(
        HEAD, school("F-1", name=f'"{evil}"'.replace('"http', '""http').replace('x"', 'x""').replace('"y"', '""y""'))
    )
    done = run(admin, body, "school", crs="EPSG:4490")
    assert done["rows"]["added"] == 1
    [item] = found(admin, "F-1")
    assert item["name"] == evil


def test_the_returned_workbook_is_the_senders_with_reasons(admin: TestClient) -> None:
    head = HEAD.split(",")
    body = xlsx(
        head,
        ["好小学", "G-1", "濂溪区", 10, 116.0123, 29.6512],
        ["坏小学", "G-2", "濂溪区", "五十", 116.0123, 29.6512],
        ["等小学", "G-3", "濂溪区", 5, None, None],
    )
    done = run(admin, body, "school", crs="EPSG:4490", name="学校清单.xlsx")
    answer = admin.get(f"/api/imports/{done['id']}/errors.xlsx")
    assert answer.status_code == 200
    assert "filename*=UTF-8''" in answer.headers["content-disposition"]
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content))["清单"]
    assert [c.value for c in sheet[1]][:6] == head
    assert sheet["D3"].fill.fill_type == "solid"
    assert "不是数字" in sheet["D3"].comment.text
    assert sheet["D2"].fill.fill_type is None
    assert sheet["E4"].fill.fill_type == "solid"
    assert sheet["E4"].fill.fgColor.rgb != sheet["D3"].fill.fgColor.rgb
    # Sent again as it came, the good row adds nothing and the same rows come back.
    again = run(admin, answer.content, "school", crs="EPSG:4490", name="学校清单-退回.xlsx")
    assert (again["rows"]["same"], again["rows"]["back"], again["rows"]["waiting"]) == (1, 1, 1)
    nothing = run(admin, csv(HEAD, school("G-9", name="无退回")), "school", crs="EPSG:4490")
    assert admin.get(f"/api/imports/{nothing['id']}/errors.xlsx").status_code == 404


def test_a_returned_workbook_keeps_its_persons_and_is_taken_once_mended(admin: TestClient) -> None:
    body = xlsx(
        ["学校名称", "学校代码", "人数", "主要负责人", "主要负责人职务", "主要负责人电话", "属地挂钩", "属地挂钩电话", "经度", "纬度"],
        ["还人甲小学", "RP-1", 300, "张某", "校长", "0792-0000001", "李某", "0792-0000002", 116.01, 29.65],
        ["还人乙小学", "RP-2", "五十", "王某", "校长", "0792-0000003", "赵某", "0792-0000004", 116.02, 29.66],
        ["还人丙小学", "RP-3", 200, "钱某" * 60, "校长", "0792-0000005", None, None, 116.03, 29.67],
    )  # fmt: skip
    done = run(admin, body, "school", name="责任.xlsx", crs="EPSG:4490")
    assert (done["rows"]["added"], done["rows"]["back"]) == (1, 2)
    [_, long] = rows(admin, done["id"], "back")
    assert (long["faults"][0]["column"], long["faults"][0]["code"]) == ("主要负责人", "too_long")
    returned = admin.get(f"/api/imports/{done['id']}/errors.xlsx").content
    book = openpyxl.load_workbook(io.BytesIO(returned))
    sheet = book.worksheets[0]
    sent = [list(r) for r in openpyxl.load_workbook(io.BytesIO(body)).active.iter_rows(values_only=True)]
    kept = [list(r)[: len(sent[0])] for r in sheet.iter_rows(values_only=True)]
    assert kept == sent  # every person's cell as it was sent, also of the rows that are in
    for line, column, mended in ((3, 3, 50), (4, 4, "钱某")):
        assert sheet.cell(line, column).fill.fill_type == "solid"
        sheet.cell(line, column).value = mended
    buffer = io.BytesIO()
    book.save(buffer)
    again = run(admin, buffer.getvalue(), "school", name="责任（退回）.xlsx", crs="EPSG:4490")
    assert {k: again["rows"][k] for k in ("read", "added", "changed", "same", "back")} == {
        "read": 3, "added": 2, "changed": 0, "same": 1, "back": 0,
    }  # fmt: skip
    assert parties_of(admin, "RP-1") == [
        ("主要负责人", "张某", "校长", "0792-0000001"), ("属地挂钩", "李某", "", "0792-0000002"),
    ]  # fmt: skip
    assert parties_of(admin, "RP-2") == [
        ("主要负责人", "王某", "校长", "0792-0000003"), ("属地挂钩", "赵某", "", "0792-0000004"),
    ]  # fmt: skip
    assert parties_of(admin, "RP-3") == [("主要负责人", "钱某", "校长", "0792-0000005")]


def test_every_class_gives_a_template_that_it_takes_back(admin: TestClient) -> None:
    classes = admin.get("/api/catalogue").json()["classes"]
    assert len(classes) > 50
    for class_ in classes[::7]:
        answer = admin.get(f"/api/classes/{class_['class']}/template.xlsx")
        assert answer.status_code == 200
        kept = upload(admin, answer.content, "模板.xlsx")
        assert kept["template"]["class"] == class_["class"]
        assert kept["template"]["version"] == kept["template"]["present"]
        match = admin.post("/api/imports/match", json={"file": kept["file"], "class": class_["class"]}).json()
        assert match["header"]["line"] == 1
        assert all(c["target"] for c in match["columns"]), class_["class"]


# -- Jobs --------------------------------------------------------------------------------


def test_a_queued_and_a_running_import_are_cancelled_and_write_nothing(admin: TestClient, app: Any) -> None:
    before = state_of(admin)
    kept = upload(admin, csv(HEAD, *(school(f"C-{i}", name=f"取消{i}") for i in range(3000))))
    with database.write(app.state.engine, {}) as connection:
        connection.execute(text("SELECT n FROM data_state FOR UPDATE"))  # so that none can write meanwhile
        ids = [queue(admin, kept["file"], "school", crs="EPSG:4490").json()["id"] for _ in range(5)]
        told = [admin.delete(f"/api/imports/{i}").json() for i in ids]
        assert all(t["status"] in {"cancelled", "running"} for t in told), told
        done = [wait(admin, i) for i in ids]
    assert {d["status"] for d in done} == {"cancelled"}
    assert all("没有写入" in d["message"] for d in done)
    assert state_of(admin) == before
    over = admin.post(f"/api/jobs/{ids[0]}/cancel")
    assert (over.status_code, over.json()["code"]) == (409, "job_over")


def test_imports_need_the_csrf_token(admin: TestClient, app: Any) -> None:
    other = TestClient(app, raise_server_exceptions=False)
    other.cookies = admin.cookies
    answer = other.post("/api/imports/files", files={"file": ("a.csv", csv(HEAD))})
    assert (answer.status_code, answer.json()["code"]) == (403, "stale_csrf")


def test_a_job_says_how_far_it_is(admin: TestClient) -> None:
    big = csv(HEAD, *(school(f"K-{i}", name=f"进度{i}") for i in range(8000)))
    import_id = queue(admin, big, "school", crs="EPSG:4490", dry_run=True).json()["id"]
    seen = set()
    pause = threading.Event()
    while True:
        job = admin.get(f"/api/jobs/{import_id}").json()
        seen.add((job["status"], job["phase"]))
        if job["status"] in OVER:
            break
        pause.wait(0.05)
    assert job["link"] == f"/data/import?id={import_id}"
    assert ("done", "完成") in seen
    assert any(phase == "核对" for _, phase in seen)


# -- Whom a line means ---------------------------------------------------------------------


def test_two_lines_never_mean_one_object(admin: TestClient) -> None:
    head = "名称,区县,经度,纬度"
    run(admin, csv(head, "双行小学,濂溪区,,"), "school", crs="EPSG:4490")
    both = csv(head, "双行小学,濂溪区,116.0123,29.6512", "双行小学,濂溪区,116.0223,29.6512")
    done = run(admin, both, "school", crs="EPSG:4490")
    assert (done["rows"]["changed"], done["rows"]["added"]) == (1, 1)
    assert len(found(admin, "双行小学")) == 2
    again = run(admin, both, "school", crs="EPSG:4490")
    assert (again["rows"]["same"], again["state"]) == (2, None)


def test_one_that_waits_beside_one_of_its_name_stays_itself(admin: TestClient) -> None:
    body = csv("名称,区县,经度,纬度", "并列小学,濂溪区,,", "并列小学,濂溪区,116.0123,29.6512")
    first = run(admin, body, "school", crs="EPSG:4490")
    assert (first["rows"]["added"], first["rows"]["waiting"]) == (1, 1)
    again = run(admin, body, "school", crs="EPSG:4490")
    assert (again["rows"]["same"], again["rows"]["waiting"], again["state"]) == (1, 1, None)


def test_what_begins_later_is_not_changed_today_and_hinders_no_other_row(admin: TestClient) -> None:
    later = {
        "class": "school", "code": "L-1", "name": "明年小学", "division": "360402", "valid_from": "2099-01-01",
        "attributes": {"persons": 1},
    }  # fmt: skip
    assert admin.post("/api/objects", json=later).status_code == 201
    done = run(
        admin, csv(HEAD, school("L-1", name="明年小学"), school("L-2", name="今年小学")), "school", crs="EPSG:4490"
    )
    assert (done["rows"]["added"], done["rows"]["back"]) == (1, 1)
    [back] = rows(admin, done["id"], "back")
    assert back["faults"][0]["code"] == "out_of_life"
    assert "2099-01-01" in back["faults"][0]["message"]


def test_a_hidden_value_of_a_removed_field_outlives_an_import(admin: TestClient) -> None:
    body = {"class": "temp-import", "title": "临时导入类", "group": "targets", "role": "target", "geometry": ["point"],
            "department": "教育局", "symbol": "c-school",
            "fields": [{"name": "kept", "title": "留下", "type": "integer"}, {"name": "gone", "title": "删去", "type": "integer"}]}  # fmt: skip
    assert admin.post("/api/classes", json=body).status_code == 201, admin.post("/api/classes", json=body).text
    head = "名称,编号,留下,删去,经度,纬度"
    run(admin, csv(head, "留值处,HV-1,1,2,116.0123,29.6512"), "temp-import", crs="EPSG:4490")
    version = admin.get("/api/classes/temp-import").json()["version"]
    changed = {**body, "fields": body["fields"][:1]}
    answer = admin.put("/api/classes/temp-import", json=changed, headers={"If-Match": f'"{version}"'})
    assert answer.status_code == 200, answer.text
    done = run(admin, csv("名称,编号,留下,经度,纬度", "留值处,HV-1,5,116.0123,29.6512"), "temp-import", crs="EPSG:4490")
    assert done["rows"]["changed"] == 1
    version = admin.get("/api/classes/temp-import").json()["version"]
    admin.put("/api/classes/temp-import", json=body, headers={"If-Match": f'"{version}"'})
    params = {"class": "temp-import", "q": "HV-1"}
    [item] = admin.get("/api/objects", params=params).json()["items"]
    assert item["attributes"] == {"kept": 5, "gone": 2}


def test_a_retired_class_takes_no_import(admin: TestClient) -> None:
    body = {"class": "temp-retired", "title": "停用类", "group": "targets", "role": "target", "geometry": ["point"],
            "department": "教育局", "symbol": "c-school", "fields": []}  # fmt: skip
    assert admin.post("/api/classes", json=body).status_code == 201
    retired = admin.put("/api/classes/temp-retired", json={**body, "retired": True}, headers={"If-Match": '"1"'})
    assert retired.status_code == 200, retired.text
    answer = queue(admin, csv("名称,经度,纬度", "某处,116.0123,29.6512"), "temp-retired", crs="EPSG:4490")
    assert (answer.status_code, answer.json()["code"]) == (422, "retired_class")


# -- Outlines, persons, several at once -------------------------------------------------------


def ring(dx: float = 0.0, n: int = 12) -> str:
    """An outline in 濂溪区 whose last corner moves by `dx`: its text begins the same."""
    corners = [(116.01 + 0.001 * i, 29.65) for i in range(n)] + [(116.02 + dx, 29.66), (116.01, 29.66), (116.01, 29.65)]
    return "POLYGON((" + ", ".join(f"{x:.6f} {y:.6f}" for x, y in corners) + "))"


def test_an_outline_that_changed_behind_its_beginning_is_a_change(admin: TestClient) -> None:
    head = "名称;编号;图形"
    first = csv(head, f"改边学校;G1-1;{ring()}")
    assert run(admin, first, "school", crs="EPSG:4490")["rows"]["added"] == 1
    again = run(admin, first, "school", crs="EPSG:4490")
    assert (again["rows"]["same"], again["state"]) == (1, None)
    moved = run(admin, csv(head, f"改边学校;G1-1;{ring(0.003)}"), "school", crs="EPSG:4490")
    assert moved["rows"]["changed"] == 1
    assert set(rows(admin, moved["id"], "changed")[0]["change"]) == {"位置"}


def test_a_layers_point_that_was_moved_by_hand_is_neither_moved_back_nor_doubled(admin: TestClient) -> None:
    layer = {
        "type": "FeatureCollection",
        "features": [{
            "type": "Feature", "properties": {"名称": "图层移位点", "区县": "濂溪区"},
            "geometry": {"type": "Point", "coordinates": [116.0123, 29.6512]},
        }],
    }  # fmt: skip
    body = json.dumps(layer).encode()
    assert run(admin, body, "school", name="点.geojson", crs="EPSG:4490")["rows"]["added"] == 1
    [item] = found(admin, "图层移位点")
    admin.patch(
        f"/api/objects/{item['id']}",
        json={"geometry": {"type": "Point", "coordinates": [116.02, 29.66]}},
        headers={"If-Match": f'"{item["state"]}"'},
    )
    again = run(admin, body, "school", name="点.geojson", crs="EPSG:4490")
    assert (again["rows"]["same"], again["state"]) == (1, None)
    [item] = found(admin, "图层移位点")
    assert item["geometry"]["coordinates"] == [116.02, 29.66]


def test_what_waited_for_a_territory_is_placed_by_the_same_file_once_it_is_there(admin: TestClient, app: Any) -> None:
    body = csv("名称,编号,经度,纬度", "界外小学,T0-1,117.2001,29.6512")
    assert run(admin, body, "school", crs="EPSG:4490")["rows"]["waiting"] == 1
    square = {
        "type": "Polygon",
        "coordinates": [[[117.1, 29.6], [117.3, 29.6], [117.3, 29.7], [117.1, 29.7], [117.1, 29.6]]],
    }
    loaded = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"code": "361128", "name": "邻县", "level": "county"}, "geometry": square}]}  # fmt: skip
    path = app.state.settings.data_dir / "neighbour.geojson"
    path.write_text(json.dumps(loaded))
    with database.write(app.state.engine, SYSTEM.settings(write=True)) as connection:
        load_divisions(connection, path)
    again = run(admin, body, "school", crs="EPSG:4490")
    assert (again["rows"]["changed"], again["rows"]["waiting"]) == (1, 0)
    assert found(admin, "T0-1")[0]["geometry"]["coordinates"] == [117.2001, 29.6512]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"properties": {"code": "361128", "name": "邻县", "level": "county"}, "geometry": None}, "没有边界"),
        ({"properties": {"name": "邻县", "level": "county"}, "geometry": None}, "没有 code"),
    ],
)
def test_a_division_that_cannot_be_loaded_is_told_in_words(
    app: Any, tmp_path: Path, given: dict[str, Any], told: str
) -> None:
    path = tmp_path / "divisions.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [{"type": "Feature", **given}]}))
    with (
        database.write(app.state.engine, SYSTEM.settings(write=True)) as connection,
        pytest.raises(Invalid, match=told),
    ):
        load_divisions(connection, path)


def parties_of(client: TestClient, q: str) -> list[tuple[str, str, str, str]]:
    [item] = found(client, q)
    listed = client.get(f"/api/objects/{item['id']}/parties").json()
    return sorted((p["role"], p["name"], p["post"], p["phone"]) for p in listed)


def test_a_new_person_has_nothing_of_the_old_one_and_a_second_one_stays(admin: TestClient) -> None:
    head = "名称,编号,主要负责人,主要负责人电话,经度,纬度"
    run(admin, csv(head, "换人小学,PP-1,张某,0792-1,116.01,29.65"), "school", crs="EPSG:4490")
    [item] = found(admin, "PP-1")
    both = [
        {"role": "主要负责人", "name": "张某", "post": "校长", "phone": "0792-1"},
        {"role": "属地挂钩", "name": "甲某"}, {"role": "属地挂钩", "name": "乙某"},
    ]  # fmt: skip
    assert admin.put(f"/api/objects/{item['id']}/parties", json=both).status_code == 200
    renewed = run(admin, csv(head, "换人小学,PP-1,张某,0792-9,116.01,29.65"), "school", crs="EPSG:4490")
    assert renewed["rows"]["changed"] == 1
    assert ("主要负责人", "张某", "校长", "0792-9") in parties_of(admin, "PP-1")
    run(admin, csv(head, "换人小学,PP-1,李某,,116.01,29.65"), "school", crs="EPSG:4490")
    run(admin, csv("名称,编号,属地挂钩,经度,纬度", "换人小学,PP-1,丙某,116.01,29.65"), "school", crs="EPSG:4490")
    assert parties_of(admin, "PP-1") == [
        ("主要负责人", "李某", "", ""), ("属地挂钩", "丙某", "", ""), ("属地挂钩", "乙某", "", ""), ("属地挂钩", "甲某", "", ""),
    ]  # fmt: skip


def test_an_object_whose_persons_were_changed_since_is_left_by_undo(admin: TestClient) -> None:
    done = run(
        admin, csv(HEAD, school("PU-1", name="改人小学"), school("PU-2", name="未改小学")), "school", crs="EPSG:4490"
    )
    [item] = found(admin, "PU-1")
    admin.put(f"/api/objects/{item['id']}/parties", json=[{"role": "巡查", "name": "丁某"}])
    told = admin.delete(f"/api/imports/{done['id']}").json()
    assert (told["ended"], told["left_count"]) == (1, 1)
    assert told["left"][0]["why"] == "之后改过责任人"
    assert parties_of(admin, "PU-1") == [("巡查", "丁某", "", "")]


def test_a_line_by_name_and_a_line_by_code_of_one_object_hinder_no_other(admin: TestClient) -> None:
    head = "名称,编号,区县,人数,经度,纬度"
    run(admin, csv(head, "同一小学,NC-1,濂溪区,1,116.0123,29.6512"), "school", crs="EPSG:4490")
    both = csv(
        head,
        "同一小学,,濂溪区,2,116.0123,29.6512",
        "同一小学,NC-1,濂溪区,3,116.0123,29.6512",
        "别处小学,,濂溪区,4,116.0223,29.6512",
    )
    dry = run(admin, both, "school", crs="EPSG:4490", dry_run=True)
    done = run(admin, both, "school", crs="EPSG:4490")
    assert done["status"] == "done", done["message"]
    assert (done["rows"]["changed"], done["rows"]["added"], done["rows"]["back"]) == (1, 1, 1)
    assert dry["rows"] == done["rows"]
    assert "第 2 行" in rows(admin, done["id"], "back")[0]["faults"][0]["message"]
    assert len(found(admin, "同一小学")) == 1


def test_a_thousand_namesakes_are_told_apart_by_where_they_are(admin: TestClient) -> None:
    lines = [f"公厕,濂溪区,{116.0 + i * 0.0001:.5f},29.6512" for i in range(1500)]
    body = csv("名称,区县,经度,纬度", *lines)
    first = run(admin, body, "school", crs="EPSG:4490")
    assert (first["rows"]["added"], first["rows"]["back"]) == (1500, 0)
    again = run(admin, body, "school", crs="EPSG:4490")
    assert (again["rows"]["same"], again["state"]) == (1500, None)


def test_a_large_json_is_refused_before_it_is_read(client: TestClient) -> None:
    body = b'{"file":"' + b"x" * (3 << 20) + b'"}'
    answer = client.post("/api/imports/match", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


def test_a_full_disk_stops_uploads_but_no_wish_to_cancel(admin: TestClient, app: Any) -> None:
    import_id = queue(
        admin, csv(HEAD, *(school(f"FD-{i}", name=f"满盘{i}") for i in range(3000))), "school", crs="EPSG:4490"
    ).json()["id"]
    full = app.state.settings.model_copy(update={"free_disk_mb": 1 << 40})
    before, app.state.settings = app.state.settings, full
    try:
        assert admin.post("/api/imports/files", files={"file": ("a.csv", csv(HEAD))}).status_code == 507
        told = admin.delete(f"/api/imports/{import_id}")
        assert told.status_code == 200, told.text
        assert admin.get("/api/imports").status_code == 200
    finally:
        app.state.settings = before
    wait(admin, import_id)


def test_what_a_sender_chose_keeps_the_unit_of_its_header(admin: TestClient) -> None:
    kept = upload(admin, csv("名称,编号,用地规模（亩）,经度,纬度", "选列小学,UC-1,3,116.0123,29.6512"))
    columns = [{"index": 2, "target": "attributes.area_m2"}]
    asked = {"file": kept["file"], "class": "school", "columns": columns}
    chosen = next(c for c in admin.post("/api/imports/match", json=asked).json()["columns"] if c["index"] == 2)
    assert (chosen["how"], chosen["unit_from"], chosen["samples"][0]["value"]) == ("given", "亩", "2000")
    run(admin, kept["file"], "school", crs="EPSG:4490", columns=columns)
    assert found(admin, "UC-1")[0]["attributes"]["area_m2"] == 2000


def test_writing_and_taking_back_stand_in_the_trail_as_imports(
    admin: TestClient, make_account: Callable[..., TestClient]
) -> None:
    done = run(admin, csv(HEAD, school("AU-1", name="留痕小学")), "school", crs="EPSG:4490")
    admin.delete(f"/api/imports/{done['id']}")
    auditor = make_account("auditor", tier="command")
    listed = auditor.get("/api/audit", params={"kind": "import", "ref": done["id"]}).json()["items"]
    assert {e["action"] for e in listed} == {"queue", "write", "undo"}


# -- What a newcomer tried --------------------------------------------------------------------


def held(app: Any) -> Any:
    """Nobody writes while this is open."""
    connection = app.state.engine.connect()
    transaction = connection.begin()
    connection.execute(text("SELECT n FROM data_state FOR UPDATE"))

    class Hold:
        def wait_for(self, waiting: int = 1) -> None:
            """Until so many stand before the lock: a job that is merely queued has not looked at anything yet."""
            patience = time.monotonic() + 60
            asked = text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock' AND query LIKE '%data_state%'"
            )
            with app.state.engine.connect() as look:
                look = look.execution_options(isolation_level="AUTOCOMMIT")
                while look.execute(asked).scalar_one() < waiting:
                    assert time.monotonic() < patience, "nobody waits"
                    time.sleep(0.02)

        def release(self) -> None:
            transaction.rollback()
            connection.close()

    return Hold()


@pytest.mark.parametrize("change", [{"active": False}, {"role": "reader"}, {"areas": ["360403"]}])
def test_whose_rights_were_taken_away_meanwhile_writes_nothing(
    admin: TestClient, make_account: Callable[..., TestClient], app: Any, change: dict[str, Any]
) -> None:
    mine = make_account("editor", areas=["360402"])
    hold = held(app)
    asked = queue(mine, csv(HEAD, *(school(f"RT-{i}", name=f"收权{i}") for i in range(50))), "school", crs="EPSG:4490")
    assert asked.status_code == 202
    hold.wait_for()  # the job has looked at its rights, and is about to write
    answer = admin.patch(f"/api/accounts/{mine.username}", json=change)  # type: ignore[attr-defined]
    assert answer.status_code == 200, answer.text
    hold.release()
    done = wait(admin, asked.json()["id"])
    assert done["status"] == "failed"
    assert "没有写入任何数据" in done["message"]
    assert admin.get("/api/counts", params={"class": "school", "q": "收权"}).json()["total"] == 0


def test_a_formula_without_value_comes_back_until_it_has_one(admin: TestClient) -> None:
    body = xlsx(["名称", "编号", "人数", "经度", "纬度"], ["算式小学", "FX-1", "=10*5", 116.0123, 29.6512])
    done = run(admin, body, "school", crs="EPSG:4490", name="算式.xlsx")
    assert done["rows"]["back"] == 1
    returned = admin.get(f"/api/imports/{done['id']}/errors.xlsx").content
    again = run(admin, returned, "school", crs="EPSG:4490", name="算式-退回.xlsx")
    assert (again["rows"]["back"], again["rows"]["added"]) == (1, 0)
    assert rows(admin, again["id"])[0]["faults"][0]["code"] == "formula_error"


def test_a_hidden_sheet_is_not_taken_unasked(admin: TestClient) -> None:
    book = openpyxl.Workbook()
    book.active.title = "今年"
    book.active.append(["名称", "编号"])
    book.active.append(["今年小学", "HS-1"])
    old = book.create_sheet("去年")
    old.sheet_state = "hidden"
    old.append(["名称", "编号"])
    for i in range(30):
        old.append([f"去年小学{i}", f"HO-{i}"])
    buffer = io.BytesIO()
    book.save(buffer)
    kept = upload(admin, buffer.getvalue(), "两年.xlsx")
    assert kept["sheet"] == "今年"
    assert {s["name"]: s["hidden"] for s in kept["sheets"]} == {"今年": False, "去年": True}


def test_what_was_placed_by_hand_keeps_its_division_too(admin: TestClient) -> None:
    body = csv("名称,编号,所在区县,乡镇,经度,纬度", "放手小学,DV-1,濂溪区,莲花镇,29.6512,116.0123")
    run(admin, body, "school", crs="EPSG:4490")
    [item] = found(admin, "DV-1")
    admin.patch(
        f"/api/objects/{item['id']}",
        json={"geometry": {"type": "Point", "coordinates": [116.0123, 29.6512]}},
        headers={"If-Match": f'"{item["state"]}"'},
    )
    again = run(admin, body, "school", crs="EPSG:4490")
    assert (again["rows"]["same"], again["state"]) == (1, None)


def test_sums_headings_and_a_header_once_more_are_no_objects(admin: TestClient) -> None:
    lines = [
        "莲花镇小计,,12,,", "一、莲花镇,,,,", "学校名称,学校代码,人数,经度,纬度", "小计中学,SU-2,3,116.0123,29.6512",
        "合计（个）,,2,,", "共 15 所,,,,", "合计：2所,,,,",
    ]  # fmt: skip
    done = run(
        admin,
        csv("学校名称,学校代码,人数,经度,纬度", "一般小学,SU-1,3,116.0123,29.6513", *lines),
        "school",
        crs="EPSG:4490",
    )
    assert (done["rows"]["added"], done["rows"]["back"], done["rows"]["waiting"]) == (2, 0, 0)
    assert done["rows"]["ignored"] == 6


def test_namesakes_without_positions_in_several_towns_are_the_same_again(admin: TestClient) -> None:
    body = csv("村名,所在区县,乡镇,人数", "同名村,濂溪区,,1", "同名村,濂溪区,莲花镇,2", "同名村,濂溪区,威家镇,3")
    first = run(admin, body, "village", crs="EPSG:4490")
    assert (first["rows"]["waiting"], first["rows"]["writes"]) == (3, 3)
    again = run(admin, body, "village", crs="EPSG:4490")
    assert (again["rows"]["waiting"], again["rows"]["writes"], again["state"]) == (3, 0, None)


def test_an_undo_that_could_not_take_back_all_can_be_finished(
    admin: TestClient, make_account: Callable[..., TestClient]
) -> None:
    mine = make_account("editor", areas=["360402"])
    done = run(
        mine, csv(HEAD, school("UF-1", name="余下小学"), school("UF-2", name="先撤小学")), "school", crs="EPSG:4490"
    )
    [item] = found(admin, "UF-1")
    hidden = admin.patch(
        f"/api/objects/{item['id']}", json={"visibility": "command"}, headers={"If-Match": f'"{item["state"]}"'}
    )
    assert hidden.status_code == 200
    told = mine.delete(f"/api/imports/{done['id']}").json()
    assert (told["ended"], told["left_count"], told["hidden"]) == (1, 0, 1)
    assert "余下小学" not in str(told)
    nothing = mine.delete(f"/api/imports/{done['id']}")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_undo")
    assert admin.get(f"/api/imports/{done['id']}").json()["may_undo"] is True


@pytest.mark.parametrize("columns", ["[" * 100_000, "null", '{"a":1}'])
def test_columns_that_are_none_are_refused(admin: TestClient, columns: str) -> None:
    answer = queue(admin, csv(HEAD, school("CO-1")), "school", crs="EPSG:4490", columns=columns, dry_run=True)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    [wrong] = answer.json()["errors"]
    assert wrong["field"] == "columns"
    assert wrong["message"].startswith("各列的对应不对")


def test_a_fence_far_from_its_unit_goes_back_with_the_reason(admin: TestClient) -> None:
    def line(name: str, west: float) -> str:
        fence = f"POLYGON(({west} 29.7, {west + 0.01} 29.7, {west + 0.01} 29.71, {west} 29.71, {west} 29.7))"
        return f'{name},116.005,29.705,"{fence}"'

    text = csv("名称,经度,纬度,厂区边界", line("近界单元", 116.0), line("远界单元", 116.5))
    done = run(admin, text, "major-hazard", crs="EPSG:4490")
    assert (done["rows"]["added"], done["rows"]["back"]) == (1, 1)
    [back] = rows(admin, done["id"], "back")
    assert (back["line"], back["faults"][0]["column"]) == (3, "厂区边界")
    assert "厂区边界离对象位置 47.9 km，超过 2 km" in back["faults"][0]["message"]


def test_what_is_no_telephone_comes_back_and_what_stands_may_stay(admin: TestClient, settings: Settings) -> None:
    head = ["学校名称", "学校代码", "人数", "主要负责人", "主要负责人电话", "属地挂钩", "属地挂钩电话", "经度", "纬度"]

    def line(code: str, phone: str, more: str = "0792-0000002", persons: int = 300) -> list[Any]:
        return [f"电话小学{code}", code, persons, "张某", phone, "李某", more, 116.01, 29.65]

    good = ["0792-0000001、138 0000 0000", "值班室 8226000 转 3", 13800000000]
    body = xlsx(head, *(line(f"TP-{i}", phone) for i, phone in enumerate(good)), line("TP-9", "见群公告", "abc123"))
    done = run(admin, body, "school", name="电话.xlsx", crs="EPSG:4490")
    assert (done["rows"]["added"], done["rows"]["back"]) == (3, 1)
    [back] = rows(admin, done["id"], "back")
    said = "应为电话号码：写数字，可带“+”“-”、空格和“转”，几个号码用“、”分开"
    assert [(f["column"], f["code"], f["message"]) for f in back["faults"]] == [
        ("主要负责人电话", "not_a_phone", said), ("属地挂钩电话", "not_a_phone", said),
    ]  # fmt: skip
    # What was taken before there was the rule stands, and the rest of its line is still told anew.
    owner = create_engine(superuser_url(settings))
    with owner.begin() as connection:
        connection.execute(text("UPDATE object_party SET phone = '见群公告' WHERE phone = '值班室 8226000 转 3'"))
    owner.dispose()
    again = run(admin, xlsx(head, line("TP-1", "见群公告", persons=301)), "school", name="电话.xlsx", crs="EPSG:4490")
    assert (again["rows"]["changed"], again["rows"]["back"]) == (1, 0)
    assert ("主要负责人", "张某", "", "见群公告") in parties_of(admin, "TP-1")
    # Another that is none is not taken, whichever line of the register it is for.
    for wrong in (line("TP-1", "看群公告"), line("TP-2", "见群公告")):
        refused = run(admin, xlsx(head, wrong), "school", name="电话.xlsx", crs="EPSG:4490")
        assert (refused["rows"]["changed"], refused["rows"]["back"]) == (0, 1)
