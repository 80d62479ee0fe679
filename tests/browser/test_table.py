"""The table, its export, the legend and the list of hexagons, driven as an officer would."""

import csv
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import at_rest
from tests.browser.test_page import drawn, total

DEMO = True
AT_EASE = "() => !document.querySelector('.tbl .wrap[aria-busy=true]')"


def figure(text: str) -> int:
    return int(text.strip().replace(",", ""))


def exported(page: Page, form: str = "CSV 文本") -> list[list[str]]:
    """The rows of the file that 导出 gives, without the lines on the selection."""
    page.get_by_role("button", name="导出", exact=True).click()
    with page.expect_download() as given:
        page.get_by_role("button", name=form).click()
    lines = list(csv.reader(Path(given.value.path()).read_text(encoding="utf-8-sig").splitlines()))
    return [line for line in lines if not line[0].startswith("# ")]


def legend(page: Page) -> dict[str, tuple[int, int]]:
    """Figures of each line: in view, of the selection, once both were answered by the scale that is shown."""
    figures = "[...document.querySelectorAll('.legend .seen, .legend .all')]"
    page.wait_for_function(
        f"() => {{ const all = {figures}; return all.length && all.every((e) => e.textContent.trim() !== '—') }}"
    )
    lines = page.locator(".legend .line").all()
    return {
        line.locator(".ell").inner_text().split()[0]: (
            figure(line.locator(".seen").inner_text()),
            figure(line.locator(".all").inner_text()),
        )
        for line in lines
    }


def test_headings_sort_and_columns_are_chosen_per_class(open_page: Any) -> None:
    page = open_page("class=tailings-pond", signed=True).page
    expect(page.get_by_role("columnheader", name="总坝高（m）")).to_be_visible()
    heading = page.get_by_role("columnheader", name="总坝高（m）")
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    page.wait_for_function(AT_EASE)
    column = [h.inner_text() for h in page.locator(".tbl thead th").all()].index("总坝高（m）\n↓")
    values = [figure(c.inner_text()) for c in page.locator(f".tbl tbody tr td:nth-child({column + 1})").all()]
    assert len(values) > 5
    assert values == sorted(values, reverse=True)
    heading.get_by_role("button").press("Enter")
    expect(heading).to_have_attribute("aria-sort", "ascending")

    page.get_by_role("button", name="尾矿库：显示的列").click()
    page.get_by_label("全库容（m³）").check()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="尾矿库：显示的列")).to_be_focused()
    expect(page.get_by_role("columnheader", name="全库容（m³）")).to_be_visible()
    page.reload()
    expect(page.get_by_role("columnheader", name="全库容（m³）")).to_be_visible()
    rows = exported(page)
    assert "全库容（m³）" in rows[0]
    assert len(rows) - 1 == total(page)


def test_legend_chips_table_and_totals_agree(open_page: Any) -> None:
    page = open_page(signed=True).page
    drawn(page)
    page.wait_for_function(AT_EASE)

    def agree() -> None:
        lines = legend(page)
        chips = {
            c.locator("span").nth(1).inner_text(): figure(c.locator("b").inner_text())
            for c in page.locator(".chips .chip").all()
        }
        assert {word: n for word, (_, n) in lines.items()} == chips
        on = [line.get_attribute("aria-checked") == "true" for line in page.locator(".legend .line").all()]
        assert sum(n for (_, n), shown in zip(lines.values(), on, strict=True) if shown) == total(page)
        assert all(seen <= n for seen, n in lines.values())

    agree()
    before = f"{total(page):,}"
    page.locator(".legend .line").filter(has_text="低").click()
    expect(page.locator(".words .total")).not_to_have_text(before)
    agree()
    page.get_by_role("tab", name="分级统计").click()
    expect(page.locator("table.sums tfoot td").last).to_have_text(f"{total(page):,}")
    sums = [figure(c.inner_text()) for c in page.locator("table.sums tbody tr td:last-child").all()]
    assert sum(sums) == total(page)
    # What the legend counts in view is what the table shows with 仅看地图范围.
    page.locator(".map .canvas").focus()
    for _ in range(3):
        page.keyboard.press("+")
        at_rest(page)
    page.locator(".tbl .el-switch").click()
    at_rest(page)
    seen = {word: n for word, (n, _) in legend(page).items() if word != "低"}
    foot = [figure(c.inner_text()) for c in page.locator("table.sums tfoot td").all()]
    assert foot[-1] == sum(seen.values())
    assert foot[:3] == [seen["重大"], seen["较大"], seen["一般"]]
    # A figure narrows the selection to itself.
    cell = page.locator("table.sums tbody tr").first.locator(".figure").first
    n = figure(cell.inner_text())
    cell.click()
    page.get_by_role("tab", name="属性表").click()
    expect(page.locator(".tbl .ph")).to_contain_text(f"地图范围内 {n:,} 行")


