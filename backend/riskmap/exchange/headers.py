"""Where a table's header is, under titles and notes, and which column fills what."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from shapely.geometry.base import BaseGeometry

from riskmap.catalogue.model import Class
from riskmap.exchange.cells import normal, plain
from riskmap.exchange.targets import Target
from riskmap.exchange.units import factor_between, is_unit, unit_at_end, unit_of

HEAD_LINES = 60
_SEARCHED = 30
_LONGEST = 200  # letters of a header
_BRACKETS = re.compile(r"[(（\[【](.*?)[)）\]】]")
_MARKS = re.compile(r"[*＊※]|[(（](必填|选填|可选|非必填)[)）]")
# Columns that a returned workbook has of ours: nothing of the sender's, so never read.
FATE_HEADER, REASON_HEADER, LINE_HEADER = "去向", "原因与改法", "原行号"
_OURS = {FATE_HEADER, REASON_HEADER, LINE_HEADER}
# Who runs it: where a list has no name for the thing itself, it is called after them.
_OWNERS = frozenset(
    (
        "企业名称", "企业全称", "企业", "单位名称", "单位全称", "单位", "公司名称", "公司全称", "所属企业",
        "所属企业名称", "所属单位", "所属单位名称", "经营主体", "经营主体名称", "经营单位", "经营单位名称",
        "生产经营单位", "生产经营单位名称", "生产单位", "生产单位名称", "使用单位", "使用单位名称", "主体名称",
        "市场主体名称", "商户名称", "户主", "户主姓名",
    )
)  # fmt: skip
_NOT = r"(?<!非)(?<!不是)(?<!勿用)(?<!不用)(?<!不要用)"
_DATUM_WORDS = tuple(
    (crs, re.compile(f"{_NOT}(?:{words})"))
    for crs, words in (
        ("BD09", r"百度(?!百科)|bd[-_ ]?0?9"),
        ("GCJ02", r"高德|腾讯|火星|gcj[-_ ]?0?2|国测局"),
        ("EPSG:4326", r"wgs[-_ ]?(?:19)?84|gps|北斗(?!星)"),
        ("EPSG:4490", r"cgcs[-_ ]?2000|国家2000|2000坐标|2000国家|天地图|大地2000"),
    )
)
_OLD_FRAMES = (
    ("EPSG:4214", re.compile(r"(?:北京|bj|beijing)[-_ ]?(?:19)?54(?!\d)|(?:19)?54年?北京")),
    ("EPSG:4610", re.compile(r"(?:西安|xian)[-_ ]?(?:19)?80(?!\d)|(?:19)?80年?(?:西安|国家大地)")),
)


def normalised(header: str) -> str:
    """A header for comparing: plain letters, no white space, no marks of obligation, lower case."""
    text = _MARKS.sub("", normal(header))
    return re.sub(r"\s+", "", text).lower().strip(":：,，、.。")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file and what it fills; `factor` converts the sender's numbers to ours."""

    index: int
    header: str
    target: str | None
    how: str  # exact, synonym, remembered, given, none
    factor: Decimal | None = None
    unit_from: str | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a table: its first line, how many lines it takes, its texts by column."""

    line: int
    lines: int
    texts: tuple[str, ...]

    @property
    def last(self) -> int:
        """The line above the data."""
        return self.line + self.lines - 1


class Matcher:
    """Which target a header means, for one class, or for a table that is of none."""

    def __init__(self, class_: Class | None, targets: Sequence[Target]) -> None:
        self.targets = {t.target: t for t in targets}
        self._exact: dict[str, tuple[str, Decimal | None, str]] = {}
        self._loose: dict[str, str] = {}
        self._place: dict[str, int] = {}  # of a header among those that the class lists
        for column in class_.imports if class_ else ():  # the class's own words come first
            name = column.target if column.target in self.targets else f"attributes.{column.target}"
            if name == "attributes.address":
                name = "address"
            if name in self.targets:
                self._place.setdefault(normalised(column.header), 1 + len(self._place))
                self._add(column.header, name, "exact" if column.factor is None else "synonym", column.factor)
        # A field's own title stands before another column's synonym.
        for target in sorted(targets, key=lambda t: not t.target.startswith("attributes.")):
            self._add(target.title, target.target, "exact")
            self._place.setdefault(normalised(target.title), 0)
        for target in targets:
            for word in target.synonyms:
                self._add(word, target.target, "synonym")

    def _add(self, header: str, target: str, how: str, factor: Decimal | None = None) -> None:
        text = normalised(header)
        self._exact.setdefault(text, (target, factor, how))
        if factor is None:
            self._loose.setdefault(_without_brackets(text), target)

    def match(self, header: str) -> tuple[str, Decimal | None, str | None, str] | None:
        """target, factor, unit in the header, how (exact, synonym, loose); None where nothing fits for sure."""
        text = normalised(header)
        if not text or text in _OURS:
            return None
        unit = self._unit_in(header)
        if text in self._exact:
            target, factor, how = self._exact[text]
            if factor is not None or unit is None:
                return target, factor, unit, how
        base = _without_brackets(text)
        found = self._meant(base)
        if found is None and unit is None:  # “库容/万m³”, “建筑面积㎡”
            base, unit = unit_at_end(text)
            found = self._meant(base) if unit else None
        if found is None:
            return None
        target, how = found
        wanted = self.targets[target]
        if unit is None or wanted.kind != "number":
            return target, None, None, "loose" if base != text else how
        factor = factor_between(unit, wanted.unit)
        if factor is None:  # a unit of another kind: by hand, never by guess
            return None if wanted.unit or is_unit(unit) else (target, None, None, how)
        return target, None if factor == 1 else factor, unit, how

    def _meant(self, text: str) -> tuple[str, str] | None:
        if text in self._exact:
            target, factor, how = self._exact[text]
            return None if factor is not None else (target, how)
        return (self._loose[text], "loose") if text in self._loose else None

    def factor_for(self, header: str, target: str) -> tuple[Decimal | None, str | None]:
        """What a header's unit makes of a target's numbers, and that unit; None, None where it names none that fits."""
        unit = self._unit_in(header)
        wanted = self.targets[target]
        factor = factor_between(unit, wanted.unit) if unit and wanted.kind == "number" else None
        return (None if factor == 1 else factor, unit) if factor is not None else (None, None)

    def _unit_in(self, header: str) -> str | None:
        for inside in _BRACKETS.findall(unicodedata.normalize("NFKC", header)):
            said = re.sub(r"^单位[:：]?", "", inside.strip())
            if is_unit(said):
                return unit_of(said)
        return None

    def place(self, header: str) -> int:
        """Of two columns of one target the lower is meant: a title, the class's headers in order, then others."""
        text = normalised(header)
        for said in (text, _without_brackets(text)):
            if said in self._place:
                return self._place[said]
        return 1 + len(self._place)

    def score(self, texts: Sequence[str]) -> tuple[int, int]:
        """How many different targets these headers mean, and whether the name is among them."""
        found = {m[0] for t in texts if (m := self.match(t))}
        return len(found), int("name" in found)


