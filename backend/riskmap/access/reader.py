"""Rights as a value: who reads, and how far.

The row predicate is compiled from a Reader once (`selection`), and row security repeats it
from the settings that `Reader.settings` sets for the transaction.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

PUBLIC_TIER, DEPARTMENT_TIER, COMMAND_TIER = 0, 1, 2
_SYSTEM_TIER = 9
TIERS = ("public", "department", "command")
ROLES = ("administrator", "editor", "reader", "auditor")

_SEGMENTS = (2, 4, 6, 9, 12)


def territory(code: str) -> str:
    """A division code without its all-zero tail: the prefix of every code in its territory.

    GB/T 2260 and 12-digit statistical codes: 360400 → 3604, 360430 → 360430, 360402001000 → 360402001.
    """
    start = 0
    kept = 0
    for end in _SEGMENTS:
        if end > len(code):
            break
        if code[start:end].strip("0"):
            kept = end
        start = end
    return code[:kept]


def canonical_division(code: str) -> str:
    """The one way a division code is stored: its territory, filled to at least six digits."""
    return territory(code).ljust(6, "0") if code else ""


@dataclass(frozen=True, slots=True)
class Reader:
    """What a caller may see and do. Empty areas, departments, classes mean no limit."""

    kind: str  # public, account, system
    name: str  # for the audit: the username
    role: str | None = None
    tier: int = PUBLIC_TIER
    areas: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    may: frozenset[str] = field(default_factory=frozenset)
    account_id: int | None = None
    address: str = ""  # of the caller, for the audit

    @property
    def sees_inner(self) -> bool:
        """Whether any row can meet the second half of the predicate: signed in, department tier or up."""
        return self.kind != "public" and self.tier >= DEPARTMENT_TIER

    @property
    def is_limited(self) -> bool:
        """Whether areas, departments or classes narrow the second half."""
        return bool(self.areas or self.departments or self.classes)

    @property
    def sees_all(self) -> bool:
        """Whether nothing is hidden from him: then an answer over all objects tells him nothing beyond his rights."""
        return self.sees_inner and self.tier >= COMMAND_TIER and not self.is_limited

    @property
    def writes(self) -> bool:
        """Whether this role may change the register at all."""
        return self.kind == "system" or self.role in {"administrator", "editor"}

    @property
    def area_prefixes(self) -> tuple[str, ...]:
        """Territories of the areas."""
        return tuple(sorted({territory(code) for code in self.areas}))

    def in_areas(self, division: str) -> bool:
        """Whether a division lies in the areas; every one does where there is no limit."""
        return not self.areas or division.startswith(self.area_prefixes)

    def inner(self, visibility: int, division: str, department: str, class_: str) -> bool:
        """The second half of the row predicate, for one row."""
        return (
            self.sees_inner
            and self.tier >= visibility
            and self.in_areas(division)
            and (not self.departments or department in self.departments)
            and (not self.classes or class_ in self.classes)
        )

    @property
    def fingerprint(self) -> str:
        """Stands for the rights in addresses of tiles and heat: r_public, or r_ and 16 hex digits.

        Readers who see the same share it, and so share cached answers.
        """
        if not self.sees_inner:
            return "r_public"
        rights = [
            self.tier,
            self.area_prefixes,
            sorted(set(self.departments)),
            sorted(set(self.classes)),
        ]
        return "r_" + hashlib.sha256(json.dumps(rights, ensure_ascii=False).encode()).hexdigest()[:16]

    def body(self) -> dict[str, Any]:
        """The rights as JSON: what a job keeps."""
        return asdict(self) | {"may": sorted(self.may)}

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "Reader":
        """The rights that a job was made with."""
        lists = {name: tuple(body[name]) for name in ("areas", "departments", "classes")}
        return cls(**{**body, **lists, "may": frozenset(body["may"])})

    def settings(self, *, write: bool = False) -> dict[str, str]:
        """Values of riskmap.* for row security in this transaction."""
        return {
            "tier": str(self.tier if self.sees_inner else PUBLIC_TIER),
            "areas": _array(f"{prefix}%" for prefix in self.area_prefixes),
            "departments": _array(self.departments),
            "classes": _array(self.classes),
            "write": "on" if write and self.writes else "",
            "edits": "on" if self.writes else "",
            "account": "" if self.account_id is None else str(self.account_id),
        }


def _array(values: Iterable[str]) -> str:
    """A PostgreSQL array literal; every element quoted."""
    quoted = ('"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"' for v in values)
    return "{" + ",".join(quoted) + "}"


PUBLIC = Reader("public", "public")
SYSTEM = Reader("system", "system", tier=_SYSTEM_TIER)
