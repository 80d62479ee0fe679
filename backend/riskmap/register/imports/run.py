"""One import: read, check and grade every line, stage what goes in, write it as one state.

A dry run is the same up to the writing. Everything that a run leaves behind (objects, findings, counts,
the job's own end) is written in one transaction: a run that is killed has written nothing.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import chain, islice
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from riskmap.access.reader import Reader, territory
from riskmap.base import database, jobs
from riskmap.base.errors import FieldError, Invalid
from riskmap.base.jobs import Context
from riskmap.catalogue import validate
from riskmap.catalogue.model import GRADES, VISIBILITIES, Class
from riskmap.catalogue.queries import CatalogueCache
from riskmap.exchange.datum import metres_between
from riskmap.exchange.headers import HEAD_LINES, Column, Header, header_at
from riskmap.exchange.locate import WHY_WORDS, geometry_of
from riskmap.exchange.rows import Fault, Reading
from riskmap.exchange.tables import Row, Table, open_table
from riskmap.exchange.targets import GRADE_WORDS, STAGE_WORDS, VISIBILITY_WORDS, targets_of
from riskmap.grading.judge import Graded, judge
from riskmap.register.imports import files, queries, returned
from riskmap.register.imports.files import SAMPLE_ROWS
from riskmap.register.imports.matching import (
    Ground,
    Layout,
    Positions,
    data_rows,
    ground_of,
    in_words,
    row_reader,
    short,
)
from riskmap.register.service import maker_for
from riskmap.store import write
from riskmap.store.place import UNPLACED, columns_of_points, place_of
from riskmap.store.snapshot import Snapshot, open_snapshot
from riskmap.store.write import Staging

log = logging.getLogger(__name__)

_BATCH = 2_000
_MOST_TRIES = 3
_SAME_PLACE_M = 1.0
_MUCH = 1_000  # rows from which the planner must be told
_KEPT_CELLS = 80
_KEPT_TEXT = 500
_KEPT_WKT = 20_000
_SURVEYED_DECIMALS = 5  # of a degree: about a metre
# Shares of the progress bar: opening the file, checking its lines, writing.
_OPENED, _CHECKED = 0.08, 0.75

WHY = {**WHY_WORDS, "needs_shape": "这一类应画成线或面，只有点位不能入图：请在图上绘制，或导入 SHP、GPKG"}

_STAGE = {value: words[0] for value, words in STAGE_WORDS.items()}
_VISIBILITY = {value: words[0] for value, words in VISIBILITY_WORDS.items()}
_GRADE = {value: words[0] for value, words in GRADE_WORDS.items()}
# What a line may change of an object, and what it is called.
_CORE = {
    "name": "名称",
    "division": "区划",
    "stage": "状态",
    "source": "数据来源",
    "visibility": "公开范围",
    "department": "主管部门",
    "tags": "标签",
    "enterprise": "所属企业",
    "parent": "上级对象",
}


class _Moved(Exception):
    """Somebody wrote what this run rests on: it must look again."""


@dataclass(slots=True)
class _Spot:
    """Where a line's object is."""

    columns: Mapping[str, Any]
    quality: str
    lon: float | None = None
    lat: float | None = None
    division: str | None = None
    why: str | None = None
    repaired: bool = False

    @property
    def is_placed(self) -> bool:
        """Whether it has a position."""
        return self.lon is not None


@dataclass(slots=True)
class Counts:
    """What a run came to. read = added + changed + same + back + waiting."""

    read: int = 0
    added: int = 0
    changed: int = 0
    same: int = 0
    back: int = 0
    waiting: int = 0
    ignored: int = 0
    writes: int = 0

    def body(self) -> dict[str, int]:
        """As it is stored and sent."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class _Tally:
    """What is told in one sentence for many lines."""

    other_division: int = 0
    own_area: int = 0
    repaired: int = 0
    by_column: dict[int, dict[str, int]] = field(default_factory=dict)

    def count(self, kind: str, faults: Iterable[Fault]) -> None:
        """One for each column that a line's faults are in."""
        for index in {f.index for f in faults if f.index is not None}:
            self.by_column.setdefault(index, {"back": 0, "waiting": 0})[kind] += 1


