"""From a file and a class to a plan: where the header is, which column fills what, which datum the numbers are in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from pydantic import BaseModel, ConfigDict, Field
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from riskmap.access.reader import Reader
from riskmap.base.errors import FieldError, Forbidden, Invalid
from riskmap.base.settings import Settings
from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.model import Class
from riskmap.exchange import locate
from riskmap.exchange.cells import plain
from riskmap.exchange.datum import DATUMS, DEGREES, ZONES
from riskmap.exchange.headers import (
    Column,
    Header,
    Matcher,
    datum_in,
    find_header,
    header_at,
    match_columns,
    normalised,
    old_frame_in,
)
from riskmap.exchange.locate import WHY_WORDS, Candidate, Located, Territory, candidates, orientation
from riskmap.exchange.rows import Divisions, Reading, RowReader
from riskmap.exchange.targets import GRADE_WORDS, STAGE_WORDS, VISIBILITY_WORDS, Target, targets_of
from riskmap.exchange.units import unit_of
from riskmap.register.imports import files, queries
from riskmap.register.imports.files import Sample
from riskmap.store.snapshot import Snapshot

_SHOWN_ROWS = 2
_SHOWN_POINTS = 500
_SHOWN_UNPLACED = 100
_OLD_FRAMES = {"EPSG:4214", "EPSG:4610", "EPSG:4555"}
_SURE_SHARE = 0.9
OLD_FRAME = "北京 54、西安 80 坐标换算到 CGCS2000 需要本地参数，不能直接导入：请先由测绘单位换算后再导入"

Pair = tuple[Decimal | None, Decimal | None]


class Chosen(BaseModel):
    """What a sender chose for one column; a target of None is not imported."""

    model_config = ConfigDict(extra="forbid")
    index: int = Field(ge=0, le=1000)
    target: str | None = Field(None, max_length=80)
    factor: Decimal | None = Field(None, gt=0, le=Decimal(10) ** 12)


@dataclass(frozen=True, slots=True)
class Asked:
    """How a sender wants a file to be read; what is None is found."""

    file_id: str
    class_: str
    sheet: str | None = None
    header_line: int | None = None
    header_lines: int | None = None
    columns: tuple[Chosen, ...] | None = None
    crs: str | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """The divisions of a moment: names to codes, and shapes that say what lies inside."""

    divisions: Divisions
    territory: Territory


_grounds: dict[tuple[int, str, tuple[float, ...]], Ground] = {}


def ground_of(snapshot: Snapshot, settings: Settings) -> Ground:
    """Made once for a state of the catalogue: the shapes take a while to read."""
    n, day, connection = snapshot.state.n, snapshot.state.day, snapshot.connection
    key = (snapshot.state.catalogue_n, day.isoformat(), settings.bounds)
    found = _grounds.get(key)
    if found is None:
        shapes = (
            (r.code, r.territory, shapely.from_wkb(bytes(r.wkb)))
            for r in catalogue_queries.division_shapes(connection, n, day)
        )
        found = Ground(Divisions(catalogue_queries.divisions(connection, n, day)), Territory(shapes, settings.bounds))
        while len(_grounds) >= 4:
            _grounds.pop(next(iter(_grounds)))
        _grounds[key] = found
    return found


def class_of(snapshot: Snapshot, code: str) -> Class:
    """The class to import into, where the sender may write it. Raises Invalid or Forbidden."""
    found = snapshot.catalogue.classes.get(code)
    if found is None:
        raise Invalid(
            "没有这个分类", errors=[FieldError("class", "unknown_class", f"没有分类“{code[:60]}”，请从分类目录中选择")]
        )
    if found.retired:
        message = f"“{found.title}”已停用，不能再导入。请选择现用的分类。"
        raise Invalid(message, code="retired_class", errors=[FieldError("class", "retired_class", message)])
    if not snapshot.reader.writes:
        raise Forbidden("当前账号只能查看。需要导入，请联系管理员开通编辑权限。")
    if snapshot.reader.classes and code not in snapshot.reader.classes:
        raise Forbidden(f"“{found.title}”不在您的管理范围内，不能导入。请联系管理员。")
    return found


def crs_named(given: str | None) -> str | None:
    """The one name of a coordinate system. Raises Invalid for one that is not known here."""
    text = (given or "").strip().upper().replace(" ", "")
    if not text:
        return None
    alias = {"CGCS2000": "EPSG:4490", "WGS84": "EPSG:4326", "WGS-84": "EPSG:4326", "GCJ-02": "GCJ02", "BD-09": "BD09"}
    text = alias.get(text, f"EPSG:{text}" if text.isdigit() else text)
    if text in DATUMS:
        return text
    if text in _OLD_FRAMES or "1954" in text or "1980" in text:
        raise Invalid(OLD_FRAME, code="old_frame", errors=[FieldError("crs", "old_frame", OLD_FRAME)])
    message = f"不支持坐标系“{(given or '')[:40]}”：可用 CGCS2000、WGS 84、GCJ-02、BD-09 和 CGCS2000 的 3 度、6 度带"
    raise Invalid(message, code="unknown_crs", errors=[FieldError("crs", "unknown_crs", message)])


# -- Header and columns --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Layout:
    """A sheet's header and what its columns fill."""

    sheet: str
    header: Header | None
    columns: tuple[Column, ...]
    targets: tuple[Target, ...]

    @property
    def missing(self) -> list[str]:
        """Titles of required targets that nothing fills."""
        filled = {c.target for c in self.columns}
        return [t.title for t in self.targets if t.required and t.target not in filled]


