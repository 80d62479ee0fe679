"""Readings coming in, by hand, by table, from a machine: who they are of, whether they can be, whether they are new.

Each is taken or refused by itself, and what is refused says why. One that is too far from the reading before is kept
and waits to be confirmed; until then it is no level.
"""

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import MAXYEAR, datetime
from decimal import Decimal
from typing import Any, Literal

from riskmap.base import audit, clock
from riskmap.base.errors import Conflict, NotFound
from riskmap.catalogue.model import Catalogue
from riskmap.exchange.cells import normal
from riskmap.exchange.targets import option_choices
from riskmap.rescue import levels, log, minute, works
from riskmap.rescue import levels_queries as queries
from riskmap.rescue.levels import Work
from riskmap.rescue.works import OVER, STATUSES, Status, metres
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

Source = Literal["hand", "table", "api"]
SOURCES: Mapping[str, str] = {"hand": "人工登记", "table": "表格", "api": "接口"}
MOST = 5000
# Policy: no water on Earth stands lower or higher.
_LOWEST, _HIGHEST = Decimal(-500), Decimal(9000)
_NEW = 2**62  # numbers of readings that are not written yet: after all that are
_MOST_SHIFT = Decimal(50)  # between two height systems of one country
_EXACT = Decimal("0.0001")
_FIRST_YEAR, _LAST_YEAR = 1950, MAXYEAR


@dataclass(frozen=True, slots=True)
class Sent:
    """One reading as it was sent; `place` is its line of a table, or its place in a list."""

    place: int
    at: datetime
    given_m: Decimal
    object_id: int | None = None
    code: str | None = None
    name: str | None = None
    height_system: str | None = None
    shift_m: Decimal | None = None
    key: str | None = None
    replaces: int | None = None
    note: str = ""

    @property
    def level_m(self) -> Decimal:
        """As it is kept."""
        return _kept(self.given_m)


def _kept(value: Decimal) -> Decimal:
    """To a tenth of a millimetre, without the tail that a machine's binary fraction has."""
    return Decimal(f"{value.quantize(_EXACT).normalize():f}")


class Fault(Exception):
    """Why one reading is not taken."""

    def __init__(self, what: str, code: str, message: str) -> None:
        super().__init__(message)
        self.what, self.code, self.message = what, code, message


@dataclass(slots=True)
class Taken:
    """What became of what was sent."""

    read: int = 0
    added: list[dict[str, Any]] = field(default_factory=list)
    same: int = 0
    doubtful: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, place: int, what: str, code: str, message: str) -> None:
        """One that is not taken."""
        self.faults.append({"place": place, "field": what, "code": code, "message": message})

    def body(self) -> dict[str, Any]:
        """Read = added + same + refused; those that wait are among the added."""
        self.faults.sort(key=lambda fault: fault["place"])
        return {
            "read": self.read,
            "added": len(self.added),
            "same": self.same,
            "doubtful": self.doubtful,
            "refused": len({fault["place"] for fault in self.faults}),
            "items": self.added,
            "faults": self.faults,
        }


def height_systems(catalogue: Catalogue) -> dict[str, str]:
    """Every word for a height system that a class knows, and the system that it means."""
    out: dict[str, str] = {}
    for class_ in catalogue.classes.values():
        declared = class_.by_name.get("height_system")
        for value, words in option_choices(declared) if declared else ():
            for word in words:
                out.setdefault(normal(word).lower(), value)
    return out


# -- Who it is of ---------------------------------------------------------------------------


