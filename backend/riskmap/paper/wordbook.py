"""A Word file that is written from front to back: thousands of rows pass through, none is kept.

Styles, header, footer, contents with entries, captions and fields are Word's own, so that a bureau edits the file as
any other. Text stays text.
"""

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from types import TracebackType
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from riskmap.base.plain import legal
from riskmap.paper import symbols
from riskmap.paper.imprint import DRAFT, Imprint

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SONG, _HEI, _LATIN = "宋体", "黑体", "Times New Roman"
# A4 in twentieths of a point; text 159 mm wide.
_PAGE = '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1588" w:right="1418" w:bottom="1474" w:left="1474" '
_PAGE += 'w:header="794" w:footer="737" w:gutter="0"/>'
WIDTH = 11906 - 1418 - 1474
# Page numbers of the contents are worked out by who opens it.
_SETTINGS = '<w:updateFields w:val="true"/><w:defaultTabStop w:val="420"/>'
_WHEN = (1980, 1, 1, 0, 0, 0)  # of the parts: of one edition the bytes are the same


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its head, its share of the width, and whether it holds numbers."""

    title: str
    share: float
    number: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading as the contents have it."""

    level: int
    text: str
    mark: str  # the bookmark that the contents lead to


class Wordbook:
    """One file. Leave it as a context manager: a file that ended early is not there."""

    def __init__(self, path: Path, imprint: Imprint) -> None:
        self._path, self._imprint, self._tables, self._marks = path, imprint, 0, 0
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._put("[Content_Types].xml", _TYPES)
        self._put("_rels/.rels", _RELS)
        self._put("docProps/core.xml", _core(imprint))
        self._put("word/_rels/document.xml.rels", _DOCUMENT_RELS)
        self._put("word/styles.xml", _styles())
        self._put("word/settings.xml", f"{_HEAD}<w:settings {_W}>{_SETTINGS}</w:settings>")
        self._put("word/header1.xml", _header(imprint))
        self._put("word/footer1.xml", _footer(imprint))
        info = zipfile.ZipInfo("word/document.xml", _WHEN)
        info.compress_type = zipfile.ZIP_DEFLATED
        part = self._zip.open(info, "w", force_zip64=True)
        self._out: IO[str] = io.TextIOWrapper(part, encoding="utf-8", write_through=False)
        self._out.write(f"{_HEAD}<w:document {_W} {_R}><w:body>")

    def __enter__(self) -> "Wordbook":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                refs = (
                    '<w:headerReference w:type="default" r:id="rId3"/><w:footerReference w:type="default" r:id="rId4"/>'
                )
                self._out.write(f"<w:sectPr>{refs}{_PAGE}<w:titlePg/></w:sectPr></w:body></w:document>")
            self._out.close()
            self._zip.close()
        finally:
            if kind is not None:
                self._path.unlink(missing_ok=True)

    def _put(self, name: str, text: str) -> None:
        info = zipfile.ZipInfo(name, _WHEN)
        info.compress_type = zipfile.ZIP_DEFLATED
        self._zip.writestr(info, text.encode())

    # -- What stands in it ---------------------------------------------------------------------

    def paragraph(self, text: str, style: str = "Normal", *, keep: bool = False) -> None:
        """A paragraph in a style of the file."""
        self._out.write(_paragraph(_run(text), style, keep=keep))

    def cover(self, title: str, lines: Sequence[str], facts: Sequence[tuple[str, str]]) -> None:
        """The first page: alarm words, title, who and when, and what proves it."""
        alarm = "　".join(self._imprint.alarms)
        self._out.write(_paragraph(_run(self._imprint.secrecy, bold=True), "CoverNote"))
        self._out.write(_paragraph(_run(alarm, colour="B00010", bold=True), "CoverNote"))
        self._out.write(_paragraph(_run(self._imprint.area), "CoverArea"))
        self._out.write(_paragraph(_run(title), "Title"))
        for line in lines:
            self._out.write(_paragraph(_run(line), "Subtitle"))
        self._out.write(_paragraph("", "CoverNote"))
        self.rows([Column("", 0.22), Column("", 0.78)], facts, head=False)
        self._out.write('<w:p><w:r><w:br w:type="page"/></w:r></w:p>')

    def contents(self, headings: Sequence[Heading]) -> None:
        """The contents with their entries; Word renews them with F9, the page numbers are fields."""
        self._out.write(_paragraph(_run("目录"), "ContentsTitle"))
        begin = _field_begin(r'TOC \o "1-2" \h \z \u')
        for i, heading in enumerate(headings):
            number = _field(f"PAGEREF {heading.mark} \\h", "…")
            inside = f"{_run(heading.text)}<w:r><w:tab/></w:r>{number}"
            linked = f'<w:hyperlink w:anchor="{heading.mark}" w:history="1">{inside}</w:hyperlink>'
            end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>' if i == len(headings) - 1 else ""
            self._out.write(_paragraph(f"{begin if not i else ''}{linked}{end}", f"TOC{heading.level}"))

    def heading(self, heading: Heading, *, new_page: bool = False) -> None:
        """A heading with the mark that the contents lead to."""
        self._marks += 1
        mark = f'<w:bookmarkStart w:id="{self._marks}" w:name="{heading.mark}"/>'
        inside = f'{mark}{_run(heading.text)}<w:bookmarkEnd w:id="{self._marks}"/>'
        self._out.write(_paragraph(inside, f"Heading{heading.level}", new_page=new_page))

    def table(self, caption: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> int:
        """A captioned table whose head is repeated over pages; how many rows it has."""
        self._tables += 1
        number = _field("SEQ 表 \\* ARABIC", str(self._tables))
        self._out.write(_paragraph(f"{_run('表 ')}{number}{_run('　' + caption)}", "Caption", keep=True))
        return self.rows(columns, rows)

    def rows(self, columns: Sequence[Column], rows: Iterable[Sequence[str]], *, head: bool = True) -> int:
        """A table without a caption."""
        whole = sum(c.share for c in columns)
        widths = [round(WIDTH * c.share / whole) for c in columns]
        out = self._out
        out.write(
            f'<w:tbl><w:tblPr><w:tblStyle w:val="{"Ruled" if head else "Facts"}"/><w:tblW w:w="{sum(widths)}" '
            'w:type="dxa"/><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>'
            + "".join(f'<w:gridCol w:w="{w}"/>' for w in widths)
            + "</w:tblGrid>"
        )
        if head:
            cells = "".join(_cell(c.title, w, "TableHead") for c, w in zip(columns, widths, strict=True))
            out.write(f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{cells}</w:tr>")
        n = 0
        for row in rows:
            cells = "".join(
                _cell(text, w, "TableNumber" if c.number else "TableText")
                for text, c, w in zip(row, columns, widths, strict=True)
            )
            out.write(f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cells}</w:tr>")
            n += 1
        out.write("</w:tbl>")
        out.write(_paragraph("", "AfterTable"))
        return n


def _run(text: str, *, colour: str = "", bold: bool = False) -> str:
    look = ("<w:b/>" if bold else "") + (f'<w:color w:val="{colour}"/>' if colour else "")
    look = f"<w:rPr>{look}</w:rPr>" if look else ""
    lines = legal(text).split("\n")
    inside = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in lines)
    return f"<w:r>{look}{inside}</w:r>" if text else ""


def _paragraph(inside: str, style: str, *, keep: bool = False, new_page: bool = False) -> str:
    more = ("<w:keepNext/>" if keep else "") + ("<w:pageBreakBefore/>" if new_page else "")
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{more}</w:pPr>{inside}</w:p>'


def _cell(text: str, width: int, style: str) -> str:
    shade, run = "", _run(text)
    if text in symbols.CELLS and style == "TableText":
        ground, ink = symbols.CELLS[text]
        shade, run = (
            f'<w:shd w:val="clear" w:color="auto" w:fill="{ground[1:]}"/>',
            _run(text, colour=ink[1:], bold=True),
        )
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}</w:tcPr>{_paragraph(run, style)}</w:tc>'


