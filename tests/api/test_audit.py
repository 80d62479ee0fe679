"""The audit trail over HTTP: who reads it, filters, files, and whether its chain holds."""

import csv
import io
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Engine, create_engine, text
from starlette.testclient import TestClient

from riskmap.access import trail
from riskmap.access.reader import SYSTEM
from riskmap.base import audit, database
from riskmap.base.database import superuser_url
from riskmap.base.settings import Settings

MakeAccount = Callable[..., TestClient]


def problem(answer: Any, status: int, code: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert code is None or body["code"] == code, body
    return dict(body)


def record(engine: Engine, actor: str, **entry: Any) -> None:
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        audit.record(connection, actor, entry.pop("action", "update"), entry.pop("kind", "account"), **entry)


@pytest.fixture
def somebody() -> str:
    """A name that nobody else in the trail has."""
    return f"s_{uuid.uuid4().hex[:8]}"


# -- Reading -------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["administrator", "editor", "reader"])
def test_only_an_auditor_reads_the_audit(role: str, client: TestClient, make_account: MakeAccount) -> None:
    problem(make_account(role).get("/api/audit"), 403, "forbidden")
    problem(client.get("/api/audit"), 401, "not_signed_in")


def test_an_auditor_reads_page_after_page_and_every_entry_once(make_account: MakeAccount) -> None:
    client = make_account("auditor")
    for _ in range(3):
        make_account("reader")
    every = client.get("/api/audit?limit=500").json()
    assert every["next"] is None
    ids = [e["id"] for e in every["items"]]
    assert ids == sorted(ids, reverse=True)
    paged, cursor = [], ""
    while True:
        page = client.get(f"/api/audit?limit=4{cursor}").json()
        assert len(page["items"]) <= 4
        paged += [e["id"] for e in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert paged == ids


def test_the_audit_is_filtered(make_account: MakeAccount) -> None:
    client = make_account("auditor")
    name = make_account("reader").username  # type: ignore[attr-defined]

    def found(**filters: str) -> list[tuple[str, str]]:
        items = client.get("/api/audit", params=filters).json()["items"]
        return [(e["action"], e["ref"]) for e in items]

    assert found(ref=name) == [("sign_in", name), ("create", name)]
    assert found(ref=name, kind="account") == [("create", name)]
    assert found(actor=name, action="sign_in", result="ok") == [("sign_in", name)]
    newest, first = client.get("/api/audit", params={"ref": name}).json()["items"]
    assert newest["at"] > first["at"]
    assert found(ref=name, since=newest["at"]) == [("sign_in", name)]
    assert found(ref=name, until=newest["at"]) == [("create", name)]
    assert found(ref=name, until="2020-01-01") == []


@pytest.mark.parametrize("query", ["limit=501", "since=yesterday", "cursor=x", "cursor=0"])
def test_a_malformed_question_of_the_audit_is_422(query: str, make_account: MakeAccount) -> None:
    problem(make_account("auditor").get(f"/api/audit?{query}"), 422, "invalid_request")


def test_nobody_rewrites_the_audit(engine: Engine, admin: TestClient) -> None:
    for statement in ("DELETE FROM audit_entry", "UPDATE audit_entry SET actor = 'x'", "TRUNCATE audit_entry"):
        with pytest.raises(Exception, match="permission denied"), engine.begin() as connection:
            connection.execute(text(statement))


def test_text_is_found_in_what_was_before_and_after(engine: Engine, make_account: MakeAccount, somebody: str) -> None:
    client = make_account("auditor")
    record(engine, somebody, before={"name": "旧仓库"}, after={"name": "Neues Lager 50%_"})
    record(engine, somebody, after={"name": "另一处"})

    def found(words: str) -> int:
        return len(client.get("/api/audit", params={"actor": somebody, "text": words}).json()["items"])

    assert [found(w) for w in ("旧仓", "neues LAGER", "50%_", "50%x", "处", somebody)] == [1, 1, 1, 0, 1, 2]


def test_the_first_page_counts_and_names_the_codes(engine: Engine, make_account: MakeAccount, somebody: str) -> None:
    client = make_account("auditor")
    for _ in range(5):
        record(engine, somebody)
    first = client.get("/api/audit", params={"actor": somebody, "limit": 2}).json()
    assert (first["total"], len(first["items"])) == (5, 2)
    assert first["names"]["kinds"]["account"] == "账号"
    following = client.get("/api/audit", params={"actor": somebody, "limit": 2, "cursor": first["next"]}).json()
    assert "total" not in following


def test_every_entry_carries_its_own_hash_and_that_of_the_one_before(
    engine: Engine, make_account: MakeAccount, somebody: str
) -> None:
    client = make_account("auditor")
    for _ in range(3):
        record(engine, somebody)
    newest, middle, oldest = client.get("/api/audit", params={"actor": somebody}).json()["items"]
    assert (newest["previous"], middle["previous"]) == (middle["hash"], oldest["hash"])
    assert (newest["n"], middle["n"]) == (oldest["n"] + 2, oldest["n"] + 1)


# -- An auditor of one town ------------------------------------------------------------


def test_an_auditor_of_one_town_reads_of_its_objects_alone(
    admin: TestClient, engine: Engine, make_account: MakeAccount
) -> None:
    def add(name: str, division: str, visibility: str = "department") -> int:
        body = {
            "class": "school",
            "name": name,
            "division": division,
            "visibility": visibility,
            "geometry": {"type": "Point", "coordinates": [116.0, 29.7]},
        }
        made = admin.post("/api/objects", json=body)
        assert made.status_code == 201, made.text
        return int(made.json()["id"])

    here, there = add("濂溪小学", "360402"), add("湖口小学", "360429")
    seen_by_all, secret = add("湖口公开小学", "360429", "public"), add("濂溪受控小学", "360402", "command")
    moved = add("迁来小学", "360429")
    state = admin.get(f"/api/objects/{moved}").json()["state"]
    changed = admin.patch(f"/api/objects/{moved}", json={"division": "360402"}, headers={"If-Match": f'"{state}"'})
    assert changed.status_code == 200, changed.text
    record(engine, "somebody_else", kind="import", action="write", after={"file": "湖口.xlsx"})

    def seen(client: TestClient, **filters: str) -> set[str]:
        items = client.get("/api/audit", params={"limit": "500", **filters}).json()["items"]
        return {e["ref"] for e in items if e["kind"] == "object"} | {e["kind"] for e in items if e["kind"] == "import"}

    town = make_account("auditor", areas=["360402"])
    assert seen(town) == {str(here)}
    assert seen(town, text="湖口") == set()
    assert seen(town, ref=str(there)) == set()
    assert town.get("/api/audit", params={"kind": "object"}).json()["total"] == 1
    assert town.get("/api/audit").json()["limited"] is True
    assert "湖口" not in town.get("/api/audit/entries.csv").content.decode("utf-8-sig")
    department = make_account("auditor")
    assert seen(department) == {str(here), str(there), str(seen_by_all), str(moved), "import"}
    whole = make_account("auditor", tier="command")
    assert seen(whole) == {str(here), str(there), str(seen_by_all), str(secret), str(moved), "import"}
    assert whole.get("/api/audit").json()["limited"] is False


@pytest.mark.parametrize("tier", ["public", "department"])
def test_an_auditor_limited_by_tier_alone_reads_what_is_of_no_object(
    tier: str, engine: Engine, make_account: MakeAccount, somebody: str
) -> None:
    for action in ("queue", "write", "undo", "cancel"):
        record(engine, somebody, kind="import", action=action, ref="i_1", after={"class": "school", "file": "a.xlsx"})
    record(engine, somebody, kind="object", action="create_many", after={"objects": 3, "what": "一批"})
    record(engine, somebody, kind="job", action="cancel", ref="j_1")
    asked = {"actor": somebody}
    told = make_account("auditor", tier=tier).get("/api/audit", params=asked).json()
    assert [e["action"] for e in told["items"]] == ["cancel", "create_many", "cancel", "undo", "write", "queue"]
    assert (told["total"], told["limited"]) == (6, True)


@pytest.mark.parametrize("limits", [{"areas": ["360402"]}, {"departments": ["教育局"]}, {"classes": ["school"]}])
def test_an_auditor_limited_otherwise_reads_of_imports_his_own(
    limits: dict[str, list[str]], engine: Engine, make_account: MakeAccount, somebody: str
) -> None:
    client = make_account("auditor", tier="command", **limits)
    name = client.username  # type: ignore[attr-defined]
    for actor in (somebody, name):
        record(engine, actor, kind="import", action="write", ref="i_1", after={"class": "school", "file": "a.xlsx"})
        record(engine, actor, kind="object", action="create_many", after={"objects": 3, "what": "一批"})
    assert client.get("/api/audit", params={"actor": somebody}).json()["items"] == []
    mine = client.get("/api/audit", params={"actor": name}).json()["items"]
    assert [e["action"] for e in mine] == ["create_many", "write", "sign_in"]


def test_page_total_and_file_keep_to_the_same_rights(
    admin: TestClient, engine: Engine, make_account: MakeAccount, somebody: str
) -> None:
    def add(visibility: str) -> int:
        body = {"class": "school", "name": "某小学", "division": "360402", "visibility": visibility}
        body |= {"geometry": {"type": "Point", "coordinates": [116.0, 29.7]}}
        return int(admin.post("/api/objects", json=body).json()["id"])

    shown, secret = add("department"), add("command")
    for ref in (shown, secret, 10**15, "0" * 30):
        record(engine, somebody, kind="object", ref=ref)
    # What was secret when it was done stays so.
    record(engine, somebody, kind="object", ref=shown, before={"visibility": 2}, after={"visibility": 1})
    record(engine, somebody, kind="import", action="undo", ref="i_1")
    client, asked = make_account("auditor"), {"actor": somebody}
    told = client.get("/api/audit", params=asked).json()
    expected = ["i_1", str(shown)]
    assert [e["ref"] for e in told["items"]] == expected
    assert told["total"] == len(expected)
    sheet = client.get("/api/audit/entries.csv", params=asked).content.decode("utf-8-sig")
    assert [r["对象"] for r in csv.DictReader(io.StringIO(sheet, newline=""))] == expected


# -- Files -----------------------------------------------------------------------------

TRAPS = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "plain"]


@pytest.fixture
def traps(engine: Engine, somebody: str) -> str:
    """Entries whose texts a spreadsheet would work out."""
    for trap in TRAPS:
        record(engine, somebody, ref=trap, after={"note": trap})
    return somebody


def test_a_csv_has_exactly_the_filtered_entries_and_no_formula(make_account: MakeAccount, traps: str) -> None:
    client = make_account("auditor")
    answer = client.get("/api/audit/entries.csv", params={"actor": traps})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [r["谁"] for r in rows] == [traps] * len(TRAPS)
    assert [r["对象"] for r in rows] == ["plain", *(f"'{t}" for t in reversed(TRAPS[:-1]))]
    assert [json.loads(r["改后"])["note"] for r in rows] == TRAPS[::-1]
    listed = client.get("/api/audit", params={"actor": traps}).json()["items"]
    assert [(int(r["序号"]), r["本条指纹"]) for r in rows] == [(e["n"], e["hash"]) for e in listed]


def test_an_xlsx_has_the_same_and_texts_stay_texts(make_account: MakeAccount, traps: str) -> None:
    client = make_account("auditor")
    answer = client.get("/api/audit/entries.xlsx", params={"actor": traps, "text": traps})
    assert answer.status_code == 200, answer.text
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    rows = list(book["操作记录"].iter_rows())
    titles = [c.value for c in rows[0]]
    refs = [row[titles.index("对象")] for row in rows[1:]]
    # As the format writes a carriage return.
    assert [c.value for c in refs] == [t.replace("\r", "_x000D_") for t in TRAPS[::-1]]
    assert {c.data_type for c in refs} == {"s"}
    notes = {row[0].value: row[1].value for row in book["说明"].iter_rows()}
    assert notes["条数"] == str(len(TRAPS))
    assert notes["条件"] == f"谁：{traps}；文字：{traps}"
    assert len(notes["链尾指纹"]) == 64


def test_a_text_too_long_for_a_cell_says_so_and_is_whole_in_csv(
    engine: Engine, make_account: MakeAccount, somebody: str
) -> None:
    record(engine, somebody, after={"note": "长" * 40_000})
    client = make_account("auditor")
    sheet = client.get("/api/audit/entries.xlsx", params={"actor": somebody}).content
    cells = [c.value for c in list(openpyxl.load_workbook(io.BytesIO(sheet))["操作记录"].iter_rows())[1]]
    assert any(str(c).endswith("（过长，全文见 CSV）") for c in cells)
    whole = client.get("/api/audit/entries.csv", params={"actor": somebody}).content.decode("utf-8-sig")
    assert "长" * 40_000 in whole


def test_an_export_is_an_entry_itself(engine: Engine, make_account: MakeAccount, somebody: str) -> None:
    client = make_account("auditor")
    record(engine, somebody)
    client.get("/api/audit/entries.xlsx", params={"actor": somebody, "since": "2020-01-01"})
    mine = {"actor": client.username, "action": "export"}  # type: ignore[attr-defined]
    [entry] = client.get("/api/audit", params=mine).json()["items"]
    assert entry["kind"] == "audit"
    assert entry["after"]["entries"] == 1
    assert entry["after"]["form"] == "xlsx"
    assert entry["after"]["filters"]["actor"] == somebody
    assert len(entry["after"]["head"]["hash"]) == 64


def test_too_many_entries_are_refused_and_nothing_is_cut(
    make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch, traps: str
) -> None:
    monkeypatch.setattr(trail, "MOST_EXPORTED", 3)
    told = problem(make_account("auditor").get(f"/api/audit/entries.csv?actor={traps}"), 422, "too_many_entries")
    assert "分次导出" in told["detail"]


@pytest.mark.parametrize("role", ["administrator", "editor", "reader"])
@pytest.mark.parametrize("path", ["/api/audit/entries.csv", "/api/audit/entries.xlsx", "/api/audit/check"])
def test_only_an_auditor_exports_and_checks(
    role: str, path: str, client: TestClient, make_account: MakeAccount
) -> None:
    problem(make_account(role).get(path), 403, "forbidden")
    problem(client.get(path), 401, "not_signed_in")


def test_another_form_is_refused(make_account: MakeAccount) -> None:
    problem(make_account("auditor").get("/api/audit/entries.pdf"), 422)


# -- The chain -------------------------------------------------------------------------


def test_the_chain_holds_and_the_check_is_an_entry(make_account: MakeAccount) -> None:
    client = make_account("auditor")
    told = client.get("/api/audit/check").json()
    assert (told["holds"], told["broken"]) == (True, [])
    assert told["head"]["n"] == told["entries"] > 0
    newest = client.get("/api/audit?limit=1").json()["items"][0]
    assert (newest["action"], newest["kind"], newest["result"]) == ("check", "audit", "ok")
    assert newest["previous"] == told["head"]["hash"]


def test_a_hash_that_was_noted_is_compared(make_account: MakeAccount) -> None:
    client = make_account("auditor")
    head = client.get("/api/audit/check").json()["head"]
    told = client.get("/api/audit/check", params={"n": head["n"], "hash": head["hash"].upper()}).json()
    assert told["noted"]["holds"] is True
    other = client.get("/api/audit/check", params={"n": head["n"], "hash": "0" * 64}).json()
    assert (other["holds"], other["noted"]["holds"]) == (True, False)
    assert "不一致" in other["noted"]["words"]
    gone = client.get("/api/audit/check", params={"n": 10**9, "hash": "0" * 64}).json()
    assert "现在没有" in gone["noted"]["words"]


@pytest.fixture
def tamper(settings: Settings) -> Iterator[Callable[[str], None]]:
    """Whoever rules the database, with the triggers off."""
    engine = create_engine(superuser_url(settings))

    def run(statement: str) -> None:
        with engine.begin() as connection:
            connection.execute(text("SET session_replication_role = replica"))
            connection.execute(text(statement))

    yield run
    engine.dispose()


def test_a_line_that_a_superuser_removed_is_named(
    engine: Engine, make_account: MakeAccount, tamper: Callable[[str], None], somebody: str
) -> None:
    client = make_account("auditor")
    for _ in range(3):
        record(engine, somebody)
    middle = client.get("/api/audit", params={"actor": somebody}).json()["items"][1]
    tamper(f"DELETE FROM audit_entry WHERE entry_id = {middle['id']}")
    told = client.get("/api/audit/check").json()
    assert told["holds"] is False
    assert [b["words"] for b in told["broken"]] == [f"第 {middle['n'] - 1} 条之后少了 1 条"]
    checked = client.get("/api/audit?limit=1").json()["items"][0]
    assert (checked["result"], checked["after"]["broken"]) == ("broken", [told["broken"][0]["words"]])
