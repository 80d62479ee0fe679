"""增减: what a list has more and less than on an earlier day, each object with what became of it.

Both days are the same compiled selection, as known now; what left it or came into it is looked up as it was on the
other day, whatever the selection. A grade that is not there is no low one: to lose it is no downgrading.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from riskmap.base.errors import FieldError, Invalid
from riskmap.catalogue.model import GRADE_RANK, LIVE_STAGES
from riskmap.lists.model import (
    CLASS,
    DEPARTMENT,
    DIVISION,
    ENTERPRISE,
    NAME,
    STAGE,
    Ask,
    Column,
    Day,
    Figure,
    Listing,
)
from riskmap.lists.rows import objects
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

SINCE = Day("since", "与哪天比较")
# In the order of the list; the first four are told with the list that is compared, the others together.
_KINDS: Mapping[str, str] = {
    "added": "新增",
    "raised": "升级",
    "lowered": "降级",
    "ended": "销号",
    "assessed": "由未评定评入",
    "unassessed": "改为未评定",
    "included": "由不构成评入",
    "excluded": "改为不构成",
    "entered": "移入",
    "left": "移出",
    "moved": "重大与较大互变",
}
_TOLD = ("added", "raised", "lowered", "ended")
# Rows of a list for a moment.
Rows = Callable[[Ask, Snapshot], str]


def then(ask: Ask) -> Snapshot | None:
    """The earlier day, as known at the moment that is asked about; None where none is given. Raises Invalid."""
    day: date | None = ask.given.get(SINCE.name)
    if day is None:
        return None
    moment = ask.snapshot.moment
    if day >= moment.day:
        message = f"比较的日期应早于所看的 {moment.day.isoformat()}"
        raise Invalid(message, errors=[FieldError(SINCE.name, "not_before", message)])
    return ask.snapshot.as_of_day(moment.n, day)


def figures(ask: Ask, name: str, rows: Rows, on_map: Mapping[str, Sequence[str]]) -> Sequence[Figure]:
    """What a list tells of the day that it is compared with; nothing where there is none."""
    was = then(ask)
    if was is None:
        return ()
    day, changes = was.moment.day.isoformat(), f"{name}-changes"
    count = f"(SELECT count(*) FROM ({rows(ask, was)}) AS w)"
    return (
        Figure("then", f"{day} 有", value=count, map={**on_map, "as_of": [day]}),
        *(Figure(kind, f"较该日{_KINDS[kind]}", list=changes, only=kind) for kind in _TOLD),
        Figure("other", "其他增减", list=changes, only="other"),
    )


def changes(parent: str, title: str, rows: Rows, rank: str, *, within: bool) -> Listing:
    """The list of what changed in another one. `rank`: the column that is worse the smaller it is; `within`: a change
    of it inside the list is told as such, apart from what comes and goes."""

    def said(ask: Ask) -> str:
        was = then(ask)
        if was is None:  # the end of the month before
            moment = ask.snapshot.moment
            was = ask.snapshot.as_of_day(moment.n, date.fromordinal(moment.day.replace(day=1).toordinal() - 1))
        return _sql(ask, was, rows, rank, within)

    def figured(ask: Ask) -> Sequence[Figure]:
        kinds = [kind for kind in _KINDS if within or kind != "moved"]
        others = ", ".join(f"'{kind}'" for kind in kinds if kind not in _TOLD)
        return (
            Figure("all", "增减", total=True),
            *(Figure(kind, _KINDS[kind], f"r.kind = '{kind}'") for kind in kinds),
            Figure("other", "其他增减", f"r.kind IN ({others})"),
        )

    return Listing(
        f"{parent}-changes", f"{title}增减", f"{title}清单比那一天多了哪些、少了哪些，各因何；没有选日期时比上月底",
        lambda ask: _COLUMNS, said, figured, "change", parameters=(SINCE,), part_of=parent,
        empty="两天之间没有增减。",
    )  # fmt: skip


_COLUMNS = (
    Column("change", "变化", sort="r.place", width=14),
    NAME,
    Column("was_grade", "原等级", "grade", sort="r.was_grade", width=10, worst_first=True),
    Column("now_grade", "现等级", "grade", sort="r.now_grade", width=10, worst_first=True),
    Column("was_level", "原级别", width=16),
    Column("now_level", "现级别", width=16),
    CLASS,
    ENTERPRISE,
    DIVISION,
    STAGE,
    DEPARTMENT,
)
_PLACE = "coalesce(n.{0}, a.{0}, w.{0}) AS {0}"


def _sql(ask: Ask, was: Snapshot, rows: Rows, rank: str, within: bool) -> str:
    now, anything = ask.snapshot, Selection(stage=("any",))

    def elsewhere(snapshot: Snapshot, here: str, there: str) -> str:
        missing = f"{{id}} IN (SELECT id FROM {here} EXCEPT SELECT id FROM {there})"
        return objects(ask, missing, selection=anything, snapshot=snapshot)

    none = GRADE_RANK["none"]
    k = {side: f"nullif({side}.{rank}, {none})" if rank == "grade" else f"{side}.{rank}" for side in "wnab"}
    # By level it matters why there is none: below the scale is not 未评定.
    o = {side: "NULL::text" if rank == "grade" else f"{side}.level_outside" for side in "wnab"}
    live = ", ".join(f"'{stage}'" for stage in LIVE_STAGES)
    inside = "'moved'" if within else f"CASE WHEN {_lower('n', 'w', k)} THEN 'raised' ELSE 'lowered' END"
    place = "".join(f" WHEN '{kind}' THEN {i}" for i, kind in enumerate(_KINDS))
    words = "".join(f" WHEN '{kind}' THEN '{word}'" for kind, word in _KINDS.items())
    both = ", ".join(_PLACE.format(c) for c in ("id", "class", "name", "division", "enterprise", "department", "stage"))
    return f"""
        WITH w AS MATERIALIZED ({rows(ask, was)}), n AS MATERIALIZED ({rows(ask, now)}),
        b AS MATERIALIZED ({elsewhere(was, "n", "w")}), a AS MATERIALIZED ({elsewhere(now, "w", "n")}),
        told AS (
            SELECT {both},
                coalesce(w.grade, b.grade) AS was_grade, coalesce(n.grade, a.grade) AS now_grade,
                coalesce(w.level_value, w.level_verdict, b.level_value, b.level_verdict) AS was_level,
                coalesce(n.level_value, n.level_verdict, a.level_value, a.level_verdict) AS now_level,
                CASE
                    WHEN w.id = n.id THEN CASE
                        WHEN {k["w"]} IS NOT DISTINCT FROM {k["n"]} AND {o["w"]} IS NOT DISTINCT FROM {o["n"]} THEN NULL
                        WHEN {o["n"]} IS NOT NULL THEN 'excluded'
                        WHEN {o["w"]} IS NOT NULL AND {k["n"]} IS NOT NULL THEN 'included'
                        WHEN {k["w"]} IS NULL THEN 'assessed'
                        WHEN {k["n"]} IS NULL THEN 'unassessed'
                        ELSE {inside} END
                    WHEN w.id IS NULL THEN CASE
                        WHEN b.id IS NULL THEN 'added'
                        WHEN {o["b"]} IS NOT NULL AND {k["n"]} IS NOT NULL THEN 'included'
                        WHEN {k["b"]} IS NULL AND {k["n"]} IS NOT NULL THEN 'assessed'
                        WHEN {_lower("n", "b", k)} THEN 'raised'
                        ELSE 'entered' END
                    WHEN a.id IS NULL OR a.stage NOT IN ({live}) THEN 'ended'
                    WHEN {o["a"]} IS NOT NULL AND {k["w"]} IS NOT NULL THEN 'excluded'
                    WHEN {k["a"]} IS NULL AND {k["w"]} IS NOT NULL THEN 'unassessed'
                    WHEN {_lower("w", "a", k)} THEN 'lowered'
                    ELSE 'left' END AS kind
            FROM w FULL JOIN n ON n.id = w.id
            LEFT JOIN b ON b.id = n.id AND w.id IS NULL LEFT JOIN a ON a.id = w.id AND n.id IS NULL
        )
        SELECT told.*, CASE kind{place} END AS place, CASE kind{words} END AS change FROM told WHERE kind IS NOT NULL
        """


def _lower(one: str, other: str, k: Mapping[str, str]) -> str:
    return f"{k[one]} < {k[other]}"
