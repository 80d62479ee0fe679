"""The report of an empty selection and in the public form: what it says where there is nothing, or nothing to be told."""

import re
from collections.abc import Iterator
from typing import Any

import pypdfium2
import pytest
from starlette.testclient import TestClient
from tests.api.admission import load_towns
from tests.api.reports import file, make
from tests.unit.test_report_files import said

TITLE = "城市安全风险评估报告"


@pytest.fixture(scope="module", autouse=True)
def objects(app: Any, admin: TestClient, tmp_path_factory: pytest.TempPathFactory) -> None:
    load_towns(app.state.engine, tmp_path_factory.mktemp("divisions"))
    for name, visibility in (("公开的重大", "public"), ("内部的重大", "department")):
        body = {
            "class": "risk-point", "name": name, "division": "360402", "visibility": visibility, "source": "部门排查",
            "geometry": {"type": "Point", "coordinates": [116.0, 29.7]},
            "attributes": {"method": "LEC", "L": 6, "E": 6, "C": 15},
        }  # fmt: skip
        assert admin.post("/api/objects", json=body).status_code == 201


@pytest.fixture(autouse=True)
def only_the_report(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from riskmap.reports.products import products

    wanted = tuple(p for p in products() if p.name == "report")
    monkeypatch.setattr("riskmap.reports.run.products", lambda: wanted)
    return


def both(client: TestClient, made: dict[str, Any]) -> tuple[str, str]:
    with pypdfium2.PdfDocument(file(client, made, f"{TITLE}.pdf")) as document:
        printed = re.sub(r"\s+", "", "".join(p.get_textpage().get_text_bounded() for p in document))
    return said(file(client, made, f"{TITLE}.docx")), printed


def test_an_empty_selection_gives_a_report_that_says_none(admin: TestClient) -> None:
    made = make(admin, selection={"class": ["reservoir"]})
    for text in both(admin, made):
        assert "shipped" not in text
        assert "所选范围内的登记对象：无" in text
        assert "没有登记不等于没有风险" in text
        assert "重大风险共 0 个" in text or "重大风险共0个" in text


def test_the_public_form_holds_what_the_public_sees_and_no_ids(admin: TestClient) -> None:
    made = make(admin, public=True)
    for text in both(admin, made):
        assert "公开的重大" in text
        assert "内部的重大" not in text
        assert "登记号" not in text
        assert "部门排查" not in text
        assert "公开版不列管控落实的情况" in text
    inner = make(admin)
    text = both(admin, inner)[0]
    assert "内部的重大" in text
    assert "LEC 四级分档 分级" in text
    assert "部门排查" in text


def test_made_again_the_pdf_differs_in_nothing_but_when_it_was_made(admin: TestClient) -> None:
    one, other = (make(admin) for _ in range(2))
    assert one["checksum"] == other["checksum"]
    words = [re.sub(r"\d{4}-\d\d-\d\d\d\d:\d\d|FX-\d{4}-\d{3}", "", both(admin, made)[1]) for made in (one, other)]
    assert words[0] == words[1]
