"""Entries of an evacuation: how many came to a shelter, to relatives, went home; in any order, also late and twice.

A village's entries are taken one after another under a lock. One that would break what has to hold is refused with the
numbers that are there (409); its sender corrects it, sends it again later, or says that more have to leave than was
ordered (`force_to_move`), which is an act of its own. Nothing is changed: a correction is an entry that stands in place
of another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from sqlalchemy import text

from riskmap.base.errors import Conflict, FieldError, Invalid, NotFound
from riskmap.rescue import log
from riskmap.rescue.evac import orders, shelters
from riskmap.rescue.evac.wire import Entry
from riskmap.store.snapshot import Snapshot

WORDS = {"sheltered": "安置", "with_relatives": "投亲靠友", "returned": "返回", "to_move_change": "应转增减"}

_ENTRY = (
    "SELECT entry_id AS id, village_id AS village, household_id AS household, kind, persons, shelter_id AS shelter,"
    " origin, (SELECT c.key FROM rescue_evac_entry AS c WHERE c.entry_id = e.cancels) AS cancels, at, made_at, by, key,"
    " note FROM rescue_evac_entry AS e"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry with the counts of its village now; `again` where it had come before."""

    entry: dict[str, Any]
    counts: dict[str, int]
    again: bool
    warning: str | None = None


def keep(snapshot: Snapshot, evacuation_id: int, asked: Entry) -> Kept:
    """Take an entry. Raises Conflict with how it stands, Invalid, NotFound, Forbidden."""
    connection, reader = snapshot.connection, snapshot.reader
    of = orders.head(connection, evacuation_id)
    village = orders.find_village(connection, evacuation_id, asked.village)
    orders.ensure_area(reader, village["division"], village["name"])
    _check(asked)
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('rescue_evac_village', :id))"), {"id": asked.village}
    )
    before = _counts(snapshot, evacuation_id, asked.village)
    first = _find(snapshot, evacuation_id, asked.key)
    if first is not None:
        return _again(first, asked, before)
    at = orders.occurred(asked.at, "at")
    if of["closed_at"] is not None and at > of["closed_at"]:
        orders.running(connection, evacuation_id)  # raises: what was before the end may still come in
    if asked.shelter is not None and not orders.shelters_among(snapshot, [asked.shelter]):
        raise Invalid("避难场所有误", errors=[FieldError("shelter", "unknown_shelter", orders.NO_SHELTER)])
    household = _household(snapshot, asked)
    replaced = _replaced(snapshot, evacuation_id, asked)
    if asked.force_to_move and asked.kind in {"sheltered", "with_relatives"}:
        gone = replaced["persons"] if replaced and replaced["kind"] in {"sheltered", "with_relatives"} else 0
        more = before["moved"] - gone + asked.persons - before["to_move"]
        if more > 0:
            _raise_to_move(snapshot, of, village, asked, more)
    origin = asked.origin or ("shelter" if asked.kind == "returned" and asked.shelter is not None else None)
    entry_id = connection.execute(
        text(
            "INSERT INTO rescue_evac_entry (evacuation_id, village_id, household_id, kind, persons, shelter_id, origin,"
            " cancels, at, by, account_id, key, note) VALUES (:evacuation, :village, :household, :kind, :persons,"
            " :shelter, :origin, :cancels, :at, :by, :account, :key, :note)"
            " ON CONFLICT (evacuation_id, key) DO NOTHING RETURNING entry_id"
        ),
        {
            "evacuation": evacuation_id, "village": asked.village, "household": asked.household, "kind": asked.kind,
            "persons": asked.persons, "shelter": asked.shelter, "origin": origin,
            "cancels": replaced["id"] if replaced else None, "at": at, "by": reader.name,
            "account": reader.account_id, "key": asked.key, "note": asked.note,
        },
    ).scalar()  # fmt: skip
    if entry_id is None:  # at this moment the same key came for another village
        _key_taken()
    after = _counts(snapshot, evacuation_id, asked.village)
    _ensure_holds(snapshot, evacuation_id, village, asked, before, after)
    _ensure_household(snapshot, asked, household)
    log.note(
        connection, by=reader.name, kind="转移", exercise=of["exercise"], flood_id=of["flood"],
        what=_said(of, village, asked, replaced, after),
        ref={"kind": "evacuation", "id": evacuation_id, "village": asked.village},
        body={"entry": entry_id, "shelter": asked.shelter, "cancels": asked.cancels, "note": asked.note},
    )  # fmt: skip
    kept = _find(snapshot, evacuation_id, asked.key)
    assert kept is not None
    return Kept(kept, after, again=False, warning=_overfull(snapshot, of, asked))


