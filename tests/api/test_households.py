"""Households of an evacuation: read by few, from a table, who is left as xlsx and on paper, gone on their day."""

import io
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pypdfium2
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from tests.api.admission import load_towns
from tests.api.evacuation import OTHER, VILLAGE, enter, now, order, send
from tests.api.rescue import add
from tests.api.test_bad_input import refused

from riskmap.access.reader import SYSTEM
from riskmap.base import clock, database
from riskmap.rescue.evac import households
from riskmap.rescue.evac.household_table import TITLES

Maker = Callable[..., TestClient]
PATH = "/api/rescue/evacuations"
HEAD = list(TITLES.values())


@pytest.fixture(scope="module", autouse=True)
def divisions(app: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    load_towns(app.state.engine, tmp_path_factory.mktemp("divisions"))


def table(rows: Sequence[Sequence[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for row in [HEAD, *rows]:
        book.active.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def line(village: str, householder: str, persons: Any = 3, phone: str = "", code: str = "", **more: Any) -> list[Any]:
    given = {"village": village, "householder": householder, "persons": persons, "phone": phone, "code": code, **more}
    return [given.get(name) for name in TITLES]


def send_table(client: TestClient, of: dict[str, Any], rows: Sequence[Sequence[Any]], **params: Any) -> Any:
    return client.post(f"{PATH}/{of['id']}/households", files={"file": ("户册.xlsx", table(rows))}, params=params)


def take(client: TestClient, of: dict[str, Any], rows: Sequence[Sequence[Any]], **params: Any) -> dict[str, Any]:
    answer = send_table(client, of, rows, **params)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def of_village(client: TestClient, of: dict[str, Any], village: int = 0) -> Any:
    return client.get(f"{PATH}/{of['id']}/villages/{of['villages'][village]['id']}/households")


@pytest.fixture
def two(admin: TestClient) -> dict[str, Any]:
    """甲村 with three households, 乙村 with one."""
    of = order(admin, [("甲村", VILLAGE, 12), ("乙村", OTHER, 4)])
    rows = [
        line(
            "甲村", "张三", 4, "13800000001", address="一组 1 号", frail=1, helper="李支书", helper_phone="13900000009"
        ),
        line("甲村", "李四", 3, "13800000002", disabled=1),
        line("甲村", "工地", 5, code="L-1", kind="流动"),
        line("乙村", "王五", 4, "13800000003"),
    ]
    assert take(admin, of, rows)["added"] == 4
    again = take(admin, of, rows)
    assert (again["added"], again["same"], again["faults"]) == (0, 4, [])
    return of


class TestByHand:
    def test_one_is_added_once_and_stands_in_one_village(
        self, admin: TestClient, two: dict[str, Any], make_account: Maker
    ) -> None:
        path, other = (f"{PATH}/{two['id']}/villages/{v['id']}/households" for v in two["villages"])
        body = {"householder": "赵六", "persons": 2, "phone": "13800000009", "alone": 1}
        made = admin.post(path, json=body)
        assert made.status_code == 201, made.text
        listed = of_village(admin, two).json()
        assert next(h for h in listed["items"] if h["id"] == made.json()["id"])["householder"] == "赵六"
        assert (listed["list"]["households"], listed["list"]["persons"]) == (4, 14)
        said = refused(admin.post(path, json=body), 409)
        assert (said["code"], "已在“甲村”" in said["detail"]) == ("known", True)
        assert refused(admin.post(other, json=body), 409)["code"] == "known"
        # Where it is stands only in the answer to who may read that list.
        near = make_account("editor", areas=[OTHER])
        told = refused(near.post(other, json=body), 409)["detail"]
        assert ("另一个村" in told, "甲村" in told) == (True, False)
        too_many = refused(admin.post(path, json={**body, "householder": "钱七", "frail": 3}))
        assert too_many["errors"][0]["field"] == "frail"
        refused(make_account("editor", tier="department").post(path, json={**body, "householder": "钱七"}), 404)
        what = [e["what"] for e in admin.get("/api/rescue/log?kind=转移").json()["items"]]
        assert what[0].endswith("甲村户册增加 1 户")
        assert not any("赵六" in w for w in what)

    def test_what_is_no_telephone_is_refused_with_a_sentence(self, admin: TestClient, two: dict[str, Any]) -> None:
        path = f"{PATH}/{two['id']}/villages/{two['villages'][0]['id']}/households"
        for name, title in (("phone", "电话"), ("helper_phone", "帮扶人电话")):
            for wrong in ("abc", "没有", "1380000abcd"):
                said = refused(admin.post(path, json={"householder": "赵六", "persons": 2, name: wrong}))
                [told] = said["errors"]
                assert told["field"] == name
                assert told["message"] == f"{title}：应为电话号码：写数字，可带“+”“-”、空格和“转”，几个号码用“、”分开"
        dialled = ("+86 138-0000-0001", "0792-8226000 转 3", "8226000 ext. 3", "13800000001、13900000002", "")
        for i, right in enumerate(dialled):
            made = admin.post(path, json={"householder": f"吴{i}", "persons": 2, "phone": right})
            assert made.status_code == 201, made.text

    def test_the_code_leads_to_the_village_officers_page(self, admin: TestClient, two: dict[str, Any]) -> None:
        path = f"{PATH}/{two['id']}/villages/{two['villages'][0]['id']}/page.svg"
        code = admin.get(path)
        assert code.headers["content-type"] == "image/svg+xml"
        assert code.text.startswith("<svg")
        refused(admin.get(f"{PATH}/{two['id']}/villages/999999/page.svg"), 404)


class TestWho:
    def test_the_command_tier_and_the_editor_of_the_village_and_nobody_else(
        self, admin: TestClient, two: dict[str, Any], make_account: Maker
    ) -> None:
        assert [h["householder"] for h in of_village(admin, two).json()["items"]] == ["李四", "张三", "工地"]
        assert len(of_village(make_account("reader", "command"), two).json()["items"]) == 3
        officer = make_account("editor", areas=[VILLAGE])
        assert len(of_village(officer, two).json()["items"]) == 3
        refused(of_village(officer, two, 1), 404)
        for role, tier, areas in (
            ("editor", "department", []), ("editor", "department", ["360481"]), ("reader", "department", []),
            ("reader", "department", [VILLAGE]), ("reader", "command", ["360481"]), ("auditor", "department", []),
        ):  # fmt: skip
            client = make_account(role, tier, areas=areas)
            refused(of_village(client, two), 404)
            for name in ("left.xlsx", "left.pdf"):
                refused(client.get(f"{PATH}/{two['id']}/{name}"), 404)

    def test_row_security_says_the_same_behind_the_code(self, app: Any, two: dict[str, Any]) -> None:
        from riskmap.access.reader import Reader

        def seen(**more: Any) -> int:
            reader = Reader("account", "x", **more)
            with database.read(app.state.engine, reader.settings()) as connection:
                return int(connection.scalar(
                    text("SELECT count(*) FROM rescue_evac_household WHERE evacuation_id = :id"), {"id": two["id"]}
                ))  # fmt: skip

        assert seen(role="reader", tier=2) == 4
        assert seen(role="reader", tier=2, areas=(OTHER,)) == 1
        assert seen(role="editor", tier=1, areas=(VILLAGE,)) == 3
        assert seen(role="editor", tier=1, areas=("360402",)) == 4
        assert seen(role="editor", tier=1) == 0
        assert seen(role="reader", tier=1, areas=(VILLAGE,)) == 0
        assert seen(role="reader", tier=0, areas=(VILLAGE,)) == 0
        with database.write(
            app.state.engine, Reader("account", "x", role="editor", tier=1, areas=(OTHER,)).settings(write=True)
        ) as connection:
            gone = connection.execute(
                text("DELETE FROM rescue_evac_household WHERE evacuation_id = :id AND division = :d"),
                {"id": two["id"], "d": VILLAGE},
            )
            assert gone.rowcount == 0

    def test_each_reading_is_in_the_trail(self, admin: TestClient, two: dict[str, Any], make_account: Maker) -> None:
        officer = make_account("editor", areas=[VILLAGE])
        of_village(officer, two)
        officer.get(f"{PATH}/{two['id']}/left.xlsx")
        officer.get(f"{PATH}/{two['id']}/left.pdf")
        trail = make_account("auditor", "command").get("/api/audit", params={"kind": "household"}).json()["items"]
        mine = [e["action"] for e in trail if e["actor"] == officer.username]  # type: ignore[attr-defined]
        assert mine == ["print", "export", "ask"]
        assert "张三" not in str(trail)
        assert "张三" not in str(admin.get("/api/rescue/log?kind=转移").json())


class TestTable:
    def test_rows_are_taken_and_what_is_wrong_is_told_by_row(self, admin: TestClient, two: dict[str, Any]) -> None:
        got = take(
            admin, two,
            [
                line("甲村", "张三", 4, "13800000001", address="一组 1 号", frail=1, helper="李支书", helper_phone="13900000009"),
                line("甲村", "李四", 6, "13800000002"),
                line("甲村", "王五", 2, "13800000003"),
                line("丙村", "赵六"), line("甲村", "", 2), line("甲村", "钱七", 0), line("甲村", "孙八", "三"),
                line("甲村", "周九", 2, frail=3), line("甲村", "吴十", 2, kind="候鸟"), line("乙村", "郑一", 2, "1"),
                line("甲村", "郑一", 2, "1"), line("甲村", "陈二", 2, "abc", helper_phone="没有"),
            ],
        )  # fmt: skip
        assert (got["added"], got["changed"], got["same"]) == (1, 1, 1)
        assert [(f["line"], f["column"], f["code"]) for f in got["faults"]] == [
            (4, "户主", "other_village"), (5, "村（社区）", "unknown_village"), (6, "户主", "required"),
            (7, "人数", "out_of_range"), (8, "人数", "not_a_number"), (9, "老弱病残孕", "more_than_all"),
            (10, "类别", "bad_choice"), (12, "户主", "twice"), (13, "电话", "not_a_phone"),
            (13, "帮扶人电话", "not_a_phone"),
        ]  # fmt: skip
        assert "已在“乙村”的户册里" in got["faults"][0]["message"]
        assert got["faults"][-3]["message"].endswith("“乙村”“甲村”")
        assert [h["persons"] for h in of_village(admin, two).json()["items"] if h["householder"] == "李四"] == [6]

    def test_a_trial_writes_nothing_and_the_template_comes_back(
        self, admin: TestClient, make_account: Maker, tmp_path: Path
    ) -> None:
        of = order(admin, [("甲村", VILLAGE, 12), ("乙村", OTHER, 4)])
        assert take(admin, of, [line("甲村", "张三")], dry_run="true")["added"] == 1
        assert of_village(admin, of).json()["items"] == []
        officer = make_account("editor", areas=[OTHER])
        book = openpyxl.load_workbook(io.BytesIO(officer.get(f"{PATH}/{of['id']}/households.xlsx").content))
        sheet = book["户册"]
        heads = next(r for r in sheet.iter_rows() if r[0].value == "村（社区）")
        assert [c.value for c in heads] == HEAD
        first = heads[0].row + 1
        assert [r[0].value for r in sheet.iter_rows(min_row=first) if r[0].value] == ["乙村"]  # his own alone
        sheet.cell(first, 3, "王五")
        sheet.cell(first, 5, 4)
        sheet.cell(first + 1, 1, "甲村")
        sheet.cell(first + 1, 3, "不该")
        sheet.cell(first + 1, 5, 4)
        out = io.BytesIO()
        book.save(out)
        answer = officer.post(f"{PATH}/{of['id']}/households", files={"file": ("a.xlsx", out.getvalue())})
        got = answer.json()
        assert (answer.status_code, got["added"]) == (201, 1), got
        assert [f["code"] for f in got["faults"]] == ["other_area"]

    @pytest.mark.parametrize("body", [b"", b"%PDF-1.7", "村,户\n甲,1\n".encode()])
    def test_what_is_no_such_table(self, admin: TestClient, two: dict[str, Any], body: bytes) -> None:
        refused(admin.post(f"{PATH}/{two['id']}/households", files={"file": ("a.xlsx", body)}))


class TestLeft:
    def test_entries_of_households_are_counted_and_bounded(self, admin: TestClient, two: dict[str, Any]) -> None:
        by = {h["householder"]: h["id"] for h in of_village(admin, two).json()["items"]}
        enter(admin, two, "sheltered", 3, household=by["张三"])
        said = refused(send(admin, two, "with_relatives", 2, household=by["张三"]), 409)
        assert said["code"] == "over_household"
        assert said["detail"].startswith("这一户 4 人，照报上来的已转成为 5 人")
        refused(send(admin, two, "sheltered", 1, village=1, household=by["张三"]), 404)
        enter(admin, two, "sheltered", 2)
        got = of_village(admin, two).json()
        assert {h["householder"]: h["left"] for h in got["items"]} == {"张三": 1, "李四": 3, "工地": 5}
        assert got["list"] == {"households": 3, "persons": 12, "moved": 3, "left": 9, "without_household": 2}
        refused(admin.post(f"{PATH}/{two['id']}/households/{by['张三']}/withdraw", json={"reason": "重复"}), 409)
        assert (
            admin.post(f"{PATH}/{two['id']}/households/{by['李四']}/withdraw", json={"reason": "重复"}).status_code
            == 200
        )
        assert take(admin, two, [line("甲村", "张三", 2, "13800000001")])["faults"][0]["code"] == "below_moved"

    def test_the_list_of_doors_as_a_workbook(self, admin: TestClient, two: dict[str, Any], make_account: Maker) -> None:
        by = {h["householder"]: h["id"] for h in of_village(admin, two).json()["items"]}
        enter(admin, two, "sheltered", 3, household=by["李四"])
        enter(admin, two, "sheltered", 1, household=by["张三"])

        def doors(client: TestClient, **params: Any) -> list[tuple[Any, ...]]:
            answer = client.get(f"{PATH}/{two['id']}/left.xlsx", params=params)
            assert answer.status_code == 200, answer.text
            sheet = openpyxl.load_workbook(io.BytesIO(answer.content))["敲门清单"]
            rows = [[c.value for c in r] for r in sheet.iter_rows()]
            at = next(i for i, r in enumerate(rows) if r[0] == "序号")
            names = rows[at]
            return [
                tuple(r[names.index(n)] for n in ("村（社区）", "户主", "人数", "已转", "未转", "电话"))
                for r in rows[at + 1 :]
            ]

        own = [("甲村", "张三", 4, 1, 3, "13800000001"), ("甲村", "工地", 5, 0, 5, None)]
        assert doors(make_account("editor", areas=[VILLAGE])) == own
        assert doors(admin) == [*own, ("乙村", "王五", 4, 0, 4, "13800000003")]
        assert doors(admin, village=two["villages"][1]["id"]) == [("乙村", "王五", 4, 0, 4, "13800000003")]

    def test_the_list_of_doors_on_paper(self, admin: TestClient) -> None:
        of = order(admin, [("甲村", VILLAGE, 12), ("乙村", OTHER, 4)], exercise=True)
        take(admin, of, [line("甲村", f"户主{i}", 2, f"1380000{i:04}", frail=i % 2) for i in range(60)])
        answer = admin.get(f"{PATH}/{of['id']}/left.pdf")
        assert answer.headers["content-type"] == "application/pdf"
        book = pypdfium2.PdfDocument(answer.content)
        texts = ["".join(p.get_textpage().get_text_range().split()) for p in book]
        assert len(texts) >= 3  # more than a page of one, a page of the other
        assert all("演练" in t for t in texts)
        assert sum(t.count("户主") for t in texts) >= 60
        assert "乙村未转人员敲门清单" in texts[-1]
        assert "没有户册" in texts[-1]
        assert "户主人数电话敲门结果时间123" in texts[-1]  # ruled rows, to be filled in by hand: a sheet of them
        assert re.search(r"2\d敲门人", texts[-1])
        assert "空行按每户2.62人（推算，全国第七次人口普查），约2户。" in texts[-1]
        assert "户册共120人，与应转12人不一致" in texts[0]
        # A page that goes on says whose it is; that of the other village begins anew.
        own = len(texts) - 1
        assert [f"甲村·敲门清单·第{n}/{own}页" in t for n, t in enumerate(texts, 1)] == [False] + [True] * (own - 1) + [
            False
        ]
        assert f"第1/{own}页" in texts[0]
        assert "第1/1页" not in texts[-1]

    def test_empty_rows_are_enough_for_who_is_left_on_full_sheets_and_a_bound_is_told(self, admin: TestClient) -> None:
        facts = {"residents": 310, "households": 100}
        object_ = add(admin, "village", "例大村", (116.0, 29.7), VILLAGE[:6], attributes=facts)
        of = order(admin, [("丙村", VILLAGE, 2328), ("丁村", OTHER, 9000)])
        more = {"villages": [{"name": "戊村", "division": VILLAGE, "to_move": 310, "object": object_}]}
        assert admin.post(f"{PATH}/{of['id']}/villages", json=more).status_code == 201
        answer = admin.get(f"{PATH}/{of['id']}/left.pdf")
        texts = ["".join(p.get_textpage().get_text_range().split()) for p in pypdfium2.PdfDocument(answer.content)]
        begins = [n for n, t in enumerate(texts) if "未转人员敲门清单" in t]
        sheets = {texts[a][:200]: texts[a:b] for a, b in zip(begins, [*begins[1:], len(texts)], strict=True)}

        def of_village(name: str) -> tuple[str, int, int]:
            """All of it, its sheets, and the number of the last row."""
            [pages] = [p for head, p in sheets.items() if f"{name}未转人员" in head]
            [run] = re.findall(r"(\d+)(?:只印[^。]*。)?敲门人", pages[-1])
            last = next(n for n in range(3, 2000) if run.endswith(f"{n - 2}{n - 1}{n}"))
            return "".join(pages), len(pages), last

        whole, pages, last = of_village("丙村")
        assert "约889户" in whole
        assert last >= 889 * 1.2
        assert last - 29 * (pages - 1) >= 20  # the first is full, and so is every other
        assert "请加印" not in whole
        whole, pages, last = of_village("丁村")
        assert f"只印{last}行，约3436户，请加印" in whole
        assert 1500 <= last < 1500 + 29
        whole, pages, last = of_village("戊村")
        assert "空行按登记的每户3.1人，约100户" in whole
        assert last >= 120


class TestTheirEnd:
    def test_they_are_deleted_on_their_day_and_the_log_says_so(
        self, app: Any, admin: TestClient, two: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        by = {h["householder"]: h["id"] for h in of_village(admin, two).json()["items"]}
        enter(admin, two, "sheltered", 4, household=by["张三"])
        assert admin.post(f"{PATH}/{two['id']}/close", json={"reason": "水退", "keep_days": 7}).status_code == 200
        today = clock.today()
        day = of_village(admin, two).json()["items"][0]["delete_on"]
        assert day == (today + timedelta(days=7)).isoformat()

        def ours() -> int:
            with database.read(app.state.engine, SYSTEM.settings()) as connection:
                return int(connection.scalar(text("SELECT count(*) FROM rescue_evac_household WHERE evacuation_id = :id"), {"id": two["id"]}))  # fmt: skip

        monkeypatch.setattr(clock, "today", lambda: today + timedelta(days=6))
        households.delete_due(app.state.engine)
        assert ours() == 4
        monkeypatch.setattr(clock, "today", lambda: today + timedelta(days=7))
        assert households.delete_due(app.state.engine) >= 4
        assert ours() == 0
        assert households.delete_due(app.state.engine) == 0
        monkeypatch.undo()
        assert "户册到期，已删除 4 户" in admin.get("/api/rescue/log?kind=转移").json()["items"][0]["what"]
        assert now(admin, two)["moved"] == 4  # the counts stay