class _Targets:
    """What the writer may enter readings of: works and gauges that he gets in full."""

    def __init__(self, snapshot: Snapshot) -> None:
        everything = levels.Everything.of(snapshot)
        rows = [row for row in levels.rows_of(snapshot, Selection()) if row["form"] == "full"]
        self.by_id = {row["id"]: everything.by_id[row["id"]] for row in rows if row["id"] in everything.by_id}
        self.everything = everything
        self._by: dict[tuple[str, str], list[Work]] = {}
        for work in self.by_id.values():
            self._by.setdefault(("code", work.code.upper()), []).append(work)
            self._by.setdefault(("name", work.name), []).append(work)

    def find(self, sent: Sent) -> Work:
        """By id, else by code, else by name. Raises Fault."""
        if sent.object_id is not None:
            found = [w for w in (self.by_id.get(sent.object_id),) if w]
            what, said = "object", str(sent.object_id)
        elif sent.code:
            what, said = "code", sent.code
            found = self._by.get(("code", normal(sent.code).upper()), [])
            found = [w for w in found if w.is_gauge] or found
        elif sent.name:
            what, said = "name", sent.name
            found = self._by.get(("name", sent.name.strip()), [])
            found = [w for w in found if w.is_gauge] or found
        else:
            raise Fault("code", "required", "没有写是哪个站：请填站码或站名")
        if not found:
            raise Fault(what, "unknown_object", f"没有“{said[:40]}”这个测站或工程，或不在您的管理范围。请核对站码")
        if len(found) > 1:
            raise Fault(what, "ambiguous", f"“{said[:40]}”有 {len(found)} 处，请改填站码")
        work = found[0]
        if work.gauge is not None:
            raise Fault(what, "read_by_gauge", f"“{work.name}”读测站 {work.gauge} 的水位，请报到该站")
        return work


# -- Taking in ------------------------------------------------------------------------------


def take(snapshot: Snapshot, sent: Sequence[Sent], *, source: Source, exercise: bool, taken: Taken) -> Taken:
    """Take what can be taken, in the snapshot's transaction; `taken` may hold faults of the reading of a file."""
    connection, reader = snapshot.connection, snapshot.reader
    targets, systems, now = _Targets(snapshot), height_systems(snapshot.catalogue), clock.now()
    taken.read += len(sent)
    good: list[tuple[Sent, Work, Decimal, str | None]] = []
    for one in sent:
        try:
            work = targets.find(one)
            shift, system = _shift(one, work, systems)
            _ensure_possible(one, one.given_m, now)
            good.append((one, work, shift, system))
        except Fault as fault:
            taken.refuse(one.place, fault.what, fault.code, fault.message)
    if not good:
        return taken
    ids = {work.id for _, work, _, _ in good}
    queries.lock(connection, ids)
    before = levels.statuses(snapshot, ids, exercise=exercise)
    book = _Book(snapshot, [one for one, _, _, _ in good], ids, exercise)
    rows, works_of = [], []
    for one, work, shift, system in sorted(good, key=lambda g: (g[0].at, g[0].place)):
        level = one.level_m + shift
        try:
            if book.is_known(one, work, level):
                taken.same += 1
                continue
            jump = book.jump(one, work, level)
        except Fault as fault:
            taken.refuse(one.place, fault.what, fault.code, fault.message)
            continue
        rows.append(
            {
                "object_id": work.id, "at": one.at, "by": reader.name, "account": reader.account_id,
                "exercise": exercise, "source": source, "given_m": one.level_m, "height_system": system,
                "shift_m": shift, "level_m": level, "key": one.key, "doubtful": jump is not None, "jump_m": jump,
                "replaces": one.replaces, "note": one.note,
            }
        )  # fmt: skip
        works_of.append((one, work))
        book.add(one, work, level, used=jump is None)
    written = queries.add(connection, rows)
    for reading_id, row, (one, work) in zip(written, rows, works_of, strict=True):
        taken.doubtful += 1 if row["doubtful"] else 0
        told = {"id": reading_id, "place": one.place, "object": work.id, "name": work.name, "at": row["at"]}
        taken.added.append(told | {k: row[k] for k in ("level_m", "doubtful", "jump_m", "replaces")})
    if written:
        _note_changes(snapshot, before, ids, exercise)
        audit.record(
            connection, reader.name, "create", "reading", "", address=reader.address, state=snapshot.moment.n,
            after={"source": source, "added": len(written), "exercise": exercise, "doubtful": taken.doubtful},
        )  # fmt: skip
    return taken


def _shift(one: Sent, work: Work, systems: Mapping[str, str]) -> tuple[Decimal, str | None]:
    """What is added to the number that was sent, and the system that it is in. Raises Fault."""
    system = None
    if one.height_system:
        system = systems.get(normal(one.height_system).lower())
        if system is None:
            legal = "、".join(dict.fromkeys(systems.values()))
            raise Fault("height_system", "unknown_value", f"不认得高程系统“{one.height_system[:20]}”。可用：{legal}")
    other = system is not None and work.height_system is not None and system != work.height_system
    if other and one.shift_m is None:
        said = f"读数为{system}，该站为{work.height_system}：请填换算值（加到读数上），或换算后再报"
        raise Fault("shift_m", "other_system", said)
    if one.shift_m and system is not None and system == work.height_system:
        raise Fault("shift_m", "same_system", f"读数与该站同为{system}，不需要换算值，请去掉")
    if one.shift_m and not abs(one.shift_m) <= _MOST_SHIFT:
        raise Fault("shift_m", "out_of_range", f"换算值 {str(one.shift_m)[:20]} m 不可能，应在 ±{_MOST_SHIFT} m 以内")
    return _kept(one.shift_m or Decimal(0)), system


