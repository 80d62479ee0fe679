"""The rules of admission in a rule set: read, tried on past cases, adopted from today on.

A bureau's own rows stand in the place of the product's, table by table; everything else of the set in force goes on.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from riskmap.access.reader import SYSTEM
from riskmap.admission import again, queries, rule_book, rule_changes, service
from riskmap.admission.judgement import WORDS, Verdict
from riskmap.admission.rule_columns import named, title_of
from riskmap.admission.rules import Rules, rules_of
from riskmap.base import audit, clock, database, state
from riskmap.base.errors import Conflict, FieldError, Invalid
from riskmap.base.wire import Text, Wire
from riskmap.catalogue.rulesets import ADMISSION_TABLES, RuleSet, next_code, shipped_book
from riskmap.catalogue.seed import Item, put_item
from riskmap.standards.result import Refused
from riskmap.store.snapshot import Snapshot

MOST_CASES = 200
_Cell = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Row = dict[Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")], _Cell]


class Proposed(Wire):
    """Tables of the bureau's own: every row anew, by table; None puts the product's own back."""

    tables: Annotated[
        dict[Annotated[str, StringConstraints(max_length=60)], Annotated[list[_Row], Field(max_length=2000)] | None],
        Field(title="规则表", min_length=1, max_length=20),
    ]


class Draft(Wire):
    """Tables that are being changed; none: as they are in force."""

    tables: Annotated[
        dict[Annotated[str, StringConstraints(max_length=60)], Annotated[list[_Row], Field(max_length=2000)] | None],
        Field(title="规则表", max_length=20, default_factory=dict),
    ]


class Adoption(Proposed):
    """What to adopt, under which name and why."""

    title: Annotated[Text, StringConstraints(min_length=1, max_length=60)] = Field(title="名称")
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)] = Field(
        title="理由"
    )
    # What is adopted replaces whole tables: the set whose tables were changed, so that nobody's work is lost.
    base: Annotated[Text, StringConstraints(max_length=60)] | None = Field(None, title="所据规则集")


def _today(snapshot: Snapshot) -> date:
    return max(clock.today(), snapshot.state.day)


def listed(snapshot: Snapshot) -> dict[str, Any]:
    """Every table as it is in force, its columns, and whose it is."""
    ruleset = snapshot.catalogue.ruleset_at(_today(snapshot))
    book, shipped = ruleset.book(), shipped_book()
    return {
        "ruleset": ruleset.code,
        "title": ruleset.title,
        "valid_from": ruleset.valid_from and ruleset.valid_from.isoformat(),
        "reason": ruleset.reason,
        "tables": [
            {
                "table": name,
                "title": title,
                "own": name in ruleset.tables,
                "columns": list(shipped[name].rows[0].cells),
                "titles": {column: title_of(name, column) for column in shipped[name].rows[0].cells},
                "rows": [dict(row.cells) for row in book[name].rows],
            }
            for name, title in ADMISSION_TABLES.items()
        ],
        "state": snapshot.state.n,
    }


Lines = Mapping[str, Sequence[int]]  # of a workbook: the line of each row, by table
_PLACE = re.compile(r"(?:^|\s)([a-z0-9-]+):(\d+):(\w+)$")


def _proposed(
    snapshot: Snapshot, given: Proposed, title: str, reason: str, day: date, lines: Lines | None = None
) -> Rules:
    """The set as it would be. Raises Invalid with every fault at its row and column."""
    present = snapshot.catalogue.ruleset_at(day)
    errors = []
    tables: dict[str, Any] = dict(present.tables)
    for name, rows in given.tables.items():
        if name not in ADMISSION_TABLES:
            words = "、".join(ADMISSION_TABLES)
            errors.append(FieldError(f"tables.{name}", "unknown_table", f"没有“{name}”这张表，可用：{words}"))
            continue
        if rows is None:
            tables.pop(name, None)
            continue
        columns = list(shipped_book()[name].rows[0].cells)
        for i, row in enumerate(rows):
            for column in sorted(set(row) - set(columns)):
                errors.append(FieldError(f"tables.{name}.{i}.{column}", "unknown_column", f"没有“{column}”这一列"))
        tables[name] = tuple({column: row.get(column, "") for column in columns} for row in rows)
    if errors:
        raise _unfit(errors)
    code = next_code(snapshot.catalogue.rulesets, day)
    ruleset = replace(present, code=code, title=title, reason=reason, valid_from=day, tables=tables)
    try:
        return Rules.of(ruleset)
    except Refused as refused:
        raise _unfit([_fault(ruleset, f.field, f.code, f.message, lines) for f in refused.faults]) from None


def _fault(ruleset: RuleSet, place: str, code: str, message: str, lines: Lines | None) -> FieldError:
    """At a row's column, by the names that an officer reads; the row by its own code, of a workbook by its line."""
    found = _PLACE.search(place)
    if not found:
        return FieldError("tables", code, message)
    table, at, column = found[1], int(found[2]) - 2, found[3]
    said = message.split("：", 1)[-1]
    rows = ruleset.tables.get(table, ())
    if lines is not None and at < len(lines.get(table, ())):
        where = f"第 {lines[table][at]} 行"
    elif at < len(rows) and (name := named(rows[at])):
        where = f" {name} "
    else:
        where = f"第 {at + 1} 行"
    return FieldError(
        f"tables.{table}.{at}.{column}",
        code,
        f"{ADMISSION_TABLES.get(table, table)}{where}“{title_of(table, column)}”：{said}",
    )


