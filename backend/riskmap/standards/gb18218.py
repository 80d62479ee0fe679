"""GB 18218-2018 危险化学品重大危险源辨识: identify one unit (S) and grade it (R).

A unit is one production installation, one tank group within its bund, or one warehouse (3.5, 3.6): S and R
belong to the unit, never to the enterprise. α is never part of S, and is told apart from β in every step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from riskmap.standards.bands import COUNT, FROM_ZERO, Bands
from riskmap.standards.result import Checks, Clause, Fault, Given, Refused, Result, Standing, Step, Tag, say, sub
from riskmap.standards.table import Book, Row, known, table

EDITION = "GB 18218-2018"
SCALE = "major-hazard-level"
_FILES = {EDITION: "gb18218-2018"}

IDENTIFIED = Clause(EDITION, "4.2.1", Tag.VERIFIED)
MIXTURE = Clause(EDITION, "4.2.3", Tag.RECALL)
GRADED = Clause(EDITION, "4.3", Tag.VERIFIED)
SMALLEST_Q = Clause(EDITION, "表2（多种危险性）", Tag.RECALL)
OWN_CATEGORY = Clause(EDITION, "表4（表1物质按自身类别）", Tag.RECALL)
# The text does not say which β a substance of several categories takes. Policy: the largest, since a
# danger that it has does not go away because another one has the smaller Q.
LARGEST_BETA = Clause(EDITION, "表4（多种危险性取最大）", Tag.JUDGEMENT)


class Mixture(StrEnum):
    """How a mixture counts; 4.2.3."""

    NO = "no"
    SAME = "same"  # of the same category as the pure substance: all of it counts as that
    OWN = "own"  # of another: by its own category in Table 2


@dataclass(frozen=True, slots=True)
class Holding:
    """One dangerous chemical in a unit: a row of Table 1, else categories of Table 2."""

    row: int | None = None  # by number: one CAS number stands in up to six rows, three rows have none
    categories: tuple[str, ...] = ()  # of a substance of Table 2; for a row of Table 1 that Table 3 lacks: for β
    gas: str | None = None  # named in Table 3 as part of the row: 煤气 is counted as 一氧化碳
    name: str = ""
    mixture: Mixture = Mixture.NO
    quantity_t: Decimal | None = None  # q: design maximum, not today's stock; 4.2.2
    volume_m3: Decimal | None = None  # or this, with the density
    density_t_m3: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Tables:
    """Tables 1 to 6 of one edition."""

    edition: str
    substances: Mapping[int, Row]  # 1
    categories: Mapping[str, Row]  # 2
    gases: Mapping[str, Row]  # 3
    gas_of: Mapping[int, Row]  # 3, by the row of Table 1 that is this gas and nothing else
    betas: Mapping[str, Row]  # 4
    alphas: Bands  # 5
    levels: Bands  # 6

    @classmethod
    def of(cls, book: Book, edition: str = EDITION) -> "Tables":
        """From a book of tables; refused where one is missing, unfit or of another edition."""
        known(edition, *_FILES)
        one, two, three, four, five, six = (table(book, f"{_FILES[edition]}-table{n}", edition) for n in range(1, 7))
        made = cls(
            edition,
            {int(row.number("no")): row for row in one.rows},
            {row.text("symbol"): row for row in two.rows},
            {row.text("gas"): row for row in three.rows},
            {int(row.number("row")): row for row in three.rows if not row.yes("part")},
            {row.text("symbol"): row for row in four.rows},
            Bands.of(five, COUNT),
            Bands.of(six, FROM_ZERO),
        )
        for name, rows, kept in (
            ("表1", one.rows, made.substances),
            ("表2", two.rows, made.categories),
            ("表3", three.rows, made.gases),
            ("表4", four.rows, made.betas),
        ):
            if len(rows) != len(kept):
                raise Refused(Fault(name, "twice", f"{edition} {name}有重复的行"))
        if made.categories.keys() != made.betas.keys():
            raise Refused(Fault("表4", "other_symbols", f"{edition} 表2与表4的符号不一致"))
        for column, tables in (("q_t", (one, two)), ("beta", (three, four)), ("alpha", (five,))):
            for row in (row for found in tables for row in found.rows):
                row.above_zero(column)
        for gas in three.rows:
            if gas.number("row") not in made.substances:
                raise gas.refused("row", "unknown_row", f"表1没有第 {gas.text('row')} 行")
        return made


@dataclass(frozen=True, slots=True)
class Share:
    """One chemical's q/Q, with where its numbers come from."""

    name: str  # of the chemical
    q: Fraction
    threshold: Step  # Q
    before: tuple[Step, ...]  # what q or the choice of the row rests on
    inputs: tuple[Given, ...]

    @property
    def ratio(self) -> Fraction:
        """q/Q, kept exact: a unit that reaches its threshold exactly is in."""
        assert isinstance(self.threshold.value, Fraction)
        return self.q / self.threshold.value

    @property
    def filled(self) -> str:
        """q/Q with its numbers."""
        return f"{say(self.q)}/{self.threshold.text}"