def _overfull(snapshot: Snapshot, of: Mapping[str, Any], asked: Entry) -> str | None:
    """Said where a shelter has more in it than it holds: they are there, so it is taken all the same."""
    if asked.kind != "sheltered" or asked.shelter is None:
        return None
    capacity = snapshot.connection.scalar(
        text("SELECT (attributes->>'capacity')::numeric::bigint FROM risk_object WHERE id = :id"), {"id": asked.shelter}
    )
    there = shelters.occupied(snapshot, of["exercise"]).get(asked.shelter, 0)
    if capacity is None or there <= capacity:
        return None
    return f"已登记。这个避难场所容纳 {capacity:,} 人，现有 {there:,} 人，超出 {there - capacity:,} 人。"


def _check(asked: Entry) -> None:
    """Raises Invalid for what contradicts itself."""
    wrong = []
    if asked.kind != "to_move_change" and asked.persons < 0:
        wrong.append(FieldError("persons", "negative", "人数不能为负；登记错了的，用更正"))
    if asked.persons == 0 and asked.cancels is None:
        wrong.append(FieldError("persons", "zero", "人数应大于 0"))
    if asked.origin is not None and asked.kind != "returned":
        wrong.append(FieldError("origin", "not_returned", "只有返回的要写自何处返回"))
    if asked.shelter is not None and (
        asked.kind in {"with_relatives", "to_move_change"} or asked.origin == "relatives"
    ):
        wrong.append(FieldError("shelter", "no_shelter_here", "投亲靠友、应转增减不填避难场所"))
    if asked.household is not None and asked.kind == "to_move_change":
        wrong.append(FieldError("household", "no_household_here", "应转增减按村登记，不填户"))
    if asked.cancels == asked.key:
        wrong.append(FieldError("cancels", "itself", "不能更正自己"))
    if wrong:
        raise Invalid("登记有误，请改正后再报", errors=wrong)


def _counts(snapshot: Snapshot, evacuation_id: int, village_id: int) -> dict[str, int]:
    return orders.counts(snapshot.connection, [evacuation_id], village_id=village_id)[village_id]


