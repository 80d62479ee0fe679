"""安全告知书, 安全承诺书, 核查表: what stands on them, masked, as text; the bureau's own templates."""

import io
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

import docx
import pytest
from starlette.testclient import TestClient
from tests.api.admission import IN_RUICHANG, IN_SHILI, IN_WULI, ask, away, load_towns, put, sign

from riskmap.base import clock
from riskmap.base.settings import Settings

Maker = Callable[..., TestClient]
KINDS = ("notice", "commitment", "checklist")
NS = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@pytest.fixture(scope="module", autouse=True)
def towns(app: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    load_towns(app.state.engine, tmp_path_factory.mktemp("divisions"))


def said(body: bytes) -> str:
    """All text of a file, as Word shows it: header and footer too."""
    document = docx.Document(io.BytesIO(body))
    section = document.sections[0]
    roots = [section.header._element, document.element.body, section.footer._element]
    out = []
    for root in roots:
        for paragraph in root.iter(f"{NS}p"):
            out.append(
                "".join("\n" if e.tag == f"{NS}br" else e.text or "" for e in paragraph.iter(f"{NS}t", f"{NS}br"))
            )
    return "\n".join(out)


def paper(client: TestClient, case: dict[str, Any], kind: str) -> Any:
    return client.get(f"/api/admission/checks/{case['case']}/papers/{kind}.docx")


def template(*paragraphs: str) -> bytes:
    document, out = docx.Document(), io.BytesIO()
    for text in paragraphs:
        document.add_paragraph(text)
    document.save(out)
    return out.getvalue()


def replace(client: TestClient, body: bytes, kind: str = "notice") -> Any:
    return client.put(f"/api/admission/templates/{kind}", files={"file": ("模板.docx", body)})


# -- Papers ------------------------------------------------------------------------------------


def test_a_paper_says_the_hit_with_both_numbers_its_clause_and_what_it_rests_on(
    admin: TestClient, make_account: Maker
) -> None:
    put(admin, "school", "例湖小学", away(IN_SHILI, 84))
    case = ask(admin, IN_SHILI, "fireworks-retail", name="示例烟花店", applicant={"person": "王五"})
    sent = paper(admin, case, "notice")
    assert sent.status_code == 200, sent.text
    assert sent.headers["content-disposition"].startswith("attachment")
    text = said(sent.content)
    for words in (
        "示例烟花店",
        "王五",
        "例湖小学",
        "84.0 m",
        "100 m",
        "AQ 4128-2019",
        "已核实",
        "不予准入建议",
        "烟花爆竹",
    ):
        assert words in text, words
    for words in (case["case"], f"数据状态 {case['state']}", case["ruleset_title"], "草稿", "尚未签署"):
        assert words in text, words
    officer = make_account("editor", may=["sign"])
    sign(officer, case)
    text = said(paper(admin, case, "notice").content)
    assert "草稿" not in text
    assert f"签署人：{officer.username}" in text  # type: ignore[attr-defined]
    today = clock.today()
    assert f"{today.year} 年 {today.month} 月 {today.day} 日" in text


def test_the_checklist_says_as_the_page_does_and_its_days_in_one_form(admin: TestClient) -> None:
    case = ask(admin, IN_SHILI, "gas-restaurant")
    today, by = clock.today(), clock.today() + timedelta(days=9)
    found = {
        "outcome": "rectify", "checkers": ["张三", "李四"], "on": today.isoformat(), "rectify_by": by.isoformat(),
        "items": [{"item": "喷涂作业", "ok": None, "note": ""}], "note": "",
    }  # fmt: skip
    assert admin.post(f"/api/admission/checks/{case['case']}/findings", json=found).status_code == 200
    text = said(paper(admin, case, "checklist").content)
    assert "不适用" in text
    assert "不涉及" not in text
    assert today.isoformat() not in text
    assert f"{today.year} 年 {today.month} 月 {today.day} 日" in text
    assert f"{by.year} 年 {by.month} 月 {by.day} 日" in text


def test_every_paper_is_a_word_file_on_a4_with_the_case_on_it(admin: TestClient) -> None:
    case = ask(admin, IN_WULI, "gas-restaurant", name="示例餐馆")
    for kind in KINDS:
        body = paper(admin, case, kind).content
        section = docx.Document(io.BytesIO(body)).sections[0]
        assert (round(section.page_width.cm, 1), round(section.page_height.cm, 1)) == (21.0, 29.7)
        text = said(body)
        assert "示例餐馆" in text
        assert case["case"] in text
        assert "{{" not in text
        assert "{%" not in text
    assert paper(admin, case, "other").status_code == 422


def test_numbers_from_memory_are_marked(admin: TestClient) -> None:
    at = away(IN_WULI, 20_000, 0)
    storage = [{"fire_class": "甲B", "volume_m3": "20000"}]
    put(admin, "kindergarten", "例湖幼儿园", away(at, 60))
    text = said(paper(admin, ask(admin, at, "tank-farm", storage=storage), "notice").content)
    assert "待核" in text
    assert "不据此拒绝" in text


def test_what_was_found_on_site_stands_on_the_checklist(admin: TestClient) -> None:
    case = ask(admin, IN_SHILI, "gas-restaurant")
    blank = said(paper(admin, case, "checklist").content)
    assert "□ 合格" in blank
    assert "三合一" in blank
    today = clock.today()
    items = [{"item": "燃气报警器", "ok": True, "note": "已装"}]
    found = {"outcome": "pass", "checkers": ["张三", "李四"], "on": today.isoformat(), "items": items, "note": "符合"}
    assert admin.post(f"/api/admission/checks/{case['case']}/findings", json=found).status_code == 200
    filled = said(paper(admin, case, "checklist").content)
    for words in ("张三、李四", "燃气报警器", "已装", "符合", f"{today.month} 月 {today.day} 日"):
        assert words in filled
    assert "□ 合格" not in filled


def test_what_only_command_sees_is_masked_on_paper_for_whoever_prints_it(
    admin: TestClient, make_account: Maker
) -> None:
    at = away(IN_RUICHANG, 5_000)
    put(admin, "school", "涉密学校", away(at, 60), visibility="command", department="教育局")
    case = ask(admin, at, "fireworks-retail")
    chief = make_account("editor", tier="command")
    for client in (admin, chief):
        assert "涉密学校" in client.get(f"/api/admission/checks/{case['case']}").text
        for kind in KINDS:
            text = said(paper(client, case, kind).content)
            assert "涉密学校" not in text
            assert "60.0 m" in text or kind == "commitment"
        assert "对象无权查看（主管部门：教育局）" in said(paper(client, case, "notice").content)


def test_a_paper_that_was_taken_is_in_the_trail(admin: TestClient, make_account: Maker) -> None:
    case = ask(admin, IN_RUICHANG, "gas-restaurant")
    assert paper(make_account("editor", areas=["360402"]), case, "notice").status_code == 404
    clerk = make_account("editor")
    assert paper(clerk, case, "notice").status_code == 200
    trail = make_account("auditor", tier="command").get("/api/audit", params={"ref": case["case"], "action": "print"})
    [entry] = trail.json()["items"]
    assert (entry["kind"], entry["after"]["paper"]) == ("admission", "安全告知书")
    assert entry["actor"] == clerk.get("/api/session").json()["account"]["username"]


def test_a_paper_is_for_who_sees_the_case(client: TestClient, admin: TestClient, make_account: Maker) -> None:
    case = ask(admin, IN_RUICHANG, "gas-restaurant")
    assert paper(client, case, "notice").status_code == 401
    assert paper(make_account("auditor"), case, "notice").status_code == 403
    assert paper(make_account("editor", areas=["360402"]), case, "notice").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "{{7*7}}", "{% for x in y %}", "{_{ 7*7 }_}", "<w:p>粗体</w:p>&amp;&lt;", "名" * 200, "𠮷野家㙓㛃龘", "'\"}}{{名称}}",
    ],
)  # fmt: skip
def test_text_stays_text(admin: TestClient, name: str) -> None:
    case = ask(admin, IN_SHILI, "gas-restaurant", name=name, scope="餐饮服务\n第二行 <b>{{案号}}</b>")
    for kind in KINDS:
        text = said(paper(admin, case, kind).content)
        assert name in text
        assert "餐饮服务\n第二行 <b>{{案号}}</b>" in text


