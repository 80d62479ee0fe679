"""Which object of the register a line means, and which ones it refers to, as far as its sender may see them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from sqlalchemy import Connection

from riskmap.access.reader import Reader
from riskmap.exchange.rows import Fault, Reading
from riskmap.register.imports import queries
from riskmap.register.imports.spots import Spot, is_same_place, is_same_statement, is_within

FaultOf = Callable[[str, str, str], Fault]


@dataclass(frozen=True, slots=True)
class Found:
    """The objects that a batch of lines may mean."""

    by_code: Mapping[str, list[Any]] = field(default_factory=dict)
    by_name: Mapping[str, list[Any]] = field(default_factory=dict)
    rows: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    persons: Mapping[int, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)


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
        self._taken: set[int] = set()  # objects that earlier lines mean: one line, one object

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

    def look(self, readings: Sequence[Reading]) -> Found:
        """Everything that these lines may mean, in four questions."""
        good = [r for r in readings if not r.faults]
        codes = {r.core["code"] for r in good if "code" in r.core}
        names = {r.core["name"] for r in good if "code" not in r.core}
        by_code = queries.by_codes(self._connection, self._class, codes) if codes else {}
        by_name = queries.by_names(self._connection, self._class, names) if names else {}
        ids = [row.id for rows in chain(by_code.values(), by_name.values()) for row in rows]
        rows = queries.rows_of(self._connection, ids) if ids else {}
        persons = queries.parties_of(self._connection, ids) if ids and self._with_persons else {}
        return Found(by_code, by_name, rows, persons)

    def match(self, reading: Reading, spot: Spot, said: Mapping[str, Any] | None, found: Found) -> int | None:
        """The object that a line means: by code, else by name, division and position; None: a new one, or a fault."""
        key = self._by_code(reading, found) if "code" in reading.core else self._by_name(reading, spot, said, found)
        if key is None:
            return None
        self._taken.add(key.id)
        return int(key.id)

    def _is_mine(self, key: Any) -> bool:
        return self._reader.inner(key.visibility, key.division, key.department, self._class)

    def _by_code(self, reading: Reading, found: Found) -> Any | None:
        listed = found.by_code.get(reading.core["code"], [])
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

    def _by_name(self, reading: Reading, spot: Spot, said: Mapping[str, Any] | None, found: Found) -> Any | None:
        listed = found.by_name.get(reading.core["name"], [])
        named = [k for k in listed if self._is_mine(k) and k.id not in self._taken]
        for key in named:  # the numbers that its sender gave before, wherever it was moved since
            if is_same_statement(key.original, said):
                return key
        division = reading.core.get("division", "")
        mine = [k for k in named if is_within(k.division, division) or is_within(division, k.division)]
        waiting = [k for k in mine if k.lon is None]
        if spot.is_placed:
            near = (k for k in mine if k.lon is not None and is_same_place(k.lon, k.lat, spot.lon, spot.lat))
            uncoded = [k for k in waiting if k.code is None]
            return next(near, uncoded[0] if len(uncoded) == 1 else None)
        if len(waiting or mine) > 1:
            message = f"库中有 {len(waiting or mine)} 处同名对象，没有位置分不清是哪一处：请补上编号或坐标"
            reading.faults.append(self._fault_of("name", "ambiguous_name", message))
            return None
        return next(iter(waiting or mine), None)
