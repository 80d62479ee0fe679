"""Report sets: one frozen state, figures that are the page's, 审核 and 签发, rights, whole or not at all."""

import io
import json
import os
import re
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from tests.api.admission import load_towns
from tests.api.reports import again, file, make, manifest, order, wait, zipped

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.base.settings import Settings
from riskmap.catalogue.model import GRADES
from riskmap.reports import booklet, sheets
from riskmap.reports import products as products_module
from riskmap.reports.products import Made, Product
from riskmap.selection.model import Selection

Maker = Callable[..., TestClient]


def risk(client: TestClient, name: str, L: int, E: int, C: int, **more: Any) -> int:
    body = {
        "class": "risk-point", "name": name, "division": "360402",
        "geometry": {"type": "Point", "coordinates": [116.0, 29.7]},
        "attributes": {"method": "LEC", "L": L, "E": E, "C": C}, **more,
    }  # fmt: skip
    answer = client.post("/api/objects", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


@pytest.fixture(scope="module", autouse=True)
def objects(app: Any, admin: TestClient, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    load_towns(app.state.engine, tmp_path_factory.mktemp("divisions"))
    return {
        "major": risk(admin, "示例重大", 6, 6, 15),
        "serious": risk(admin, "示例较大", 3, 6, 15),
        "low": risk(admin, "示例低", 1, 1, 1),
        "unplaced": risk(admin, "示例未定位", 6, 6, 15, geometry=None),
    }


@pytest.fixture
def one_product(monkeypatch: pytest.MonkeyPatch) -> None:
    """A set of one small file: what is tested here is the set."""

    def write(edition: Any, folder: Path, tell: Any) -> list[Made]:
        words = f"{edition.figures.body['major']} {edition.draft} {edition.imprint('x').signed_by}"
        (folder / "数字.txt").write_text(words, encoding="utf-8")
        return [Made("数字.txt", "数字", "list")]

    monkeypatch.setattr("riskmap.reports.run.products", lambda: (Product("n", "数字", 1.0, write),))


def pages_of(body: bytes) -> list[str]:
    with pypdfium2.PdfDocument(body) as document:
        return ["".join(page.get_textpage().get_text_bounded().split()) for page in document]


def said_of(files: dict[str, bytes]) -> dict[str, str]:
    """The words of every product that is read as words, without their spaces."""
    out: dict[str, str] = {}
    for name, body in files.items():
        if name.endswith(".pdf"):
            out[name] = "".join(pages_of(body))
        elif name.endswith((".xlsx", ".docx")):
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                parts = [archive.read(n).decode() for n in archive.namelist() if n.endswith(".xml")]
            out[name] = "".join(re.sub(r"<[^>]+>", "", "".join(parts)).split())
    return out


@pytest.mark.usefixtures("one_product")
def test_figures_are_those_of_the_page_and_stand_in_the_manifest(admin: TestClient) -> None:
    made = make(admin, title="九江市")
    counts = admin.get("/api/counts", params={"by": "grade", "as_of": f"state:{made['state']}"}).json()
    told = {row["grade"]: row["n"] for row in counts["rows"]}
    figures = made["figures"]
    assert figures["totals"] == {
        "total": counts["total"], "unplaced": counts["unplaced"], "major": told["major"],
        "serious": told["serious"], "general": told.get("general", 0), "low": told["low"], "none": told.get("none", 0),
    }  # fmt: skip
    assert figures["major"] == told["major"] == 2
    assert figures["unplaced"]["major"] == 1
    assert sum(sum(row.values()) for row in figures["by_class"].values()) == counts["total"]
    assert sum(row["total"] for row in figures["by_division"]) == counts["total"]
    said = manifest(admin, made)
    assert said["figures"] == figures
    assert said["checksum"] == made["checksum"]
    assert {f["name"] for f in made["files"]} == {"数字.txt", "manifest.json", "all.zip"}
    inside = zipped(admin, made)
    assert inside["数字.txt"] == file(admin, made, "数字.txt") == b"2 True "
    assert set(inside) == {"数字.txt", "manifest.json"}


@pytest.mark.usefixtures("one_product")
def test_after_an_edit_a_new_set_differs_and_the_old_one_made_again_does_not(admin: TestClient) -> None:
    old = make(admin)
    risk(admin, "新的重大", 10, 6, 15)
    new, once_more = make(admin), again(admin, old["id"])
    assert once_more["status"] == "done", once_more["message"]
    assert (once_more["number"], once_more["version"], once_more["state"]) == (old["number"], 2, old["state"])
    assert once_more["checksum"] == old["checksum"]
    assert once_more["figures"] == old["figures"]
    assert new["checksum"] != old["checksum"]
    assert new["figures"]["major"] == old["figures"]["major"] + 1
    assert new["number"] != old["number"]


@pytest.mark.usefixtures("one_product")
def test_an_earlier_state_may_be_ordered(admin: TestClient) -> None:
    old = make(admin)
    risk(admin, "后来的", 10, 6, 15)
    later = make(admin, as_of=f"state:{old['state']}")
    assert later["figures"] == old["figures"]
    assert later["checksum"] == old["checksum"]


@pytest.mark.usefixtures("one_product")
def test_from_draft_to_issue_by_three_and_what_changed_since(
    admin: TestClient, make_account: Maker, objects: dict[str, int]
) -> None:
    writer, reviewer = make_account("editor", "command"), make_account("editor", "command")
    chief = make_account("administrator", "command", may=["sign"])
    made = make(writer, title="签发用", division="3604")
    path = f"/api/reports/{made['id']}"
    assert writer.post(f"{path}/review", json={}).json()["code"] == "own_work"
    assert chief.post(f"{path}/sign", json={}).json()["code"] == "not_reviewed"
    assert reviewer.post(f"{path}/review", json={"note": "数字核过"}).json()["stage"] == "reviewed"
    assert reviewer.post(f"{path}/sign", json={}).status_code == 403
    assert reviewer.post(f"{path}/return", json={"reason": "标题改一下"}).json()["stage"] == "draft"
    reviewer.post(f"{path}/review", json={})
    assert chief.post(f"{path}/sign", json={}).status_code == 202
    issued = wait(writer, made["id"])
    assert (issued["stage"], issued["issued_by"], issued["checksum"]) == ("issued", chief.username, made["checksum"])  # type: ignore[attr-defined]
    assert file(writer, issued, "数字.txt").decode().split()[1:] == ["False", chief.username]  # type: ignore[attr-defined]
    assert chief.post(f"{path}/sign", json={}).status_code == 409
    whats = [event["what"] for event in issued["events"]]
    assert whats == ["made", "done", "reviewed", "returned", "reviewed", "issuing", "issued"]
    # The next one says what has changed since.
    came = risk(admin, "签发后新增", 10, 6, 15)
    lower = objects["serious"]
    etag = admin.get(f"/api/objects/{lower}").headers["etag"]
    changed = admin.patch(
        f"/api/objects/{lower}", json={"attributes": {"method": "LEC", "L": 1, "E": 1, "C": 1}},
        headers={"If-Match": etag},
    )  # fmt: skip
    assert changed.status_code == 200, changed.text
    since = make(writer, title="下一期", division="3604")["changes"]
    assert since["previous"]["number"] == issued["number"]
    assert [row["id"] for row in since["came"]] == [came]
    assert since["went"] == [{"id": lower, "name": "示例较大", "before": "serious", "after": None}]
    assert since["totals"]["after"]["major"] == since["totals"]["before"]["major"] + 1
    # Withdrawn, it stays.
    assert writer.post(f"{path}/withdraw", json={"reason": "有误"}).status_code == 403
    assert chief.post(f"{path}/withdraw", json={"reason": "有误"}).json()["stage"] == "withdrawn"
    assert file(writer, issued, "数字.txt")


@pytest.mark.usefixtures("one_product")
def test_what_the_pages_show_beside_the_figures(admin: TestClient) -> None:
    made = make(admin, title="页面用", division="360402", selection={"class": ["risk-point"], "grade": ["major"]})
    assert made["area"] == "濂溪区"
    assert made["words"].startswith("濂溪区；风险点；重大")
    assert made["job"] is None
    page = admin.get("/api/reports", params={"limit": 1}).json()
    assert sum(page["stages"].values()) == page["total"]
    assert admin.get("/api/reports", params={"stage": "issued"}).json()["total"] == page["stages"]["issued"]
    jobs = admin.get("/api/jobs").json()["items"]
    assert next(j for j in jobs if made["number"] in j["title"])["link"] == f"/reports/{made['id']}"
    working = order(admin).json()["id"]
    said = admin.get(f"/api/reports/{working}").json()
    assert said["job"] is None or said["job"].startswith("j_")
    wait(admin, working)


@pytest.mark.usefixtures("one_product")
def test_a_set_is_seen_only_by_who_sees_as_much(admin: TestClient, client: TestClient, make_account: Maker) -> None:
    whole = make(admin)
    county = make_account("editor", "department", areas=["360402"])
    other = make_account("reader", "department", areas=["360403"])
    own = make(county)
    assert county.get(f"/api/reports/{whole['id']}").status_code == 404
    assert county.get(f"/api/reports/{whole['id']}/files/manifest.json").status_code == 404
    assert own["id"] not in {r["id"] for r in other.get("/api/reports").json()["items"]}
    assert own["id"] in {r["id"] for r in admin.get("/api/reports").json()["items"]}
    assert client.get("/api/reports").status_code == 401
    assert order(other).status_code == 403
    assert order(client).status_code in {401, 403}


@pytest.mark.usefixtures("one_product")
def test_a_public_form_is_what_the_public_sees(admin: TestClient, client: TestClient) -> None:
    risk(admin, "公开的重大", 10, 6, 15, visibility="public")
    made = make(admin, public=True)
    counts = client.get("/api/counts", params={"by": "grade"}).json()
    assert made["figures"]["totals"]["total"] == counts["total"] == 1
    assert made["public"] is True


@pytest.mark.usefixtures("one_product")
def test_what_a_public_set_says_of_changes_names_no_number(admin: TestClient, make_account: Maker) -> None:
    writer, reviewer = make_account("editor", "command"), make_account("editor", "command")
    chief = make_account("administrator", "command", may=["sign"])
    first = make(writer, title="公开一期", public=True)
    reviewer.post(f"/api/reports/{first['id']}/review", json={})
    assert chief.post(f"/api/reports/{first['id']}/sign", json={}).status_code == 202
    assert wait(writer, first["id"])["stage"] == "issued"
    came = risk(admin, "公开新增的重大", 10, 6, 15, visibility="public")
    made = make(writer, title="公开二期", public=True)
    assert [row["id"] for row in made["changes"]["came"]] == [came]
    told = manifest(writer, made)["changes"]
    assert told["came"] == [{"name": "公开新增的重大", "before": None, "after": "major"}]
    assert told["totals"] == made["changes"]["totals"]


def test_only_a_picture_is_looked_at_without_an_entry_of_the_audit(
    admin: TestClient, make_account: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(edition: Any, folder: Path, tell: Any) -> list[Made]:
        (folder / "图.png").write_bytes(b"png")
        (folder / "图.pdf").write_bytes(b"pdf")
        return [Made("图.png", "图", "picture"), Made("图.pdf", "图", "map")]

    monkeypatch.setattr("riskmap.reports.run.products", lambda: (Product("n", "图", 1.0, write),))
    made = make(admin, title="看图")
    auditor = make_account("auditor", "command")

    def taken(name: str, **more: Any) -> tuple[str, list[str]]:
        answer = admin.get(f"/api/reports/{made['id']}/files/{name}", params=more)
        assert answer.status_code == 200, answer.text
        found = auditor.get("/api/audit", params={"ref": made["number"], "action": "export"}).json()["items"]
        said = [entry["after"]["file"] for entry in found]
        return answer.headers["content-disposition"].split(";")[0], said

    assert taken("图.png", inline=True) == ("inline", [])
    assert taken("图.pdf", inline=True) == ("attachment", ["图.pdf"])
    assert taken("图.png")[1].count("图.png") == 1


@pytest.mark.usefixtures("one_product")
def test_a_damaged_set_is_never_told_as_finished(admin: TestClient, settings: Settings) -> None:
    made = make(admin)
    found = [p for p in (settings.data_dir / "reports").glob(f"{made['id']}-*/数字.txt")]
    assert len(found) == 1
    found[0].write_bytes(found[0].read_bytes()[::-1])  # the same length
    answer = admin.get(f"/api/reports/{made['id']}/files/数字.txt")
    assert (answer.status_code, answer.json()["code"]) == (409, "damaged")
    listed = {row["id"]: row["status"] for row in admin.get("/api/reports").json()["items"]}
    assert listed[made["id"]] == "damaged"  # what the download has found is not forgotten
    found[0].unlink()
    told = admin.get(f"/api/reports/{made['id']}").json()
    assert (told["status"], told["files"]) == ("damaged", [])
    listed = {row["id"]: row["status"] for row in admin.get("/api/reports").json()["items"]}
    assert listed[made["id"]] == "damaged"


@pytest.mark.usefixtures("one_product")
def test_a_changed_file_is_found_by_the_sets_page_and_at_the_signature(
    admin: TestClient, make_account: Maker, settings: Settings
) -> None:
    made = make(admin, title="改了一个字节")
    [path] = (settings.data_dir / "reports").glob(f"{made['id']}-*/数字.txt")
    whole, times = path.read_bytes(), path.stat()
    path.write_bytes(b"9" + whole[1:])
    assert admin.get(f"/api/reports/{made['id']}").json()["status"] == "damaged"
    path.write_bytes(whole)
    assert admin.get(f"/api/reports/{made['id']}").json()["status"] == "done"
    # Where not even the time of the last change tells it, every file is read before it is decided on.
    path.write_bytes(b"9" + whole[1:])
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    reviewer = make_account("editor", "command")
    admin.get(f"/api/reports/{made['id']}")
    answer = reviewer.post(f"/api/reports/{made['id']}/review", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "damaged")
    listed = {row["id"]: row["status"] for row in admin.get("/api/reports").json()["items"]}
    assert listed[made["id"]] == "damaged"


@pytest.mark.usefixtures("one_product")
def test_who_reviewed_does_not_sign(make_account: Maker) -> None:
    writer, both = make_account("editor", "command"), make_account("administrator", "command", may=["sign"])
    third = make_account("administrator", "command", may=["sign"])
    made = make(writer, title="三人")
    path = f"/api/reports/{made['id']}"
    assert both.post(f"{path}/review", json={}).status_code == 200
    answer = both.post(f"{path}/sign", json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "own_review")
    assert third.post(f"{path}/sign", json={}).status_code == 202
    assert wait(third, made["id"])["stage"] == "issued"


@pytest.mark.usefixtures("one_product")
def test_the_list_tells_how_many_of_the_graver_have_no_place(admin: TestClient) -> None:
    risk(admin, "没有位置的低风险", 1, 1, 1, geometry=None)
    made = make(admin)
    row = next(row for row in admin.get("/api/reports").json()["items"] if row["id"] == made["id"])
    unplaced = made["figures"]["unplaced"]
    assert row["unplaced_upward"] == unplaced["major"] + unplaced["serious"]
    assert row["unplaced_upward"] < row["totals"]["unplaced"]


def test_a_product_that_fails_leaves_nothing_and_may_be_tried_again(
    admin: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(edition: Any, folder: Path, tell: Any) -> list[Made]:
        (folder / "半.txt").write_text("半", encoding="utf-8")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("riskmap.reports.run.products", lambda: (Product("n", "数字", 1.0, half),))
    answer = order(admin)
    failed = wait(admin, answer.json()["id"])
    assert failed["status"] == "failed"
    assert "磁盘" in failed["message"]
    assert failed["files"] == []
    assert not list((settings.data_dir / "reports").glob(f"*{failed['id']}*"))
    monkeypatch.setattr("riskmap.reports.run.products", products_module.products)
    tried = again(admin, failed["id"])
    assert (tried["id"], tried["version"], tried["status"]) == (failed["id"], 1, "done")


def test_what_failed_and_was_withdrawn_is_made_again_as_another_version(
    admin: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(edition: Any, folder: Path, tell: Any) -> list[Made]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("riskmap.reports.run.products", lambda: (Product("n", "数字", 1.0, fail),))
    failed = wait(admin, order(admin).json()["id"])
    withdrawn = admin.post(f"/api/reports/{failed['id']}/withdraw", json={"reason": "不做了"})
    assert withdrawn.json()["stage"] == "withdrawn"
    monkeypatch.setattr("riskmap.reports.run.products", lambda: (Product("n", "数字", 1.0, lambda *given: []),))
    tried = again(admin, failed["id"])
    assert (tried["number"], tried["version"], tried["stage"]) == (failed["number"], 2, "draft")
    assert admin.get(f"/api/reports/{failed['id']}").json()["files"] == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "长" * 201}, "title"),
        ({"division": "999999"}, "division"),
        ({"selection": {"colour": "red"}}, "colour"),
        ({"selection": {"division": ["3604"]}, "division": "360402"}, "division"),
        ({"sheets": [{"paper": "B5"}]}, "sheets.0.paper"),
        ({"as_of": "yesterday"}, None),
        ({"as_of": "state:999999"}, None),
        ({"as_of": "2090-01-01"}, "as_of"),
        ({"as_of": "1950-01-01"}, "as_of"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_in_words(
    admin: TestClient, given: dict[str, Any], field: str | None
) -> None:
    before = admin.get("/api/reports").json()["total"]
    answer = order(admin, **given)
    assert answer.status_code == 422, answer.text
    told = answer.json()
    assert not told["title"].isascii()
    if field is not None:
        assert any(field in error["field"] for error in told["errors"]), told
    assert admin.get("/api/reports").json()["total"] == before


@pytest.mark.usefixtures("one_product")
def test_a_set_of_narrow_rights_says_that_it_is_not_the_whole(admin: TestClient, make_account: Maker) -> None:
    county = make(make_account("editor", "department", areas=["360402"]))
    assert county["area"] == "濂溪区"
    assert county["partial"] == "仅含编制账号权限内的对象（濂溪区、内部级以下）"
    assert county["options"]["maker"] == "濂溪区应急管理局"
    assert make(admin)["partial"] is None


def test_a_set_of_a_lower_tier_says_on_every_product_that_it_is_not_the_whole(
    admin: TestClient, make_account: Maker
) -> None:
    """By the rights, also where they leave nothing out by chance; who sees more reads it before he signs."""
    risk(admin, "受控的重大", 10, 6, 15, visibility="command")
    editor, told = make_account("editor", "department"), "仅含编制账号权限内的对象（内部级以下）"
    answer = order(editor, title="内部级的")
    assert answer.json()["partial"] == told
    part, whole = wait(editor, answer.json()["id"]), make(admin)
    assert part["status"] == "done", part["message"]
    assert part["figures"]["major"] < whole["figures"]["major"]
    assert "受控的重大" not in "".join(said_of(zipped(editor, part)).values())
    said = said_of(zipped(editor, part))
    assert len(said) >= 9
    for name, words in said.items():
        assert "".join(told.split()) in words, name
    for page in pages_of(zipped(editor, part)["图册-A4.pdf"]):
        assert told in page
    report = said["城市安全风险评估报告.pdf"]
    assert f"登记的编制账号权限内的对象{part['figures']['totals']['total']}个" in report
    assert manifest(editor, part)["partial"] == told
    shown = {row["id"]: row["partial"] for row in admin.get("/api/reports").json()["items"]}
    assert (shown[part["id"]], shown[whole["id"]]) == (told, None)
    for name, words in said_of(zipped(admin, whole)).items():
        assert "仅含" not in words, name


def test_a_public_set_says_that_it_has_only_what_is_public(admin: TestClient) -> None:
    risk(admin, "公开的一处", 10, 6, 15, visibility="public")
    made = make(admin, public=True)
    said = said_of(zipped(admin, made))
    for name, words in said.items():
        assert "仅含可公开的对象" in words, name
    total = made["figures"]["totals"]["total"]
    assert f"登记的可公开的对象{total}个" in said["城市安全风险评估报告.pdf"]
    sheet = said["较大以上风险分布图-A3.pdf"]
    assert f"可公开的登记总数{total}个" in sheet
    assert "引线黑点为概略位置，与实际位置可相差约1400m" in sheet
    assert "为实际位置" not in sheet


def test_the_booklet_counts_what_the_set_was_ordered_of(admin: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riskmap.reports.run.products", lambda: (Product("b", "图册", 1.0, booklet.make),))
    risk(admin, "镇上的较大", 3, 6, 15, division="360402001")
    classes = [c["class"] for c in admin.get("/api/catalogue").json()["classes"] if c["role"] == "hazard"]
    made = make(admin, title="仅重大的图册", selection={"grade": ["major"], "class": classes})
    assert made["figures"]["serious"] == 0
    for page in pages_of(file(admin, made, "图册-A4.pdf")):
        assert "较大未选入" in page
        # The selection is on every page, in short where its words have no room.
        assert f"等{len(classes)}类；重大；在用" in page


@pytest.mark.usefixtures("one_product")
def test_a_file_names_the_grades_that_it_shows() -> None:
    ordered = [{"paper": "A3", "orientation": "landscape", "heat": False}] * 2
    assert sheets.names(ordered) == ["较大以上风险分布图-A3", "较大以上风险分布图-A3-2"]
    for grade, stem in ((("major",), "重大"), (("major", "serious"), "较大以上"), (GRADES, "各级")):
        assert sheets.names(ordered[:1], sheets.stem_of(Selection(grade=grade))) == [f"{stem}风险分布图-A3"]


@pytest.mark.usefixtures("one_product")
def test_of_narrow_rights_only_what_they_reach_is_counted_by_part(make_account: Maker) -> None:
    county = make(make_account("editor", "department", areas=["360402"]))
    told = {row["code"] for row in county["figures"]["by_division"]}
    assert told
    assert all(code.startswith("360402") for code in told)


@pytest.mark.usefixtures("one_product")
def test_who_may_sign_need_not_write(make_account: Maker) -> None:
    writer, reviewer = make_account("editor", "command"), make_account("editor", "command")
    chief = make_account("reader", "command", may=["sign"])
    made = make(writer, title="查看账号签发")
    path = f"/api/reports/{made['id']}"
    assert chief.post(f"{path}/review", json={}).status_code == 403
    assert reviewer.post(f"{path}/review", json={}).status_code == 200
    assert chief.post(f"{path}/return", json={"reason": "再看看"}).json()["stage"] == "draft"
    reviewer.post(f"{path}/review", json={})
    assert chief.post(f"{path}/sign", json={}).status_code == 202
    assert wait(chief, made["id"])["issued_by"] == chief.username  # type: ignore[attr-defined]
    # Another version of the same number is not issued beside it.
    second = again(writer, made["id"])
    reviewer.post(f"/api/reports/{second['id']}/review", json={})
    answer = chief.post(f"/api/reports/{second['id']}/sign", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "other_version_issued")


@pytest.mark.usefixtures("one_product")
def test_of_two_who_sign_at_once_one_is_told_of_the_other(make_account: Maker) -> None:
    writer, reviewer = make_account("editor", "command"), make_account("editor", "command")
    chiefs = [make_account("editor", "command", may=["sign"]) for _ in range(4)]
    made = make(writer, title="同时签发")
    path = f"/api/reports/{made['id']}"
    reviewer.post(f"{path}/review", json={})
    with ThreadPoolExecutor(len(chiefs)) as pool:
        answers = list(pool.map(lambda chief: chief.post(f"{path}/sign", json={}), chiefs))
    assert sorted(a.status_code for a in answers) == [202, 409, 409, 409], [a.text for a in answers]
    assert wait(writer, made["id"])["stage"] == "issued"


@pytest.mark.usefixtures("one_product")
def test_a_version_whose_figures_differ_from_the_one_before_says_so(admin: TestClient, app: Any) -> None:
    first = make(admin, title="两版")
    second = again(admin, first["id"])
    assert [e["note"] for e in second["events"] if e["what"] == "done"] == [""]
    with database.write(app.state.engine, SYSTEM.settings(write=True)) as connection:
        changed = {"checksum": "0" * 64, "report_id": second["id"]}
        connection.execute(text("UPDATE report_set SET checksum = :checksum WHERE report_id = :report_id"), changed)
    third = again(admin, first["id"])
    [note] = [e["note"] for e in third["events"] if e["what"] == "done"]
    assert note.startswith("数字与第 2 版不同")


def test_the_booklet_has_what_is_registered_to_a_county_and_to_no_town(
    admin: TestClient, objects: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("riskmap.reports.run.products", lambda: (Product("b", "图册", 1.0, booklet.make),))
    in_town = risk(admin, "镇上的重大", 6, 6, 15, division="360402001")
    elsewhere = risk(admin, "没有镇的县的重大", 6, 6, 15, division="360481")
    made = make(admin, title="图册", selection={"grade": ["major"]})
    assert next(f["kind"] for f in made["files"] if f["name"] == "图册-A4.pdf") == "booklet"
    with pypdfium2.PdfDocument(file(admin, made, "图册-A4.pdf")) as document:
        pages = ["".join(page.get_textpage().get_text_bounded().split()) for page in document]
        attached = json.loads(bytes(document.get_attachment(0).get_data()))["objects"]
    params = {"grade": "major", "as_of": f"state:{made['state']}", "limit": 1000}
    shown = admin.get("/api/objects", params=params).json()["items"]
    assert {row["id"] for row in attached} == {row["id"] for row in shown if row["geometry"] is not None}
    assert {in_town, elsewhere, objects["major"]} <= {row["id"] for row in attached}
    [county] = [page for page in pages if "濂溪区未登记到乡镇、街道的重大安全风险分布图" in page]
    assert "示例重大" in county
    assert "示例未定位" in county
    assert "镇上的重大" not in county
    [other] = [page for page in pages if "瑞昌市未登记到乡镇、街道的重大" in page]
    assert "没有镇的县的重大" in other