def _unfit(errors: list[FieldError]) -> Invalid:
    return Invalid("准入规则有不符合要求的地方", code="invalid_rules", errors=errors[:200])


def workbook(snapshot: Snapshot, given: Draft | None = None) -> tuple[str, bytes]:
    """The tables in force, a draft's own in their place, as an xlsx and its name."""
    ruleset = snapshot.catalogue.ruleset_at(_today(snapshot))
    changed = given.tables if given else {}
    for name in changed:
        if name not in ADMISSION_TABLES:
            raise _unfit([FieldError(f"tables.{name}", "unknown_table", f"没有“{name}”这张表")])
    book, shipped = ruleset.book(), shipped_book()

    def rows(name: str) -> list[Mapping[str, str]]:
        if name in changed:
            own = changed[name]
            return list(own) if own is not None else [row.cells for row in shipped[name].rows]
        return [row.cells for row in book[name].rows]

    of = "草稿" if changed else ruleset.title
    return f"准入规则（{of}）.xlsx", rule_book.written({name: rows(name) for name in ADMISSION_TABLES}, of)


def opened(snapshot: Snapshot, path: Path) -> dict[str, Any]:
    """A changed workbook as a draft: its tables whole, or every fault by sheet, line and column. Nothing is written."""
    found = rule_book.read(path)
    try:
        _proposed(snapshot, Proposed(tables=dict(found.tables)), "草稿", "", _today(snapshot), found.lines)
    except Invalid as refused:
        raise rule_book.unfit(refused.errors) from None
    return {"tables": found.tables, "state": snapshot.state.n}


def tried(snapshot: Snapshot, house: service.House, given: Proposed) -> dict[str, Any]:
    """Past cases asked again by the proposed rules, each from its own frozen state: which would end otherwise.

    Those that the changed rules concern come first. The snapshot is over all cases. Nothing is written.
    """
    rules = _proposed(snapshot, given, "试算", "", _today(snapshot))
    present = rules_of(snapshot.catalogue.ruleset_at(_today(snapshot)))
    whom = rule_changes.concerned(present, rules)
    items, counted = [], Counter[tuple[str, str]]()
    asked = 0
    with database.under(snapshot.connection, SYSTEM.settings()):
        cases, concerned, total = queries.answered(
            snapshot.connection, MOST_CASES,
            tags=whom.tags, industries=whom.industries, words=whom.words, everybody=whom.everybody,
        )  # fmt: skip
    for case in cases:
        asked += 1
        new = again.answer_again(snapshot, house, case, rules)
        old = Verdict(case["verdict"])
        if new.verdict == old:
            continue
        counted[str(old), str(new.verdict)] += 1
        items.append(
            {
                "case": case["number"],
                "name": case["name"],
                "before": {"verdict": str(old), "title": WORDS[old]},
                "after": {"verdict": str(new.verdict), "title": WORDS[new.verdict]},
                "by": new.hits[0]["rule"] if new.hits else None,
            }
        )
    return {
        "asked": asked,
        "concerned": concerned,
        "cases": total,
        "remarks": rule_changes.remarks(present.book, rules.book),
        "changed": len(items),
        "items": items,
        "counts": [{"before": a, "after": b, "n": n} for (a, b), n in sorted(counted.items())],
        "state": snapshot.state.n,
    }


def adopt(snapshot: Snapshot, given: Adoption) -> dict[str, Any]:
    """Write the set as one state; what was decided before keeps the set that it was decided by."""
    connection, reader, day = snapshot.connection, snapshot.reader, _today(snapshot)
    rules = _proposed(snapshot, given, given.title, given.reason, day)
    old = snapshot.catalogue.ruleset_at(day)
    if given.base is not None and given.base != old.code:
        said = f"规则已由别人改过，现行的是“{old.title}”，没有采用。请重新载入，核对后再采用。"
        raise Conflict(said, code="ruleset_moved")
    taken = state.take(connection, reader.name, f"采用准入规则 {given.title}", catalogue=True)
    before = state.at(connection, taken.n - 1)
    if before is None or before.catalogue_n != snapshot.state.catalogue_n:
        raise Conflict("分类、标度或规则刚刚有改动，没有采用。请重新试算。", code="catalogue_moved")
    ruleset: RuleSet = replace(rules.ruleset, valid_from=taken.day)
    put_item(connection, Item("ruleset", ruleset.code, ruleset.body()), "bureau", taken.n)
    changed: Mapping[str, Any] = {name: None if rows is None else len(rows) for name, rows in given.tables.items()}
    audit.record(
        connection, reader.name, "adopt", "ruleset", ruleset.code, address=reader.address, state=taken.n,
        before={"ruleset": old.code, "title": old.title},
        after={"title": given.title, "reason": given.reason, "tables": changed},
    )  # fmt: skip
    rules_of(ruleset)
    return {"ruleset": ruleset.code, "title": ruleset.title, "state": taken.n}
