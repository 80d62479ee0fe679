"""重大风险, and 较大以上风险: what is red, and what is red or orange."""

from collections.abc import Callable, Sequence

from riskmap.lists import compared
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
from riskmap.store.snapshot import Snapshot

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


def _upward(rank: int) -> Callable[[Ask, Snapshot], str]:
    fields = {"accidents": ("accident_types", "text"), "measures": ("measures", "text")}
    return lambda ask, snapshot: objects(ask, f"{{grade}} <= {rank}", fields=fields, snapshot=snapshot)


_major_rows, _serious_rows = _upward(_MAJOR), _upward(_SERIOUS)
_RED, _RED_AND_ORANGE = {"grade": ["major"]}, {"grade": ["major", "serious"]}


def _of_major(ask: Ask) -> Sequence[Figure]:
    return (
        Figure("all", "重大风险", total=True, map=_RED),
        *compared.figures(ask, "major-risks", _major_rows, _RED),
    )


def _of_serious(ask: Ask) -> Sequence[Figure]:
    return (
        Figure("all", "较大以上", total=True, map=_RED_AND_ORANGE),
        Figure("major", "重大", f"r.grade = {_MAJOR}", map=_RED),
        Figure("serious", "较大", f"r.grade = {_SERIOUS}", map={"grade": ["serious"]}),
        *compared.figures(ask, "serious-risks", _serious_rows, _RED_AND_ORANGE),
    )


MAJOR = Listing(
    "major-risks", "重大风险", "哪些是重大（红色）风险，归谁管", _columns,
    lambda ask: _major_rows(ask, ask.snapshot), _of_major, "division", parameters=(compared.SINCE,),
)  # fmt: skip
SERIOUS = Listing(
    "serious-risks", "较大以上风险", "哪些是重大和较大（红、橙色）风险，归谁管", _columns,
    lambda ask: _serious_rows(ask, ask.snapshot), _of_serious, "-grade", parameters=(compared.SINCE,),
)  # fmt: skip
CHANGES = (
    compared.changes("major-risks", "重大风险", _major_rows, "grade", within=False),
    compared.changes("serious-risks", "较大以上风险", _serious_rows, "grade", within=True),
)
