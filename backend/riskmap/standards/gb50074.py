"""GB 50074-2014 石油库设计规范: grade of an oil depot by its computed capacity TV."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from riskmap.standards.bands import FROM_ZERO, Bands
from riskmap.standards.need import Facts, Need
from riskmap.standards.result import Checks, Clause, Given, Refused, Result, Standing, Step, Tag, say
from riskmap.standards.table import Book, Row, known, table

EDITION = "GB 50074-2014"
SCALE = "depot-grade"
CODE = "GB 50074"
TOXIC = "毒性Ⅰ级Ⅱ级"

CAPACITY = Clause(EDITION, "计算总容量 TV", Tag.VERIFIED)
SCOPE = Clause(EDITION, "适用范围", Tag.RECALL)  # tanks inside a chemical works follow GB 50160 or GB 50016


class Use(StrEnum):
    """What a tank is for: the last three are not counted."""

    STORAGE = "储罐"
    ZERO = "零位罐"
    RELAY = "中继罐"
    VENT = "放空罐"


@dataclass(frozen=True, slots=True)
class Tank:
    """A tank, or all tanks of one liquid."""

    fire_class: str  # 甲A … 丙B
    volume_m3: Decimal | None
    toxic: bool = False  # of toxicity class Ⅰ or Ⅱ: counts as such, whatever its fire class
    use: Use = Use.STORAGE


@dataclass(frozen=True, slots=True)
class Tables:
    """Weights by fire class, and grades by TV."""

    edition: str
    weights: Mapping[str, Row]
    grades: Bands

    @classmethod
    def of(cls, book: Book, edition: str = EDITION) -> "Tables":
        """From a book of tables; refused where one is missing, unfit or of another edition."""
        known(edition, EDITION)
        weights = {row.text("fire_class"): row for row in table(book, "gb50074-2014-weight", edition).rows}
        for row in weights.values():
            row.above_zero("weight")
        return cls(edition, weights, Bands.of(table(book, "gb50074-2014-grade", edition), FROM_ZERO))


def depot_grade(tanks: Sequence[Tank], tables: Tables, *, governing_code: str = CODE) -> Result:
    """The grade of a depot: TV is the sum of volumes, each weighed by its liquid."""
    if governing_code != CODE:
        verdict = f"不按 {CODE} 定级（执行 {governing_code}）"
        step = Step("适用", "适用规范", "", governing_code, verdict, SCOPE)
        given = Given("governing_code", "适用规范", governing_code)
        return Result(tables.edition, Standing.OUTSIDE, verdict, SCALE, "", (step,), (given,))
    checks = Checks()
    if not tanks:
        checks.add("tanks", "missing", "至少填写一种储存介质与容量")
    volumes = []
    for n, tank in enumerate(tanks):
        volumes.append(checks.number(tank.volume_m3, f"tanks.{n}.volume_m3", f"第{n + 1}项的容量"))
        if tank.fire_class not in tables.weights or tank.fire_class == TOXIC:
            checks.add(f"tanks.{n}.fire_class", "unknown_class", f"第{n + 1}项：没有“{tank.fire_class}”这一类别")
    if tanks and all(tank.use is not Use.STORAGE for tank in tanks):
        checks.add("tanks", "none_counts", "零位罐、中继罐、放空罐不计入总容量，至少填写一个储罐")
    checks.refuse()

    tv, terms, inputs, notes = Fraction(0), [], [], []
    for n, (tank, volume) in enumerate(zip(tanks, volumes, strict=True)):
        key = TOXIC if tank.toxic else tank.fire_class
        inputs.append(Given(f"tanks.{n}.volume_m3", f"{key} {tank.use}", say(volume), "m³"))
        if tank.use is not Use.STORAGE:
            notes.append(f"{tank.use} {say(volume)} m³ 不计入总容量")
            continue
        weight = tables.weights[key].number("weight")
        terms.append(f"{say(weight)} × {say(volume)}")
        tv += weight * volume
    step = Step("TV", "计算总容量", "ΣkᵢVᵢ", " + ".join(terms), tv, CAPACITY, "m³")
    grade = tables.grades.step("TV", tv, "石油库等级", "等级")
    steps = (step, grade)
    return Result(tables.edition, Standing.GRADED, grade.text, SCALE, grade.text, steps, tuple(inputs), tuple(notes))


def need(hazard: Facts, kind: str, target: Facts, book: Book) -> Need | None:
    """Metres from a depot's above-ground tanks of 甲B or 乙 liquids to housing and public buildings, by its grade.

    None where the hazard holds liquefied gas alone, which has a table of its own.
    """
    rows = table(book, "gb50074-2014-distance", EDITION).rows
    storage = [row for row in hazard.get("storage") or () if row.get("fire_class")]
    if storage and all(row["fire_class"] == "甲A" for row in storage):
        return None
    if hazard.get("storage") and not storage:
        return None  # by substance alone: nothing that a depot is graded by
    level, doubts = hazard.get("level"), []
    if level is None and storage:
        tanks = [
            Tank(
                r["fire_class"], r.get("volume_m3"), toxic=r.get("toxic") is True, use=Use(r.get("use") or Use.STORAGE)
            )
            for r in storage
        ]
        try:
            level = depot_grade(tanks, Tables.of(book)).level
        except Refused:  # a tank without volume
            level = None
    if level is None:
        level = "一级"
        doubts.append("石油库等级未定，按一级")
    row = next((r for r in rows if r.text("level") == level), None)
    if row is None or not row.text("residential_m"):
        return Need(None, rows[0].clause, f"{level}石油库，表中没有数值")
    return Need(row.number("residential_m"), row.clause, f"{level}石油库，对方为居住区或公共建筑", tuple(doubts))