def _find(snapshot: Snapshot, evacuation_id: int, key: str) -> dict[str, Any] | None:
    row = snapshot.connection.execute(
        text(f"{_ENTRY} WHERE e.evacuation_id = :id AND e.key = :key"), {"id": evacuation_id, "key": key}
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None


def _again(first: dict[str, Any], asked: Entry, now: dict[str, int]) -> Kept:
    """What came before under this key, if it is the same."""
    same = ("village", "kind", "persons", "household", "shelter", "cancels")
    if any(first[name] != getattr(asked, name) for name in same):
        _key_taken()
    return Kept(first, now, again=True)


def _key_taken() -> NoReturn:
    raise Conflict("这个发送编号已用于另一条登记，没有再记。请刷新后重报。", code="key_used")


def _household(snapshot: Snapshot, asked: Entry) -> dict[str, Any] | None:
    if asked.household is None:
        return None
    row = snapshot.connection.execute(
        text(
            "SELECT household_id AS id, persons FROM rescue_evac_household"
            " WHERE household_id = :id AND village_id = :village"
        ),
        {"id": asked.household, "village": asked.village},
    )
    found = row.mappings().one_or_none()
    if found is None:  # of another village, or not his to see
        raise NotFound("这个村的户册里没有这一户，请刷新后再选。")
    return dict(found)


def _replaced(snapshot: Snapshot, evacuation_id: int, asked: Entry) -> dict[str, Any] | None:
    """The entry that this one stands in for. Raises Conflict where it has not come, or has been corrected before."""
    if asked.cancels is None:
        return None
    found = _find(snapshot, evacuation_id, asked.cancels)
    if found is None:
        raise Conflict("要更正的那一条还没有收到，请先把它报上来。", code="not_yet")
    if found["village"] != asked.village:
        raise Invalid("更正有误", errors=[FieldError("cancels", "other_village", "要更正的是另一个村的登记")])
    by = snapshot.connection.scalar(text("SELECT by FROM rescue_evac_entry WHERE cancels = :id"), {"id": found["id"]})
    if by is not None:
        raise Conflict(f"这一条已由 {by} 更正过，请看过现在的再改。", code="corrected")
    return found


def _raise_to_move(
    snapshot: Snapshot, of: Mapping[str, Any], village: Mapping[str, Any], asked: Entry, more: int
) -> None:
    """More have to leave than was ordered: an act of its own, whose key follows from the entry's."""
    snapshot.connection.execute(
        text(
            "INSERT INTO rescue_evac_entry (evacuation_id, village_id, kind, persons, at, by, account_id, key, note)"
            " VALUES (:evacuation, :village, 'to_move_change', :more, clock_timestamp(), :by, :account, :key, :note)"
        ),
        {
            "evacuation": of["id"], "village": village["id"], "more": more, "by": snapshot.reader.name,
            "account": snapshot.reader.account_id, "key": f"{asked.key}/+", "note": "登记时同时增加应转",
        },
    )  # fmt: skip
    log.note(
        snapshot.connection, by=snapshot.reader.name, kind="转移", exercise=of["exercise"], flood_id=of["flood"],
        what=f"{of['name']}：{village['name']}应转增加 {more:,} 人（登记到的人比应转多，登记人确认）",
        ref={"kind": "evacuation", "id": of["id"], "village": village["id"]},
    )  # fmt: skip


# -- What has to hold ----------------------------------------------------------------------


def _ensure_holds(
    snapshot: Snapshot,
    evacuation_id: int,
    village: Mapping[str, Any],
    asked: Entry,
    before: Mapping[str, int],
    after: Mapping[str, int],
) -> None:
    """Raises Conflict with the numbers that are there and those that would be."""
    name = village["name"]

    def clash(code: str, words: str) -> NoReturn:
        raise Conflict(f"{name}{words}", code=code, now={**before, "village": village["id"]})

    if after["moved"] > after["to_move"]:
        over = after["moved"] - after["to_move"]
        if asked.kind == "to_move_change":
            clash(
                "below_moved",
                f"已转 {before['moved']:,} 人，应转由 {before['to_move']:,} 改为 {after['to_move']:,}，"
                f"比已转少 {over:,} 人，没有改。请核对，已转登记错了的先更正。",
            )
        clash(
            "over_to_move",
            f"应转 {before['to_move']:,} 人，已转 {before['moved']:,} 人；照报上来的已转成为 {after['moved']:,}，"
            f"比应转多 {over:,} 人，没有记。请核对人数；确实多出 {over:,} 人的，选“同时增加应转”再报。",
        )
    if after["returned"] > after["moved"]:
        clash(
            "over_moved",
            f"已转 {before['moved']:,} 人，返回 {before['returned']:,} 人；照报上来的已转 {after['moved']:,}、"
            f"返回 {after['returned']:,}，返回比已转多 {after['returned'] - after['moved']:,} 人，没有记。"
            "请核对人数，或先报到达的。",
        )
    if after["returned_from_relatives"] > after["with_relatives"]:
        clash(
            "over_relatives",
            f"投亲靠友 {after['with_relatives']:,} 人，自亲友处返回成为 {after['returned_from_relatives']:,} 人，"
            f"多 {after['returned_from_relatives'] - after['with_relatives']:,} 人，没有记。请核对。",
        )
    worst = snapshot.connection.execute(
        text(
            "SELECT came, left_again, shelter_id FROM rescue_evac_in_shelters(CAST(:ids AS bigint[]), 'infinity')"
            " WHERE village_id = :village AND left_again > came LIMIT 1"
        ),
        {"ids": [evacuation_id], "village": village["id"]},
    ).one_or_none()
    if worst is not None:
        where = "没有注明场所的安置" if worst.shelter_id is None else "在这个避难场所安置"
        clash(
            "over_sheltered",
            f"{where} {worst.came:,} 人，自那里返回成为 {worst.left_again:,} 人，"
            f"多 {worst.left_again - worst.came:,} 人，没有记。请核对人数和场所。",
        )


def _ensure_household(snapshot: Snapshot, asked: Entry, household: Mapping[str, Any] | None) -> None:
    if household is None:
        return
    moved, returned = of_households(snapshot, [household["id"]]).get(household["id"], (0, 0))
    if moved > household["persons"]:
        raise Conflict(
            f"这一户 {household['persons']:,} 人，照报上来的已转成为 {moved:,} 人，没有记。请核对是否已登记过。",
            code="over_household",
        )
    if returned > moved:
        raise Conflict(
            f"这一户已转 {moved:,} 人，返回成为 {returned:,} 人，没有记。请核对，或先报到达的。",
            code="over_household",
        )


def of_households(snapshot: Snapshot, ids: list[int]) -> dict[int, tuple[int, int]]:
    """How many of each household have moved, and returned, by the entries that count."""
    rows = snapshot.connection.execute(
        text(
            "SELECT e.household_id AS id, coalesce(sum(e.persons) FILTER (WHERE e.kind <> 'returned'), 0) AS moved,"
            " coalesce(sum(e.persons) FILTER (WHERE e.kind = 'returned'), 0) AS returned"
            " FROM rescue_evac_standing((SELECT array_agg(DISTINCT evacuation_id) FROM rescue_evac_household"
            " WHERE household_id = ANY(CAST(:ids AS bigint[]))), 'infinity') AS e"
            " WHERE e.household_id = ANY(CAST(:ids AS bigint[])) GROUP BY e.household_id"
        ),
        {"ids": ids},
    )
    return {row.id: (int(row.moved), int(row.returned)) for row in rows}


def _said(
    of: Mapping[str, Any], village: Mapping[str, Any], asked: Entry, replaced: Mapping[str, Any] | None,
    after: Mapping[str, int],
) -> str:  # fmt: skip
    persons = f"{asked.persons:+,d}" if asked.kind == "to_move_change" else f"{asked.persons:,}"
    said = f"{WORDS[asked.kind]} {persons} 人"
    if replaced is not None:
        was = f"“{WORDS[replaced['kind']]} {replaced['persons']:,} 人”"
        said = f"更正{was}为“{said}”" if asked.persons else f"撤销{was}"
    return f"{of['name']}：{village['name']}{said}；{orders.in_words(after)}"


def listed(snapshot: Snapshot, evacuation_id: int, village_id: int | None, at: Any, limit: int) -> list[dict[str, Any]]:
    """Entries up to a minute, the newest first; `cancelled` where another stood in for it by then. Which household it
    was is told to who may see households alone."""
    rows = snapshot.connection.execute(
        text(
            "SELECT n.*, (SELECT household_id FROM rescue_evac_household WHERE household_id = n.household) AS seen,"
            " EXISTS (SELECT FROM rescue_evac_entry AS c WHERE c.cancels = n.id AND c.made_at <= :at)"
            f" AS cancelled FROM ({_ENTRY} WHERE e.evacuation_id = :id AND e.made_at <= :at"
            " AND (CAST(:village AS bigint) IS NULL OR e.village_id = :village)"
            " ORDER BY e.entry_id DESC LIMIT :limit) AS n ORDER BY n.id DESC"
        ),
        {"id": evacuation_id, "village": village_id, "at": at, "limit": limit},
    )
    out = []
    for row in rows.mappings():
        one = dict(row) | {"kind_title": WORDS[row["kind"]]}
        one["household"] = one.pop("seen")
        out.append(one)
    return out
