"""The log: what an officer writes himself, and the files for the after-action report, read back."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import docx
import openpyxl
from starlette.testclient import TestClient
from tests.api.rescue import HERE, flood, square
from tests.api.test_bad_input import refused

from riskmap.access.reader import SYSTEM
from riskmap.base import clock, database
from riskmap.rescue import log

Maker = Callable[..., TestClient]


def write(client: TestClient, what: str, kind: str = "调度", **more: Any) -> Any:
    return client.post("/api/rescue/log", json={"kind": kind, "what": what, **more})


def sheet(client: TestClient, **params: Any) -> tuple[list[tuple[Any, ...]], openpyxl.Workbook]:
    answer = client.get("/api/rescue/log.xlsx", params=params)
    assert answer.status_code == 200, answer.text
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    return list(book["日志"].iter_rows(min_row=4, values_only=True)), book


def test_an_entry_of_ones_own_is_in_the_trail(make_account: Maker) -> None:
    duty = make_account("editor")
    made = write(duty, "冲锋舟到位").json()["id"]
    found = make_account("auditor", "command").get("/api/audit", params={"kind": "rescue_log", "ref": str(made)})
    assert [(e["action"], e["actor"]) for e in found.json()["items"]] == [("create", duty.username)]  # type: ignore[attr-defined]


def test_an_officer_writes_and_all_of_it_is_in_the_files_in_its_order(admin: TestClient, make_account: Maker) -> None:
    begin = clock.now()
    duty = make_account("editor")
    made = flood(admin, [(0.5, square(*HERE, 300))], name="例湖圩溃口")
    assert write(duty, "=1+1 两辆冲锋舟到位", flood=made["id"]).status_code == 201
    assert write(duty, "例湖站 12.84 m", "水情").status_code == 201
    end = clock.now()
    assert write(duty, "此后的一条").status_code == 201
    state = admin.get("/healthz").json()["state"]

    params = {"from": begin.isoformat(), "to": end.isoformat()}
    rows, book = sheet(admin, **params)
    assert [(r[0], r[2], r[4], r[5], r[6]) for r in rows] == [
        (1, "水情", "admin", "例湖圩溃口 第 1 版", state),
        (2, "调度", duty.username, "例湖圩溃口 第 1 版", state),  # type: ignore[attr-defined]
        (3, "水情", duty.username, None, state),  # type: ignore[attr-defined]
    ]
    assert [r[3] for r in rows[1:]] == ["=1+1 两辆冲锋舟到位", "例湖站 12.84 m"]
    assert all(c.data_type != "f" for one in book for row in one.iter_rows() for c in row)
    assert len(rows[0][1]) == len("2026-11-26 19:30:00")
    note = {r[0]: r[1] for r in book["说明"].iter_rows(values_only=True)}
    assert note["条数"] == "3"
    assert note["核验码"][:14] in book["日志"]["A2"].value
    assert "演练" not in book["日志"]["A2"].value

    assert [r[3] for r in sheet(admin, kind="调度", **params)[0]] == ["=1+1 两辆冲锋舟到位"]
    same = sheet(duty, **params)[1]["说明"]
    assert {r[0]: r[1] for r in same.iter_rows(values_only=True)}["核验码"] == note["核验码"]
    other = sheet(admin, kind="调度", **params)[1]["说明"]
    assert {r[0]: r[1] for r in other.iter_rows(values_only=True)}["核验码"] != note["核验码"]

    answer = admin.get("/api/rescue/log.docx", params=params)
    assert answer.status_code == 200, answer.text
    document = docx.Document(io.BytesIO(answer.content))
    about, table = document.tables
    cells = [[c.text for c in row.cells] for row in table.rows]
    assert [c[0] for c in cells] == ["序号", "1", "2", "3"]
    assert [(c[1], c[2], c[3], c[4], c[6]) for c in cells[1:]] == [(r[1], r[2], r[3], r[4], str(r[6])) for r in rows]
    told = {row.cells[0].text: row.cells[1].text for row in about.rows}
    assert told["性质"] == "实战"
    assert note["核验码"][:14] in document.sections[0].footer.paragraphs[0].text


def test_an_exercise_has_its_own_log_and_is_marked_on_every_sheet(admin: TestClient) -> None:
    begin = clock.now().isoformat()
    played = flood(admin, [(0.5, square(*HERE, 300))], name="演练溃口", exercise=True)
    real = flood(admin, [(0.5, square(*HERE, 300))], name="实战溃口")
    write(admin, "演练开始", exercise=True, flood=played["id"])
    refused(write(admin, "例", exercise=True, flood=real["id"]))
    refused(write(admin, "例", flood=played["id"]))
    rows, book = sheet(admin, exercise="true", **{"from": begin})
    assert [r[2] for r in rows] == ["水情", "调度"]
    assert "演练" in book["日志"]["A2"].value
    assert "演练" in book["日志"].oddHeader.left.text
    answer = admin.get("/api/rescue/log.docx", params={"exercise": "true", "from": begin})
    document = docx.Document(io.BytesIO(answer.content))
    assert document.sections[0].header.paragraphs[0].text == "演练"
    assert "演练" in document.tables[0].rows[1].cells[1].text
    assert "演练开始" not in str(sheet(admin, **{"from": begin})[0])


def test_an_empty_time_says_so(admin: TestClient) -> None:
    long_ago = {"to": (clock.now() - timedelta(days=900)).isoformat()}
    assert "没有日志" in sheet(admin, **long_ago)[0][0][0]
    answer = admin.get("/api/rescue/log.docx", params=long_ago)
    words = [p.text for p in docx.Document(io.BytesIO(answer.content)).paragraphs]
    assert any("没有日志" in w for w in words)


def test_what_no_account_did_is_by_the_system_on_the_page_and_in_the_files(app: Any, admin: TestClient) -> None:
    begin = clock.now().isoformat()
    with database.write(app.state.engine, SYSTEM.settings(write=True)) as connection:
        log.note(connection, by=SYSTEM.name, kind="设置", exercise=False, what="例自动删除户册")
    entry = admin.get("/api/rescue/log", params={"kind": "设置"}).json()["items"][0]
    rows, _ = sheet(admin, **{"from": begin})
    assert (entry["by"], [(r[3], r[4]) for r in rows]) == ("系统", [("例自动删除户册", "系统")])


def test_who_may_and_what_is_refused(admin: TestClient, client: TestClient, make_account: Maker) -> None:
    reader = make_account("reader")
    assert client.get("/api/rescue/log.xlsx").status_code == 401
    assert make_account("reader", "public").get("/api/rescue/log.xlsx").status_code == 403
    assert reader.get("/api/rescue/log.xlsx").status_code == 200
    refused(write(reader, "例"), 403)
    for body in ({"kind": "闲聊", "what": "例"}, {"kind": "调度", "what": " "}, {"kind": "调度", "what": "例" * 3000}):
        refused(admin.post("/api/rescue/log", json=body))
    refused(write(admin, "例", flood=987654), 404)
    for query in ("from=昨天", "kind=闲聊", "exercise=maybe"):
        for ending in ("xlsx", "docx"):
            refused(admin.get(f"/api/rescue/log.{ending}?{query}"))
    auditor = make_account("auditor", "command")
    found = auditor.get("/api/audit", params={"kind": "rescue_log"}).json()["items"]
    assert found[0]["actor"] == reader.username  # type: ignore[attr-defined]