def _without_brackets(text: str) -> str:
    return _BRACKETS.sub("", text)


def _texts(cells: Sequence[Any]) -> list[str]:
    return ["" if isinstance(c, BaseGeometry) else plain(c)[:_LONGEST].strip() for c in cells]


def find_header(
    head: Sequence[tuple[int, Sequence[Any]]], merged: Sequence[Sequence[int]], matcher: Matcher
) -> Header | None:
    """The line whose texts mean most targets, alone or with the line under it; None where none does.

    A header in two lines (“坐标” over “经度”, “纬度”) takes its upper text where the lower is blank; a line of
    units under a header belongs to it.
    """
    best: tuple[tuple[int, int, int], Header] | None = None
    rows = [(line, _texts(cells)) for line, cells in head[:_SEARCHED]]
    if rows and rows[0][0] == 0:  # a layer's own names of its fields
        return Header(0, 1, tuple(rows[0][1]))
    for position, (line, texts) in enumerate(rows):
        headers = [Header(line, 1, tuple(texts))]
        if position + 1 < len(rows) and rows[position + 1][0] == line + 1:
            lower = rows[position + 1][1]
            if with_units := _with_units(line, texts, lower):
                headers = [with_units]
            elif two := _joined(line, texts, lower, merged):
                headers.append(two)
        for header in headers:
            count, named = matcher.score(header.texts)
            # Among equals the one that names the object, the one-lined, the upper.
            rank = (count + named, -header.lines, -position)
            if count and (best is None or rank > best[0]):
                best = rank, header
    return best[1] if best and best[0][0] >= 2 else None


def header_at(
    head: Sequence[tuple[int, Sequence[Any]]], line: int, lines: int, merged: Sequence[Sequence[int]]
) -> Header | None:
    """The header that a sender points at."""
    texts = {number: _texts(cells) for number, cells in head}
    if line not in texts:
        return None
    if lines == 2 and line + 1 in texts:
        upper, lower = texts[line], texts[line + 1]
        return _with_units(line, upper, lower) or _laid(line, upper, lower, merged)
    return Header(line, 1, tuple(texts[line]))


