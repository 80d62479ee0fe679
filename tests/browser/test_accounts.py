"""Accounts in the page: the rights of one district, a first password, the auditor's trail."""

import csv
import io
import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, create_engine, text

from riskmap.access.admin import add_account
from riskmap.base.database import app_url, make_engine, superuser_url
from riskmap.base.settings import Settings
from tests.conftest import ADMIN_PASSWORD, OTHER_PASSWORD

DEMO = True
OWN_PASSWORD = "My-own-4-tests"
HERE, THERE = "360402", "360429"  # 濂溪区, 湖口县


def sign_in(page: Page, username: str, password: str) -> None:
    page.get_by_role("button", name="登录").first.click()
    page.locator("input[name=username]").fill(username)
    page.locator("input[name=password]").fill(password)
    page.keyboard.press("Enter")


def opened(open_page: Any, username: str, password: str, place: str, **size: int) -> Page:
    """A page of 管理, signed in."""
    page: Page = open_page(**size).page
    sign_in(page, username, password)
    page.get_by_role("link", name="管理").click()
    page.get_by_role("link", name=place, exact=True).click()
    return page


def client_of(address: str, username: str, password: str) -> httpx.Client:
    client = httpx.Client(base_url=address)
    answer = client.post("/api/session", json={"username": username, "password": password})
    assert answer.status_code == 200, answer.text
    client.headers["X-CSRF-Token"] = answer.json()["csrf"]
    return client


def objects(client: httpx.Client, division: str) -> tuple[int, set[str]]:
    answer = client.get("/api/objects", params={"division": division, "limit": 1000}).json()
    return answer["total"], {o["form"] for o in answer["items"]}


@pytest.fixture(scope="module")
def auditor(address: str, settings: Settings) -> str:
    """An auditor of everything."""
    engine = make_engine(app_url(settings), pool_size=1)
    add_account(engine, {"username": "shenji", "password": OTHER_PASSWORD, "role": "auditor", "tier": "command"})
    engine.dispose()
    return "shenji"


