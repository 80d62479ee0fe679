"""What grading asks the register beside its own object: as SYSTEM, a grade is not limited by what its asker sees."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.catalogue.model import LIVE_STAGES

# As a day of the register has it.
_VALID = "ended_reason IS NULL AND valid_from <= :day AND (valid_to IS NULL OR valid_to > :day)"


def _rows(connection: Connection, sql: str, binds: Mapping[str, Any]) -> list[dict[str, Any]]:
    with database.under(connection, SYSTEM.settings()):
        return [dict(row) for row in connection.execute(text(sql), binds).mappings()]


def _value(connection: Connection, sql: str, object_id: int) -> Any:
    with database.under(connection, SYSTEM.settings()):
        return connection.scalar(text(sql), {"id": object_id})


def units(
    connection: Connection, enterprise: int | None, classes: Sequence[str], own: int | None, day: date
) -> list[dict[str, Any]]:
    """Live units of an enterprise, or the one unit that has none."""
    return _rows(
        connection,
        "SELECT id, name, attributes FROM risk_object WHERE class = ANY(CAST(:classes AS text[]))"
        " AND (enterprise = :enterprise OR id = :own) AND stage = ANY(CAST(:live AS text[]))"
        f" AND {_VALID} ORDER BY id",
        {"classes": list(classes), "enterprise": enterprise, "own": own, "live": list(LIVE_STAGES), "day": day},
    )


def trade(connection: Connection, enterprise: int) -> str:
    """The industry code (GB/T 4754) of an enterprise; empty where it has none."""
    sql = "SELECT attributes ->> 'industry_code' FROM risk_object WHERE id = :id"
    return _value(connection, sql, enterprise) or ""


def boundary(connection: Connection, enterprise: int) -> str | None:
    """The plant boundary of an enterprise, else its own outline, as GeoJSON with every digit."""
    found: str | None = _value(
        connection,
        "SELECT coalesce(attributes ->> 'plant_boundary',"
        " CASE WHEN ST_Dimension(geom) = 2 THEN ST_AsGeoJSON(geom, 15, 0) END) FROM risk_object WHERE id = :id",
        enterprise,
    )
    return found


def scores(connection: Connection, field: str, day: date) -> list[tuple[str, str, int]]:
    """How many enterprises have each score of each scheme, in the list attribute `field`."""
    found = _rows(
        connection,
        "SELECT s ->> 'scheme' AS scheme, s ->> 'score' AS score, count(*) AS n"
        " FROM risk_object AS o, jsonb_array_elements(o.attributes -> CAST(:field AS text)) AS s"
        " WHERE o.class = 'enterprise' AND jsonb_typeof(o.attributes -> CAST(:field AS text)) = 'array'"
        f" AND {_VALID} GROUP BY 1, 2",
        {"field": field, "day": day},
    )
    return [(row["scheme"], row["score"], row["n"]) for row in found]


def of_classes(
    connection: Connection,
    classes: Collection[str],
    columns: Sequence[str],
    day: date,
    *,
    after: int,
    since: int,
    most: int,
) -> list[dict[str, Any]]:
    """The next objects of these classes in the order of ids: with a greater id than `after`, written later than the
    state `since`."""
    return _rows(
        connection,
        "SELECT id, name, code, class, division, department, visibility, attributes,"
        f" {', '.join(columns)}, ST_X(anchor) AS lon, ST_Y(anchor) AS lat FROM risk_object"
        f" WHERE id > :after AND class = ANY(:classes) AND state > :since AND {_VALID} ORDER BY id LIMIT :most",
        {"after": after, "classes": list(classes), "since": since, "day": day, "most": most},
    )