def layout_of(
    asked: Asked, file: Mapping[str, Any], sample: Sample, class_: Class, snapshot: Snapshot, account_id: int
) -> Layout:
    """Where the header is and what each column fills: by hand, else remembered, else by its words."""
    targets = targets_of(class_, snapshot.catalogue)
    matcher = Matcher(class_, targets)
    if asked.header_line is not None:
        header = header_at(sample.head, asked.header_line, asked.header_lines or 1, sample.merged)
        if header is None:
            raise Invalid(
                "表头行不对",
                errors=[
                    FieldError(
                        "header_line", "no_such_line", f"前 {len(sample.head)} 行中没有第 {asked.header_line} 行"
                    )
                ],
            )
    else:
        header = find_header(sample.head, sample.merged, matcher)
        if header is None and file["summary"]["kind"] == "vector" and sample.head:
            header = header_at(sample.head, 0, 1, ())
    if header is None:
        return Layout(asked.sheet or "", None, (), tuple(targets))
    columns = match_columns(header, matcher, queries.remembered(snapshot.connection, account_id, class_.code))
    if asked.columns is not None:
        columns = _as_chosen(columns, asked.columns, matcher)
    return Layout(asked.sheet or "", header, tuple(columns), tuple(targets))


def _as_chosen(columns: Sequence[Column], chosen: Iterable[Chosen], matcher: Matcher) -> list[Column]:
    by_index = {c.index: c for c in chosen}
    used: dict[str, int] = {}
    for choice in by_index.values():
        if choice.index >= len(columns):
            raise _bad_column(choice.index, "no_such_column", f"没有第 {choice.index + 1} 列")
        if choice.target is None:
            continue
        target = matcher.targets.get(choice.target)
        if target is None:
            raise _bad_column(choice.index, "unknown_target", f"没有“{choice.target[:40]}”这一项，请重新选择")
        if choice.target in used:
            first, second = columns[used[choice.target]].header, columns[choice.index].header
            raise _bad_column(choice.index, "chosen_twice", f"“{first}”和“{second}”都对应“{target.title}”，请只留一列")
        used[choice.target] = choice.index
    out = []
    for column in columns:
        if column.index in by_index:
            choice = by_index[column.index]
            if choice.target == column.target and choice.factor in (None, column.factor):
                out.append(column)
                continue
            factor, unit = choice.factor, None
            if factor is None and choice.target is not None:  # the unit that the header names still holds
                factor, unit = matcher.factor_for(column.header, choice.target)
            out.append(Column(column.index, column.header, choice.target, "given", factor, unit))
        elif column.target in used:
            out.append(Column(column.index, column.header, None, "none"))
        else:
            out.append(column)
    return out


def _bad_column(index: int, code: str, message: str) -> Invalid:
    return Invalid(message, code=code, errors=[FieldError(f"columns.{index}", code, message)])


def data_rows(rows: Iterable[tuple[int, Sequence[Any]]], header: Header) -> Iterable[tuple[int, Sequence[Any]]]:
    """The lines below the header."""
    return ((line, cells) for line, cells in rows if line > header.last)


# -- Datum -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DatumFound:
    """Which system the numbers are in, and how that is known."""

    kind: str  # degrees, projected, none
    crs: str | None
    how: str | None  # asked, file, words, numbers, remembered
    sure: bool
    candidates: tuple[Candidate, ...]
    sentence: str


