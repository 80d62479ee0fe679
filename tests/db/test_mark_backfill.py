"""What marks of an older version said of a team is known as theirs, so that a wrong one can be corrected."""

from pathlib import Path

from sqlalchemy import text
from tests.db.older import older


def test_statuses_of_before_know_the_marks_that_said_so(
    server_url_of_database: str, template: str, tmp_path: Path
) -> None:
    with older(server_url_of_database, "0034", tmp_path) as before:
        with before.begin() as connection:
            ids = connection.execute(
                text(
                    "WITH team AS (INSERT INTO risk_object (state, updated_at, valid_from, class, class_version, name)"
                    " VALUES (1, now(), '2026-01-01', 'rescue-team', 1, '例队') RETURNING id),"
                    " incident AS (INSERT INTO rescue_incident (made_by) VALUES ('t') RETURNING incident_id),"
                    " plan AS (INSERT INTO rescue_plan (by, how, based_on, incidents, body)"
                    " VALUES ('t', 'made', 0, '{}', '{}') RETURNING plan_id)"
                    " SELECT team.id, incident_id, plan_id FROM team, incident, plan"
                )
            ).one()
            bound = {"team": ids.id, "incident": ids.incident_id, "plan": ids.plan_id}
            connection.execute(
                text("INSERT INTO rescue_plan_accepted (plan_id, exercise, number, by) VALUES (:plan, false, 1, 't')"),
                bound,
            )
            order = connection.scalar(
                text(
                    "INSERT INTO rescue_order (plan_id, team_id, incident_id, exercise, by, what, body)"
                    " VALUES (:plan, :team, :incident, false, 't', 'x', '{}') RETURNING order_id"
                ),
                bound,
            )
            said = [("出动", None), ("在途", "departure"), ("到达", "arrival"), ("返回", "result")]
            for status, what in said:
                if what:
                    connection.execute(
                        text(
                            "INSERT INTO rescue_order_mark (order_id, what, at, by, how)"
                            " VALUES (:order, :what, now(), 't', 'call')"
                        ),
                        {"order": order, "what": what},
                    )
                connection.execute(
                    text(
                        "INSERT INTO rescue_team_status (team_id, status, at, by, how, order_id)"
                        " VALUES (:team, :status, now(), 't', 'order', :order)"
                    ),
                    bound | {"status": status, "order": order},
                )
            connection.execute(
                text(
                    "INSERT INTO rescue_team_status (team_id, status, at, by, how, order_id) VALUES"
                    " (:team, '返回', now(), 't', 'hand', :order), (:team, '返回', now(), 't', 'hand', NULL)"
                ),
                bound | {"order": order},
            )
        before.migrate()
        with before.begin() as connection:
            rows = connection.execute(
                text(
                    "SELECT s.status, s.how, m.what FROM rescue_team_status AS s"
                    " LEFT JOIN rescue_order_mark AS m USING (mark_id) ORDER BY status_id"
                )
            ).all()
    assert [(r.status, r.what) for r in rows] == [
        *said,
        ("返回", "result"),
        ("返回", None),
    ]  # a place alone copied the status of the mark before
