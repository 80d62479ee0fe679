"""One line of a sender's table as values of its class, or as faults that tell the sender what to mend."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from riskmap.access.reader import canonical_division, territory
from riskmap.catalogue import validate
from riskmap.catalogue.model import Class, Field
from riskmap.exchange import cells as c
from riskmap.exchange.cells import Cell, CellFault, plain
from riskmap.exchange.headers import Column
from riskmap.exchange.targets import Target, option_choices

SAMPLE_MARK = "【示例】"
# “合计”, “十里街道小计”, “合计（个）”, “合计：2所”, “共 15 所”.
_SUMS = re.compile(
    r"[(（]?.{0,12}(合\s*计|总\s*计|小\s*计|累\s*计|共\s*计)[)）]?\s*([(（].{0,8}[)）])?\s*([:：].{0,12})?"
    r"|[共计]\s*\d[\d,]*\s*[所家个处座户人条只台套辆]"
)
_NUMBERED = re.compile(r"[（(]?[一二三四五六七八九十\d]+[)）]?[、.．|｜]?\s*")
# What stands under a table: who filled it in, and notes.
_NOTES = re.compile(
    r"(注\d*|备注|说明|填表说明|填报说明|填表人|填报人|制表人?|审核人?|复核人?|审批人?|签发人?|填报单位|单位负责人|负责人签字"
    r"|填表日期|填报日期|填报时间)\s*[:：].*",
    re.DOTALL,
)
_KEPT = 20_000
_NOT_COMPUTED = "单元格是公式，文件里没有算好的值：请在 Excel 或 WPS 中打开，另存后再上传"
_NOTE_CELLS = 4  # a note has no more of them
_LIST_ROWS = re.compile(r"[;；\n]+")
_LIST_PARTS = re.compile(r"\s*[|｜]\s*")
_PAIR = re.compile(r"[,，;；\s]+")
_NO_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_MOST = {"name": 200, "code": 64, "source": 200, "department": 200, "grade_basis": 1000}


@dataclass(frozen=True, slots=True)
class Fault:
    """One cell that was refused, in words that its sender can act on."""

    index: int | None  # of the column; None: no column is to blame
    column: str  # the header text, as it stands in the file
    code: str
    message: str

    def body(self) -> dict[str, Any]:
        """As it is stored and sent."""
        return {"index": self.index, "column": self.column, "code": self.code, "message": self.message}


@dataclass(slots=True)
class Reading:
    """What one line says. A value that is not given is absent."""

    line: int
    cells: Sequence[Any]
    ignored: str | None = None  # blank, unmapped, sum, sample, note
    core: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    parties: dict[str, dict[str, str]] = field(default_factory=dict)
    references: dict[str, tuple[str, Fault]] = field(default_factory=dict)  # enterprise, parent: what is said
    faults: list[Fault] = field(default_factory=list)
    x: Decimal | None = None
    y: Decimal | None = None
    x_text: str = ""
    y_text: str = ""
    geometry: BaseGeometry | None = None
    why: str | None = None  # why it has no position, as far as the line alone tells


class Divisions:
    """Codes of divisions by what senders write: names, with or without suffix and city, or digits."""

    def __init__(self, listed: Iterable[Mapping[str, Any]]) -> None:
        listed = list(listed)
        self.codes = {d["code"] for d in listed}
        self._names = {d["code"]: d["name"] for d in listed}
        self._counties: dict[str, set[str]] = {}
        self._towns: dict[str, set[str]] = {}
        self._seen: dict[tuple[str, str], str] = {}  # the same few names stand in row after row
        cities = [d["name"] for d in listed if d["level"] == "city"]
        provinces = [d["name"] for d in listed if d["level"] == "province"]
        cities = [*provinces, *cities, *(p + city for p in provinces for city in cities)]
        for d in listed:
            into = self._towns if d["level"] in {"town", "village"} else self._counties
            for word in _forms(d["name"]):
                into.setdefault(word, set()).add(d["code"])
                if into is self._counties:
                    for city in cities:
                        into.setdefault(city + word, set()).add(d["code"])

    def county(self, said: str, title: str) -> str:
        """Code of a county, town or whatever the text names alone. Raises CellFault."""
        found = self._seen.get((said, ""))
        if found is None:
            found = self._county(said, title)
            self._keep(said, "", found)
        return found

    def town(self, said: str, county: str | None, title: str) -> str:
        """Code of a town, within the county where it is said. Raises CellFault."""
        found = self._seen.get((said, county or "*"))
        if found is None:
            found = self._town(said, county, title)
            self._keep(said, county or "*", found)
        return found

    def _keep(self, said: str, within: str, code: str) -> None:
        if len(self._seen) < _KEPT:
            self._seen[said, within] = code

    def _county(self, said: str, title: str) -> str:
        text = c.normal(said).replace(" ", "")
        digits = text.removesuffix(".0")
        if digits.isascii() and digits.isdigit():
            code = canonical_division(digits) if len(digits) in {6, 9, 12} else ""
            if code and (not self.codes or code in self.codes):
                return code
            raise CellFault("unknown_division", f"{title}“{said[:20]}”不是现有的区划代码，请核对")
        found = self._counties.get(text) or self._towns.get(text) or set()
        if not found:  # “濂溪区新港镇”: both in one cell
            for name, codes in self._counties.items():
                if text.startswith(name) and text != name:
                    inner = self._towns.get(text[len(name) :], set())
                    found = found | {t for t in inner if any(t.startswith(territory(code)) for code in codes)}
        if len(found) == 1:
            return next(iter(found))
        if not found:
            raise CellFault("unknown_division", f"{title}“{said[:20]}”不在本地区划中，请填写现有区县的全称或代码")
        names = "、".join(sorted(self.full_name(code) for code in found)[:4])
        raise CellFault("ambiguous_division", f"{title}“{said[:20]}”有多处：{names}。请写明区县")

    def _town(self, said: str, county: str | None, title: str) -> str:
        text = c.normal(said).replace(" ", "")
        if text.isascii() and text.isdigit():
            return self.county(said, title)
        found = self._towns.get(text, set())
        if county:
            within = {t for t in found if t.startswith(territory(county))}
            if not within and text.startswith(self._names.get(county, "\x00")):
                return self.town(text[len(self._names[county]) :], county, title)
            if not within:
                where = self._names.get(county, county)
                raise CellFault("unknown_division", f"{where}没有“{said[:20]}”，请核对{title}")
            found = within
        if len(found) == 1:
            return next(iter(found))
        if not found:
            raise CellFault("unknown_division", f"{title}“{said[:20]}”不在本地区划中，请核对")
        names = "、".join(sorted(self.full_name(code) for code in found)[:4])
        raise CellFault("ambiguous_division", f"{title}“{said[:20]}”有多处：{names}。请写明区县")

    def knows(self, said: str) -> bool:
        """Whether this is a division's name."""
        return said in self._counties or said in self._towns

    def name(self, code: str) -> str:
        """A division's own name."""
        found: str = self._names.get(code, code)
        return found

    def full_name(self, code: str) -> str:
        """County and town, as an officer says it."""
        return "".join(dict.fromkeys([self._names.get(code[:6], ""), self._names.get(code, code)]))