def pair_of(reading: Reading) -> Pair:
    """The numbers of a line as they stand, of a layer's point too."""
    if isinstance(reading.geometry, shapely.Point):
        return Decimal(repr(reading.geometry.x)), Decimal(repr(reading.geometry.y))
    if reading.geometry is not None:
        x, y = shapely.get_coordinates(reading.geometry)[0].tolist()
        return Decimal(repr(x)), Decimal(repr(y))
    return reading.x, reading.y


def datum_of(
    asked: str | None,
    file: Mapping[str, Any],
    header: Header,
    sample: Sample,
    pairs: Sequence[Pair],
    territory: Territory,
    remembered: str | None,
) -> DatumFound:
    """By hand, else what the file, its words, its numbers or the sender's last import say."""
    kind, found = candidates(pairs, territory)
    listed = tuple(found)

    def answer(crs: str | None, how: str | None, *, sure: bool, sentence: str) -> DatumFound:
        return DatumFound(kind, crs, how, sure, listed, sentence)

    if kind == "none" and asked is None:
        return answer(None, None, sure=True, sentence="样本行里没有坐标：这些行入库后待定位。")
    if asked is not None:
        return answer(asked, "asked", sure=True, sentence=_sentence(asked, "按所选基准", listed, kind))
    said = file["summary"]["crs"]
    if said in DATUMS and _fits(said, kind):
        return answer(said, "file", sure=True, sentence=_sentence(said, "图层文件注明", listed, kind))
    if said is not None and said not in DATUMS:
        crs_named(said) if said in _OLD_FRAMES else None
        return answer(None, None, sure=False, sentence=f"图层文件注明 {said}，本系统不支持，请先转换为 CGCS2000。")
    above = [plain(c) for line, cells in sample.head if line <= header.last for c in cells if c is not None]
    if old_frame_in(above):  # its numbers look like CGCS2000, and lie some hundred metres off
        return answer(None, None, sure=False, sentence=f"表头写明北京 54 或西安 80。{OLD_FRAME}。")
    words = datum_in(above)
    if words and _fits(words, kind):
        return answer(words, "words", sure=True, sentence=_sentence(words, "表头写明", listed, kind))
    if kind == "projected":
        return _projected(answer, listed)
    if remembered in DEGREES and kind == "degrees":
        words = _sentence(remembered, "上次这一类用的是", listed, kind)
        return answer(remembered, "remembered", sure=False, sentence=f"{words}请核对落点。")
    return answer(
        None,
        None,
        sure=False,
        sentence="经纬度的数值看不出基准：手机地图取的多为 GCJ-02（高德、腾讯）或 BD-09（百度），"
        "测绘成果多为 CGCS2000。请选择并核对落点。",
    )


def _projected(answer: Any, listed: Sequence[Candidate]) -> DatumFound:
    best = listed[0] if listed else None
    if best is not None and best.of and best.inside >= _SURE_SHARE * best.of:
        rivals = [c for c in listed[1:] if c.inside > (1 - _SURE_SHARE) * c.of and not _same_place(c.crs, best.crs)]
        if not rivals:
            made: DatumFound = answer(
                best.crs,
                "numbers",
                sure=True,
                sentence=f"米制坐标，按 {best.title} 有 {best.inside}/{best.of} 处落在辖区内。",
            )
            return made
    if best is not None and DATUMS[best.crs].zone is not None and best.inside:
        made = answer(
            best.crs,
            "numbers",
            sure=True,
            sentence=f"横坐标带有带号，按 {best.title}，{best.inside}/{best.of} 处落在辖区内。",
        )
        return made
    made = answer(
        None, None, sure=False, sentence="米制坐标没有带号，或落不到辖区内：请选择分带和中央经线，并核对落点。"
    )
    return made


def _same_place(a: str, b: str) -> bool:
    """A 3° and a 6° zone of one central meridian are the same projection."""
    return DATUMS[a].meridian == DATUMS[b].meridian


def _fits(crs: str, kind: str) -> bool:
    return kind == "none" or DATUMS[crs].kind == kind


def _sentence(crs: str, why: str, listed: Sequence[Candidate], kind: str) -> str:
    one = next((c for c in listed if c.crs == crs), None)
    text = f"{why} {DATUMS[crs].title}"
    if one is not None and one.of:
        if one.shift_m and one.shift_m >= 1:
            text += f"，平均移动 {one.shift_m:.0f} m"
        text += f"，样本 {one.of} 处中 {one.inside} 处落在辖区内"
    elif kind != "none" and DATUMS[crs].kind != kind:
        text += "，但表中的数" + ("是经纬度" if kind == "degrees" else "是米制坐标") + "，请核对"
    return text + "。"


