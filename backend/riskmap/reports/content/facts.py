"""What the report is written from, and rows of counts by grade."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from riskmap.catalogue.model import GRADES, Catalogue, Class
from riskmap.catalogue.rulesets import SHIPPED, RuleSet
from riskmap.paper.symbols import LOOKS
from riskmap.reports.content.blocks import numbers
from riskmap.reports.content.phrases import count
from riskmap.reports.content.units import ordered
from riskmap.selection.describe import SURE_WORDS

SURE = {**SURE_WORDS, "": "—"}
HOW = {"computed": "按规则计算", "judged": "人工判定", "policy": "按对应表由级别得出"}
ROLES = {"hazard": "风险类", "target": "脆弱性目标", "response": "应急力量", "context": "背景要素"}
GRADE_COLUMNS = numbers(*(LOOKS[g].word for g in GRADES), "合计")


_PARTS = {6: "县（市、区）", 9: "乡镇（街道）", 12: "村（社区）"}
_COARSER = {6: 4, 9: 6, 12: 9}  # digits that the next coarser code has at most, without its noughts


@dataclass(frozen=True, slots=True)
class Facts:
    """What the report is written from."""

    imprint: Mapping[str, Any]
    figures: Mapping[str, Any]
    catalogue: Catalogue
    ruleset: RuleSet
    changes: Mapping[str, Any] | None
    public: bool
    major: Sequence[Mapping[str, Any]]  # 重大: id, name, class, level, division, department, placed
    digits: int  # of a code that tells the parts of the area apart
    overview: bool  # whether there is a picture of the map

    @property
    def parts(self) -> str:
        """What the parts of the area are called."""
        return _PARTS[self.digits]

    @property
    def divisions(self) -> list[Mapping[str, Any]]:
        """The parts of the area with their counts."""
        return [row for row in self.figures["by_division"] if self._is_part(row)]

    @property
    def undivided(self) -> list[Mapping[str, Any]]:
        """What is registered for more than one part, or for none that is known."""
        return [row for row in self.figures["by_division"] if row["total"] and not self._is_part(row)]

    @property
    def rows_by_part(self) -> list[tuple[str, Mapping[str, Any]]]:
        """All of it with names for a table: parts first, then what belongs to none of them."""
        named = [(str(row["name"]), row) for row in self.divisions]
        return named + [(f"{row['name']}（没有登记到{self.parts}）", row) for row in self.undivided]

    def _is_part(self, row: Mapping[str, Any]) -> bool:
        return len(row["code"].rstrip("0")) > _COARSER[self.digits]

    @property
    def total(self) -> int:
        """All objects."""
        return int(self.figures["totals"]["total"])

    @property
    def registered(self) -> str:
        """登记 6 211 个对象; where rights leave something out, of which they are."""
        which, n = self.imprint["counted"], self.total
        return f"登记的{which}对象 {count(n)}" if which else f"登记 {count(n)}对象"

    def of_list(self, name: str) -> Mapping[str, Any] | None:
        """What a list counts; None where this form may not ask it."""
        found: Mapping[str, Any] | None = self.figures["lists"].get(name)
        return found

    def grades_of(self, classes: Sequence[Class]) -> dict[str, int]:
        """Objects of these classes by grade."""
        rows = [self.figures["by_class"].get(c.code, {}) for c in classes]
        return {g: sum(row.get(g, 0) for row in rows) for g in GRADES}

    def classes(self, role: str) -> list[Class]:
        """Classes of a role, as the tree has them."""
        return ordered(self.catalogue, [c for c in self.catalogue.classes.values() if c.role == role])

    def title(self, code: str) -> str:
        """Of a class."""
        found = self.catalogue.classes.get(code)
        return found.title if found else code


def ruleset_words(ruleset: RuleSet) -> str:
    """“title”（code）; that of the product has no code that says anything to a reader."""
    return f"“{ruleset.title}”" + (f"（{ruleset.code}）" if ruleset.code != SHIPPED else "")


def code_words(code: str | None) -> str:
    """A rule set's code in a table."""
    return "随产品" if code == SHIPPED else code or ""


def grade_row(name: str, row: Mapping[str, int]) -> list[Any]:
    return [name, *(row[g] for g in GRADES), sum(row[g] for g in GRADES)]


def summed(rows: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return {g: sum(row[g] for row in rows) for g in GRADES}
