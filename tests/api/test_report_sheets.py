"""一图 of the demo city: what stands on the sheet is what the selection says, counted as on page and API."""

import json
import random
from typing import Any

import pypdfium2
import pytest
from starlette.testclient import TestClient
from tests.api.reports import file, make, manifest

DEMO = True


def ids_on_sheet(body: bytes) -> set[int]:
    """From the sidecar within the PDF."""
    with pypdfium2.PdfDocument(body) as document:
        assert document.count_attachments() == 1
        attachment = document.get_attachment(0)
        assert "/" not in attachment.get_name().strip("/")
        told = json.loads(bytes(attachment.get_data()))
    return {row["id"] for row in told["objects"]}


def map_of(made: dict[str, Any]) -> str:
    """The file of a set's only sheet: it names the grades that it shows."""
    [name] = [f["name"] for f in made["files"] if f["kind"] == "map"]
    return str(name)


def words(body: bytes) -> str:
    with pypdfium2.PdfDocument(body) as document:
        return "".join("".join(page.get_textpage().get_text_bounded().split()) for page in document)


def ids_on_screen(client: TestClient, **selection: Any) -> set[int]:
    found: set[int] = set()
    cursor = None
    while True:
        params = {**selection, "limit": 1000, **({"cursor": cursor} if cursor else {})}
        page = client.get("/api/objects", params=params).json()
        found |= {row["id"] for row in page["items"] if row["geometry"] is not None}
        cursor = page["next"]
        if cursor is None:
            return found


@pytest.fixture(scope="module")
def made(admin: TestClient) -> dict[str, Any]:
    sheets = [
        {"paper": "A3"}, {"paper": "A4", "orientation": "portrait"}, {"paper": "A0"}, {"paper": "A3", "heat": True},
    ]  # fmt: skip
    return make(admin, title="九江市城市安全风险评估", sheets=sheets)


def test_every_sheet_is_there_as_pdf_and_picture(admin: TestClient, made: dict[str, Any]) -> None:
    names = {f["name"] for f in made["files"]}
    assert {"较大以上风险分布图-A3.pdf", "较大以上风险分布图-A4-竖.pdf", "较大以上风险分布图-A0.pdf",
            "安全风险密度图-A3.pdf", "all.zip", "manifest.json"} <= names  # fmt: skip
    pictures = [f for f in made["files"] if f["kind"] == "picture"]
    assert len(pictures) >= 4
    for one in pictures:
        assert file(admin, made, one["name"]).startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize(
    "name", ["较大以上风险分布图-A3.pdf", "较大以上风险分布图-A4-竖.pdf", "较大以上风险分布图-A0.pdf"]
)
def test_what_stands_on_the_sheet_is_what_the_screen_shows(admin: TestClient, made: dict[str, Any], name: str) -> None:
    at = {"grade": "serious+", "as_of": f"state:{made['state']}"}
    body = file(admin, made, name)
    on_sheet = ids_on_sheet(body)
    assert on_sheet == ids_on_screen(admin, **at)
    figures = made["figures"]
    counts = {row["grade"]: row["n"] for row in admin.get("/api/counts", params={"by": "grade", **at}).json()["rows"]}
    assert (figures["major"], figures["serious"]) == (counts["major"], counts["serious"])
    unplaced = figures["unplaced"]["major"] + figures["unplaced"]["serious"]
    assert len(on_sheet) + unplaced == figures["major"] + figures["serious"]
    said = words(body)
    for part in (made["number"], f"状态号：{made['state']}", "".join(made["check"].split()), "草稿", "演示数据，非真实",
                 "图例", "审图号", "中央经线", "CGCS2000", "内部使用"):  # fmt: skip
        assert part in said.replace(" ", ""), part
    assert f"本图表示{len(on_sheet)}个" in said
    # Grades that are not drawn are told with all that there are, also those without a place.
    for grade, word in (("general", "一般"), ("low", "低")):
        assert f"{word}{figures[grade]}未选入本图" in said.replace("\u2009", ""), grade
    drawn = next(f for f in manifest(admin, made)["files"] if f["name"] == name)["drawn"]
    assert {row["id"] for row in drawn} == on_sheet