def test_the_map_is_coloured_by_a_classs_own_scale(open_page: Any) -> None:
    page = open_page("class=major-hazard,risk-point", signed=True).page
    drawn(page)
    page.get_by_label("按哪个标度着色").select_option("major-hazard-level")
    expect(page.locator(".legend")).to_contain_text("一级最重 → 四级最轻")
    page.wait_for_function("() => window.riskmap.drawn().clusters.some((c) => c.level === '一级')")
    lines = legend(page)
    assert list(lines) == ["一级", "二级", "三级", "四级", "不构成", "未评定", "不在此标度"]
    assert sum(n for _, n in lines.values()) == total(page)
    clusters = page.evaluate("() => window.riskmap.drawn().clusters")
    assert all(sum(c["by"]) == c["n"] for c in clusters)
    assert "scale=major-hazard-level" in page.url
    page.locator(".legend .line").filter(has_text="不在此标度").click()
    expect(page.locator(".words .total")).to_have_text(str(sum(n for w, (_, n) in lines.items() if w != "不在此标度")))
    expect(page.locator(".words")).to_contain_text("重大危险源级别 一级、二级、三级、四级、不构成、未评定")
    page.reload()
    expect(page.locator(".words .total")).to_have_text(str(sum(n for w, (_, n) in lines.items() if w != "不在此标度")))
    page.get_by_label("按哪个标度着色").select_option("")
    expect(page.locator(".legend")).to_contain_text("红最重")
    expect(page.locator(".words .total")).to_have_text(str(sum(n for _, n in lines.values())))


def whole(cell: Any) -> bool:
    """Whether nothing of a cell's words is cut off, and their row no higher than any other."""
    fits = "e => e.scrollWidth <= e.clientWidth + 1 && e.scrollHeight < e.clientHeight + 10"  # less than a line
    return bool(cell.evaluate(fits)) and cell.evaluate("e => e.closest('tr').offsetHeight") <= 29


def test_what_is_no_major_hazard_is_told_from_what_is_not_assessed(open_page: Any) -> None:
    page = open_page("class=major-hazard", signed=True).page
    drawn(page)
    page.get_by_label("按哪个标度着色").select_option("major-hazard-level")
    lines = legend(page)
    assert lines["不构成"] == lines["未评定"] == (1, 1)
    swatch = page.locator(".legend .line").filter(has_text="不构成").locator("svg")
    expect(swatch.locator("text")).to_have_text("非")
    cells = page.locator(".tbl tbody tr")
    for word, said, others in (
        ("不构成", "不构成重大危险源", ["一级", "二级", "三级", "四级", "未评定", "不在此标度"]),
        ("未评定", "未评定，缺厂区边界", ["不构成"]),
    ):
        # Down to one line of the legend; then over to the next.
        for other in others:
            page.locator(".legend .line").filter(has_text=other).click()
        if word == "未评定":
            page.locator(".legend .line").filter(has_text=word).click()
        expect(page.locator(".words .total")).to_have_text("1")
        expect(page.locator(".words")).to_contain_text(f"重大危险源级别 {word}")
        expect(cells).to_have_count(1)
        expect(cells.first).to_contain_text(said)
        assert whole(cells.first.locator(".verdict"))
        value = "outside" if word == "不构成" else "none"
        assert f"level=major-hazard-level%3A{value}" in page.url or f"level=major-hazard-level:{value}" in page.url
        page.wait_for_function("v => window.riskmap.drawn().marks.some((o) => o.level === v)", arg=value)
    cells.first.locator(".name").click()
    expect(page.locator(".card")).to_contain_text("未评定，缺厂区边界")