def assess(holdings: Sequence[Holding], exposed: int | None, tables: Tables, *, edition: str = EDITION) -> Result:
    """Whether a unit is a 重大危险源 (4.2.1), and of which level (4.3).

    `exposed`: 常住人口 within 500 m outward of the plant boundary (Table 5); None where there is no boundary
    to measure from. Then R is not computed: nobody found and nobody looked for are two things.
    """
    if tables.edition != edition:
        raise Refused(Fault("edition", "other_edition", f"标准表属于 {tables.edition}，不是 {edition}"))
    checks = Checks()
    if not holdings:
        checks.add("holdings", "missing", "至少填写一种危险化学品")
    found = shares(holdings, tables, checks)
    for n, holding in enumerate(holdings):
        _check_beta(holding, f"holdings.{n}", f"第{n + 1}种", tables, checks)
    if exposed is not None:
        checks.number(exposed, "exposed", "厂区边界外 500 m 常住人口", whole=True)
    checks.refuse()

    persons = ("未知（缺厂区边界）", "") if exposed is None else (str(exposed), "人")
    inputs = (
        *(given for share in found for given in share.inputs),
        Given("exposed", "厂区边界外 500 m 常住人口", *persons),
    )
    steps = sum_steps(found)
    s = sum((share.ratio for share in found), Fraction(0))
    nothing = [share.name for share in found if share.q == 0]
    notes = (f"{'、'.join(nothing)}的设计最大量填的是 0，请核对",) if nothing else ()
    if s < 1:
        verdict = "不构成重大危险源"
        steps += (Step("辨识", "是否重大危险源", "S ≥ 1", f"{say(s)} < 1", verdict, IDENTIFIED),)
        return Result(edition, Standing.OUTSIDE, verdict, SCALE, "", steps, inputs, notes=notes)
    betas = tuple(
        _beta(n, share.name, holding, tables) for n, (share, holding) in enumerate(zip(found, holdings, strict=True))
    )
    steps += (Step("辨识", "是否重大危险源", "S ≥ 1", f"{say(s)} ≥ 1", "重大危险源", IDENTIFIED), *betas)
    if exposed is None:
        return Result(edition, Standing.UNKNOWN, "未评定，缺厂区边界", SCALE, "", steps, inputs, notes=notes)
    graded = _grade(found, betas, exposed, tables)
    level = graded[-1].text
    return Result(edition, Standing.GRADED, level, SCALE, level, (*steps, *graded), inputs, notes=notes)


def shares(holdings: Sequence[Holding], tables: Tables, checks: Checks, field: str = "holdings") -> tuple[Share, ...]:
    """q/Q of each chemical, also for another standard that asks this one for Q; faults go to `checks`."""
    found = []
    for n, holding in enumerate(holdings):
        before_it = len(checks.faults)
        at, who = f"{field}.{n}", f"第{n + 1}种"
        q, before = _quantity(n, holding, at, who, checks)
        _check_choice(holding, at, who, tables, checks)
        if len(checks.faults) == before_it:
            found.append(_share(n, holding, q, before, at, tables))
    return tuple(found)


