"""What an older register had graded keeps its reason when it is brought to this version."""

import json
from pathlib import Path

from sqlalchemy import text
from tests.db.older import older

OWN = {"scale": "major-hazard-level", "how": "computed", "value": None}
RECORDS = {
    "不足": [OWN | {"standing": "outside", "verdict": "不构成重大危险源"}],
    "缺边界": [OWN | {"standing": "unknown", "verdict": "未评定，缺厂区边界"}],
    "缺C": [OWN | {"scale": "risk-grade", "standing": "unknown", "verdict": "未评定，缺C"}],
    "已定级": [OWN | {"standing": "graded", "value": "四级", "verdict": "四级"}],
    "未填": [],
}


def test_verdicts_of_before_are_taken_from_their_records(
    server_url_of_database: str, template: str, tmp_path: Path
) -> None:
    with older(server_url_of_database, "0013", tmp_path) as before:
        with before.begin() as connection:
            for said, grading in RECORDS.items():
                level = ("major-hazard-level", "四级", 4) if said == "已定级" else (None, None, None)
                connection.execute(
                    text(
                        "INSERT INTO risk_object (state, updated_at, valid_from, class, class_version, name, grading,"
                        " level_scale, level_value, level_rank) VALUES (1, now(), '2026-01-01', 'major-hazard', 1,"
                        " :name, CAST(:grading AS jsonb), :scale, :value, :rank)"
                    ),
                    {"name": said, "grading": json.dumps(grading)}
                    | dict(zip(("scale", "value", "rank"), level, strict=True)),
                )
            listed = connection.scalar(
                text("SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
                     " WHERE table_name = 'risk_object'")
            )  # fmt: skip
            connection.execute(
                text(
                    f"INSERT INTO object_version (valid, known, actor, {listed})"
                    f" SELECT '[2026-01-01,)', '[1,)', 'test', {listed} FROM risk_object"
                )
            )
        before.migrate()
        with before.engine.begin() as connection:
            for table in ("risk_object", "object_version"):
                found = connection.execute(text(f"SELECT name, level_outside, level_verdict FROM {table}")).all()
                assert {r.name: (r.level_outside, r.level_verdict) for r in found} == {
                    "不足": ("major-hazard-level", "不构成重大危险源"),
                    "缺边界": (None, "未评定，缺厂区边界"),
                    "缺C": (None, None),
                    "已定级": (None, None),
                    "未填": (None, None),
                }
