"""Places alone of an older version copied the status of before, with its order: they say nothing of it any more."""

from pathlib import Path

from sqlalchemy import text
from tests.db.older import older


def test_places_alone_of_before_say_nothing_of_the_status(
    server_url_of_database: str, template: str, tmp_path: Path
) -> None:
    with older(server_url_of_database, "0036", tmp_path) as before:
        with before.begin() as connection:
            connection.execute(
                text(
                    "WITH team AS (INSERT INTO risk_object (state, updated_at, valid_from, class, class_version, name)"
                    " VALUES (1, now(), '2026-01-01', 'rescue-team', 1, '例队') RETURNING id),"
                    " incident AS (INSERT INTO rescue_incident (incident_id, made_by) VALUES (1, 't')),"
                    " plan AS (INSERT INTO rescue_plan (plan_id, by, how, based_on, incidents, body)"
                    " VALUES (1, 't', 'made', 0, '{}', '{}')), accepted AS (INSERT INTO rescue_plan_accepted"
                    " (plan_id, exercise, number, by) VALUES (1, false, 1, 't')), given AS (INSERT INTO rescue_order"
                    " (order_id, plan_id, team_id, incident_id, exercise, by, what, body) SELECT 1, 1, id, 1, false,"
                    " 't', 'x', '{}' FROM team)"
                    " INSERT INTO rescue_team_status (team_id, status, at, by, how, order_id, geom)"
                    " SELECT team.id, s.status, now() + s.n * interval '1 second', 't', s.how, s.order_id, CASE WHEN"
                    " s.placed THEN ST_SetSRID(ST_MakePoint(116, 29), 4490) END FROM team, (VALUES"
                    " (1, '出动', 'order', 1, false), (2, '出动', 'api', 1, true), (3, '到达', 'order', 1, true),"
                    " (4, '到达', 'hand', 1, true), (5, '休整', 'hand', NULL, true)) AS s (n, status, how, order_id,"
                    " placed)"
                )
            )
        before.migrate()
        with before.begin() as connection:
            rows = connection.execute(
                text("SELECT status, how, order_id, geom IS NOT NULL AS placed FROM rescue_team_status ORDER BY at")
            ).all()
    assert [tuple(r) for r in rows] == [
        ("出动", "order", 1, False),
        (None, "api", None, True),
        ("到达", "order", 1, True),
        (None, "hand", None, True),
        ("休整", "hand", None, True),  # its own report
    ]
