"""What is asked of the lists: which there are, a page of one with its figures, or all of it to take away."""

import base64
import binascii
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

import simplejson
from sqlalchemy import text

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.base.errors import FieldError, Forbidden, Invalid, NotFound, NotSignedIn
from riskmap.lists.cells import Cells, Value, divisions_of, laid_over
from riskmap.lists.model import Ask, Column, Figure, Listing, Row
from riskmap.lists.registry import LISTS
from riskmap.lists.rows import run
from riskmap.selection.describe import describe
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

OWN = frozenset({"sort", "limit", "cursor", "only"})
_KEPT = 512
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Question:
    """A list and what is asked of it."""

    listing: Listing
    ask: Ask
    only: str | None  # a figure: just the rows that it counts
    sort: str

    @property
    def key(self) -> tuple[Any, ...]:
        """Everything that the answer depends on, beside the sort."""
        ask, moment = self.ask, self.ask.snapshot.moment
        given = tuple(sorted((name, str(value)) for name, value in ask.given.items()))
        rights = ask.snapshot.reader.fingerprint
        return self.listing.name, ask.selection.key, rights, moment.n, moment.day.isoformat(), given


def find(name: str) -> Listing:
    """Raises NotFound."""
    found = LISTS.get(name)
    if found is None:
        raise NotFound(f"没有“{name[:40]}”这个清单。可用：{'、'.join(LISTS)}。")
    return found


