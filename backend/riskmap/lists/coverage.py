"""辨识覆盖: class by town by month. What has no record, and what was never assessed: neither is ever low."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from riskmap.access.reader import COMMAND_TIER, territory
from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.model import GRADES
from riskmap.lists.model import Ask, Column, Figure, Listing, Number, Opens, Row
from riskmap.lists.rows import objects
from riskmap.selection.compile import LETTERS
from riskmap.selection.describe import GRADE_WORDS
from riskmap.selection.model import Selection

MONTHS = Number("months", "看几个月", "个月", Decimal(6), Decimal(1), Decimal(12), whole=True)
# The class of what is recorded of an enterprise's risks: an enterprise without one is not assessed.
_RECORD, _ENTERPRISE = "risk-point", "enterprise"
_STATES = {"blank": "无记录", "unassessed": "未评定", "partly": "部分未评定", "assessed": "已评定"}
# In the order of the list: what is known to be there and was never assessed comes before where nothing is recorded.
_URGENT_FIRST = ("unassessed", "blank", "partly", "assessed")
_UNIT = "CASE WHEN length({division}) >= 9 THEN left({division}, 9) ELSE {division} END"


def _month_ends(ask: Ask) -> list[date]:
    """The last day of each month, the latest first; that of the moment's own month is its day."""
    day = ask.snapshot.moment.day
    out = [day]
    for _ in range(int(ask.given["months"]) - 1):
        out.append(out[-1].replace(day=1) - timedelta(days=1))
    return out


def _opens(day: date | None = None, grade: str | None = None) -> Callable[[Row], Opens | None]:
    """A cell's objects on the map: only where the unit is a town, for a county means all its towns."""

    def opens(row: Row) -> Opens | None:
        if len(row["division"]) < 9 and not row["whole"]:
            return None
        narrowed = {"class": [row["class"]], "division": [row["division"]]}
        if grade:
            narrowed["grade"] = [grade]
        if day:
            narrowed["as_of"] = [day.isoformat()]
        return {"map": narrowed}

    return opens


def _columns(ask: Ask) -> Sequence[Column]:
    ends = _month_ends(ask)
    return (
        Column("division", "乡镇（街道）", "division", sort=f"r.division {LETTERS}", width=15),
        Column("class", "分类", "class", sort="r.place", width=13),
        Column("status", "状况", sort="r.status_rank", width=12),
        Column("n", "现有", "number", sort="r.n", width=6, opens=_opens()),
        *(
            Column(f"grade_{g}", GRADE_WORDS[g], "number", sort=f"r.grade_{g}", width=6, opens=_opens(grade=g))
            for g in GRADES
        ),
        Column("enterprises", "已知企业", "number", "家", sort="r.enterprises", width=6),
        *(
            Column(
                f"month_{i}", f"{end:%Y-%m}", "number", sort=f"r.month_{i}", width=6,
                opens=_opens(end if i else None),
            )
            for i, end in enumerate(ends)
        ),
    )  # fmt: skip


def _classes(ask: Ask) -> list[str]:
    reader = ask.snapshot.reader
    return [
        c.code
        for c in ask.snapshot.catalogue.classes.values()
        if c.role == "hazard"
        and (c.code in ask.selection.classes if ask.selection.classes else not c.retired)
        and (not reader.classes or c.code in reader.classes or not reader.sees_inner)
    ]


def _units(ask: Ask) -> list[str]:
    """Towns within what is asked and may be seen; counties for the public, whose division is no finer."""
    moment, reader = ask.snapshot.moment, ask.snapshot.reader
    level = "town" if reader.sees_inner else "county"
    asked = tuple(territory(code) for code in ask.selection.division)
    mine = reader.area_prefixes if reader.sees_inner else ()
    return [
        d["code"]
        for d in catalogue_queries.divisions(ask.snapshot.connection, moment.n, moment.day)
        if d["level"] == level
        and (not asked or d["code"].startswith(asked))
        and (not mine or d["code"].startswith(mine))
    ]


