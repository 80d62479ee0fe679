"""Exercises that were numbered among what is real keep their numbers; what is new is numbered apart, and above them."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.db.older import older

from riskmap.rescue import numbers


def test_numbers_of_before_are_kept_and_never_given_again(
    server_url_of_database: str, template: str, tmp_path: Path
) -> None:
    with older(server_url_of_database, "0035", tmp_path) as before:
        with before.begin() as connection:
            for exercise in (False, True, False, True):
                connection.execute(
                    text("INSERT INTO rescue_incident (exercise, made_by) VALUES (:exercise, 't')"),
                    {"exercise": exercise},
                )
        before.migrate()
        given = text("INSERT INTO rescue_incident (incident_id, exercise, made_by) VALUES (:id, :exercise, 't')")
        with before.begin() as connection:
            for exercise in (False, True, False, True):
                made = numbers.next_of(connection, "rescue_incident", exercise)
                connection.execute(given, {"id": made, "exercise": exercise})
            rows = connection.execute(text("SELECT incident_id, exercise FROM rescue_incident ORDER BY 1")).all()
        with pytest.raises(DBAPIError), before.begin() as connection:  # no way round: a real one among the exercises
            connection.execute(given, {"id": numbers.EXERCISE + 9, "exercise": False})
    assert [(numbers.said(r.incident_id), r.exercise) for r in rows] == [
        ("1", False), ("2", True), ("3", False), ("4", True), ("5", False), ("6", False), ("演1", True), ("演2", True),
    ]  # fmt: skip
