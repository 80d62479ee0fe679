"""户册 as a table: the columns of its template, and a sender's file read row by row."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from riskmap.base.errors import Invalid
from riskmap.base.wire import PHONE_SAID, is_phone
from riskmap.exchange import cells as c
from riskmap.exchange.cells import CellFault
from riskmap.exchange.headers import HEAD_LINES, Column, Header, Matcher, find_header, match_columns
from riskmap.exchange.table import Table
from riskmap.exchange.tables import open_table
from riskmap.exchange.targets import Target

MOST_ROWS = 20_000
MOST_FILE = 20 << 20

_COLUMNS: Mapping[str, tuple[str, str, str]] = {  # title, kind, what else a header may call it
    "village": ("村（社区）", "text", "村;社区;村名;行政村;所在村;村社区;村（居）;村居"),
    "code": ("户号", "code", "户编号;门牌编号;户籍号;户口簿号"),
    "householder": ("户主", "text", "户主姓名;姓名;房主;联系人;负责人"),
    "kind": ("类别", "text", "人员类别;常住或流动;居住类别"),
    "persons": ("人数", "number", "人口;家庭人口;家庭人数;户人口;应转人数"),
    "frail": ("老弱病残孕", "number", "其中老弱病残孕;特殊人员;重点人员"),
    "disabled": ("失能", "number", "其中失能;失能人员;不能自理"),
    "left_behind": ("留守", "number", "其中留守;留守人员"),
    "alone": ("独居", "number", "其中独居;独居老人"),
    "phone": ("电话", "text", "联系电话;户主电话;手机;手机号;手机号码"),
    "address": ("住址", "text", "地址;门牌;家庭住址;详细地址"),
    "helper": ("帮扶人", "text", "一对一帮扶人;帮扶责任人;包户干部;包户党员;转移责任人"),
    "helper_phone": ("帮扶人电话", "text", "帮扶责任人电话;包户干部电话;转移责任人电话"),
}
TARGETS = tuple(
    Target(name, title, "", kind, tuple(words.split(";"))) for name, (title, kind, words) in _COLUMNS.items()
)
TITLES = {name: title for name, (title, _, _) in _COLUMNS.items()}
_PARTS = ("frail", "disabled", "left_behind", "alone")
_MOST = {"village": 60, "code": 40, "householder": 60, "phone": 30, "address": 200, "helper": 60, "helper_phone": 30}
_PHONES = {"phone", "helper_phone"}
_FLOATING = {"流动", "流动人员", "游客", "务工", "外来", "外来务工", "租住", "工人"}
_RESIDENT = {"", "常住", "常住人口", "本村", "户籍", "本地"}
_MOST_PERSONS = 2000  # of one household; a work site is one


@dataclass(frozen=True, slots=True)
class Fault:
    """One cell that was refused, in words that its sender can act on."""

    line: int
    column: str
    code: str
    message: str

    def body(self) -> dict[str, Any]:
        """As it is told."""
        return {"line": self.line, "column": self.column, "code": self.code, "message": self.message}


@dataclass(frozen=True, slots=True)
class Row:
    """One household as it was read."""

    line: int
    village: str
    values: dict[str, Any]

    @property
    def identity(self) -> str:
        """What tells households apart: their number, else name and telephone."""
        code = self.values["code"]
        return f"#{code}" if code else f"{self.values['householder']}|{self.values['phone']}"


def read(path: Path) -> tuple[list[Row], list[Fault]]:
    """The rows that can be read, and what is wrong with the others. Raises Invalid for what is no such table."""
    table = open_table(path)
    sheet, header, columns = _layout(table)
    used = {column.target: column for column in columns if column.target}
    missing = [TITLES[name] for name in ("village", "householder", "persons") if name not in used]
    if missing:
        raise Invalid(f"表头里没有{'、'.join(missing)}，请用户册模板，或补上后再上传。", code="no_column")
    uncomputed = defaultdict[int, set[int]](set)
    for line, index in table.uncomputed(sheet):
        uncomputed[line].add(index)
    rows: list[Row] = []
    faults: list[Fault] = []
    for number, cells in table.rows(sheet):
        if number <= header.last:
            continue
        said = {name: cells[col.index] if col.index < len(cells) else None for name, col in used.items()}
        texts = {name: c.plain(cell).strip() for name, cell in said.items() if cell is not None}
        # A line of the template that nobody filled in names its village alone.
        if not any(text for name, text in texts.items() if name != "village"):
            continue
        if next(iter(texts.values())).rstrip("：:") in {"合计", "总计", "小计"}:
            continue
        if len(rows) + len(faults) >= MOST_ROWS:
            raise Invalid(f"一次最多 {MOST_ROWS:,} 户，请分成几份再上传。", code="too_many_rows")
        found = _row(number, said, used, uncomputed.get(number, set()))
        if isinstance(found, Row):
            rows.append(found)
        else:
            faults += found
    if not rows and not faults:
        raise Invalid("表里没有一户，请填好后再上传。", code="no_rows")
    return rows, faults


def _layout(table: Table) -> tuple[str, Header, list[Column]]:
    matcher = Matcher(None, TARGETS)
    best: tuple[int, str, Header, list[Column]] | None = None
    for sheet in table.sheets:
        head = list(islice(table.rows(sheet.name), HEAD_LINES))
        header = find_header(head, table.merged(sheet.name), matcher)
        if header is None:
            continue
        columns = list(match_columns(header, matcher, {}))
        known = sum(column.target is not None for column in columns)
        if not sheet.hidden and (best is None or known > best[0]):
            best = known, sheet.name, header, columns
    if best is None:
        raise Invalid("没有找到表头：应有村（社区）、户主、人数等列。请用户册模板。", code="no_header")
    return best[1:]


def _row(line: int, said: Mapping[str, Any], used: Mapping[str, Column], uncomputed: set[int]) -> Row | list[Fault]:
    values: dict[str, Any] = {}
    faults: list[Fault] = []

    def refuse(name: str, code: str, message: str) -> None:
        faults.append(Fault(line, used[name].header if name in used else TITLES[name], code, message))

    for name, (title, kind, _) in _COLUMNS.items():
        cell = said.get(name)
        if name in used and used[name].index in uncomputed and cell is None:
            refuse(name, "formula_without_value", "公式没有算出值，请改为数值后再上传")
            continue
        try:
            if kind == "number":
                values[name] = _whole(c.number_of(cell, title), name, title)
            else:
                values[name] = (c.code_of(cell, title) if kind == "code" else c.text_of(cell, title)) or ""
                if name in _MOST and len(values[name]) > _MOST[name]:
                    raise CellFault("too_long", f"{title}最多 {_MOST[name]} 字")
                if name in _PHONES and values[name] and not is_phone(values[name]):
                    raise CellFault("not_a_phone", f"{title}{PHONE_SAID}")
        except CellFault as fault:
            refuse(name, fault.code, fault.message)
    refused = {f.column for f in faults}
    for name in ("village", "householder"):
        if not values.get(name) and used[name].header not in refused:
            refuse(name, "required", f"请填写{TITLES[name]}")
    said_kind = values.get("kind", "")
    if said_kind not in _FLOATING | _RESIDENT:
        refuse("kind", "bad_choice", f"类别应为常住或流动，“{said_kind[:20]}”不认识")
    values["kind"] = "floating" if said_kind in _FLOATING else "resident"
    if "persons" in values:
        for name in _PARTS:
            if values.get(name, 0) > values["persons"]:
                refuse(
                    name, "more_than_all", f"{TITLES[name]} {values[name]:,} 人，比这一户 {values['persons']:,} 人多"
                )
    if faults:
        return faults
    return Row(line, values.pop("village"), values)


def _whole(number: Decimal | None, name: str, title: str) -> int:
    if number is None:
        if name == "persons":
            raise CellFault("required", "请填写人数")
        return 0
    if number != number.to_integral_value() or number < (1 if name == "persons" else 0) or number > _MOST_PERSONS:
        least = "1" if name == "persons" else "0"
        raise CellFault("out_of_range", f"{title}应为 {least} 到 {_MOST_PERSONS:,} 的整数")
    return int(number)