# -- Templates ---------------------------------------------------------------------------------


def test_a_bureau_uses_its_own_template_and_goes_back(admin: TestClient, make_account: Maker) -> None:
    case = ask(admin, IN_SHILI, "gas-restaurant", name="示例餐馆")
    own = template(
        "某某市应急管理局", "致{{ 名称 }}（{{ 案号 }}）：", "{%p for 行 in 命中 %}", "{{ 行.规则 }}", "{%p endfor %}"
    )
    answer = replace(admin, own)
    assert answer.status_code == 200, answer.text
    assert [t["kind"] for t in answer.json()["items"] if t["own"]] == ["notice"]
    text = said(paper(admin, case, "notice").content)
    assert "某某市应急管理局" in text
    assert f"致示例餐馆（{case['case']}）：" in text
    assert admin.get("/api/admission/templates/notice").content == own
    kept = next(t for t in admin.get("/api/admission/templates").json()["items"] if t["kind"] == "notice")
    assert (kept["by"], kept["name"]) == ("admin", "模板.docx")
    since = datetime.fromisoformat(kept["since"])
    assert abs((clock.now() - since).total_seconds()) < 60
    shipped = admin.get("/api/admission/templates/notice", params={"shipped": "true"})
    assert "某某市应急管理局" not in said(shipped.content)
    assert "随产品" in unquote(shipped.headers["content-disposition"])
    editor = make_account("editor")
    assert replace(editor, own).status_code == 403
    assert editor.delete("/api/admission/templates/notice").status_code == 403
    assert admin.delete("/api/admission/templates/notice").status_code == 200
    assert "某某市应急管理局" not in said(paper(admin, case, "notice").content)
    assert admin.get("/api/admission/templates/notice").content == shipped.content
    gone = next(t for t in admin.get("/api/admission/templates").json()["items"] if t["kind"] == "notice")
    assert (gone["own"], gone["since"], gone["by"], gone["name"]) == (False, None, None, None)
    assert admin.delete("/api/admission/templates/notice").status_code == 404


