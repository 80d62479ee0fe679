"""SL 252-2017 水利水电工程等级划分及洪水标准: size of a reservoir by its total capacity."""

from decimal import Decimal

from riskmap.standards.bands import FROM_ZERO, Bands
from riskmap.standards.result import Checks, Clause, Given, Result, Standing, Step, Tag, say
from riskmap.standards.table import Book, known, table

EDITION = "SL 252-2017"
SCALE = "reservoir-size"

# Policy: where nobody gave the capacity, the size that was declared stands as the level, and says so.
DECLARED = Clause(EDITION, "总库容分型（缺总库容，按填报规模）", Tag.JUDGEMENT)


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
    return Result(bands.edition, standing, verdict, SCALE, level, steps, inputs)


def declared_size(size: str, bands: Bands) -> Result:
    """The size as it was declared, where there is no capacity to tell it by."""
    checks = Checks()
    if size not in {band.row.text("level") for band in bands.bands if band.row.text("level")}:
        checks.add("size_class", "unknown_size", f"没有“{size}”这一规模")
    checks.refuse()
    steps = (Step("规模", "水库规模", "", "没有总库容，按填报", size, DECLARED),)
    inputs = (Given("size_class", "填报规模", size),)
    return Result(bands.edition, Standing.GRADED, size, SCALE, size, steps, inputs)
