"""Exactly a selection as a table to take away: its columns, its rows as cells, and what it says of itself."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from riskmap.base import clock
from riskmap.base.errors import FieldError, Invalid
from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.define import COMMON, VISIBILITY_WORDS
from riskmap.catalogue.model import GRADES, VISIBILITIES, Field
from riskmap.engine.totals import Totals
from riskmap.paper.workbook import Value
from riskmap.register import queries
from riskmap.register.tables import Column, Told
from riskmap.selection.describe import GRADE_WORDS, STAGE_WORDS, describe
from riskmap.selection.level import said
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

QUALITY_WORDS = {"surveyed": "实测", "clicked": "点选", "geocoded": "地址匹配", "guessed": "推定", "none": "待定位"}
_BATCH = 2000
_FIELD = "attributes."


@dataclass(frozen=True, slots=True)
class _Names:
    """What rows refer to by code or id."""

    divisions: Mapping[str, str]
    objects: Mapping[int, str]
    snapshot: Snapshot

    def place(self, code: str | None) -> str:
        """County and town of a division code."""
        if not code:
            return ""
        parts = [self.divisions.get(code[:6]), self.divisions.get(code[:9]) if len(code) >= 9 else None]
        return " ".join(p for p in parts if p) or self.divisions.get(code, code)


_Read = Callable[[Mapping[str, Any], _Names], Value]


@dataclass(frozen=True, slots=True)
class _Common:
    """A column that all objects share."""

    title: str
    width: int
    read: _Read
    inner: bool = False  # never part of the public form


def _title_of(row: Mapping[str, Any], names: _Names) -> str:
    found = names.snapshot.catalogue.classes.get(row["class"])
    return found.title if found else row["class"]


def _scale_of(row: Mapping[str, Any], names: _Names) -> str:
    class_ = names.snapshot.catalogue.classes.get(row["class"])
    found = names.snapshot.catalogue.scales.get(row["level_scale"] or (class_ and class_.scale) or "")
    return found.title if found else ""


_COMMON: Mapping[str, _Common] = {
    "id": _Common("对象号", 10, lambda r, n: r["id"]),
    "grade": _Common(COMMON["grade"], 10, lambda r, n: GRADE_WORDS[GRADES[r["grade"] - 1]]),
    "name": _Common(COMMON["name"], 32, lambda r, n: r["name"]),
    "code": _Common(COMMON["code"], 18, lambda r, n: r["code"]),
    "class": _Common("分类", 16, _title_of),
    "level": _Common(COMMON["level"], 18, lambda r, n: said(r, n.snapshot.catalogue)),
    "scale": _Common("级别所属标度", 18, _scale_of),
    "division": _Common(COMMON["division"], 20, lambda r, n: n.place(r["division"])),
    "division_code": _Common("区划代码", 14, lambda r, n: r["division"]),
    "enterprise": _Common(COMMON["enterprise"], 28, lambda r, n: n.objects.get(r["enterprise"]), inner=True),
    "parent": _Common(COMMON["parent"], 28, lambda r, n: n.objects.get(r["parent"]), inner=True),
    "department": _Common(COMMON["department"], 14, lambda r, n: r["department"]),
    "stage": _Common(COMMON["stage"], 12, lambda r, n: STAGE_WORDS.get(r["stage"], r["stage"])),
    "position": _Common("位置精度", 10, lambda r, n: "概略" if r["form"] != "full" and r["lon"] is not None else
                        QUALITY_WORDS.get(r["position_quality"] or "", "")),
    "lon": _Common("经度（CGCS2000）", 14, lambda r, n: r["lon"]),
    "lat": _Common("纬度（CGCS2000）", 14, lambda r, n: r["lat"]),
    "source": _Common(COMMON["source"], 12, lambda r, n: r["source"], inner=True),
    "verified": _Common(COMMON["verified"], 8, lambda r, n: r["verified"], inner=True),
    "tags": _Common("标签", 16, lambda r, n: "、".join(r["tags"] or ()), inner=True),
    "visibility": _Common("公开范围", 10, lambda r, n: VISIBILITY_WORDS[VISIBILITIES[r["visibility"]]]),
    "updated_at": _Common(COMMON["updated_at"], 18, lambda r, n: r["updated_at"]),
    "state": _Common("对象状态号", 10, lambda r, n: r["state"]),
}  # fmt: skip


def _fields(snapshot: Snapshot, selection: Selection) -> dict[str, dict[str, Field]]:
    """Fields that the reader may read in the chosen classes (in all, where none is): by name and class."""
    reader = snapshot.reader
    most = reader.tier if reader.sees_inner else 0
    classes = snapshot.catalogue.classes
    out: dict[str, dict[str, Field]] = {}
    for code in selection.classes or classes:
        for field in classes[code].fields:
            if field.visibility <= most:
                out.setdefault(field.name, {})[code] = field
    return out


def columns(snapshot: Snapshot, selection: Selection, asked: str | None) -> list[Column]:
    """The columns in the order asked; all common ones and a single class's own fields where nothing is asked.

    Raises Invalid for a column that is unknown or not the reader's to read: the two are one error.
    """
    inner = snapshot.reader.sees_inner
    common = {name: c for name, c in _COMMON.items() if inner or not c.inner}
    fields = _fields(snapshot, selection)
    if asked is None:
        own = list(fields) if len(selection.classes) == 1 else []
        names = [*common, *(_FIELD + name for name in own)]
    else:
        names = list(dict.fromkeys(part.strip() for part in asked.split(",") if part.strip()))
        if not names:
            raise Invalid("没有选定任何列，请至少选一列", errors=[FieldError("columns", "empty", "至少一列")])
    out: list[Column] = []
    for name in names:
        if name in common:
            found = common[name]
            out.append(Column(name, found.title, found.width, _common_cell(found.read)))
        elif by_class := fields.get(name.removeprefix(_FIELD)):
            field = next(iter(by_class.values()))
            unit = f"（{field.unit}）" if field.unit else ""
            width = max(10, min(2 * len(field.title + unit) + 2, 30))
            out.append(Column(_FIELD + field.name, field.title + unit, width, _field_cell(field.name, by_class)))
        else:
            legal = "、".join([*common, *list(fields)[:20]])
            message = f"没有“{name[:60]}”这一列，或您无权查看。可用：{legal}"
            raise Invalid("导出的列有误，请改正", errors=[FieldError("columns", "unknown_value", message)])
    return out


def _common_cell(read: _Read) -> Callable[[Any], Value]:
    return lambda row: read(*row)


def _field_cell(name: str, by_class: Mapping[str, Field]) -> Callable[[Any], Value]:
    """A field's value, where the row's class declares it and the row's form shows it."""

    def cell(pair: tuple[Mapping[str, Any], _Names]) -> Value:
        row, _ = pair
        field = by_class.get(row["class"])
        if field is None or (row["form"] != "full" and field.visibility > 0):
            return None
        return say((row["attributes"] or {}).get(name), field)

    return cell


