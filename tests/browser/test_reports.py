"""成果 on the page: ordered, followed, its files, 审核, 签发 and 撤回 by three accounts; damaged; columns of the lists."""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import Engine

from riskmap.access.admin import add_account
from riskmap.base import clock
from riskmap.base.settings import Settings
from tests.api.reports import wait
from tests.browser.conftest import Watched, at_rest
from tests.browser.test_admission import in_office
from tests.browser.test_admission_templates import give, template
from tests.conftest import ADMIN_PASSWORD, OTHER_PASSWORD

DEMO = True
COUNTY = "360402"
LONG = 240_000  # a bound against hanging: a set is made meanwhile
OFFICERS: dict[str, tuple[str, list[str]]] = {
    "王编制": ("editor", []), "李审核": ("editor", []), "张局长": ("administrator", ["sign"]), "赵查看": ("reader", []),
}  # fmt: skip


@pytest.fixture(scope="module")
def office(address: str, engine: Engine) -> Iterator[httpx.Client]:
    """The administrator, by the service alone; beside him who makes, reviews, issues and reads."""
    for name, (role, may) in OFFICERS.items():
        limits: dict[str, list[str]] = {"areas": [], "departments": [], "classes": [], "may": may}
        add_account(engine, {"username": name, "password": OTHER_PASSWORD, "role": role, "tier": "command", **limits})
    with closing(in_office(address, "admin", ADMIN_PASSWORD)) as client:
        yield client


Enter = Callable[..., Page]


@pytest.fixture
def enter(open_page: Callable[..., Watched], address: str, office: httpx.Client) -> Iterator[Enter]:
    """Opens a page as one of them. Refusals that a test asks for are no fault of the page."""
    opened: list[Watched] = []

    def enter_(who: str, path: str) -> Page:
        watched = open_page(path="/help")
        opened.append(watched)
        page = watched.page
        answer = page.request.post(f"{address}/api/session", data={"username": who, "password": OTHER_PASSWORD})
        assert answer.ok, answer.text()
        page.goto(f"{address}{path}")
        return page

    yield enter_
    meant = re.compile(r"status of (404|409|422)")
    for watched in opened:
        watched.wrong = [w for w in watched.wrong if not meant.search(w)]


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def stage(page: Page) -> Locator:
    return page.locator(".adm-head .tag").nth(2)


def figure(page: Page, name: str) -> int:
    return int(page.locator(f"[data-figure={name}] dd").inner_text().replace(",", ""))


def ordered(office: httpx.Client, **given: Any) -> dict[str, Any]:
    """A small set, made by the service alone."""
    body = {"title": "小套", "division": COUNTY, "sheets": [], "booklet": False, **given}
    answer = office.post("/api/reports", json=body)
    assert answer.status_code == 202, answer.text
    found = wait(office, answer.json()["id"])  # type: ignore[arg-type]
    assert found["status"] == "done", found["message"]
    return found