def test_the_administrator_gives_a_colleague_the_rights_of_one_district(open_page: Any, address: str) -> None:
    page = opened(open_page, "admin", ADMIN_PASSWORD, "账号")
    page.get_by_role("button", name="新建账号").click()
    drawer = page.get_by_role("dialog", name="新建账号")
    drawer.locator("input[name=new-username]").fill("lianxi")
    drawer.get_by_role("button", name="生成").click()
    first = drawer.locator("input[name=new-password]").input_value()
    assert len(first) >= 8
    areas = drawer.locator("section", has=page.get_by_role("heading", name="区域"))
    areas.get_by_role("button", name="限定").click()
    drawer.get_by_role("button", name="建立账号").click()
    expect(drawer.get_by_role("alert")).to_contain_text("区域选了“限定”，请至少选一个")
    areas.get_by_role("searchbox").fill("濂溪")
    areas.get_by_role("checkbox", name="濂溪区").click()
    expect(drawer.locator("footer")).to_contain_text(
        "编辑；可见并可登记：濂溪区全部分类；内部级以下；范围外只见公开内容。"
    )
    drawer.get_by_role("button", name="建立账号").click()
    row = page.get_by_role("row", name=re.compile("lianxi"))
    expect(row).to_contain_text("濂溪区全部分类")
    expect(row).to_contain_text("待改初始密码")

    # The colleague: nothing before the first password is his own.
    other = open_page().page
    sign_in(other, "lianxi", first)
    expect(other.get_by_role("heading", name="请先修改密码")).to_be_visible()
    other.reload()
    expect(other.get_by_role("heading", name="请先修改密码")).to_be_visible()
    other.locator("input[name=old]").fill(first)
    other.locator("input[name=fresh]").fill("short")
    other.locator("input[name=again]").fill("short")
    other.get_by_role("button", name="修改并进入").click()
    expect(other.get_by_role("alert")).to_contain_text("新密码还不合要求")
    other.locator("input[name=fresh]").fill(OWN_PASSWORD)
    other.locator("input[name=again]").fill(OWN_PASSWORD)
    other.get_by_role("button", name="修改并进入").click()
    expect(other.locator(".sign-in")).to_be_hidden()
    expect(other.locator(".bar .who")).to_contain_text("lianxi")

    # Of the district he sees all that the administrator sees, elsewhere the public form alone.
    all_, mine = client_of(address, "admin", ADMIN_PASSWORD), client_of(address, "lianxi", OWN_PASSWORD)
    here, there = objects(all_, HERE)[0], objects(all_, THERE)[0]
    seen_here, seen_there = objects(mine, HERE), objects(mine, THERE)
    commanded = all_.get("/api/objects", params={"division": HERE, "limit": 1000}).json()["items"]
    hidden = sum(o["visibility"] == "command" for o in commanded)
    assert here <= 1000
    assert seen_here == (here - hidden, {"full"})
    assert 0 < seen_there[0] < there
    assert seen_there[1] == {"public"}
    for division, status in ((HERE, 201), (THERE, 403)):
        body = {"class": "school", "name": "例湖小学", "division": division}
        body["geometry"] = {"type": "Point", "coordinates": [116.0, 29.6]}
        answer = mine.post("/api/objects", json=body)
        assert answer.status_code == status, answer.text
    assert "不在您的管理范围内" in answer.json()["detail"]
    known = {i["id"] for i in mine.get("/api/objects", params={"division": THERE, "limit": 1000}).json()["items"]}
    unseen = next(
        o["id"]
        for o in all_.get("/api/objects", params={"division": THERE, "limit": 1000}).json()["items"]
        if o["id"] not in known
    )
    assert mine.get(f"/api/objects/{unseen}").status_code == 404
    other.locator(".areas button", has_text="濂溪区").click()
    expect(other.locator("tbody tr", has_text="彭泽县")).to_have_count(0)
    expect(other.locator("tbody tr").first).to_contain_text("濂溪区")
    other.locator("tbody tr").first.click()
    expect(other.locator("aside.right")).to_contain_text("主管部门")
    expect(other.locator("aside.right")).not_to_contain_text("公众视图：位置概略")

    # Neither accounts nor the trail are anything for him.
    other.get_by_role("link", name="管理").click()
    expect(other.locator(".side-menu a")).to_have_text(["我的账号"])
    expect(other.locator(".say")).to_contain_text("濂溪区全部分类")
    for path in ("/api/audit", "/api/audit/check", "/api/audit/entries.csv", "/api/accounts"):
        assert mine.get(path).status_code == 403

    # The administrator narrows the account to one class, and ends what is open.
    page.reload()
    page.get_by_role("button", name="lianxi").click()
    drawer = page.get_by_role("dialog", name="lianxi")
    expect(drawer).to_contain_text("Chrome")
    classes = drawer.locator("section", has=page.get_by_role("heading", name="分类", exact=True))
    classes.get_by_role("button", name="限定").click()
    classes.get_by_role("searchbox").fill("学校")
    classes.get_by_role("checkbox", name="学校", exact=True).click()
    drawer.get_by_role("button", name="保存").click()
    expect(page.get_by_role("row", name=re.compile("lianxi"))).to_contain_text("濂溪区学校")
    assert mine.get("/api/session").status_code == 401


def test_the_last_administrator_cannot_be_taken_away(open_page: Any) -> None:
    page = opened(open_page, "admin", ADMIN_PASSWORD, "账号")
    page.get_by_role("button", name="admin", exact=True).click()
    drawer = page.get_by_role("dialog", name="admin")
    expect(drawer.get_by_role("switch", name="账号可用")).to_be_disabled()
    drawer.get_by_role("radio", name=re.compile("查看 ?只看不改")).check(force=True)
    drawer.get_by_role("button", name="保存").click()
    expect(drawer.get_by_role("alert")).to_contain_text("最后一个可用的管理员")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(page.get_by_role("button", name="admin", exact=True)).to_be_focused()


