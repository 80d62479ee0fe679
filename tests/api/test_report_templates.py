"""The bureau's own template of the report: tried, taken, used, put back."""

import hashlib
import io
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import docx
import pytest
from starlette.testclient import TestClient
from tests.api.admission import load_towns
from tests.api.reports import file, make, manifest
from tests.unit.test_report_files import said, template

Maker = Callable[..., TestClient]
NAME = "城市安全风险评估报告.docx"
PATH = "/api/reports/templates/report"


@pytest.fixture(scope="module", autouse=True)
def towns(app: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    load_towns(app.state.engine, tmp_path_factory.mktemp("divisions"))


@pytest.fixture(autouse=True)
def only_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    from riskmap.reports.products import products

    wanted = tuple(p for p in products() if p.name == "report")
    monkeypatch.setattr("riskmap.reports.run.products", lambda: wanted)


def replace(client: TestClient, body: bytes) -> Any:
    return client.put(PATH, files={"file": ("模板.docx", body)})


def test_a_bureau_uses_its_own_template_and_goes_back(admin: TestClient, make_account: Maker) -> None:
    own = template("某某市应急管理局", "{{ 标题 }}", "重大 {{ 重大数 }} 个", "{{ 目录 }}", "{{ 第五章 }}")
    answer = replace(admin, own)
    assert answer.status_code == 200, answer.text
    kept = answer.json()["items"][0]
    assert (kept["kind"], kept["own"], kept["by"], kept["name"]) == ("report", True, "admin", "模板.docx")
    assert admin.get(PATH).content == own
    made = make(admin, title="本局模板")
    text = said(file(admin, made, NAME))
    assert "某某市应急管理局" in text
    assert f"重大 {made['figures']['major']} 个" in text
    assert "第 5 章　单项评估" in text
    assert "第 6 章" not in text
    # The set says which template it was made with.
    told = next(f for f in manifest(admin, made)["files"] if f["name"] == NAME)
    assert told["template"] == {"own": True, "sha256": hashlib.sha256(own).hexdigest()}
    editor = make_account("editor")
    assert replace(editor, own).status_code == 403
    assert editor.delete(PATH).status_code == 403
    assert editor.get("/api/reports/templates").status_code == 200
    assert admin.delete(PATH).json()["items"][0]["own"] is False
    assert admin.delete(PATH).status_code == 404
    shipped = admin.get(PATH, params={"shipped": "true"})
    assert shipped.content == admin.get(PATH).content
    assert "随产品" in unquote(shipped.headers["content-disposition"])


def test_every_name_that_is_told_may_stand_in_a_template(admin: TestClient, client: TestClient) -> None:
    fields = admin.get("/api/reports/templates").json()["fields"]
    assert {f["kind"] for f in fields} == {"text", "blocks", "contents", "picture"}
    assert all(f["means"] for f in fields)
    assert replace(admin, template(*("{{ " + f["field"] + " }}" for f in fields))).status_code == 200
    assert admin.delete(PATH).status_code == 200
    assert client.get("/api/reports/templates").status_code == 401


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (template("{{ 单位全称 }}"), "unknown_field", "单位全称"),
        (template("见{{ 正文 }}"), "misplaced_field", "正文"),
        (template("{{ ''.__class__.__mro__[1].__subclasses__() }}"), "unsafe_template", "不允许"),
        (template("{{ 正文.__class__ }}"), "unsafe_template", "不允许"),
        (template("{% for i in range(99999) %}{% for j in range(99999) %}a{% endfor %}{% endfor %}"), "template_too_heavy", "简化"),
        (b"", "empty_file", "空的"),
        (b"PK", "not_docx", "docx"),
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_used_is_refused_and_the_old_one_stays(
    admin: TestClient, body: bytes, code: str, words: str
) -> None:
    answer = replace(admin, body)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert words in answer.json()["detail"]
    assert admin.get("/api/reports/templates").json()["items"][0]["own"] is False


def test_what_is_served_as_shipped_opens_in_word_and_names_only_what_is_known(admin: TestClient) -> None:
    document = docx.Document(io.BytesIO(admin.get(PATH, params={"shipped": "true"}).content))
    assert "{{ 正文 }}" in [p.text for p in document.paragraphs]
