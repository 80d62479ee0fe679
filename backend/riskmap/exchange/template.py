"""The workbook that a sender fills: made from a class, and knowing at import which class and version it is of."""

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

import xlsxwriter

from riskmap.catalogue.model import Catalogue, Class, Field
from riskmap.exchange.cells import plain
from riskmap.exchange.headers import Matcher
from riskmap.exchange.rows import SAMPLE_MARK
from riskmap.exchange.sheets import cut, letters, lines_in, sheet_name, shown_width
from riskmap.exchange.table import HELP_SHEET, OPTIONS_SHEET, VERSION_SHEET, Table
from riskmap.exchange.targets import Target, targets_of

LAST_LINE = 5001  # as far down as drop-downs and checks reach
_YES_NO = ("是", "否")
_INLINE_MOST = 250  # Excel takes 255 characters of words in a drop-down itself
_TOWNS_MOST = 1000
_PAGE_WIDTH = 190  # characters across a landscape A4 that can still be read
_DAYS = date(1900, 1, 1), date(2199, 12, 31)
# Somewhere inside the demo city, where the caller has no better place.
_SOMEWHERE = (115.823750, 29.662500)

# What a sample says by unit, then cut to what the field allows.
_USUAL = {
    "m": "12.5", "km": "2.5", "cm": "30", "mm": "300", "m²": "1200", "km²": "3.5", "亩": "50", "公顷": "5",
    "m³": "5000", "L": "200", "t": "30", "kg": "50", "人": "120", "户": "40", "MPa": "1.6", "kV": "110",
    "m³/h": "50", "年一遇": "20", "天": "30",
}  # fmt: skip
_SAID_LIKE = re.compile(r"如\s*([^；。，,（）()]+)")
# Codes with a form of their own; the first that fits a field's pattern is its sample. Check digits are right.
_CODES = ("91360400MA0000001B", "2614", "360402001201", "360402", "13800000000", "0001")

_INK, _MUTED, _LINE = "#162126", "#5E6D75", "#BCC7CB"
_HEAD, _HEAD_OTHER, _HEAD_REQUIRED = "#E4F0F0", "#F5F7F8", "#0B5F66"


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of the template."""

    target: Target
    header: str
    words: tuple[str, ...]  # of its drop-down
    strict: bool  # whether only these words are understood
    sample: Any


def template(
    class_: Class,
    catalogue: Catalogue,
    divisions: Sequence[Mapping[str, Any]],
    *,
    title: str,
    at: tuple[float, float] = _SOMEWHERE,
) -> bytes:
    """An xlsx with a sheet to fill and one that explains it; `title` names the system, `at` places the sample."""
    columns = _columns(class_, catalogue, divisions, at)
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"title": f"{class_.title} 导入模板", "author": title})
    book.set_custom_property("riskmap_class", class_.code)
    book.set_custom_property("riskmap_version", class_.version, "number")
    name = sheet_name(class_.title)
    _Sheets(book, class_, columns, name, title).write()
    book.close()
    return out.getvalue()


def template_of(table: Table) -> tuple[str, int] | None:
    """Class and version of the template that this file was made from, or None."""
    for _, cells in table.own(VERSION_SHEET):
        code, version = [*cells, None, None][:2]
        if isinstance(code, str) and re.fullmatch(r"[a-z0-9-]{1,64}", code) and isinstance(version, int | float):
            return (code, int(version)) if 0 < version < 1_000_000 else None
        return None
    return None


def header_of(target: Target, matcher: Matcher) -> str | None:
    """The first of a target's names that is read as this target and nothing else, with its unit."""
    unit = f"（{target.unit}）" if target.unit else ""
    # Another field of the class may bear the title (a building site's own 状态): then the next name is taken.
    for name in (target.title, *target.synonyms, f"{target.title}（{target.group}）"):
        found = matcher.match(name + unit)
        if found and found[0] == target.target and found[1] in {None, Decimal(1)}:
            return name + unit
    return None


def _columns(
    class_: Class, catalogue: Catalogue, divisions: Sequence[Mapping[str, Any]], at: tuple[float, float]
) -> list[_Column]:
    targets = targets_of(class_, catalogue)
    matcher = Matcher(class_, targets)
    samples = _Samples(class_, divisions, at)
    out = []
    for target in targets:
        header = header_of(target, matcher) if target.in_template else None
        if header is None:  # a title that no header can mean: two fields share it
            continue
        words, strict = _words_of(target, divisions)
        out.append(_Column(target, header, words, strict, samples.of(target)))
    return out


