"""Rule sets (规则集): which tables of the standards, and which choices, grades are worked out by from a day on; and
what an object of each grade weighs in the heat map.

The product brings its tables in geodata/standards/; a rule set of the bureau names what it puts in their place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from riskmap.base.settings import GEODATA
from riskmap.standards.bands import ANY, Bands
from riskmap.standards.table import Book, Table, read

STANDARDS_DIR = GEODATA / "standards"
ADMISSION_DIR = GEODATA / "admission"
SHIPPED = "shipped"
SCORES = "enterprise-bands"  # of the scheme of scores that the product brings
# Tables that a bureau may have its own of, or choose among those that the product brings: by what rules ask for.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "lec-bands": ("lec-bands",),
    "ls-bands": ("ls-bands-common", "ls-bands-b", "ls-bands-c"),
}
TITLES: Mapping[str, str] = {"lec-bands": "LEC 分档", "ls-bands": "LS 分档"}
# Tables of admission that a bureau may have its own rows of; their columns are those of the product's.
ADMISSION_TABLES: Mapping[str, str] = {
    "admission-tags": "标签",
    "admission-distances": "距离规则",
    "admission-zones": "区域规则",
    "admission-negative": "许可准入负面清单",
    "gb50156-2012-petrol": "加油站间距（GB 50156）",
    "gb50016-2014-lpg": "液化石油气储罐间距（GB 50016）",
    "gb50074-2014-distance": "石油库间距（GB 50074）",
    "gb36894-2018-individual-risk": "个人风险基准（GB 36894）",
}
# Policy: what an object counts in the weighted heat map, by its risk grade. The product weighs none more than another.
EVEN: Mapping[str, Decimal] = dict.fromkeys(("major", "serious", "general", "low", "none"), Decimal(1))


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One set, by its code; `valid_from` None: from the beginning."""

    code: str
    title: str
    valid_from: date | None = None
    reason: str = ""
    use: Mapping[str, str] = field(default_factory=dict)  # ls-bands → ls-bands-b
    tables: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)  # own rows, by table
    weights: Mapping[str, Decimal] = field(default_factory=lambda: EVEN)  # of the heat map, by grade
    schemes: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)  # own bands, by scheme of scores

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "RuleSet":
        """From its JSON body."""
        begins = body.get("valid_from")
        return cls(
            body["ruleset"],
            body["title"],
            date.fromisoformat(begins) if begins else None,
            str(body.get("reason", "")),
            dict(body.get("use", {})),
            {name: tuple(rows) for name, rows in body.get("tables", {}).items()},
            {**EVEN, **{grade: Decimal(weight) for grade, weight in body.get("weights", {}).items()}},
            {title: tuple(rows) for title, rows in body.get("schemes", {}).items()},
        )

    def body(self) -> dict[str, Any]:
        """As its JSON body: `parse` reads it again."""
        return {
            "ruleset": self.code,
            "title": self.title,
            "valid_from": self.valid_from and self.valid_from.isoformat(),
            "reason": self.reason,
            "use": dict(self.use),
            "tables": {name: list(rows) for name, rows in self.tables.items()},
            "weights": {grade: plain(weight) for grade, weight in self.weights.items()},
            "schemes": {title: list(rows) for title, rows in self.schemes.items()},
        }

    def score_bands(self) -> dict[str, Bands]:
        """Bands of every scheme of scores (记分方案), by its name: the product's own, then those of the set.

        Raises `standards.result.Refused` where a scheme's bands have a gap or an overlap.
        """
        shipped = shipped_book()[SCORES]
        own = {title: Table.of("score-bands", list(rows)) for title, rows in self.schemes.items()}
        return {title: Bands.of(table, ANY) for title, table in ({shipped.edition: shipped} | own).items()}

    @property
    def is_even(self) -> bool:
        """Whether every grade weighs 1: then what is weighted is the plain count."""
        return self.weights == EVEN

    def weight(self, by_grade: Mapping[str, int]) -> Decimal:
        """What so many objects of each grade weigh together; exact, and a sum: parts add up to the whole."""
        return sum((self.weights[grade] * n for grade, n in by_grade.items()), Decimal(0))

    def book(self) -> Book:
        """All tables as this set has them, each under the name that rules ask for."""
        shipped = shipped_book()
        chosen = {name: shipped[self.use.get(name, brought[0])] for name, brought in CHOICES.items()}
        own = {name: Table.of(f"{self.title} {name}", list(rows)) for name, rows in self.tables.items()}
        return {**shipped, **chosen, **own}


def plain(number: Decimal) -> str:
    """Without the noughts behind the point, and never as a power of ten."""
    return f"{number.normalize():f}"


PRODUCT = RuleSet(SHIPPED, "随产品的规则")


@lru_cache(1)
def shipped_book(folders: tuple[Path, ...] = (STANDARDS_DIR, ADMISSION_DIR)) -> Book:
    """The tables that the product brings; read once."""
    return {name: found for folder in folders for name, found in read(folder).items()}


def ruleset_on(sets: Sequence[RuleSet], day: date) -> RuleSet:
    """The set that holds on a day: of those that have begun the one that began last, else the product's own.

    Of two that began on the same day the later code holds: codes count up.
    """
    begun = [s for s in sets if s.valid_from is None or s.valid_from <= day]
    return max(begun, key=lambda s: (s.valid_from or date.min, len(s.code), s.code), default=PRODUCT)


def changed_tables(old: RuleSet, new: RuleSet) -> frozenset[str]:
    """Which of the tables that a set may have its own of are not the same in both."""
    before, after = old.book(), new.book()
    return frozenset(
        name for name in CHOICES if [r.cells for r in before[name].rows] != [r.cells for r in after[name].rows]
    )


def band_names(ruleset: RuleSet) -> list[str]:
    """What the sets of bands call themselves that a rule set grades by."""
    book = ruleset.book()
    return [book[name].edition for name in CHOICES]


def next_code(sets: Sequence[RuleSet], day: date) -> str:
    """A code for a set that begins on a day: the day itself, then with a number behind it."""
    taken, code, n = {s.code for s in sets}, day.isoformat(), 1
    while code in taken:
        n += 1
        code = f"{day.isoformat()}-{n}"
    return code
