"""重大风险, and 较大以上风险: what is red, and what is red or orange."""

from collections.abc import Sequence

from riskmap.lists.model import (
    CLASS,
    DEPARTMENT,
    DIVISION,
    ENTERPRISE,
    GRADE,
    LEVEL,
    NAME,
    STAGE,
    Ask,
    Column,
    Figure,
    Listing,
    words,
)
from riskmap.lists.rows import objects

_MAJOR, _SERIOUS = 1, 2
_COLUMNS = (
    GRADE,
    NAME,
    CLASS,
    LEVEL,
    ENTERPRISE,
    DIVISION,
    DEPARTMENT,
    words("accidents", "可能的事故类型"),
    words("measures", "管控措施", 30),
    STAGE,
)


def _columns(ask: Ask) -> Sequence[Column]:
    return _COLUMNS


def _upward(rank: int, ask: Ask) -> str:
    fields = {"accidents": ("accident_types", "text"), "measures": ("measures", "text")}
    return objects(ask, f"{{grade}} <= {rank}", fields=fields)


def _major_rows(ask: Ask) -> str:
    return _upward(_MAJOR, ask)


def _serious_rows(ask: Ask) -> str:
    return _upward(_SERIOUS, ask)


def _of_major(ask: Ask) -> Sequence[Figure]:
    return (Figure("all", "重大风险", total=True, map={"grade": ["major"]}),)


def _of_serious(ask: Ask) -> Sequence[Figure]:
    return (
        Figure("all", "较大以上", total=True, map={"grade": ["major", "serious"]}),
        Figure("major", "重大", f"r.grade = {_MAJOR}", map={"grade": ["major"]}),
        Figure("serious", "较大", f"r.grade = {_SERIOUS}", map={"grade": ["serious"]}),
    )


MAJOR = Listing(
    "major-risks", "重大风险", "哪些是重大（红色）风险，归谁管", _columns, _major_rows, _of_major, "division"
)  # fmt: skip
SERIOUS = Listing(
    "serious-risks", "较大以上风险", "哪些是重大和较大（红、橙色）风险，归谁管",
    _columns, _serious_rows, _of_serious, "-grade",
)  # fmt: skip