def sum_steps(found: Sequence[Share]) -> tuple[Step, ...]:
    """S = q₁/Q₁ + q₂/Q₂ + … + qₙ/Qₙ (4.2.1), and what it rests on."""
    formula = " + ".join(f"q{sub(n)}/Q{sub(n)}" for n in range(len(found)))
    filled = " + ".join(share.filled for share in found)
    s = sum((share.ratio for share in found), Fraction(0))
    before = (step for share in found for step in (*share.before, share.threshold))
    return (*before, Step("S", "辨识指标", formula, filled, s, IDENTIFIED))


def _grade(found: Sequence[Share], betas: Sequence[Step], exposed: int, tables: Tables) -> tuple[Step, ...]:
    """α by Table 5, R = α·(β₁·q₁/Q₁ + … + βₙ·qₙ/Qₙ) (4.3), and the level by Table 6."""
    band = tables.alphas.at(Fraction(exposed))
    alpha = band.row.number("alpha")
    where = f"厂区边界外 500 m 常住人口 {band.says(str(exposed))} 人"
    r, formula, filled = Fraction(0), [], []
    for n, (share, beta) in enumerate(zip(found, betas, strict=True)):
        assert isinstance(beta.value, Fraction)
        r += alpha * beta.value * share.ratio
        formula.append(f"β{sub(n)} × q{sub(n)}/Q{sub(n)}")
        filled.append(f"{beta.text} × {share.filled}")
    return (
        Step("α", "厂外暴露人员校正系数", "", "", alpha, band.row.clause, note=where),
        Step("R", "分级指标", f"α × ({' + '.join(formula)})", f"{say(alpha)} × ({' + '.join(filled)})", r, GRADED),
        tables.levels.step("R", r, "重大危险源级别"),
    )


def _quantity(n: int, holding: Holding, at: str, who: str, checks: Checks) -> tuple[Fraction, list[Step]]:
    """q in tonnes, with the conversion where a volume was given."""
    if holding.volume_m3 is None and holding.density_t_m3 is None:
        return checks.number(holding.quantity_t, f"{at}.quantity_t", f"{who}的数量"), []
    if holding.quantity_t is not None:
        checks.add(f"{at}.quantity_t", "both", f"{who}的数量和“体积 × 密度”只填一种")
        return Fraction(0), []
    volume = checks.number(holding.volume_m3, f"{at}.volume_m3", f"{who}的体积")
    density = checks.number(holding.density_t_m3, f"{at}.density_t_m3", f"{who}的密度", above_zero=True)
    filled = f"{say(volume)} m³ × {say(density)} t/m³"
    return volume * density, [Step(f"q{sub(n)}", "数量", "V × ρ", filled, volume * density, None, "t")]


def _check_choice(holding: Holding, at: str, who: str, tables: Tables, checks: Checks) -> None:
    """Whether what was chosen stands in the tables and says enough for Q and β."""
    for symbol in holding.categories:
        if symbol not in tables.categories:
            checks.add(f"{at}.categories", "unknown_symbol", f"{who}：表2没有“{symbol}”这个符号")
    if holding.row is None:
        if not holding.categories:
            checks.add(f"{at}.row", "missing", f"{who}：请选表1的一行，不在表1中的选表2的类别")
        if holding.gas is not None:
            checks.add(f"{at}.gas", "not_of_row", f"{who}：表3的气体要连同表1的行一起选")
        return
    if holding.row not in tables.substances:
        checks.add(f"{at}.row", "unknown_row", f"{who}：表1没有第 {holding.row} 行")
        return
    if holding.mixture is Mixture.OWN:
        checks.add(f"{at}.row", "own_category", f"{who}：与纯物质危险类别不同的混合物不选表1，按自身类别选表2")
    if holding.gas is not None:
        gas = tables.gases.get(holding.gas)
        if gas is None:
            checks.add(f"{at}.gas", "unknown_gas", f"{who}：表3没有“{holding.gas}”")
        elif gas.number("row") != holding.row:
            checks.add(f"{at}.gas", "not_of_row", f"{who}：“{holding.gas}”不属于表1第 {holding.row} 行")


