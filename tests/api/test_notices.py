"""风险公告牌, 责任公示牌 and the public page: from the register alone, four items and no more, by an editor's own act."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from sqlalchemy import create_engine, make_url, text
from starlette.testclient import TestClient
from tests.api.admission import load_towns

from riskmap.base.settings import Settings
from riskmap.reports.notices import public

Maker = Callable[..., TestClient]
PERSON, PHONE, IDENTITY = "例某某", "13800001234", "36040219800101001X"


def register(client: TestClient, name: str, **more: Any) -> int:
    body = {
        "class": "risk-point", "name": name, "division": "360402", "department": "应急管理局",
        "geometry": {"type": "Point", "coordinates": [116.01234, 29.71234]},
        "attributes": {
            "method": "LEC", "L": 6, "E": 6, "C": 15, "accident_types": "中毒和窒息",
            "measures": f"液位联锁在线；罐区禁止烟火，联系 {PHONE}；身份证 {IDENTITY}", "inspect_days": 7,
            "next_inspection": "2026-12-01", "review_due": "2020-01-02", "location_note": "西门北侧 30 米",
        },
        "parties": [
            {"role": "主要负责人", "post": "安全总监", "name": PERSON, "phone": PHONE},
            {"role": "属地挂钩", "post": "分管副镇长", "name": PERSON, "phone": "0792-1234567"},
            {"role": "部门挂钩", "post": "", "name": PERSON, "phone": PHONE},
        ],
    }  # fmt: skip
    answer = client.post("/api/objects", json=body | more)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


@pytest.fixture(scope="module", autouse=True)
def towns(app: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    load_towns(app.state.engine, tmp_path_factory.mktemp("divisions"))


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has the public page to itself."""
    monkeypatch.setattr(public._asked, "_times", type(public._asked._times)())


def pages(body: bytes) -> list[str]:
    with pypdfium2.PdfDocument(body) as document:
        return [re.sub(r"\s+", "", p.get_textpage().get_text_bounded()) for p in document]


def sizes(body: bytes) -> list[tuple[int, int]]:
    with pypdfium2.PdfDocument(body) as document:
        return [(round(p.get_width() / 72 * 25.4), round(p.get_height() / 72 * 25.4)) for p in document]