def test_the_density_sheet_counts_every_placed_object(admin: TestClient, made: dict[str, Any]) -> None:
    said = words(file(admin, made, "安全风险密度图-A3.pdf"))
    totals = made["figures"]["totals"]
    placed = totals["total"] - totals["unplaced"]
    assert f"{placed}" in said.replace(" ", "").replace(",", "")


def test_ids_on_the_sheet_of_random_selections_are_those_on_the_screen(admin: TestClient) -> None:
    rng = random.Random(20261126)
    classes = [c["class"] for c in admin.get("/api/catalogue").json()["classes"]]
    counties = ["360402", "360403", "360404", "360423", "360424", "360425", "360426", "360428", "360429", "360430"]
    for _ in range(20):
        selection: dict[str, Any] = {
            "grade": rng.sample(["major", "serious", "general", "low", "none"], rng.randint(1, 3))
        }
        if rng.random() < 0.6:
            selection["class"] = rng.sample(classes, rng.randint(1, 6))
        if rng.random() < 0.6:
            selection["division"] = rng.sample(counties, rng.randint(1, 2))
        elif rng.random() < 0.5:
            west, south = 115 + rng.random(), 29 + rng.random() * 0.5
            selection["bbox"] = [west, south, west + 0.5, south + 0.4]
        paper = rng.choice(["A4", "A3"])
        made = make(admin, title="随机", booklet=False, selection=selection, sheets=[{"paper": paper}])
        asked = {k: ",".join(map(str, v)) for k, v in selection.items()} | {"as_of": f"state:{made['state']}"}
        assert ids_on_sheet(file(admin, made, map_of(made))) == ids_on_screen(admin, **asked), selection


def test_an_empty_selection_makes_a_sheet_that_says_so(admin: TestClient) -> None:
    made = make(admin, title="空", booklet=False, selection={"q": "没有叫这个名字的对象"}, sheets=[{"paper": "A4"}])
    body = file(admin, made, "较大以上风险分布图-A4.pdf")
    assert ids_on_sheet(body) == set()
    assert "无" in words(body)


def test_the_public_form_carries_no_ids(admin: TestClient) -> None:
    made = make(admin, title="公开", booklet=False, public=True, sheets=[{"paper": "A4"}])
    with pypdfium2.PdfDocument(file(admin, made, "较大以上风险分布图-A4.pdf")) as document:
        assert document.count_attachments() == 0
    assert all("drawn" not in f for f in manifest(admin, made)["files"])


def test_the_booklet_has_a_page_for_each_town_with_all_that_the_selection_has_of_it(
    admin: TestClient, made: dict[str, Any]
) -> None:
    body = file(admin, made, "图册-A4.pdf")
    at = {"grade": "serious+", "as_of": f"state:{made['state']}"}
    assert ids_on_sheet(body) == ids_on_screen(admin, **at)
    with pypdfium2.PdfDocument(body) as document:
        pages = ["".join(page.get_textpage().get_text_bounded().split()) for page in document]
    towns = {d["code"]: d for d in admin.get("/api/divisions").json()["items"] if len(d["code"]) == 9}
    assert len(pages) >= len(towns) > 200
    for code in random.Random(7).sample(sorted(towns), 12):
        page = next(p for p in pages if f"{towns[code]['name']}较大以上安全风险分布图" in p)
        counts = admin.get("/api/counts", params={"by": "grade", "division": code, "as_of": at["as_of"]}).json()
        by_grade = {row["grade"]: row["n"] for row in counts["rows"]}
        for grade, word in (("major", "重大"), ("serious", "较大"), ("general", "一般"), ("low", "低")):
            assert f"{word}{by_grade.get(grade, 0)}" in page, (code, grade, page[:400])