def _ensure_possible(one: Sent, level: Decimal, now: datetime) -> None:
    if one.at > now + minute.AHEAD:
        ahead = one.at if one.at.year == _LAST_YEAR else one.at.astimezone(clock.SHANGHAI)
        said = f"读数时间 {ahead:%Y-%m-%d %H:%M} 还没有到，请核对时间（现在 {now:%m-%d %H:%M}）"
        raise Fault("at", "in_future", said)
    if one.at.year < _FIRST_YEAR:
        raise Fault("at", "too_old", f"读数时间 {one.at:%Y-%m-%d} 太早，请核对")
    if not (level.is_finite() and _LOWEST <= level <= _HIGHEST):
        raise Fault("level_m", "out_of_range", f"水位 {str(level)[:20]} m 不可能，应在 {_LOWEST} 至 {_HIGHEST} m 之间")


class _Book:
    """What is known of some gauges already: whether a reading is new, and whether it can follow."""

    def __init__(self, snapshot: Snapshot, sent: Iterable[Sent], ids: Collection[int], exercise: bool) -> None:
        given = list(sent)
        first = min(one.at for one in given) - works.STEP_WITHIN
        last = max(one.at for one in given)
        connection = snapshot.connection
        self._there: dict[tuple[int, datetime], list[Decimal]] = {}
        # Of each gauge what is in use, by time: at, id, level.
        self._used: dict[int, list[tuple[datetime, int, Decimal]]] = {}
        for row in queries.between(connection, ids, exercise, first, last):
            self._there.setdefault((row["object_id"], row["at"]), []).append(row["level_m"])
            if row["standing"] == "used":
                self._used.setdefault(row["object_id"], []).append((row["at"], row["id"], row["level_m"]))
        replaced = [one.replaces for one in given if one.replaces is not None]
        keys = [one.key for one in given if one.key is not None]
        named = queries.named(connection, ids, replaced, keys, exercise) if replaced or keys else []
        self._named = {row["id"]: row for row in named}
        self._keys = {(row["object_id"], row["key"]): row for row in named if row["exercise"] == exercise}
        self._exercise = exercise

    def is_known(self, one: Sent, work: Work, level: Decimal) -> bool:
        """Whether it was sent before. Raises Fault where something else stands in its place."""
        if one.key is not None and (known := self._keys.get((work.id, one.key))):
            if known["at"] == one.at and known["level_m"] == level:
                return True
            raise Fault("key", "key_taken", f"key“{one.key[:40]}”已用于该站另一条读数，请换一个")
        if one.replaces is not None:
            return self._is_put_right(one, work, level)
        there = self._there.get((work.id, one.at), [])
        if level in there:
            return True
        if there:
            said = f"该站 {clock.minute(one.at)} 已有读数 {metres(there[-1])} m"
            raise Fault("level_m", "other_reading", f"{said}；要更正请从那一条更正")
        return False

    def _is_put_right(self, one: Sent, work: Work, level: Decimal) -> bool:
        """Whether the reading that it names was put right by just this before. Raises Fault."""
        old = self._named.get(one.replaces or 0)
        if old is None or old["object_id"] != work.id or old["exercise"] != self._exercise:
            raise Fault("replaces", "unknown_reading", "要更正的读数不存在，或不是该站的")
        if old["by_at"] is None:
            return False
        if (old["by_at"], old["by_m"]) == (one.at, level):
            return True
        raise Fault("replaces", "replaced", "这条读数已更正过，请更正最新的一条")

    def jump(self, one: Sent, work: Work, level: Decimal) -> Decimal | None:
        """How far it is from the reading before, where that is not credible."""
        used = self._used.get(work.id, [])
        place = bisect_left(used, (one.at,)) - 1
        while place >= 0 and used[place][1] == one.replaces:
            place -= 1
        if place < 0 or used[place][0] < one.at - works.STEP_WITHIN:
            return None
        jump = level - used[place][2]
        most = work.step_max_m if work.step_max_m is not None else works.STEP_MAX_M
        return jump if abs(jump) > most else None

    def add(self, one: Sent, work: Work, level: Decimal, *, used: bool) -> None:
        """What is written now stands before what follows in the same sending."""
        self._there.setdefault((work.id, one.at), []).append(level)
        if one.key is not None:
            self._keys[work.id, one.key] = {"at": one.at, "level_m": level}
        own = self._used.setdefault(work.id, [])
        if one.replaces is not None:
            self._named[one.replaces] |= {"by_at": one.at, "by_m": level}
            own[:] = [kept for kept in own if kept[1] != one.replaces]
        if used:
            insort(own, (one.at, _NEW + one.place, level))


