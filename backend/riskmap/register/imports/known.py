"""Which object of the register a line means, and which ones it refers to, as far as its sender may see them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from riskmap.access.reader import Reader
from riskmap.exchange.rows import Fault, Reading
from riskmap.register.imports import queries
from riskmap.register.imports.spots import Spot, is_same_place, is_same_statement, is_within

FaultOf = Callable[[str, str, str], Fault]


@dataclass(frozen=True, slots=True)
class Matched:
    """The objects that a batch of lines mean, by line; whole, and with their persons."""

    ids: Mapping[int, int] = field(default_factory=dict)
    rows: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    persons: Mapping[int, Mapping[str, Sequence[Mapping[str, Any]]]] = field(default_factory=dict)


class Known:
    """The register as one sender sees it, asked by batches."""

    def __init__(
        self, connection: Connection, reader: Reader, class_: str, fault_of: FaultOf, *, with_persons: bool
    ) -> None:
        self._connection = connection
        self._reader = reader
        self._class = class_
        self._fault_of = fault_of
        self._with_persons = with_persons
        self._enterprises: dict[str, list[int]] | None = None
        self._taken: dict[int, int] = {}  # objects that earlier lines mean, and which line

    def refer(self, readings: Sequence[Reading]) -> None:
        """Enterprises and parents that lines name, as far as the sender may see them."""
        for name in ("enterprise", "parent"):
            said = {r.references[name][0] for r in readings if name in r.references}
            if not said:
                continue
            if name == "parent":
                found = queries.by_code_of_any_class(self._connection, said)
            else:
                if self._enterprises is None:
                    self._enterprises = queries.enterprises(self._connection)
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

    def match(self, lines: Sequence[tuple[Reading, Spot, Mapping[str, Any] | None]]) -> Matched:
        """Which object each line means: by code, else by name, division and position; none: a new one, or a fault."""
        good = [line for line in lines if not line[0].faults]
        codes = {r.core["code"] for r, _, _ in good if "code" in r.core}
        names = {r.core["name"] for r, _, _ in good if "code" not in r.core}
        by_code = queries.by_key(self._connection, self._class, "code", codes) if codes else {}
        by_name = queries.by_key(self._connection, self._class, "name", names) if names else {}
        ids = {}
        for reading, spot, said in good:
            if "code" in reading.core:
                key = self._by_code(reading, by_code)
            else:
                key = self._by_name(reading, spot, said, by_name)
            if key is not None and self._is_first(reading, key):
                ids[reading.line] = int(key.id)
        meant = list(ids.values())
        rows = queries.rows_of(self._connection, meant) if meant else {}
        persons = queries.parties_of(self._connection, meant) if meant and self._with_persons else {}
        return Matched(ids, rows, persons)

    def _is_first(self, reading: Reading, key: Any) -> bool:
        """One line, one object: whichever comes later is told which line it repeats."""
        first = self._taken.setdefault(key.id, reading.line)
        if first == reading.line:
            return True
        target = "code" if "code" in reading.core else "name"
        message = f"与第 {first} 行是库中同一个对象，请核对是否重复"
        reading.faults.append(self._fault_of(target, "duplicate_in_file", message))
        return False

    def _is_mine(self, key: Any) -> bool:
        return self._reader.inner(key.visibility, key.division, key.department, self._class)

    def _by_code(self, reading: Reading, found: Mapping[str, list[Any]]) -> Any | None:
        listed = found.get(reading.core["code"], [])
        mine = [k for k in listed if self._is_mine(k)]
        if len(mine) > 1:
            mine = [k for k in mine if k.division == reading.core.get("division", "")] or mine
        if len(mine) == 1:
            return mine[0]
        if mine:
            message = f"有 {len(mine)} 个已登记的对象都用这个编号，请先更正其中一个"
            reading.faults.append(self._fault_of("code", "ambiguous_code", message))
        elif listed:
            message = "这个编号已由管理范围以外的公开对象使用，请核对编号"
            reading.faults.append(self._fault_of("code", "duplicate_code", message))
        return None

    def _by_name(
        self, reading: Reading, spot: Spot, said: Mapping[str, Any] | None, found: Mapping[str, list[Any]]
    ) -> Any | None:
        named = [k for k in found.get(reading.core["name"], []) if self._is_mine(k)]
        for key in named:  # the numbers that its sender gave before, wherever it was moved since
            if is_same_statement(key.original, said):
                return key
        division = reading.core.get("division", "")
        mine = [k for k in named if is_within(k.division, division) or is_within(division, k.division)]
        if spot.is_placed:
            for key in mine:
                if key.lon is not None and is_same_place(key.lon, key.lat, spot.lon, spot.lat):
                    return key
        mine = [k for k in mine if k.id not in self._taken]
        waiting = [k for k in mine if k.lon is None]
        if spot.is_placed:
            uncoded = [k for k in waiting if k.code is None]
            return uncoded[0] if len(uncoded) == 1 else None
        exact = [k for k in waiting or mine if k.division == division]
        if len(exact) == 1:
            return exact[0]
        if len(waiting or mine) > 1:
            message = f"库中有 {len(waiting or mine)} 处同名对象，没有位置分不清是哪一处：请补上编号或坐标"
            reading.faults.append(self._fault_of("name", "ambiguous_name", message))
            return None
        return next(iter(waiting or mine), None)
