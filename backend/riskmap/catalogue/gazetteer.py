"""The gazetteer (地名地址库): addresses and names of places, by source. Search and imports use this one."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, text

from riskmap.base.spelling import initials_of

KINDS = ("door", "place", "road", "village", "town")  # 门牌、地点、道路、村（社区）、乡镇（街道）
_COLUMNS = ("kind", "name", "address", "division", "key", "spelling", "lon", "lat")
_BATCH = 20_000
MOST_FOUND = 300
MOST_OF_MANY = 20
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True, slots=True)
class Source:
    """Where a set of places comes from; a new load of a source takes the place of the old one."""

    source: str
    visibility: int
    file: str
    crs: str
    loaded_by: str


def replace_source(connection: Connection, source: Source, places: Iterable[Mapping[str, Any]]) -> int:
    """These places and no others from this source; how many. In the caller's transaction: whole or not at all."""
    connection.execute(text("SELECT pg_advisory_xact_lock(727005)"))
    remove_source(connection, source.source)
    values = {name: getattr(source, name) for name in source.__slots__}
    connection.execute(text("CREATE TEMPORARY TABLE staged_place (LIKE gazetteer_place) ON COMMIT DROP"))
    connection.execute(text("ALTER TABLE staged_place ALTER place_id DROP NOT NULL, ALTER source DROP NOT NULL"))
    connection.execute(text("ALTER TABLE staged_place ALTER visibility DROP NOT NULL"))
    raw: Any = connection.connection
    count, rest = 0, iter(places)
    while batch := list(islice(rest, _BATCH)):
        lines = ("\t".join(str(row[name]).translate(_ESCAPES) for name in _COLUMNS) for row in batch)
        raw.cursor().copy_expert(
            f"COPY pg_temp.staged_place ({', '.join(_COLUMNS)}) FROM STDIN", io.StringIO("\n".join(lines) + "\n")
        )
        count += len(batch)
    connection.execute(
        text(
            "INSERT INTO gazetteer_source (source, visibility, file, crs, places, loaded_by)"
            " VALUES (:source, :visibility, :file, :crs, :places, :loaded_by)"
        ),
        {**values, "places": count},
    )
    names = ", ".join(_COLUMNS)
    connection.execute(
        text(
            f"INSERT INTO gazetteer_place (source, visibility, {names})"
            f" SELECT :source, :visibility, {names} FROM pg_temp.staged_place"
        ),
        values,
    )
    connection.execute(text("DROP TABLE pg_temp.staged_place"))
    return count


def remove_source(connection: Connection, source: str) -> bool:
    """Whether there was one of this name."""
    found = connection.execute(text("DELETE FROM gazetteer_source WHERE source = :source"), {"source": source})
    return found.rowcount > 0


def sources(connection: Connection) -> list[dict[str, Any]]:
    """What is loaded, as far as the reader may see it."""
    rows = connection.execute(
        text("SELECT source, visibility, file, crs, places, loaded_at, loaded_by FROM gazetteer_source ORDER BY source")
    )
    return [dict(r._mapping) for r in rows]


_FOUND = (
    "SELECT place_id, source, kind, name, address, division, key, lon, lat FROM gazetteer_place"
    " WHERE place_id = ANY(ARRAY({}))"
)


def find(connection: Connection, key: str, kinds: Sequence[str] = KINDS) -> list[dict[str, Any]]:
    """Places whose name or address holds `key` (`exchange.addresses.key_of`), up to `MOST_FOUND` of them.

    Where so many hold it, those that are it are among them all the same.
    """
    if not key:
        return []
    found = _holding(connection, key, kinds)
    if len(found) >= MOST_FOUND:
        # A name ends at the line's end, and an address begins behind it and ends with the key.
        for whole in (f"{key}\n", f"\n{key}"):
            found |= _holding(connection, whole, kinds)
    return list(found.values())


def _holding(connection: Connection, key: str, kinds: Sequence[str]) -> dict[int, dict[str, Any]]:
    rows = connection.execute(
        text(_FOUND.format("SELECT find_places(:key, CAST(:kinds AS text[]), :most)")),
        {"key": key, "kinds": list(kinds), "most": MOST_FOUND},
    )
    return {r.place_id: dict(r._mapping) for r in rows}


def nearest_door(connection: Connection, street: str, number: int, area: str) -> tuple[dict[str, Any], int] | None:
    """The house number of a street that is nearest to this one, and how far the two are apart.

    `area` is a territory (all, where it is empty).
    """
    row = connection.execute(
        text(
            "SELECT p.place_id, p.source, p.kind, p.name, p.address, p.division, p.key, p.lon, p.lat, f.apart"
            " FROM find_nearest_door(:street, :number, :area) AS f"
            " JOIN gazetteer_place AS p ON p.place_id = f.place_id"
        ),
        {"street": street, "number": number, "area": area},
    ).one_or_none()
    if row is None:
        return None
    found = dict(row._mapping)
    return found, found.pop("apart")


def find_many(connection: Connection, keys: Sequence[str], kinds: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The same for many keys at once, no more than `MOST_OF_MANY` places for each."""
    rows = connection.execute(
        text(
            "SELECT k.key AS asked, p.place_id, p.source, p.kind, p.name, p.address, p.division, p.key, p.lon, p.lat"
            " FROM unnest(CAST(:keys AS text[])) AS k (key)"
            " CROSS JOIN LATERAL find_places(k.key, CAST(:kinds AS text[]), :most) AS f (place_id)"
            " JOIN gazetteer_place AS p ON p.place_id = f.place_id"
        ),
        {"keys": list(keys), "kinds": list(kinds), "most": MOST_OF_MANY},
    )
    out: dict[str, list[dict[str, Any]]] = {}
    for r in rows:
        row = dict(r._mapping)
        out.setdefault(row.pop("asked"), []).append(row)
    return out


def find_spelt(connection: Connection, typed: str) -> list[dict[str, Any]]:
    """Places whose name has these initials or this spelling; house numbers are not asked."""
    found: dict[int, dict[str, Any]] = {}
    for i, initials in enumerate(initials_of(typed)):
        rows = connection.execute(
            text(_FOUND.format("SELECT find_places_by_spelling(:initials, :typed, :most)")),
            {"initials": initials, "typed": typed.lower() if i else None, "most": MOST_FOUND},
        )
        found.update((r.place_id, dict(r._mapping)) for r in rows)
    return list(found.values())
