"""The list to take away: exactly the selection, harmless text, only what one may read, and an entry of the audit."""

import csv
import io
import random
from typing import Any

import mapbox_vector_tile
import openpyxl
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from tests.api.test_agreement import SEED, list_ids, random_selection

from riskmap.base.crs import grid_of
from riskmap.register import tables

DEMO = True


def csv_rows(client: TestClient, **params: Any) -> list[dict[str, str]]:
    answer = client.get("/api/objects.csv", params={"plain": "true", **params})
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def workbook(client: TestClient, **params: Any) -> Any:
    answer = client.get("/api/objects.xlsx", params=params)
    assert answer.status_code == 200, answer.text
    return openpyxl.load_workbook(io.BytesIO(answer.content))


def drawn_ids(client: TestClient, params: dict[str, Any], box: tuple[float, float, float, float]) -> list[int]:
    """Ids counted by the tiles of zoom 15, which send every object by itself."""
    west, south, east, north = box
    (x0, y0), (x1, y1) = ((v >> 21 for v in grid_of(*at)) for at in ((west, north), (east, south)))
    ids = []
    for x in range(x0 - 2, x1 + 3):
        for y in range(y0 - 2, y1 + 3):
            answer = client.get(f"/api/tiles/15/{x}/{y}.mvt", params=params)
            if answer.status_code == 204:
                continue
            layers = mapbox_vector_tile.decode(answer.content)
            assert "clusters" not in layers
            ids += [
                f["id"]
                for f in layers["objects"]["features"]
                if f["geometry"]["type"] == "Point" or "anchor_x" in f["properties"]
            ]
    return ids


def test_ids_exported_are_those_listed_and_those_drawn(
    admin: TestClient, make_account: Any, client: TestClient
) -> None:
    town = make_account("editor", "department", areas=["360429205", "360402"])
    rng = random.Random(SEED)
    some = 0
    for who in (admin, town, client):
        for _ in range(4):
            params = random_selection(rng)
            ids, total = list_ids(who, params)
            rows = csv_rows(who, columns="id", **params)
            assert [int(row["id"]) for row in rows] == ids, params  # in the same order, too
            assert len(ids) == total
            some += bool(ids)
    assert some > 5
    box = (115.97, 29.70, 116.01, 29.73)
    params = {"bbox": ",".join(map(str, box)), "class": "gas-restaurant,risk-point,school"}  # points
    ids, _ = list_ids(admin, params)
    assert len(ids) > 5
    assert sorted(drawn_ids(admin, params, box)) == sorted(ids)
    sheet = workbook(admin, columns="id,name", **params)["清单"]
    assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == ids


def test_the_file_says_what_it_is_of(admin: TestClient) -> None:
    params = {"class": "school", "division": "360402", "sort": "name"}
    answer = admin.get("/api/objects.csv", params=params)
    assert answer.content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    said = {line[0]: line[1] for line in lines if line[0].startswith("# ")}
    total = admin.get("/api/objects", params=params).json()["total"]
    assert "学校" in said["# 选择"]
    assert said["# 共"].startswith(f"{total} 行")
    assert "admin" in said["# 导出"]
    assert said["# 数据状态"]
    assert said["# 演示"]
    assert len(lines) == len(said) + 1 + total
    book = workbook(admin, **params)
    assert [ws.title for ws in book] == ["说明", "清单"]
    assert said["# 选择"] in [row[1] for row in book["说明"].iter_rows(values_only=True)]
    assert book["清单"].max_row == total + 1


def test_text_is_never_a_formula_and_long_codes_stay_digits(admin: TestClient) -> None:
    hostile = ['=HYPERLINK("http://x","y")', "+1+1", "-2", "@SUM(A1)", "＝1+1"]
    for i, name in enumerate(hostile):
        body = {
            "class": "enterprise",
            "code": f"91360402000000{i:04d}",
            "name": name,
            "division": "360402",
            "geometry": {"type": "Point", "coordinates": [115.99, 29.71]},
            "attributes": {"uscc": "913604027550123450"},
            "tags": ["危险文本"],
        }
        assert admin.post("/api/objects", json=body).status_code == 201
    answer = admin.get(
        "/api/objects.csv", params={"tag": "危险文本", "class": "enterprise", "columns": "name,code,uscc"}
    )
    rows = [r for r in csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))) if not r[0].startswith("# ")][1:]
    assert sorted(row[0] for row in rows) == sorted("'" + name for name in hostile)
    assert {row[2] for row in rows} == {"913604027550123450\t"}  # Excel would make 9.13604E+17 of it
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)
    sheet = workbook(admin, tag="危险文本", **{"class": "enterprise"}, columns="name,code,uscc")["清单"]
    cells = [row for row in sheet.iter_rows(min_row=2)]
    assert {c.value for row in cells for c in row[:1]} == set(hostile)
    assert all(c.data_type == "s" for row in cells for c in row)