def test_an_account_is_unlocked_and_its_password_reset(open_page: Any, address: str) -> None:
    admin = client_of(address, "admin", ADMIN_PASSWORD)
    admin.post("/api/accounts", json={"username": "zhuce", "password": OTHER_PASSWORD, "role": "reader"})
    for _ in range(5):
        admin.post("/api/session", json={"username": "zhuce", "password": "wrong-password-1"})
    page = opened(open_page, "admin", ADMIN_PASSWORD, "账号")
    row = page.get_by_role("row", name=re.compile("zhuce"))
    expect(row).to_contain_text("锁定")
    page.get_by_role("button", name="zhuce").click()
    drawer = page.get_by_role("dialog", name="zhuce")
    drawer.get_by_role("button", name="解锁").click()
    expect(drawer.get_by_role("button", name="解锁")).to_have_count(0)
    drawer.get_by_role("button", name="重设密码").click()
    drawer.locator("input[name=new-password]").fill("short")
    drawer.get_by_role("button", name="重设", exact=True).click()
    expect(drawer.get_by_role("alert")).to_contain_text("还不合要求")
    drawer.get_by_role("button", name="生成").click()
    made = drawer.locator("input[name=new-password]").input_value()
    drawer.get_by_role("button", name="重设", exact=True).click()
    expect(drawer).to_contain_text("待改初始密码")
    assert client_of(address, "zhuce", made).get("/api/objects").json()["code"] == "password_expired"

    # What was just typed is not asked for again.
    other = open_page().page
    sign_in(other, "zhuce", made)
    other.locator("input[name=fresh]").fill(OWN_PASSWORD)
    expect(other.locator("input[name=old]")).to_have_count(0)
    other.locator("input[name=again]").fill(OWN_PASSWORD)
    other.get_by_role("button", name="修改并进入").click()
    expect(other.locator(".bar .who")).to_contain_text("zhuce")
    assert client_of(address, "zhuce", OWN_PASSWORD).get("/api/session").json()["must_change"] is None


def test_my_account_shows_rights_changes_the_password_and_makes_a_token(open_page: Any, address: str) -> None:
    admin = client_of(address, "admin", ADMIN_PASSWORD)
    admin.post("/api/accounts", json={"username": "wode", "password": OTHER_PASSWORD, "role": "reader"})
    elsewhere = client_of(address, "wode", OTHER_PASSWORD)
    page = opened(open_page, "wode", OTHER_PASSWORD, "我的账号")
    expect(page.locator(".say")).to_have_text("查看；可见：全域全部分类；内部级以下。")
    sessions = page.get_by_role("region", name="我的登录")
    expect(sessions.get_by_role("listitem")).to_have_count(2)
    expect(sessions).to_contain_text("本次")

    tokens = page.get_by_role("region", name="我的访问令牌")
    tokens.locator("input[name=token-name]").fill("qgis")
    tokens.get_by_role("button", name="新建令牌").click()
    secret = tokens.locator("code").inner_text()
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {secret}"}) as program:
        assert program.get("/api/rights").json()["signed_in"] is True
    page.reload()
    expect(tokens.locator("code")).to_have_count(0)
    expect(tokens.get_by_role("listitem")).to_contain_text("最近使用")

    page.locator("input[name=old]").fill(OTHER_PASSWORD)
    page.locator("input[name=fresh]").fill(OWN_PASSWORD)
    page.locator("input[name=again]").fill(OWN_PASSWORD)
    page.get_by_role("button", name="修改", exact=True).click()
    expect(page.locator(".el-message")).to_contain_text("密码已修改")
    expect(sessions.get_by_role("listitem")).to_have_count(1)
    assert elsewhere.get("/api/session").status_code == 401

    again = client_of(address, "wode", OWN_PASSWORD)
    page.reload()
    expect(sessions.get_by_role("listitem")).to_have_count(2)
    sessions.get_by_role("button", name=re.compile("^结束 ")).click()
    sessions.get_by_role("button", name=re.compile("^确定结束")).click()
    expect(sessions.get_by_role("listitem")).to_have_count(1)
    assert again.get("/api/session").status_code == 401
    tokens.get_by_role("button", name="作废 qgis").click()
    tokens.get_by_role("button", name="确定作废 qgis").click()
    expect(tokens).to_contain_text("没有令牌")