def offered(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The lists that this reader may ask, with their columns and the numbers that they take."""
    out = []
    for one in LISTS.values():
        if one.inner and not snapshot.reader.sees_inner:
            continue
        ask = Ask(snapshot, Selection(), {p.name: p.default for p in one.parameters})
        out.append(
            {
                "name": one.name,
                "title": one.title,
                "question": one.question,
                "columns": [column.body() for column in one.columns(ask)],
                "parameters": [p.body(snapshot) for p in one.parameters],
                "sort": one.order,
                "part_of": one.part_of,
            }
        )
    return out


def question(
    listing: Listing,
    snapshot: Snapshot,
    selection: Selection,
    given: Mapping[str, Sequence[str]],
    *,
    only: str | None = None,
    sort: str | None = None,
) -> Question:
    """A question with everything checked. Raises Invalid, NotSignedIn and Forbidden."""
    reader = snapshot.reader
    if listing.inner and not reader.sees_inner:
        if reader.kind == "public":
            raise NotSignedIn(f"“{listing.title}”清单不对外公开，请先登录。")
        raise Forbidden(f"“{listing.title}”清单不对外公开，您的账号只能看公开信息。")
    ask = Ask(snapshot, selection, {p.name: p.read(given.get(p.name, ()), snapshot) for p in listing.parameters})
    if only is not None and only not in {f.name for f in listing.figures(ask) if _counts_own(f)}:
        raise Invalid("没有这一项数字", errors=[FieldError("only", "unknown_value", f"没有“{only[:40]}”这一项")])
    chosen = sort or listing.order
    legal = {c.name for c in listing.columns(ask) if c.sort is not None}
    if chosen.removeprefix("-") not in legal:
        told = f"没有可排序的“{chosen[:60]}”。可用：{'、'.join(sorted(legal))}"
        raise Invalid("不能按这一项排序", errors=[FieldError("sort", "unknown_value", told)])
    return Question(listing, ask, only, chosen)


def _counts_own(figure: Figure) -> bool:
    return figure.list is None and figure.value is None


@contextmanager
def _rights(question: Question) -> Iterator[None]:
    """The rights that the list is decided with, its own rows say what the reader gets of it; and how it is planned."""
    connection, listing = question.ask.snapshot.connection, question.listing
    with ExitStack() as about:
        if listing.system:
            about.enter_context(database.under(connection, SYSTEM.settings()))
        if listing.by_distance:
            about.enter_context(database.ordered_by_index(connection))
        yield


def _condition(question: Question, ask: Ask) -> str:
    if question.only is None:
        return "TRUE"
    figure = next(f for f in question.listing.figures(ask) if f.name == question.only)
    return figure.condition or "TRUE"


def _order(question: Question, ask: Ask) -> str:
    name = question.sort.removeprefix("-")
    column = next(c for c in question.listing.columns(ask) if c.name == name)
    descending = question.sort.startswith("-") != column.worst_first  # worse is more
    ties = ", ".join(f"r.{tie.strip()}" for tie in question.listing.ties.split(","))
    return f"{column.sort} {'DESC' if descending else 'ASC'} NULLS LAST, {ties}"


# -- Figures ------------------------------------------------------------------------


class Summaries:
    """A bounded memory of totals and figures. A state's never change, so nothing is ever stale."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], dict[str, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, question: Question) -> dict[str, Any]:
        """The values of a list's figures by name, `all` of its rows among them."""
        key = question.key
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        values = _summary(question)
        with self._lock:
            self._kept[key] = values
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return values


def _summary(question: Question) -> dict[str, Any]:
    ask = question.ask.anew()
    rows = question.listing.rows(ask)
    told = ["count(*) AS every"]
    own = [f for f in question.listing.figures(ask) if f.list is None]
    for i, figure in enumerate(own):
        where = f" FILTER (WHERE {figure.condition})" if figure.condition else ""
        value = figure.value or "count(*)"
        told.append(f"({value}){where} AS f{i}" if not where else f"{value}{where} AS f{i}")
    with _rights(question):
        found = run(ask, f"SELECT {', '.join(told)} FROM ({rows}) AS r")[0]
    values = {figure.name: found[f"f{i}"] for i, figure in enumerate(own)}
    return values | {"every": found["every"]}


def _figures(question: Question, summaries: Summaries, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    out = []
    ask = question.ask
    for figure in question.listing.figures(ask):
        body: dict[str, Any] = {"name": figure.name, "title": figure.title, "unit": figure.unit}
        if figure.list is not None:
            other = LISTS[figure.list]
            given = {p.name: ask.given.get(p.name, p.default) for p in other.parameters}
            elsewhere = Question(other, ask.anew(given), figure.only, other.order)
            body["value"] = summaries.of(elsewhere)["every" if figure.only is None else figure.only]
            body["opens"] = {"list": other.name, "only": figure.only}
        else:
            body["value"] = values[figure.name]
            body["opens"] = None
            if _counts_own(figure):
                body["opens"] = {"list": question.listing.name, "only": None if figure.total else figure.name}
        if figure.share_of:
            whole = values[figure.share_of]
            body["share"] = round(Decimal(100) * body["value"] / whole, 1) if whole else None
        # The map shows coarse forms too, which a list of inner ones does not count.
        coarse = question.listing.inner and ask.snapshot.reader.is_limited
        body["map"] = None if coarse else laid_over(ask.selection, figure.map)
        out.append(body)
    return out


# -- Pages --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the next page begins, in which picture."""

    key: list[Any]
    only: str | None
    sort: str
    n: int
    day: str
    offset: int

    def encode(self) -> str:
        body = [self.key, self.only, self.sort, self.n, self.day, self.offset]
        raw = simplejson.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    @classmethod
    def decode(cls, cursor: str) -> "_Place":
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            place = cls(*json.loads(raw))
            date.fromisoformat(place.day)
            legal = isinstance(place.n, int) and isinstance(place.offset, int) and 0 < place.offset < 2**31
            if not legal or not isinstance(place.key, list) or not isinstance(place.sort, str):
                raise ValueError
        except (ValueError, TypeError, binascii.Error):
            raise Invalid(
                "翻页位置无效，请从第一页重新查看", errors=[FieldError("cursor", "bad_cursor", "无效")]
            ) from None
        return place


def _same(question: Question) -> list[Any]:
    name, selection, _, _, _, given = question.key
    return [name, selection, [list(pair) for pair in given]]


def _row(cells: Cells, columns: Sequence[Column], row: Row) -> dict[str, Any]:
    out = {column.name: cells.wire(column, row) for column in columns}
    return out | ({"id": row["id"]} if "id" in row else {})


def page(question: Question, summaries: Summaries, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """A page of a list, with its exact total and figures, answered from the state of page 1. No rows at limit 0."""
    offset = 0
    if cursor is not None:
        place = _Place.decode(cursor)
        if place.key != _same(question) or place.only != question.only or place.sort != question.sort:
            raise Invalid("翻页位置与当前清单、筛选或排序不一致，请从第一页重新查看")
        about = question.ask.snapshot.as_of_day(place.n, date.fromisoformat(place.day))
        question = Question(
            question.listing, Ask(about, question.ask.selection, question.ask.given), question.only, question.sort
        )
        offset = place.offset
    listing, ask = question.listing, question.ask
    moment = ask.snapshot.moment
    values = summaries.of(question)
    total = values["every"] if question.only is None else values[question.only]
    rows = _fetch(question, limit, offset) if limit and total > offset else []
    columns = listing.columns(ask)
    divisions = divisions_of(ask.snapshot)
    cells = Cells.of(ask, columns, rows, divisions)
    out: dict[str, Any] = {
        "list": listing.name,
        "title": listing.title,
        "question": listing.question,
        "columns": [column.body() for column in columns],
        "parameters": [p.body(ask.snapshot) | {"value": ask.given[p.name]} for p in listing.parameters],
        "rows": [_row(cells, columns, row) for row in rows],
        "total": total,
        "total_is": "exact",
        "figures": _figures(question, summaries, values),
        "only": question.only,
        "sort": question.sort,
        "empty": listing.empty,
        "words": describe(ask.selection, ask.snapshot.catalogue, divisions),
        "state": moment.n,
        "day": moment.day.isoformat(),
        "next": None,
    }
    if listing.sentence is not None and limit and not offset:
        whole = Question(listing, ask.anew(), None, listing.order)
        out["sentence"] = listing.sentence(ask, _fetch(whole, None, 0))
    if limit and offset + len(rows) < total:
        out["next"] = _Place(
            _same(question), question.only, question.sort, moment.n, moment.day.isoformat(), offset + len(rows)
        ).encode()
    return out


def _statement(question: Question, ask: Ask) -> str:
    rows = question.listing.rows(ask)
    return f"SELECT * FROM ({rows}) AS r WHERE {_condition(question, ask)} ORDER BY {_order(question, ask)}"


def _fetch(question: Question, limit: int | None, offset: int) -> list[Row]:
    ask = question.ask.anew()
    sql = _statement(question, ask)
    if limit is not None:
        sql += f" LIMIT {ask.binds(limit)} OFFSET {ask.binds(offset)}"
    with _rights(question):
        rows = run(ask, sql)
    if question.listing.finish is not None:
        question.listing.finish(ask, rows)
    return rows


def every(question: Question, columns: Sequence[Column]) -> Iterator[list[Value]]:
    """All rows as cells, in order, from one snapshot; no more than a batch is held."""
    ask = question.ask.anew()
    sql = _statement(question, ask)
    divisions = divisions_of(ask.snapshot)
    connection = ask.snapshot.connection
    if question.listing.system:
        # A streamed answer is read under the rights of its statement's start; these are read at once instead.
        with _rights(question):
            found: Iterator[Mapping[str, Any]] = iter(run(ask, sql))
    else:
        streamed = {"stream_results": True, "max_row_buffer": _BATCH}
        result = connection.execute(text(sql), ask.binds.values, execution_options=streamed)
        found = (dict(row) for row in result.mappings())
    while batch := [dict(row) for row in islice(found, _BATCH)]:
        if question.listing.finish is not None:
            question.listing.finish(ask, batch)
        cells = Cells.of(ask, columns, batch, divisions)
        for row in batch:
            yield [cells.say(column, row) for column in columns]


def told(question: Question, summaries: Summaries) -> tuple[list[tuple[str, str]], int]:
    """What a file says of its list: question, selection, numbers; and how many rows it has."""
    ask, listing = question.ask, question.listing
    values = summaries.of(question)
    total = values["every"] if question.only is None else values[question.only]
    figures = _figures(question, summaries, values)
    lines = [("清单", f"{listing.title}：{listing.question}")]
    lines.append(("选择", describe(ask.selection, ask.snapshot.catalogue, divisions_of(ask.snapshot))))
    asked = ((p.title, p.say(ask.given[p.name], ask.snapshot)) for p in listing.parameters)
    lines += [(title, said) for title, said in asked if said is not None]
    if question.only is not None:
        lines.append(("只列", next(f["title"] for f in figures if f["name"] == question.only)))
    lines.append(
        ("数字", "；".join(f"{f['title']} {f['value']} {f['unit']}" for f in figures if f["value"] is not None))
    )
    return lines, total