def test_a_text_like_a_rich_string_stays_a_text(admin: TestClient) -> None:
    """xlsxwriter would write it as XML of the sheet, and Excel would not open the file."""
    body = {
        "class": "enterprise", "code": "91360402000001R001", "name": "<r><t>例</t></r>", "division": "360402",
        "geometry": {"type": "Point", "coordinates": [115.99, 29.71]}, "tags": ["像标记"],
    }  # fmt: skip
    assert admin.post("/api/objects", json=body).status_code == 201
    sheet = workbook(admin, tag="像标记", **{"class": "enterprise"}, columns="name,code")["清单"]
    assert sheet.cell(2, 1).value.rstrip("\u200b") == body["name"]


def test_only_columns_that_one_may_read(admin: TestClient, client: TestClient) -> None:
    assert client.get("/api/objects.csv", params={"columns": "name,source"}).status_code == 422
    hidden = client.get("/api/objects.csv", params={"class": "major-hazard", "columns": "r_value"})
    assert hidden.status_code == 422
    assert "无权查看" in hidden.text
    headings = csv_rows(client, **{"class": "school"})
    if headings:
        assert not {"source", "enterprise", "tags"} & set(headings[0])
    assert "attributes.r_value" in csv_rows(admin, **{"class": "major-hazard"})[0]
    assert admin.get("/api/objects.csv", params={"colour": "red"}).status_code == 422


def test_a_limited_reader_gets_public_rows_without_inner_values(make_account: Any) -> None:
    reader = make_account("reader", "department", areas=["360402"])
    rows = csv_rows(reader, columns="id,division_code,source,position", **{"class": "school"})
    outside = [r for r in rows if not r["division_code"].startswith("360402")]
    assert outside
    assert all(r["source"] == "" and r["position"] in {"概略", "待定位"} for r in outside)


def test_taking_away_is_an_entry_of_the_audit(admin: TestClient, app: Any) -> None:
    columns = "name,grade"
    answer = admin.get("/api/objects.xlsx", params={"class": "hospital", "columns": columns})
    with app.state.engine.connect() as connection:
        entry = connection.execute(
            text(
                "SELECT actor, action, kind, state, after FROM audit_entry WHERE kind = 'list' ORDER BY at DESC LIMIT 1"
            )
        ).one()
    assert (entry.actor, entry.action, entry.state) == ("admin", "export", int(answer.headers["X-Data-State"]))
    assert entry.after["total"] == int(answer.headers["X-Total-Rows"])
    assert "医院" in entry.after["words"]
    assert entry.after["columns"] == columns.split(",")
    assert entry.after["form"] == "xlsx"


def test_rows_go_on_in_further_sheets(tmp_path: Any, monkeypatch: pytest.MonkeyPatch, admin: TestClient) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 51)
    params = {"class": "school", "columns": "id"}
    book = workbook(admin, **params)
    ids = [row[0] for ws in book.worksheets[1:] for row in ws.iter_rows(min_row=2, values_only=True)]
    assert len(book.worksheets) > 2
    assert book["清单 2"]["A1"].value == "对象号"
    assert ids == list_ids(admin, {"class": "school"})[0]


def test_an_older_state_is_exported_as_it_was(admin: TestClient) -> None:
    before = admin.get("/api/objects", params={"class": "market", "limit": 1000}).json()
    body = {
        "class": "market",
        "name": "拟新市场",
        "division": "360402",
        "geometry": {"type": "Point", "coordinates": [115.99, 29.71]},
        "attributes": {},
    }
    assert admin.post("/api/objects", json=body).status_code == 201
    rows = csv_rows(admin, columns="id", state=before["state"], **{"class": "market"})
    assert [int(r["id"]) for r in rows] == [item["id"] for item in before["items"]]


def test_a_list_sorts_by_stage_position_and_a_field_of_a_common_name(admin: TestClient) -> None:
    for sort in ("stage", "-position", "source", "attributes.persons", "-attributes.persons"):
        params = {"class": "school", "sort": sort}
        ids, total = list_ids(admin, params)
        assert len(set(ids)) == total
        assert [int(r["id"]) for r in csv_rows(admin, columns="id", **params)] == ids


def test_levels_and_their_three_remainders_add_up(admin: TestClient) -> None:
    scale = "major-hazard-level"
    catalogue = admin.get("/api/catalogue").json()
    values = [lv["value"] for s in catalogue["scales"] if s["scale"] == scale for lv in s["levels"]]
    everything = admin.get("/api/counts", params={"by": "grade"}).json()["total"]
    parts = {
        v: admin.get("/api/counts", params={"by": "class", "level": f"{scale}:{v}"}).json()
        for v in [*values, "outside", "none", "off"]
    }
    assert sum(p["total"] for p in parts.values()) == everything
    for value in ("outside", "none"):
        assert {r["class"] for r in parts[value]["rows"]} == {"major-hazard"}
    assert "major-hazard" not in {r["class"] for r in parts["off"]["rows"]}
    assert parts["off"]["total"] > 0
