"""Statements that stand in files: what is one thing stands in one place."""

from pathlib import Path

import riskmap

FILES = sorted(Path(riskmap.__file__).parent.rglob("sql/*.sql"))
STATEMENTS = [path for path in FILES if "migrations" not in path.parts]


def test_metres_are_measured_by_the_two_functions_alone() -> None:
    assert len(STATEMENTS) > 10
    for path in STATEMENTS:
        said = path.read_text(encoding="utf-8")
        assert "4549" not in said, f"{path.name}: on_plane turns an outline"
        assert "110500" not in said, f"{path.name}: box_within gives the box"