def _forms(name: str) -> set[str]:
    """A name as it is and without its suffix; a single character left would mean too much."""
    forms = {name}
    for suffix in ("街道办事处", "街道", "地区", "市", "区", "县", "镇", "乡"):
        if name.endswith(suffix) and len(name) - len(suffix) >= 2:
            forms.add(name[: -len(suffix)])
            break
    return forms


Setter = Callable[["Reading", Cell], None]


class RowReader:
    """Reads lines of one table, by the columns as they were matched."""

    def __init__(
        self,
        class_: Class,
        targets: Mapping[str, Target],
        columns: Sequence[Column],
        divisions: Divisions,
        uncomputed: set[tuple[int, int]],
    ) -> None:
        self._class = class_
        self._divisions = divisions
        self._uncomputed = uncomputed
        self.columns = [col for col in columns if col.target in targets]
        self._by_target = {col.target: col for col in self.columns}
        self._setters: list[tuple[int, Column, Setter]] = [
            (col.index, col, self._setter(targets[col.target], col)) for col in self.columns if col.target
        ]
        self._titles = {name: target.title for name, target in targets.items()}
        self._headers = {col.header.strip() for col in self.columns}
        self._indices = [col.index for col in self.columns]
        self._name = self._by_target["name"].index if "name" in self._by_target else None
        self._fields = {f"attributes.{f.name}": f for f in class_.fields}

    def read(self, line: int, cells: Sequence[Any]) -> Reading:
        """One line."""
        reading = Reading(line, cells)
        reading.ignored = self._ignored(cells)
        if reading.ignored:
            return reading
        width = len(cells)
        for index, column, put in self._setters:
            cell = cells[index] if index < width else None
            if cell is None:
                if (line, index) in self._uncomputed:
                    reading.faults.append(Fault(index, column.header, "formula_without_value", _NOT_COMPUTED))
                continue
            try:
                put(reading, cell)
            except CellFault as fault:
                reading.faults.append(Fault(index, column.header, fault.code, fault.message))
        self._finish(reading)
        return reading

    def _ignored(self, cells: Sequence[Any]) -> str | None:
        width = len(cells)
        for value in cells[:4]:
            if isinstance(value, str) and ("计" in value or "共" in value) and _SUMS.fullmatch(value.strip()):
                return "sum"
        said = [cells[i] for i in self._indices if i < width and cells[i] is not None]
        if not any(not isinstance(v, str) or v.strip() for v in said):
            others = sum(v is not None and (not isinstance(v, str) or bool(v.strip())) for v in cells)
            return "unmapped" if others > 1 else "blank"  # a running number alone says nothing
        if self._name is not None and self._name < width:
            name = cells[self._name]
            if isinstance(name, str) and name.strip().startswith(SAMPLE_MARK):
                return "sample"
        if len(said) < _NOTE_CELLS and (self._is_note(cells) or self._is_heading(said)):
            return "note"
        if len(said) > 1 and all(isinstance(v, str) and v.strip() in self._headers for v in said):
            return "note"  # the header once more, as at the top of a printed page
        return None

    def _is_heading(self, said: Sequence[Any]) -> bool:
        """Whether a line says no more than a division's name: the heading of a group."""
        texts = [v.strip() for v in said if isinstance(v, str)]
        if len(texts) != len(said):
            return False
        words = [t for t in (_NUMBERED.sub("", t, count=1) for t in texts) if t]
        return len(words) == 1 and self._divisions.knows(words[0])

    def _is_note(self, cells: Sequence[Any]) -> bool:
        filled = [v for v in cells if v is not None and (not isinstance(v, str) or v.strip())]
        first = filled[0]
        return len(filled) <= _NOTE_CELLS and isinstance(first, str) and _NOTES.fullmatch(first.strip()) is not None

    # -- Columns that all objects share -------------------------------------------

    def _setter(self, target: Target, column: Column) -> Setter:
        name, title = target.target, target.title
        if name.startswith("attributes.") and target.field is not None:
            return self._field_setter(target, column)
        if name.startswith("party."):
            _, role, part = name.split(".")
            return lambda r, cell: _put_party(r, role, part, c.text_of(cell, title))
        match name:
            case "name" | "code":
                convert = c.text_of if name == "name" else c.code_of
                return lambda r, cell: _put_text(r, name, convert(cell, title), title)
            case "division":
                return lambda r, cell: self._put_division(r, cell, title)
            case "town":
                return lambda r, cell: self._put_town(r, cell, title)
            case "address":
                return lambda r, cell: _put_text(r, "address", c.text_of(cell, title), title)
            case "lon" | "x":
                return lambda r, cell: _put_coordinate(r, "x", cell)
            case "lat" | "y":
                return lambda r, cell: _put_coordinate(r, "y", cell)
            case "lonlat":
                return _put_pair
            case "wkt":
                return lambda r, cell: _put_geometry(r, cell, self._class.geometry)
            case "stage" | "grade" | "level" | "visibility":
                choices = choices_of(target)
                return lambda r, cell: _put(r.core, name, c.choice_of(cell, title, choices))
            case "enterprise" | "parent":
                return lambda r, cell: self._put_reference(r, name, cell, column)
            case "tags":
                return lambda r, cell: _put(r.core, "tags", _parts(c.text_of(cell, title)))
            case "valid_from":
                return lambda r, cell: _put(r.core, "valid_from", c.date_of(cell, title))
            case _:  # grade_basis, department, source
                return lambda r, cell: _put_text(r, name, c.text_of(cell, title), title)

    def _put_division(self, reading: Reading, cell: Cell, title: str) -> None:
        said = c.text_of(cell, title)
        if said:
            reading.core["division"] = self._divisions.county(said, title)

    def _put_town(self, reading: Reading, cell: Cell, title: str) -> None:
        said = c.text_of(cell, title)
        if said and not any(f.code.endswith("_division") for f in reading.faults):
            county = reading.core.get("division")
            if county is None and (column := self._by_target.get("division")) and column.index < len(reading.cells):
                # The town's column may stand before the county's, which then says itself what is wrong with it.
                try:
                    words = c.text_of(reading.cells[column.index], column.header)
                    county = self._divisions.county(words, column.header) if words else None
                except CellFault:
                    return
            if county is None or len(county) <= 6:
                reading.core["town"] = self._divisions.town(said, county, title)

    def _put_reference(self, reading: Reading, name: str, cell: Cell, column: Column) -> None:
        said = c.code_of(cell, column.header)
        if said:
            fault = Fault(
                column.index, column.header, f"unknown_{name}",
                f"没有登记“{said[:30]}”：请先登记它，或改正为已登记的编号、名称",
            )  # fmt: skip
            reading.references[name] = (said, fault)

    # -- Fields of the class ---------------------------------------------------------

    def _field_setter(self, target: Target, column: Column) -> Setter:
        spec = target.field
        assert spec is not None
        read = reader_of(spec, target, column.factor)

        def put(reading: Reading, cell: Cell) -> None:
            value = read(cell)
            if value is not None:
                reading.attributes[spec.name] = value

        return put

    def _finish(self, reading: Reading) -> None:
        core, attributes = reading.core, reading.attributes
        if "town" in core:
            core["division"] = core.pop("town")
        address = core.pop("address", None)
        if address is not None:
            if "address" in self._class.by_name:
                attributes["address"] = address
            core["said_address"] = address
        for rule in self._class.inferred:
            if rule.field not in attributes and all(f in attributes for f in rule.when):
                attributes[rule.field] = rule.value
        if "name" not in core and not any(f.index == self._name for f in reading.faults):
            reading.faults.append(self._fault("name", "required", "请填写名称"))
        clean, errors = validate.attributes(self._class, attributes)
        reading.attributes = clean
        refused = {f.index for f in reading.faults}
        for error in errors:
            fault = self._fault(".".join(error.field.split(".")[:2]), error.code, error.message)
            if fault.index is None or fault.index not in refused:  # said once, by the cell itself
                reading.faults.append(fault)

    def _fault(self, target: str, code: str, message: str) -> Fault:
        if target == "attributes.address":
            target = "address"
        column = self._by_target.get(target)
        if column is not None:
            return Fault(column.index, column.header, code, message)
        return Fault(None, self._titles.get(target, target), code, message)

    def fault_of(self, target: str, code: str, message: str) -> Fault:
        """A fault of the column that fills a target."""
        return self._fault(target, code, message)

    def has(self, target: str) -> bool:
        """Whether a column fills a target."""
        return target in self._by_target

    def position_columns(self) -> list[Column]:
        """The columns that say where."""
        return [self._by_target[t] for t in ("lon", "lat", "x", "y", "lonlat", "wkt") if t in self._by_target]