def test_a_set_from_its_order_to_its_issue_and_its_withdrawal(enter: Enter, office: httpx.Client) -> None:
    page = enter("王编制", "/reports")
    expect(page).to_have_title("成果 · 城市安全风险一张图")
    expect(page.locator(".rp-list .empty")).to_contain_text("还没有成果")
    page.locator(".adm-head").get_by_role("link", name="生成成果").click()
    expect(page).to_have_title("生成成果 · 城市安全风险一张图")

    # What it is called follows where it is of, until somebody names it.
    title = page.get_by_label("标题")
    expect(title).to_have_value("九江市城市安全风险评估")
    page.get_by_label("区域").fill("濂溪")
    page.get_by_role("option", name="濂溪区").first.click()
    expect(title).to_have_value("濂溪区城市安全风险评估")
    told = office.get("/api/counts", params={"by": "grade", "division": COUNTY}).json()
    of = {row["grade"]: row["n"] for row in told["rows"]}
    counted = page.locator(".rp-count dd")
    expect(counted).to_have_text([str(n) for n in (of["major"], of["serious"], told["total"], told["unplaced"])])
    title.fill("")
    button(page, "生成").click()
    expect(page.get_by_text("请填写标题。")).to_be_visible()
    expect(title).to_be_focused()
    title.fill("濂溪区第一期")
    page.get_by_text("某一天", exact=True).click()
    button(page, "生成").click()
    expect(page.locator(".rp-time .err-text")).to_have_text(f"请选不晚于 {clock.today()} 的日期。")
    page.get_by_text("现在", exact=True).click()
    page.get_by_role("button", name="加一幅").click()
    expect(page.get_by_label("第 2 幅的纸张")).to_be_focused()
    page.get_by_role("checkbox", name="第 2 幅为密度图").click()
    expect(page.locator(".rp-will")).to_contain_text("安全风险密度图，A3 横")
    button(page, "去掉第 2 幅").click()
    expect(button(page, "去掉第 1 幅")).to_be_focused()
    page.get_by_label("第 1 幅的纸张").select_option("A4")
    page.get_by_role("checkbox", name=re.compile("^图册")).click()
    expect(page.locator(".rp-will")).not_to_contain_text("密度图")

    # Followed without a reload.
    button(page, "生成").click()
    expect(page).to_have_url(re.compile(r"/reports/rp_[0-9a-f]{32}$"))
    expect(page.locator(".rp-progress")).to_contain_text(re.compile("排队中|正在生成"))
    before = page.evaluate("() => performance.timeOrigin")
    expect(page.locator(".rp-progress")).to_have_count(0, timeout=LONG)
    assert page.evaluate("() => performance.timeOrigin") == before
    here = page.url
    path = "/" + here.split("/", 3)[3]
    said = office.get(f"/api{path}").json()
    expect(page).to_have_title(f"{said['number']} 濂溪区第一期 · 城市安全风险一张图")
    for name in ("major", "serious", "none"):
        assert figure(page, name) == of[name]
    assert (figure(page, "total"), figure(page, "unplaced")) == (told["total"], told["unplaced"])
    expect(page.locator(".rp-facts")).to_contain_text(said["check"])

    # Its files, as the service says; its sheet as a picture; one taken away is whole.
    names = [f["name"] for f in said["files"] if f["name"] != "all.zip"]
    shown = page.locator("[data-file]").evaluate_all("all => all.map((one) => one.dataset.file)")
    assert sorted(shown) == sorted(names)
    lists = page.get_by_role("region", name="三单", exact=True)
    expect(lists.locator("li")).to_have_count(3)
    with page.expect_download() as taken:
        button(lists, "下载重大风险清单.xlsx").click()
    listed = next(f for f in said["files"] if f["name"] == "重大风险清单.xlsx")
    assert hashlib.sha256(Path(taken.value.path()).read_bytes()).hexdigest() == listed["sha256"]
    page.locator(".rp-pictures .pic").first.click()
    picture = page.locator(".rp-sheet img")
    expect(picture).to_be_visible()
    page.wait_for_function("() => document.querySelector('.rp-sheet img').naturalWidth > 500")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    # By class as the table of the county has it, and what is not known.
    button(page, "按分类").click()
    expect(page.locator(".rp-nums tbody tr")).to_have_count(len(said["figures"]["by_class"]))
    button(page, "没有掌握的").click()
    expect(page.locator(".rp-unknown")).to_contain_text("尚未评定，不等于低风险")
    expect(page.get_by_role("region", name="与上一期相比")).to_contain_text("没有可比的上一期")

    # Who made it decides nothing.
    expect(page.locator(".rp-side")).to_contain_text("您是编制人，由他人审核和签发。")
    expect(button(page, "审核")).to_have_count(0)
    expect(button(page, "签发")).to_have_count(0)

    reviewer = enter("李审核", path)
    button(reviewer, "审核").click()
    dialog = reviewer.get_by_role("dialog", name="审核")
    dialog.get_by_label("说明").fill("数字核过")
    button(dialog, "审核").click()
    expect(stage(reviewer)).to_have_text("已审核")
    expect(reviewer.locator(".rp-side")).to_contain_text("数字核过")
    expect(button(reviewer, "签发")).to_have_count(0)  # without the right to
    button(reviewer, "退回").click()
    dialog = reviewer.get_by_role("dialog", name="退回")
    button(dialog, "退回").click()
    expect(dialog.get_by_text("请写明原因。")).to_be_visible()
    expect(dialog.get_by_label("原因")).to_be_focused()
    dialog.get_by_label("原因").fill("标题再看看")
    button(dialog, "退回").click()
    expect(stage(reviewer)).to_have_text("草稿")
    expect(reviewer.locator(".rp-side")).to_contain_text("标题再看看")

    # Somebody else was first: it is said, and the page behind shows how it stands.
    chief = enter("张局长", path)
    expect(button(chief, "审核")).to_be_visible()
    office.post(f"/api{path}/review", json={}).raise_for_status()
    button(chief, "审核").click()
    dialog = chief.get_by_role("dialog", name="审核")
    button(dialog, "审核").click()
    expect(dialog.get_by_role("alert")).to_contain_text("已审核，不能再审核")
    expect(stage(chief)).to_have_text("已审核")
    button(dialog, "取消").click()
    button(chief, "签发").click()
    dialog = chief.get_by_role("dialog", name="签发")
    expect(dialog).to_contain_text("数字与现在的相同才签发")
    button(dialog, "签发").click()
    expect(chief.locator(".rp-progress")).to_contain_text("正在签发")
    expect(chief.locator(".rp-progress")).to_have_count(0, timeout=LONG)
    expect(stage(chief)).to_have_text("已签发")
    expect(chief.locator(".rp-facts")).to_contain_text(said["check"])
    expect(chief.locator(".rp-flow .on")).to_have_count(3)
    assert office.get(f"/api{path}").json()["issued_by"] == "张局长"

    # In the list, by stage.
    page.locator(".adm-head").get_by_role("link", name="返回成果").click()
    row = page.locator("tr[data-set]")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("已签发")
    page.get_by_role("button", name=re.compile("^草稿")).click()
    expect(page.locator(".rp-list .empty")).to_contain_text("没有草稿的成果")
    button(page, "看全部").click()
    expect(row).to_have_count(1)

    button(chief, "撤回").click()
    dialog = chief.get_by_role("dialog", name="撤回")
    dialog.get_by_label("原因").fill("图上有误")
    button(dialog, "撤回").click()
    expect(stage(chief)).to_have_text("已撤回")
    expect(chief.locator(".rp-bad")).to_contain_text("不得再用")
    expect(button(chief, "撤回")).to_have_count(0)
    expect(chief.locator("main h1")).to_be_focused()  # the button is no more


