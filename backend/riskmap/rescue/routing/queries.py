"""What the routing reads of a flood and of closures."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, text

from riskmap.rescue.roadengine.config import CLOSURE_M, OVERLAP_M
from riskmap.rescue.routing.network import may_be_driven

_IN_FORCE = (
    "c.exercise = :exercise AND c.at <= :at AND c.starts_at <= :at AND (c.ends_at IS NULL OR c.ends_at > :at)"
    " AND (o.at IS NULL OR o.at > :at)"
)
_FROM = "rescue_road_closed AS c LEFT JOIN rescue_road_opened AS o ON o.closed_id = c.closed_id"
_SHOWN = (
    "c.closed_id AS id, c.at, c.by, c.exercise, c.name, c.reason, c.starts_at, c.ends_at, c.length_m,"
    " ST_AsGeoJSON(c.geom, 7) AS geometry, o.at AS opened_at, o.by AS opened_by, o.reason AS opened_reason"
)


def water(connection: Connection, flood_id: int, ordinals: Sequence[int]) -> tuple[BaseGeometry, BaseGeometry]:
    """These depth classes of a flood as one, and all of its water."""
    rows = connection.execute(
        text("SELECT ordinal, ST_AsBinary(geom) AS wkb FROM rescue_flood_class WHERE flood_id = :id"), {"id": flood_id}
    ).all()
    by_class = {r.ordinal: shapely.from_wkb(bytes(r.wkb)) for r in rows}
    closed = shapely.union_all([shape for o, shape in by_class.items() if o in set(ordinals)])
    return closed, shapely.union_all(list(by_class.values()))


def in_water_m(connection: Connection, flood_id: int, line: Sequence[tuple[float, float]], but: Sequence[int]) -> float:
    """Metres of a line in the water, in all classes but these."""
    found = connection.scalar(
        text(
            "SELECT sum(ST_Length(ST_Intersection(p.geom, l.geom)::geography)) FROM rescue_flood_piece AS p,"
            " (SELECT ST_GeomFromWKB(decode(:line, 'hex'), 4490) AS geom) AS l WHERE p.flood_id = :id"
            " AND p.geom && l.geom AND NOT (p.ordinal = ANY(CAST(:but AS int[])))"
        ),
        {"id": flood_id, "line": shapely.to_wkb(shapely.LineString(line), hex=True), "but": list(but)},
    )
    return float(found or 0)


def closed_now(connection: Connection, exercise: bool, at: datetime) -> list[tuple[int, BaseGeometry]]:
    """Stretches that are closed by an act at a minute."""
    rows = connection.execute(
        text(f"SELECT c.closed_id, ST_AsBinary(c.geom) AS wkb FROM {_FROM} WHERE {_IN_FORCE} ORDER BY c.closed_id"),
        {"exercise": exercise, "at": at},
    )
    return [(r.closed_id, shapely.from_wkb(bytes(r.wkb))) for r in rows]


def closures(connection: Connection, exercise: bool, at: datetime, *, past: bool) -> list[dict[str, Any]]:
    """Closures known at a minute, the newest first: those in force, or all (`past`)."""
    where = "c.exercise = :exercise AND c.at <= :at" if past else _IN_FORCE
    rows = connection.execute(
        text(f"SELECT {_SHOWN} FROM {_FROM} WHERE {where} ORDER BY c.closed_id DESC LIMIT 2000"),
        {"exercise": exercise, "at": at},
    )
    return [dict(r) for r in rows.mappings()]


def closure(connection: Connection, closed_id: int) -> dict[str, Any] | None:
    """One of them."""
    row = connection.execute(text(f"SELECT {_SHOWN} FROM {_FROM} WHERE c.closed_id = :id"), {"id": closed_id})
    found = row.mappings().one_or_none()
    return dict(found) if found else None


def run_out(connection: Connection, exercise: bool, since: datetime | None, until: datetime) -> list[Any]:
    """Closures that ran out in a time, the newest first, with the register's state of that minute; `still_shut`:
    another closure that was in force then lies on the same stretch. What was entered only after its end was never in
    force here, and what was lifted before did not run out."""
    return list(
        connection.execute(
            text(
                "SELECT c.closed_id, c.name, c.ends_at AS at,"
                " coalesce((SELECT n FROM state_log WHERE at <= c.ends_at ORDER BY n DESC LIMIT 1), 1) AS state,"
                " EXISTS (SELECT FROM rescue_road_closed AS a LEFT JOIN rescue_road_opened AS b USING (closed_id)"
                " WHERE a.closed_id <> c.closed_id AND a.exercise = c.exercise AND a.at <= c.ends_at"
                " AND a.starts_at <= c.ends_at AND (a.ends_at IS NULL OR a.ends_at > c.ends_at)"
                " AND (b.at IS NULL OR b.at > c.ends_at) AND a.geom && c.geom AND ST_Length(ST_Intersection("
                "c.geom, ST_SetSRID(ST_Buffer(a.geom::geography, :beside_m)::geometry, 4490))::geography) > :along_m)"
                " AS still_shut"
                " FROM rescue_road_closed AS c WHERE c.exercise = :exercise AND c.ends_at > c.at"
                " AND c.ends_at <= :until AND (CAST(:since AS timestamptz) IS NULL OR c.ends_at >= :since)"
                " AND NOT EXISTS (SELECT FROM rescue_road_opened AS o WHERE o.closed_id = c.closed_id"
                " AND o.at < c.ends_at) ORDER BY c.ends_at DESC, c.closed_id DESC"
            ),
            # As the engine tells what lies along a closure from what crosses it.
            {"exercise": exercise, "since": since, "until": until, "beside_m": CLOSURE_M, "along_m": OVERLAP_M},
        )
    )


def road(connection: Connection, road_id: int) -> Any:
    """A road of the set in use: what it is called, its class and line."""
    return connection.execute(
        text("SELECT coalesce(name, ref) AS name, highway, ST_AsBinary(geom) AS wkb FROM road WHERE road_id = :id"),
        {"id": road_id},
    ).one_or_none()


def nearest_road(connection: Connection, lon: float, lat: float, within_m: float) -> Any:
    """The road nearest to a place, not farther than this."""
    return connection.execute(
        text(
            "SELECT * FROM (SELECT coalesce(r.name, r.ref) AS name, r.highway, ST_AsBinary(r.geom) AS wkb,"
            " ST_Distance(r.geom::geography, p.at::geography) AS distance_m"
            " FROM road AS r, (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4490) AS at) AS p"
            " WHERE r.geom && ST_Expand(p.at, :degrees)) AS n WHERE distance_m <= :within ORDER BY distance_m LIMIT 1"
        ),
        {"lon": lon, "lat": lat, "within": within_m, "degrees": within_m / 50_000},
    ).one_or_none()


def road_near(connection: Connection, lon: float, lat: float) -> tuple[float, BaseGeometry] | None:
    """How far the nearest road that may be driven is, and the straight line to it; None where there is none. Cheap: by
    the index; many only where all that is near may not be driven."""
    for most in (20, 2_000):
        rows = connection.execute(
            text(
                "SELECT ST_Distance(r.geom::geography, p.at::geography) AS distance_m, r.access, r.tags,"
                " ST_AsBinary(ST_ShortestLine(p.at, r.geom)) AS line"
                " FROM (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4490) AS at) AS p CROSS JOIN LATERAL"
                " (SELECT geom, access, tags FROM road ORDER BY geom <-> p.at LIMIT :most) AS r ORDER BY 1"
            ),
            {"lon": lon, "lat": lat, "most": most},
        ).all()
        for row in rows:
            if may_be_driven(row.access, row.tags):
                return float(row.distance_m), shapely.from_wkb(bytes(row.line))
        if len(rows) < most:
            break
    return None


def classes_at(connection: Connection, flood_id: int, places: Sequence[tuple[float, float]]) -> list[int | None]:
    """In which depth class of a flood each of these places stands, None in none."""
    rows = connection.execute(
        text(
            "SELECT (SELECT max(f.ordinal) FROM rescue_flood_piece AS f WHERE f.flood_id = :id"
            " AND ST_Intersects(f.geom, ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4490))) AS ordinal"
            " FROM unnest(CAST(:lon AS float8[]), CAST(:lat AS float8[])) WITH ORDINALITY AS p (lon, lat, n)"
            " ORDER BY p.n"
        ),
        {"id": flood_id, "lon": [at[0] for at in places], "lat": [at[1] for at in places]},
    )
    return [row.ordinal for row in rows]


def water_between(connection: Connection, flood_id: int, line: BaseGeometry) -> bool:
    """Whether a line meets any water of a flood."""
    return bool(
        connection.scalar(
            text(
                "SELECT EXISTS (SELECT FROM rescue_flood_piece AS f, (SELECT ST_GeomFromWKB(decode(:line, 'hex'), 4490)"
                " AS geom) AS l WHERE f.flood_id = :id AND ST_Intersects(f.geom, l.geom))"
            ),
            {"id": flood_id, "line": shapely.to_wkb(line, hex=True)},
        )
    )


def roads_within(connection: Connection, area: BaseGeometry, most: int) -> list[Any]:
    """The parts of roads in an area."""
    return list(
        connection.execute(
            text(
                "SELECT coalesce(r.name, r.ref) AS name, r.highway, ST_AsBinary(ST_CollectionExtract("
                "ST_Intersection(r.geom, a.geom), 2)) AS wkb FROM road AS r,"
                " (SELECT ST_GeomFromWKB(decode(:area, 'hex'), 4490) AS geom) AS a"
                " WHERE r.geom && a.geom AND ST_Intersects(r.geom, a.geom) ORDER BY r.length_m DESC LIMIT :most"
            ),
            {"area": shapely.to_wkb(area, hex=True), "most": most},
        )
    )


def close(connection: Connection, row: dict[str, Any]) -> int:
    """Write a closure; its id."""
    found: int = connection.execute(
        text(
            "INSERT INTO rescue_road_closed (by, account_id, exercise, name, reason, starts_at, ends_at, length_m,"
            " geom) VALUES (:by, :account, :exercise, :name, :reason, :starts_at, :ends_at, :length_m,"
            " ST_GeomFromEWKB(decode(:geom, 'hex'))) RETURNING closed_id"
        ),
        row,
    ).scalar_one()
    return found


def open_again(connection: Connection, closed_id: int, by: str, reason: str) -> bool:
    """Write that it is open; False where somebody else has."""
    done = connection.execute(
        text(
            "INSERT INTO rescue_road_opened (closed_id, by, reason) VALUES (:id, :by, :reason) ON CONFLICT DO NOTHING"
        ),
        {"id": closed_id, "by": by, "reason": reason},
    )
    return done.rowcount == 1


def job_at_work(connection: Connection, kind: str) -> dict[str, Any] | None:
    """The newest job of a kind that waits or runs."""
    row = connection.execute(
        text(
            "SELECT job_id AS id, status, phase, progress FROM job WHERE kind = :kind"
            " AND status IN ('queued', 'running') ORDER BY made_at DESC LIMIT 1"
        ),
        {"kind": kind},
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None


def last_failure(connection: Connection, kind: str) -> str | None:
    """What the newest job of a kind said, where it failed."""
    found: str | None = connection.scalar(
        text(
            "SELECT CASE WHEN status = 'failed' THEN message END FROM job WHERE kind = :kind"
            " ORDER BY made_at DESC LIMIT 1"
        ),
        {"kind": kind},
    )
    return found
