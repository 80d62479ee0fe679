"""LY/T 1172-95 全国森林火险天气等级: the index U and its level.

Five levels, of which blue is the second: they are never the four colours of a risk grade. The tables behind
A to E are not in hand, so their values are given.
"""

from dataclasses import dataclass

from riskmap.standards.bands import Bands, Reach
from riskmap.standards.result import Checks, Clause, Given, Result, Standing, Step, Tag, say
from riskmap.standards.table import Book, known, table

EDITION = "LY/T 1172-95"
SCALE = "forest-fire-weather"
INDEX = Clause(EDITION, "U = A+B+C+D−E", Tag.VERIFIED)
# The bands are written in whole numbers (26–50, 51–72), so U is whole.
REACH = Reach(whole=True)


@dataclass(frozen=True, slots=True)
class Weather:
    """The five values of a day."""

    a: int | None  # 最高气温
    b: int | None  # 最小相对湿度
    c: int | None  # 降水及其后的连旱日数
    d: int | None  # 最大风力
    e: int | None  # 物候季节的影响, taken off


def levels(book: Book, edition: str = EDITION) -> Bands:
    """The table of levels."""
    known(edition, EDITION)
    return Bands.of(table(book, "lyt1172-95-weather", edition), REACH)


def weather_level(weather: Weather, bands: Bands) -> Result:
    """The day's level by U."""
    checks = Checks()
    titles = {"a": "最高气温指数", "b": "最小湿度指数", "c": "降水连旱指数", "d": "风力指数", "e": "物候指数"}
    values = {
        field: checks.number(getattr(weather, field), field, f"{field.upper()}（{title}）", whole=True)
        for field, title in titles.items()
    }
    checks.refuse()
    a, b, c, d, e = values.values()
    u = a + b + c + d - e
    filled = f"{say(a)} + {say(b)} + {say(c)} + {say(d)} − {say(e)}"
    level = bands.step("U", u, "森林火险气象等级", "等级")
    steps = (Step("U", "森林火险天气指数", "A + B + C + D − E", filled, u, INDEX), level)
    inputs = tuple(Given(field, title, say(values[field])) for field, title in titles.items())
    return Result(bands.edition, Standing.GRADED, level.text, SCALE, level.text, steps, inputs)