def test_what_has_changed_since_the_last_issue_leads_to_the_objects(enter: Enter, office: httpx.Client) -> None:
    chief = in_office(str(office.base_url), "张局长", OTHER_PASSWORD)
    first = ordered(office, title="上期")
    reviewer = in_office(str(office.base_url), "李审核", OTHER_PASSWORD)
    reviewer.post(f"/api/reports/{first['id']}/review", json={}).raise_for_status()
    chief.post(f"/api/reports/{first['id']}/sign", json={}).raise_for_status()
    assert wait(office, first["id"])["stage"] == "issued"  # type: ignore[arg-type]
    body = {
        "class": "risk-point", "name": "后来的重大风险", "division": COUNTY, "valid_from": "2026-01-01",
        "geometry": {"type": "Point", "coordinates": [115.99, 29.66]},
        "attributes": {"method": "LEC", "L": 10, "E": 6, "C": 15},
    }  # fmt: skip
    made = office.post("/api/objects", json=body)
    assert made.status_code == 201, made.text
    second = ordered(office, title="本期")
    page = enter("赵查看", f"/reports/{second['id']}")
    changes = page.get_by_role("region", name="与上一期相比")
    expect(changes.get_by_role("link", name=re.compile(first["number"]))).to_be_visible()
    before, after = (second["changes"]["totals"][k]["major"] for k in ("before", "after"))
    expect(changes.locator("[data-change=major]")).to_contain_text(f"{before} → {after}")
    came = changes.locator("[data-move=came]")
    expect(came.locator("li")).to_have_count(1)
    # Who only reads downloads and decides nothing.
    expect(page.locator(".adm-head .acts-row")).to_have_count(0)
    expect(button(page, "下载滚动排查清单.xlsx")).to_be_visible()
    came.get_by_role("link", name="后来的重大风险").click()
    expect(page).to_have_url(re.compile(f"/objects/{made.json()['id']}$"))
    page.goto(f"{str(office.base_url).rstrip('/')}/reports/new")
    expect(page.get_by_role("alert")).to_contain_text("只有管理员和编辑可以生成成果")