def say(value: Any, field: Field) -> Value:
    """A declared value as a cell: numbers stay numbers, dates dates, lists become a line of words."""
    if value is None or value == "":
        return None
    if field.type == "enum":
        return dict(field.options).get(str(value), str(value))
    if field.type == "date" and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    if field.type == "list" and isinstance(value, list):
        return "；".join(_entry(entry, field) for entry in value)
    if isinstance(value, Mapping):
        return "已绘制"
    if field.type in {"text", "date"} and not isinstance(value, bool):
        return str(value)
    if isinstance(value, bool | int | Decimal | str):
        return value
    return str(value)


def _entry(entry: Any, field: Field) -> str:
    """One row of a list: 名称 例甲，设计最大量 40 t."""
    if not isinstance(entry, Mapping):
        return str(entry)
    parts = []
    for inner in field.fields:
        said = say(entry.get(inner.name), inner)
        if said is not None:
            word = ("是" if said else "否") if isinstance(said, bool) else str(said)
            parts.append(f"{inner.title} {word}" + (f" {inner.unit}" if inner.unit else ""))
    return "，".join(parts)


def rows(snapshot: Snapshot, selection: Selection, sort: str | None, chosen: list[Column]) -> Iterator[list[Value]]:
    """Every row as cells, in order, from one snapshot; no more than a batch is held."""
    order = queries.parse_sort(sort, snapshot, selection)
    wants_fields = any(c.name.startswith(_FIELD) for c in chosen)
    referred = [key for key in ("enterprise", "parent") if any(c.name == key for c in chosen)]
    moment = snapshot.moment
    listed = catalogue_queries.divisions(snapshot.connection, moment.n, moment.day)
    divisions = {d["code"]: d["name"] for d in listed}
    known: dict[int, str] = {}
    found = queries.every(snapshot, selection, order, attributes=wants_fields)
    while batch := list(islice(found, _BATCH)):
        missing = {row[key] for row in batch for key in referred if row[key] is not None} - set(known)
        known |= {i: "（无权查看）" for i in missing} | queries.names(snapshot, sorted(missing))
        names = _Names(divisions, known, snapshot)
        for row in batch:
            pair = (row, names)
            yield [column.read(pair) for column in chosen]


def told(
    snapshot: Snapshot, selection: Selection, totals: Totals, chosen: list[Column], sort: str | None, mark: str | None
) -> Told:
    """What the file says of itself: selection in words, state, time, who, how many. Its order is that of the lines."""
    moment, reader = snapshot.moment, snapshot.reader
    names = {}
    if selection.division:
        names = {d["code"]: d["name"] for d in catalogue_queries.divisions(snapshot.connection, moment.n, moment.day)}
    total = totals.of(snapshot, selection)
    now: datetime = clock.now()
    lines = [("演示", mark)] if mark else []
    lines += [
        ("选择", describe(selection, snapshot.catalogue, names)),
        ("共", f"{total.total} 行" + (f"，其中 {total.unplaced} 行待定位" if total.unplaced else "")),
        ("数据状态", f"{moment.n}（{moment.day.isoformat()}）"),
        ("导出", f"{now:%Y-%m-%d %H:%M:%S}，{'公众（未登录）' if reader.kind == 'public' else reader.name}"),
        ("列", "、".join(c.title for c in chosen)),
    ]
    if total.unplaced_elsewhere:
        lines.insert(-3, ("另有", f"{total.unplaced_elsewhere} 处待定位，不在任何图上范围内，未列入"))
    kept = {
        "words": describe(selection, snapshot.catalogue, names),
        "total": total.total,
        "selection": selection.body(),
        "sort": sort or "-grade",
        "columns": [c.name for c in chosen],
    }
    return Told(tuple(lines), total.total, moment.n, now, kept)
