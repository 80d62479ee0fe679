"""A table of readings: 站码 or 站名, 时间, 水位; perhaps height system, shift and remark. Wrong rows are named."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any

from riskmap.base.errors import Invalid
from riskmap.exchange import cells as c
from riskmap.exchange.cells import Cell, CellFault
from riskmap.exchange.headers import HEAD_LINES, Column, Header, Matcher, find_header, match_columns
from riskmap.exchange.table import Table
from riskmap.exchange.targets import Target
from riskmap.rescue.readings import Sent, Taken

MOST_ROWS = 20_000
_WORDS = {  # title, kind, what else a header may call it, unit
    "code": ("站码", "code", "测站编码;测站编号;测站代码;站点编码;站号;编码;编号;工程编号", None),
    "name": ("站名", "text", "名称;测站名称;站点名称;水文站;水位站;监测站;水库名称;工程名称;圩名;堤名", None),
    "at": ("时间", "text", "观测时间;读数时间;报汛时间;采集时间;数据时间;监测时间;时刻;日期时间", None),
    "level": ("水位", "number", "水位值;库水位;实测水位;当前水位;读数;坝上水位;河道水位;实时水位", "m"),
    "system": ("高程系统", "text", "高程基准;基面;高程基面;水位基面;采用基面", None),
    "shift": ("换算值", "number", "高程换算值;基面换算值;高程差;基面差值", "m"),
    "minutes": ("分钟前", "number", "", None),
    "note": ("备注", "text", "说明;附注", None),
}
TARGETS = tuple(
    Target(name, title, "", kind, tuple(w for w in words.split(";") if w), unit=unit)
    for name, (title, kind, words, unit) in _WORDS.items()
)
_TITLES = {name: title for name, (title, *_) in _WORDS.items()}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the readings stand in a file."""

    sheet: str
    header: Header
    columns: Mapping[str, Column]


def layout_of(table: Table) -> Layout:
    """The sheet whose header means most. Raises Invalid with what is missing."""
    matcher = Matcher(None, TARGETS)
    found: list[tuple[int, Layout]] = []
    for sheet in table.sheets:
        head = list(islice(table.rows(sheet.name), HEAD_LINES))
        header = find_header(head, table.merged(sheet.name), matcher)
        if header is not None and not sheet.hidden:
            columns = {col.target: col for col in match_columns(header, matcher, {}) if col.target}
            found.append((len(columns), Layout(sheet.name, header, columns)))
    if not found:
        raise Invalid("没有找到表头：应有站码（或站名）、时间、水位三列。请核对后再上传。", code="no_header")
    layout = max(found, key=lambda one: one[0])[1]
    lacks = [] if layout.columns.keys() & {"code", "name"} else ["站码（或站名）"]
    lacks += [] if layout.columns.keys() & {"at", "minutes"} else ["时间"]
    lacks += [] if "level" in layout.columns else ["水位"]
    if lacks:
        raise Invalid(f"表头里没有{'、'.join(lacks)}，不能登记。请补上后再上传。", code="no_column")
    rows = next(s.rows for s in table.sheets if s.name == layout.sheet) - layout.header.last
    if rows > MOST_ROWS:
        raise Invalid(f"表有 {rows} 行，一次最多 {MOST_ROWS:,} 行。请分成几份再上传。", code="too_many_rows")
    return layout


def readings_of(table: Table, now: datetime, taken: Taken) -> list[Sent]:
    """Readings of a file by their lines; a line that cannot be read is a fault of `taken`. Raises Invalid."""
    layout = layout_of(table)
    out, filled = [], False
    uncomputed = table.uncomputed(layout.sheet)
    timed = cache(lambda: table.timed(layout.sheet, layout.columns["at"].index))  # asked where a day stands alone
    for line, cells in table.rows(layout.sheet):
        said = {name: _cell(cells, col.index) for name, col in layout.columns.items()}
        if line <= layout.header.last or not any(c.plain(cell).strip() for cell in said.values() if cell is not None):
            continue
        filled = True
        if type(day := said.get("at")) is date and line in timed():
            said["at"] = datetime.combine(day, time.min)  # the reading of midnight
        values: dict[str, Any] = {}
        good = True
        for name, column in layout.columns.items():
            try:
                if said[name] is None and (line, column.index) in uncomputed:
                    raise CellFault("formula_without_value", "公式没有算出值，请改为数值后再上传")
                values[name] = _READ[name](said[name], column)
            except CellFault as fault:
                good = False
                taken.refuse(line, column.header, fault.code, fault.message)
        if good and (sent := _sent(line, values, now, taken)) is not None:
            out.append(sent)
        else:
            taken.read += 1
    if not filled:
        raise Invalid("表头下面没有数据行，没有登记。请核对工作表和表头行。", code="no_rows")
    return out


def _cell(cells: Sequence[Any], index: int) -> Cell:
    return cells[index] if index < len(cells) else None


def _number(cell: Cell, column: Column) -> Decimal | None:
    return c.number_of(cell, column.header, "m", column.factor)


_READ: Mapping[str, Callable[[Cell, Column], Any]] = {
    "code": lambda cell, col: c.code_of(cell, col.header),
    "name": lambda cell, col: c.text_of(cell, col.header),
    "at": lambda cell, col: c.moment_of(cell, col.header),
    "level": _number,
    "system": lambda cell, col: c.text_of(cell, col.header),
    "shift": _number,
    "minutes": lambda cell, col: c.number_of(cell, col.header),
    "note": lambda cell, col: c.text_of(cell, col.header),
}


def _sent(line: int, values: Mapping[str, Any], now: datetime, taken: Taken) -> Sent | None:
    at = values.get("at")
    if at is None and values.get("minutes") is not None:
        at = now - timedelta(minutes=float(values["minutes"]))
    if at is None:
        taken.refuse(line, _TITLES["at"], "required", "请填写时间")
        return None
    if values.get("level") is None:
        taken.refuse(line, _TITLES["level"], "required", "请填写水位；没有读数的行请删去")
        return None
    return Sent(
        line, at, values["level"], code=values.get("code"), name=values.get("name"),
        height_system=values.get("system"), shift_m=values.get("shift"), note=(values.get("note") or "")[:200],
    )  # fmt: skip
