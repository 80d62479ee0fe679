"""One edition of a set: its frozen picture of the register, its figures, and what is printed on everything of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from riskmap.access.reader import COMMAND_TIER, Reader, canonical_division, territory
from riskmap.base import clock
from riskmap.base.settings import Settings
from riskmap.catalogue import queries as catalogue_queries
from riskmap.engine.interface import Engine
from riskmap.paper.imprint import Imprint, check_words
from riskmap.reports.figures import Figures, area_codes
from riskmap.selection.describe import describe
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

WHOLE = "全域"
_MOST_NAMED = 3


@dataclass(frozen=True)
class Edition:
    """What every product of a set is made from. `row` is the set as it is kept."""

    settings: Settings
    engine: Engine
    snapshot: Snapshot  # of the frozen state, with the rights that the set was made with
    selection: Selection
    figures: Figures
    row: Mapping[str, Any]
    draft: bool
    changes: Mapping[str, Any] | None = None  # against the issue before; None: there is none
    signed_by: str = ""
    made_at: Any = field(default_factory=clock.now)

    @property
    def connection(self) -> Connection:
        """Where to ask."""
        return self.snapshot.connection

    @property
    def options(self) -> Mapping[str, Any]:
        """As the set was ordered."""
        options: Mapping[str, Any] = self.row["options"]
        return options

    @property
    def public(self) -> bool:
        """The form for publication: no ids, coarse places, public fields."""
        return bool(self.options["public"])

    @cached_property
    def divisions(self) -> Mapping[str, Mapping[str, Any]]:
        """All divisions of the day, by code."""
        moment = self.snapshot.moment
        found = catalogue_queries.divisions(self.snapshot.connection, moment.n, moment.day)
        return {d["code"]: d for d in found}

    @cached_property
    def area(self) -> str:
        """The name of the area."""
        return area_of(self.selection, self.divisions, self.snapshot.reader)

    @property
    def codes(self) -> tuple[str, ...]:
        """The divisions that the set is about; none: all that there are."""
        return area_codes(self.selection, self.snapshot.reader)

    @cached_property
    def words(self) -> str:
        """The selection in a sentence."""
        return self.say(self.selection)

    def say(self, selection: Selection, *, brief: bool = False) -> str:
        """Another selection of the same moment in a sentence."""
        return describe(selection, self.snapshot.catalogue, self._names, brief=brief)

    @cached_property
    def _names(self) -> dict[str, str]:
        return {code: str(d["name"]) for code, d in self.divisions.items()}

    @cached_property
    def partial(self) -> str:
        """What is said beside the selection on every product where the set's rights leave something out."""
        return within_rights(self.snapshot.reader, self._names)

    def imprint(self, title: str, selection: Selection | None = None) -> Imprint:
        """What a product of this title says of itself, and of what it shows where that is not all of the set."""
        selection = self.selection if selection is None else selection
        row, options = self.row, self.options
        return Imprint(
            title=title,
            area=self.area,
            number=row["number"],
            version=row["version"],
            state=row["state"],
            day=row["day"],
            data_at=row["data_at"],
            check=check_words(self.figures.checksum),
            selection=self.say(selection),
            brief=self.say(selection, brief=True),
            partial=self.partial,
            counted=counted_within(self.snapshot.reader),
            maker=options["maker"],
            made_by=row["made_by"],
            made_at=self.made_at,
            draft=self.draft,
            secrecy="公开" if self.public else options["secrecy"],
            approval=options["approval"],
            reviewed_by=row["reviewed_by"] or "",
            signed_by=self.signed_by,
            mark=row["mark"],
        )


def within_rights(reader: Reader, names: Mapping[str, str]) -> str:
    """What a set says that was made by a reader from whom anything may be hidden; empty: he sees all.

    By his rights, never by counts: that nothing happens to be hidden today is luck.
    """
    if reader.sees_all:
        return ""
    if not reader.sees_inner:
        return f"仅含{counted_within(reader)}对象"
    parts = [_few([names.get(canonical_division(code), code) for code in reader.areas], "个区划")]
    parts += [_few(reader.departments, "个部门"), "部分分类" if reader.classes else ""]
    parts += ["内部级以下" if reader.tier < COMMAND_TIER else ""]
    return f"仅含{counted_within(reader)}对象（{'、'.join(filter(None, parts))}）"


def counted_within(reader: Reader) -> str:
    """Which of the registered objects are counted, as it stands before a noun; empty: all."""
    if reader.sees_all:
        return ""
    return "编制账号权限内的" if reader.sees_inner else "可公开的"


def _few(names: Sequence[str], unit: str) -> str:
    return "、".join(names) if len(names) <= _MOST_NAMED else f"{names[0]}等 {len(names)} {unit}"


def area_of(selection: Selection, divisions: Mapping[str, Mapping[str, Any]], reader: Reader) -> str:
    """The name of a selection's area: its divisions, else those that its reader is limited to, else the whole city."""
    if codes := area_codes(selection, reader):
        return "、".join(str(divisions[c]["name"]) if c in divisions else c for c in codes)
    cities = [d["name"] for code, d in divisions.items() if len(territory(code)) == 4]
    return str(cities[0]) if len(cities) == 1 else WHOLE
