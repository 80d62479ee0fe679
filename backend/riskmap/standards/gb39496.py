"""GB 39496-2020 尾矿库安全规程: class (等别) of a tailings pond, and its monitoring alarms rolled up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from riskmap.standards.bands import FROM_ZERO, Bands
from riskmap.standards.result import Checks, Clause, Given, Result, Standing, Step, Tag, say
from riskmap.standards.table import Book, Table, known, table

EDITION = "GB 39496-2020"
SCALE = "tailings-class"

TOGETHER = Clause(EDITION, "等别（库容与坝高分属两等）", Tag.VERIFIED)
RAISED = Clause(EDITION, "等别（论证后提高一等）", Tag.VERIFIED)
NO_DAM = Clause(EDITION, "等别（露天采坑无坝）", Tag.VERIFIED)


@dataclass(frozen=True, slots=True)
class Classes:
    """The table of classes: bands of the full capacity V (万m³) and of the dam height H (m)."""

    edition: str
    v: Bands
    h: Bands

    @classmethod
    def of(cls, book: Book, edition: str = EDITION) -> "Classes":
        """From a book of tables; refused where a V or an H would have no class, or two."""
        known(edition, EDITION)
        found = table(book, "gb39496-2020-class", edition)
        return cls(edition, Bands.of(found, FROM_ZERO, "v_"), Bands.of(found, FROM_ZERO, "h_"))

    @property
    def levels(self) -> list[str]:
        """一等 to 五等, the highest first."""
        return [band.row.text("level") for band in self.v.bands]


def tailings_class(
    capacity_m3: Decimal | None,
    dam_height_m: Decimal | None,
    classes: Classes,
    *,
    phase: str = "",
    raised_because: str = "",
    pit_without_dam: bool = False,
) -> Result:
    """The class of a pond at its present stage, from V and H of that stage.

    One class apart, the higher counts; more than one, the higher lowered by one. `raised_because`: the
    document that justifies one class more, where a failure would badly hit a town, a plant or a main line.
    """
    checks = Checks()
    cubic = checks.number(capacity_m3, "capacity_m3", "全库容", above_zero=True)
    inputs = [Given("phase", "现阶段", phase)] if phase else []
    if pit_without_dam:
        checks.refuse()
        inputs.append(Given("capacity_m3", "全库容", say(cubic), "m³"))
        verdict = "可不定等别（露天采坑，无坝）"
        undammed = Step("等别", "尾矿库等别", "", "", verdict, NO_DAM)
        return Result(classes.edition, Standing.OUTSIDE, verdict, SCALE, "", (undammed,), tuple(inputs))
    h = checks.number(dam_height_m, "dam_height_m", "总坝高", above_zero=True)
    checks.refuse()
    v = cubic / 10000
    inputs += [Given("capacity_m3", "全库容", say(cubic), "m³"), Given("dam_height_m", "总坝高", say(h), "m")]
    by_v = classes.v.step("V", v, "按全库容", "等别V")
    by_h = classes.h.step("H", h, "按坝高", "等别H")
    ranks = sorted(classes.levels.index(step.text) for step in (by_v, by_h))
    apart = ranks[1] - ranks[0]
    rank = ranks[0] if apart <= 1 else ranks[0] + 1
    said = "相同" if apart == 0 else "相差一等，取高" if apart == 1 else f"相差{'零一二三四'[apart]}等，取高者降一等"
    level = classes.levels[rank]
    steps: tuple[Step, ...] = (
        Step("V", "全库容", "", f"{say(cubic)} m³ ÷ 10000", v, None, "万m³"),
        by_v,
        by_h,
        Step("等别", "尾矿库等别", "", f"{by_v.text}与{by_h.text}{said}", level, TOGETHER),
    )
    if raised_because:
        if rank == 0:
            checks.add("raised_because", "highest", f"已是{level}，不能再提高")
            checks.refuse()
        level = classes.levels[rank - 1]
        inputs.append(Given("raised_because", "提高一等的论证", raised_because))
        steps = (*steps, Step("提高", "论证后提高一等", "", raised_because, level, RAISED))
    return Result(classes.edition, Standing.GRADED, level, SCALE, level, steps, tuple(inputs))


# The clause in hand does not say whether one point of a colour makes its item that colour. Policy: it does,
# since an alarm must not be lost in a sum.
WORST_POINT = Clause(EDITION, "5.5.4（不低于最重的一点）", Tag.JUDGEMENT)
# Read only in part: that items of a pond roll up as points of an item do, each sum counting as one item more.
WHOLE_POND = Clause(EDITION, "5.5.4（全库汇总）", Tag.RECALL)
NO_ALARM = "无报警"


@dataclass(frozen=True, slots=True)
class Alarms:
    """How many of a colour make one of the next: 蓝 → 黄 → 橙 → 红."""

    edition: str
    colours: tuple[str, ...]  # the lightest first
    counts: tuple[int, ...]  # how many of each colour, but of the last
    clause: Clause

    @classmethod
    def of(cls, book: Book, edition: str = EDITION) -> "Alarms":
        """From a book of tables; refused where the colours do not follow one another."""
        known(edition, EDITION)
        found: Table = table(book, "gb39496-2020-alarm", edition)
        for row, after in pairwise(found.rows):
            if row.text("becomes") != after.text("colour"):
                raise row.refused("becomes", "no_chain", "各色应逐级相接")
        colours = (*(row.text("colour") for row in found.rows), found.rows[-1].text("becomes"))
        return cls(edition, colours, tuple(int(row.above_zero("count")) for row in found.rows), found.rows[0].clause)


def item_alarm(points: Sequence[str | None], alarms: Alarms) -> Result:
    """Alarm of one monitoring item from its points' colours; None: a point without alarm."""
    return _roll_up(points, alarms, "测点", alarms.clause, carry=False)


