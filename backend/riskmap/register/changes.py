"""What differs between two moments, within a selection and the reader's rights: an earlier state and the present
(自上次查看以来), or two days as they are known now (两天之间).

Both pictures come from `selection.compile`. An earlier form is shown only where the rights hold for it and for
the object as it is now, so what has left a reader's rights is not told of, and what has come into them is new.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import simplejson

from riskmap.base import state as states
from riskmap.base.errors import FieldError, Forbidden, Invalid
from riskmap.catalogue.model import GRADES, Catalogue
from riskmap.register import changes_queries as queries
from riskmap.register.changes_queries import KINDS, Place
from riskmap.register.service import Cursor
from riskmap.selection.level import told_of, verdict_of
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

MOST = 50_000  # objects that are compared: some seconds; more come of a policy or of whole registers


def since(snapshot: Snapshot, selection: Selection, n: int, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """A page of what changed since state n, worst grade first. Raises Invalid for a state that never was.

    Where more than `MOST` objects were touched, none is compared: `too_many`, and no figure. What was touched is
    asked before the selection and the reader's forms, so a figure would tell of changes that he may not read.
    """
    if snapshot.moment.n < n or selection.as_of:
        raise Invalid("since 应早于现在", errors=[FieldError("since", "not_before", "请给早于当前状态的状态号")])
    sort = f"changes:{n}"
    snapshot, after = _place(snapshot, selection, sort, cursor)
    was = snapshot.at(f"state:{n}")
    out: dict[str, Any] = {"since": n, "since_at": _at(snapshot, n), "state": snapshot.moment.n, "total": 0}
    if was.moment.n == snapshot.moment.n:
        return {**out, "by_kind": dict.fromkeys(KINDS, 0), "items": [], "next": None}
    return out | _page(was, snapshot, selection, sort, limit, after)


def between(
    snapshot: Snapshot, selection: Selection, first: date, last: date | None, *, limit: int, cursor: str | None
) -> dict[str, Any]:
    """The same between two days, each as it is known now; the later one is today where it is not given."""
    if selection.as_of:
        raise Invalid("比较两天时不另写 as_of", errors=[FieldError("as_of", "not_both", "请去掉回看的日期")])
    if first >= (last or snapshot.state.day) or (last is not None and last > snapshot.state.day):
        raise Invalid("日期不对", errors=[FieldError("from", "not_before", "前一天应早于后一天，后一天不晚于今天")])
    sort = f"changes:{first}:{last or ''}"
    snapshot, after = _place(snapshot, selection, sort, cursor)
    present = snapshot
    then = snapshot if last is None else snapshot.as_of_day(snapshot.moment.n, last)
    was = snapshot.as_of_day(snapshot.moment.n, first)
    out: dict[str, Any] = {"from": first.isoformat(), "to": then.moment.day.isoformat(), "state": present.moment.n}
    return out | _page(was, then, selection, sort, limit, after, pinned=present)


def _place(snapshot: Snapshot, selection: Selection, sort: str, cursor: str | None) -> tuple[Snapshot, Place | None]:
    """Where a page begins, and the picture that the first page was answered from."""
    if cursor is None:
        return snapshot, None
    place = Cursor.decode(cursor)
    if place.selection != selection.key or place.sort != sort or not isinstance(place.key, int):
        raise Invalid("翻页位置与当前筛选不一致，请从第一页重新查看")
    found = snapshot.as_of_day(place.n, date.fromisoformat(place.day))
    return found, Place(place.key % 10, place.key // 10, place.id)


def _page(
    was: Snapshot,
    now: Snapshot,
    selection: Selection,
    sort: str,
    limit: int,
    after: Place | None,
    pinned: Snapshot | None = None,
) -> dict[str, Any]:
    """`pinned`: what the following pages are answered from, where that is not `now`."""
    if queries.are_more(was, now, MOST):
        return {"total": None, "too_many": True, "by_kind": {}, "items": [], "next": None}
    found = queries.changes(was, now, selection, _hidden(was, now), limit + 1, after)
    rows = found.rows[:limit]
    out: dict[str, Any] = {
        "total": sum(found.by_kind.values()),
        "by_kind": found.by_kind,
        "items": [_item(row, now.catalogue) for row in rows],
        "next": None,
    }
    if len(found.rows) > limit:
        last = rows[-1]
        key, moment = last["grade"] * 10 + last["kind"], (pinned or now).moment
        out["next"] = Cursor(selection.key, moment.n, moment.day.isoformat(), sort, key, last["id"]).encode()
    return out


def _at(snapshot: Snapshot, n: int) -> str | None:
    found = states.at(snapshot.connection, n)
    return found.at.isoformat(timespec="seconds") if found else None


def _item(row: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    kind = KINDS[row["kind"]]
    out: dict[str, Any] = {
        "id": row["id"],
        "kind": kind,
        "class": row["class"],
        "code": row["code"],
        "name": row["name"],
        "grade": {"value": GRADES[row["grade"] - 1], "scale": "risk-grade"},
        **told_of(row, catalogue),
        "division": row["division"] or None,
        "stage": row["stage"],
        "geometry": simplejson.loads(row["place"]) if row["place"] else None,
        "in_selection": row["now_in"],
        "fields": [] if kind in {"added", "ended"} else row["fields"],
        "object_state": row["object_state"],
        "updated_at": row["updated_at"].isoformat(timespec="seconds"),
    }
    if row["existed"]:
        out["before"] = {
            "grade": GRADES[row["grade_was"] - 1],
            "level": row["level_was"],
            "verdict": verdict_of(
                {"class": row["class"], "level_scale": row["level_was"], "level_verdict": row["verdict_was"]}, catalogue
            ),
            "stage": row["stage_was"],
        }
    return out


def _hidden(*snapshots: Snapshot) -> dict[str, dict[str, list[str]]]:
    """By form and class, the fields that this reader may not read: a change in them is none for him."""
    tier = snapshots[0].reader.tier
    out: dict[str, dict[str, list[str]]] = {"full": {}, "public": {}}
    for snapshot in snapshots:
        for code, spec in snapshot.catalogue.classes.items():
            for form, most in (("full", tier), ("public", 0)):
                names = [f.name for f in spec.fields if f.visibility > most]
                if names:
                    out[form][code] = sorted({*out[form].get(code, []), *names})
    return out


def last_seen(snapshot: Snapshot) -> dict[str, Any]:
    """What the caller's account has seen last; nothing for the public, whose browser keeps it."""
    account_id = snapshot.reader.account_id
    row = queries.last_seen(snapshot.connection, account_id) if account_id is not None else None
    return {
        "seen": row["state"] if row else None,
        "seen_at": row["at"].isoformat(timespec="seconds") if row else None,
        "state": snapshot.state.n,
    }


def mark_seen(snapshot: Snapshot, n: int) -> dict[str, Any]:
    """The caller's account has seen state n. Raises Invalid for a state that never was."""
    account_id = snapshot.reader.account_id
    if account_id is None:
        raise Forbidden("记下看到哪里需要登录；不登录时由浏览器记着。")
    snapshot.at(f"state:{n}")
    queries.keep_seen(snapshot.connection, account_id, n)
    return {"seen": n, "state": snapshot.state.n}
