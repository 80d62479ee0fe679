"""What is a telephone: one rule for all fields that have one."""

import pytest

from riskmap.base.wire import is_phone


@pytest.mark.parametrize(
    "said",
    [
        "13800000000", "0792-8226000", "（0792）8226000", "8226000 转 3", "8226000ext3", "0792-8226000ext.12", "8226000 EXT 3",
        "１３８００００００００", "值班室 8226000", "138…/139…", "+86 138 0000 0000",
    ],
)  # fmt: skip
def test_a_telephone(said: str) -> None:
    assert is_phone(said)


@pytest.mark.parametrize("said", ["abc", "没有", "-", "tel 8226000", "８２２６０００ａｂｃ", "next 8226000"])
def test_not_a_telephone(said: str) -> None:
    assert not is_phone(said)
