"""Works and gauges with how they stand at a minute: decided over all objects, shown as far as the reader may see.

A work is read by the gauge whose code it names, else by readings of its own. What decides (marks, gauge, shift) is read
as SYSTEM; a number whose field the reader may not see is left out, the word of the status stays.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from riskmap.access.reader import SYSTEM
from riskmap.base import clock, database
from riskmap.base.errors import NotFound
from riskmap.catalogue.model import Catalogue
from riskmap.lists.cells import divisions_of
from riskmap.lists.model import Ask
from riskmap.lists.rows import objects, of_classes, run
from riskmap.rescue import exposure, minute, persons, works
from riskmap.rescue import levels_queries as queries
from riskmap.rescue.levels_queries import Minute
from riskmap.rescue.works import BY_NAME, DECIDING_FIELDS, MARK_FIELDS, MARKS, PLACE, STATUSES, Reading, Status
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

GAUGE = "gauge"  # the field that names the gauge
_NUMBERS = (*MARK_FIELDS, "gauge_shift_m", "silent_after_min", "step_max_m", "persons")
_TEXTS = (GAUGE, "height_system")
_FIELDS = {n: (n, "number") for n in _NUMBERS} | {n: (n, "text") for n in _TEXTS}
_COLUMNS = ("id", "class", "code", "name", "division", "department", "form")


def level_classes(catalogue: Catalogue) -> list[str]:
    """Classes whose level is watched: those that declare a mark which decides; a bureau's own too."""
    return sorted(c.code for c in catalogue.classes.values() if any(name in c.by_name for name in DECIDING_FIELDS))


@dataclass(frozen=True, slots=True)
class Work:
    """A work or a gauge as it is registered, whoever asks."""

    id: int
    code: str
    name: str
    department: str
    marks: Mapping[str, Decimal]
    height_system: str | None
    gauge: str | None
    shift_m: Decimal | None
    silent_after_min: int | None
    step_max_m: Decimal | None
    is_gauge: bool
    secret: frozenset[str]  # marks that only the command tier sees


def marks_of(row: Mapping[str, Any]) -> dict[str, Decimal]:
    """The marks of a row by their names."""
    out = {}
    for kind in MARKS:
        value = next((row[f] for f in kind.fields if row.get(f) is not None), None)
        if value is not None:
            out[kind.name] = Decimal(value)
    return out


def _work(row: Mapping[str, Any], catalogue: Catalogue) -> Work:
    silent, class_ = row["silent_after_min"], catalogue.classes[row["class"]]
    secret = (k.name for k in MARKS for f in k.fields if f in class_.by_name and class_.by_name[f].visibility > 1)
    return Work(
        row["id"], row["code"] or "", row["name"], row["department"] or "", marks_of(row), row["height_system"],
        (row[GAUGE] or "").strip() or None, row["gauge_shift_m"], int(silent) if silent is not None else None,
        row["step_max_m"], GAUGE not in class_.by_name, frozenset(secret),
    )  # fmt: skip


def rows_of(snapshot: Snapshot, selection: Selection, **more: Any) -> list[dict[str, Any]]:
    """Works and gauges of a selection in the form that the reader gets."""
    ask = Ask(snapshot, selection)
    condition = of_classes(ask, level_classes(snapshot.catalogue))
    return run(ask, objects(ask, condition, fields=_FIELDS, columns=_COLUMNS, **more))


@dataclass(frozen=True, slots=True)
class Everything:
    """All works and gauges as SYSTEM sees them, and which gauge reads which work."""

    by_id: Mapping[int, Work]
    gauges: Mapping[str, Work]

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Everything":
        """Of the snapshot's moment."""
        with database.under(snapshot.connection, SYSTEM.settings()):
            rows = rows_of(replace(snapshot, reader=SYSTEM), Selection())
        found = {row["id"]: _work(row, snapshot.catalogue) for row in rows}
        # Where a work has the same code as a gauge, the gauge is meant.
        ordered = sorted(found.values(), key=lambda w: (not w.is_gauge, w.id))
        gauges: dict[str, Work] = {}
        for work in ordered:
            if work.code and work.gauge is None:
                gauges.setdefault(work.code, work)
        return cls(found, gauges)

    def source(self, work: Work) -> Work | None:
        """What reads a work: its gauge, or itself; None where the gauge is not registered."""
        return self.gauges.get(work.gauge) if work.gauge else work

    def read_by(self, ids: Iterable[int]) -> list[Work]:
        """These objects, and the works that are read by them."""
        wanted = set(ids)
        return [w for w in self.by_id.values() if (s := self.source(w)) is not None and s.id in wanted]


def standing(work: Work, everything: Everything, found: Mapping[int, Mapping[str, Any]], now: datetime) -> Status:
    """How a work stands by the readings that were found."""
    source = everything.source(work)
    row = found.get(source.id) if source else None
    reading = Reading(row["at"], row["level_m"]) if row else None
    silent = work.silent_after_min if source is None or source is work else source.silent_after_min
    return works.status(work.marks, reading, now, silent_after_min=silent, shift_m=_shift(work, source))


