"""CQL2 text: bounded before the native parser sees it, refused in words, exact."""

from decimal import Decimal

import pytest

from riskmap.base.errors import Invalid
from riskmap.selection.where import MAX_LENGTH, Compiler, Property, parse


def compiled(source: str, **types: str) -> tuple[str, list[object]]:
    values: list[object] = []

    def bind(value: object) -> str:
        values.append(value)
        return "?"

    known = {name: Property(name, kind, {}) for name, kind in types.items()}
    return Compiler(known, lambda p: p.name, bind).condition(parse(source)), values


@pytest.mark.parametrize(
    "source",
    [
        "x = 1 " * 200_000,  # a megabyte
        "(" * 100 + "x = 1" + ")" * 100,
        "-" * 3900 + "x = 1",
        "NOT " * 900 + "x = 1",
        "x" + "^1" * 1500 + " = 1",
        "x = " + "+".join(["1"] * 900),
        "x ==",
        "",
        " ",
        "x = 1; DROP TABLE risk_object",
        "S_INTERSECTS(geom, POINT(1 2)",
        "x = 12345678901234567.25",
    ],
)
def test_what_cannot_be_parsed_is_refused_and_the_process_lives(source: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(source)
    assert refused.value.errors[0].field == "where"
    assert len(str(refused.value)) < 400


def test_the_longest_legal_text_parses() -> None:
    source = " OR ".join(["x = 1"] * (MAX_LENGTH // 9 - 1))
    assert parse(source)["op"] == "or"


def test_and_binds_tighter_than_or() -> None:
    sql, _ = compiled("a = 1 OR b = 2 AND c = 3", a="number", b="number", c="number")
    assert sql.startswith("((a = ")
    assert " OR ((b = " in sql


def test_numbers_are_bound_as_exact_decimals() -> None:
    _, values = compiled("x >= 0.1", x="number")
    assert values == [Decimal("0.1")]


@pytest.mark.parametrize(
    ("source", "types"),
    [
        ("x = 'a'", {"x": "number"}),
        ("name LIKE 5", {"name": "text"}),
        ("x", {"x": "number"}),
        ("S_INTERSECTS(x, POINT(1 2))", {"x": "text"}),
        ("x ^ 2 = 4", {"x": "number"}),
    ],
)
def test_types_and_functions_that_do_not_fit_are_refused(source: str, types: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        compiled(source, **types)
