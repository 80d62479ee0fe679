"""文书模板 on the page: whose is in force; a bureau's own taken, refused in a sentence, put back; the fields to be found."""

import io
from pathlib import Path
from typing import Any

import docx
from playwright.sync_api import Page, expect

from riskmap.access.admin import add_account
from tests.conftest import OTHER_PASSWORD

DEMO = True


def template(path: Path, *paragraphs: str) -> Path:
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    document.save(path)
    return path


def give(page: Page, title: str, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=f"上传本局的{title}模板").click()
    chooser.value.set_files(path)


def text_of(page: Page, button: str) -> str:
    with page.expect_download() as taken:
        page.get_by_role("button", name=button).click()
    document = docx.Document(io.BytesIO(Path(taken.value.path()).read_bytes()))
    return "\n".join(p.text for p in document.paragraphs)


def test_an_own_template_is_tried_taken_told_of_and_put_back(open_page: Any, tmp_path: Path) -> None:
    watched = open_page(signed=True, path="/admission/templates")
    page = watched.page
    expect(page).to_have_title("文书模板 · 城市安全风险一张图")
    notice = page.locator("li[data-kind=notice]")
    expect(notice).to_contain_text("随产品")
    give(page, "安全告知书", template(tmp_path / "错的.docx", "{{ 单位全称 }}，{{ 名称 }}"))
    expect(page.get_by_role("alert")).to_have_text(
        "安全告知书没有更换：模板里的字段“单位全称”不认识，请改为字段表中的名称。"
    )
    expect(notice).to_contain_text("随产品")
    assert watched.wrong
    assert all("422" in said for said in watched.wrong)
    watched.wrong.clear()

    give(page, "安全告知书", template(tmp_path / "九江告知书.docx", "九江市应急管理局", "{{ 名称 }}"))
    expect(page.locator(".tp-main").get_by_role("status")).to_contain_text("安全告知书已换成本局的模板")
    for said in ("本局", "自何时", "admin", "九江告知书.docx"):
        expect(notice).to_contain_text(said)
    assert "九江市应急管理局" in text_of(page, "下载现用的安全告知书模板")
    assert "九江市应急管理局" not in text_of(page, "下载随产品的安全告知书模板")
    page.get_by_role("button", name="把安全告知书还原为随产品的").click()
    dialog = page.get_by_role("dialog", name="还原为随产品的")
    expect(dialog).to_contain_text("本局的这一份不再保留")
    dialog.get_by_role("button", name="还原为随产品的").click()
    expect(page.locator(".tp-main").get_by_role("status")).to_contain_text("安全告知书已还原为随产品的模板")
    expect(notice.locator(".tag")).to_have_text("随产品")
    assert "九江市应急管理局" not in text_of(page, "下载现用的安全告知书模板")


def test_the_fields_are_found_by_name_and_by_meaning(open_page: Any) -> None:
    page = open_page(signed=True, path="/admission/templates").page
    fields = page.get_by_role("region", name="可用的字段")
    expect(fields).to_contain_text("{{ 案号 }}")
    expect(fields).to_contain_text("{%tr for 行 in 命中 %}")
    page.get_by_role("searchbox", name="查字段").fill("主管部门")
    expect(fields).to_contain_text("{{ 行.部门 }}")
    expect(fields).not_to_contain_text("{{ 案号 }}")
    page.get_by_role("searchbox", name="查字段").fill("没有的")
    expect(fields).to_contain_text("没有这样的字段。")


def test_who_is_no_administrator_reads_and_downloads(open_page: Any, engine: Any, address: str) -> None:
    limits: dict[str, list[str]] = {"areas": [], "departments": [], "classes": [], "may": []}
    add_account(
        engine, {"username": "clerk", "password": OTHER_PASSWORD, "role": "editor", "tier": "department", **limits}
    )
    page = open_page(path="/admission/templates").page
    page.request.post(f"{address}/api/session", data={"username": "clerk", "password": OTHER_PASSWORD})
    page.reload()
    expect(page.get_by_text("只有管理员可以更换和还原")).to_be_visible()
    expect(page.get_by_role("button", name="下载现用的核查表模板")).to_be_visible()
    expect(page.get_by_role("button", name="上传本局的核查表模板")).to_have_count(0)


def test_every_page_of_admission_has_its_title(open_page: Any) -> None:
    page = open_page(signed=True, path="/admission").page
    for path, title in (
        ("/admission", "准入案"), ("/admission/where", "哪里可以"), ("/admission/rules", "规则"), ("/admission/new", "新建核验"),
        ("/admission/templates", "文书模板"), ("/admission/holidays", "工作日"), ("/admission/batch", "导入日清单"),
    ):  # fmt: skip
        page.evaluate(
            "(path) => document.querySelector('#app').__vue_app__.config.globalProperties.$router.push(path)", path
        )
        expect(page).to_have_title(f"{title} · 城市安全风险一张图")
    expect(page.locator(".adm-tabs a")).to_have_text(["案件", "哪里可以", "规则", "模板", "工作日"])
    page.locator(".places").get_by_role("link", name="一张图").click()
    expect(page).to_have_title("城市安全风险一张图")
