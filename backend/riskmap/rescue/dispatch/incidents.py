"""Incidents (险情): where, what, who is trapped, what is needed; in versions, merged and split with links kept."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import shapely
from sqlalchemy import Connection, text

from riskmap.base import clock
from riskmap.base.crs import CGCS2000
from riskmap.base.errors import Conflict, FieldError, Invalid, NotFound
from riskmap.rescue import areas, floods, log, minute, numbers
from riskmap.rescue.dispatch import priority, wire
from riskmap.rescue.routing import Place
from riskmap.store.place import anchor_of, parse_geometry
from riskmap.store.snapshot import Snapshot

STATES = {"open": "在处置", "closed": "已结束", "merged": "已并入", "split": "已拆分"}
NEEDS = {
    "boat": "艇", "pump": "泵", "water": "水域救援", "fire": "灭火", "chemical": "危化处置", "forest": "森林扑火",
    "mine": "矿山救护", "medical": "医疗", "drain": "排涝", "road": "道路抢通", "collapse": "坍塌救援",
    "mountain": "山岳救援", "power": "电力抢修", "telecom": "通信保障", "gas": "燃气抢险",
}  # fmt: skip
_FACTS = (
    "kind", "name", "trapped", "vulnerable", "depth_m", "needs", "at", "reporter", "phone", "note", "result",
)  # fmt: skip
_COLUMNS = ", ".join(f"v.{f}" for f in _FACTS)


# -- Written -----------------------------------------------------------------------------


def create(snapshot: Snapshot, given: Mapping[str, Any], *, exercise: bool) -> int:
    """A new incident with its log entry; its id. Raises Invalid."""
    facts = _checked(snapshot, given, exercise)
    made = _new(snapshot, facts, exercise)
    _note(snapshot, made, exercise, f"险情 {numbers.said(made)}：{said(facts)}", facts["flood"])
    return made


def _new(snapshot: Snapshot, facts: Mapping[str, Any], exercise: bool) -> int:
    made = numbers.next_of(snapshot.connection, "rescue_incident", exercise)
    snapshot.connection.execute(
        text("INSERT INTO rescue_incident (incident_id, exercise, made_by) VALUES (:id, :exercise, :by)"),
        {"id": made, "exercise": exercise, "by": snapshot.reader.name},
    )
    _version(snapshot, made, 1, "open", facts)
    return made


def change(snapshot: Snapshot, incident_id: int, version: int, given: Mapping[str, Any]) -> None:
    """The next version. Raises Conflict for who was overtaken, Forbidden outside the reader's areas, Invalid,
    NotFound."""
    now = _open(snapshot, incident_id, version)
    facts = _checked(snapshot, given, now["exercise"])
    _version(snapshot, incident_id, version + 1, "open", facts)
    what = f"险情 {numbers.said(incident_id)} 更新：{said(facts)}"
    _note(snapshot, incident_id, now["exercise"], what, facts["flood"])


def close(snapshot: Snapshot, incident_id: int, version: int, result: str) -> None:
    """It is over, with what came of it."""
    now = _open(snapshot, incident_id, version)
    _version(snapshot, incident_id, version + 1, "closed", _facts(now) | {"result": result})
    what = f"险情 {numbers.said(incident_id)}（{now['name']}）结束：{result}"
    _note(snapshot, incident_id, now["exercise"], what, now["flood"])


def merge(snapshot: Snapshot, incident_id: int, version: int, others: Mapping[int, int], given: Mapping[str, Any]
) -> None:  # fmt: skip
    """Others (id to the version that was seen) go into this one, which becomes as given."""
    if incident_id in others:
        raise Invalid("没有合并", errors=[FieldError("others", "itself", "不能并入自己")])
    lock(snapshot.connection, [incident_id, *others])
    now = _open(snapshot, incident_id, version)
    gone = {i: _open(snapshot, i, v) for i, v in sorted(others.items())}
    strange = [i for i, one in gone.items() if one["exercise"] != now["exercise"]]
    if strange:
        raise Invalid("没有合并", errors=[FieldError("others", "other_kind", "实战与演练的险情不能合并")])
    facts = _checked(snapshot, given, now["exercise"])
    _version(snapshot, incident_id, version + 1, "open", facts)
    for i, one in gone.items():
        _version(snapshot, i, one["version"] + 1, "merged", _facts(one))
        _link(snapshot, i, incident_id, "merged")
    listed = "、".join(numbers.said(i) for i in gone)
    told = "；".join(
        what + said_
        for what, name in (("", "trapped"), ("其中需帮助的", "vulnerable"))
        if (said_ := put_together([one[name] for one in (now, *gone.values())], facts[name]))
    )
    what = f"险情 {listed} 并入 {numbers.said(incident_id)}：{said(facts)}" + (f"（{told}）" if told else "")
    _note(snapshot, incident_id, now["exercise"], what, facts["flood"])


def split(snapshot: Snapshot, incident_id: int, version: int, parts: Sequence[Mapping[str, Any]]) -> list[int]:
    """Into parts that are incidents of their own; their ids. That the parts' persons add up to others than the whole's
    is not refused and stands in the log."""
    now = _open(snapshot, incident_id, version)
    checked = [_checked(snapshot, part, now["exercise"], f"parts.{i}.") for i, part in enumerate(parts)]
    _version(snapshot, incident_id, version + 1, "split", _facts(now))
    made = [_new(snapshot, facts, now["exercise"]) for facts in checked]
    for one in made:
        _link(snapshot, incident_id, one, "split")
    listed = "；".join(f"{numbers.said(i)}：{said(f)}" for i, f in zip(made, checked, strict=True))
    told = "；".join(
        what + said_
        for what, name in (("", "trapped"), ("其中需帮助的", "vulnerable"))
        if (said_ := added_up(now[name], [f[name] if f["trapped"] != 0 else 0 for f in checked]))
        if name == "trapped" or now[name] is not None
    )
    what = f"险情 {numbers.said(incident_id)} 拆为 {listed}" + (f"（{told}）" if told else "")
    _note(snapshot, incident_id, now["exercise"], what, now["flood"])
    return made


def put_together(before: Sequence[int | None], after: int | None) -> str:
    """What has to be known of persons whose incidents became one: more or fewer than were known, or not known any more;
    empty where they add up. As the page says it while it is filled in (`putTogether`)."""
    known = [n for n in before if n is not None]
    total, unknown = sum(known), len(before) - len(known)
    rest = f"，另有 {unknown} 处不明" if unknown else ""
    if after is None:
        return f"合并前合计 {total:,} 人{rest}，合并后不明" if total else ""
    if after >= total and (unknown or after == total):
        return ""
    return f"合并前合计 {total:,} 人{rest}，合并后{'多' if after > total else '少'} {abs(after - total):,} 人"


def added_up(before: int | None, parts: Sequence[int | None]) -> str:
    """What has to be known of persons that were divided: more or fewer than before, or not known; empty where they
    add up. As the page says it while it is filled in (`addedUp`)."""
    known = [p for p in parts if p is not None]
    total, unknown = f"各部分合计 {sum(known):,} 人", len(parts) - len(known)
    if not known:
        return "" if before is None else f"各部分人数都不明，原来 {before:,} 人"
    if unknown or before is None:
        rest = f"，另有 {unknown} 部分人数不明" if unknown else ""
        return f"{total}{rest}，原来" + ("人数不明" if before is None else f" {before:,} 人")
    more = sum(known) - before
    return f"{total}，比原来{'多' if more > 0 else '少'} {abs(more):,} 人" if more else ""


def _open(snapshot: Snapshot, incident_id: int, version: int) -> dict[str, Any]:
    """The incident where this is its newest version, it goes on and is the reader's to change; nobody else changes it
    until the end."""
    connection = snapshot.connection
    lock(connection, [incident_id])
    now = find(connection, incident_id)
    this = f"险情 {numbers.said(incident_id)}"
    areas.ensure_his(snapshot, f"{this} ", now["made_by"], anchor_of(now["shape"]))
    if now["version"] != version:
        raise Conflict(
            f"{this} 刚由 {now['by']} 改过，您的操作没有执行。请看过现在的再改。", code="stale",
            now={"by": now["by"], "version": now["version"], "state": now["state"]},
        )  # fmt: skip
    if now["state"] != "open":
        raise Conflict(f"{this} {STATES[now['state']]}，不能再改。", code="over", now={"state": now["state"]})
    return now


def lock(connection: Connection, ids: Sequence[int]) -> None:
    """Nobody else changes these until the transaction ends; the lower id first, so that nobody waits for another."""
    for one in sorted(set(ids)):
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('rescue_incident', :id))"), {"id": one})


def _facts(now: Mapping[str, Any]) -> dict[str, Any]:
    return {f: now[f] for f in _FACTS} | {"flood": now["flood"], "shape": now["shape"]}


def _checked(snapshot: Snapshot, given: Mapping[str, Any], exercise: bool, field: str = "") -> dict[str, Any]:
    """What was sent, checked by itself already (`wire.IncidentFacts`), as it is kept. Raises Invalid for water of the
    other kind."""
    facts = {"result": "", **given}
    facts["shape"] = parse_geometry(facts.pop("place"), wire.PLACES)
    facts["at"] = facts["at"] or clock.now()
    if facts["flood"] is not None and floods.find(snapshot.connection, facts["flood"])["exercise"] != exercise:
        told = "实战的险情不能附演练的淹没范围，反之亦然"
        raise Invalid("险情有误，请改正后再保存", errors=[FieldError(f"{field}flood", "other_kind", told)])
    facts["needs"] = list(dict.fromkeys(facts["needs"]))
    facts["name"] = facts["name"] or facts["kind"]
    return facts


def _version(snapshot: Snapshot, incident_id: int, version: int, state: str, facts: Mapping[str, Any]) -> None:
    reader = snapshot.reader
    values = {f: facts[f] for f in _FACTS}
    columns, binds = ", ".join(values), ", ".join(f":{f}" for f in values)
    snapshot.connection.execute(
        text(
            f"INSERT INTO rescue_incident_version (incident_id, version, by, account_id, state, flood_id, geom,"
            f" {columns}) VALUES (:id, :version, :who, :account, :state, :flood,"
            f" ST_GeomFromEWKB(decode(:geom, 'hex')), {binds})"
        ),
        {
            "id": incident_id, "version": version, "who": reader.name, "account": reader.account_id, "state": state,
            "flood": facts["flood"],
            "geom": shapely.to_wkb(shapely.set_srid(facts["shape"], CGCS2000), hex=True, include_srid=True), **values,
        },
    )  # fmt: skip


def _link(snapshot: Snapshot, from_id: int, to_id: int, kind: str) -> None:
    snapshot.connection.execute(
        text("INSERT INTO rescue_incident_link (from_id, to_id, kind, by) VALUES (:from_id, :to_id, :kind, :by)"),
        {"from_id": from_id, "to_id": to_id, "kind": kind, "by": snapshot.reader.name},
    )


def called(about: Mapping[int, Mapping[str, Any]], incident_id: int) -> str:
    """Its name, among these that are known."""
    return str(about[incident_id]["name"]) if incident_id in about else f"险情 {numbers.said(incident_id)}"


def said(facts: Mapping[str, Any]) -> str:
    """An incident in a line."""
    trapped = (
        "人数不明" if facts["trapped"] is None else f"被困 {facts['trapped']:,} 人" if facts["trapped"] else "无人被困"
    )
    parts = [
        facts["kind"] if facts["name"] == facts["kind"] else f"{facts['name']}，{facts['kind']}",
        trapped + (f"（需帮助 {facts['vulnerable']:,} 人）" if facts["vulnerable"] else ""),
        "" if facts["depth_m"] is None else f"水深 {facts['depth_m']:g} m",
        f"需要{'、'.join(NEEDS[n] for n in facts['needs'])}" if facts["needs"] else "",
    ]
    return "，".join(p for p in parts if p)


def _note(snapshot: Snapshot, incident_id: int, exercise: bool, what: str, flood: int | None) -> None:
    log.note(
        snapshot.connection, by=snapshot.reader.name, kind="调度", exercise=exercise, what=what, flood_id=flood,
        ref={"kind": "incident", "id": incident_id},
    )  # fmt: skip


# -- Read ----------------------------------------------------------------------------------


# What it came from, and what these came from in turn: orders were given to any of them.
_BEFORE = (
    "WITH RECURSIVE b (id) AS (SELECT from_id FROM rescue_incident_link WHERE to_id = i.incident_id AND at <= :at"
    " UNION SELECT l.from_id FROM rescue_incident_link AS l JOIN b ON l.to_id = b.id WHERE l.at <= :at)"
    " SELECT id FROM b ORDER BY 1"
)


def _read(connection: Connection, where: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The newest version up to a minute of the incidents that a condition takes."""
    rows = connection.execute(
        text(
            f"SELECT DISTINCT ON (i.incident_id) i.incident_id AS id, i.exercise, i.made_at, i.made_by, v.version,"
            f" v.made_at AS changed_at, v.by, v.state, {_COLUMNS}, v.flood_id AS flood, ST_AsEWKB(v.geom) AS wkb,"
            f" ARRAY(SELECT from_id FROM rescue_incident_link AS l WHERE l.to_id = i.incident_id AND l.at <= :at"
            f" ORDER BY 1) AS came_from, ARRAY(SELECT to_id FROM rescue_incident_link AS l"
            f" WHERE l.from_id = i.incident_id AND l.at <= :at ORDER BY 1) AS went_to, ARRAY({_BEFORE}) AS before"
            f" FROM rescue_incident AS i JOIN rescue_incident_version AS v USING (incident_id)"
            f" WHERE v.made_at <= :at AND {where} ORDER BY i.incident_id, v.version DESC"
        ),
        values,
    )
    return [dict(r) | {"shape": shapely.from_wkb(bytes(r["wkb"]))} for r in rows.mappings()]


