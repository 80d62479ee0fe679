"""GB/T 37243-2019 外部安全防护距离确定方法: which method a plant's distance is to be found by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from riskmap.standards import gb18218
from riskmap.standards.gb18218 import Holding
from riskmap.standards.result import Checks, Clause, Given, Result, Standing, Step, Tag, say
from riskmap.standards.table import Book, Row, known, table

EDITION = "GB/T 37243-2019"
EXPLOSIVE, TOXIC, FLAMMABLE = "爆炸物", "毒性气体", "易燃气体"
CONSEQUENCE, QUANTITATIVE, DESIGN_CODES = "事故后果法", "定量风险评价法", "执行相关标准规范的距离要求"

EXPLOSIVES = Clause(EDITION, "4.2", Tag.RECALL)
GASES = Clause(EDITION, "4.3", Tag.RECALL)
OTHERWISE = Clause(EDITION, "4.4", Tag.RECALL)
# Toxic and flammable gases may be read as one sum or as two. Policy: one, which asks for the closer study
# sooner; marked only where no gas reaches 1 by itself, so that the reading decides.
ONE_SUM = Clause(EDITION, "4.3（毒性气体与易燃气体合计）", Tag.JUDGEMENT)


@dataclass(frozen=True, slots=True)
class Tables:
    """What the standard is not for, and the tables of GB 18218 that it asks for Q."""

    edition: str
    excluded: tuple[Row, ...]
    hazards: gb18218.Tables
    kinds: Mapping[str, Row]  # symbol of GB 18218 → what it is here
    sites: tuple[Row, ...]  # what is registered of a plant → an excluded site

    @classmethod
    def of(cls, book: Book, edition: str = EDITION) -> "Tables":
        """From a book of tables; refused where one is missing, unfit or of another edition."""
        known(edition, EDITION)
        return cls(
            edition,
            table(book, "gbt37243-2019-excluded", edition).rows,
            gb18218.Tables.of(book),
            {row.text("symbol"): row for row in table(book, "gbt37243-2019-kinds", edition).rows},
            table(book, "gbt37243-2019-sites", edition).rows,
        )

    def kind(self, holding: Holding) -> Row | None:
        """What a chemical is here (爆炸物, 毒性气体, 易燃气体), the gravest first; None: nothing of them.

        A named gas of Table 3 is a toxic gas, whatever its category. Policy: as the row of J1 says.
        """
        found = [self.kinds[symbol] for symbol in holding.categories if symbol in self.kinds]
        if holding.gas or holding.row in self.hazards.gas_of:
            found.append(next(row for row in self.kinds.values() if row.text("kind") == TOXIC))
        order = list(dict.fromkeys(row.text("kind") for row in self.kinds.values()))
        return min(found, key=lambda row: order.index(row.text("kind")), default=None)

    def site(self, said: Mapping[str, str]) -> Row | None:
        """The excluded site that a plant is by what is registered of it; a code holds for those that begin with it."""
        for row in self.sites:
            own = said.get(row.text("field"), "").lstrip("ABCDEFGHIJKLMNOPQRST")
            value = row.text("value")
            if own and (own == value or (value.isdigit() and own.startswith(value))):
                return row
        return None


def choose(tables: Tables, *, explosives: bool, gases: Sequence[Holding] = (), site: str = "") -> Result:
    """The method, by what the plant holds. `gases`: toxic and flammable ones, at their design maximum."""
    checks = Checks()
    for row in tables.excluded:
        if site and row.text("site") == site:
            verdict = f"本标准不适用（{site}）"
            step = Step("适用", "适用范围", "", site, verdict, row.clause)
            return Result(tables.edition, Standing.OUTSIDE, verdict, "", "", (step,), (Given("site", "场所", site),))
    if site:
        checks.add("site", "unknown_site", f"“{site}”不在本标准不适用的场所之列，不必填写")
    shares = gb18218.shares(gases, tables.hazards, checks, "gases")
    checks.refuse()
    inputs = (
        Given("explosives", "涉及爆炸物", "是" if explosives else "否"),
        *(given for share in shares for given in share.inputs),
    )
    title = "外部安全防护距离确定方法"
    if explosives:
        step = Step("方法", title, "", "涉及爆炸物", CONSEQUENCE, EXPLOSIVES)
        return Result(tables.edition, Standing.GRADED, CONSEQUENCE, "", CONSEQUENCE, (step,), inputs)
    if not shares:
        step = Step("方法", title, "", "不涉及爆炸物、毒性气体、易燃气体", DESIGN_CODES, OTHERWISE)
        return Result(tables.edition, Standing.GRADED, DESIGN_CODES, "", DESIGN_CODES, (step,), inputs)
    ratios = [share.ratio for share in shares]
    total = sum(ratios, Fraction(0))
    if total < 1:
        method, clause = DESIGN_CODES, OTHERWISE
    else:
        method, clause = QUANTITATIVE, GASES if max(ratios) >= 1 else ONE_SUM
    filled = f"{say(total)} {'≥' if total >= 1 else '<'} 1"
    steps = (*gb18218.sum_steps(shares), Step("方法", title, "S ≥ 1", filled, method, clause))
    notes = ("企业内全部危险化学品生产装置和储存设施一并评价",) if total >= 1 else ()
    return Result(tables.edition, Standing.GRADED, method, "", method, steps, inputs, notes)
