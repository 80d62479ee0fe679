"""An older register is spelt when it is brought to this version."""

from pathlib import Path

from sqlalchemy import text
from tests.db.older import older

from riskmap.base.spelling import spell


def test_names_of_before_are_spelt_by_the_migration(server_url_of_database: str, template: str, tmp_path: Path) -> None:
    names = ["例湖小学", "反\\斜\t杠村", "重庆路加油站"]
    with older(server_url_of_database, "0005", tmp_path) as before:
        with before.begin() as connection:
            for said in names:
                connection.execute(
                    text(
                        "INSERT INTO risk_object (state, updated_at, valid_from, class, class_version, name)"
                        " VALUES (1, now(), '2026-01-01', 'school', 1, :name)"
                    ),
                    {"name": said},
                )
        before.migrate()
        with before.engine.begin() as connection:
            rows = connection.execute(text("SELECT name, spelling FROM risk_object")).all()
    assert {r.name: r.spelling for r in rows} == {said: spell(said) for said in names}
    assert spell("重庆路加油站") == "ChongQingLuJiaYouZhan"
