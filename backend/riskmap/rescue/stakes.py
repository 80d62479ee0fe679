"""What of the night hangs on an object of the register: told to who puts it out of use or strikes it off, before, and
told to the log when it is done."""

from sqlalchemy import text

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.base.errors import NotFound
from riskmap.rescue import log, minute, numbers
from riskmap.rescue.dispatch import incidents, orders, seen, teams
from riskmap.rescue.evac import shelters
from riskmap.store.snapshot import Snapshot

_SHELTER = "shelter"


def told(snapshot: Snapshot, object_id: int) -> list[dict[str, object]]:
    """{exercise, words}: what hangs on it in each kind, where anything does. Raises NotFound for an object that the
    reader does not see in full."""
    if seen.forms(snapshot, [object_id], any_life=True).get(object_id) != "full":
        raise NotFound("没有这个对象，或您无权查看。")
    [row] = seen.every(snapshot, [object_id])
    found = [(exercise, _of(snapshot, object_id, row["class"], exercise)) for exercise in (False, True)]
    return [{"exercise": exercise, "words": words} for exercise, words in found if words]


def note(snapshot: Snapshot, object_id: int, what: str) -> None:
    """An object goes out of use, or out of the register (`what`, in words), in the transaction that does it: a line in
    the log of each kind in which something hangs on it."""
    [row] = seen.every(snapshot, [object_id])
    for exercise in (False, True):
        words = _of(snapshot, object_id, row["class"], exercise)
        if not words:
            continue
        # The register is written by editors whom the night may not be shown to.
        with database.under(snapshot.connection, SYSTEM.settings(write=True)):
            log.note(
                snapshot.connection, by=snapshot.reader.name, exercise=exercise,
                kind="转移" if row["class"] == _SHELTER else "调度",
                what=f"{row['name']}在登记里{what}：{'；'.join(words)}", ref={"kind": "object", "id": object_id},
                about=log.About(object_id, f"登记里{what}", f"登记里{what}（对象无权查看）"),
            )  # fmt: skip


def _of(snapshot: Snapshot, object_id: int, class_: str, exercise: bool) -> list[str]:
    with database.under(snapshot.connection, SYSTEM.settings()):
        if class_ == teams.CLASS:
            return _orders(snapshot, object_id, exercise)
        return _people(snapshot, object_id, exercise) if class_ == _SHELTER else []


def _orders(snapshot: Snapshot, team_id: int, exercise: bool) -> list[str]:
    connection = snapshot.connection
    order = orders.open_by_team(connection, exercise=exercise, at=minute.asked(connection, None)).get(team_id)
    if order is None:
        return []
    name = incidents.called(incidents.several(connection, [order["incident"]]), order["incident"])
    return [f"没有完成的调度令 {numbers.said(order['id'])}" + (f"（{name}）" if name else "")]


def _people(snapshot: Snapshot, shelter_id: int, exercise: bool) -> list[str]:
    there = shelters.occupied(snapshot, exercise).get(shelter_id, 0)
    rows = snapshot.connection.execute(
        text(
            "WITH newest AS (SELECT DISTINCT ON (p.evacuation_id) p.evacuation_id, p.plan_id, e.name"
            " FROM rescue_evac_plan AS p JOIN rescue_evac_plan_accepted AS a USING (plan_id)"
            " JOIN rescue_evacuation AS e USING (evacuation_id) WHERE e.exercise = :exercise AND NOT EXISTS (SELECT"
            " FROM rescue_evac_closed AS c WHERE c.evacuation_id = e.evacuation_id)"
            " ORDER BY p.evacuation_id, a.at DESC)"
            " SELECT name, sum(l.persons)::bigint AS n FROM newest JOIN rescue_evac_plan_line AS l USING (plan_id)"
            " WHERE l.shelter_id = :shelter GROUP BY evacuation_id, name ORDER BY evacuation_id"
        ),
        {"exercise": exercise, "shelter": shelter_id},
    )
    planned = [f"“{row.name}”的安置方案安排 {row.n:,} 人" for row in rows]
    return [*([f"现有 {there:,} 人"] if there > 0 else []), *planned]