def test_the_auditor_filters_reads_exports_and_checks(
    open_page: Any, address: str, auditor: str, settings: Settings
) -> None:
    admin = client_of(address, "admin", ADMIN_PASSWORD)
    body = {"username": "shenhe", "password": OTHER_PASSWORD, "role": "editor", "areas": [HERE]}
    assert admin.post("/api/accounts", json=body).status_code == 201
    assert admin.patch("/api/accounts/shenhe", json={"areas": [THERE], "tier": "command"}).status_code == 200
    page = opened(open_page, auditor, OTHER_PASSWORD, "操作记录")
    rows = page.locator("tbody tr")
    page.get_by_label("文字").fill("shenhe")
    expect(rows).to_have_count(2)
    page.locator("select[name=action]").select_option(label="修改")
    expect(rows).to_have_count(1)
    rows.first.click()
    drawer = page.get_by_role("dialog", name="记录")
    expect(drawer.get_by_role("row", name=re.compile("区域"))).to_have_text(re.compile("濂溪区.*湖口县"))
    expect(drawer.get_by_role("row", name=re.compile("密级"))).to_have_text(re.compile("内部.*受控"))
    page.keyboard.press("Escape")
    with page.expect_download() as download:
        page.get_by_role("button", name="导出 csv").click()
    assert re.fullmatch(r"操作记录-\d{8}-\d{6}\.csv", download.value.suggested_filename)
    exported = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert [(r["谁"], r["操作"], r["对象"]) for r in exported] == [("admin", "修改", "shenhe")]
    with page.expect_download() as download:
        page.get_by_role("button", name="导出 xlsx").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    page.get_by_role("button", name="清除条件").click()
    expect(rows.first).to_contain_text("导出")

    page.get_by_role("button", name="校验").click()
    told = page.locator(".ac-check")
    expect(told).to_contain_text("链完整")
    kept = told.locator("code").inner_text()
    number = int(re.search(r"第 ([\d,]+) 条", told.locator(".ac-head").inner_text()).group(1).replace(",", ""))  # type: ignore[union-attr]

    owner: Engine = create_engine(superuser_url(settings))
    with owner.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        gone = connection.scalar(
            text(
                "DELETE FROM audit_entry AS e USING audit_link AS l WHERE l.entry_id = e.entry_id"
                " AND e.ref = 'shenhe' AND e.action = 'update' RETURNING l.n"
            )
        )
    owner.dispose()
    page.get_by_role("button", name="校验").click()
    expect(told).to_contain_text(f"第 {gone - 1} 条之后少了 1 条")
    told.get_by_text("核对留存的指纹").click()
    told.get_by_label("序号").fill(str(number))
    told.get_by_label("指纹（64 位）").fill(kept)
    told.get_by_role("button", name="核对", exact=True).click()
    expect(told).to_contain_text("与留存的一致")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1920, 1080)])
def test_the_pages_fit_a_phone_and_a_wide_screen(open_page: Any, auditor: str, width: int, height: int) -> None:
    page = open_page(width=width, height=height).page
    sign_in(page, auditor, OTHER_PASSWORD)
    if width < 900:
        page.get_by_role("button", name="显示与账户").click()
    page.get_by_role("link", name="管理").click()
    for place in ("操作记录", "我的账号"):
        page.get_by_role("link", name=place).click()
        expect(page.locator(".ac-panel").first).to_be_visible()
        assert page.evaluate("() => document.querySelector('.side-body').scrollWidth <= innerWidth")