def _field_begin(code: str) -> str:
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> {escape(code)} </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    )


def _field(code: str, shown: str) -> str:
    return f'{_field_begin(code)}{_run(shown)}<w:r><w:fldChar w:fldCharType="end"/></w:r>'


# -- The parts beside the text -------------------------------------------------------------------

_TYPES = (
    f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    + "".join(
        f'<Override PartName="/{name}" ContentType="application/vnd.openxmlformats-{kind}+xml"/>'
        for name, kind in (
            ("word/document.xml", "officedocument.wordprocessingml.document.main"),
            ("word/styles.xml", "officedocument.wordprocessingml.styles"),
            ("word/settings.xml", "officedocument.wordprocessingml.settings"),
            ("word/header1.xml", "officedocument.wordprocessingml.header"),
            ("word/footer1.xml", "officedocument.wordprocessingml.footer"),
            ("docProps/core.xml", "package.core-properties"),
        )
    )
    + "</Types>"
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_RELS = (
    f'{_HEAD}<Relationships xmlns="{_PACKAGE}">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
    f'<Relationship Id="rId2" Type="{_PACKAGE}/metadata/core-properties" Target="docProps/core.xml"/></Relationships>'
)
_DOCUMENT_RELS = (
    f'{_HEAD}<Relationships xmlns="{_PACKAGE}">'
    + "".join(
        f'<Relationship Id="rId{i}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for i, (kind, target) in enumerate(
            (("styles", "styles.xml"), ("settings", "settings.xml"), ("header", "header1.xml"),
             ("footer", "footer1.xml")), 1,
        )
    )
    + "</Relationships>"
)  # fmt: skip