def test_a_row_and_its_symbol_show_each_other_also_inside_a_cluster(open_page: Any) -> None:
    page = open_page(signed=True).page
    drawn(page)
    first = page.locator(".tbl tbody .name").first
    first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".tbl tbody .name").nth(1)).to_be_focused()
    expect(page.locator(".tbl tbody tr.hov")).to_have_count(1)
    page.keyboard.press("End")
    expect(page.locator(".tbl tbody .name").last).to_be_focused()
    page.keyboard.press("PageDown")
    expect(page.locator(".pager")).to_contain_text("第 2 /")
    # The ring is round the cluster that counts the row's object.
    ringed = page.evaluate(
        """() => { const m = window.riskmap; let at = null;
          const ring = m.marks.ring.bind(m.marks); m.marks.ring = (s, r) => { if (s === 'hover' && r) at = r; return ring(s, r); };
          window.ringOf = () => at; }"""
    )
    assert ringed is None
    page.locator(".tbl tbody tr").nth(3).hover()
    page.wait_for_function("() => window.ringOf()")
    at = page.evaluate("() => window.ringOf()")
    marks = page.evaluate("() => window.riskmap.risk.inView().map((m) => [m.x, m.y])")
    assert [at["x"], at["y"]] in marks


def test_hexagons_have_a_keyboards_path_and_a_list(open_page: Any) -> None:
    page = open_page("heat=1", signed=True).page
    page.get_by_role("tab", name="按格清单").click()
    first = page.locator("table.cells tbody tr").first
    n = figure(first.locator("td").nth(1).inner_text())
    page.locator(".map .canvas").focus()
    page.keyboard.press("n")
    expect(page.locator(".map [aria-live=assertive]")).to_contain_text(f"{n} 处")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="属性表")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".tbl .ph")).to_contain_text(f"所点六边形内 {n} 行")
    assert len(exported(page)) - 1 == n


def test_the_order_travels_in_the_link(open_page: Any) -> None:
    page = open_page("", signed=True).page
    first = page.locator("tbody .name").first
    before = first.inner_text()
    page.locator("th button", has_text="名称").click()
    expect(first).not_to_have_text(before)
    page.wait_for_function("() => location.hash.includes('sort=name')")
    expect(page.locator("th.sorted")).to_contain_text("名称")
    name = first.inner_text()
    page.reload()
    expect(page.locator("th.sorted")).to_contain_text("名称")
    expect(first).to_have_text(name)
    page.evaluate("location.hash = 'class=tailings-pond&sort=-attributes.dam_height_m'")
    expect(page.locator("th.sorted")).to_contain_text("总坝高")
    assert page.evaluate("location.hash").count("sort=-attributes.dam_height_m") == 1
    # A field of another class, and a name of nothing, are told; the rest is taken.
    page.evaluate("location.hash = 'class=school&sort=-attributes.dam_height_m'")
    expect(page.locator(".left-out")).to_contain_text("按“总坝高”排序（现在不能这样排）")
    expect(page.locator("th.sorted")).to_contain_text("风险等级")
    page.evaluate("location.hash = 'sort=gibberish'")
    expect(page.locator(".left-out")).to_contain_text("链接中的排序方式（不认识）")
    expect(page.locator(".left-out")).not_to_contain_text("gibberish")