def pond_alarm(items: Sequence[str | None], alarms: Alarms) -> Result:
    """Alarm of the whole pond from its items' colours: four blue items count as one yellow more, and on."""
    return _roll_up(items, alarms, "监测项目", WHOLE_POND, carry=True)


def monitoring_alarm(points: Mapping[str, Sequence[str | None]], alarms: Alarms) -> Result:
    """Alarm of a pond from the colours of the points of its monitoring items: each item, then the whole pond."""
    steps: list[Step] = []
    inputs: list[Given] = []
    colours: list[str | None] = []
    for n, (item, given) in enumerate(points.items()):
        found = item_alarm(given, alarms)
        colours.append(found.level or None)
        steps += (replace(step, title=f"{item}：{step.title}") for step in found.steps)
        counted = {colour: sum(c == colour for c in given) for colour in (*reversed(alarms.colours), None)}
        said = "，".join(f"{colour or '正常'} {count}" for colour, count in counted.items() if count)
        steps.append(Step("项目", item, "", said, found.verdict, None))
        inputs.append(Given(f"alarms.{n}", item, f"{len(given)} 个测点：{said}"))
    pond = pond_alarm(colours, alarms)
    steps += (replace(step, title=f"全库：{step.title}") for step in pond.steps)
    steps.append(Step("全库", "尾矿库监测报警", "", "", pond.verdict, None))
    return replace(pond, steps=tuple(steps), inputs=tuple(inputs))


def _roll_up(given: Sequence[str | None], alarms: Alarms, of: str, clause: Clause, *, carry: bool) -> Result:
    checks = Checks()
    if not given:
        checks.add("points", "missing", f"没有{of}")
    for n, colour in enumerate(given):
        if colour is not None and colour not in alarms.colours:
            checks.add(f"points.{n}", "unknown_colour", f"第{n + 1}个{of}：没有“{colour}”色报警")
    checks.refuse()
    inputs = tuple(Given(f"points.{n}", f"第{n + 1}个{of}", colour or NO_ALARM) for n, colour in enumerate(given))
    steps = []
    rolled, more = -1, 0
    for rank, (colour, count) in enumerate(zip(alarms.colours, alarms.counts, strict=False)):
        own = sum(c == colour for c in given)
        if own + more >= count:
            rolled = rank + 1
            counted = f"{own} + {more}" if more else f"{own}"
            filled = f"{colour} {counted} ≥ {count}"
            steps.append(
                Step(
                    f"{of}汇总",
                    f"{count} 个{colour}色计为{alarms.colours[rolled]}色",
                    "",
                    filled,
                    alarms.colours[rolled],
                    clause,
                )
            )
        more = (own + more) // count if carry else 0
    worst = max((alarms.colours.index(colour) for colour in given if colour is not None), default=-1)
    if worst > rolled:
        colour = alarms.colours[worst]
        steps.append(Step("最重", f"最重的{of}", "", f"有{colour}色{of}", colour, WORST_POINT))
    if max(worst, rolled) < 0:
        return Result(alarms.edition, Standing.GRADED, NO_ALARM, "", "", tuple(steps), inputs)
    level = alarms.colours[max(worst, rolled)]
    return Result(alarms.edition, Standing.GRADED, f"{level}色报警", "", level, tuple(steps), inputs)