def _rows(ask: Ask) -> str:
    snapshot, binds = ask.snapshot, ask.binds
    classes, units = _classes(ask), _units(ask)
    of_these = f"{{class}} = ANY(CAST({binds(classes)} AS text[]))"
    unit = {"unit": _UNIT}
    graded = objects(ask, of_these, columns=("class", "grade"), more=unit)
    firms = objects(ask, f"{{class}} = '{_ENTERPRISE}'", selection=Selection(), columns=("id",), more=unit)
    # Every cell, then what stands in it now and at the end of each month: m is the month, 0 the present one.
    counted = [
        "SELECT c.class, u.unit, 0::smallint AS grade, 0 AS m, 0 AS n"
        f" FROM unnest(CAST({binds(classes)} AS text[])) AS c (class),"
        f" unnest(CAST({binds(units)} AS text[])) AS u (unit)",
        f"SELECT o.class, o.unit, o.grade, 0, count(*) FROM ({graded}) AS o GROUP BY 1, 2, 3",
    ]
    months = _month_ends(ask)
    for i, end in enumerate(months[1:], 1):
        about = snapshot.as_of_day(snapshot.moment.n, end)
        then = objects(ask, of_these, columns=("class",), more=unit, snapshot=about)
        counted.append(f"SELECT o.class, o.unit, 0, {i}, count(*) FROM ({then}) AS o GROUP BY 1, 2")
    told = [f"sum(a.n) FILTER (WHERE a.m = 0 AND a.grade = {i})" for i in range(1, len(GRADES) + 1)]
    named = [f"coalesce({sql}, 0) AS grade_{g}" for sql, g in zip(told, GRADES, strict=True)]
    named += [f"coalesce(sum(a.n) FILTER (WHERE a.m = {i}), 0) AS month_{i}" for i in range(len(months))]
    cells = (
        f"SELECT a.class, a.unit, coalesce(sum(a.n) FILTER (WHERE a.m = 0), 0) AS n, {', '.join(named)}"
        f" FROM ({' UNION ALL '.join(counted)}) AS a GROUP BY a.class, a.unit"
    )
    order = f"array_position(CAST({binds(classes)} AS text[]), k.class)"
    # A cell that only the past filled stands there too, empty now.
    joined = (
        f"SELECT k.*, k.unit AS division, {order} AS place, coalesce(f.firms, 0) AS enterprises,"
        f" {'false' if snapshot.reader.sees_inner else 'true'} AS whole FROM ({cells}) AS k"
        f" LEFT JOIN (SELECT unit, count(*) AS firms FROM ({firms}) AS e GROUP BY unit) AS f ON f.unit = k.unit"
    )
    return (
        f"SELECT t.*, array_position(CAST({binds(list(_URGENT_FIRST))} AS text[]), t.state_of) AS status_rank FROM ("
        f"SELECT j.*, CASE WHEN j.n = 0 AND j.enterprises > 0 AND j.class = '{_RECORD}' THEN 'unassessed'"
        " WHEN j.n = 0 THEN 'blank' WHEN j.grade_none = j.n THEN 'unassessed' WHEN j.grade_none > 0 THEN 'partly'"
        f" ELSE 'assessed' END AS state_of FROM ({joined}) AS j) AS t"
    )


def _figures(ask: Ask) -> Sequence[Figure]:
    return (
        Figure("all", "分类 × 乡镇", total=True, unit="格"),
        *(Figure(name, word, f"r.state_of = '{name}'", "格") for name, word in _STATES.items()),
        Figure("firms-without", "有企业、无风险记录", f"r.class = '{_RECORD}' AND r.n = 0 AND r.enterprises > 0", "格"),
    )


def _finish(ask: Ask, rows: list[Row]) -> None:
    reader = ask.snapshot.reader
    sees_all = reader.sees_inner and not reader.is_limited and reader.tier >= COMMAND_TIER
    for row in rows:
        word = _STATES[row["state_of"]]
        if row["state_of"] == "unassessed" and row["n"] == 0:
            word = "未评定（有企业，无记录）"
        elif row["state_of"] == "blank" and not sees_all:
            word = "可见范围内无记录"  # what there is may not be his to see
        row["status"] = word


LIST = Listing(
    "coverage", "辨识覆盖", "各乡镇各类风险有没有登记、评没评定，逐月怎样变化", _columns, _rows, _figures, "status",
    ties="division, class", parameters=(MONTHS,), finish=_finish,
)  # fmt: skip