def printed(client: TestClient, object_id: int, kind: str = "board", **more: Any) -> bytes:
    body = {"kind": kind, "publish": True, **more}
    answer = client.post(f"/api/objects/{object_id}/notice.pdf", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return answer.content


def code_of(client: TestClient, object_id: int) -> str:
    code = client.get(f"/api/objects/{object_id}/public-code").json()["code"]
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{10}", code)
    return str(code)


def test_a_board_says_what_the_register_holds_and_leaves_lines_for_the_rest(admin: TestClient) -> None:
    object_id = register(admin, "示例装置一")
    body = printed(admin, object_id)
    assert sizes(body) == [(420, 297)]
    said = pages(body)[0]
    for words in (
        "安全风险公告牌", "示例装置一", "红重大风险", "四色风险等级", "中毒和窒息", "液位联锁在线", "安全总监",
        "分管副镇长", "每7天一次", "至2020-01-02（复评到期）已到期", "扫码查看等级", "主管部门：应急管理局", "核验码",
        f"状态号{admin.get('/healthz').json()['state']}", "应急措施", "安全距离", "值班电话",
    ):  # fmt: skip
        assert words in said, words
    # The register holds no emergency measures and no distance: nothing stands in their place.
    assert "非作业人员不得进入" not in said
    assert code_of(admin, object_id) in said.replace("-", "")


def test_no_person_number_or_place_is_on_any_notice(admin: TestClient) -> None:
    object_id = register(admin, "示例装置二")
    for kind, size in (("board", (420, 297)), ("duty", (210, 297))):
        body = printed(admin, object_id, kind)
        assert sizes(body) == [size]
        said = pages(body)[0]
        assert "安全总监" in said
        for private in (PERSON, PHONE, "0792", IDENTITY, "116.01", "29.71", "西门"):
            assert private not in said, private
        assert ("号码不公示" in said) == (kind == "board")


def test_the_public_page_shows_four_items_and_nothing_more(admin: TestClient, client: TestClient) -> None:
    object_id = register(admin, "示例装置三<b>")
    printed(admin, object_id)
    answer = client.get(f"/p/{code_of(admin, object_id)}")
    assert answer.status_code == 200
    page = answer.text
    for words in ("重大风险", "四色风险等级", "安全总监", "分管副镇长", "每 7 天一次", "2026-12-01", "未登记"):
        assert words in page, words
    for more in ("示例装置", "risk-point", "风险点", "应急管理局", "中毒", "联锁", "复评", "116.", "29.", PERSON, PHONE, "0792",
                 "360402", "example", "<script", "http://", "https://", "/api/"):  # fmt: skip
        assert more not in page.replace('xmlns="http://www.w3.org/2000/svg"', ""), more
    assert "noindex" in answer.headers["x-robots-tag"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "set-cookie" not in answer.headers
    # A public object's name is public anyway; it is text, never markup.
    shown = register(admin, "公开的<b>装置", visibility="public")
    printed(admin, shown)
    assert "公开的&lt;b&gt;装置" in client.get(f"/p/{code_of(admin, shown)}").text


def test_a_code_is_made_once_read_as_typed_and_revoked(admin: TestClient, client: TestClient) -> None:
    object_id = register(admin, "示例装置四")
    assert admin.get(f"/api/objects/{object_id}/public-code").json() == {"code": None}
    printed(admin, object_id)
    code = code_of(admin, object_id)
    printed(admin, object_id, "duty")
    assert code_of(admin, object_id) == code
    assert client.head(f"/p/{code}").status_code == 200
    typed = f"{code[:5]}-{code[5:]}".lower().replace("0", "o").replace("1", "l")
    assert client.get(f"/p/{typed}").status_code == 200
    answer = admin.delete(f"/api/objects/{object_id}/public-code", params={"reason": "牌已遗失"})
    assert answer.status_code == 200, answer.text
    gone = client.get(f"/p/{code}")
    assert (gone.status_code, "没有这个编号的公示" in gone.text) == (404, True)
    again = admin.delete(f"/api/objects/{object_id}/public-code", params={"reason": "x"})
    assert again.status_code == 409
    printed(admin, object_id)
    assert code_of(admin, object_id) != code
    for wrong in ("0000000000", "x", "%2e%2e", "一二三", "A" * 300):
        assert client.get(f"/p/{wrong}").status_code == 404


def test_who_may_print_and_who_publishes(admin: TestClient, client: TestClient, make_account: Maker) -> None:
    object_id = register(admin, "示例装置五")
    path = f"/api/objects/{object_id}/notice.pdf"
    assert client.get(path).status_code == 401
    elsewhere = make_account("editor", areas=["360428"])
    assert elsewhere.get(path).status_code == 404
    public_too = register(admin, "公开装置五", visibility="public")
    assert elsewhere.get(f"/api/objects/{public_too}/notice.pdf").status_code == 403
    reader = make_account("reader")
    said = pages(printed(reader, object_id))[0]
    assert "未对外公开" in said
    assert admin.get(f"/api/objects/{object_id}/public-code").json() == {"code": None}
    assert reader.delete(f"/api/objects/{object_id}/public-code", params={"reason": "x"}).status_code == 403
    # Another site's page cannot have an editor publish, and looking or printing alone publishes nothing.
    body = {"kind": "board", "publish": True}
    assert admin.post(path, json=body, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert admin.get(path, params={"publish": "true"}).json()["code"] == "not_by_get"
    assert "未对外公开" in pages(admin.get(path).content)[0]
    assert "未对外公开" in pages(printed(admin, object_id, publish=False))[0]
    assert admin.get(f"/api/objects/{object_id}/public-code").json() == {"code": None}
    printed(make_account("editor", areas=["360402"]), object_id)
    for who in (reader, admin):  # what is public already has its code on every print
        assert code_of(admin, object_id) in pages(who.get(path).content)[0].replace("-", "")
    # What only the command tier sees is printed, and never published.
    secret = register(admin, "指挥层装置", visibility="command")
    assert "未对外公开" in pages(printed(admin, secret))[0]
    # … nor does it stay public where its visibility is taken back.
    code = code_of(admin, object_id)
    state = admin.get(f"/api/objects/{object_id}").headers["etag"]
    taken = admin.patch(f"/api/objects/{object_id}", json={"visibility": "command"}, headers={"If-Match": state})
    assert taken.status_code == 200, taken.text
    assert client.get(f"/p/{code}").status_code == 404


def test_printing_and_publishing_are_in_the_trail(admin: TestClient, make_account: Maker) -> None:
    object_id = register(admin, "示例装置六")
    printed(admin, object_id)
    admin.delete(f"/api/objects/{object_id}/public-code", params={"reason": "试"})
    trail = (
        make_account("auditor", "command").get("/api/audit", params={"kind": "notice", "ref": str(object_id)}).json()
    )
    assert [item["action"] for item in trail["items"]] == ["revoke", "print", "publish"]


def test_a_code_of_a_closed_or_ended_object(admin: TestClient, client: TestClient) -> None:
    struck, ended = register(admin, "将销号的"), register(admin, "将注销的")
    for one in (struck, ended):
        printed(admin, one)
    codes = {one: code_of(admin, one) for one in (struck, ended)}
    state = admin.get(f"/api/objects/{struck}").headers["etag"]
    assert admin.patch(f"/api/objects/{struck}", json={"stage": "struck_off"}, headers={"If-Match": state}).is_success
    assert admin.delete(f"/api/objects/{ended}", params={"reason": "登记有误"}).is_success
    page = client.get(f"/p/{codes[struck]}")
    assert (page.status_code, "已销号" in page.text, "安全总监" in page.text) == (200, True, False)
    assert client.get(f"/p/{codes[ended]}").status_code == 404
    assert admin.get(f"/api/objects/{struck}/notice.pdf").json()["code"] == "over"
    assert admin.get(f"/api/objects/{ended}/notice.pdf").json()["code"] == "over"


def test_a_target_has_no_board(admin: TestClient) -> None:
    body = {"class": "school", "name": "示例小学", "division": "360402", "attributes": {"persons": 10}}
    school = admin.post("/api/objects", json=body).json()["id"]
    answer = admin.get(f"/api/objects/{school}/notice.pdf")
    assert (answer.status_code, answer.json()["code"]) == (422, "no_hazard")


def test_long_texts_and_rare_characters_are_whole(admin: TestClient) -> None:
    steps = [f"第{i}条措施应当由专人每班检查并记录" for i in range(1, 99)]
    object_id = register(
        admin, "很长的名称" * 39 + "末尾\U00020bb7字", attributes={
            "method": "LEC", "L": 6, "E": 6, "C": 15, "accident_types": "A" * 180,
            "measures": "\n".join(steps)[:2000],
        }, parties=[{"role": "主要负责人", "post": "岗" * 100}, {"role": "技术负责人", "post": "位" * 100},
                    {"role": "属地挂钩", "post": "属" * 100}, {"role": "部门挂钩", "post": "部" * 100}],
    )  # fmt: skip
    answer = admin.get(f"/api/objects/{object_id}/notice.pdf")
    assert answer.headers["x-lacking-characters"] == "U+20BB7"
    sheets = pages(answer.content)
    assert "末尾〓字" in sheets[0]
    assert "全文见续页" in sheets[0]
    assert "U+20BB7" in sheets[0]
    assert "A" * 180 in re.sub("[\u200b\ufffe]", "", "".join(sheets))
    following = "".join(sheets[1:])
    for step in "\n".join(steps)[:2000].split("\n")[:-1]:
        assert step in following, step
    with pypdfium2.PdfDocument(answer.content) as document:
        # Nothing is set beyond the margin.
        for page in document:
            words = page.get_textpage()
            for i in range(words.count_chars()):
                left, bottom, right, top = words.get_charbox(i)
                assert left >= 0
                assert right <= page.get_width()
                assert bottom >= 0
                assert top <= page.get_height()
    duty = pages(printed(admin, object_id, "duty"))
    assert "岗" * 100 in "".join(duty)
    assert "部" * 100 in "".join(duty)


def test_many_at_once_are_the_hazards_that_are_seen_in_full(admin: TestClient, make_account: Maker) -> None:
    tag = "批量打印"
    ids = [register(admin, f"批量{i}", tags=[tag], parties=[]) for i in range(3)]
    admin.post("/api/objects", json={"class": "school", "name": "批量小学", "division": "360402", "tags": [tag]})
    answer = admin.post("/api/reports/notices", json={"selection": {"tag": [tag]}, "kind": "duty"})
    assert answer.headers["x-public-codes"] == "0"
    asked = {"selection": {"tag": [tag]}, "kind": "duty", "publish": True}
    answer = admin.post("/api/reports/notices", json=asked)
    assert answer.status_code == 200, answer.text
    assert len(pages(answer.content)) == 3
    assert (answer.headers["x-total-rows"], answer.headers["x-left-out"]) == ("3", "1")
    for one in ids:
        assert code_of(admin, one) in "".join(pages(answer.content)).replace("-", "")
    nothing = admin.post("/api/reports/notices", json={"selection": {"tag": ["没有的"]}})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "empty")
    past = admin.post("/api/reports/notices", json={"selection": {"as_of": "2026-01-01"}})
    assert (past.status_code, past.json()["code"]) == (422, "not_of_the_past")
    elsewhere = make_account("editor", areas=["360428"])
    assert elsewhere.post("/api/reports/notices", json={"selection": {"tag": [tag]}}).json()["code"] == "empty"


def test_more_than_200_are_refused_before_anything_is_published(
    admin: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("riskmap.reports.notices.service.MOST", 2)
    for i in range(3):
        register(admin, f"许多{i}", tags=["许多"], parties=[])
    answer = admin.post("/api/reports/notices", json={"selection": {"tag": ["许多"]}, "publish": True})
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_notices")
    engine = create_engine(make_url(str(settings.database_url)).set(drivername="postgresql+psycopg2"))
    with engine.connect() as connection:
        found = text("SELECT count(*) FROM object_code JOIN risk_object USING (id) WHERE '许多' = ANY(tags)")
        sql = str(found).replace("USING (id)", "ON id = object_id")
        assert connection.scalar(text(sql)) == 0
    engine.dispose()


def test_the_public_page_is_asked_so_often_and_no_more(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public._asked, "_most", 3)
    said = [client.get("/p/0000000000").status_code for _ in range(5)]
    assert said == [404, 404, 404, 429, 429]


def test_rows_of_codes_are_hidden_and_kept(settings: Settings, admin: TestClient, snapshot_of: Any) -> None:
    """Who may not see the object finds no code of it; nobody takes a row away."""
    from riskmap.access.reader import PUBLIC, SYSTEM

    object_id = register(admin, "藏着的")
    printed(admin, object_id)
    for reader, n in ((SYSTEM, 1), (PUBLIC, 0)):
        with snapshot_of(reader) as snapshot:
            asked = text("SELECT count(*) FROM object_code WHERE object_id = :id")
            assert snapshot.connection.scalar(asked, {"id": object_id}) == n
    with snapshot_of(SYSTEM, write=True) as snapshot, pytest.raises(Exception, match="permission denied"):
        snapshot.connection.execute(text("DELETE FROM object_code"))


def test_the_template_names_no_folder_of_the_machine(admin: TestClient) -> None:
    body = printed(admin, register(admin, "示例装置七"))
    assert b"riskmap-paper-" not in body
    assert str(Path.home()).encode() not in body or Path.home() == Path("/")
