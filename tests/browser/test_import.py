"""The import wizard, the queue 待定位 and the jobs, driven as the clerk does."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import openpyxl
import pytest
from playwright.sync_api import Page, Request, expect

DEMO = True

TITLES = {"school": "学校", "tailings-pond": "尾矿库", "risk-point": "风险点"}
DATUMS = {"EPSG:4490": "CGCS2000"}  # where neither file nor header says it and one must choose
FILLS = {"back": "F9CBD6", "waiting": "FFE2A0"}
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)


def csv_of(rows: int, first: int = 1) -> bytes:
    """Schools with codes, names and positions in CGCS2000."""
    lines = ["学校代码,学校名称,学生人数,经度(CGCS2000),纬度(CGCS2000)"]
    lines += [
        f"DR-{n:06},例批{n}小学,{300 + n % 50},{115.9 + n % 100 / 1000:.5f},{29.6 + n % 70 / 1000:.5f}"
        for n in range(first, first + rows)
    ]
    return "\n".join(lines).encode()


def upload(page: Page, name: str, body: bytes | Path, title: str) -> None:
    """Step 1: the file and its class."""
    page.goto(urljoin(page.url, "/data/import"))
    field = page.locator(".drop input[type=file]")
    field.set_input_files(body if isinstance(body, Path) else {"name": name, "mimeType": "text/csv", "buffer": body})
    expect(page.locator(".drop .file-name")).to_have_text(name)
    page.get_by_role("searchbox", name="查找分类").fill(title)
    page.locator(".pick").get_by_text(title, exact=True).click()
    page.get_by_role("button", name="下一步").click()


def dry_run(page: Page, datum: str | None = None) -> None:
    """Steps 2 to 4: columns as they were recognised, the datum, the dry run."""
    expect(page.locator(".cols-t tbody tr").first).to_be_visible()
    page.get_by_role("button", name="下一步").click()
    expect(page.locator(".datum-step .strip")).to_be_visible()
    if datum:
        page.locator(".datum", has_text=datum).click()
        expect(page.locator(".datum.on")).to_contain_text(datum)
    page.get_by_role("button", name="开始预演").click()
    expect(page.locator("[data-count=read]")).to_be_visible(timeout=60_000)


def counts(page: Page) -> dict[str, int]:
    """The counters as they stand on the page."""
    return {
        str(c.get_attribute("data-count")): int(c.inner_text().replace(",", ""))
        for c in page.locator("[data-count]").all()
    }


def choose(page: Page, header: str, target: str) -> None:
    """Step 2: what a column fills, by hand."""
    page.get_by_role("combobox", name=f"“{header}”对应的字段").click()
    page.keyboard.type(target)
    page.locator(".el-select-dropdown__item:visible", has_text=target).first.click()
    expect(page.locator(".el-select-dropdown__item:visible")).to_have_count(0)


def take(page: Page) -> None:
    """Step 5: write what the dry run has shown."""
    page.get_by_role("button", name=re.compile(r"^入库 [\d,]+ 行$")).click()
    expect(page.locator(".result h3")).to_have_text(re.compile("^已入库"), timeout=120_000)


def marked(page: Page, tab: str, css: str) -> dict[int, set[str]]:
    """Per real row number, the headers of the cells that are in colour."""
    chosen = page.get_by_role("tab", name=tab)
    chosen.click()
    expect(chosen).to_have_attribute("aria-selected", "true")
    expect(page.locator(".rows-wrap")).to_have_attribute("aria-busy", "false")
    found: dict[int, set[str]] = {}
    for row in page.locator(".rows-t tbody tr").all():
        headers = [str(c.get_attribute("data-column")) for c in row.locator(f"td.{css}").all()]
        found[int(str(row.get_attribute("data-line")))] = set(headers)
    return found


def run_id(page: Page) -> str:
    """The run that the address names."""
    return str(re.search(r"id=(i_[0-9a-f]+)", page.url).group(1))  # type: ignore[union-attr]


def faults_of(page: Page, run: str) -> dict[tuple[str, int], set[str]]:
    """Per kind and line the codes, as the service gives them to this page."""
    items = page.request.get(f"/api/imports/{run}/rows?kind=back,waiting&limit=1000").json()["items"]
    return {(i["kind"], i["line"]): {f["code"] for f in i["faults"]} for i in items}


@pytest.fixture
def clerk(open_page: Any, address: str) -> Iterator[Any]:
    """A signed-in page whose requests know where the service is."""
    watched = open_page(path="/data/import", signed=True)
    get = watched.page.request.get
    watched.page.request.get = lambda path, **more: get(address + path, **more)
    yield watched
    # Tiles that were asked for as the public while the session began are refused, and asked for again.
    watched.wrong = [w for w in watched.wrong if "409" not in w]


def test_the_address_of_the_step_survives_a_reload_and_the_way_back(clerk: Any) -> None:
    page = clerk.page
    body = csv_of(8).replace("学生人数".encode(), "建筑面积".encode())
    upload(page, "例批.csv", body, "学校")
    expect(page.locator(".steps .on")).to_contain_text("对应列")
    page.get_by_role("combobox", name="“建筑面积”对应的字段").click()
    page.locator(".el-select-dropdown__item:visible", has_text="不导入").click()
    expect(page.locator(".cols-t tr.off")).to_have_count(1)
    page.reload()
    expect(page.locator(".cols-t tr.off")).to_contain_text("建筑面积")  # what was chosen by hand is still chosen
    dry_run(page)
    run = page.url
    page.get_by_role("button", name="上一步").click()
    expect(page.locator(".steps .on")).to_contain_text("坐标基准")
    page.go_back()
    expect(page.locator("[data-count=added]")).to_have_text("8")
    assert page.url == run
    page.reload()
    expect(page.locator("[data-count=added]")).to_have_text("8")
    # And the next file with this header is read as this one was, which is said.
    upload(page, "例批.csv", body, "学校")
    expect(page.locator(".cols-t tr.off")).to_contain_text("按上次的选择")


@pytest.mark.parametrize(
    "name", ["schools_bd09_gb18030.csv", "tailings_ponds_title_rows.xlsx", "risk_points_zone39.xlsx"]
)
def test_a_sample_goes_in_with_the_rows_its_list_names(clerk: Any, real_data: Path, tmp_path: Path, name: str) -> None:
    folder = real_data / "import-samples" / "invented"
    wanted = json.loads((folder / "expected.json").read_text(encoding="utf-8"))[name]
    page = clerk.page
    held = f"/api/counts?by=grade&stage=any&class={wanted['class']}"  # closed ponds too
    before = page.request.get(held).json()
    upload(page, name, folder / name, TITLES[wanted["class"]])
    expect(page.locator(".head-t .headed td.no").first).to_have_text(str(wanted["header_line"]))
    if "sheet" in wanted:
        expect(page.locator(".head-box select")).to_have_value(wanted["sheet"])
    dry_run(page, DATUMS.get(wanted["crs"]))

    said = counts(page)
    assert said["read"] == wanted["read"]
    assert (said["added"], said["back"], said["waiting"]) == (
        wanted["good"],
        len(wanted["back"]),
        len(wanted["waiting"]),
    )
    assert said["read"] == said["added"] + said["changed"] + said["same"] + said["waiting"] + said["back"]

    # Lines and cells as the page shows them; a header may carry its unit behind its name.
    shown = marked(page, "退回", "bad")
    assert sorted(shown) == [b["line"] for b in wanted["back"]]
    for b in wanted["back"]:
        assert [h for h in shown[b["line"]] if h.startswith(b["column"])], b
    waits = marked(page, "待定位", "wait")
    assert sorted(waits) == [w["line"] for w in wanted["waiting"]]
    codes = faults_of(page, run_id(page))
    for b in wanted["back"]:
        assert b["code"] in codes["back", b["line"]], b
    for w in wanted["waiting"]:
        assert w["why"] in codes["waiting", w["line"]], w

    with page.expect_download() as loaded:
        page.get_by_role("link", name="下载退回表").click()
    returned = tmp_path / "returned.xlsx"
    loaded.value.save_as(returned)
    assert loaded.value.suggested_filename.endswith(".xlsx")
    run = page.request.get(f"/api/imports/{run_id(page)}").json()
    workbook_names_every_fault(returned, wanted, run["sheet"], messages_of(page, run["id"]))

    take(page)
    done = counts(page)
    assert done == said
    after = page.request.get(held).json()
    assert after["total"] == before["total"] + said["added"] + said["waiting"]
    assert after["unplaced"] == before["unplaced"] + said["waiting"]


def messages_of(page: Page, run: str) -> dict[int, list[str]]:
    """Per line what is said of it, each thing once."""
    items = page.request.get(f"/api/imports/{run}/rows?kind=back,waiting&limit=1000").json()["items"]
    return {i["line"]: list(dict.fromkeys(f["message"] for f in i["faults"])) for i in items}


def workbook_names_every_fault(path: Path, wanted: dict[str, Any], sheet: str, said: dict[int, list[str]]) -> None:
    """The wrong cells are in colour, their rows say which way they went and why; no other cell of the data is."""
    book = openpyxl.load_workbook(path)
    found = book[sheet] if sheet in book.sheetnames else book.worksheets[0]
    header = wanted["header_line"]
    titles = {c.column: re.sub(r"\s", "", str(c.value or "")) for c in found[header]}
    way = next(column for column, title in titles.items() if title == "去向")
    reason = way + 1
    lines = {b["line"]: ("back", b["column"]) for b in wanted["back"]}
    lines |= {w["line"]: ("waiting", None) for w in wanted["waiting"]}
    coloured = {
        (cell.row, cell.column): str(cell.fill.fgColor.rgb)[-6:]
        for row in found.iter_rows(min_row=header + 1, max_col=way - 1)
        for cell in row
        if cell.fill.fill_type and str(cell.fill.fgColor.rgb)[-6:] in FILLS.values()
    }
    assert {line for line, _ in coloured} == set(lines)
    for line, (kind, column) in lines.items():
        cells = [c for r, c in coloured if r == line]
        assert {coloured[line, c] for c in cells} == {FILLS[kind]}
        if column:
            assert [c for c in cells if titles[c].startswith(column)], (line, column)
        assert found.cell(line, way).value == ("退回" if kind == "back" else "待定位")
        assert found.cell(line, reason).value == "；".join(said[line]), line


@pytest.mark.parametrize("stem", ["zone39_gbk", "cm117_gbk_noprj"])
def test_a_shapefile_goes_in_by_its_parts(clerk: Any, real_data: Path, stem: str) -> None:
    parts = sorted((real_data / "import-samples").glob(f"jiujiang_districts_cgcs2000_{stem}.*"))
    page = clerk.page
    page.goto(urljoin(page.url, "/data/import"))
    page.locator(".drop input[type=file]").set_input_files(parts)
    expect(page.locator(".drop .file-name")).to_have_text(f"jiujiang_districts_cgcs2000_{stem}.shp")
    page.get_by_role("searchbox", name="查找分类").fill("圩区")
    page.locator(".pick").get_by_text("圩区", exact=True).click()
    page.get_by_role("button", name="下一步").click()
    if stem == "zone39_gbk":  # with the second file it is remembered
        expect(page.get_by_role("alert")).to_contain_text("缺必填：名称")
        choose(page, "区县名称", "名称")
        choose(page, "国标码", "编号")
    dry_run(page)
    said = counts(page)
    assert (said["read"], said["back"], said["waiting"]) == (13, 0, 0)
    if said["added"]:  # the second file has the same districts: what is in already is the same
        take(page)
        assert counts(page) == said


def test_a_list_under_a_merged_title_goes_in(clerk: Any, real_data: Path) -> None:
    name = "met_stations_title_row.xlsx"
    page = clerk.page
    upload(page, name, real_data / "import-samples" / name, "水文监测站")
    expect(page.locator(".head-t .headed td.no").first).to_have_text("2")
    choose(page, "站台", "名称")
    choose(page, "区站号", "编号")
    dry_run(page, "WGS 84")
    said = counts(page)
    # All of China is in the file: what lies outside the city waits; its last two lines have no name.
    assert (said["read"], said["back"]) == (591, 2)
    assert said["added"] + said["waiting"] == 589
    assert said["waiting"] > 580


def test_the_same_file_twice_adds_nothing_and_a_changed_one_lists_what_changed(clerk: Any) -> None:
    page = clerk.page
    upload(page, "两次.csv", csv_of(12, first=100), "学校")
    dry_run(page)
    take(page)
    upload(page, "两次.csv", csv_of(12, first=100), "学校")
    dry_run(page)
    assert counts(page) == {"read": 12, "added": 0, "changed": 0, "same": 12, "waiting": 0, "back": 0}
    expect(page.get_by_role("button", name="没有可入库的行")).to_be_disabled()
    changed = csv_of(12, first=100).replace("例批105小学,305".encode(), "例批105小学,999".encode())
    upload(page, "两次.csv", changed, "学校")
    dry_run(page)
    assert counts(page) == {"read": 12, "added": 0, "changed": 1, "same": 11, "waiting": 0, "back": 0}
    page.get_by_role("tab", name="变更").click()
    row = page.locator(".rows-t tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("305 → 999")


def test_an_import_is_undone_as_a_whole_and_names_what_stays(clerk: Any) -> None:
    page = clerk.page
    before = page.request.get("/api/counts?by=grade&class=school").json()["total"]
    upload(page, "撤销.csv", csv_of(6, first=300), "学校")
    dry_run(page)
    take(page)
    result = page.url
    one = page.request.get("/api/objects?class=school&q=例批303小学").json()["items"][0]
    mended = page.evaluate(
        """async ([id, state]) => {
          const { csrf } = await (await fetch("/api/session")).json();
          const headers = { "X-CSRF-Token": csrf, "Content-Type": "application/json", "If-Match": `"${state}"` };
          return (await fetch(`/api/objects/${id}`, { method: "PATCH", headers, body: '{"name":"例后改小学"}' })).status;
        }""",
        [one["id"], one["state"]],
    )
    assert mended == 200
    page.goto("about:blank")
    page.goto(result)
    page.get_by_role("button", name="撤销整批").click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("新增的 5 处将注销")
    expect(asked).to_contain_text("例后改小学")
    asked.get_by_role("button", name="撤销整批").click()
    expect(page.locator(".result h3")).to_have_text("这一批已撤销")
    expect(page.locator(".undone")).to_contain_text("注销 5 处")
    expect(page.locator(".undone")).to_contain_text("例后改小学")
    assert page.request.get("/api/counts?by=grade&class=school").json()["total"] == before + 1
    expect(page.get_by_role("button", name="撤销整批")).to_have_count(0)


def test_a_waiting_row_is_placed_on_the_map(clerk: Any) -> None:
    page = clerk.page
    rows = "\n".join(
        [
            "学校代码,学校名称,所在区县,经度(CGCS2000),纬度(CGCS2000)",
            "DW-1,例待甲小学,浔阳区,,",
            "DW-2,例待乙小学,浔阳区,29.7100,115.9900",
            "DW-3,例待丙小学,浔阳区,115.9850,29.7150",
        ]
    ).encode()
    upload(page, "待定位.csv", rows, "学校")
    dry_run(page)
    assert counts(page)["waiting"] == 2
    take(page)
    page.get_by_role("link", name=re.compile("^去放置 2 处待定位")).click()
    page.get_by_role("searchbox", name="名称或编号", exact=True).fill("例待")
    lines = page.locator(".wait-t tbody tr")
    expect(lines).to_have_count(2)

    # The one whose numbers were turned: its own numbers, the right way round, are offered.
    lines.filter(has_text="例待乙小学").click()
    page.get_by_role("button", name="按对调后的位置放").click()
    expect(page.locator(".placer")).to_contain_text("浔阳区")
    page.get_by_role("button", name="保存位置").click()
    expect(lines).to_have_count(1)
    placed = page.request.get("/api/objects?class=school&q=例待乙小学").json()["items"][0]
    assert placed["geometry"]["coordinates"] == pytest.approx([115.99, 29.71], abs=1e-5)

    # The next row is offered; this one has no numbers and is placed by a click.
    expect(lines.first).to_have_attribute("aria-selected", "true")
    page.wait_for_function("() => window.riskmapPreview !== undefined")
    box = page.locator(".placer .canvas").bounding_box()
    spot = page.evaluate("() => window.riskmapPreview.pointOf(115.98, 29.72)")
    page.mouse.click(box["x"] + spot["x"], box["y"] + spot["y"])
    expect(page.get_by_label("经度")).to_have_value(re.compile(r"^115\.9[78]"))
    page.get_by_role("button", name="保存位置").click()
    expect(lines).to_have_count(0)
    clicked = page.request.get("/api/objects?class=school&q=例待甲小学").json()["items"][0]
    assert clicked["geometry"]["coordinates"] == pytest.approx([115.98, 29.72], abs=0.02)
    assert clicked["position_quality"] == "clicked"


def test_typed_coordinates_the_wrong_way_round_are_told_and_not_saved(clerk: Any) -> None:
    page = clerk.page
    page.goto(urljoin(page.url, "/data/waiting"))
    page.locator(".wait-t tbody tr").first.click()
    page.get_by_label("经度").fill("29.71")
    page.get_by_label("纬度").fill("115.99")
    expect(page.locator(".placer")).to_contain_text("写反")
    expect(page.get_by_role("button", name="保存位置")).to_be_disabled()


def test_a_picture_named_xlsx_is_told_what_to_send_instead(clerk: Any) -> None:
    page = clerk.page
    page.goto(urljoin(page.url, "/data/import"))
    field = page.locator(".drop input[type=file]")
    field.set_input_files({"name": "学校清单.xlsx", "mimeType": "image/png", "buffer": _PNG})
    expect(page.get_by_role("alert")).to_contain_text("不是表格")
    expect(page.get_by_role("alert")).to_contain_text("xlsx")
    expect(page.get_by_role("button", name="下一步")).to_be_disabled()
    clerk.wrong = [w for w in clerk.wrong if "422" not in w]  # the browser logs the answer that we asked for


def test_a_header_that_cannot_be_found_is_pointed_at(clerk: Any) -> None:
    page = clerk.page
    rows = "甲,乙,丙\n1,例无头小学,400\n2,例无头中学,500\n".encode()
    upload(page, "无表头.csv", rows, "学校")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("button", name="下一步")).to_be_disabled()
    page.get_by_role("button", name="以第 1 行为表头").click()
    expect(page.get_by_role("alert")).to_contain_text("缺必填：名称")
    page.get_by_role("combobox", name="“乙”对应的字段").click()
    page.keyboard.type("名称")
    page.locator(".el-select-dropdown__item:visible", has_text="名称").first.click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("button", name="下一步")).to_be_enabled()


def test_an_upload_can_be_cancelled(clerk: Any) -> None:
    page = clerk.page
    page.goto(urljoin(page.url, "/data/import"))
    held: list[Request] = []
    page.route("**/api/imports/files", lambda route: held.append(route.request))  # never goes on
    field = page.locator(".drop input[type=file]")
    field.set_input_files({"name": "慢.csv", "mimeType": "text/csv", "buffer": csv_of(50)})
    expect(page.get_by_role("progressbar")).to_be_visible()
    # Leaving meanwhile asks; staying keeps the upload.
    page.get_by_role("link", name="任务", exact=True).click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("正在上传")
    asked.get_by_role("button", name="继续上传").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.locator(".drop").get_by_role("button", name="取消").click()
    expect(page.get_by_role("alert")).to_contain_text("已取消上传")
    page.unroute_all(behavior="ignoreErrors")
    assert len(held) == 1


def test_an_import_can_be_cancelled_and_changes_nothing(clerk: Any) -> None:
    page = clerk.page
    before = page.request.get("/api/counts?by=grade&class=school").json()
    upload(page, "大批.csv", csv_of(60_000, first=100_000), "学校")
    expect(page.locator(".cols-t tbody tr").first).to_be_visible()
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("button", name="开始预演").click()
    page.get_by_role("button", name="取消预演").click()
    expect(page.locator(".working")).to_contain_text("已取消", timeout=60_000)
    after = page.request.get("/api/counts?by=grade&class=school").json()
    assert (after["total"], after["state"]) == (before["total"], before["state"])
    page.get_by_role("link", name="任务", exact=True).click()
    job = page.locator(".jobs-t tbody tr").first
    expect(job).to_contain_text("大批.csv")
    expect(job).to_contain_text("已取消")
    job.get_by_role("link").first.click()
    expect(page.locator(".steps .on")).to_contain_text("预演")


def test_the_result_leads_to_its_objects_on_the_map(clerk: Any) -> None:
    page = clerk.page
    upload(page, "上图.csv", csv_of(3, first=700), "学校")
    dry_run(page)
    take(page)
    total = page.request.get("/api/counts?by=grade&class=school").json()["total"]
    page.get_by_role("link", name="在图上看学校").click()
    expect(page.locator(".words")).to_contain_text("学校")
    expect(page.locator(".words .total")).to_have_text(f"{total:,}")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1366, 768)])
def test_every_page_of_data_fits_its_window(open_page: Any, address: str, width: int, height: int) -> None:
    watched = open_page(signed=True)
    page = watched.page
    page.set_viewport_size({"width": width, "height": height})
    for path in ("import", "waiting", "jobs"):
        page.goto(f"{address}/data/{path}")
        expect(page.locator(".side-body")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
