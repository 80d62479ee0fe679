"""One question, four kinds of answer: objects, divisions, places of the gazetteer, a typed position.

Each hit says how exact it is. Objects are found as candidates by the database and judged here, on what
the reader gets of them: what he may not read, he cannot find by.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from riskmap.access.reader import territory
from riskmap.atlas.search import queries
from riskmap.base.errors import FieldError, Invalid
from riskmap.base.spelling import initials_of, spelt_in
from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.model import GRADES, LIVE_STAGES, VISIBILITIES
from riskmap.exchange import geocode
from riskmap.exchange.cells import normal
from riskmap.exchange.coordinates import Typed, meanings, typed_position
from riskmap.exchange.division_names import DivisionNames, division_names_of
from riskmap.selection.level import level_of
from riskmap.store.snapshot import Snapshot

MOST_TEXT = 100
_CANDIDATES = 1000  # of one way to find: enough to rank, and a bound of what a wide question costs
_FORMER = 100  # closed and struck-off ones
_USCC = re.compile(r"[0-9A-HJ-NPQRTUWXY]{6,18}")
_LEVEL_ORDER = {"city": 0, "county": 1, "town": 2, "village": 3}

# How exact a hit is, the exactest first.
_RANK = {
    "name": 0, "code": 0, "uscc": 0, "initials_all": 1, "name_start": 1, "name_part": 2, "words": 3, "initials": 4,
    "pinyin": 4, "code_part": 5, "uscc_start": 5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hit:
    """How a question is found in a thing, and where in which of its texts."""

    how: str
    field: str
    start: int
    end: int

    def body(self) -> dict[str, Any]:
        """As JSON."""
        return {"how": self.how, "match": {"field": self.field, "from": self.start, "to": self.end}}


def search(snapshot: Snapshot, q: str, limit: int, bounds: tuple[float, float, float, float]) -> dict[str, Any]:
    """Everything that q may mean."""
    said = " ".join(normal(q).split())
    if not said or len(said) > MOST_TEXT:
        raise Invalid("请输入要查找的内容", errors=[FieldError("q", "length", f"查找的内容应为 1–{MOST_TEXT} 个字符")])
    queries.bound(snapshot.connection)
    names = division_names_of(snapshot)
    typed = typed_position(q)
    nothing: dict[str, Any] = {"items": [], "more": False}
    found: dict[str, Any] = {"objects": nothing, "divisions": nothing, "places": nothing, "position": None}
    if typed is not None:
        found["position"] = _position(typed, names, bounds, snapshot)
    else:
        found["objects"] = _objects(snapshot, said, limit, names)
        found["divisions"] = _divisions(snapshot, said, limit, names)
        found["places"] = geocode.find(snapshot.connection, said, limit, names)
    return {"q": said, **found, "state": snapshot.state.n}


# -- Objects ---------------------------------------------------------------------------------


def _objects(snapshot: Snapshot, said: str, limit: int, names: DivisionNames) -> dict[str, Any]:
    ids, wide = _candidates(snapshot, said, True, _CANDIDATES)
    hits = _judged(snapshot, said, ids)
    if len(hits) <= limit:
        former, more_former = _candidates(snapshot, said, False, _FORMER)
        hits += _judged(snapshot, said, former)
        wide |= more_former
    hits.sort(key=lambda pair: _order(*pair))
    return {
        "items": [_item(row, hit, names) for row, hit in hits[:limit]],
        "more": wide or len(hits) > limit,
        "found": None if wide else len(hits),
    }


def _candidates(snapshot: Snapshot, said: str, live: bool, most: int) -> tuple[list[int], bool]:
    """Ids by every way that the question allows; whether there may be more."""
    connection = snapshot.connection
    longest = max(said.split(), key=len)
    ids = queries.by_text(connection, said, live, most)
    wide = len(ids) >= most
    if wide:
        # So many hold it that those which are it may be missing: names end at the line's end, codes begin behind it.
        ids += queries.by_text(connection, f"{said}\n", live, most) + queries.by_text(
            connection, f"\n{said}", live, most
        )
    elif not ids and longest != said:
        ids = queries.by_text(connection, longest, live, most)
        wide = len(ids) >= most
    if re.search("[A-Za-z]", said):
        for i, initials in enumerate(initials_of(said)):
            more = queries.by_spelling(connection, initials, said.lower() if i else None, live, most)
            wide |= len(more) >= most
            ids += more
    if _USCC.fullmatch(said.upper()):
        more = queries.by_uscc(snapshot, said.upper(), live, most)
        wide |= len(more) >= most
        ids += more
    return list(dict.fromkeys(ids)), wide


def _judged(snapshot: Snapshot, said: str, ids: Sequence[int]) -> list[tuple[dict[str, Any], Hit]]:
    out = []
    for row in queries.objects(snapshot, ids):
        hit = _hit(said, row["name"], row["code"], _uscc(snapshot, row))
        if hit is not None:
            out.append((row, hit))
    return out


def _uscc(snapshot: Snapshot, row: dict[str, Any]) -> str | None:
    """The row's 统一社会信用代码 where the reader may read it in the form that he gets."""
    class_ = snapshot.catalogue.classes.get(row["class"])
    if row["uscc"] is None or class_ is None:
        return None
    readable = class_.readable(inner=row["form"] == "full", tier=snapshot.reader.tier)
    return str(row["uscc"]) if any(f.name == "uscc" for f in readable) else None


