"""All figures of a set, asked once of its frozen state; every product prints these and counts nothing itself.

The checksum is over these figures and over the ids of what is 较大 or worse: made again from the same state it is the
same, whatever else has changed since.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import simplejson
from sqlalchemy import text

from riskmap.access.reader import Reader, canonical_division, territory
from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.model import GRADES, NO_LEVEL, OUTSIDE
from riskmap.engine.interface import Engine
from riskmap.lists import service as lists
from riskmap.lists.registry import LISTS
from riskmap.reports.grounds import grounds
from riskmap.selection.compile import compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

# Lists whose figures a set tells, where its reader may ask them.
TOLD = (
    "major-hazards", "targets", "major-risks", "serious-risks", "completeness", "rolling", "tailings-ponds",
    "neighbours",
)  # fmt: skip
_FRESH_MONTHS = (12, 24)


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures as JSON, and which objects are 较大 or worse: (id, grade), by id."""

    body: Mapping[str, Any]
    objects: tuple[tuple[int, str], ...]

    @property
    def checksum(self) -> str:
        """SHA-256 over the canonical JSON of both."""
        told = {"figures": self.body, "objects": self.objects}
        said = simplejson.dumps(
            told, sort_keys=True, ensure_ascii=False, separators=(",", ":"), use_decimal=True, default=str
        )
        return hashlib.sha256(said.encode()).hexdigest()


def figures_of(engine: Engine, snapshot: Snapshot, selection: Selection) -> Figures:
    """Everything that the products say in numbers, from one snapshot."""
    by_grade = dict.fromkeys(GRADES, 0)
    by_class: dict[str, dict[str, int]] = {}
    counted = engine.count(snapshot, selection, ("class", "grade"))
    for row in counted.rows:
        by_grade[row["grade"]] += row["n"]
        by_class.setdefault(row["class"], dict.fromkeys(GRADES, 0))[row["grade"]] += row["n"]
    objects = _upward(snapshot, selection)
    unplaced = _unplaced(snapshot, selection)
    body = {
        **by_grade,
        "totals": {"total": counted.total, **by_grade, "unplaced": counted.unplaced},
        "unplaced": unplaced,
        "by_class": by_class,
        "by_division": _by_division(snapshot, selection),
        "levels": _levels(engine, snapshot, selection),
        "lists": _lists(snapshot, selection),
        "unknown": _unknown(snapshot, selection),
        **grounds(snapshot, selection),
        "ruleset": snapshot.catalogue.ruleset_at(snapshot.moment.day).code,
    }
    return Figures(body, objects)


def _upward(snapshot: Snapshot, selection: Selection) -> tuple[tuple[int, str], ...]:
    compiled = compile_selection(selection, snapshot)
    rows = snapshot.connection.execute(
        text(f"SELECT id, grade FROM ({compiled.rows('id, grade', '{grade} <= 2')}) AS r ORDER BY id"),
        compiled.binds.values,
    )
    return tuple((row.id, GRADES[row.grade - 1]) for row in rows)


def _unplaced(snapshot: Snapshot, selection: Selection) -> dict[str, int]:
    compiled = compile_selection(selection, snapshot)
    rows = snapshot.connection.execute(
        text(
            f"SELECT grade, count(*) AS n FROM ({compiled.rows('grade', '{cell} IS NULL')}) AS r"
            " GROUP BY grade ORDER BY grade"
        ),
        compiled.binds.values,
    )
    return dict.fromkeys(GRADES, 0) | {GRADES[row.grade - 1]: row.n for row in rows}


def area_codes(selection: Selection, reader: Reader) -> tuple[str, ...]:
    """The divisions that a set is about: those that were chosen and those that its reader is limited to, where both."""
    chosen, own = selection.division, tuple(canonical_division(code) for code in reader.areas)
    if not chosen or not own:
        return chosen or own
    inside = {a for a in chosen for b in own if territory(a).startswith(territory(b))}
    inside |= {b for a in chosen for b in own if territory(b).startswith(territory(a))}
    return tuple(sorted(inside)) or chosen


def division_digits(codes: Sequence[str]) -> int:
    """How many digits of a code tell the parts of the area apart: counties of a city, towns of a county."""
    shortest = min((len(territory(code)) for code in codes), default=0)
    return 6 if shortest <= 4 else 9 if shortest <= 6 else 12


