"""Paper: fonts, symbols and typst documents."""

import re
from datetime import date, datetime
from math import pi
from pathlib import Path
from xml.etree import ElementTree

import pypdfium2
import pytest
import shapely

from riskmap.base.clock import SHANGHAI
from riskmap.catalogue.model import GRADES
from riskmap.paper import fonts, symbols, typeset
from riskmap.paper.imprint import Imprint, check_words

AT = datetime(2026, 11, 20, 16, 30, tzinfo=SHANGHAI)


def imprint(title: str = "示例市风险分布图") -> Imprint:
    return Imprint(
        title, "示例市", "FX-2026-001", 1, 412, date(2026, 11, 20), AT, check_words("ab12" * 16), "全部", "示例单位",
        "someone", AT, draft=True, mark="演示数据，非真实",
    )  # fmt: skip


@pytest.fixture
def template(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    (tmp_path / "kit.typ").write_text((typeset.TEMPLATES / "kit.typ").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "page.typ").write_text(
        '#import "kit.typ": *\n#set page(width: 90mm, height: 60mm, foreground: watermark(90mm, 60mm))\n'
        '#set text(font: sans)\n#imp.title\n\n#data.said\n\n#proof\n#sym("sym-school-major", 5mm) #lacking-note()\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(typeset, "TEMPLATES", tmp_path)
    return "page"


def words(body: bytes) -> str:
    """The text of a PDF, without the places where lines end."""
    with pypdfium2.PdfDocument(body) as document:
        text = "".join(page.get_textpage().get_text_bounded() for page in document)
    return re.sub(r"\s+", "", text)


def test_all_of_gb2312_is_in_the_fonts() -> None:
    letters = [bytes([a, b]).decode("gb2312", "ignore") for a in range(0xB0, 0xF8) for b in range(0xA1, 0xFF)]
    text = "".join(letters)
    assert len(text) == 6763
    assert fonts.printable(text) == (text, set())


def test_what_no_font_has_is_said_and_not_left_out(template: str) -> None:
    made = typeset.pdf(
        template,
        {"imprint": imprint().body(), "said": "甲\U00020bb7乙\x07丙"},
        symbols.files({"school": "c-school"}),
        at=AT,
    )
    said = words(made.body)
    assert made.lacking == ("\U00020bb7",)
    assert "甲〓乙丙" in said
    assert "U+20BB7" in said


def test_text_is_data_and_never_markup(template: str) -> None:
    evil = '#read("/etc/passwd") $x$ *bold* <a>'
    made = typeset.pdf(
        template, {"imprint": imprint().body(), "said": evil}, symbols.files({"school": "c-school"}), at=AT
    )
    assert evil.replace(" ", "") in words(made.body)


def test_the_same_data_make_the_same_bytes_without_a_folder_of_this_machine(template: str) -> None:
    data, files = {"imprint": imprint().body(), "said": "甲"}, symbols.files({"school": "c-school"})
    one, other = (typeset.pdf(template, data, files, at=AT).body for _ in range(2))
    assert one == other
    assert b"riskmap-paper-" not in one
    assert str(Path.home()).encode() not in one or Path.home() == Path("/")


def _resident_mb() -> float:
    said = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(said["VmRSS"].split()[0]) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_what_is_kept_of_one_document_is_let_go_before_the_next(template: str) -> None:
    files = symbols.files({"school": "c-school"})
    page = typeset.TEMPLATES / "page.typ"
    page.write_text(page.read_text() + "\n#table(columns: 3, ..data.cells)\n", encoding="utf-8")
    used = []
    for i in range(5):
        cells = [f"第 {i} 份第 {k} 格" for k in range(6000)]
        typeset.pdf(template, {"imprint": imprint().body(), "said": "甲", "cells": cells}, files, at=AT)
        used.append(_resident_mb())
    assert used[-1] - used[0] < 60, used  # 60 and more for each where it is kept


def test_a_file_outside_the_folder_cannot_be_laid_beside(template: str) -> None:
    with pytest.raises(ValueError, match="not a plain name"):
        typeset.pdf(template, {"imprint": imprint().body(), "said": ""}, {"../x.svg": b""}, at=AT)


def test_every_class_has_a_symbol_and_every_grade_an_outline() -> None:
    catalogue = Path(symbols.GEODATA / "catalogue" / "classes").glob("*.yaml")
    named = {re.search(r"^symbol: (\S+)", p.read_text(encoding="utf-8"), re.M)[1] for p in catalogue}  # type: ignore[index]
    assert named
    assert not {name.removeprefix("c-") for name in named} - set(symbols.drawings())
    for body in symbols.files({"x": "c-school"}).values():
        ElementTree.fromstring(body)
    outlines = {symbols.LOOKS[g].path for g in GRADES if g != "none"}
    assert len(outlines) == 4


def test_outlines_have_the_same_area() -> None:
    circle = pi * 0.93**2
    for grade in ("major", "serious", "general"):
        area = shapely.Polygon(symbols.LOOKS[grade].points).area
        assert area == pytest.approx(circle, rel=0.12)