def reader_of(spec: Field, target: Target, factor: Decimal | None) -> Callable[[Cell], Any]:
    """From a cell to a value of a field."""
    title = spec.title
    match spec.type:
        case "integer" | "decimal":
            unit = spec.unit

            return lambda cell: c.number_of(cell, title, unit, factor)
        case "boolean":
            return lambda cell: c.boolean_of(cell, title)
        case "date":
            return lambda cell: c.date_of(cell, title)
        case "enum":
            choices = choices_of(target)
            return lambda cell: c.choice_of(cell, title, choices)
        case "list":
            return lambda cell: _list_of(spec, c.text_of(cell, title))
        case "text":
            return lambda cell: c.text_of(cell, title)
        case _:
            return lambda cell: _shape_of(spec, cell)


def choices_of(target: Target) -> dict[str, str]:
    """Value by each word that means it."""
    return by_word(target.choices)


def by_word(choices: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, str]:
    """Value by each word that means it, the first of a value as it is shown."""
    out: dict[str, str] = {}
    for value, words in choices:
        for word in (*words, value):
            out.setdefault(c.normal(word).lower(), value)
    return out


def _put(into: dict[str, Any], name: str, value: Any) -> None:
    if value is not None and value != []:
        into[name] = value


def _put_text(reading: Reading, name: str, value: str | None, title: str) -> None:
    if value is None:
        return
    if _NO_CONTROL.search(value):
        value = _NO_CONTROL.sub(" ", value.replace("\n", " ").replace("\r", " ")).strip()
    most = _MOST.get(name, 500)
    if len(value) > most:
        raise CellFault("too_long", f"{title}最多 {most} 字，现有 {len(value)} 字")
    reading.core[name] = value


