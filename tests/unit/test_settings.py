"""Settings as the environment gives them."""

import pytest
from pydantic import ValidationError

from riskmap.base.settings import Settings


def test_bounds_are_four_numbers_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISKMAP_BOUNDS", "5,40,17.5,50")
    assert Settings().bounds == (5, 40, 17.5, 50)
    monkeypatch.setenv("RISKMAP_BOUNDS", "17,40,5,50")
    with pytest.raises(ValidationError, match="西,南,东,北"):
        Settings()
