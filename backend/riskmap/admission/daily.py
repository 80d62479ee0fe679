"""The daily file of new market entities: where its header is, what each line says, what is wrong with it."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any

from pydantic import ValidationError

from riskmap.admission.trade import trade_code
from riskmap.admission.wire import Check
from riskmap.base.errors import Invalid
from riskmap.exchange import cells as c
from riskmap.exchange.cells import Cell, CellFault
from riskmap.exchange.headers import (
    HEAD_LINES,
    Column,
    Header,
    Matcher,
    datum_in,
    find_header,
    header_at,
    match_columns,
    old_frame_in,
)
from riskmap.exchange.table import Table
from riskmap.exchange.targets import Target
from riskmap.standards import gb32100

MOST_ROWS = 20_000

_WORDS = {  # title, kind, and what else a header may call it
    "name": (
        "名称",
        "text",
        "企业名称;市场主体名称;主体名称;单位名称;商户名称;企业（机构）名称;经营者名称;企业字号",
    ),
    "uscc": (
        "统一社会信用代码",
        "code",
        "信用代码;社会信用代码;统一信用代码;统一社会信用代码/注册号;营业执照号",
    ),
    "industry": ("行业代码", "code", "国民经济行业代码;行业小类代码;行业分类代码;行业类别代码;所属行业代码"),
    "scope": ("经营范围", "text", "经营（业务）范围;许可经营项目;经营项目;业务范围;主营业务"),
    "address": ("地址", "text", "住所;经营场所;注册地址;经营地址;住所（经营场所）;场所地址;详细地址;地点"),
    "lon": ("经度", "position", "lon;lng;longitude;东经;横坐标;经度坐标"),
    "lat": ("纬度", "position", "lat;latitude;北纬;纵坐标;纬度坐标"),
    "person": ("负责人", "text", "法定代表人;法人;经营者;主要负责人;负责人姓名;法定代表人（负责人）;投资人"),
    "persons": ("人数", "number", "从业人数;从业人员;职工人数;员工人数;从业人员数"),
    "area_m2": ("面积", "number", "经营面积;建筑面积;使用面积;场所面积"),
}
TARGETS = tuple(
    Target(name, title, "", kind, tuple(words.split(";")), unit="m²" if name == "area_m2" else None)
    for name, (title, kind, words) in _WORDS.items()
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the list stands in a file, and in which datum."""

    sheet: str
    header: Header
    columns: tuple[Column, ...]
    crs: str | None  # as the header's words say it
    old_frame: bool

    def column(self, target: str) -> Column | None:
        """The column that fills a target."""
        return next((column for column in self.columns if column.target == target), None)

    @property
    def is_placed(self) -> bool:
        """Whether it has coordinates."""
        return self.column("lon") is not None and self.column("lat") is not None


def layout_of(table: Table) -> Layout:
    """The sheet whose header means most, under titles and notes. Raises Invalid with what is missing."""
    matcher = Matcher(None, TARGETS)
    best: tuple[tuple[bool, int, int], Layout] | None = None
    for sheet in table.sheets:
        head = list(islice(table.rows(sheet.name), HEAD_LINES))
        header = find_header(head, table.merged(sheet.name), matcher)
        if header is None and head and head[0][0] == 0:
            header = header_at(head, 0, 1, ())
        if header is None:
            continue
        above = [c.plain(cell) for line, cells in head if line <= header.last for cell in cells if cell is not None]
        columns = tuple(match_columns(header, matcher, {}))
        found = Layout(sheet.name, header, columns, datum_in(above), old_frame_in(above) is not None)
        rank = (not sheet.hidden, sum(column.target is not None for column in columns), sheet.rows)
        if best is None or rank > best[0]:
            best = rank, found
    if best is None:
        words = "没有找到表头：应有“名称”一列，和经营范围（或行业代码）、地址（或经度、纬度）。请核对后再上传。"
        raise Invalid(words, code="no_header")
    layout = best[1]
    if layout.column("name") is None:
        raise Invalid("表头里没有名称（企业名称、市场主体名称）一列，请补上后再上传。", code="no_name_column")
    if layout.column("scope") is None and layout.column("industry") is None:
        raise Invalid("表头里没有经营范围，也没有行业代码，不能核验。请补上一列后再上传。", code="no_trade_column")
    rows = next(s.rows for s in table.sheets if s.name == layout.sheet) - layout.header.last
    if rows > MOST_ROWS:
        raise Invalid(f"表有 {rows} 行，一次最多 {MOST_ROWS:,} 行。请分成几份再上传。", code="too_many_rows")
    return layout


# -- Lines ---------------------------------------------------------------------------------


@dataclass(slots=True)
class Line:
    """One entity as it was read; with faults it goes back."""

    line: int
    check: Check | None = None
    x: Decimal | None = None
    y: Decimal | None = None
    why: str | None = None  # why its coordinates are none
    sent: tuple[str, str] | None = None  # as they are written
    faults: list[dict[str, Any]] = field(default_factory=list)

    @property
    def code(self) -> str | None:
        """Its code, where that has the form of one: what has not, tells no two entities apart."""
        assert self.check is not None
        code = self.check.applicant.uscc
        return code if code and gb32100.identifies(code) else None

    @property
    def key(self) -> tuple[str, str]:
        """What tells entities without a code apart."""
        assert self.check is not None
        return self.check.applicant.name, self.check.applicant.address


