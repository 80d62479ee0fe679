"""Blocks into a Word document: headings, paragraphs, tables, pictures, in the styles that the document has.

Real features of Word: captions are numbered by SEQ fields, what refers to them is a REF field, 目录 is a TOC field;
each carries the text that it shows, so that the file reads without being updated. Runs where templates are filled
(`filled`): it asks nothing but the document and what it was given.
"""

import base64
import io
import secrets
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm
from lxml import etree

Block = Mapping[str, Any]
_GREY, _RULE = "6B6B6B", "C9C4BA"
# Names of styles in English and Chinese files, in small letters; the first that a document has is taken.
_STYLES = {
    "h1": ("heading 1", "标题 1", "标题1"),
    "h2": ("heading 2", "标题 2", "标题2"),
    "h3": ("heading 3", "标题 3", "标题3"),
    "paragraph": ("报告正文", "body text", "正文文本"),
    "author": ("待编制人补充",),
    "note": ("报告注",),
    "caption": ("caption", "题注"),
    "cell": ("报告表文",),
    "toc1": ("toc 1", "目录 1"),
    "toc2": ("toc 2", "目录 2"),
    "captions": ("table of figures", "图表目录"),
    "table": ("报告表格", "三线表"),
    "picture": ("报告图",),
}
_CELL = '<w:spacing w:before="20" w:after="20" w:line="240" w:lineRule="auto"/>'
_KEPT_ROWS = 16
_NAMESPACES = nsdecls("w", "r", "wp", "a", "pic")
_TWIPS_MM = 1440 / 25.4


