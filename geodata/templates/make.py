"""The shipped templates of admission papers, of the report and of the log: `python geodata/templates/make.py`, run
again after a change here.

Plain Word files with real styles, so that a bureau can take one, change it in Word or WPS and upload it.
Names in double braces are fields (`admission.papers.values`, `reports.report.values`, `rescue.log_book.word`);
`{%tr … %}` and `{%p … %}` are rows and paragraphs that repeat or fall away.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

FOLDER = Path(__file__).parent / "admission"
REPORT = Path(__file__).parent / "report"
RESCUE = Path(__file__).parent / "rescue"
BODY, HEAD = "仿宋", "黑体"


def _face(style: Any, name: str, size: float, *, bold: bool = False) -> None:
    style.font.name = name
    style.font.size = Pt(size)
    style.font.bold = bold
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(script), name)
    for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(theme), None)


def _document(title: str) -> Any:
    made = docx.Document()
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.0), Cm(2.6)
    section.left_margin, section.right_margin = Cm(2.7), Cm(2.5)
    styles = made.styles
    _face(styles["Normal"], BODY, 14)
    styles["Normal"].paragraph_format.line_spacing = Pt(26)
    styles["Normal"].paragraph_format.space_after = Pt(0)
    _face(styles["Title"], "宋体", 22, bold=True)
    styles["Title"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    styles["Title"].paragraph_format.line_spacing = Pt(36)
    styles["Title"].paragraph_format.space_after = Pt(8)
    for border in styles["Title"].element.findall(f".//{qn('w:pBdr')}"):
        border.getparent().remove(border)
    _face(styles["Heading 1"], HEAD, 14)
    styles["Heading 1"].paragraph_format.space_before = Pt(8)
    styles["Heading 1"].paragraph_format.line_spacing = Pt(26)
    _face(styles["Header"], "宋体", 10.5)
    _face(styles["Footer"], "宋体", 9)
    made.core_properties.title = title
    made.core_properties.author = ""
    made.core_properties.comments = ""
    head = section.header.paragraphs[0]
    head.text = "{{ 草稿 }}{% if 草稿 and 演示 %}　{% endif %}{{ 演示 }}"
    head.alignment = WD_ALIGN_PARAGRAPH.CENTER
    foot = section.footer.paragraphs[0]
    foot.text = "案号 {{ 案号 }}　数据状态 {{ 状态号 }}（{{ 数据日期 }}）　规则集：{{ 规则集 }}"
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    made.add_paragraph(title, style="Title")
    return made


def _text(made: Any, text: str, *, indent: bool = True, right: bool = False) -> None:
    paragraph = made.add_paragraph(text)
    if indent:
        paragraph.paragraph_format.first_line_indent = Pt(28)
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _only_if(made: Any, condition: str) -> None:
    made.add_paragraph("{%p if " + condition + " %}")


def _end_if(made: Any) -> None:
    made.add_paragraph("{%p endif %}")


def _table(made: Any, widths: Sequence[float]) -> Any:
    table = made.add_table(rows=0, cols=len(widths), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
    return table


def _row(table: Any, texts: Sequence[str], widths: Sequence[float], *, bold: bool = False) -> Any:
    row = table.add_row()
    for cell, text, width in zip(row.cells, texts, widths, strict=True):
        cell.width = Cm(width)
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.line_spacing = Pt(18)
        run = paragraph.add_run(text)
        run.font.size = Pt(10.5)
        run.font.bold = bold
    return row


def _pairs(made: Any, rows: Sequence[tuple[str, str]], tall: Sequence[str] = ()) -> None:
    """Titles and values; `tall` ones are written into by hand."""
    widths = (3.8, 12.0)
    table = _table(made, widths)
    for title, value in rows:
        row = _row(table, (title, value), widths)
        if title in tall:
            row.height = Cm(2.2)


def _repeated(made: Any, heads: Sequence[str], cells: Sequence[str], over: str, widths: Sequence[float]) -> None:
    """A table with a head that is repeated on each page, and a row for each of a list."""
    table = _table(made, widths)
    head = _row(table, heads, widths, bold=True)
    head._tr.get_or_add_trPr().append(head._tr.makeelement(qn("w:tblHeader"), {}))
    blank = [""] * (len(heads) - 1)
    _row(table, ["{%tr for 行 in " + over + " %}", *blank], widths)
    _row(table, cells, widths)
    _row(table, ["{%tr endfor %}", *blank], widths)


def _of(*names: str) -> list[str]:
    """Fields of a row."""
    return ["{{ 行." + name + " }}" for name in names]


WHO = [
    ("名称", "{{ 名称 }}"),
    ("统一社会信用代码", "{{ 统一社会信用代码 }}"),
    ("主要负责人", "{{ 主要负责人 }}"),
    ("地址", "{{ 地址 }}"),
    ("核验地点", "{{ 地点 }}"),
    ("行业代码", "{{ 行业代码 }}"),
    ("经营范围", "{{ 经营范围 }}"),
    ("安全风险事项", "{{ 风险事项 }}"),
]


def notice() -> None:
    """What the applicant is told."""
    made = _document("安全告知书")
    _text(made, "{{ 名称 }}：", indent=False)
    _text(made, "你单位申请在下述地点从事经营活动，现将安全准入核验的结果、应当办理的许可和安全生产责任告知如下。")
    made.add_heading("一、核验的事项", 1)
    _pairs(made, WHO)
    made.add_heading("二、核验的结果", 1)
    _only_if(made, "已签署")
    _text(made, "结论：{{ 结论 }}。签署人：{{ 签署人 }}。{{ 签署说明 }}")
    _end_if(made)
    _only_if(made, "not 已签署")
    _text(made, "核验建议：{{ 建议 }}。尚未签署，不作为结论。")
    _end_if(made)
    _text(made, "{{ 说明 }}")
    _only_if(made, "命中")
    _repeated(
        made, ("序号", "规则与依据", "标记", "对象", "实测", "应有", "后果"),
        [*_of("序号"), "{{ 行.规则 }}（{{ 行.依据 }}）", *_of("标记", "对象", "实测", "应有", "结论")], "命中",
        (1.3, 4.6, 1.6, 3.2, 1.7, 1.6, 1.8),
    )  # fmt: skip
    _end_if(made)
    _only_if(made, "有待核")
    _text(made, "标“待核”的数值尚未与标准原文核对，不据此拒绝，由现场核查确定。")
    _end_if(made)
    _only_if(made, "没有数据")
    _text(made, "下列规则没有登记数据，未能核对，没有查到不等于没有风险：{{ 没有数据|join('、') }}。")
    _end_if(made)
    made.add_heading("三、应当办理的许可", 1)
    _only_if(made, "许可")
    _repeated(
        made,
        ("事项", "前置审批", "许可或备案", "受理部门"),
        [*_of("事项"), "{{ 行.前置 or '无' }}", "{{ 行.许可 or '无' }}", *_of("部门")],
        "许可",
        (3.4, 4.6, 5.0, 2.8),
    )
    _text(made, "未取得许可的，不得从事相应的生产经营活动。")
    _end_if(made)
    _only_if(made, "not 许可")
    _text(made, "按所填的事项没有识别出须办理的安全生产许可；实际从事的事项不同的，应当另行申请。")
    _end_if(made)
    made.add_heading("四、安全生产责任", 1)
    for text in (
        "1. 主要负责人是本单位安全生产第一责任人，应当建立并落实全员安全生产责任制和规章制度。",
        "2. 从业人员应当经安全生产教育和培训，特种作业人员应当持证上岗。",
        "3. 应当辨识安全风险、排查治理事故隐患，按规定报告安全风险。",
        "4. 不得在生产、储存、经营场所违规住人，不得使用易燃可燃夹芯板搭建、分隔，疏散通道和安全出口应当保持畅通。",
        "5. 危险物品的品种、数量和存放应当与申报一致，不得超量、混存。",
        "6. 改变经营地点、用途或者事项的，应当重新申请核验。",
    ):
        _text(made, text)
    _text(made, "火警 119，急救 120，安全生产举报投诉 12350。")
    _text(made, "{{ 承办部门 }}", right=True, indent=False)
    _text(made, "{{ 日期 }}", right=True, indent=False)
    _text(made, "", indent=False)
    _text(made, "签收人：　　　　　　　　签收日期：　　　年　　月　　日", indent=False)
    made.save(str(FOLDER / "notice.docx"))


def commitment() -> None:
    """What the applicant promises; two copies."""
    made = _document("安全承诺书")
    _pairs(made, WHO)
    _text(made, "本单位已收到并知悉《安全告知书》（{{ 案号 }}）的内容，现承诺：")
    for text in (
        "一、所填报的名称、地点、事项、规模和储存情况真实、完整。",
        "二、未取得应当取得的许可以前，不从事相应的生产经营活动。",
        "三、不在生产、储存、经营场所违规住人，不形成生产、储存、居住合用的“三合一”场所。",
        "四、不擅自改变场所的用途和结构，不用易燃可燃夹芯板搭建、分隔。",
        "五、落实全员安全生产责任制，做好教育培训、隐患排查和应急处置，按规定报告安全风险。",
        "六、接受并配合监督检查，按期完成整改。",
        "七、以上承诺如有违反，自愿停止相关活动，依法承担相应的法律责任。",
    ):
        _text(made, text)
    _text(made, "", indent=False)
    _text(made, "承诺单位（盖章）：{{ 名称 }}", indent=False)
    _text(made, "统一社会信用代码：{{ 统一社会信用代码 }}", indent=False)
    _text(made, "主要负责人（签字）：　　　　　　　日期：　　　年　　月　　日", indent=False)
    _text(made, "本承诺书一式两份，承诺单位和{{ 承办部门 }}各执一份。", indent=False)
    made.save(str(FOLDER / "commitment.docx"))


def checklist() -> None:
    """What is filled in on site, by two."""
    made = _document("新设市场主体安全准入现场核查表")
    _pairs(
        made,
        [*WHO, ("承办", "{{ 镇街 }}　{{ 承办部门 }}"), ("办理期限", "{{ 办理期限 }}"),
         ("核验建议", "{{ 建议 }}（位置误差 ±{{ 位置误差 }}）"),
         ("结论", "{% if 已签署 %}{{ 结论 }}（{{ 签署人 }}）{% endif %}")],
    )  # fmt: skip
    made.add_heading("一、逐项核查", 1)
    _repeated(
        made, ("序号", "核查项目", "结果", "说明"), _of("序号", "项目", "结果", "说明"), "项目", (1.3, 8.2, 2.0, 4.3)
    )
    made.add_heading("二、核验命中的规则", 1)
    _only_if(made, "命中")
    _repeated(
        made, ("序号", "规则", "依据", "标记", "核验所得"), _of("序号", "规则", "依据", "标记", "说明"), "命中",
        (1.3, 3.2, 3.4, 1.6, 6.3),
    )  # fmt: skip
    _end_if(made)
    _only_if(made, "not 命中")
    _text(made, "没有碰到限制；没有查到不等于没有风险。")
    _end_if(made)
    made.add_heading("三、核查结论", 1)
    _pairs(
        made,
        [
            ("核查结果", "{{ 核查结果 or '□ 合格　□ 限期整改　□ 不合格' }}"),
            ("整改期限", "{{ 整改期限 }}"),
            ("核查意见", "{{ 核查意见 }}"),
            ("核查人员", "{{ 核查人员 or '（两人以上签名）' }}"),
            ("核查日期", "{{ 核查日期 }}"),
            ("单位在场人员", ""),
            ("复查情况", ""),
        ],
        tall=("核查意见", "核查人员", "复查情况"),
    )
    made.save(str(FOLDER / "checklist.docx"))


# -- The report ------------------------------------------------------------------------------


def _styled(made: Any, name: str, size: float, face: str, *, bold: bool = False) -> Any:
    """A paragraph style of our own, or one of Word's that the blank document lacks."""
    styles = made.styles
    known = {style.name for style in styles}
    style = styles[name] if name in known else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = styles["Normal"]
    style.hidden, style.unhide_when_used, style.quick_style = False, True, True
    _face(style, face, size, bold=bold)
    return style