class _Importer:
    """Takes batches of lines; knows what they come to; writes it all at the end."""

    def __init__(
        self, snapshot: Snapshot, ground: Ground, layout: Layout, class_: Class, positions: Positions, context: Context,
        plan: Mapping[str, Any],
    ) -> None:  # fmt: skip
        assert layout.header is not None
        self._snapshot = snapshot
        self._connection: Connection = snapshot.connection
        self._reader: Reader = snapshot.reader
        self._maker = maker_for(snapshot, context.settings.bounds)
        self._ground = ground
        self._layout = layout
        self._class = class_
        self._positions = positions
        self._context = context
        self._plan = plan
        self.rows = row_reader(class_, layout, ground, ())
        self._position_columns = self.rows.position_columns()
        self._is_dry = bool(plan["dry_run"])
        self._basis = f"导入文件 {plan['file_name']}"[:200]
        self._source = str(plan["file_name"]).rsplit(".", 1)[0][:200]
        self.counts = Counts()
        self._tally = _Tally()
        self._codes: dict[str, int] = {}
        self._enterprises: dict[str, list[int]] | None = None
        self._names: dict[tuple[str, str], list[tuple[float | None, float | None, int]]] = {}
        self._new = Staging(self._connection, "staged_new")
        self._changed = Staging(self._connection, "staged_changed")
        self._parties = queries.PartyStaging(self._connection)
        self._has_parties = any((c.target or "").startswith("party.") for c in layout.columns)
        self._needs_codes = False
        self._default_area = self._reader.areas[0] if len(self._reader.areas) == 1 else None
        self._default_department = class_.department
        if self._reader.departments and class_.department not in self._reader.departments:
            self._default_department = self._reader.departments[0]
        queries.clear_findings(self._connection, context.job.job_id)

    def expect_codes(self, sampled: Sequence[Reading]) -> None:
        """A list whose lines have codes is known by them: a line without one is told, not taken as new each time."""
        named = [r for r in sampled if r.ignored is None]
        self._needs_codes = 2 * sum("code" in r.core for r in named) > len(named)

    # -- A batch ---------------------------------------------------------------------

    def take(self, readings: Sequence[Reading]) -> None:
        """Some lines, in order."""
        findings: list[dict[str, Any]] = []
        kept: list[Reading] = []
        for reading in readings:
            if reading.ignored is None:
                kept.append(reading)
            elif reading.ignored != "blank":
                self.counts.ignored += 1
                findings.append(_finding("ignored", reading, [_ignored(reading)]))
        self.counts.read += len(kept)
        spots = self._place(kept)
        self._refer(kept)
        for reading, spot in zip(kept, spots, strict=True):
            self._belong(reading, spot)
            self._once_in_file(reading, spot)
        by_code, by_name, old, persons = self._existing(kept)
        ids = iter(self._fresh_ids(len(kept)))
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        parties: list[tuple[int, str, str, str, str]] = []
        for reading, spot in zip(kept, spots, strict=True):
            key = None if reading.faults else self._match(reading, spot, by_code, by_name)
            if not reading.faults and key is None:
                row = self._added(reading, spot, next(ids))
                if row is not None:
                    new.append(row)
                    parties += _party_rows(row["id"], reading.parties, {})
                    findings += self._told("added", reading, spot, row, None)
            elif not reading.faults and key is not None:
                row, change = self._merged(reading, spot, old[key.id], persons.get(key.id, {}))
                if row is not None:
                    if change:
                        changed.append(row)
                        parties += _party_rows(row["id"], reading.parties, persons.get(key.id, {}))
                    findings += self._told("changed" if change else "same", reading, spot, row, change)
            if reading.faults:
                self.counts.back += 1
                self._tally.count("back", reading.faults)
                findings.append(_finding("back", reading, reading.faults))
        if not self._is_dry:
            self._new.add(new)
            self._changed.add(changed)
            self._parties.add(parties)
        findings.sort(key=lambda f: int(f["line"]))  # their ids are the order in which they are shown
        queries.add_findings(self._connection, self._context.job.job_id, findings)

    def _fresh_ids(self, count: int) -> list[int]:
        return list(range(count)) if self._is_dry else write.next_ids(self._connection, count)

    # -- Where ---------------------------------------------------------------------------

    def _place(self, readings: Sequence[Reading]) -> list[_Spot]:
        located = self._positions.locate(readings)
        takes_points = "point" in self._class.geometry
        placed = np.flatnonzero(np.isfinite(located.lon))
        columns = columns_of_points(located.lon[placed], located.lat[placed], self._snapshot.public_resolution)
        at = dict(zip(placed.tolist(), columns, strict=True))
        spots = []
        for i, reading in enumerate(readings):
            if reading.geometry is not None and not isinstance(reading.geometry, shapely.Point):
                spots.append(self._shape(reading))
            elif i in at and takes_points:
                quality = self._quality(located.decimals[i])
                spots.append(_Spot(at[i], quality, float(located.lon[i]), float(located.lat[i]), located.divisions[i]))
            else:
                why = located.why[i] or ("needs_shape" if i in at else "unknown")
                spots.append(_Spot(UNPLACED, "none", why=why))
        return spots

    def _quality(self, decimals: int) -> str:
        """How good the sender's numbers are: those of the map services were clicked on a map."""
        if self._positions.crs in {"GCJ02", "BD09"}:
            return "clicked"
        return "surveyed" if decimals >= _SURVEYED_DECIMALS else "guessed"

    def _shape(self, reading: Reading) -> _Spot:
        """A line or polygon: each vertex converted, a broken outline repaired and told."""
        assert reading.geometry is not None
        geometry = geometry_of(reading.geometry, self._positions.crs)
        points = shapely.get_coordinates(geometry)
        if not np.isfinite(points).all() or (np.abs(points) > (180.0, 90.0)).any():
            return _Spot(UNPLACED, "none", why="not_a_position")
        repaired = not geometry.is_valid
        if repaired:
            mended = _repair(geometry)
            if mended is None:
                reading.faults.append(self._position_fault("invalid_geometry", "图形的边线自相交，修不好：请重画"))
                return _Spot(UNPLACED, "none", why="not_a_position")
            geometry = mended
        try:
            place = place_of(geometry, self._snapshot.public_resolution)
        except Invalid as refused:
            error = refused.errors[0]
            reading.faults.append(self._position_fault(error.code, error.message))
            return _Spot(UNPLACED, "none", why="not_a_position")
        [[lon, lat]] = shapely.get_coordinates(shapely.from_wkb(place.anchor)).tolist()
        inside, codes = self._ground.territory.find(np.array([lon]), np.array([lat]))
        if not inside[0]:
            return _Spot(UNPLACED, "none", why="outside")
        # A shape lies in the finest division only where all of it does: its anchor says the county at least.
        return _Spot(place.columns(), "surveyed", lon, lat, codes[0], repaired=repaired)

    def _position_fault(self, code: str, message: str) -> Fault:
        column = self._position_columns[0] if self._position_columns else None
        return Fault(column.index if column else None, column.header if column else "位置", code, message)

    # -- What it belongs to ------------------------------------------------------------------

    def _refer(self, readings: Sequence[Reading]) -> None:
        """Enterprises and parents that lines name, as far as the sender may see them."""
        for name in ("enterprise", "parent"):
            said = {r.references[name][0] for r in readings if name in r.references}
            if not said:
                continue
            if name == "parent":
                found = queries.by_code_of_any_class(self._connection, said)
            else:
                self._enterprises = self._enterprises or queries.enterprises(self._connection)
                found = self._enterprises
            for reading in readings:
                if name not in reading.references:
                    continue
                word, fault = reading.references[name]
                ids = sorted(set(found.get(word, ())))
                if len(ids) == 1:
                    reading.core[name] = ids[0]
                elif not ids:
                    reading.faults.append(fault)
                else:
                    message = f"“{word[:30]}”对应 {len(ids)} 个已登记的对象，请改填编号或统一社会信用代码"
                    reading.faults.append(Fault(fault.index, fault.column, "ambiguous_reference", message))

    def _belong(self, reading: Reading, spot: _Spot) -> None:
        """The division of a line, and whether the sender may write there."""
        said = reading.core.get("division")
        area = self._default_area
        if said is None or (area and territory(area).startswith(territory(said)) and not spot.is_placed):
            if spot.division is None and area is not None and said != area:
                self._tally.own_area += 1
                reading.core["division"] = area
            elif spot.division is not None:
                reading.core["division"] = spot.division
        elif spot.division is not None:
            if _is_within(spot.division, said):
                reading.core["division"] = spot.division  # the finer of the two
            elif not _is_within(said, spot.division):
                self._tally.other_division += 1
                reading.core["elsewhere"] = spot.division
        if spot.repaired:
            self._tally.repaired += 1

    def _once_in_file(self, reading: Reading, spot: _Spot) -> None:
        code, name = reading.core.get("code"), reading.core.get("name")
        if code is not None:
            first = self._codes.setdefault(code, reading.line)
            if first != reading.line:
                reading.faults.append(
                    self.rows.fault_of("code", "duplicate_in_file", f"编号与第 {first} 行相同，请核对是否重复")
                )
        elif self._needs_codes:
            message = "这一行没有编号，其他行都有：补上编号后再导入"
            reading.faults.append(self.rows.fault_of("code", "required", message))
        elif name is not None:
            same = self._names.setdefault((name, reading.core.get("division", "")), [])
            for lon, lat, line in same:
                if _is_same_place(lon, lat, spot.lon, spot.lat):
                    reading.faults.append(
                        self.rows.fault_of(
                            "name", "duplicate_in_file", f"名称、区划和位置与第 {line} 行相同，请核对是否重复"
                        )
                    )
                    break
            same.append((spot.lon, spot.lat, reading.line))

    def _check_rights(self, reading: Reading, visibility: int, division: str, department: str) -> bool:
        """Whether the sender may write such an object; told without a word about what exists there."""
        reader = self._reader
        if reader.inner(visibility, division, department, self._class.code):
            return True
        if visibility > reader.tier:
            fault = self.rows.fault_of("visibility", "not_allowed", "您的密级不能登记这一公开范围的对象")
        elif reader.areas and not division.startswith(reader.area_prefixes):
            names = "、".join(self._ground.divisions.name(code) for code in reader.areas[:5])
            where = self._ground.divisions.name(division) if division else "没有写区划"
            fault = self.rows.fault_of("division", "not_allowed", f"{where}：不在您的管理范围内（{names}）")
        else:
            names = "、".join(reader.departments[:5])
            fault = self.rows.fault_of(
                "department", "not_allowed", f"主管部门“{department}”不在您的管理范围内（{names}）"
            )
        reading.faults.append(fault)
        return False

    # -- Which object -----------------------------------------------------------------------------

    def _existing(
        self, readings: Sequence[Reading]
    ) -> tuple[dict[str, list[Any]], dict[str, list[Any]], dict[int, Any], dict[int, Any]]:
        good = [r for r in readings if not r.faults]
        codes = {r.core["code"] for r in good if "code" in r.core}
        names = {r.core["name"] for r in good if "code" not in r.core}
        by_code = queries.by_codes(self._connection, self._class.code, codes) if codes else {}
        by_name = queries.by_names(self._connection, self._class.code, names) if names else {}
        ids = [row.id for rows in chain(by_code.values(), by_name.values()) for row in rows]
        old = queries.rows_of(self._connection, ids) if ids else {}
        persons = queries.parties_of(self._connection, ids) if ids and self._has_parties else {}
        return by_code, by_name, old, persons

    def _is_mine(self, key: Any) -> bool:
        return self._reader.inner(key.visibility, key.division, key.department, self._class.code)

    def _match(
        self, reading: Reading, spot: _Spot, by_code: Mapping[str, list[Any]], by_name: Mapping[str, list[Any]]
    ) -> Any | None:
        """The object that a line means: by code, else by name, division and position; None: a new one."""
        core = reading.core
        division = core.get("division", "")
        code = core.get("code")
        if code is not None:
            found = by_code.get(code, [])
            mine = [k for k in found if self._is_mine(k)]
            if len(mine) > 1:
                mine = [k for k in mine if k.division == division] or mine
            if len(mine) == 1:
                return mine[0]
            if mine:
                message = f"有 {len(mine)} 个已登记的对象都用这个编号，请先更正其中一个"
                reading.faults.append(self.rows.fault_of("code", "ambiguous_code", message))
            elif found:
                message = "这个编号已由管理范围以外的公开对象使用，请核对编号"
                reading.faults.append(self.rows.fault_of("code", "duplicate_code", message))
            return None
        named = [k for k in by_name.get(core["name"], []) if self._is_mine(k)]
        said = self._original(reading, spot)
        for key in named:  # the numbers that its sender gave before, wherever it was moved since
            if _same_statement(key.original, said):
                return key
        mine = [k for k in named if _is_within(k.division, division) or _is_within(division, k.division)]
        for key in mine:
            if spot.is_placed and key.lon is not None and _is_same_place(key.lon, key.lat, spot.lon, spot.lat):
                return key
        waiting = [k for k in mine if k.lon is None and k.code is None]
        if spot.is_placed:
            return waiting[0] if len(waiting) == 1 else None
        if len(mine) > 1:
            message = f"库中有 {len(mine)} 处同名对象，没有位置分不清是哪一处：请补上编号或坐标"
            reading.faults.append(self.rows.fault_of("name", "ambiguous_name", message))
            return None
        return mine[0] if mine else None

    # -- What it becomes -----------------------------------------------------------------------------

    def _original(self, reading: Reading, spot: _Spot) -> dict[str, Any] | None:
        """The sender's own numbers and datum, and why the line waits."""
        out: dict[str, Any] = {}
        if reading.x_text or reading.y_text:
            out |= {"x": reading.x_text, "y": reading.y_text, "crs": self._positions.crs}
        elif reading.geometry is not None:
            out["crs"] = self._positions.crs
            text = reading.geometry.wkt if shapely.get_num_coordinates(reading.geometry) < _KEPT_WKT // 20 else ""
            if text and self._positions.crs not in {"EPSG:4490", "EPSG:4326"}:
                out["wkt"] = text[:_KEPT_WKT]
        if reading.core.get("said_address"):
            out["address"] = reading.core["said_address"]
        if spot.why is not None:
            out["why"] = spot.why
        return out or None

    def _judged(self, core: Mapping[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        basis = core.get("grade_basis") or self._basis
        grade = core.get("grade")
        level = core.get("level")
        return (
            {"value": grade, "basis": basis} if grade is not None and grade != "none" else None,
            {"scale": self._class.scale, "value": level, "basis": basis} if level is not None else None,
        )

    def _grade(
        self, reading: Reading, attributes: dict[str, Any], grade: dict[str, Any] | None, level: dict[str, Any] | None
    ) -> Graded | None:
        graded, errors = judge(
            self._class, self._maker.catalogue, attributes, grade, level, by=self._reader.name, at=self._maker.at
        )
        self._refuse(reading, errors)
        return None if errors else graded

    def _refuse(self, reading: Reading, errors: Iterable[FieldError]) -> None:
        for error in errors:
            target = error.field.split(".")[0] if not error.field.startswith("attributes.") else error.field
            reading.faults.append(self.rows.fault_of(target, error.code, error.message))

    def _added(self, reading: Reading, spot: _Spot, object_id: int) -> dict[str, Any] | None:
        """The row of a new object, or None with faults."""
        core = reading.core
        visibility = VISIBILITIES.index(core.get("visibility", "department"))
        department = core.get("department", self._default_department)
        if not self._check_rights(reading, visibility, core.get("division", ""), department):
            return None
        graded = self._grade(reading, reading.attributes, *self._judged(core))
        if graded is None:
            return None
        given = {name: core[name] for name in (*_CORE, "code") if name in core}
        given |= {
            "department": department,
            "source": core.get("source", self._source),
            "valid_from": date.fromisoformat(core["valid_from"]) if "valid_from" in core else None,
            "position_quality": spot.quality,
            "original": self._original(reading, spot),
        }
        return self._maker.assemble(self._class, given, reading.attributes, graded, spot.columns, object_id)

    def _merged(
        self, reading: Reading, spot: _Spot, old: Mapping[str, Any], persons: Mapping[str, Mapping[str, str]]
    ) -> tuple[dict[str, Any] | None, dict[str, list[Any]]]:
        """The object as the line has it, and what that changes. What the line does not say stays."""
        core = reading.core
        change: dict[str, list[Any]] = {}
        merged = {name: old[name] for name in _CORE} | {
            "code": old["code"],
            "verified": old["verified"],
            "visibility": VISIBILITIES[old["visibility"]],
        }
        place: Mapping[str, Any] = {name: old[name] for name in UNPLACED}
        quality, original = old["position_quality"], old["original"]
        said = self._original(reading, spot)
        moved = stands_elsewhere = False
        if not _same_statement(original, said):
            if spot.is_placed and not _is_same_shape(old, spot):
                change["位置"] = [_where(old), f"{spot.lon:.6f}，{spot.lat:.6f}"]
                place, quality, original, moved = spot.columns, spot.quality, said, True
            elif old["geom"] is None and said != original:
                change["原坐标"] = [_numbers(original), _numbers(said)]
                original = said
        elif spot.is_placed and not _is_same_shape(old, spot):
            stands_elsewhere = True  # moved by hand since; its division went with it
        given = {name: core[name] for name in _CORE if name in core}
        if stands_elsewhere:
            given.pop("division", None)
        if "tags" in given:
            given["tags"] = sorted(set(given["tags"]))
        if "division" in given and not moved and _is_within(old["division"], given["division"]):
            del given["division"]  # what is stored is finer, and the object has not moved
        for name, value in given.items():
            if value != merged[name]:
                change[_CORE[name]] = [self._word(name, merged[name]), self._word(name, value)]
                merged[name] = value
        attributes = {**old["attributes"], **reading.attributes}  # with what the class no longer declares
        altered = {n for n, v in reading.attributes.items() if old["attributes"].get(n) != v}
        for name in altered:
            title = self._class.by_name[name].title
            change[title] = [_value(old["attributes"].get(name)), _value(attributes[name])]
        if altered:
            hidden = validate.undeclared(self._class, attributes)
            _, errors = validate.attributes(self._class, {k: v for k, v in attributes.items() if k not in hidden})
            self._refuse(reading, [e for e in errors if e.field.split(".")[1] in altered])
        visibility = VISIBILITIES.index(merged["visibility"])
        if not self._check_rights(reading, visibility, merged["division"], merged["department"]) or reading.faults:
            return None, {}
        graded = self._regraded(reading, old, attributes, altered, change)
        if graded is None:
            return None, {}
        for role, person in reading.parties.items():
            now = persons.get(role, {})
            if any(now.get(part, "") != value for part, value in person.items()):
                # Names and numbers of persons are told by that they changed, not by what they were.
                change[role] = ["原责任人" if now else "无", "新责任人"]
        merged |= {"position_quality": quality, "original": original, "valid_from": old["valid_from"]}
        row = self._maker.assemble(self._class, merged, attributes, graded, place, old["id"])
        row["state"] = old["state"]
        return row, change

    def _regraded(
        self,
        reading: Reading,
        old: Mapping[str, Any],
        attributes: dict[str, Any],
        altered: set[str],
        change: dict[str, list[Any]],
    ) -> Graded | None:
        """The grades anew where the line says something of them, else as they were judged."""
        grade, level = self._judged(reading.core)
        kept = Graded(old["grade"], old["level_scale"], old["level_value"], old["level_rank"], old["grading"])
        judged = {g["scale"]: g for g in old["grading"] if g["how"] == "judged"}
        was_grade, was_level = judged.get("risk-grade"), judged.get(self._class.scale or "")
        says_grade = grade is not None and (was_grade is None or was_grade["value"] != grade["value"])
        says_level = level is not None and (was_level is None or was_level["value"] != level["value"])
        if not (says_grade or says_level or altered & {"method", "grade", "basis"}):
            return kept
        if grade is None and was_grade is not None and attributes.get("method") != "direct":
            grade = {"value": was_grade["value"], "basis": was_grade["basis"]}
        if level is None and was_level is not None:
            level = {"scale": was_level["scale"], "value": was_level["value"], "basis": was_level["basis"]}
        graded = self._grade(reading, attributes, grade, level)
        if graded is None:
            return None
        if graded.grade != kept.grade:
            change["风险等级"] = [_GRADE[GRADES[kept.grade - 1]], _GRADE[GRADES[graded.grade - 1]]]
        if graded.level_value != kept.level_value:
            change["级别"] = [kept.level_value, graded.level_value]
        return graded

    def _word(self, name: str, value: Any) -> Any:
        if name == "stage":
            return _STAGE.get(value, value)
        if name == "visibility":
            return _VISIBILITY.get(value, value)
        if name == "division":
            return self._ground.divisions.name(value) if value else None
        return _value(value)

    # -- What is told --------------------------------------------------------------------------------

    def _told(
        self, kind: str, reading: Reading, spot: _Spot, row: Mapping[str, Any], change: Mapping[str, Any] | None
    ) -> list[dict[str, Any]]:
        """Counts of a good line, and what is told of it."""
        object_id = None if kind == "added" and self._is_dry else row["id"]
        named = {"object_id": object_id, "object_name": row["name"]}
        out = []
        if kind != "same":
            self.counts.writes += 1
        if row["geom"] is None:
            self.counts.waiting += 1
            faults = self._waiting_faults(reading, spot)
            self._tally.count("waiting", faults)
            out.append(_finding("waiting", reading, faults) | named | {"change": change or None})
        else:
            setattr(self.counts, kind, getattr(self.counts, kind) + 1)
            if kind == "changed":
                out.append(_finding("changed", reading, []) | named | {"change": change})
        notes = []
        if "elsewhere" in reading.core:
            there = self._ground.divisions.name(reading.core["elsewhere"])
            notes.append(
                self.rows.fault_of(
                    "division", "other_division", f"坐标落在{there}，与表中区划不符：按表中区划登记，请核对"
                )
            )
        if spot.repaired:
            notes.append(self._position_fault("repaired", "图形的边线自相交，已自动修复，请在图上核对"))
        if notes:
            out.append(_finding("note", reading, notes) | named)
        return out

    def _waiting_faults(self, reading: Reading, spot: _Spot) -> list[Fault]:
        code = spot.why or "unknown"
        message = WHY[code]
        columns: Sequence[Column] = self._position_columns
        return [Fault(c.index, c.header, code, message) for c in columns] or [Fault(None, "位置", code, message)]

    def notes(self) -> list[str]:
        """Sentences on the whole file."""
        out = []
        tally = self._tally
        if tally.other_division:
            out.append(f"{tally.other_division} 行的坐标不在所写区划内，按表中区划登记；见“提示”。")
        if tally.own_area and self._default_area is not None:
            name = self._ground.divisions.name(self._default_area)
            out.append(f"{tally.own_area} 行没有写到您所管的区划，也没有坐标，按您的管理范围记为{name}。")
        if tally.repaired:
            out.append(f"{tally.repaired} 个图形的边线自相交，已自动修复；见“提示”。")
        if self._positions.northing_first and self._position_columns:
            out.append("多数行的第一个坐标是纵坐标（北）或纬度，已按“北在前、东在后”读取。")
        return out

    def columns(self) -> list[dict[str, Any]]:
        """Each column, what it filled, in how many lines it was wrong."""
        titles = {t.target: t.title for t in self._layout.targets}
        return [
            {
                "index": c.index,
                "header": c.header,
                "target": c.target,
                "title": titles.get(c.target or ""),
                **self._tally.by_column.get(c.index, {"back": 0, "waiting": 0}),
            }
            for c in self._layout.columns
        ]

    # -- Writing ----------------------------------------------------------------------------------------

    def write(self) -> int | None:
        """All of it as one state, or nothing. Raises _Moved where what was checked no longer holds."""
        if not self.counts.writes:
            return None
        context, connection, reader = self._context, self._connection, self._reader
        counts = self.counts
        told = f"新增 {counts.added}，变更 {counts.changed}，待定位 {counts.waiting}"
        what = f"导入 {self._class.title}：{told}（{self._plan['file_name']}）"
        taken = write.take_state(connection, reader, what)
        if queries.class_has_moved(connection, self._class.code, self._snapshot.state.n) and queries.staged_is_stale(
            connection, self._class.code, self._snapshot.state
        ):
            raise _Moved
        context.tell("入库", _CHECKED + 0.02)
        write.insert_staged(connection, reader, taken, self._new)
        context.tell("入库", 0.93)
        write.change_staged(connection, reader, taken, self._changed, taken.day)
        self._parties.write(taken.n)
        context.tell("入库", 0.98)
        write.write_audit(
            connection, reader, taken, "import", self._context.job.job_id, None,
            {"class": self._class.code, "file": self._plan["file_name"], **counts.body()},
        )  # fmt: skip
        return taken.n


# -- Small things ---------------------------------------------------------------------------


def _is_within(fine: str, coarse: str) -> bool:
    return fine.startswith(territory(coarse)) if coarse else False


def _is_same_place(lon1: float | None, lat1: float | None, lon2: float | None, lat2: float | None) -> bool:
    """Within a metre of each other; two that have no position are in the same place."""
    if lon1 is None or lat1 is None or lon2 is None or lat2 is None:
        return lon1 is None and lon2 is None
    if abs(lat1 - lat2) > 1e-4:
        return False
    away = metres_between(*(np.array([v]) for v in (lon1, lat1, lon2, lat2)))
    return float(away[0]) <= _SAME_PLACE_M


def _is_same_shape(old: Mapping[str, Any], spot: _Spot) -> bool:
    """Whether the stored geometry is this one: points to a centimetre, outlines to the last bit."""
    if old["geom"] is None:
        return False
    stored: Any = shapely.from_wkb(old["geom"])
    if isinstance(stored, shapely.Point) and spot.columns["cover"] is None and spot.lon is not None:
        return abs(stored.x - spot.lon) < 1e-7 and abs(stored.y - float(spot.lat or 0)) < 1e-7
    return str(old["geom"]).upper() == str(spot.columns["geom"]).upper()


def _same_statement(original: Mapping[str, Any] | None, said: Mapping[str, Any] | None) -> bool:
    """Whether the sender's numbers are those that he sent before.

    Then they change nothing, also where the object was moved by hand since.
    """
    if not original or not said or not ("x" in said or "wkt" in said):
        return False
    return all(original.get(name) == said.get(name) for name in ("x", "y", "crs", "wkt"))


def _where(old: Mapping[str, Any]) -> str | None:
    if old["anchor"] is None:
        return None
    [[lon, lat]] = shapely.get_coordinates(shapely.from_wkb(old["anchor"])).tolist()
    return f"{lon:.6f}，{lat:.6f}"


def _numbers(original: Mapping[str, Any] | None) -> str | None:
    if not original:
        return None
    return "，".join(str(original[k]) for k in ("x", "y") if original.get(k)) or None


def _value(value: Any) -> Any:
    return None if value is None or value == "" else in_words(value)


def _party_rows(
    object_id: int, said: Mapping[str, Mapping[str, str]], now: Mapping[str, Mapping[str, str]]
) -> list[tuple[int, str, str, str, str]]:
    """Persons as they will be: what a line does not say of one stays."""
    out = []
    for role, person in said.items():
        before = now.get(role, {})
        post, name, phone = (person.get(p, before.get(p, "")) for p in ("post", "name", "phone"))
        if any(before.get(p, "") != v for p, v in (("post", post), ("name", name), ("phone", phone))):
            out.append((object_id, role, post, name, phone))
    return out


def _repair(geometry: BaseGeometry) -> BaseGeometry | None:
    """A valid geometry of the same kind, or None."""
    made = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    wanted = geometry.geom_type.removeprefix("Multi")
    if made.geom_type.removeprefix("Multi") == wanted and not made.is_empty:
        return made
    parts = [g for g in getattr(made, "geoms", ()) if g.geom_type.removeprefix("Multi") == wanted]
    if not parts:
        return None
    joined = shapely.union_all(parts)
    return joined if joined.geom_type.removeprefix("Multi") == wanted else None


_IGNORED = {"sum": "合计行，不导入", "sample": "模板的示例行，不导入", "note": "表末的填报说明，不导入"}


def _ignored(reading: Reading) -> Fault:
    code = reading.ignored or ""
    return Fault(None, "", code, _IGNORED.get(code, "不导入"))


def _kept(cell: Any) -> Any:
    if cell is None or isinstance(cell, bool | int):
        return cell
    if isinstance(cell, float):
        return Decimal(repr(cell)) if np.isfinite(cell) else None
    return cell[:_KEPT_TEXT] if isinstance(cell, str) else short(cell)


def _finding(kind: str, reading: Reading, faults: Sequence[Fault]) -> dict[str, Any]:
    return {
        "kind": kind,
        "line": reading.line,
        "faults": [f.body() for f in faults],
        "cells": [_kept(c) for c in reading.cells[:_KEPT_CELLS]],
    }


# -- The job ------------------------------------------------------------------------------------


def run(context: Context) -> None:
    """Do an import that was queued. Raises RiskmapError in words for its sender."""
    reader = Reader.parse(context.job.rights)
    context.tell("打开文件", 0.01)
    with database.read(context.engine, reader.settings()) as connection:
        plan = queries.run_of(connection, context.job.job_id, None)
    assert plan is not None
    table = open_table(files.path_of(context.settings, plan["file_id"]))
    caches = CatalogueCache()
    for attempt in range(1, _MOST_TRIES + 1):
        try:
            # Where others write all the time, the last try has them wait from its beginning.
            _once(context, reader, plan, table, caches, alone=attempt == _MOST_TRIES)
            break
        except _Moved:
            log.info("import %s looks again: somebody wrote meanwhile", context.job.job_id)
    _tidy(context)
    returned.prepare(context.engine, context.settings, context.job.job_id)


def _tidy(context: Context) -> None:
    """After many rows the planner must know of them at once. The run stands, whatever becomes of this."""
    try:
        with database.write(context.engine, {}) as connection:
            if queries.written_by(connection, context.job.job_id) >= _MUCH:
                queries.settle_register(connection)
    except DBAPIError as error:
        log.warning("tidying after %s: %s", context.job.job_id, type(error.orig).__name__)


def _once(
    context: Context,
    reader: Reader,
    plan: Mapping[str, Any],
    table: Table,
    caches: CatalogueCache,
    *,
    alone: bool,
) -> None:
    with database.write(context.engine, reader.settings(write=True)) as connection, context.stoppable(connection):
        queries.allow_long_work(connection)
        if alone and not plan["dry_run"]:
            queries.have_writers_wait(connection)
        snapshot = open_snapshot(connection, reader, caches, context.settings.public_resolution)
        class_ = snapshot.catalogue.classes.get(plan["class"])
        if class_ is None:
            raise Invalid("这个分类已不存在，没有写入任何数据。请重新选择分类后再导入。")
        ground = ground_of(snapshot, context.settings)
        rows = table.rows(plan["sheet"])
        first = list(islice(rows, SAMPLE_ROWS + HEAD_LINES))
        context.tell("核对", _OPENED)
        header = header_at(first[:HEAD_LINES], plan["header_line"], plan["header_lines"], table.merged(plan["sheet"]))
        if header is None:
            raise Invalid("文件与选择时不同，没有写入任何数据。请重新上传。")
        columns = tuple(map(_column, plan["mapping"]))
        layout = Layout(plan["sheet"], header, columns, tuple(targets_of(class_, snapshot.catalogue)))
        reading = row_reader(class_, layout, ground, table.uncomputed(plan["sheet"]))
        sampled = [reading.read(line, cells) for line, cells in data_rows(first, header)]
        positions = Positions.of_sample(
            reading, [r for r in sampled if r.ignored is None], plan["crs"], ground.territory
        )
        importer = _Importer(snapshot, ground, layout, class_, positions, context, plan)
        importer.expect_codes(sampled)
        total = next(s.rows for s in table.sheets if s.name == plan["sheet"]) or 1
        done = len(first)
        for batch in _batches(sampled, rows, header, reading):
            importer.take(batch)
            done += len(batch)
            context.tell("核对", _OPENED + (_CHECKED - _OPENED) * min(1.0, done / total))
        if not importer.counts.read:
            raise Invalid("表头下面没有数据行，没有写入任何数据。请核对工作表和表头行。")
        state = None if plan["dry_run"] else importer.write()
        counts = importer.counts
        ended = {"counts": counts.body(), "columns": importer.columns(), "notes": importer.notes(), "state": state}
        # Whoever else has finished this job meanwhile has written it: then this is undone.
        if not queries.still_running(connection, context.job.job_id):
            raise jobs.Cancelled
        queries.end_run(connection, context.job.job_id, ended)
        jobs.finish(connection, context.job.job_id, "done", _message(counts, state, is_dry=plan["dry_run"]))


def _column(kept: Mapping[str, Any]) -> Column:
    """A column as it was settled when the run was queued."""
    factor = kept["factor"]
    exact = None if factor is None else Decimal(str(factor))
    return Column(kept["index"], kept["header"], kept["target"], kept["how"], exact, kept["unit"])


def _batches(
    sampled: Sequence[Reading], rows: Iterator[Row], header: Header, reading: Any
) -> Iterator[Sequence[Reading]]:
    for start in range(0, len(sampled), _BATCH):
        yield sampled[start : start + _BATCH]
    while batch := list(islice(rows, _BATCH)):
        yield [reading.read(line, cells) for line, cells in data_rows(batch, header)]


def _message(counts: Counts, state: int | None, *, is_dry: bool) -> str:
    said = "、".join(
        f"{word} {n}"
        for word, n in (
            ("新增", counts.added), ("变更", counts.changed), ("相同", counts.same),
            ("待定位", counts.waiting), ("退回", counts.back),
        )
        if n
    )  # fmt: skip
    if is_dry:
        return f"预演完成，尚未改动任何数据。读入 {counts.read} 行：{said}。"
    if state is None:
        return f"没有改动。读入 {counts.read} 行：{said}。"
    return f"已入库，数据状态 {state}。读入 {counts.read} 行：{said}。"
