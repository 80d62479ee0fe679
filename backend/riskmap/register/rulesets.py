"""Rule sets (规则集) and policies (对应表): read, tried, adopted.

What is adopted holds from today on, as one state: the item of the catalogue and every object whose grade or level
it makes another. The others keep the rule set that they were graded by.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from riskmap.access.reader import SYSTEM, Reader
from riskmap.base import audit, clock, state
from riskmap.base.errors import Conflict, FieldError, Invalid
from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.model import GRADES, Catalogue, Policy
from riskmap.catalogue.rulesets import CHOICES, PRODUCT, TITLES, RuleSet, next_code, plain, shipped_book
from riskmap.catalogue.seed import Item, put_item
from riskmap.grading.scores import recoloured
from riskmap.grading.trial import ByPolicy, ByRuleSet, Change, Proposal, changes, shown
from riskmap.register.rulesets_draft import Adoption, Proposed, Trial, check_one, policy_of, ruleset_of
from riskmap.standards.table import Row, Table
from riskmap.store import write
from riskmap.store.snapshot import Snapshot

# -- Reading ---------------------------------------------------------------------------


def listed(snapshot: Snapshot) -> dict[str, Any]:
    """The set in force with its bands, those to choose from, and all that ever were, the latest first."""
    day = _today(snapshot)
    present = snapshot.catalogue.ruleset_at(day)
    book, shipped = present.book(), shipped_book()
    rows = catalogue_queries.items(snapshot.connection, "ruleset", snapshot.state.n)
    history = [
        {
            **{key: row.body.get(key) for key in ("ruleset", "title", "valid_from", "reason")},
            "since": {"state": row.state, "at": row.at.isoformat(timespec="seconds"), "by": row.actor},
        }
        for row in rows
    ]
    history.sort(key=lambda h: h["since"]["state"], reverse=True)
    brought = {"ruleset": PRODUCT.code, "title": PRODUCT.title, "valid_from": None, "reason": "", "since": None}
    return {
        "ruleset": present.code,
        "title": present.title,
        "valid_from": present.valid_from and present.valid_from.isoformat(),
        "reason": present.reason,
        "bands": [
            {
                "table": name,
                "title": TITLES[name],
                "choice": None if name in present.tables else present.use.get(name, choices[0]),
                **_bands(book[name]),
                "choices": [{"choice": choice, **_bands(shipped[choice])} for choice in choices],
            }
            for name, choices in CHOICES.items()
        ],
        "weights": _written(present.weights),
        "schemes": [
            {"title": title, "own": title in present.schemes, "bands": _rows([band.row for band in bands.bands])}
            for title, bands in present.score_bands().items()
        ],
        "history": [*history, brought],
        "state": snapshot.state.n,
    }


def _bands(table: Table) -> dict[str, Any]:
    return {"edition": table.edition, "tag": table.rows[0].text("tag"), "rows": _rows(table.rows)}


def _rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {
            "level": row.text("level"),
            "word": row.text("word"),
            "least": row.text("least") or None,
            "least_in": row.text("least_in") == "yes",
            "most": row.text("most") or None,
            "most_in": row.text("most_in") == "yes",
        }
        for row in rows
    ]


def _written(weights: Mapping[str, Decimal]) -> dict[str, str]:
    return {grade: plain(weight) for grade, weight in weights.items()}


def _today(snapshot: Snapshot) -> date:
    return max(clock.today(), snapshot.state.day)


# -- Deciding --------------------------------------------------------------------------


def _proposal(
    catalogue: Catalogue, given: Proposed, by: str, at: datetime, day: date, title: str, reason: str = ""
) -> tuple[Proposal, RuleSet | Policy]:
    if given.policy is not None:
        policy = policy_of(given.policy, catalogue, title)
        return ByPolicy.of(catalogue, policy, by, at), policy
    assert given.ruleset is not None
    code, present = next_code(catalogue.rulesets, day), catalogue.ruleset_at(day)
    ruleset = ruleset_of(given.ruleset, present, code, title or "试算", day, reason)
    return ByRuleSet.of(catalogue, ruleset, by, at), ruleset


# -- Trying ----------------------------------------------------------------------------


def tried(snapshot: Snapshot, given: Trial) -> dict[str, Any]:
    """What adopting would change: how many of each class from what to what, and the list, page by page.

    Pages after the first bring no counts. Of an object that the reader may not see in full there is no name.
    """
    check_one(given)
    day, reader = _today(snapshot), snapshot.reader
    proposal, item = _proposal(snapshot.catalogue, given, reader.name, clock.now(), day, "")
    items: list[dict[str, Any]] = []
    counted: Counter[tuple[str, int, int, str | None, str | None]] = Counter()
    more = False
    for batch in changes(snapshot.connection, proposal, day, after=given.after):
        for change in batch:
            old, new = change.before, change.after
            counted[change.row["class"], old.grade, new.grade, old.said, new.said] += 1
            more = len(items) == given.limit
            if not more:
                items.append(_item(change, reader))
        if more and given.after:
            break
    answer: dict[str, Any] = {
        "items": items,
        "next": items[-1]["id"] if sum(counted.values()) > len(items) else None,
        "state": snapshot.state.n,
    }
    if not given.after:
        answer["total"] = sum(counted.values())
        if isinstance(item, RuleSet):
            present = snapshot.catalogue.ruleset_at(day)
            answer["weights"] = {"before": _written(present.weights), "after": _written(item.weights)}
            answer["scores"] = recoloured(snapshot.connection, present, item, day)
        answer["counts"] = [
            {"class": class_, "before": _said(old, was), "after": _said(new, now), "n": n}
            for (class_, old, new, was, now), n in sorted(counted.items(), key=lambda c: tuple(map(str, c[0])))
        ]
    return answer


def _said(grade: int, level: str | None) -> dict[str, Any]:
    return {"grade": GRADES[grade - 1], "level": level}


def _item(change: Change, reader: Reader) -> dict[str, Any]:
    row = change.row
    seen = reader.inner(row["visibility"], row["division"], row["department"], row["class"])
    return {
        "id": row["id"],
        "name": row["name"] if seen else None,
        "code": row["code"] if seen else None,
        "class": row["class"],
        "division": row["division"] or None,
        "position": [row["lon"], row["lat"]] if seen and row["lon"] is not None else None,
        "before": shown(change.before),
        "after": shown(change.after),
    }


# -- Adopting --------------------------------------------------------------------------


def adopt(snapshot: Snapshot, given: Adoption) -> dict[str, Any]:
    """Write what is proposed and every object that it changes, as one state. What is staged before the lock is
    looked at again behind it, as far as others wrote meanwhile."""
    check_one(given)
    connection, reader, day = snapshot.connection, snapshot.reader, _today(snapshot)
    if given.ruleset is not None and not given.title:
        raise Invalid("请填写规则集的名称", errors=[FieldError("title", "missing", "请填写规则集的名称，图例会写明")])
    if given.valid_from not in (None, day):
        message = f"规则集和对应表自采用当天（{day}）起施行，暂不能定在别的日期；请在施行当天采用"
        raise Invalid(message, errors=[FieldError("valid_from", "not_today", message)])
    at, late = clock.now(), state.day_is_due(connection)
    proposal, item = _proposal(snapshot.catalogue, given, reader.name, at, day, given.title, given.reason)
    staging = write.Staging(connection, "regraded")
    if not late:
        _stage(staging, changes(connection, proposal, day))
    what = "规则集" if given.ruleset else "对应表"
    taken = state.take(connection, reader.name, f"采用{what} {item.title}", catalogue=True)
    before = state.at(connection, taken.n - 1)
    if before is None or before.catalogue_n != snapshot.state.catalogue_n:
        raise Conflict("分类、标度或规则刚刚有改动，没有采用。请重新试算。", code="catalogue_moved")
    if late or taken.day != day:  # objects of another day, all of them
        proposal, item = _proposal(snapshot.catalogue, given, reader.name, at, taken.day, given.title, given.reason)
        staging = write.Staging(connection, "regraded")
        _stage(staging, changes(connection, proposal, taken.day))
    else:
        staging.drop_later_than(snapshot.state.n)
        _stage(staging, changes(connection, proposal, day, since=snapshot.state.n))
    if given.expected != staging.count:
        message = f"试算后登记有变：现在会改变 {staging.count} 处，试算时是 {given.expected} 处，没有采用。请重新试算。"
        raise Conflict(message, code="trial_moved")
    kind, code, old, body = _body(connection, snapshot, item, given)
    put_item(connection, Item(kind, code, body), "bureau", taken.n)
    if staging.count:
        # Over all objects, whoever may see them; the administrator stands for it by name.
        write.change_staged(connection, replace(SYSTEM, name=reader.name), taken, staging, taken.day)
    audit.record(
        connection,
        reader.name,
        "adopt",
        kind,
        code,
        address=reader.address,
        state=taken.n,
        before=old,
        after={**body, "reason": given.reason, "changed": staging.count},
    )
    return {kind: code, "title": item.title, "state": taken.n, "changed": staging.count}


def _stage(staging: write.Staging, found: Iterator[Sequence[Change]]) -> None:
    for batch in found:
        staging.add_regraded([change.columns() for change in batch])


def _body(
    connection: Connection, snapshot: Snapshot, item: RuleSet | Policy, given: Adoption
) -> tuple[str, str, Mapping[str, Any] | None, dict[str, Any]]:
    """Kind and code of the catalogue's item, its body before and after."""
    if isinstance(item, RuleSet):
        body = item.body()
        old = snapshot.catalogue.ruleset_at(_today(snapshot))
        return "ruleset", item.code, {"ruleset": old.code, "title": old.title}, body
    row = catalogue_queries.versions(connection, "policy", item.code)[-1]
    rows = [{"level": level, "grade": grade} for level, grade in item.rows]
    changed = {"title": item.title, "rows": rows, "adopted": item.adopted, "reason": given.reason}
    return "policy", item.code, row.body, {**row.body, **changed}
