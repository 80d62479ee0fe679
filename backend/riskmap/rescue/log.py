"""The log: every act of the night, in the order in which it was done. Only added to.

Everybody inside reads it. An entry that names an object of the register says which, and what is told instead to who
gets the object's public form, or nothing of it: the rights are the object's, whoever wrote the entry.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, text

from riskmap.access.reader import SYSTEM
from riskmap.base.audit import dump_json
from riskmap.selection.compile import compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

Kind = Literal["水情", "预警", "响应", "调度", "转移", "设置"]
ITSELF = "系统"  # who is told for what no account did
KINDS: tuple[Kind, ...] = ("水情", "预警", "响应", "调度", "转移", "设置")


@dataclass(frozen=True, slots=True)
class About:
    """The object that an entry names; the sentence for who gets its public form, and for who may not see it."""

    object_id: int
    public: str
    unseen: str
    others: tuple[int, ...] = ()  # which it names beside: who gets one of them in a lesser form gets that sentence


def note(
    connection: Connection,
    *,
    by: str,
    kind: Kind,
    what: str,
    exercise: bool = False,
    flood_id: int | None = None,
    ref: Mapping[str, Any] | None = None,
    body: Mapping[str, Any] | None = None,
    about: About | None = None,
) -> int:
    """Write one entry in the caller's transaction, with the state that the register has now; its id."""
    if about is not None:
        ref = {**(ref or {}), "object": about.object_id, "public": about.public, "unseen": about.unseen}
        if about.others:
            ref["others"] = list(about.others)
    found: int = connection.execute(
        text(
            "INSERT INTO rescue_log (by, exercise, kind, what, flood_id, state, ref, body) VALUES (:by, :exercise,"
            " :kind, :what, :flood_id, (SELECT n FROM data_state), CAST(:ref AS jsonb), CAST(:body AS jsonb))"
            " RETURNING log_id"
        ),
        {
            "by": by, "exercise": exercise, "kind": kind, "what": what, "flood_id": flood_id,
            "ref": dump_json(ref), "body": dump_json(body),
        },
    ).scalar_one()  # fmt: skip
    return found


def entries(
    connection: Connection,
    *,
    exercise: bool,
    kind: Kind | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Entries, the newest first; `before` is the id that the page ends with."""
    rows = connection.execute(
        text(
            "SELECT log_id AS id, at, by, exercise, kind, what, flood_id AS flood, state, ref, body FROM rescue_log"
            " WHERE exercise = :exercise AND (CAST(:kind AS text) IS NULL OR kind = :kind)"
            " AND (CAST(:since AS timestamptz) IS NULL OR at >= :since)"
            " AND (CAST(:until AS timestamptz) IS NULL OR at <= :until)"
            " AND (CAST(:before AS bigint) IS NULL OR log_id < :before) ORDER BY log_id DESC LIMIT :limit"
        ),
        {"exercise": exercise, "kind": kind, "since": since, "until": until, "before": before, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]


def shown(snapshot: Snapshot, found: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Entries as the snapshot's reader gets them; `masked` are those that do not name their object to him."""
    rows = [dict(row) for row in found]
    named = sorted({i for row in rows for i in _named(row["ref"])})
    forms = dict.fromkeys(named, "full") if snapshot.reader.sees_all else _forms(snapshot, named)
    for row in rows:
        row |= {"masked": False, "by": ITSELF if row["by"] == SYSTEM.name else row["by"]}
        if row["ref"] is None or "object" not in row["ref"]:
            continue
        ref = dict(row["ref"])
        instead = {"public": ref.pop("public"), None: ref.pop("unseen")}
        all_of = {forms.get(i) for i in _named(ref)}
        ref.pop("others", None)
        form = next(f for f in (None, "public", "full") if f in all_of)  # the least of them
        row |= {"what": instead.get(form, row["what"]), "masked": form is None, "ref": None if form is None else ref}
    return rows


def _named(ref: Mapping[str, Any] | None) -> list[int]:
    """The objects that an entry names."""
    return [ref["object"], *ref.get("others", ())] if ref and "object" in ref else []


def _forms(snapshot: Snapshot, ids: Sequence[int]) -> dict[int, str]:
    """Those of these objects that the reader gets, at whatever stage of their life, each with its form."""
    if not ids:
        return {}
    compiled = compile_selection(Selection(stage=("any",)), snapshot, only_ids=list(ids))
    rows = snapshot.connection.execute(text(compiled.rows("id, form")), compiled.binds.values)
    return {row.id: row.form for row in rows}
