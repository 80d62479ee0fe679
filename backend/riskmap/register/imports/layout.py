"""Where a sheet's header is and what its columns fill: by hand, else remembered, else by its words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from riskmap.base.errors import FieldError, Invalid
from riskmap.catalogue.model import Class
from riskmap.exchange.headers import (
    Column,
    Header,
    Matcher,
    find_header,
    header_at,
    match_columns,
)
from riskmap.exchange.rows import RowReader
from riskmap.exchange.targets import Target, targets_of
from riskmap.register.imports import queries
from riskmap.register.imports.asked import Asked, Chosen
from riskmap.register.imports.files import Sample
from riskmap.register.imports.positions import Ground
from riskmap.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Layout:
    """A sheet's header and what its columns fill."""

    sheet: str
    header: Header | None
    columns: tuple[Column, ...]
    targets: tuple[Target, ...]

    @property
    def missing(self) -> list[str]:
        """Titles of required targets that nothing fills."""
        filled = {c.target for c in self.columns}
        return [t.title for t in self.targets if t.required and t.target not in filled]


def layout_of(
    asked: Asked, file: Mapping[str, Any], sample: Sample, class_: Class, snapshot: Snapshot, account_id: int
) -> Layout:
    """Where the header is and what each column fills: by hand, else remembered, else by its words."""
    targets = targets_of(class_, snapshot.catalogue)
    matcher = Matcher(class_, targets)
    if asked.header_line is not None:
        header = header_at(sample.head, asked.header_line, asked.header_lines or 1, sample.merged)
        if header is None:
            raise Invalid(
                "表头行不对",
                errors=[
                    FieldError(
                        "header_line", "no_such_line", f"前 {len(sample.head)} 行中没有第 {asked.header_line} 行"
                    )
                ],
            )
    else:
        header = find_header(sample.head, sample.merged, matcher)
        if header is None and file["summary"]["kind"] == "vector" and sample.head:
            header = header_at(sample.head, 0, 1, ())
    if header is None:
        return Layout(asked.sheet or "", None, (), tuple(targets))
    columns = match_columns(header, matcher, queries.remembered(snapshot.connection, account_id, class_.code))
    if asked.columns is not None:
        columns = _as_chosen(columns, asked.columns, matcher)
    return Layout(asked.sheet or "", header, tuple(columns), tuple(targets))


def _as_chosen(columns: Sequence[Column], chosen: Iterable[Chosen], matcher: Matcher) -> list[Column]:
    by_index = {c.index: c for c in chosen}
    used: dict[str, int] = {}
    for choice in by_index.values():
        if choice.index >= len(columns):
            raise _bad_column(choice.index, "no_such_column", f"没有第 {choice.index + 1} 列")
        if choice.target is None:
            continue
        target = matcher.targets.get(choice.target)
        if target is None:
            raise _bad_column(choice.index, "unknown_target", f"没有“{choice.target[:40]}”这一项，请重新选择")
        if choice.target in used:
            first, second = columns[used[choice.target]].header, columns[choice.index].header
            raise _bad_column(choice.index, "chosen_twice", f"“{first}”和“{second}”都对应“{target.title}”，请只留一列")
        used[choice.target] = choice.index
    out = []
    for column in columns:
        if column.index in by_index:
            choice = by_index[column.index]
            if choice.target == column.target and choice.factor in (None, column.factor):
                out.append(column)
                continue
            factor, unit = choice.factor, None
            if factor is None and choice.target is not None:  # the unit that the header names still holds
                factor, unit = matcher.factor_for(column.header, choice.target)
            out.append(Column(column.index, column.header, choice.target, "given", factor, unit))
        elif column.target in used:
            out.append(Column(column.index, column.header, None, "none"))
        else:
            out.append(column)
    return out


def _bad_column(index: int, code: str, message: str) -> Invalid:
    return Invalid(message, code=code, errors=[FieldError(f"columns.{index}", code, message)])


def data_rows(rows: Iterable[tuple[int, Sequence[Any]]], header: Header) -> Iterable[tuple[int, Sequence[Any]]]:
    """The lines below the header."""
    return ((line, cells) for line, cells in rows if line > header.last)


def row_reader(class_: Class, layout: Layout, ground: Ground, uncomputed: Iterable[tuple[int, int]]) -> RowReader:
    """What reads lines of this layout."""
    return RowReader(class_, {t.target: t for t in layout.targets}, layout.columns, ground.divisions, set(uncomputed))
