"""The catalogue and the divisions as known at a state."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, text

from riskmap.base.state import State
from riskmap.catalogue.model import Catalogue, Class, Policy, Scale
from riskmap.catalogue.rulesets import RuleSet


class CatalogueCache:
    """Catalogues by the state that made them: most states change no class."""

    def __init__(self, size: int = 8) -> None:
        self._kept: dict[int, Catalogue] = {}
        self._size = size

    def at(self, connection: Connection, state: State) -> Catalogue:
        """The catalogue of this state."""
        found = self._kept.get(state.catalogue_n)
        if found is None:
            found = load(connection, state.catalogue_n)
            while len(self._kept) >= self._size:
                self._kept.pop(next(iter(self._kept)))
            self._kept[state.catalogue_n] = found
        return found


def load(connection: Connection, n: int) -> Catalogue:
    """The catalogue as known at state n."""
    rows = connection.execute(
        text(
            "SELECT kind, code, version, body FROM catalogue_item WHERE known @> CAST(:n AS bigint) ORDER BY kind, code"
        ),
        {"n": n},
    ).all()
    return Catalogue(
        n=n,
        groups=tuple(sorted((r.body for r in rows if r.kind == "group"), key=lambda b: b["order"])),
        classes={r.code: Class.parse(r.version, r.body) for r in rows if r.kind == "class"},
        scales={r.code: Scale.parse(r.body) for r in rows if r.kind == "scale"},
        policies={r.code: Policy.parse(r.body) for r in rows if r.kind == "policy"},
        rulesets=tuple(RuleSet.parse(r.body) for r in rows if r.kind == "ruleset"),
    )


def items(connection: Connection, kind: str, n: int) -> list[Row[Any]]:
    """code, version, body, origin of the items of a kind at state n; since which state, when, by whom; and
    `from_product`: whether the product ever brought the item."""
    return list(
        connection.execute(
            text(
                "SELECT i.code, i.version, i.body, i.origin, l.n AS state, l.at, l.actor,"
                " EXISTS (SELECT FROM catalogue_item AS s"
                " WHERE s.kind = i.kind AND s.code = i.code AND s.origin = 'shipped') AS from_product"
                " FROM catalogue_item AS i JOIN state_log AS l ON l.n = lower(i.known)"
                " WHERE i.kind = :kind AND i.known @> CAST(:n AS bigint) ORDER BY i.code"
            ),
            {"kind": kind, "n": n},
        )
    )


def versions(connection: Connection, kind: str, code: str) -> list[Row[Any]]:
    """version, body, origin, state, at, actor of every version of an item, oldest first."""
    return list(
        connection.execute(
            text(
                "SELECT i.version, i.body, i.origin, l.n AS state, l.at, l.actor"
                " FROM catalogue_item AS i JOIN state_log AS l ON l.n = lower(i.known)"
                " WHERE i.kind = :kind AND i.code = :code ORDER BY i.version"
            ),
            {"kind": kind, "code": code},
        )
    )


def dated_divisions(connection: Connection, n: int, day: date) -> list[Row[Any]]:
    """code, name, level, parent, source and the days from and to which each division is valid."""
    return list(
        connection.execute(
            text(
                "SELECT code, name, level, parent, source, lower(valid) AS valid_from, upper(valid) AS valid_to"
                " FROM division WHERE known @> CAST(:n AS bigint) AND valid @> CAST(:day AS date) ORDER BY code"
            ),
            {"n": n, "day": day},
        )
    )


def divisions(connection: Connection, n: int, day: date) -> list[dict[str, Any]]:
    """Codes, names and parents, in the order of their codes."""
    rows = connection.execute(
        text(
            "SELECT code, name, level, parent FROM division"
            " WHERE known @> CAST(:n AS bigint) AND valid @> CAST(:day AS date) ORDER BY code"
        ),
        {"n": n, "day": day},
    )
    return [dict(r._mapping) for r in rows]


def division_outlines(connection: Connection, n: int, day: date, level: str) -> list[Row[Any]]:
    """code, name, level, geometry as GeoJSON text."""
    return list(
        connection.execute(
            text(
                "SELECT code, name, level, ST_AsGeoJSON(geom, 6, 0) AS geometry FROM division"
                " WHERE known @> CAST(:n AS bigint) AND valid @> CAST(:day AS date) AND level = :level"
                " ORDER BY code"
            ),
            {"n": n, "day": day, "level": level},
        )
    )


def division_shapes(connection: Connection, n: int, day: date) -> list[Row[Any]]:
    """code, territory, geometry as WKB of every division that has one."""
    return list(
        connection.execute(
            text(
                "SELECT code, territory, ST_AsBinary(geom) AS wkb FROM division"
                " WHERE known @> CAST(:n AS bigint) AND valid @> CAST(:day AS date) AND geom IS NOT NULL"
                " ORDER BY length(territory), code"
            ),
            {"n": n, "day": day},
        )
    )


def division_at(connection: Connection, n: int, day: date, lon: float, lat: float) -> str | None:
    """The finest division that holds a point, or None."""
    return divisions_at(connection, n, day, [(lon, lat)])[0]


def divisions_at(
    connection: Connection, n: int, day: date, places: Sequence[tuple[float, float]]
) -> list[str | None]:  # fmt: skip
    """`division_at` for many points, in their order."""
    rows = connection.execute(
        text(
            "SELECT d.code FROM unnest(CAST(:lons AS float8[]), CAST(:lats AS float8[])) WITH ORDINALITY AS p (lon,"
            " lat, i) LEFT JOIN LATERAL (SELECT code FROM division WHERE known @> CAST(:n AS bigint)"
            " AND valid @> CAST(:day AS date) AND geom && ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4490)"
            " AND ST_Intersects(geom, ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4490))"
            " ORDER BY length(territory) DESC, code LIMIT 1) AS d ON true ORDER BY p.i"
        ),
        {"n": n, "day": day, "lons": [lon for lon, _ in places], "lats": [lat for _, lat in places]},
    )
    return list(rows.scalars())


def division_extent(connection: Connection, n: int, day: date) -> tuple[float, float, float, float] | None:
    """West, south, east, north of all loaded divisions, or None where none are loaded."""
    row = connection.execute(
        text(
            "SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e) FROM (SELECT ST_Extent(geom) AS e"
            " FROM division WHERE known @> CAST(:n AS bigint) AND valid @> CAST(:day AS date)) AS t"
        ),
        {"n": n, "day": day},
    ).one()
    return None if row[0] is None else (row[0], row[1], row[2], row[3])


def divisions_below(connection: Connection, n: int, day: date, prefixes: Sequence[str], digits: int) -> list[Row[Any]]:
    """code, name, level, geometry as WKB of divisions with so many digits that begin with one of these; all of none."""
    return list(
        connection.execute(
            text(
                "SELECT code, name, level, ST_AsBinary(geom) AS wkb FROM division"
                " WHERE known @> CAST(:n AS bigint) AND valid @> CAST(:day AS date) AND geom IS NOT NULL"
                " AND length(territory) = :digits AND (CAST(:prefixes AS text[]) = '{}'"
                " OR territory LIKE ANY (CAST(:prefixes AS text[]))) ORDER BY code"
            ),
            {"n": n, "day": day, "digits": digits, "prefixes": [f"{p}%" for p in prefixes]},
        )
    )
