"""Numbers in sentences: counts, shares, comparisons and who has most, as an officer writes them.

No count is no 0 (未统计), and a share that is not 0 is never printed as one.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from riskmap.catalogue.model import GRADES, UPWARD
from riskmap.paper.symbols import LOOKS

UNTOLD = "未统计"
_PLACES = Decimal("0.1")
_MOST_NAMED = 3


def count(n: int | None, unit: str = "个") -> str:
    """27 个; 未统计."""
    return UNTOLD if n is None else f"{n} {unit}"


def share(part: int, whole: int) -> str | None:
    """2.1%; None where there is nothing to be a part of."""
    if not whole:
        return None
    said = (Decimal(100) * part / whole).quantize(_PLACES, ROUND_HALF_UP)
    if part and not said:
        return "不足 0.1%"
    if part < whole and said == 100:
        return "超过 99.9%"
    return "100%" if said == 100 else f"{said}%"


def counted(n: int, whole: int, unit: str = "个") -> str:
    """27 个，占 2.1%."""
    said = share(n, whole)
    return count(n, unit) if said is None or not n else f"{count(n, unit)}，占 {said}"


def listed(words: Sequence[str]) -> str:
    """甲、乙和丙."""
    return "和".join(filter(None, ("、".join(words[:-1]), words[-1]))) if words else ""


def by_grade(row: Mapping[str, int], unit: str = "个") -> str:
    """重大 3 个、较大 5 个……: all five, so that nobody asks where the rest is."""
    return "、".join(f"{LOOKS[g].word} {count(row[g], unit)}" for g in GRADES)


def upward(row: Mapping[str, int]) -> int:
    """较大以上."""
    return sum(row[g] for g in UPWARD)


def compared(before: int, after: int, unit: str = "个") -> str:
    """由 3 个增至 5 个，增加 2 个."""
    if before == after:
        return f"与上期相同，为 {count(after, unit)}"
    more, to = ("增加", "增至") if after > before else ("减少", "减至")
    return f"由 {count(before, unit)}{to} {count(after, unit)}，{more} {count(abs(after - before), unit)}"


def most_in(rows: Sequence[tuple[str, int]], whole: int | None = None, unit: str = "个") -> str | None:
    """最多的是甲（29 个）、乙（14 个）和丙（13 个），合计占 45.5%; None where nobody has any.

    `whole` is what the share is of, where others than these have some.

    Of those that have the same, none is named before the others: fewer are named, or how many they are.
    """
    having = sorted(((name, n) for name, n in rows if n), key=lambda row: -row[1])
    if not having:
        return None
    whole = sum(n for _, n in having) if whole is None else whole
    named = having[:_MOST_NAMED]
    while named and len(having) > len(named) and having[len(named)][1] == named[-1][1]:
        level = named[-1][1]
        named = [row for row in named if row[1] > level]
    if not named:
        most = having[0][1]
        same = sum(1 for _, n in having if n == most)
        return f"最多的各有 {count(most, unit)}，有 {same} 处"
    said = listed([f"{name}（{count(n, unit)}）" for name, n in named])
    together = sum(n for _, n in named)
    if len(named) == len(having) and together == whole:
        return f"全部在{said}"
    return f"最多的是{said}，{'合计' if len(named) > 1 else ''}占 {share(together, whole)}"