def _put_party(reading: Reading, role: str, part: str, value: str | None) -> None:
    if value is not None:
        if len(value) > 100:
            raise CellFault("too_long", f"{role}最多 100 字，现有 {len(value)} 字")
        reading.parties.setdefault(role, {})[part] = value


def _put_coordinate(reading: Reading, axis: str, cell: Cell) -> None:
    said = plain(cell).strip()[:60]
    try:
        value = c.degrees_of(cell)
    except (ValueError, ArithmeticError):
        value, reading.why = None, "not_a_position"
    if axis == "x":
        reading.x, reading.x_text = value, said
    else:
        reading.y, reading.y_text = value, said


def _put_pair(reading: Reading, cell: Cell) -> None:
    said = plain(cell).strip().strip("()（）[]【】")
    if c.is_blank(said):
        return
    reading.x_text = said[:60]
    parts = [p for p in _PAIR.split(said) if p]
    if len(parts) != 2:
        reading.why = "not_a_position"
        return
    reading.x_text, reading.y_text = parts[0][:60], parts[1][:60]
    try:
        reading.x, reading.y = c.degrees_of(parts[0]), c.degrees_of(parts[1])
    except (ValueError, ArithmeticError):
        reading.why = "not_a_position"


_GEOMETRY_KINDS = {
    "Point": "point", "MultiPoint": "point", "LineString": "linestring", "MultiLineString": "linestring",
    "Polygon": "polygon", "MultiPolygon": "polygon",
}  # fmt: skip
_KIND_WORDS = {"point": "点", "linestring": "线", "polygon": "面"}


