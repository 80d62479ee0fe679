"""A standard's tables as they stand in geodata/standards: one file a table, each row with edition, clause and tag."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from riskmap.standards.result import Clause, Fault, Refused, Tag

_fraction = lru_cache(4096)(Fraction)  # the same few cells are asked for at every grade


@dataclass(frozen=True, slots=True)
class Row:
    """One row, and where it stands."""

    place: str  # gb18218-2018-table1:2, as a text editor counts
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """What a cell says; a column that is not there is a mistake in the table."""
        try:
            return self.cells[column].strip()
        except (KeyError, AttributeError):
            raise self.refused(column, "no_column", "缺少这一列") from None

    def number(self, column: str) -> Fraction:
        """A cell's number, exact."""
        text = self.text(column)
        try:
            return _fraction(text)
        except (ValueError, ZeroDivisionError):
            raise self.refused(column, "not_a_number", f"“{text}”不是数字") from None

    def above_zero(self, column: str) -> Fraction:
        """A cell's number that is divided or multiplied by: zero or less makes no sense."""
        number = self.number(column)
        if number <= 0:
            raise self.refused(column, "zero", f"应大于 0，现为 {self.text(column)}")
        return number

    def yes(self, column: str) -> bool:
        """A cell that says yes or no."""
        text = self.text(column)
        if text not in ("yes", "no"):
            raise self.refused(column, "not_yes_or_no", f"应为 yes 或 no，现为“{text}”")
        return text == "yes"

    @property
    def clause(self) -> Clause:
        """Who says it."""
        try:
            tag = Tag(self.text("tag"))
        except ValueError:
            raise self.refused("tag", "unknown_tag", f"没有“{self.text('tag')}”这种可信程度") from None
        return Clause(self.text("edition"), self.text("clause"), tag)

    def refused(self, column: str, code: str, reason: str) -> Refused:
        """That a cell cannot be taken, for raising."""
        return Refused(Fault(f"{self.place}:{column}", code, f"标准表 {self.place} 的 {column}：{reason}"))


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one table of one edition."""

    name: str
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, name: str, rows: Iterator[Mapping[str, str]] | list[Mapping[str, str]]) -> "Table":
        """From plain rows: of a file, or of a bureau's own rule set."""
        return cls(name, tuple(Row(f"{name}:{line}", cells) for line, cells in enumerate(rows, 2)))

    @property
    def edition(self) -> str:
        """The edition of every row: old and new numbers are never mixed in one grade."""
        if not self.rows:
            raise Refused(Fault(self.name, "no_rows", f"标准表 {self.name} 没有内容"))
        edition = self.rows[0].clause.edition
        for row in self.rows:
            if row.clause.edition != edition:
                raise row.refused("edition", "other_edition", f"属于 {row.text('edition')}，不是 {edition}")
        return edition


Book = Mapping[str, Table]


def read(folder: Path) -> Book:
    """All tables of a folder, by file name without its ending."""
    book = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            book[path.stem] = Table.of(path.stem, list(csv.DictReader(file, strict=True)))
    return book


def known(edition: str, *editions: str) -> None:
    """Refuse an edition that no rule here is written for: its clauses would not be the ones cited."""
    if edition not in editions:
        raise Refused(Fault("edition", "unknown_edition", f"没有 {edition} 的规则"))


def table(book: Book, name: str, edition: str) -> Table:
    """One table of a book, if all of it is of this edition."""
    found = book.get(name)
    if found is None:
        raise Refused(Fault(name, "no_table", f"缺少标准表 {name}（{edition}）"))
    if found.edition != edition:
        message = f"标准表 {name} 属于 {found.edition}，不是 {edition}"
        raise Refused(Fault(name, "other_edition", message))
    return found