class Misplaced(Exception):
    """A field of blocks that does not stand in a paragraph of its own, or stands twice."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class Places:
    """Where blocks will stand: a word that nobody can guess until the document is there."""

    def __init__(self, pictures: Mapping[str, Block]) -> None:
        self._pictures = pictures
        self._token = f"b{secrets.token_hex(12)}"
        self._held: dict[str, tuple[str, Block]] = {}

    def hold(self, field: str, value: Block) -> str:
        """The word that stands for blocks or contents."""
        word = f"{self._token}n{len(self._held)}e"
        self._held[word] = field, value
        return word

    def fill(self, document: Any) -> None:
        """Put everything in its place. Raises Misplaced."""
        if not self._held:
            return
        found: list[tuple[Any, Block]] = []
        seen: set[str] = set()
        for paragraph in list(document.element.body.iter(qn("w:p"))):
            said = "".join(t.text or "" for t in paragraph.iter(qn("w:t"))).strip()
            if self._token not in said:
                continue
            word = next(w for w in self._held if w in said)
            field, value = self._held[word]
            alone = said == word and paragraph.getparent() is document.element.body
            if not alone or word in seen or next(paragraph.iter(qn("w:txbxContent")), None) is not None:
                raise Misplaced(field)
            seen.add(word)
            found.append((paragraph, value))
        for part in document.part.package.iter_parts():
            element = getattr(part, "element", None)
            if element is None or part is document.part:
                continue
            said = "".join(t.text or "" for t in element.iter(qn("w:t")))
            if self._token in said:
                raise Misplaced(next(field for word, (field, _) in self._held.items() if word in said))
        if found:
            _Writer(document, found, self._pictures).write()


class _Writer:
    def __init__(self, document: Any, found: list[tuple[Any, Block]], pictures: Mapping[str, Block]) -> None:
        self._document, self._found, self._pictures = document, found, pictures
        self._style = _styles(document)
        self._numbered = {level: _is_numbered(document, self._style.get(f"h{level}")) for level in (1, 2, 3)}
        section = document.sections[-1]
        self._wide = max(int((section.page_width - section.left_margin - section.right_margin) / 635), 2000)
        self._marks = _most_bookmark(document) + 1
        every = [b for _, value in found if value["$"] == "blocks" for b in value["blocks"]]
        # What is referred to by others is here, or it is a plain word.
        self._named_as = {id(b): f"_Ref{7000 + i}" for i, b in enumerate(every) if "key" in b}
        self._targets = {b["key"]: self._named_as[id(b)] for b in reversed(every) if "key" in b}
        self._heads = {id(b): f"_Toc{8000 + i}" for i, b in enumerate(every) if b["kind"] == "heading"}
        self._every = every

    def write(self) -> None:
        """Replace each word by what it stands for: as text, since moving thousands of elements takes minutes."""
        made: list[str] = []
        for paragraph, value in self._found:
            if value["$"] == "contents":
                parts = list(self._contents(value["of"]))
            else:
                parts = [xml for block in value["blocks"] for xml in self._block(block)]
            paragraph.addprevious(etree.Comment(_here(len(made))))
            made.append("".join(map(_declared, parts)))
            if paragraph.find(f"{qn('w:pPr')}/{qn('w:sectPr')}") is None:
                paragraph.getparent().remove(paragraph)
            else:  # a section ends here
                for run in list(paragraph.iter(qn("w:r"))):
                    run.getparent().remove(run)
        part = self._document.part
        whole = etree.tostring(part.element, encoding="unicode")
        for i, xml in enumerate(made):
            whole = whole.replace(f"<!--{_here(i)}-->", xml, 1)
        part._element = parse_xml(whole)

    # -- Blocks ----------------------------------------------------------------------------

    def _block(self, block: Block) -> Iterator[str]:
        match block["kind"]:
            case "heading":
                yield self._heading(block)
            case "paragraph":
                runs = "".join(_run(p) if isinstance(p, str) else self._ref(p) for p in block["parts"])
                yield _paragraph(self._named("paragraph", '<w:ind w:firstLineChars="200" w:firstLine="480"/>'), runs)
            case "author":
                rule = f'<w:pBdr><w:left w:val="single" w:sz="24" w:space="8" w:color="{_RULE}"/></w:pBdr>'
                run = _run(
                    block["text"], "" if self._style.get("author") else f'<w:color w:val="{_GREY}"/><w:sz w:val="20"/>'
                )
                yield _paragraph(self._named("author", rule), run)
            case "note":
                yield self._note(block["text"])
            case "table":
                yield self._caption(block, above=True)
                yield self._table(block)
                yield (
                    self._note(block["note"])
                    if block["note"]
                    else _paragraph(self._named("note", '<w:spacing w:before="0" w:after="0"/>'), "")
                )
            case "chart" | "picture":
                name = block["key"] if block["kind"] == "chart" else block["name"]
                held = self._pictures.get(name)
                run = self._picture(held) if held else _run("（无图）")
                yield _paragraph(self._named("picture", '<w:keepNext/><w:jc w:val="center"/>'), run)
                yield self._caption(block, above=False)

    def _named(self, name: str, otherwise: str) -> str:
        style = self._style.get(name)
        return f'<w:pStyle w:val="{escape(style)}"/>' if style else otherwise

    def _heading(self, block: Block) -> str:
        level = min(int(block["level"]), 3)
        said = block["text"] if self._numbered[level] else f"{block['number']}　{block['text']}"
        style = self._style.get(f"h{level}")
        run = _run(said, "" if style else f'<w:b/><w:sz w:val="{(32, 28, 24)[level - 1]}"/>')
        otherwise = f'<w:keepNext/><w:spacing w:before="240" w:after="120"/><w:outlineLvl w:val="{level - 1}"/>'
        return _paragraph(self._named(f"h{level}", otherwise), self._marked(self._heads[id(block)], run))

    def _note(self, words: str) -> str:
        run = _run(words, "" if self._style.get("note") else f'<w:color w:val="{_GREY}"/><w:sz w:val="16"/>')
        return _paragraph(self._named("note", '<w:spacing w:before="40" w:after="160"/>'), run)

    def _caption(self, block: Block, *, above: bool) -> str:
        kind, _, number = block["label"].partition(" ")
        chapter, _, n = number.rpartition("-")
        # The first of a chapter begins anew; what an author adds between is numbered by Word.
        reset = r"\r 1 " if n == "1" else ""
        label = _run(f"{kind} {chapter}-") + _field(rf" SEQ {kind} \* ARABIC {reset}", _run(n))
        keep = "<w:keepNext/>" if above else ""
        style = self._style.get("caption")
        bold = "" if style else "<w:b/>"
        own = f'<w:pStyle w:val="{escape(style)}"/>{keep}' if style else f'{keep}<w:jc w:val="center"/>'
        return _paragraph(own, self._marked(self._named_as[id(block)], label) + _run(f"　{block['caption']}", bold))

    def _ref(self, part: Block) -> str:
        mark = self._targets.get(part["to"])
        return _field(rf" REF {mark} \h ", _run(part["text"])) if mark else _run(part["text"])

    def _marked(self, name: str, runs: str) -> str:
        self._marks += 1
        start = f'<w:bookmarkStart w:id="{self._marks}" w:name="{name}"/>'
        return f'{start}{runs}<w:bookmarkEnd w:id="{self._marks}"/>'

    # -- Tables ----------------------------------------------------------------------------

    def _table(self, block: Block) -> str:
        columns = block["columns"]
        whole = sum(c["width"] for c in columns)
        widths = [int(self._wide * c["width"] / whole) for c in columns]
        aligned = [c["align"] for c in columns]
        style = self._style.get("table")
        lines = "" if style else _borders(("top", 6), ("bottom", 6))
        size = 16 if block.get("dense") else 18
        own = self._style.get("cell")
        # A table that fits on a page stays together, with its note.
        keep = "<w:keepNext/>" if len(block["rows"]) <= _KEPT_ROWS else ""
        style_of = f'<w:pStyle w:val="{escape(own)}"/>{keep}' if own else f"{keep}{_CELL}"

        def cell(value: Any, i: int, *, bold: bool = False, edge: str = "", width: int | None = None) -> str:
            small = f'<w:sz w:val="{size}"/>' if not own or block.get("dense") else ""
            looks = ("<w:b/>" if bold else "") + small
            if isinstance(value, Mapping):
                held = self._pictures.get(f"grade-{value['grade']}")
                said = (self._picture(held) if held else "") + _run(f" {value['text']}", looks)
            else:
                said = _run(value, looks)
            inner = _paragraph(f'{style_of}<w:jc w:val="{aligned[i]}"/>', said)
            span = f'<w:gridSpan w:val="{len(columns)}"/>' if width else ""
            around = f"<w:tcBorders>{edge}</w:tcBorders>" if edge else ""
            wide = f'<w:tcW w:w="{width or widths[i]}" w:type="dxa"/>'
            return f'<w:tc><w:tcPr>{wide}{span}{around}<w:vAlign w:val="center"/></w:tcPr>{inner}</w:tc>'

        def row(cells: str, *, head: bool = False) -> str:
            return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if head else ''}</w:trPr>{cells}</w:tr>"

        thin = "" if style else '<w:{0} w:val="single" w:sz="4" w:space="0" w:color="1A1A1A"/>'
        heads = "".join(cell(c["title"], i, bold=True, edge=thin.format("bottom")) for i, c in enumerate(columns))
        body = [row(heads, head=True)]
        body += [row("".join(cell(v, i) for i, v in enumerate(r))) for r in block["rows"]]
        if not block["rows"]:
            body.append(row(cell("无", 0, width=sum(widths))))
        if block["total"] is not None:
            total = "".join(cell(v, i, bold=True, edge=thin.format("top")) for i, v in enumerate(block["total"]))
            body.append(row(total))
        grid = "".join(f'<w:gridCol w:w="{w}"/>' for w in widths)
        named = f'<w:tblStyle w:val="{escape(style)}"/>' if style else ""
        around = '<w:tblCellMar><w:left w:w="60" w:type="dxa"/><w:right w:w="60" w:type="dxa"/></w:tblCellMar>'
        return (
            f'<w:tbl><w:tblPr>{named}<w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>{lines}'
            f'<w:tblLayout w:type="fixed"/>{around}</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{"".join(body)}</w:tbl>'
        )

    def _picture(self, held: Block) -> str:
        body = io.BytesIO(base64.b64decode(held["body"]))
        width = min(float(held["width"]), self._wide / _TWIPS_MM)
        inline = self._document.part.new_pic_inline(body, width=Mm(width))
        inline.docPr.set("descr", held.get("alt", ""))
        return f"<w:r><w:drawing>{_inner(inline)}</w:drawing></w:r>"

    # -- Contents --------------------------------------------------------------------------

    def _contents(self, of: str) -> Iterator[str]:
        entries: list[tuple[str, str, str, Any]] = []
        for block in self._every:
            if of == "headings" and block["kind"] == "heading" and block["level"] <= 2:
                said = f"{block['number']}　{block['text']}"
                entries.append((f"toc{block['level']}", self._heads[id(block)], said, block.get("page")))
            elif block.get("label", "").startswith(of):
                said = f"{block['label']}　{block['caption']}"
                entries.append(("captions", self._named_as[id(block)], said, block.get("page")))
        code = r' TOC \o "1-2" \h \z \u ' if of == "headings" else rf' TOC \h \z \c "{of}" '
        # Its numbers of pages are to be worked out by whoever opens it.
        begin = f'{_char("begin", dirty=True)}<w:r><w:instrText xml:space="preserve">{escape(code)}</w:instrText></w:r>'
        begin += _char("separate")
        for i, (style, mark, said, page) in enumerate(entries):
            tab = f'<w:tabs><w:tab w:val="right" w:leader="dot" w:pos="{self._wide}"/></w:tabs>'
            indent = '<w:ind w:left="420"/>' if style == "toc2" and not self._style.get(style) else ""
            at = _run("", tab=True) + _field(rf" PAGEREF {mark} \h ", _run(str(page))) if page else ""
            link = f'<w:hyperlink w:anchor="{mark}" w:history="1">{_run(said)}{at}</w:hyperlink>'
            named = self._style.get(style)
            own = f'<w:pStyle w:val="{escape(named)}"/>' if named else ""
            end = _char("end") if i == len(entries) - 1 else ""
            yield _paragraph(f"{own}{tab}{indent}", (begin if not i else "") + link + end)


def _here(i: int) -> str:
    return f"riskmap-blocks-{i}"


def _declared(xml: str) -> str:
    """An element that says its own namespaces: it stands in a document that may call them otherwise."""
    name = xml[1 : xml.index(">")]
    return f"<{name} {_NAMESPACES}{xml[1 + len(name) :]}"


# -- Words of Word -----------------------------------------------------------------------------


def _paragraph(own: str, runs: str) -> str:
    return f"<w:p><w:pPr>{own}</w:pPr>{runs}</w:p>"


def _run(text: str, own: str = "", *, tab: bool = False) -> str:
    said = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in str(text).split("\n"))
    return f"<w:r>{f'<w:rPr>{own}</w:rPr>' if own else ''}{'<w:tab/>' if tab else said}</w:r>"


def _char(kind: str, *, dirty: bool = False) -> str:
    told = ' w:dirty="true"' if dirty else ""
    return f'<w:r><w:fldChar w:fldCharType="{kind}"{told}/></w:r>'


def _field(code: str, shown: str) -> str:
    told = f'<w:r><w:instrText xml:space="preserve">{escape(code)}</w:instrText></w:r>'
    return f"{_char('begin')}{told}{_char('separate')}{shown}{_char('end')}"


def _borders(*lines: tuple[str, int]) -> str:
    said = "".join(f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="1A1A1A"/>' for side, size in lines)
    return f"<w:tblBorders>{said}</w:tblBorders>"


def _inner(inline: Any) -> str:
    return str(etree.tostring(inline, encoding="unicode"))


def _styles(document: Any) -> dict[str, str]:
    """Ids of the styles that the document has, by what they are for."""
    known: dict[str, str] = {}
    for style in document.styles.element.iter(qn("w:style")):
        name = style.find(qn("w:name"))
        if name is not None:
            known.setdefault(str(name.get(qn("w:val"))).lower(), style.get(qn("w:styleId")))
    return {
        use: known[name]
        for use, names in _STYLES.items()
        for name in [next((n for n in names if n in known), "")]
        if name
    }


def _is_numbered(document: Any, style_id: str | None) -> bool:
    """Whether a style numbers its paragraphs itself."""
    by_id = {s.get(qn("w:styleId")): s for s in document.styles.element.iter(qn("w:style"))}
    seen: set[str] = set()
    while style_id and style_id not in seen and style_id in by_id:
        seen.add(style_id)
        style = by_id[style_id]
        number = style.find(f"{qn('w:pPr')}/{qn('w:numPr')}/{qn('w:numId')}")
        if number is not None:
            return bool(number.get(qn("w:val")) != "0")
        based = style.find(qn("w:basedOn"))
        style_id = based.get(qn("w:val")) if based is not None else None
    return False


def _most_bookmark(document: Any) -> int:
    ids = (mark.get(qn("w:id")) for mark in document.element.body.iter(qn("w:bookmarkStart")))
    return max((int(i) for i in ids if i and i.isdigit()), default=0)