def _check_beta(holding: Holding, at: str, who: str, tables: Tables, checks: Checks) -> None:
    """Whether β can be found: for R only, S does without."""
    row = tables.substances.get(holding.row) if holding.row is not None else None
    if row is not None and not holding.categories and not holding.gas and holding.row not in tables.gas_of:
        name = row.text("name")
        checks.add(f"{at}.categories", "missing", f"{who}：“{name}”不在表3中，请选它自身的危险类别（表2符号）以确定 β")


def _share(n: int, holding: Holding, q: Fraction, before: list[Step], at: str, tables: Tables) -> Share:
    if holding.mixture is not Mixture.NO:
        said = "与纯物质危险类别相同，按纯物质计" if holding.mixture is Mixture.SAME else "按混合物自身危险类别计"
        before.append(Step(f"混合物{sub(n)}", "混合物的计法", "", "", said, MIXTURE))
    if holding.row is not None:
        row = tables.substances[holding.row]
        name = holding.name or row.text("name")
        threshold = _threshold(n, row, name, f"第{holding.row}行 {row.text('name')}")
        return Share(name, q, threshold, tuple(before), _given(holding, name, at))
    row = min((tables.categories[s] for s in holding.categories), key=lambda row: row.number("q_t"))
    name = holding.name or row.text("category")
    threshold = _threshold(n, row, name, f"{row.text('symbol')} {row.text('category')}")
    if len(set(holding.categories)) > 1:
        listed = "、".join(f"{s} {say(tables.categories[s].number('q_t'))} t" for s in holding.categories)
        before.append(Step(f"类别{sub(n)}", "多种危险性取最小临界量", "", listed, threshold.note, SMALLEST_Q))
    return Share(name, q, threshold, tuple(before), _given(holding, name, at))


def _threshold(n: int, row: Row, name: str, note: str) -> Step:
    return Step(f"Q{sub(n)}", f"{name}临界量", "", "", row.number("q_t"), row.clause, "t", note)


def _beta(n: int, name: str, holding: Holding, tables: Tables) -> Step:
    """β: of the named gas (Table 3), else of the category (Table 4)."""
    gas = tables.gases[holding.gas] if holding.gas else tables.gas_of.get(holding.row or 0)
    symbol, title = f"β{sub(n)}", f"{name}校正系数"
    if gas is not None:
        return Step(symbol, title, "", "", gas.number("beta"), gas.clause, note=gas.text("gas"))
    row = max((tables.betas[s] for s in holding.categories), key=lambda row: row.number("beta"))
    note = f"{row.text('symbol')} {row.text('category')}"
    clause = row.clause
    if len({tables.betas[s].number("beta") for s in holding.categories}) > 1:
        clause = LARGEST_BETA
    elif holding.row is not None:
        clause = OWN_CATEGORY
    return Step(symbol, title, "", "", row.number("beta"), clause, note=note)


def _given(holding: Holding, name: str, at: str) -> tuple[Given, ...]:
    given = [
        Given(f"{at}.row", name, f"表1 第{holding.row}行" if holding.row else "表2 " + "、".join(holding.categories))
    ]
    if holding.row and (holding.gas or holding.categories):
        given.append(Given(f"{at}.categories", f"{name} β 依据", holding.gas or "、".join(holding.categories)))
    for field, title, value, unit in (
        ("quantity_t", "设计最大量", holding.quantity_t, "t"),
        ("volume_m3", "设计最大体积", holding.volume_m3, "m³"),
        ("density_t_m3", "密度", holding.density_t_m3, "t/m³"),
    ):
        if value is not None:
            given.append(Given(f"{at}.{field}", f"{name} {title}", str(value), unit))
    return tuple(given)