def _core(imprint: Imprint) -> str:
    made = imprint.data_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'{_HEAD}<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(legal(imprint.title))}</dc:title><dc:creator>{escape(legal(imprint.maker))}</dc:creator>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{made}</dcterms:created></cp:coreProperties>'
    )


def _header(imprint: Imprint) -> str:
    alarm = "　".join(part for part in (imprint.mark, DRAFT if imprint.draft else "") if part)
    beside = _paragraph(_run(imprint.partial, colour="B00010"), "Header") if imprint.partial else ""
    left = f"{imprint.title}　{imprint.number} {imprint.body()['version']}"
    told = (
        f"{_run(left)}<w:r><w:tab/></w:r>{_run(alarm + '　' if alarm else '', colour='B00010')}{_run(imprint.secrecy)}"
    )
    return f"{_HEAD}<w:hdr {_W}>{_paragraph(told, 'Header')}{beside}</w:hdr>"


def _footer(imprint: Imprint) -> str:
    about = imprint.body()
    pages = f"{_run('第 ')}{_field('PAGE', '1')}{_run(' 页 共 ')}{_field('NUMPAGES', '1')}{_run(' 页')}"
    left = f"数据截至 {about['day']}　状态 {about['state']}　核验码 {about['check']}"
    return f"{_HEAD}<w:ftr {_W}>{_paragraph(f'{_run(left)}<w:r><w:tab/></w:r>{pages}', 'Footer')}</w:ftr>"


def _style(
    name: str,
    shown: str,
    *,
    size: float,
    face: str = _SONG,
    bold: bool = False,
    align: str = "",
    before: int = 0,
    after: int = 0,
    line: int = 0,
    more: str = "",
    outline: int | None = None,
    indent: bool = False,
) -> str:
    spacing = f'<w:spacing w:before="{before}" w:after="{after}"' + (
        f' w:line="{line}" w:lineRule="auto"' if line else ""
    )
    paragraph = (
        ("<w:keepNext/>" if outline is not None else "")
        + more
        + f"{spacing}/>"
        + ('<w:ind w:firstLineChars="200" w:firstLine="420"/>' if indent else "")
        + (f'<w:jc w:val="{align}"/>' if align else "")
        + (f'<w:outlineLvl w:val="{outline}"/>' if outline is not None else "")
    )
    fonts = f'<w:rFonts w:ascii="{_LATIN}" w:hAnsi="{_LATIN}" w:eastAsia={quoteattr(face)} w:cs="{_LATIN}"/>'
    half = round(size * 2)
    look = f'{fonts}{"<w:b/>" if bold else ""}<w:sz w:val="{half}"/><w:szCs w:val="{half}"/>'
    kind = ' w:default="1"' if name == "Normal" else ""
    based = "" if name == "Normal" else '<w:basedOn w:val="Normal"/>'
    return (
        f'<w:style w:type="paragraph"{kind} w:styleId="{name}"><w:name w:val="{shown}"/>{based}<w:qFormat/>'
        f"<w:pPr>{paragraph}</w:pPr><w:rPr>{look}</w:rPr></w:style>"
    )