def test_a_damaged_set_says_so_and_is_made_again_with_the_same_figures(
    enter: Enter, office: httpx.Client, settings: Settings
) -> None:
    made = ordered(office, title="会坏的")
    page = enter("王编制", f"/reports/{made['id']}")
    expect(button(page, "下载重大风险清单.xlsx")).to_be_visible()
    (found,) = (settings.data_dir / "reports").glob(f"{made['id']}-*/重大风险清单.xlsx")
    whole = found.read_bytes()
    found.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))  # the same length
    button(page, "下载重大风险清单.xlsx").click()
    expect(page.locator(".rp-files").get_by_role("alert")).to_contain_text("文件已损坏或不全，不再提供下载")
    found.unlink()
    page.reload()
    expect(page.locator(".rp-bad")).to_contain_text("点“按原状态重新生成”")
    expect(page.locator("[data-file]")).to_have_count(0)
    button(page, "按原状态重新生成").click()
    button(page.get_by_role("dialog"), "按原状态重新生成").click()
    expect(page).not_to_have_url(re.compile(made["id"]))
    expect(button(page, "下载重大风险清单.xlsx")).to_be_visible(timeout=LONG)
    expect(page.locator(".rp-facts")).to_contain_text(made["check"])
    expect(page.get_by_role("region", name="各版").locator("li")).to_have_count(2)


def test_a_set_that_failed_says_why_and_what_to_do(enter: Enter, office: httpx.Client) -> None:
    page = enter("王编制", "/reports/new")
    page.get_by_label("标题").fill("取消的")
    button(page, "生成").click()
    button(page, "取消生成").click()
    expect(page.locator(".rp-bad")).to_contain_text("排除原因后点“重新生成”", timeout=LONG)
    expect(page.locator(".adm-head")).to_contain_text("没有完成")
    expect(button(page, "重新生成")).to_be_visible()
    # Its work is in the list of jobs, and leads back here.
    at = page.url
    page.locator(".places").get_by_role("link", name="数据").click()
    page.locator(".side-menu").get_by_role("link", name="任务").click()
    page.get_by_role("link", name=re.compile("取消的")).first.click()
    expect(page).to_have_url(at)


def test_the_selection_of_the_map_is_taken_with_its_area(enter: Enter, office: httpx.Client) -> None:
    page = enter("王编制", f"/#class=risk-point&grade=major,serious&division={COUNTY}")
    page.wait_for_selector(".words .total")
    page.locator(".places").get_by_role("link", name="成果").click()
    page.locator(".adm-head").get_by_role("link", name="生成成果").click()
    page.get_by_text("用地图上现在的选择").click()
    expect(page.locator(".rp-fixed")).to_contain_text("濂溪区")
    expect(page.locator(".rp-choose .on")).to_contain_text("较大以上")
    asked = {"by": "grade", "class": "risk-point", "grade": "major,serious", "division": COUNTY}
    told = office.get("/api/counts", params=asked).json()
    expect(page.locator(".rp-count dd").nth(2)).to_have_text(str(told["total"]))
    page.get_by_role("checkbox", name=re.compile("^图册")).click()
    button(page, "去掉第 1 幅").click()
    expect(page.get_by_text("不出图。可加一幅。")).to_be_visible()
    button(page, "生成").click()
    expect(page).to_have_url(re.compile("/reports/rp_"))
    made = wait(office, page.url.rsplit("/", 1)[1])  # type: ignore[arg-type]
    assert made["status"] == "done", made["message"]
    assert made["selection"] == {"class": ["risk-point"], "grade": ["major", "serious"], "division": [COUNTY]}
    assert made["figures"]["totals"]["total"] == told["total"]
    expect(page.locator(".rp-side")).to_contain_text("濂溪区；")


def test_a_public_set_does_not_tell_of_towns_what_it_cannot_know(enter: Enter, office: httpx.Client) -> None:
    made = ordered(office, title="给公众的", public=True)
    told = [part for part in made["figures"]["by_division"] if part["total"]]
    assert [part["code"] for part in told] == [COUNTY]
    page = enter("赵查看", f"/reports/{made['id']}")
    expect(page.locator(".adm-head")).to_contain_text("公开版")
    expect(page.locator(".rp-nums tbody tr")).to_have_count(1)
    expect(page.locator(".rp-figures")).to_contain_text("没有列出的，不等于没有")
    expect(page.locator(".rp-side .kv")).to_contain_text("公开")
    expect(page.locator("[data-file='滚动排查清单.xlsx']")).to_have_count(0)


