"""Water levels in words: 超警、超保 of a river, 超汛限 of a reservoir.

Both heights must be in one height system; that is for the caller to see to.
"""

from decimal import Decimal

from riskmap.standards.result import Checks, Clause, Given, Result, Standing, Step, Tag, say

EDITION = "防汛特征水位用语"
GUARD = Clause(EDITION, "警戒水位（达到即超警）", Tag.RECALL)
GUARANTEE = Clause(EDITION, "保证水位（达到即超保）", Tag.RECALL)
FLOOD_LIMIT = Clause(EDITION, "汛限水位（高于才超汛限）", Tag.RECALL)


def river(level_m: Decimal | None, guard_m: Decimal | None, guarantee_m: Decimal | None) -> Result:
    """A river or lake: at 警戒水位 it is 超警, at 保证水位 超保; either mark may not be set."""
    checks = Checks()
    level = checks.number(level_m, "level_m", "水位", any_sign=True)
    if guard_m is None and guarantee_m is None:
        checks.add("guard_m", "missing", "警戒水位和保证水位至少填一个")
    marks = [
        (word, checks.number(value, field, title, any_sign=True), Given(field, title, str(value), "m"), clause)
        for word, title, field, value, clause in (
            ("超保", "保证水位", "guarantee_m", guarantee_m, GUARANTEE),
            ("超警", "警戒水位", "guard_m", guard_m, GUARD),
        )
        if value is not None
    ]
    if not checks.faults and len(marks) == 2 and marks[0][1] < marks[1][1]:
        said = f"保证水位 {say(marks[0][1])} m 低于警戒水位 {say(marks[1][1])} m"
        checks.add("guarantee_m", "below_guard", said)
    checks.refuse()
    inputs = (Given("level_m", "水位", say(level), "m"), *(given for _, _, given, _ in marks))
    steps = []
    for word, mark, given, clause in marks:
        title = given.title
        reached = level >= mark
        said = f"{word} {say(level - mark)} m" if reached else f"低于{title} {say(mark - level)} m"
        filled = f"{say(level)} {'≥' if reached else '<'} {say(mark)}"
        steps.append(Step(title, title, "", filled, said, clause))
        if reached:
            return Result(EDITION, Standing.GRADED, said, "", word, tuple(steps), inputs)
    return Result(EDITION, Standing.GRADED, steps[-1].text, "", "正常", tuple(steps), inputs)


def reservoir(level_m: Decimal | None, flood_limit_m: Decimal | None) -> Result:
    """A reservoir in the flood season: above 汛限水位, not at it, it is 超汛限."""
    checks = Checks()
    level = checks.number(level_m, "level_m", "库水位", any_sign=True)
    mark = checks.number(flood_limit_m, "flood_limit_m", "汛限水位", any_sign=True)
    checks.refuse()
    inputs = (Given("level_m", "库水位", say(level), "m"), Given("flood_limit_m", "汛限水位", say(mark), "m"))
    over = level > mark
    if over:
        said = f"超汛限 {say(level - mark)} m"
    else:
        said = "达到汛限水位" if level == mark else f"低于汛限水位 {say(mark - level)} m"
    filled = f"{say(level)} {'>' if over else '≤'} {say(mark)}"
    steps = (Step("汛限水位", "汛限水位", "", filled, said, FLOOD_LIMIT),)
    return Result(EDITION, Standing.GRADED, said, "", "超汛限" if over else "正常", steps, inputs)