def _tabs(*places: tuple[str, int, str]) -> str:
    told = "".join(
        f'<w:tab w:val="{kind}"' + (f' w:leader="{leader}"' if leader else "") + f' w:pos="{at}"/>'
        for kind, at, leader in places
    )
    return f"<w:tabs>{told}</w:tabs>"


def _border(*sides: str, size: int = 8) -> str:
    return "".join(f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="1A1A1A"/>' for side in sides)


def _styles() -> str:
    right = (("right", WIDTH, ""),)
    dotted = (("right", WIDTH, "dot"),)
    line = f"<w:pBdr>{_border('bottom', size=4)}</w:pBdr>"
    over = f"<w:pBdr>{_border('top', size=4)}</w:pBdr>"
    told = [
        _style("Normal", "Normal", size=10.5, line=300, after=40),
        _style("Body", "正文缩进", size=10.5, line=320, after=40, indent=True),
        _style("Heading1", "heading 1", size=16, face=_HEI, bold=True, before=240, after=160, outline=0),
        _style("Heading2", "heading 2", size=13, face=_HEI, bold=True, before=280, after=120, outline=1),
        _style("Heading3", "heading 3", size=11, face=_HEI, bold=True, before=160, after=60, outline=2),
        _style("Title", "Title", size=30, face=_HEI, bold=True, align="center", before=300, after=500),
        _style("Subtitle", "Subtitle", size=14, align="center", after=120),
        _style("CoverArea", "封面区域", size=22, face=_HEI, align="center", before=2200, after=120),
        _style("CoverNote", "封面说明", size=12, face=_HEI, align="right", after=60),
        _style("ContentsTitle", "目录标题", size=16, face=_HEI, align="center", before=120, after=240),
        _style("TOC1", "toc 1", size=11, face=_HEI, before=100, after=30, more=_tabs(*dotted)),
        _style("TOC2", "toc 2", size=10.5, after=10, more=_tabs(*dotted) + '<w:ind w:left="420"/>'),
        _style("Caption", "caption", size=9.5, face=_HEI, align="center", before=160, after=80),
        _style("TableHead", "表头", size=9, face=_HEI, bold=True, align="center", before=30, after=30),
        _style("TableText", "表格文字", size=9, before=20, after=20),
        _style("TableNumber", "表格数字", size=9, align="right", before=20, after=20),
        _style("AfterTable", "表后", size=6, after=60),
        _style("Remark", "注", size=9, before=20, after=60),
        _style("Header", "header", size=9, more=line + _tabs(*right)),
        _style("Footer", "footer", size=9, more=over + _tabs(*right)),
    ]
    margins = '<w:tblCellMar><w:left w:w="70" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar>'
    hair = '<w:insideH w:val="single" w:sz="2" w:space="0" w:color="BFBFBF"/>'
    ruled = (
        '<w:style w:type="table" w:styleId="Ruled"><w:name w:val="三线表"/><w:tblPr>'
        f"<w:tblBorders>{_border('top', size=12)}{_border('bottom', size=12)}{hair}</w:tblBorders>{margins}</w:tblPr>"
        f'<w:tblStylePr w:type="firstRow"><w:tcPr><w:tcBorders>{_border("bottom")}</w:tcBorders></w:tcPr>'
        "</w:tblStylePr></w:style>"
    )
    facts = (
        '<w:style w:type="table" w:styleId="Facts"><w:name w:val="说明表"/><w:tblPr>'
        f"<w:tblBorders>{_border('top', 'bottom')}{hair}</w:tblBorders>{margins}</w:tblPr></w:style>"
    )
    return f"{_HEAD}<w:styles {_W}>{''.join(told)}{ruled}{facts}</w:styles>"
