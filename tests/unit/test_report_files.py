"""The report as PDF and as a Word file: the same content, Word's own features, text that stays text."""

import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

import docx as word
import pypdfium2
import pytest
from docx.oxml.ns import qn
from tests.unit.report_facts import AT, facts, figures, imprint, major

from riskmap.base.errors import Invalid
from riskmap.base.settings import GEODATA
from riskmap.catalogue.model import GRADES
from riskmap.paper import docx, symbols, typeset
from riskmap.paper.docx import Blocks, Contents, Picture
from riskmap.reports import report_fields
from riskmap.reports.content.chapters import report
from riskmap.reports.content.facts import Facts
from riskmap.reports.report import SHELF, drawn, tell_pages, values

SHIPPED = GEODATA / "templates" / "report" / "report.docx"


def png(side: int = 4) -> bytes:
    """A red square."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    lines = b"".join(b"\0" + b"\xff\0\0" * side for _ in range(side))
    head = side.to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def pdf_words(body: bytes) -> str:
    with pypdfium2.PdfDocument(body) as document:
        return re.sub(r"[\s\u200b]+", "", "".join(page.get_textpage().get_text_bounded() for page in document))


def template(*paragraphs: str) -> bytes:
    document, out = word.Document(), io.BytesIO()
    for text in paragraphs:
        document.add_paragraph(text)
    document.save(out)
    return out.getvalue()


def said(body: bytes) -> str:
    document = word.Document(io.BytesIO(body))
    return "\n".join("".join(t.text or "" for t in p.iter(qn("w:t"))) for p in document.element.body.iter(qn("w:p")))


def codes(body: bytes) -> list[str]:
    document = word.Document(io.BytesIO(body))
    return [i.text.strip() for i in document.element.body.iter(qn("w:instrText"))]


def made(given: Facts, own: bytes | None = None) -> tuple[typeset.Typeset, bytes]:
    chapters = report(given)
    files = {f"grade-{g}.svg": symbols.svg(None, g) for g in GRADES}
    data = {"imprint": dict(given.imprint), "chapters": chapters, "only": ""}
    pdf = typeset.pdf("report", data, files, at=AT, ask=True)
    tell_pages(chapters, pdf.said["at"])
    pictures = drawn(data, files, chapters, None)
    return pdf, docx.render(own or SHIPPED.read_bytes(), values(given, chapters, None), pictures)


@pytest.fixture(scope="module")
def both() -> tuple[typeset.Typeset, bytes]:
    return made(facts(figures(3)))


def test_pdf_and_word_say_the_same(both: tuple[typeset.Typeset, bytes]) -> None:
    pdf, file = pdf_words(both[0].body), re.sub(r"\s+", "", said(both[1]))
    for one in report(facts(figures(3))):
        for block in one["blocks"]:
            if block["kind"] == "paragraph":
                sentence = "".join(p if isinstance(p, str) else p["text"] for p in block["parts"])
                bare = re.sub(r"\s+", "", sentence)
                assert bare in file
                assert bare[:25] in pdf
            if block["kind"] == "table":
                for row in block["rows"][:3]:
                    line = re.sub(r"\s+", "", "".join(c if isinstance(c, str) else c["text"] for c in row))
                    assert line in file
                    assert line in pdf, block["caption"]


def test_captions_references_and_contents_are_fields_that_already_say_what_they_show(
    both: tuple[typeset.Typeset, bytes],
) -> None:
    document = word.Document(io.BytesIO(both[1]))
    body = document.element.body
    fields = codes(both[1])
    assert r'TOC \o "1-2" \h \z \u' in fields
    assert r'TOC \h \z \c "表"' in fields
    marks = {m.get(qn("w:name")) for m in body.iter(qn("w:bookmarkStart"))}
    ids = [m.get(qn("w:id")) for m in body.iter(qn("w:bookmarkStart"))]
    assert len(ids) == len(set(ids))
    for field in fields:
        if field.startswith(("REF", "PAGEREF")):
            assert field.split()[1] in marks, field
    links = [h.get(qn("w:anchor")) for h in body.iter(qn("w:hyperlink"))]
    assert set(links) <= marks
    # The numbers that Word would work out are those that stand there.
    n = 0
    for paragraph in document.paragraphs:
        instructions = [i.text for i in paragraph._p.iter(qn("w:instrText"))]
        sequence = next((i for i in instructions if "SEQ 表" in i), None)
        if sequence is not None:
            n = 1 if r"\r 1" in sequence else n + 1
            assert re.match(rf"表 (\d+|附\d)-{n}　", paragraph.text), paragraph.text
            assert paragraph.style.name == "Caption"
    text = said(both[1])
    assert re.search(r"第 5 章　单项评估\d+", text)  # in the contents, with its page
    heads = [p.text for p in document.paragraphs if p.style.name == "Heading 1"]
    assert heads[0] == "第 1 章　总则"
    assert heads[-1] == "附件 3　核对数据"


def test_pages_are_numbered_and_say_whose_they_are(both: tuple[typeset.Typeset, bytes]) -> None:
    section = word.Document(io.BytesIO(both[1])).sections[0]
    foot = [i.text.strip() for i in section.footer._element.iter(qn("w:instrText"))]
    assert foot == ["PAGE", "NUMPAGES"]
    head = "".join(t.text or "" for t in section.header._element.iter(qn("w:t")))
    assert "草稿" in head
    assert "演示数据，非真实" in head
    with pypdfium2.PdfDocument(both[0].body) as document:
        pages = [re.sub(r"\s+", "", page.get_textpage().get_text_bounded()) for page in document]
    assert len(pages) == both[0].said["pages"]
    for i, page in enumerate(pages[1:], 2):
        assert f"第{i}页共{len(pages)}页" in page
        assert "核验码AB12AB12AB12" in page
        assert "草稿演示数据，非真实" in page


def test_pages_that_the_contents_name_are_right_in_the_pdf(both: tuple[typeset.Typeset, bytes]) -> None:
    with pypdfium2.PdfDocument(both[0].body) as document:
        pages = [re.sub(r"\s+", "", page.get_textpage().get_text_bounded()) for page in document]
    for one, at in zip(report(facts(figures(3))), both[0].said["at"], strict=True):
        assert re.sub(r"\s+", "", f"{one['label']}{one['title']}") in pages[at["0"] - 1]


def test_an_issued_report_says_draft_nowhere() -> None:
    issued = facts(figures(3), imprint=imprint(draft=False, mark=None, signed_by="某某", reviewed_by="某人"))
    pdf, file = made(issued)
    assert "草稿" not in pdf_words(pdf.body)
    parts = zipfile.ZipFile(io.BytesIO(file))
    assert not any("草稿" in parts.read(name).decode() for name in parts.namelist() if name.endswith(".xml"))
    assert "某某" in said(file)


@pytest.mark.parametrize(
    "name",
    ["{{ 7*7 }}{% for x in y %}", "<w:p>粗体</w:p>&amp;&lt;", "#read(\"/etc/passwd\") *粗* $x$", "名" * 200, "a" * 200, "𠮷野家\n第二行"],
)  # fmt: skip
def test_names_stay_text_and_break_nothing(name: str) -> None:
    rows = [row | {"name": name, "department": name, "division": name} for row in major(2)]
    pdf, file = made(facts(figures(3), major=rows, imprint=imprint(maker=name, selection=name)))
    assert name.replace("\n", "") in said(file).replace("\n", "")
    told = pdf_words(pdf.body)
    for piece in re.findall(r"[一-鿿a-z]{1,6}", name.replace("𠮷", ""))[:3]:
        assert piece in told
    with pypdfium2.PdfDocument(pdf.body) as document:  # nothing stands beside the page
        page = document[len(document) - 3].get_textpage()
        for i in range(page.count_chars()):
            left, _, right, _ = page.get_charbox(i)
            assert left >= 0
            assert right <= 596


def test_an_empty_report_says_none() -> None:
    pdf, file = made(facts(figures(most=0), major=[]))
    for text in (pdf_words(pdf.body), said(file)):
        assert "登记对象：无" in text
    assert pdf.lacking == ()


# -- Blocks in any template --------------------------------------------------------------------

TABLE = {
    "kind": "table", "key": "t", "label": "表 2-1", "caption": "示例", "note": "", "dense": False, "rows": [], "total": None,
    "columns": [{"title": "甲", "width": 1, "align": "left"}, {"title": "乙", "width": 2, "align": "right"}],
}  # fmt: skip
HEAD = {"kind": "heading", "level": 1, "number": "第 2 章", "text": "城市概况"}


def fill(body: bytes, blocks: Sequence[Any], pictures: Any = None, **more: Any) -> bytes:
    return docx.render(body, {"正文": Blocks(blocks), "目录": Contents(), **more}, pictures)


def test_a_picture_stands_at_its_width_in_text_and_in_blocks() -> None:
    block = {"kind": "picture", "key": "p", "label": "图 2-1", "caption": "示例图", "name": "n"}
    picture = Picture(png(), 80, "图的说明")
    file = fill(template("{{ 正文 }}", "{{ 图 }}"), [block], {"n": picture}, 图=picture)
    shapes = word.Document(io.BytesIO(file)).inline_shapes
    assert [round(s.width.mm) for s in shapes] == [80, 80]
    assert "图的说明" in zipfile.ZipFile(io.BytesIO(file)).read("word/document.xml").decode()
    wide = fill(template("{{ 正文 }}"), [block], {"n": Picture(png(), 900)})
    assert word.Document(io.BytesIO(wide)).inline_shapes[0].width.mm < 160


def test_a_table_without_rows_says_none_and_repeats_its_head() -> None:
    file = fill(template("前", "{{ 正文 }}", "后"), [HEAD, TABLE])
    document = word.Document(io.BytesIO(file))
    assert [[c.text for c in row.cells] for row in document.tables[0].rows] == [["甲", "乙"], ["无", "无"]]
    assert document.tables[0].rows[0]._tr.find(f".//{qn('w:tblHeader')}") is not None
    text = said(file)
    assert text.index("前") < text.index("第 2 章　城市概况") < text.index("后")


def test_a_reference_to_what_this_template_leaves_out_is_a_plain_word() -> None:
    away = {
        "kind": "paragraph",
        "parts": ["见", {"to": "elsewhere", "text": "表 5-1"}, "和", {"to": "t", "text": "表 2-1"}],
    }
    fields = codes(fill(template("{{ 正文 }}"), [HEAD, away, TABLE]))
    assert sum(f.startswith("REF") for f in fields) == 1
    assert "见表 5-1和表 2-1" in said(fill(template("{{ 正文 }}"), [HEAD, away, TABLE]))


def test_headings_that_the_template_numbers_itself_are_not_numbered_twice() -> None:
    document = word.Document()
    properties = document.styles["Heading 1"].element.get_or_add_pPr()
    number = properties.get_or_add_numPr()
    number.get_or_add_numId().val = 1
    document.add_paragraph("{{ 正文 }}")
    out = io.BytesIO()
    document.save(out)
    heads = [p.text for p in word.Document(io.BytesIO(fill(out.getvalue(), [HEAD]))).paragraphs if p.text]
    assert heads == ["城市概况"]


def test_the_names_of_chinese_styles_are_found_and_none_is_needed() -> None:
    document = word.Document()
    for style in list(document.styles):
        if style.name in {"Heading 1", "Caption"}:
            document.styles.element.remove(style.element)
    own = document.styles.add_style("标题 1", 1)
    document.add_paragraph("{{ 正文 }}")
    out = io.BytesIO()
    document.save(out)
    filled = word.Document(io.BytesIO(fill(out.getvalue(), [HEAD, TABLE])))
    assert filled.paragraphs[0].style.style_id == own.style_id
    assert "表 2-1　示例" in [p.text for p in filled.paragraphs]


@pytest.mark.parametrize(
    "paragraphs",
    [("前{{ 正文 }}",), ("{{ 正文 }}", "{{ 正文 }}"), ("{% for i in [1, 2] %}{{ 正文 }}{% endfor %}",)],
)
def test_blocks_stand_once_and_by_themselves(paragraphs: tuple[str, ...]) -> None:
    with pytest.raises(Invalid) as told:
        fill(template(*paragraphs), [HEAD])
    assert told.value.code == "misplaced_field"
    assert "正文" in str(told.value)


def test_blocks_in_a_table_or_a_header_are_refused_by_name() -> None:
    for where in ("table", "header"):
        document = word.Document()
        if where == "table":
            document.add_table(1, 1).cell(0, 0).paragraphs[0].text = "{{ 正文 }}"
        else:
            document.sections[0].header.paragraphs[0].text = "{{ 正文 }}"
        out = io.BytesIO()
        document.save(out)
        with pytest.raises(Invalid) as told:
            fill(out.getvalue(), [HEAD])
        assert told.value.code == "misplaced_field"


def test_a_template_takes_single_chapters_and_everything_there_is() -> None:
    own = template(
        "{{ 标题 }} {{ 重大数 }} {{ 较大以上数 }}",
        *("{{ " + name + " }}" for name in (*report_fields.CONTENTS, "第三章", "第十章", "附件", "分布图")),
    )
    SHELF.try_template(own)
    given = facts(figures(3))
    file = made(given, own)[1]
    heads = [p.text for p in word.Document(io.BytesIO(file)).paragraphs if p.style.name == "Heading 1"]
    assert heads == [
        "第 3 章　风险辨识",
        "第 10 章　结论与动态更新",
        "附件 1　重大风险清单",
        "附件 2　较大风险数",
        "附件 3　核对数据",
    ]
    totals = given.figures["totals"]
    first = word.Document(io.BytesIO(file)).paragraphs[0].text
    assert first == f"{given.imprint['title']} {totals['major']} {totals['major'] + totals['serious']}"
    SHELF.try_template(template(*("{{ " + f["field"] + " }}" for f in report_fields.told())))
    SHELF.try_template(SHIPPED.read_bytes())