def _by_division(snapshot: Snapshot, selection: Selection) -> list[dict[str, Any]]:
    """Counts by grade of each part of the area, in the order of their codes; also of parts that hold nothing.

    Where a row says less than the part (its division is the county, in the public form), it counts as the coarser one.
    """
    codes = area_codes(selection, snapshot.reader)
    digits = division_digits(codes)
    compiled = compile_selection(selection, snapshot)
    rows = snapshot.connection.execute(
        text(
            f"SELECT left(division, {digits}) AS code, grade, count(*) AS n, count(*) FILTER (WHERE cell IS NULL)"
            f" AS unplaced FROM ({compiled.rows('division, grade, cell')}) AS r GROUP BY 1, 2 ORDER BY 1, 2"
        ),
        compiled.binds.values,
    ).all()
    moment = snapshot.moment
    known = {d["code"]: d for d in catalogue_queries.divisions(snapshot.connection, moment.n, moment.day)}
    out: dict[str, dict[str, Any]] = {}

    def part(code: str) -> dict[str, Any]:
        if code not in out:
            name = known[code]["name"] if code in known else (f"区划 {code}" if code else "区划不明")
            out[code] = {"code": code, "name": name, **dict.fromkeys(GRADES, 0), "total": 0, "unplaced": 0}
        return out[code]

    prefixes = tuple(territory(code) for code in codes)
    for code in known:
        if len(code) == digits and (not prefixes or code.startswith(prefixes)):
            part(code)
    for row in rows:
        into = part(canonical_division(row.code) if len(row.code) <= 6 else row.code)
        into[GRADES[row.grade - 1]] += row.n
        into["total"] += row.n
        into["unplaced"] += row.unplaced
    return [out[code] for code in sorted(out)]


def _levels(engine: Engine, snapshot: Snapshot, selection: Selection) -> dict[str, dict[str, Any]]:
    """Objects of the classes on each scale of its own, by level and grade: scales are never merged."""
    out: dict[str, dict[str, Any]] = {}
    counted = engine.count(snapshot, selection, ("class", "level", "grade"))
    scales = {c.code: c.scale for c in snapshot.catalogue.classes.values() if c.scale}
    for row in counted.rows:
        scale = scales.get(row["class"])
        if scale is None:
            continue
        said = str(row["level"] or "")
        its, _, value = said.partition(":")
        value = value if its == scale and value else NO_LEVEL
        known = out.setdefault(scale, {})
        known.setdefault(value, dict.fromkeys(GRADES, 0))[row["grade"]] += row["n"]
    for scale, levels in out.items():
        described = snapshot.catalogue.scales[scale]
        order = [lv.value for lv in described.levels] + [OUTSIDE, NO_LEVEL]
        out[scale] = {v: levels.get(v, dict.fromkeys(GRADES, 0)) for v in order if v in levels or v not in {OUTSIDE}}
    return out


def _lists(snapshot: Snapshot, selection: Selection) -> dict[str, dict[str, Any]]:
    """What the lists count, by name; a list that this reader may not ask is not there."""
    out = {}
    summaries = lists.Summaries()
    for name in TOLD:
        listing = LISTS.get(name)
        if listing is None or (listing.inner and not snapshot.reader.sees_inner):
            continue
        out[name] = dict(summaries.of(lists.question(listing, snapshot, selection, {})))
    return out


def _unknown(snapshot: Snapshot, selection: Selection) -> dict[str, Any]:
    """What is not known, not fresh, or not sure. Not assessed is never low, and no data never no risk."""
    compiled = compile_selection(selection, snapshot)
    day = compiled.binds(snapshot.moment.day)
    ages = [
        f"count(*) FILTER (WHERE updated_at < CAST({day} AS date) - interval '{months} months') AS older_{months}"
        for months in _FRESH_MONTHS
    ]
    row = (
        snapshot.connection.execute(
            text(
                "SELECT count(*) FILTER (WHERE grade = 5) AS not_assessed,"
                " count(*) FILTER (WHERE position_quality = 'none' OR cell IS NULL) AS unplaced,"
                " count(*) FILTER (WHERE position_quality = 'geocoded') AS geocoded,"
                " count(*) FILTER (WHERE position_quality = 'guessed') AS guessed,"
                f" {', '.join(ages)}, count(*) FILTER (WHERE recall) AS recall"
                f" FROM ({compiled.rows(_UNKNOWN_COLUMNS)}) AS r"
            ),
            compiled.binds.values,
        )
        .mappings()
        .one()
    )
    return dict(row)


_UNKNOWN_COLUMNS = {
    "grade": "{grade}",
    "cell": "{cell}",
    "position_quality": "{position_quality}",
    "updated_at": "{updated_at}",
    # Its grade or level rests on a number that was not yet held against the standard's own text.
    "recall": "coalesce(jsonb_path_exists({grading}, '$[*] ? (@.confidence == \"recall\")'), false)",
}