def find(connection: Connection, incident_id: int, at: datetime | None = None) -> dict[str, Any]:
    """An incident as it stood at a minute. Raises NotFound."""
    found = _read(connection, "i.incident_id = :id", {"id": incident_id, "at": minute.asked(connection, at)})
    if not found:
        raise NotFound(f"没有险情 {numbers.said(incident_id)}，请刷新后再选。")
    return found[0]


def of_kind(connection: Connection, incident_id: int, exercise: bool) -> dict[str, Any]:
    """An incident that is real, or of an exercise, as asked. Raises NotFound, Invalid."""
    found = find(connection, incident_id)
    if found["exercise"] != exercise:
        told = "实战与演练的险情不能混用"
        raise Invalid("险情有误", errors=[FieldError("incident", "other_kind", told)])
    return found


def several(connection: Connection, ids: Sequence[int], at: datetime | None = None) -> dict[int, dict[str, Any]]:
    """Of these incidents those that there are, by id."""
    then = minute.asked(connection, at)
    found = _read(connection, "i.incident_id = ANY(CAST(:ids AS bigint[]))", {"ids": list(ids), "at": then})
    return {one["id"]: one for one in found}


def going_on(connection: Connection, ids: Sequence[int], at: datetime | None = None) -> list[int]:
    """Incidents that go on at a minute, and what those that were merged or split became."""
    out: dict[int, None] = {}
    look, seen_ = list(ids), set(ids)
    while look:
        for i, one in several(connection, look, at).items():
            if one["state"] == "open":
                out[i] = None
            else:
                seen_ |= set(one["went_to"])
        look = [i for i in seen_ if i not in out and i not in ids]
        ids = [*ids, *look]
    return list(out)


