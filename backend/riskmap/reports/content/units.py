"""The units of 单项评估: which classes each of them takes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from riskmap.base.settings import GEODATA
from riskmap.catalogue.model import Catalogue, Class

OTHER = "其他"
# Not assessed there: who answers, and what plans say.
_APART = ("response", "planning")


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit with its classes, in the order of the tree of classes."""

    title: str
    classes: tuple[Class, ...]


@lru_cache(1)
def _declared() -> tuple[dict[str, Any], ...]:
    return tuple(yaml.safe_load((GEODATA / "templates" / "report" / "units.yaml").read_text(encoding="utf-8")))


def ordered(catalogue: Catalogue, classes: Sequence[Class]) -> list[Class]:
    """As the tree of classes has them."""
    place = {group["code"]: i for i, group in enumerate(catalogue.groups)}
    return sorted(classes, key=lambda c: (place.get(c.group, len(place)), c.role != "hazard", c.code))


def units(catalogue: Catalogue) -> Iterator[Unit]:
    """All units; classes that none of them takes come last, as 其他."""
    taken: dict[str, list[Class]] = {title: [] for title in (*(unit["title"] for unit in _declared()), OTHER)}
    by_class = {code: unit["title"] for unit in _declared() for code in unit.get("classes", ())}
    by_group = {code: unit["title"] for unit in _declared() for code in unit.get("groups", ())}
    for class_ in catalogue.classes.values():
        if class_.group not in _APART:
            taken[by_class.get(class_.code) or by_group.get(class_.group, OTHER)].append(class_)
    for title, classes in taken.items():
        if classes or title != OTHER:
            yield Unit(title, tuple(ordered(catalogue, classes)))