def _is_northing_first(reader: RowReader, readings: Sequence[Reading]) -> bool:
    """Whether the first number of most rows is the northing or latitude.

    A column headed 经度 is a longitude, whatever stands in it: such rows are swapped, and wait.
    """
    if {c.target for c in reader.position_columns()} & {"lon", "lat"}:
        return False
    return orientation([pair_of(r) for r in readings])


def _within(geometry: BaseGeometry) -> Pair:
    """A position inside an outline: its first corner may stand on the territory's own border."""
    [[x, y]] = shapely.get_coordinates(geometry.representative_point()).tolist()
    return Decimal(repr(x)), Decimal(repr(y))


def ordered_pairs(reader: RowReader, readings: Sequence[Reading]) -> list[Pair]:
    """Longitude or easting first, for all rows in the same way."""
    if not reader.position_columns():
        return []
    turned = _is_northing_first(reader, readings)
    pairs = [_within(r.geometry) if r.geometry is not None else pair_of(r) for r in readings]
    return [(y, x) for x, y in pairs] if turned else pairs


class Positions:
    """Numbers of a file to CGCS2000: in which order, in which system, decided once for the whole file."""

    def __init__(self, crs: str | None, *, northing_first: bool, territory: Territory) -> None:
        self.crs = crs or "EPSG:4490"
        self.northing_first = northing_first
        self._territory = territory

    @classmethod
    def of_sample(
        cls, reader: RowReader, readings: Sequence[Reading], crs: str | None, territory: Territory
    ) -> "Positions":
        """As most of the first rows say it."""
        return cls(crs, northing_first=_is_northing_first(reader, readings), territory=territory)

    def locate(self, readings: Sequence[Reading]) -> Located:
        """Points of a batch; a line or polygon by its own way."""
        pairs = []
        for reading in readings:
            x, y = pair_of(reading)
            pairs.append((y, x) if self.northing_first and reading.geometry is None else (x, y))
        return locate.locate(pairs, [r.why for r in readings], self.crs, self._territory)


# -- The proposal that the page shows -----------------------------------------------------


def propose(snapshot: Snapshot, settings: Settings, asked: Asked) -> dict[str, Any]:
    """Header, columns with their first values, datum and points: what the sender looks over before a run."""
    class_ = class_of(snapshot, asked.class_)
    file, sheet = file_and_sheet(snapshot, asked)
    sample = files.sample_of(settings, asked.file_id, sheet)
    account_id = _account(snapshot.reader)
    layout = layout_of(asked, file, sample, class_, snapshot, account_id)
    out: dict[str, Any] = {
        "file": asked.file_id,
        "class": class_.code,
        "sheet": sheet,
        "header": None,
        "columns": [],
        "targets": [
            {
                "target": t.target,
                "title": t.title,
                "group": t.group,
                "unit": t.unit,
                "required": t.required,
                "help": t.help,
            }
            for t in layout.targets
        ],
        "missing": layout.missing,
        "datum": None,
        "points": [],
        "points_of": 0,
        "unplaced": [],
    }
    if layout.header is None:
        return out
    ground = ground_of(snapshot, settings)
    reader = row_reader(class_, layout, ground, sample.uncomputed)
    readings = [reader.read(line, cells) for line, cells in data_rows(sample.rows, layout.header)]
    readings = [r for r in readings if r.ignored is None]
    placed = bool(reader.position_columns())
    pairs = ordered_pairs(reader, readings)
    last = queries.remembered_datum(snapshot.connection, account_id, class_.code)
    asked_crs = crs_named(asked.crs)
    datum = datum_of(asked_crs, file, layout.header, sample, pairs, ground.territory, last)
    out |= {
        "header": {"line": layout.header.line, "lines": layout.header.lines},
        "columns": [_column_body(c, layout, readings[:_SHOWN_ROWS], ground.divisions) for c in layout.columns],
        "datum": {
            "kind": datum.kind,
            "crs": datum.crs,
            "crs_title": DATUMS[datum.crs].title if datum.crs else None,
            "from": datum.how,
            "sure": datum.sure,
            "candidates": [
                {"crs": c.crs, "title": c.title, "inside": c.inside, "of": c.of, "shift_m": c.shift_m}
                for c in datum.candidates
            ],
            "sentence": datum.sentence,
        },
    }
    if placed:
        out |= _points(reader, readings, datum.crs, ground.territory)
    return out