# -- What is said of a reading ---------------------------------------------------------------

_ACTS = {"confirm": "确认", "discard": "作废"}


def judge(snapshot: Snapshot, reading_id: int, what: Literal["confirm", "discard"], note: str) -> dict[str, Any]:
    """Confirm a reading that waits, or say that one is not to be used. Raises NotFound and Conflict."""
    connection, reader = snapshot.connection, snapshot.reader
    row = queries.one(connection, reading_id)
    work = _Targets(snapshot).by_id.get(row["object_id"]) if row else None
    if row is None or work is None:
        raise NotFound("没有这条读数，或不在您的管理范围。")
    queries.lock(connection, [work.id])
    row = queries.one(connection, reading_id) or row
    standing = row["standing"]
    if standing != "doubtful" and not (what == "discard" and standing == "used"):
        told = {"used": "已在使用", "discarded": "已作废", "replaced": "已更正"}.get(standing, "已作废")
        raise Conflict(f"这条读数{told}，不需要{_ACTS[what]}。请刷新后再看。", code="not_waiting")
    before = levels.statuses(snapshot, [work.id], exercise=row["exercise"])
    queries.act(connection, reading_id, reader.name, what, note)
    said = f"{work.name} {clock.minute(row['at'])} 的读数 {metres(row['level_m'])} m"
    why = f"（{note}）" if note else ""
    jumped = (
        f"，比上一读数{'高' if row['jump_m'] > 0 else '低'} {metres(abs(row['jump_m']))} m" if row["jump_m"] else ""
    )
    log.note(
        connection, by=reader.name, kind="水情", what=f"{_ACTS[what]}{said}{jumped}{why}", exercise=row["exercise"],
        ref={"kind": "reading", "id": reading_id},
        about=log.About(work.id, f"{_ACTS[what]}{work.name}的一条读数", f"{_ACTS[what]}{_unnamed(work)}的一条读数"),
    )  # fmt: skip
    _note_changes(snapshot, before, [work.id], row["exercise"])
    audit.record(
        connection, reader.name, what, "reading", reading_id, address=reader.address, state=snapshot.moment.n,
        after={"note": note, "exercise": row["exercise"]},
    )  # fmt: skip
    return queries.one(connection, reading_id) or row


# -- The log --------------------------------------------------------------------------------


def _unnamed(work: Work) -> str:
    """What the log says to who may not see it."""
    return f"一处无权查看的对象（主管部门：{work.department or '未登记'}）"


def _note_changes(
    snapshot: Snapshot, before: Mapping[int, tuple[Work, Status]], ids: Iterable[int], exercise: bool
) -> None:
    """What got worse or better by readings: into or out of, or between, the marks."""
    after = levels.statuses(snapshot, ids, exercise=exercise)
    for work_id, (work, now) in sorted(after.items(), key=lambda item: (item[1][1].place, item[0])):
        was = before[work_id][1]
        if was.status == now.status or not {was.status, was.last, now.status} & OVER:
            continue
        said = works.words(now, work.secret)
        told = "" if said == STATUSES[now.status] else f"：{said}"
        turned = f"由“{STATUSES[was.status]}”转为“{STATUSES[now.status]}”"
        log.note(
            snapshot.connection, by=snapshot.reader.name, kind="水情", exercise=exercise,
            what=f"{work.name}{turned}{told}", ref={"kind": "object", "id": work_id},
            about=log.About(work_id, f"{work.name}{turned}", f"{_unnamed(work)}{turned}"),
            body={"before": was.status, "after": now.status, "worse": now.place < was.place},
        )  # fmt: skip
