"""What the lists that are handed in work out for their cells."""

from datetime import date
from decimal import Decimal

import pytest

from riskmap.lists.sheets import parts


@pytest.mark.parametrize(
    ("begins", "due"),
    [
        (date(2024, 2, 29), date(2027, 2, 28)),
        (date(2023, 3, 1), date(2026, 3, 1)),
        (date(9996, 12, 31), date(9999, 12, 31)),
        (date(9999, 12, 31), date(9999, 12, 31)),
    ],
)
def test_some_years_later_is_a_day_of_the_calendar(begins: date, due: date) -> None:
    assert parts.years_after(begins, 3) == due


def test_a_number_of_the_arithmetic_stays_as_it_was_kept() -> None:
    assert parts.exact("0.10") == Decimal("0.10")
    assert parts.exact("3.333…") == "3.333…"
    assert parts.exact(None) is None
