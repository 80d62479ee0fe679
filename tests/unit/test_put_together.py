"""Persons of incidents that become one, as the log tells them: the same table as the page's test has."""

import pytest

from riskmap.rescue.dispatch.incidents import put_together


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([8, 4], 12, ""),
        ([8, 4], 9, "合并前合计 12 人，合并后少 3 人"),
        ([8, 4], 14, "合并前合计 12 人，合并后多 2 人"),
        ([8, 4, None], 14, ""),
        ([8, 4, None], 9, "合并前合计 12 人，另有 1 处不明，合并后少 3 人"),
        ([8, None], None, "合并前合计 8 人，另有 1 处不明，合并后不明"),
        ([None, None], None, ""),
    ],
)
def test_what_is_said(before: list[int | None], after: int | None, said: str) -> None:
    assert put_together(before, after) == said