def _words_of(target: Target, divisions: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], bool]:
    """What a drop-down offers, and whether nothing else is legal."""
    if target.kind == "choice":
        return tuple(words[0] for _, words in target.choices), True
    if target.kind == "boolean":
        return _YES_NO, True
    if target.kind == "division":
        levels = {"town"} if target.target == "town" else {"county"}
        names = tuple(dict.fromkeys(str(d["name"]) for d in divisions if d["level"] in levels))
        return names if len(names) <= _TOWNS_MOST else (), False
    if target.field is not None and target.field.values:
        return tuple(str(v) for v in target.field.values), False
    return (), False


# -- The sample row --------------------------------------------------------------------


class _Samples:
    """One object that could be: every value is legal for its field, and none contradicts another."""

    def __init__(self, class_: Class, divisions: Sequence[Mapping[str, Any]], at: tuple[float, float]) -> None:
        self._class = class_
        self._at = at
        self._county = next((d for d in divisions if d["level"] == "county"), None)
        within = str(self._county["code"])[:6] if self._county else "\x00"
        self._town = next((d for d in divisions if d["level"] == "town" and str(d["code"]).startswith(within)), None)
        self._chosen = {f.name: _usual_option(f) for f in class_.fields if f.options}

    @cached_property
    def _left_blank(self) -> set[str]:
        """Inputs of the methods that the sample does not use."""
        used: set[str] = set()
        unused: set[str] = set()
        for rule in self._class.inferred:
            (used if self._chosen.get(rule.field) == rule.value else unused).update(rule.when)
        return unused - used

    def of(self, target: Target) -> Any:
        """The sample of one column, or None where it is better left blank."""
        if target.target.startswith("attributes.") and target.field is not None:
            return None if target.field.name in self._left_blank else self._field(target.field)
        lon, lat = self._at
        takes_points = "point" in self._class.geometry
        match target.target:
            case "name":
                return f"{SAMPLE_MARK}例湖{self._class.title}"
            case "code":
                return "0001"
            case "division":
                return self._county["name"] if self._county else None
            case "town":
                return self._town["name"] if self._town else None
            case "address":
                return "例湖路 1 号"
            case "lon" | "lat":
                return round(lon if target.target == "lon" else lat, 6) if takes_points else None
            case "wkt":
                return None if takes_points else _shape(self._class.geometry[0], lon, lat)
            case "stage" | "visibility":
                return target.choices[1 if target.target == "visibility" else 0][1][0]
            case "grade":
                return dict(target.choices)["general"][0]
            case "level":
                return target.choices[len(target.choices) // 2][1][0]
            case "grade_basis":
                return "2026 年度风险评估报告"
            case "department":
                return self._class.department or None
            case "source":
                return "2026 年排查清单"
            case "party.主要负责人.name":
                return "演一"
            case "party.主要负责人.phone":
                return "0792-0000001"
            case _:
                return None

    def _field(self, spec: Field) -> Any:
        match spec.type:
            case "integer" | "decimal":
                return _number(spec, self._chosen)
            case "boolean":
                return _YES_NO[1]
            case "date":
                return date(2026, 3, 1)
            case "enum":
                return dict(spec.options)[_usual_option(spec)]
            case "list":
                return self._list(spec)
            case _:
                return _text(spec)

    def _list(self, spec: Field) -> str:
        if len(spec.fields) == 1:
            [only] = spec.fields
            options = [title for _, title in only.options[:2]]
            return "；".join(options or [plain(self._field(only))])
        values = [plain(self._field(f)) for f in spec.fields]
        return "｜".join(values)


def _usual_option(spec: Field) -> str:
    """The first; of grades the one that the sample's own grade is."""
    values = [value for value, _ in spec.options]
    return "general" if "general" in values else values[0]


def _number(spec: Field, chosen: Mapping[str, str]) -> float | int:
    legal = next((table for other, value, table in spec.values_by if chosen.get(other) == value), spec.values)
    if legal:
        number = sorted(legal)[len(legal) // 2]
    else:
        number = Decimal(_USUAL.get(spec.unit or "", "10"))
        if spec.minimum is not None and (number < spec.minimum or (spec.exclusive_minimum and number == spec.minimum)):
            number = spec.minimum + (1 if spec.exclusive_minimum else 0)
        if spec.maximum is not None:
            number = min(number, spec.maximum) if spec.minimum is None or spec.maximum >= 10 else spec.minimum
    whole = number == number.to_integral_value()
    return int(number) if whole or spec.type == "integer" else float(number)


def _text(spec: Field) -> str | None:
    said = _SAID_LIKE.search(spec.help or "")
    if spec.pattern:
        like = re.split(r"[、/或]", said[1].strip()) if said else []
        return next((w for w in (*like, *_CODES) if re.fullmatch(spec.pattern, w)), None)
    return (said[1].strip() if said else f"示例{spec.title}")[: spec.max_length]


def _shape(kind: str, lon: float, lat: float) -> str:
    side = 0.002
    west, south, east, north = (f"{v:.6f}" for v in (lon, lat, lon + side, lat + side))
    if kind == "linestring":
        return f"LINESTRING({west} {south}, {east} {south}, {east} {north})"
    return f"POLYGON(({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"


# -- The sheets ------------------------------------------------------------------------


class _Sheets:
    """Writes the workbook's sheets."""

    def __init__(self, book: Any, class_: Class, columns: Sequence[_Column], name: str, title: str) -> None:
        self._book, self._class, self._columns, self._title = book, class_, columns, title
        self._sheet = book.add_worksheet(name)
        self._help = book.add_worksheet(HELP_SHEET)
        self._options = book.add_worksheet(OPTIONS_SHEET)
        self._version = book.add_worksheet(VERSION_SHEET)
        self._lists = 0

    def write(self) -> None:
        """All of them."""
        self._version.write_string(0, 0, self._class.code)
        self._version.write_number(0, 1, self._class.version)
        self._version.very_hidden()
        self._options.hide()
        self._write_form()
        self._write_help()
        self._sheet.activate()

    def _format(self, **properties: Any) -> Any:
        base = {"font_name": "微软雅黑", "font_size": 10, "font_color": _INK, "valign": "vcenter"}
        return self._book.add_format(base | properties)

    def _write_form(self) -> None:
        sheet = self._sheet
        head = {"bold": True, "text_wrap": True, "align": "center", "border": 1, "border_color": _LINE}
        heads = [self._format(**head, bg_color=_HEAD), self._format(**head, bg_color=_HEAD_OTHER)]
        must = self._format(**head | {"font_color": "#FFFFFF"}, bg_color=_HEAD_REQUIRED)
        group, tint = "", 1
        sheet.set_default_row(18)
        sheet.set_row(0, 36)
        for index, column in enumerate(self._columns):
            target = column.target
            if target.group != group:
                group, tint = target.group, 1 - tint
            number_format = _number_format(target)
            sheet.set_column(index, index, _width(column), self._format(num_format=number_format))
            header = f"*{column.header}" if target.required else column.header
            sheet.write_string(0, index, header, must if target.required else heads[tint])
            grey = self._format(num_format=number_format, font_color=_MUTED, italic=True)
            _write(sheet, 1, index, column.sample, grey)
            for check in self._checks(column):
                sheet.data_validation(1, index, LAST_LINE - 1, index, check)
        sheet.freeze_panes(1, 1)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
        sheet.repeat_rows(0)
        sheet.repeat_columns(0)
        sheet.print_across()
        sheet.fit_to_pages(-(-int(sum(map(_width, self._columns))) // _PAGE_WIDTH), 0)
        sheet.set_header(f"&L{_print(self._title)}&R{_print(self._class.title)}")
        sheet.set_footer("&C第 &P 页，共 &N 页")
        # Numbers that stand as text are meant so: codes keep their zeros.
        sheet.ignore_errors({"number_stored_as_text": f"A1:{letters(len(self._columns) - 1)}{LAST_LINE}"})

    def _checks(self, column: _Column) -> Iterator[dict[str, Any]]:
        target = column.target
        tip: dict[str, Any] = {
            "input_title": cut(target.title, 32),
            "input_message": cut(_how(column), 255),
            "ignore_blank": True,
        }
        if column.words:
            legal = f"{target.title}应从下拉列表中选一项。"
            yield tip | {
                "validate": "list",
                "source": self._source(column.words),
                "error_type": "stop" if column.strict else "warning",
                "error_title": "不在列表中",
                "error_message": cut(legal if column.strict else f"{target.title}一般从列表中选。仍要这样填吗？", 255),
            }
        elif target.kind == "number" and target.field is not None:
            spec = target.field
            yield tip | {
                "validate": "decimal",
                **_bounds(spec),
                "error_type": "warning",
                "error_title": "请核对数字",
                "error_message": cut(f"{target.title}应为数字{_range_words(spec)}。仍要这样填吗？", 255),
            }
        elif target.kind == "date":
            yield tip | {
                "validate": "date",
                "criteria": "between",
                "minimum": _DAYS[0],
                "maximum": _DAYS[1],
                "error_type": "warning",
                "error_title": "请核对日期",
                "error_message": cut(f"{target.title}应为日期，如 2026-03-01。仍要这样填吗？", 255),
            }
        elif tip["input_message"]:
            yield tip | {"validate": "any"}

    def _source(self, words: Sequence[str]) -> Any:
        """The words themselves where Excel takes them, else where they stand on the hidden sheet."""
        if len(",".join(words)) <= _INLINE_MOST and not any(set(',"') & set(w) or w[:1] == "=" for w in words):
            return list(words)
        column = letters(self._lists)
        for line, word in enumerate(words):
            self._options.write_string(line, self._lists, word)
        self._lists += 1
        return f"='{OPTIONS_SHEET}'!${column}$1:${column}${len(words)}"

    def _write_help(self) -> None:
        sheet = self._help
        wrap = self._format(text_wrap=True, valign="top", border=1, border_color=_LINE)
        head = self._format(bold=True, bg_color=_HEAD, border=1, border_color=_LINE, align="center")
        note = self._format(text_wrap=True, valign="top")
        widths = (24, 6, 8, 50, 44, 32)
        for index, width in enumerate(widths):
            sheet.set_column(index, index, width)
        sheet.merge_range(0, 0, 0, 5, "", note)
        sheet.write_string(0, 0, f"{self._class.title} 填写说明", self._format(bold=True, font_size=14))
        sheet.set_row(0, 26)
        line = 1
        for text in _notes(self._class, self._sheet.get_name(), {c.target.target for c in self._columns}):
            sheet.merge_range(line, 0, line, 5, "", note)
            sheet.write_string(line, 0, text, note)
            sheet.set_row(line, 17 * lines_in(text, sum(widths)))
            line += 1
        line = first = line + 1
        for index, text in enumerate(("名称", "必填", "单位", "填法", "可选值", "示例")):
            sheet.write_string(line, index, text, head)
        for column in self._columns:
            line += 1
            values = (
                column.header.removesuffix(f"（{column.target.unit}）"),
                "是" if column.target.required else "",
                column.target.unit or "",
                _how(column),
                _legal_words(column),
                _example(column),
            )
            for index, text in enumerate(values):
                sheet.write_string(line, index, text, wrap)
            tall = max(lines_in(text, width) for text, width in zip(values, widths, strict=True))
            sheet.set_row(line, 17 * tall)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&C第 &P 页，共 &N 页")
        sheet.repeat_rows(first)
        sheet.hide_gridlines(2)


def _write(sheet: Any, line: int, index: int, value: Any, form: Any) -> None:
    if value is None:
        sheet.write_blank(line, index, None, form)
    elif isinstance(value, str):
        sheet.write_string(line, index, value, form)
    elif isinstance(value, date):
        sheet.write_datetime(line, index, value, form)
    else:
        sheet.write_number(line, index, value, form)


def _number_format(target: Target) -> str:
    if target.kind == "date":
        return "yyyy-mm-dd"
    # All else that is no number stays text: 001, 3-1 and 3e-5 would come back as 1, the 1st of March and 0.00003.
    return "General" if target.kind in {"number", "position"} else "@"


_WIDE = {"name": 28.0, "address": 28.0, "wkt": 30.0, "grade_basis": 24.0}


def _width(column: _Column) -> float:
    most = max((shown_width(w) for w in column.words), default=0)
    said = min(shown_width(plain(column.sample)), 24)
    least = _WIDE.get(column.target.target, 11.0)
    # A header may take two lines.
    return max(least, min(most, 24) + 4.0, said + 2.0, min(shown_width(column.header) / 2 + 4, 24))


def _print(text: str) -> str:
    """For a page's header, where & begins a command."""
    return cut(text.replace("&", "&&"), 100)


def _bounds(spec: Field) -> dict[str, Any]:
    if spec.minimum is not None and spec.maximum is not None and not spec.exclusive_minimum:
        return {"criteria": "between", "minimum": float(spec.minimum), "maximum": float(spec.maximum)}
    if spec.minimum is not None:
        return {"criteria": ">" if spec.exclusive_minimum else ">=", "value": float(spec.minimum)}
    if spec.maximum is not None:
        return {"criteria": "<=", "value": float(spec.maximum)}
    return {"criteria": "between", "minimum": -1e15, "maximum": 1e15}


def _range_words(spec: Field) -> str:
    words = []
    if spec.minimum is not None:
        words.append(f"{'大于' if spec.exclusive_minimum else '不小于'} {spec.minimum}")
    if spec.maximum is not None:
        words.append(f"不大于 {spec.maximum}")
    return "，" + "，".join(words) if words else ""


_HOW: dict[str, Callable[[Target], str]] = {
    "number": lambda t: (
        f"{'整数' if t.field and t.field.type == 'integer' else '数字'}"
        f"{_range_words(t.field) if t.field else ''}{f'；单位 {t.unit}' if t.unit else ''}"
    ),
    "boolean": lambda t: "填“是”或“否”",
    "date": lambda t: "日期，如 2026-03-01",
    "choice": lambda t: "从下拉列表中选一项",
    "text": lambda t: f"文字，最多 {t.field.max_length} 字" if t.field else "文字",
    "code": lambda t: "文本，前面的 0 会保留",
    "division": lambda t: "" if t.help else "名称或区划代码",
}


def _how(column: _Column) -> str:
    """How a column is filled, in a sentence."""
    target = column.target
    own = _HOW[target.kind](target) if target.kind in _HOW else ""
    parts = [own, target.help if target.help != "必填" else ""]
    if target.target == "lat":
        parts = ["写法同经度"]
    if target.required:
        parts.insert(0, "必填")
    return "。".join(p.rstrip("。") for p in parts if p)


def _legal_words(column: _Column) -> str:
    if column.target.kind == "division":
        return "本地区划名称或代码" if column.words else ""
    return cut("、".join(column.words), 400)


def _example(column: _Column) -> str:
    if column.target.target == "enterprise":
        return "例湖化工有限公司"
    if column.target.target == "wkt" and column.sample is None:
        return _shape("polygon", *_SOMEWHERE)
    return plain(column.sample)


def _notes(class_: Class, sheet: str, targets: set[str]) -> Iterator[str]:
    yield (
        f"1. 在“{sheet}”表里一行填一处，从第 3 行写起（第 2 行是示例）。表头带 * 的必填；"
        "不用的列可以删去，次序可以调换，表头的名称请保留。"
    )
    yield f"2. 名称以“{SAMPLE_MARK}”开头的行是示例，导入时略过，可以留着，也可以删去。"
    yield (
        "3. 编号在同一分类中唯一。再次导入时按编号对上原有对象：有变化的更新，没有变化的不动。"
        "没有编号的按名称、区划和位置（相距 1 米以内）对。同一份表里编号重复的行退回。"
    )
    where = "经度、纬度" if "lon" in targets else "图形"
    yield (
        f"4. {where}用哪种坐标基准，导入时会问：CGCS2000（国家 2000，天地图）、WGS 84（GPS）、"
        "GCJ-02（高德、腾讯）、BD-09（百度）或三度带。一份表只用一种，原来的数照存。"
    )
    if "lon" in targets:
        yield "5. 经度、纬度可写十进制度（115.823750，至少 4 位小数）或度分秒（115°49′25″）；经度在前，不要写反。"
    else:
        yield "5. 图形写 WKT，经度在前：线为 LINESTRING(经度 纬度, …)，面为 POLYGON((经度 纬度, …))，面的首尾两点相同。"
    yield (
        "6. 不知道位置的请留空，不要填 0 或大概的点：这一行照常入库，列入“待定位”并计入总数，"
        "以后在地图上点定，或补上坐标再导入。"
    )
    yield "7. 数字只填数，单位以表头为准；写成“12 万m³”这样带单位的也认得，会换算成表头的单位。日期写 2026-03-01。"
    yield (
        "8. 没有评定过的等级请留空，记为“未评定”，不会当作低风险。"
        if "grade" in targets
        else ("8. 风险等级由系统按标准判定，不用填。")
    )
    yield "9. 填错的行连同原因退回，其余照常入库。改好后把整份再导入一次，已入库的行不会重复。"
    yield f"10. 涉密数据不得填入。本模板为“{class_.title}”第 {class_.version} 版；分类改过以后，旧模板仍可导入。"