def _hit(said: str, name: str, code: str | None, uscc: str | None) -> Hit | None:
    hits = [h for h in (_in_name(said, name), _in_code(said, code), _in_uscc(said, uscc)) if h is not None]
    return min(hits, key=lambda h: _RANK[h.how], default=None)


def _in_name(said: str, name: str) -> Hit | None:
    q, lower = said.lower(), name.lower()
    at = lower.find(q)
    if at >= 0:
        how = "name" if lower == q else "name_start" if at == 0 else "name_part"
        return Hit(how, "name", at, at + len(q))
    words = q.split()
    if len(words) > 1 and all(word in lower for word in words):
        longest = max(words, key=len)
        return Hit("words", "name", lower.find(longest), lower.find(longest) + len(longest))
    if re.fullmatch(r"[A-Za-z0-9]{2,40}", said) and (spelt := spelt_in(said, name)):
        start, end, how = spelt
        return Hit("initials_all" if how == "initials" and (start, end) == (0, len(name)) else how, "name", start, end)
    return None


def _in_code(said: str, code: str | None) -> Hit | None:
    at = code.lower().find(said.lower()) if code else -1
    if code is None or at < 0:
        return None
    return Hit("code" if len(code) == len(said) else "code_part", "code", at, at + len(said))


def _in_uscc(said: str, uscc: str | None) -> Hit | None:
    if uscc is None or len(said) < 6 or not uscc.startswith(said.upper()):
        return None
    return Hit("uscc" if len(uscc) == len(said) else "uscc_start", "uscc", 0, len(said))


def _order(row: dict[str, Any], hit: Hit) -> tuple[Any, ...]:
    former = row["stage"] not in LIVE_STAGES
    return former, _RANK[hit.how], row["grade"], hit.start, len(row["name"]), row["name"], row["id"]


def _item(row: dict[str, Any], hit: Hit, names: DivisionNames) -> dict[str, Any]:
    return {
        "id": row["id"],
        "class": row["class"],
        "code": row["code"],
        "name": row["name"],
        "grade": GRADES[row["grade"] - 1],
        "level": level_of(row),
        "division": row["division"] or None,
        "where": names.words(row["division"]),
        "stage": row["stage"],
        "former": row["stage"] not in LIVE_STAGES,
        "visibility": VISIBILITIES[row["visibility"]],
        "form": row["form"],
        "position": [row["lon"], row["lat"]] if row["lon"] is not None else None,
        **({"uscc": row["uscc"]} if hit.field == "uscc" else {}),
        **hit.body(),
    }


# -- Divisions ---------------------------------------------------------------------------------


def _divisions(snapshot: Snapshot, said: str, limit: int, names: DivisionNames) -> dict[str, Any]:
    hits = []
    for d in names.divisions:
        hit = _in_name(said, d["name"])
        if hit is None and re.fullmatch(r"\d{4,12}", said) and territory(d["code"]) == territory(said):
            hit = Hit("code", "code", 0, len(d["code"]))
        if hit is not None:
            hits.append((_RANK[hit.how], _LEVEL_ORDER.get(d["level"], 9), d["code"], d, hit))
    hits.sort(key=lambda h: h[:3])
    boxes = queries.division_boxes(snapshot.connection, snapshot.state.n, [h[2] for h in hits[:limit]])
    return {
        "items": [
            {
                "code": code, "name": d["name"], "level": d["level"], "where": names.words(d["parent"] or ""),
                "box": boxes.get(code), **hit.body(),
            }
            for _, _, code, d, hit in hits[:limit]
        ],
        "more": len(hits) > limit,
    }  # fmt: skip


# -- A position ---------------------------------------------------------------------------------


def _position(
    typed: Typed, names: DivisionNames, bounds: tuple[float, float, float, float], snapshot: Snapshot
) -> dict[str, Any]:
    """What the numbers mean in each datum, the likeliest first."""
    extent = catalogue_queries.division_extent(snapshot.connection, snapshot.state.n, snapshot.state.day)
    meant = meanings(typed, extent or bounds)

    def division_at(lon: float, lat: float) -> str | None:
        return catalogue_queries.division_at(snapshot.connection, snapshot.state.n, snapshot.state.day, lon, lat)

    items = []
    for m in meant:
        code = division_at(m.lon, m.lat) if extent else None
        west, south, east, north = bounds
        inside = code is not None if extent else west <= m.lon <= east and south <= m.lat <= north
        items.append(
            {
                "crs": m.crs, "title": m.title, "position": [m.lon, m.lat], "shift_m": m.shift_m, "inside": inside,
                "division": code, "where": names.words(code or ""),
            }
        )  # fmt: skip
    return {
        "x": typed.x, "y": typed.y, "notation": typed.notation, "turned": typed.turned,
        "precision_m": typed.precision_m, "items": items,
    }  # fmt: skip
