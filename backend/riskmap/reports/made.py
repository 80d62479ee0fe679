"""What a product of a set is, and what it has made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from riskmap.reports.edition import Edition

# How far a product is, 0–1; raises Cancelled.
Tell = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Made:
    """One file of a set. `kind`: list, map, picture, booklet, report, handbook, rolling."""

    name: str
    title: str
    kind: str
    pages: int | None = None
    told: Mapping[str, Any] = field(default_factory=dict)  # for the manifest: ids on a sheet, rows of a list


@dataclass(frozen=True, slots=True)
class Product:
    """A kind of product. `weight` is its share of the work, for the progress."""

    name: str
    title: str
    weight: float
    make: Callable[[Edition, Path, Tell], list[Made]]
