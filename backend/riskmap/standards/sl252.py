"""SL 252-2017 水利水电工程等级划分及洪水标准: size of a reservoir by its total capacity."""

from decimal import Decimal

from riskmap.standards.bands import FROM_ZERO, Bands
from riskmap.standards.result import Checks, Given, Result, Standing, Step, say
from riskmap.standards.table import Book, known, table

EDITION = "SL 252-2017"


def sizes(book: Book, edition: str = EDITION) -> Bands:
    """The table of sizes, in 万m³."""
    known(edition, EDITION)
    return Bands.of(table(book, "sl252-2017-reservoir", edition), FROM_ZERO)


def reservoir_size(capacity_m3: Decimal | None, bands: Bands) -> Result:
    """大（1）型 to 小（2）型; what is smaller is a pond and no reservoir."""
    checks = Checks()
    cubic = checks.number(capacity_m3, "capacity_m3", "总库容", above_zero=True)
    checks.refuse()
    v = cubic / 10000
    size = bands.step("V", v, "水库规模", "规模")
    level = bands.at(v).row.text("level")
    standing = Standing.GRADED if level else Standing.OUTSIDE
    verdict = level or f"{size.text}，不列为水库"
    steps = (Step("V", "总库容", "", f"{say(cubic)} m³ ÷ 10000", v, None, "万m³"), size)
    inputs = (Given("capacity_m3", "总库容", say(cubic), "m³"),)
    return Result(bands.edition, standing, verdict, "", level, steps, inputs)