def merged_into(connection: Connection, ids: Iterable[int]) -> dict[int, int]:
    """What each of these incidents is now: itself, or the one that it went into, over however many steps."""
    out = {i: i for i in ids}
    while True:
        found = several(connection, sorted(set(out.values())))
        merged = {i: one["went_to"][0] for i, one in found.items() if one["state"] == "merged"}
        if not merged:
            return out
        out = {i: merged.get(now, now) for i, now in out.items()}


MOST_OVER = 500  # in a list


def listed(snapshot: Snapshot, *, exercise: bool, at: datetime, all_states: bool) -> list[dict[str, Any]]:
    """Incidents at a minute, the most urgent first; with `all_states` what is over after those that go on, the newest
    MOST_OVER of it."""
    state = (
        "(SELECT n.state FROM rescue_incident_version AS n WHERE n.incident_id = i.incident_id AND n.made_at <= :at"
        " ORDER BY n.version DESC LIMIT 1)"
    )
    values = {"exercise": exercise, "at": at, "most": MOST_OVER}
    found = _read(snapshot.connection, f"i.exercise = :exercise AND {state} = 'open'", values)
    if all_states:
        over = (
            f"i.incident_id IN (SELECT i.incident_id FROM rescue_incident AS i WHERE i.exercise = :exercise"
            f" AND {state} <> 'open' ORDER BY i.incident_id DESC LIMIT :most)"
        )
        found += _read(snapshot.connection, over, values)
    out = bodies(snapshot, found, at)
    out.sort(key=lambda b: (b["status"] != "open", -b["priority"]["points"], b["happened_at"], b["id"]))
    return out