def _spaced(style: Any, before: float, after: float, line: float | None = None) -> Any:
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    style.paragraph_format.line_spacing = 1.0 if line is None else Pt(line)
    return style


def _field(paragraph: Any, code: str, shown: str) -> None:
    """A field of Word with what it shows until it is worked out."""
    for kind, text in (("begin", ""), ("", code), ("separate", ""), ("shown", shown), ("end", "")):
        run = paragraph.add_run(shown if kind == "shown" else "")
        if kind == "shown":
            continue
        child = run._r.makeelement(qn("w:fldChar" if kind else "w:instrText"), {})
        if kind:
            child.set(qn("w:fldCharType"), kind)
        else:
            child.text = f" {text} "
        run._r.append(child)


def _ruled(style: Any, side: str, size: int, space: int, colour: str) -> None:
    around = style.element.get_or_add_pPr()
    borders = around.makeelement(qn("w:pBdr"), {})
    line = {"val": "single", "sz": str(size), "space": str(space), "color": colour}
    borders.append(borders.makeelement(qn(f"w:{side}"), {qn(f"w:{k}"): v for k, v in line.items()}))
    around.insert_element_before(borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:outlineLvl")


def _indented(style: Any, characters: int = 200) -> None:
    style.paragraph_format.first_line_indent = Pt(24)
    style.element.get_or_add_pPr().find(qn("w:ind")).set(qn("w:firstLineChars"), str(characters))


def _report_styles(made: Any) -> None:
    normal = made.styles["Normal"]
    _face(normal, "宋体", 12)
    _spaced(normal, 0, 0, 23)
    for level, size, before, after in ((1, 16, 0, 18), (2, 14, 14, 8), (3, 12, 8, 6)):
        style = made.styles[f"Heading {level}"]
        _face(style, HEAD, size, bold=True)
        _spaced(style, before, after, 26)
        style.paragraph_format.page_break_before = level == 1
        style.paragraph_format.keep_with_next = True
    _indented(_styled(made, "报告正文", 12, "宋体"))
    author = _spaced(_styled(made, "待编制人补充", 10.5, HEAD), 6, 6, 18)
    author.font.color.rgb = RGBColor(0x6B, 0x6B, 0x6B)
    author.paragraph_format.left_indent = Pt(12)
    _ruled(author, "left", 24, 8, "C9C4BA")
    note = _spaced(_styled(made, "报告注", 9, "宋体"), 3, 10)
    note.font.color.rgb = RGBColor(0x6B, 0x6B, 0x6B)
    caption = _spaced(_styled(made, "Caption", 10.5, HEAD, bold=True), 8, 5)
    caption.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _spaced(_styled(made, "报告表文", 9, "宋体"), 1.5, 1.5)
    picture = _spaced(_styled(made, "报告图", 9, "宋体"), 10, 2)
    picture.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    picture.paragraph_format.keep_with_next = True
    _spaced(_styled(made, "toc 1", 10.5, HEAD, bold=True), 5, 0, 18)
    _spaced(_styled(made, "toc 2", 10.5, "宋体"), 0, 0, 18).paragraph_format.left_indent = Pt(21)
    _spaced(_styled(made, "table of figures", 10.5, "宋体"), 0, 0, 18)
    _spaced(
        _styled(made, "报告目录题", 16, HEAD, bold=True), 0, 12
    ).paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _page_words(section: Any) -> None:
    """Header and footer of all pages but the cover."""
    section.different_first_page_header_footer = True
    wide = section.page_width - section.left_margin - section.right_margin
    head, foot = section.header.paragraphs[0], section.footer.paragraphs[0]
    for paragraph, stops in ((head, ((wide, "RIGHT"),)), (foot, ((wide // 2, "CENTER"), (wide, "RIGHT")))):
        paragraph.style.paragraph_format.tab_stops.clear_all()
        for at, align in stops:
            paragraph.paragraph_format.tab_stops.add_tab_stop(at, getattr(WD_TAB_ALIGNMENT, align))
    head.add_run("{{ 标题 }}\t{{ 密级 }}")
    marked = head.add_run("{% if 草稿 %}　{{ 草稿 }}{% endif %}{% if 演示 %}　{{ 演示 }}{% endif %}")
    marked.font.color.rgb = RGBColor(0xB0, 0x00, 0x10)
    part = head.add_run("{% if 范围 %}\n{{ 范围 }}{% endif %}")
    part.font.color.rgb = RGBColor(0xB0, 0x00, 0x10)
    foot.add_run("{{ 编号 }}　状态号 {{ 状态号 }}\t第 ")
    _field(foot, "PAGE", "1")
    foot.add_run(" 页　共 ")
    _field(foot, "NUMPAGES", "1")
    foot.add_run(" 页\t核验码 {{ 核验码 }}")


def _cover(made: Any) -> None:
    def line(text: str, style: str = "Normal", **looks: Any) -> Any:
        paragraph = made.add_paragraph(style=style)
        run = paragraph.add_run(text)
        run.font.size = Pt(looks.get("size", 12))
        run.font.bold = looks.get("bold", False)
        if "colour" in looks:
            run.font.color.rgb = looks["colour"]
        paragraph.paragraph_format.space_before = Pt(looks.get("before", 0))
        paragraph.alignment = looks.get("align")
        paragraph.paragraph_format.line_spacing = 1.25
        return paragraph

    centre = WD_ALIGN_PARAGRAPH.CENTER
    section = made.sections[0]
    first = line("编号　{{ 编号 }}　{{ 版本 }}\t{{ 密级 }}", size=10.5)
    first.paragraph_format.tab_stops.add_tab_stop(
        section.page_width - section.left_margin - section.right_margin, WD_TAB_ALIGNMENT.RIGHT
    )
    title = line("{{ 标题 }}", "Title", size=26, bold=True, before=150, align=centre)
    title.paragraph_format.line_spacing = 1.3
    line("（{{ 数据日期[:4] }} 年）", size=15, align=centre, before=6)
    red = RGBColor(0xB0, 0x00, 0x10)
    line(
        "{{ [草稿, 演示, 范围]|select|join('　') }}",
        size=12,
        bold=True,
        colour=red,
        align=centre,
        before=8,
    )
    rows = (
        ("编制单位", "编制单位"), ("编　　制", "编制人"), ("审　　核", "审核人"), ("签　　发", "签发人"),
        ("数据时间", "数据时间"), ("状态号", "状态号"), ("核验码", "核验码"), ("审图号", "审图号"),
    )  # fmt: skip
    line("", before=150)
    widths = (2.8, 9.0)
    table = made.add_table(rows=0, cols=2)
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
    for name, field in rows:
        row = table.add_row()
        for cell, text, width in zip(
            row.cells, (name, "{{ " + field + " or '＿＿＿＿＿＿＿＿' }}"), widths, strict=True
        ):
            cell.width = Cm(width)
            cell.paragraphs[0].add_run(text).font.size = Pt(11.5)
    line("{{ 年月 }}", size=12, align=centre, before=24)


def report() -> None:
    """城市安全风险评估报告: cover, contents, and everything else in one field."""
    made = docx.Document()
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.0), Cm(2.5)
    section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
    section.header_distance, section.footer_distance = Cm(1.6), Cm(1.4)
    _report_styles(made)
    _face(made.styles["Title"], HEAD, 26, bold=True)
    for border in made.styles["Title"].element.findall(f".//{qn('w:pBdr')}"):
        border.getparent().remove(border)
    for name in ("Header", "Footer"):
        _face(made.styles[name], "宋体", 9)
        _spaced(made.styles[name], 0, 0)
    _ruled(made.styles["Header"], "bottom", 4, 3, "6B6B6B")
    made.core_properties.title = "城市安全风险评估报告"
    made.core_properties.author = ""
    made.core_properties.comments = ""
    _cover(made)
    _page_words(section)
    made.add_paragraph("目　录", style="报告目录题").paragraph_format.page_break_before = True
    made.add_paragraph("{{ 目录 }}")
    made.add_paragraph("图表目录", style="报告目录题").paragraph_format.space_before = Pt(18)
    made.add_paragraph("{{ 表目录 }}")
    made.add_paragraph("{{ 图目录 }}")
    made.add_paragraph("{{ 正文 }}")
    made.save(str(REPORT / "report.docx"))


def log() -> None:
    """The log of a night, for the after-action report: across, since its lines are long."""
    made = _document("防汛救援日志")
    section = made.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Cm(29.7), Cm(21)
    section.top_margin, section.bottom_margin = Cm(2.4), Cm(2.0)
    section.left_margin = section.right_margin = Cm(2.0)
    section.header.paragraphs[0].text = "{{ 标记 }}"
    section.footer.paragraphs[0].text = "数据状态 {{ 状态号 }}（{{ 数据日期 }}）　核验码 {{ 核验码 }}　内部使用"
    _pairs(
        made,
        [
            ("区域", "{{ 区域 }}"),
            ("性质", "{% if 演练 %}演练所记，不是实情{% else %}实战{% endif %}"),
            ("时段", "{{ 时段 }}"),
            ("类别", "{{ 类别 }}，共 {{ 条数 }} 条"),
            ("导出", "{{ 导出人 }}　{{ 导出时间 }}"),
        ],
    )
    made.add_paragraph("")
    _only_if(made, "日志")
    names = ("序号", "时间", "类别", "内容", "经办", "淹没范围", "状态号")
    _repeated(made, names, _of(*names), "日志", (1.2, 4.9, 1.4, 9.7, 2.6, 4.0, 1.9))
    for row in made.tables[-1].rows:  # an entry stands on one page
        row._tr.get_or_add_trPr().append(row._tr.makeelement(qn("w:cantSplit"), {}))
    _end_if(made)
    _only_if(made, "not 日志")
    _text(made, "这段时间没有日志。")
    _end_if(made)
    made.save(str(RESCUE / "log.docx"))


if __name__ == "__main__":
    RESCUE.mkdir(exist_ok=True)
    log()
    REPORT.mkdir(exist_ok=True)
    report()
    FOLDER.mkdir(exist_ok=True)
    notice()
    commitment()
    checklist()