def names_of(page: Page) -> list[str]:
    found: list[str] = page.locator("[data-column]").evaluate_all("all => all.map((one) => one.dataset.column)")
    return found


def test_columns_of_a_list_are_ordered_hidden_kept_and_put_back(enter: Enter, office: httpx.Client) -> None:
    page = enter("张局长", "/reports/columns")
    expect(page).to_have_title("清单列 · 城市安全风险一张图")
    button(page, "重大风险清单").click()
    box = page.get_by_role("region", name="重大风险清单")
    expect(box).to_contain_text("随产品")
    shipped = names_of(page)
    down = page.get_by_role("button", name="“登记号”下移")
    down.focus()
    page.keyboard.press("Enter")
    expect(down).to_be_focused()
    page.keyboard.press("Enter")
    assert names_of(page)[:3] == [shipped[1], shipped[2], shipped[0]]
    rows = page.locator("[data-column]")
    rows.nth(5).drag_to(rows.nth(0))
    assert names_of(page)[0] == shipped[5]
    page.get_by_role("checkbox", name="显示“风险等级”").click()
    # Not lost by going elsewhere unasked.
    page.locator(".adm-tabs").get_by_role("link", name="各套成果").click()
    button(page.get_by_role("dialog", name="改动没有保存"), "取消").click()
    wanted = names_of(page)
    button(page, "保存").click()
    expect(box).to_contain_text("本局")
    expect(box).to_contain_text("张局长")
    kept = next(one for one in office.get("/api/reports/layouts").json()["items"] if one["list"] == "major-risks")
    assert [c["name"] for c in kept["columns"]] == wanted
    assert [c["name"] for c in kept["columns"] if c["hidden"]] == ["grade"]
    # Nothing shown at all is refused, in words.
    on = page.locator(".rp-order [aria-checked=true]")
    for _ in range(on.count()):
        on.first.click()
    expect(on).to_have_count(0)
    button(page, "保存").click()
    expect(box.get_by_role("alert")).to_contain_text("至少要显示一列")
    button(page, "放弃改动").click()
    button(page, "还原为随产品的").click()
    button(page.get_by_role("dialog", name="还原为随产品的"), "还原为随产品的").click()
    expect(box.locator(".ph .tag")).to_have_text("随产品")
    assert names_of(page) == shipped

    other = enter("赵查看", "/reports/columns")
    expect(other.get_by_text("只有管理员可以调整")).to_be_visible()
    expect(other.get_by_role("button", name="“登记号”下移")).to_have_count(0)
    at_rest(other)


def test_the_report_has_a_template_of_the_bureau(enter: Enter, tmp_path: Path) -> None:
    page = enter("张局长", "/reports")
    page.locator(".adm-tabs").get_by_role("link", name="报告模板").click()
    expect(page).to_have_title("报告模板 · 城市安全风险一张图")
    one = page.locator("li[data-kind=report]")
    expect(one.locator(".tag")).to_have_text("随产品")
    fields = page.get_by_role("region", name="可用的字段")
    for said in ("{{ 核验码 }}", "{{ 正文 }}", "整段的内容"):
        expect(fields).to_contain_text(said)
    title = one.get_by_role("heading").inner_text()
    give(page, title, template(tmp_path / "错的.docx", "{{ 标题 }}", "{{ 没有的字段 }}"))
    expect(page.get_by_role("alert")).to_contain_text("“没有的字段”")
    expect(one.locator(".tag")).to_have_text("随产品")
    give(page, title, template(tmp_path / "九江报告.docx", "{{ 标题 }}", "{{ 正文 }}"))
    expect(one.locator(".tag")).to_have_text("本局")
    expect(one).to_contain_text("九江报告.docx")
    button(page, f"把{title}还原为随产品的").click()
    button(page.get_by_role("dialog"), "还原为随产品的").click()
    expect(one.locator(".tag")).to_have_text("随产品")