def test_the_names_that_a_template_may_hold_are_those_that_a_paper_has(admin: TestClient) -> None:
    fields = admin.get("/api/admission/templates").json()["fields"]
    assert all(f["means"] for f in fields)
    lines = [f"{f['field']}={{{{ {f['field']} }}}}" for f in fields if f["rows"] is None]
    for field in fields:
        if field["rows"]:
            lines.append("{%p for 行 in " + field["field"] + " %}")
            assert all(row["means"] for row in field["rows"])
            lines += ["{{ 行." + row["field"] + " }}" for row in field["rows"]]
            lines.append("{%p endfor %}")
    try:
        assert replace(admin, template(*lines)).status_code == 200
        put(admin, "school", "例湖小学", away(away(IN_SHILI, 9_000), 50))
        case = ask(admin, away(IN_SHILI, 9_000), "fireworks-retail")
        sent = paper(admin, case, "notice")
        assert sent.status_code == 200, sent.text
        assert f"案号={case['case']}" in said(sent.content)
    finally:
        admin.delete("/api/admission/templates/notice")


def with_part(name: str, body: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(template("{{ 名称 }}"))) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, body)
    return out.getvalue()


EXTERNAL = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"'
    ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"'
    ' Target="http://example.com/evil.dotm" TargetMode="External"/></Relationships>'
)
ENTITIES = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (template("{{ 单位全称 }}"), "unknown_field", "单位全称"),
        (template("{%p for 行 in 命中 %}", "{{ 行.级别 }}", "{%p endfor %}"), "unknown_field", "级别"),
        (template("{% if 名称 %}"), "bad_template", "写法有误"),
        (template("{{ ''.__class__.__mro__[1].__subclasses__() }}"), "unsafe_template", "不允许"),
        (template("{{ cycler.__init__.__globals__.os.popen('id').read() }}"), "unsafe_template", "不允许"),
        (template("{% for i in range(99999) %}{% for j in range(99999) %}a{% endfor %}{% endfor %}"), "template_too_heavy", "简化"),
        (b"", "empty_file", "空的"),
        (b"%PDF-1.7", "not_docx", "docx"),
        (with_part("word/vbaProject.bin", "x"), "macros", "宏"),
        (with_part("word/_rels/settings.xml.rels", EXTERNAL), "external_parts", "外部"),
        (with_part("word/comments.xml", ENTITIES), "not_docx", "comments.xml"),
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_used_is_refused_and_the_old_one_stays(
    admin: TestClient, body: bytes, code: str, words: str
) -> None:
    answer = replace(admin, body)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert words in answer.json()["detail"]
    assert not any(t["own"] for t in admin.get("/api/admission/templates").json()["items"])


def test_whose_note_is_of_other_bytes_is_not_believed(admin: TestClient, settings: Settings) -> None:
    assert replace(admin, template("{{ 名称 }}")).status_code == 200
    folder = settings.data_dir / "templates" / "admission"
    (folder / "notice.docx").write_bytes(template("{{ 案号 }}"))  # as put back by hand
    try:
        kept = admin.get("/api/admission/templates").json()["items"][0]
        assert (kept["own"], kept["by"], kept["name"]) == (True, None, None)
        assert kept["since"]
    finally:
        admin.delete("/api/admission/templates/notice")
    assert not list(folder.glob("notice*"))