def _put_geometry(reading: Reading, cell: Any, allowed: tuple[str, ...]) -> None:
    """A geometry of a layer, or WKT; its coordinates are still in the sender's system."""
    geometry = cell if isinstance(cell, BaseGeometry) else None
    if geometry is None:
        said = plain(cell).strip()
        if not said or c.is_blank(said):
            return
        reading.x_text = said[:60]
        try:
            geometry = shapely.from_wkt(said)
        except shapely.errors.ShapelyError:
            raise CellFault("not_a_geometry", "图形看不懂：应为 WKT，如 POLYGON((115.9 29.7, …))") from None
    if geometry is None or geometry.is_empty:
        return
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise CellFault("not_a_geometry", "图形里有无法读取的坐标，请核对")
    kind = _GEOMETRY_KINDS.get(geometry.geom_type)
    if kind not in allowed:
        words = "、".join(_KIND_WORDS[k] for k in allowed)
        raise CellFault(
            "wrong_geometry_kind", f"这一类的位置应为{words}，收到的是{_KIND_WORDS.get(kind or '', '混合图形')}"
        )
    if geometry.geom_type == "MultiPoint":
        if shapely.get_num_geometries(geometry) > 1:
            raise CellFault("wrong_geometry_kind", "一行只能有一个点，收到的是多个点：请分成几行")
        geometry = shapely.get_geometry(geometry, 0)
    reading.geometry = shapely.force_2d(geometry)


def _parts(said: str | None) -> list[str] | None:
    return [p.strip() for p in re.split(r"[;；,，、\n]+", said) if p.strip()] if said else None


def _list_of(spec: Field, said: str | None) -> list[Any] | None:
    """Rows of a list: “a；b” where it has one field, “a｜1｜t；b｜2｜t” where it has more."""
    if said is None:
        return None
    if len(spec.fields) == 1:
        return [_list_value(spec.fields[0], p.strip()) for p in re.split(r"[;；、\n]+", said) if p.strip()]
    rows = []
    for number, text in enumerate((r for r in _LIST_ROWS.split(said) if r.strip()), 1):
        parts = _LIST_PARTS.split(text.strip())
        if len(parts) > len(spec.fields):
            form = "｜".join(f.title for f in spec.fields)
            raise CellFault("not_a_list", f"{spec.title}第 {number} 行有 {len(parts)} 项，应为：{form}")
        values = {f.name: _list_value(f, p) for f, p in zip(spec.fields, parts, strict=False)}
        rows.append({k: v for k, v in values.items() if v is not None})
    return rows


def _list_value(spec: Field, said: str) -> Any:
    match spec.type:
        case "integer" | "decimal":
            return c.number_of(said, spec.title, spec.unit)
        case "boolean":
            return c.boolean_of(said, spec.title)
        case "date":
            return c.date_of(said, spec.title)
        case "enum":
            return c.choice_of(said, spec.title, by_word(option_choices(spec)))
        case _:
            return c.text_of(said, spec.title)


def _shape_of(spec: Field, cell: Any) -> Any:
    """A geometry that is a field: WKT in lon/lat, CGCS2000."""
    if cell is None or c.is_blank(cell):
        return None
    try:
        return shapely.geometry.mapping(shapely.from_wkt(plain(cell)))
    except shapely.errors.ShapelyError:
        raise CellFault("not_a_geometry", f"{spec.title}看不懂：应为 WKT，经纬度，CGCS2000") from None
