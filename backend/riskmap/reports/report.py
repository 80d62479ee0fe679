"""城市安全风险评估报告 of a set: one content, as PDF and as a Word file in the bureau's own template."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from riskmap.catalogue.model import GRADES
from riskmap.lists.cells import Cells, divisions_of
from riskmap.lists.model import CLASS, DEPARTMENT, DIVISION, LEVEL, NAME, Ask
from riskmap.lists.rows import COMMON, objects, run
from riskmap.paper import docx, symbols, typeset
from riskmap.paper.docx import Blocks, Picture
from riskmap.paper.templates import Shelf
from riskmap.reports import report_fields, sheets
from riskmap.reports.content.blocks import Block
from riskmap.reports.content.chapters import report
from riskmap.reports.content.facts import Facts
from riskmap.reports.content.phrases import upward
from riskmap.reports.edition import Edition
from riskmap.reports.figures import division_digits
from riskmap.reports.made import Made, Tell
from riskmap.selection.compile import LETTERS, PINYIN

TITLE = "城市安全风险评估报告"
KIND = "report"
SHELF = Shelf("report", {KIND: TITLE}, report_fields.sample, report_fields.told)
_PPI = 220
_WAIT_S = 600  # nobody sits before it
_MOST_TAGGED = 500  # rows of the annex
_WIDE_MM = 156.0
_SYMBOL_MM = 3.6
_COLUMNS = (NAME, CLASS, LEVEL, DIVISION, DEPARTMENT)


def make(edition: Edition, folder: Path, tell: Tell) -> list[Made]:
    """Both files into the folder."""
    imprint = edition.imprint(f"{edition.area}{TITLE}").body()
    overview = sheets.overview(edition)
    tell(0.2)
    facts = facts_of(edition, imprint, overview is not None)
    chapters = report(facts)
    files = {f"grade-{g}.svg": symbols.svg(None, g) for g in GRADES}
    if overview is not None:
        files["overview.png"] = overview
    data = {"imprint": imprint, "chapters": chapters, "only": ""}
    # Its time is the data's own: made again it is the same.
    pdf = typeset.pdf(
        "report", data, files, at=edition.row["data_at"], ask=True, tagged=len(facts.major) <= _MOST_TAGGED
    )
    (folder / f"{TITLE}.pdf").write_bytes(pdf.body)
    tell(0.6)
    tell_pages(chapters, pdf.said["at"])
    template = SHELF.in_use(edition.settings, KIND)
    pictured = drawn(data, files, chapters, overview)
    body = docx.render(template.body, values(facts, chapters, pictured.get("overview")), pictured, wait_s=_WAIT_S)
    (folder / f"{TITLE}.docx").write_bytes(body)
    tell(1.0)
    told = {"template": {"own": template.own, "sha256": template.sha256}}
    return [
        Made(f"{TITLE}.docx", f"{TITLE}（可编辑）", KIND, None, told),
        Made(f"{TITLE}.pdf", TITLE, KIND, pdf.said["pages"]),
    ]


def facts_of(edition: Edition, imprint: Mapping[str, Any], overview: bool) -> Facts:
    """What the report is written from."""
    snapshot = edition.snapshot
    return Facts(
        imprint=imprint,
        figures=edition.figures.body,
        catalogue=snapshot.catalogue,
        ruleset=snapshot.catalogue.ruleset_at(snapshot.moment.day),
        changes=edition.changes,
        public=edition.public,
        major=_major(edition),
        digits=division_digits(edition.codes),
        overview=overview,
    )


def _major(edition: Edition) -> list[dict[str, Any]]:
    """Everything that is 重大, as its list has it."""
    ask = Ask(edition.snapshot, edition.selection)
    rows = objects(ask, "{grade} = 1", columns=(*COMMON, "cell"))
    found = run(ask, f"SELECT * FROM ({rows}) AS r ORDER BY r.division {LETTERS}, r.name {PINYIN}, r.id")
    cells = Cells.of(ask, _COLUMNS, found, divisions_of(edition.snapshot))
    level, division = LEVEL, DIVISION
    return [
        {
            "id": row["id"],
            "name": row["name"],
            "class": row["class"],
            "level": cells.say(level, row),
            "division": cells.say(division, row),
            "department": row["department"],
            "placed": row["cell"] is not None,
        }
        for row in found
    ]


def tell_pages(chapters: list[Block], at: list[Mapping[str, int]]) -> None:
    """On which page of the PDF a heading and a caption stand: what the Word file's 目录 says until it is updated."""
    for chapter, pages in zip(chapters, at, strict=True):
        for i, page in pages.items():
            chapter["blocks"][int(i)]["page"] = page


def drawn(
    data: Mapping[str, Any], files: Mapping[str, bytes], chapters: list[Block], overview: bytes | None
) -> dict[str, Picture]:
    """Symbols, charts and the map as pictures for the Word file."""
    charts = [block for chapter in chapters for block in chapter["blocks"] if block["kind"] == "chart"]
    made, _ = typeset.png("report", {**data, "only": "pictures"}, files, ppi=_PPI)
    found = {
        f"grade-{g}": Picture(body, _SYMBOL_MM, symbols.LOOKS[g].word)
        for g, body in zip(GRADES, made[: len(GRADES)], strict=True)
    }
    for block, body in zip(charts, made[len(GRADES) :], strict=True):
        found[block["key"]] = Picture(body, _WIDE_MM, block["caption"])
    if overview is not None:
        found["overview"] = Picture(overview, _WIDE_MM, "较大以上风险分布")
    return found


def values(facts: Facts, chapters: list[Block], overview: Picture | None) -> dict[str, Any]:
    """What a template may name."""
    imprint, totals = facts.imprint, facts.figures["totals"]
    main, annexes = chapters[: len(report_fields.NUMERALS)], chapters[len(report_fields.NUMERALS) :]
    texts = {
        "标题": imprint["title"],
        "区域": imprint["area"],
        "编号": imprint["number"],
        "版本": imprint["version"],
        "状态号": imprint["state"],
        "数据时间": imprint["data_at"],
        "数据日期": imprint["day"],
        "核验码": imprint["check"],
        "选择": imprint["selection"],
        "范围": imprint["partial"],
        "规则集": facts.ruleset.title,
        "编制单位": imprint["maker"],
        "编制人": imprint["made_by"],
        "审核人": imprint["reviewed_by"],
        "签发人": imprint["signed_by"],
        "密级": imprint["secrecy"],
        "审图号": imprint["approval"],
        "年月": imprint["month"],
        "草稿": "草稿" if imprint["draft"] else "",
        "演示": imprint["mark"],
        "总数": str(facts.total),
        "重大数": str(totals["major"]),
        "较大数": str(totals["serious"]),
        "较大以上数": str(upward(totals)),
        "一般数": str(totals["general"]),
        "低风险数": str(totals["low"]),
        "未评定数": str(totals["none"]),
        "未定位数": str(totals["unplaced"]),
    }
    parts = {"正文": chapters, "附件": annexes}
    parts |= {f"第{n}章": [one] for n, one in zip(report_fields.NUMERALS, main, strict=True)}
    return {
        **texts,
        **{name: Blocks([b for one in of for b in one["blocks"]]) for name, of in parts.items()},
        **report_fields.contents(),
        "分布图": overview or "",
    }