def _shift(work: Work, source: Work | None) -> Decimal | None:
    """What brings the gauge's reading into the work's height system; None where that is needed and not registered."""
    if work.shift_m is not None:
        return work.shift_m
    if source is None or source is work or None in (work.height_system, source.height_system):
        return Decimal(0)  # marks without a system are those of the gauge
    return Decimal(0) if work.height_system == source.height_system else None


def statuses(snapshot: Snapshot, ids: Iterable[int], *, exercise: bool) -> dict[int, tuple[Work, Status]]:
    """How these objects and what is read by them stand now, over all objects: what the log compares."""
    everything = Everything.of(snapshot)
    when = _when(snapshot.connection, None)
    about = everything.read_by(ids)
    sources = {s.id for w in about if (s := everything.source(w)) is not None}
    found = queries.latest(snapshot.connection, sources, exercise=exercise, when=when)
    return {w.id: (w, standing(w, everything, found, when.at)) for w in about}


# -- The picture ---------------------------------------------------------------------------


def _when(connection: Connection, at: datetime | None) -> Minute:
    """The minute that is asked about; now, by the clock that readings are judged by, where none is. Raises Invalid."""
    if at is None:
        return Minute(clock.now(), is_now=True)
    return Minute(minute.asked(connection, at), is_now=False)


def picture(
    snapshot: Snapshot,
    selection: Selection,
    *,
    at: datetime | None,
    exercise: bool,
    only: Sequence[str] = (),
    limit: int = 1000,
) -> dict[str, Any]:
    """Works and gauges of a selection, the worst first; counts and points are always of all of them."""
    when = _when(snapshot.connection, at)
    everything = Everything.of(snapshot)
    more = {"lon": "round(ST_X({anchor})::numeric, 7)", "lat": "round(ST_Y({anchor})::numeric, 7)"}
    rows = [row for row in rows_of(snapshot, selection, more=more) if row["id"] in everything.by_id]
    seen = {row["id"] for row in rows_of(snapshot, Selection())} if rows else set()
    about = [everything.by_id[row["id"]] for row in rows]
    sources = {s.id for w in about if (s := everything.source(w)) is not None}
    connection = snapshot.connection
    found = queries.latest(connection, sources, exercise=exercise, when=when)
    waiting: dict[int, list[dict[str, Any]]] = {}
    for one in queries.waiting(connection, sources, exercise=exercise, when=when):
        waiting.setdefault(one["object_id"], []).append(one)
    told = []
    for row, work in zip(rows, about, strict=True):
        stands = standing(work, everything, found, when.at)
        told.append((stands.place, row["name"], _item(row, work, stands, everything, found, waiting, seen, when.at)))
    told.sort(key=lambda one: (one[0], one[1], one[2]["id"]))
    every = [item for _, _, item in told]
    counts = Counter(item["status"] for item in every)
    people: Counter[str] = Counter()
    for item in every:
        people[item["status"]] += int(item["persons"] or 0)
    chosen = [item for item in every if not only or item["status"] in only]
    shown = chosen[:limit]
    _complete(snapshot, shown)
    return {
        "items": shown,
        "total": len(chosen),
        "counts": [
            {"status": s, "title": STATUSES[s], "n": counts[s], "persons": people[s], "place": PLACE[s]}
            for s in STATUSES
            if counts[s]
        ],
        "map": {"type": "FeatureCollection", "features": [_point(item) for item in every if item["lon"] is not None]},
        "at": when.at,
        "exercise": exercise,
    }