def rated(one: Mapping[str, Any], at: datetime) -> priority.Priority:
    """How urgent it is at a minute."""
    depth: Decimal | None = one["depth_m"]
    waited = max(0.0, (at - one["at"]).total_seconds())
    return priority.of(one["kind"], one["trapped"], one["vulnerable"], depth, waited)


def place_of(one: Mapping[str, Any]) -> Place:
    """Where one goes to: a point of it."""
    return Place(*anchor_of(one["shape"]))


def bodies(snapshot: Snapshot, found: Sequence[Mapping[str, Any]], at: datetime) -> list[dict[str, Any]]:
    """For the page; `yours`: whether the reader may change it, his role allowing."""
    yours = areas.yours(snapshot, [(one["made_by"], anchor_of(one["shape"])) for one in found])
    return [_body(one, at) | {"yours": his} for one, his in zip(found, yours, strict=True)]


def _body(one: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    rating = rated(one, at)
    hidden = {"wkb", "shape", "state", "at"}
    return {k: v for k, v in one.items() if k not in hidden} | {
        "happened_at": one["at"],
        "status": one["state"],
        "status_title": STATES[one["state"]],
        "place": json.loads(shapely.to_geojson(one["shape"])),
        "point": list(anchor_of(one["shape"])),
        "needs_titles": [NEEDS.get(n, n) for n in one["needs"]],
        "priority": {"points": rating.points, "words": list(rating.words), "mark": priority.MARK},
    }


def versions(connection: Connection, incident_id: int, at: datetime) -> list[dict[str, Any]]:
    """Every version up to a minute, the newest first, without shapes."""
    rows = connection.execute(
        text(
            f"SELECT v.version, v.made_at, v.by, v.state AS status, {_COLUMNS}, v.flood_id AS flood"
            " FROM rescue_incident_version AS v WHERE v.incident_id = :id AND v.made_at <= :at"
            " ORDER BY v.version DESC"
        ),
        {"id": incident_id, "at": at},
    )
    return [dict(row) | {"status_title": STATES[row["status"]]} for row in rows.mappings()]