def _points(reader: RowReader, readings: Sequence[Reading], crs: str | None, territory: Territory) -> dict[str, Any]:
    positions = Positions.of_sample(reader, readings, crs, territory)
    if crs is None and any(x is not None and abs(x) > 360 for x, _ in map(pair_of, readings)):
        return {"points": [], "points_of": 0, "unplaced": []}
    found = positions.locate(readings)
    points: list[dict[str, Any]] = []
    unplaced: list[dict[str, Any]] = []
    placed = np.flatnonzero(np.isfinite(found.lon))
    step = max(1, len(placed) // _SHOWN_POINTS)
    degrees = DATUMS[positions.crs].kind == "degrees"
    for i in placed[::step].tolist():
        x, y = pair_of(readings[i])
        if positions.northing_first and readings[i].geometry is None:
            x, y = y, x
        points.append(
            {
                "line": readings[i].line,
                "lon": round(float(found.lon[i]), 7),
                "lat": round(float(found.lat[i]), 7),
                "from_lon": float(x) if degrees and x is not None else None,
                "from_lat": float(y) if degrees and y is not None else None,
            }
        )
    for reading, why in zip(readings, found.why, strict=True):
        if why and len(unplaced) < _SHOWN_UNPLACED:
            unplaced.append({"line": reading.line, "why": why, "words": WHY_WORDS[why]})
    return {"points": points, "points_of": len(readings), "unplaced": unplaced}


def _column_body(column: Column, layout: Layout, readings: Sequence[Reading], divisions: Divisions) -> dict[str, Any]:
    target = next((t for t in layout.targets if t.target == column.target), None)
    samples = []
    for reading in readings:
        cell = reading.cells[column.index] if column.index < len(reading.cells) else None
        fault = next((f.message for f in reading.faults if f.index == column.index), None)
        samples.append(
            {
                "line": reading.line,
                "text": short(cell),
                "value": value_in_words(target, reading, divisions) if target is not None and fault is None else None,
                "fault": fault,
            }
        )
    return {
        "index": column.index,
        "header": column.header,
        "target": column.target,
        "how": column.how,
        "factor": column.factor,
        "unit_from": column.unit_from,
        "unit_to": unit_of(target.unit) if target is not None and target.unit else None,
        "samples": samples,
    }


def short(cell: Any) -> str:
    """A cell for the screen."""
    if isinstance(cell, BaseGeometry):
        return {"Point": "点", "LineString": "线", "Polygon": "面"}.get(cell.geom_type.removeprefix("Multi"), "图形")
    return plain(cell)[:60]


_WORDS = {"stage": STAGE_WORDS, "grade": GRADE_WORDS, "visibility": VISIBILITY_WORDS}


def value_in_words(target: Target, reading: Reading, divisions: Divisions) -> str | None:
    """What a line's cell comes to, as an officer reads it; None where there is nothing."""
    name = target.target
    if name.startswith("attributes."):
        field = target.field
        value = reading.attributes.get(field.name) if field else None
        if field is not None and field.options:
            return dict(field.options).get(str(value), None if value is None else str(value))
        return None if value is None else in_words(value)
    if name.startswith("party."):
        _, role, part = name.split(".")
        return reading.parties.get(role, {}).get(part)
    if name in {"division", "town"}:
        code = reading.core.get("division")
        return f"{divisions.name(code)} {code}" if code else None
    if name in _WORDS and name in reading.core:
        return _WORDS[name][reading.core[name]][0]
    match name:
        case "lon" | "x":
            return None if reading.x is None else in_words(reading.x)
        case "lat" | "y":
            return None if reading.y is None else in_words(reading.y)
        case "lonlat":
            return None if reading.x is None or reading.y is None else f"{in_words(reading.x)}，{in_words(reading.y)}"
        case "wkt":
            return short(reading.geometry) if reading.geometry is not None else None
        case "address":
            return reading.core.get("said_address")
        case "enterprise" | "parent":
            said = reading.references.get(name)
            return said[0] if said else None
        case "tags":
            return "、".join(reading.core.get("tags", ())) or None
    value = reading.core.get(name)
    return None if value is None else in_words(value)


def in_words(value: Any) -> str:
    """A stored value as text; numbers without a tail of zeros, lists by their number of rows."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Decimal):
        text = format(round(value, 8), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, list):
        return f"{len(value)} 项" if value and isinstance(value[0], dict) else "、".join(map(str, value))
    if isinstance(value, dict):
        return "已绘制"
    return str(value)


# -- The plan of a run ---------------------------------------------------------------------


def file_and_sheet(snapshot: Snapshot, asked: Asked) -> tuple[dict[str, Any], str]:
    """The kept file, of the sender's own, and the sheet to read. Raises Invalid."""
    own = None if snapshot.reader.role == "administrator" else _account(snapshot.reader)
    file = queries.file_of(snapshot.connection, asked.file_id, own)
    if file is None:
        raise Invalid("没有这份上传的文件，请重新上传。", code="no_file")
    names = [s["name"] for s in file["summary"]["sheets"]]
    sheet = asked.sheet if asked.sheet is not None else file["summary"]["sheet"]
    if sheet not in names:
        raise Invalid(
            "没有这个工作表",
            errors=[FieldError("sheet", "unknown_sheet", f"文件中的工作表：{'、'.join(names[:20])}")],
        )
    return file, sheet


def _account(reader: Reader) -> int:
    if reader.account_id is None:
        raise Forbidden("导入需要登录。")
    return reader.account_id


def row_reader(class_: Class, layout: Layout, ground: Ground, uncomputed: Iterable[tuple[int, int]]) -> RowReader:
    """What reads lines of this layout."""
    return RowReader(class_, {t.target: t for t in layout.targets}, layout.columns, ground.divisions, set(uncomputed))


def settle(snapshot: Snapshot, settings: Settings, asked: Asked) -> dict[str, Any]:
    """A run's fixed plan, remembered for the sender. Raises Invalid where something must be said first."""
    class_ = class_of(snapshot, asked.class_)
    file, sheet = file_and_sheet(snapshot, asked)
    sample = files.sample_of(settings, asked.file_id, sheet)
    account_id = _account(snapshot.reader)
    layout = layout_of(asked, file, sample, class_, snapshot, account_id)
    if layout.header is None:
        message = "没有找到表头：前 30 行里没有一行的列名能对上这一类。请核对分类是否选对，或指定表头在第几行。"
        raise Invalid(message, code="no_header", errors=[FieldError("header_line", "no_header", message)])
    if layout.missing:
        message = f"缺少必填的列：{'、'.join(layout.missing)}。请指定由哪一列填写，或补上这一列。"
        raise Invalid(message, code="missing_columns", errors=[FieldError("columns", "missing_columns", message)])
    ground = ground_of(snapshot, settings)
    reader = row_reader(class_, layout, ground, sample.uncomputed)
    readings = [reader.read(line, cells) for line, cells in data_rows(sample.rows, layout.header)]
    pairs = ordered_pairs(reader, [r for r in readings if r.ignored is None])
    datum = datum_of(crs_named(asked.crs), file, layout.header, sample, pairs, ground.territory, None)
    if datum.kind != "none" and datum.crs is None:
        raise Invalid(datum.sentence, code="datum_needed", errors=[FieldError("crs", "datum_needed", datum.sentence)])
    _remember(snapshot.connection, account_id, class_.code, layout, asked, datum)
    return {
        "file_id": asked.file_id,
        "class": class_.code,
        "sheet": sheet,
        "header_line": layout.header.line,
        "header_lines": layout.header.lines,
        "crs": datum.crs,
        "mapping": [
            {
                "index": c.index,
                "header": c.header,
                "target": c.target,
                "how": c.how,
                "factor": c.factor,
                "unit": c.unit_from,
            }
            for c in layout.columns
        ],
        "title": f"导入 {class_.title} · {file['name']}",
    }


def _remember(
    connection: Connection, account_id: int, class_: str, layout: Layout, asked: Asked, datum: DatumFound
) -> None:
    """What the sender said by hand is offered again."""
    if asked.columns is not None:
        chosen = {
            normalised(c.header): (c.target, c.factor)
            for c in layout.columns
            if c.how == "given" and normalised(c.header)
        }
        queries.remember(connection, account_id, class_, chosen)
    if datum.crs is not None and datum.how == "asked":
        queries.remember_datum(connection, account_id, class_, datum.crs)


@lru_cache(1)
def datums() -> list[dict[str, Any]]:
    """Every system that a sender may choose, for the page's list."""
    zoned = set(ZONES.values())
    return [
        {"crs": d.crs, "title": d.title, "kind": d.kind, "meridian": d.meridian, "zoned": d.crs in zoned}
        for d in DATUMS.values()
    ]