def lines_of(table: Table, layout: Layout) -> Iterator[Line]:
    """Every entity below the header; blank lines, sums and the header once more are none."""
    named = layout.column("name")
    assert named is not None
    used = [column for column in layout.columns if column.target]
    headers = {column.header for column in used}
    uncomputed = defaultdict[int, set[int]](set)
    for line, index in table.uncomputed(layout.sheet):
        uncomputed[line].add(index)
    for number, cells in table.rows(layout.sheet):
        if number <= layout.header.last:
            continue
        said = {column.target: _cell(cells, column.index) for column in used}
        filled = [cell for cell in said.values() if cell is not None and c.plain(cell).strip()]
        if not filled or _is_sum(cells) or all(c.plain(cell).strip() in headers for cell in filled):
            continue
        yield _read(number, said, layout, uncomputed.get(number, set()))


def _cell(cells: Sequence[Any], index: int) -> Cell:
    return cells[index] if index < len(cells) else None


def _is_sum(cells: Sequence[Any]) -> bool:
    first = next((c.plain(cell).strip() for cell in cells if cell is not None and c.plain(cell).strip()), "")
    return first.replace(" ", "").rstrip("：:") in {"合计", "总计", "小计", "共计"}


_READ: Mapping[str, Callable[[Cell, str], Any]] = {
    "name": c.text_of, "uscc": c.code_of, "industry": c.code_of, "scope": c.text_of, "address": c.text_of,
    "person": c.text_of, "persons": c.number_of, "area_m2": c.number_of,
}  # fmt: skip
# Where a fault of the enquiry's own check belongs: the last parts of its path.
_OF = {"name": "name", "uscc": "uscc", "person": "person", "address": "address", "industry_code": "industry",
       "scope": "scope", "persons": "persons", "area_m2": "area_m2"}  # fmt: skip
_MOST = {"name": 200, "uscc": 40, "person": 60, "address": 200, "scope": 4000}


def _read(number: int, said: Mapping[str | None, Cell], layout: Layout, uncomputed: set[int]) -> Line:
    line, values = Line(number), dict[str, Any]()

    def refuse(target: str, code: str, message: str) -> None:
        column = layout.column(target)
        index = column.index if column else None
        line.faults.append({"index": index, "code": code, "message": message})

    for target, read in _READ.items():
        column = layout.column(target)
        if column is None:
            continue
        if column.index in uncomputed and said[target] is None:
            refuse(target, "formula_without_value", "公式没有算出值，请改为数值后再上传")
            continue
        try:
            values[target] = _unit(read(said[target], column.header), column)
        except CellFault as fault:
            refuse(target, fault.code, fault.message)
    _say_what_is_missing(values, line, refuse)
    _coordinates(line, said)
    if not line.faults:
        try:
            line.check = _check(values)
        except ValidationError as error:
            for wrong in error.errors():
                target = next((_OF[str(p)] for p in reversed(wrong["loc"]) if str(p) in _OF), "name")
                title = next(t.title for t in TARGETS if t.target == target)
                most = _MOST.get(target)
                long = most is not None and len(str(values.get(target) or "")) > most
                words = f"{title}最多 {most} 字" if long else f"{title}的内容不对，请核对"
                refuse(target, "too_long" if long else "bad_value", words)
    return line


def _unit(value: Any, column: Column) -> Any:
    return value * column.factor if isinstance(value, Decimal) and column.factor else value


def _say_what_is_missing(values: Mapping[str, Any], line: Line, refuse: Callable[[str, str, str], None]) -> None:
    refused = {fault["index"] for fault in line.faults}
    if not values.get("name") and not refused:
        refuse("name", "required", "请填写名称")
    industry = values.get("industry")
    if industry and trade_code(industry) is None:
        words = f"“{industry[:20]}”不是 GB/T 4754 的行业代码：应为 2 至 4 位数字，前面可带门类字母"
        refuse("industry", "bad_code", words)
    if not values.get("scope") and not industry and not refused:
        refuse("scope", "missing", "经营范围和行业代码都没有填，不能核验：至少填一项")
    code = values.get("uscc")
    if code and not (code.isascii() and code.isalnum() and len(code) <= 18):
        refuse("uscc", "bad_code", f"“{code[:24]}”不是统一社会信用代码：应为 18 位数字和大写字母")
    persons = values.get("persons")
    if persons is not None and (persons < 0 or persons != persons.to_integral_value()):
        refuse("persons", "not_whole", "人数应为不小于 0 的整数")
    area = values.get("area_m2")
    if area is not None and area < 0:
        refuse("area_m2", "below_minimum", "面积不应小于 0")


def _coordinates(line: Line, said: Mapping[str | None, Cell]) -> None:
    """Coordinates that cannot be read leave an entity to its address, and else to who knows the place."""
    x, y = (c.plain(said.get(target)).strip()[:60] if said.get(target) is not None else "" for target in ("lon", "lat"))
    line.sent = (x, y) if x or y else None
    try:
        line.x, line.y = c.degrees_of(said.get("lon")), c.degrees_of(said.get("lat"))
    except (ValueError, ArithmeticError):
        line.why = "not_a_position"


def _check(values: Mapping[str, Any]) -> Check:
    size = {
        "persons": None if values.get("persons") is None else int(values["persons"]),
        "area_m2": values.get("area_m2"),
    }
    return Check.model_validate(
        {
            "applicant": {
                "name": _one_line(values["name"]),
                "uscc": values.get("uscc"),
                "person": _one_line(values.get("person") or ""),
                "address": _one_line(values.get("address") or ""),
            },
            "trade": {"industry_code": values.get("industry"), "scope": values.get("scope") or "", "tags": []},
            "place": {},
            "size": size,
        }
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