def _item(
    row: Mapping[str, Any],
    work: Work,
    stands: Status,
    everything: Everything,
    found: Mapping[int, Mapping[str, Any]],
    waiting: Mapping[int, list[dict[str, Any]]],
    seen: set[int],
    known: datetime,
) -> dict[str, Any]:
    readable = marks_of(row)
    hidden = frozenset(work.marks.keys() - readable.keys())
    full = row["form"] == "full"
    # What a level is measured against is public of a gauge: then its level is no secret either.
    numbers = full or bool(readable)
    source = everything.source(work)
    reading = found.get(source.id) if source and numbers else None
    rise = None
    if reading:
        before = None if reading["before_at"] is None else Reading(reading["before_at"], reading["before_m"])
        rise = works.trend(Reading(reading["at"], reading["level_m"]), before)
    doubts = waiting.get(source.id, []) if source and numbers else []
    return {
        "id": row["id"],
        "class": row["class"],
        "code": row["code"],
        "name": row["name"],
        "division": row["division"] or None,
        "department": row["department"],
        "form": row["form"],
        "lon": row["lon"],
        "lat": row["lat"],
        "status": stands.status,
        "status_title": STATUSES[stands.status],
        "last_status": stands.last,
        "words": _words(stands, work, source, everything, hidden if numbers else frozenset(BY_NAME)),
        "level_m": stands.level_m if numbers else None,
        "at": reading["at"] if reading else None,
        "age_min": int((known - reading["at"]).total_seconds() // 60) if reading else None,
        "silent_after_min": (source or work).silent_after_min or works.SILENT_AFTER_MIN,
        "reading": {k: reading[k] for k in ("id", "source", "by", "made_at", "note")} if reading else None,
        "trend": rise and {"m_per_h": rise.m_per_h, "words": rise.words, "since": rise.since, "from_m": rise.from_m},
        "marks": [
            {
                "name": kind.name,
                "title": kind.title,
                "level_m": readable[kind.name],
                "over_m": next((a.over_m for a in stands.against if a.kind is kind and a.is_over), None),
                "below_m": next((a.below_m for a in stands.against if a.kind is kind), None),
            }
            for kind in MARKS
            if kind.name in readable
        ],
        "next": _next(stands, readable),
        "height_system": row["height_system"],
        "gauge": _gauge(work, source, seen) if full else None,
        "waiting": doubts,
        "persons": row["persons"],
        "responsible": [],
    }


def _next(stands: Status, readable: Mapping[str, Decimal]) -> dict[str, Any] | None:
    up = stands.next
    if up is None or up.kind.name not in readable:
        return None
    return {"name": up.kind.name, "title": up.kind.title, "level_m": up.mark_m, "below_m": up.below_m}


def _gauge(work: Work, source: Work | None, seen: set[int]) -> dict[str, Any] | None:
    """The gauge that reads a work: none where it reads itself; masked where the reader may not see it."""
    if work.gauge is None:
        return None
    if source is None:
        return {"code": work.gauge, "id": None, "name": None, "masked": None, "missing": True}
    if source.id not in seen:
        masked = exposure.masked(source.department)
        return {"code": None, "id": None, "name": None, "masked": masked, "missing": False}
    return {"code": source.code, "id": source.id, "name": source.name, "masked": None, "missing": False}


def _words(stands: Status, work: Work, source: Work | None, everything: Everything, hidden: frozenset[str]) -> str:
    if source is None:
        return f"没有登记所读的测站“{work.gauge}”，请核对站码"
    if stands.status == "other_system":
        return f"测站为{source.height_system}，本工程为{work.height_system}，未登记换算值，不能比较"
    if stands.status == "wrong_marks":
        return "保证水位低于警戒水位，请核对登记的特征水位"
    return works.words(stands, hidden)


def _complete(snapshot: Snapshot, items: Sequence[dict[str, Any]]) -> None:
    """Names of towns and classes, and the persons of what the reader gets in full."""
    names = divisions_of(snapshot)
    in_full = [i["id"] for i in items if i["form"] == "full"]
    parties = persons.of_objects(snapshot, in_full, persons.OF_A_WORK, others=False)
    for item in items:
        code = item["division"] or ""
        parts = [names.get(code[:6]), names.get(code[:9]) if len(code) >= 9 else None]
        item["division_name"] = " ".join(p for p in parts if p) or names.get(code)
        item["class_title"] = snapshot.catalogue.classes[item["class"]].title
        item["responsible"] = [
            {name: p[name] for name in ("role", "post", "name", "phone")}
            for p in persons.told(snapshot, item["form"], parties.get(item["id"], ()))
        ]


def _point(item: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("class", "name", "status", "status_title", "words", "level_m", "at", "persons")
    return {
        "type": "Feature",
        "id": item["id"],
        "geometry": {"type": "Point", "coordinates": [item["lon"], item["lat"]]},
        "properties": {name: item[name] for name in kept},
    }


# -- One object's readings ------------------------------------------------------------------


def series(
    snapshot: Snapshot, object_id: int, *, at: datetime | None, since: datetime | None, exercise: bool, limit: int
) -> dict[str, Any]:
    """Readings of what an object is read by, with how each stood, and the object's own marks. Raises NotFound."""
    when = _when(snapshot.connection, at)
    everything = Everything.of(snapshot)
    rows = {row["id"]: row for row in rows_of(snapshot, Selection())}
    row, work = rows.get(object_id), everything.by_id.get(object_id)
    if row is None or work is None or not (row["form"] == "full" or marks_of(row)):
        raise NotFound("没有这个测站或工程，或您无权查看。请核对编号。")
    source = everything.source(work)
    readings = []
    if source is not None:
        readings = queries.series(
            snapshot.connection, source.id, exercise=exercise, when=when, since=since, limit=limit
        )
    shift = _shift(work, source)
    for one in readings:
        one["work_m"] = one["level_m"] + shift if shift is not None else None
    marks = marks_of(row)
    return {
        "object": {"id": row["id"], "name": row["name"], "class": row["class"]},
        "gauge": _gauge(work, source, set(rows)) if row["form"] == "full" else None,
        "marks": [{"name": k.name, "title": k.title, "level_m": marks[k.name]} for k in MARKS if k.name in marks],
        "height_system": row["height_system"],
        "items": readings,
        "at": when.at,
        "exercise": exercise,
    }