def _with_units(line: int, upper: Sequence[str], lower: Sequence[str]) -> Header | None:
    """A header with a line of nothing but units under it."""
    said = [_BRACKETS.sub(r"\1", text) for text in lower]
    if not any(map(is_unit, said)) or not all(not t or is_unit(t) or normalised(t) == "单位" for t in said):
        return None
    said += [""] * (len(upper) - len(said))
    texts = [f"{text}({unit})" if text and is_unit(unit) else text for text, unit in zip(upper, said, strict=False)]
    return Header(line, 2, tuple(texts))


def _joined(line: int, upper: Sequence[str], lower: Sequence[str], merged: Sequence[Sequence[int]]) -> Header | None:
    """Two lines as one header, where merged cells say so, or where the lower fills what the upper leaves blank."""
    spans = any(m[0] == line and m[2] <= line + 1 for m in merged)
    fills = any(text and not (column < len(upper) and upper[column]) for column, text in enumerate(lower))
    return _laid(line, upper, lower, merged) if spans or fills else None


def _laid(line: int, upper: Sequence[str], lower: Sequence[str], merged: Sequence[Sequence[int]]) -> Header:
    width = max(len(upper), len(lower))
    above = [*upper, *[""] * (width - len(upper))]
    below = [*lower, *[""] * (width - len(lower))]
    spans = [m for m in merged if m[0] == line and m[2] <= line + 1 and m[1] < width]
    for _, left, _, right in spans:
        for column in range(left, min(right, width - 1) + 1):
            above[column] = above[left]
    texts = []
    for column in range(width):
        tall = any(m[2] == line + 1 and m[1] <= column <= m[3] for m in spans)
        texts.append(above[column] if tall or not below[column] else below[column])
    return Header(line, 2, tuple(texts))


_RANKS = ("remembered", "exact", "synonym", "loose")


def match_columns(
    header: Header, matcher: Matcher, remembered: Mapping[str, tuple[str | None, Decimal | None]]
) -> list[Column]:
    """Each column and what it fills. A target is filled by one column: the one that means it best, then the one
    whose header the class lists first, then the first.

    Where several come near it only by leaving out their brackets (“人数（教师）”, “人数（学生）”), none is taken.
    Where none names the object, the one column of those who run it does.
    """
    said = []
    for index, text in enumerate(header.texts):
        key = normalised(text)
        if key in remembered:
            target, factor = remembered[key]
            if target is None or target in matcher.targets:
                said.append(Column(index, text, target, "remembered", factor))
                continue
        found = matcher.match(text)
        if found is None:
            said.append(Column(index, text, None, "none"))
        else:
            said.append(Column(index, text, found[0], found[3], found[1], found[2]))
    rivals = Counter(column.target for column in said if column.how == "loose")
    taken: dict[str, int] = {}
    for column in sorted(
        (c for c in said if c.target), key=lambda c: (_RANKS.index(c.how), matcher.place(c.header), c.index)
    ):
        if column.target and not (column.how == "loose" and rivals[column.target] > 1):
            taken.setdefault(column.target, column.index)
    out = []
    for column in said:
        if column.target is None or taken.get(column.target) == column.index:
            out.append(replace(column, how="synonym") if column.how == "loose" else column)
        else:
            out.append(Column(column.index, column.header, None, "none"))
    return _named(out, matcher)


def _named(columns: list[Column], matcher: Matcher) -> list[Column]:
    """With the name taken from who runs it, where nothing else says it and the sender has not chosen otherwise."""
    if "name" not in matcher.targets or any(c.target == "name" for c in columns):
        return columns
    owners = [
        c
        for c in columns
        if c.target in {None, "enterprise"}
        and c.how != "remembered"
        and _without_brackets(normalised(c.header)) in _OWNERS
    ]
    if len(owners) != 1:
        return columns
    named = Column(owners[0].index, owners[0].header, "name", "synonym")
    return [named if c.index == named.index else c for c in columns]


def _said(texts: Sequence[str]) -> list[str]:
    return [unicodedata.normalize("NFKC", text).lower() for text in texts]


def datum_in(texts: Sequence[str]) -> str | None:
    """The coordinate system that headers or a sheet's notes name, or None: also where they name several."""
    found = [crs for text in _said(texts) for crs, words in _DATUM_WORDS if words.search(text)]
    named = dict.fromkeys(found)
    if set(named) == {"EPSG:4326", "EPSG:4490"}:  # the same for us
        return "EPSG:4490"
    return next(iter(named)) if len(named) == 1 else None


def old_frame_in(texts: Sequence[str]) -> str | None:
    """北京 54 or 西安 80, where headers or notes name it: their numbers look like any other, a hundred metres off."""
    for text in _said(texts):
        for crs, words in _OLD_FRAMES:
            if words.search(text):
                return crs
    return None
