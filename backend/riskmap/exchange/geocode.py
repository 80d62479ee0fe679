"""Addresses and names of places, as exactly as the gazetteer has them: door, street, village."""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from riskmap.access.reader import territory
from riskmap.base.spelling import spelt_in
from riskmap.catalogue import gazetteer
from riskmap.exchange.addresses import key_of, street_of, village_of
from riskmap.exchange.division_names import DivisionNames

_NEAR_NUMBER = 20  # house numbers apart: farther ones say no more than the street
_RANK = {"exact": 0, "end": 1, "start": 2, "part": 3, "initials": 4, "pinyin": 4}
_KIND_RANK = {kind: i for i, kind in enumerate(("town", "village", "place", "road", "door"))}


def find(connection: Connection, said: str, limit: int, names: DivisionNames) -> dict[str, Any]:
    """Places of a name or address; where the whole of it is not known, what of it is."""
    key = key_of(said)
    known = gazetteer.find(connection, key)
    wide = len(known) >= gazetteer.MOST_FOUND
    found = [_whole(row, key) for row in known]
    if not found:
        rest, code = _without_divisions(key, names)
        if rest != key:
            known = gazetteer.find(connection, rest)
            wide = len(known) >= gazetteer.MOST_FOUND
            found = [_whole(row, rest) for row in known if _is_in(row, code)]
        if not found:
            found = _in_part(connection, rest, code)
    if re.fullmatch(r"[A-Za-z]{2,40}", said):
        known = gazetteer.find_spelt(connection, said)
        wide |= len(known) >= gazetteer.MOST_FOUND
        for row in known:
            if spelt := spelt_in(said, row["name"]):
                start, end, how = spelt
                found.append(_item(row, how, "name", start, end))
    found.sort(key=lambda i: (_RANK[i["how"]], _KIND_RANK[i["kind"]], len(i["name"]), i["name"], i["division"] or ""))
    items = list({(i["name"], i["kind"], *i["position"]): i for i in found}.values())
    for item in items[:limit]:
        item["where"] = names.words(item["division"] or "")
    return {"items": items[:limit], "more": wide or len(items) > limit}


def _without_divisions(key: str, names: DivisionNames) -> tuple[str, str]:
    return names.stripped(re.sub(r"^\w{2,3}省", "", key))


def certain(connection: Connection, addresses: Iterable[str], names: DivisionNames) -> dict[str, dict[str, Any]]:
    """Of these addresses those that are one known place, whole and alone; asked in one question."""
    asked = {said: _without_divisions(key_of(said), names) for said in set(addresses)}
    keys = sorted({rest for rest, _ in asked.values() if len(rest) > 2})
    rows = gazetteer.find_many(connection, keys, ("door", "place"))  # a street or a village is no place to put one
    out = {}
    for said, (rest, code) in asked.items():
        known = rows.get(rest, [])
        if len(known) >= gazetteer.MOST_OF_MANY:
            continue  # another place of the same address may be among those that were not read
        hits = [_whole(row, rest) for row in known if _is_in(row, code)]
        hits = [hit for hit in hits if hit["how"] in {"exact", "end"}]
        if hits and len({tuple(hit["position"]) for hit in hits}) == 1:
            out[said] = hits[0]
    return out


def _is_in(row: dict[str, Any], code: str) -> bool:
    return not code or not row["division"] or row["division"].startswith(territory(code))


def _item(row: dict[str, Any], how: str, field: str, start: int, end: int, **more: Any) -> dict[str, Any]:
    return {
        "kind": row["kind"],
        "name": row["name"],
        "address": row["address"],
        "division": row["division"] or None,
        "source": row["source"],
        "position": [row["lon"], row["lat"]],
        "level": row["kind"],
        "missing": None,
        "how": how,
        "match": {"field": field, "from": start, "to": end},
        **more,
    }


def _whole(row: dict[str, Any], key: str) -> dict[str, Any]:
    """The place whose name or address holds the whole key."""
    name, address = row["name"].lower(), row["address"].lower()
    for field, value in (("name", name), ("address", address)):
        if (at := value.find(key)) >= 0:
            how = "exact" if value == key else "end" if value.endswith(key) else "start" if at == 0 else "part"
            return _item(row, how, field, at, at + len(key))
    return _item(row, "part", "name", 0, 0)  # they differ in spaces or in full-width letters


def _in_part(connection: Connection, rest: str, code: str) -> list[dict[str, Any]]:
    """What of an address is known: the same number on its street, the nearest one, the street, the village."""
    street = street_of(rest)
    if street is not None:
        number = f"{street.number}{street.rest}"
        if near := gazetteer.nearest_door(connection, street.street, street.number, territory(code)):
            door, apart = near
            if apart == 0:
                return [_item(door, "start", "name", 0, 0, missing=street.rest.removeprefix("号") or None)]
            if apart <= _NEAR_NUMBER:
                return [_item(door, "part", "name", 0, 0, level="road", missing=number)]
        rows = [r for r in gazetteer.find(connection, street.street, ("road",)) if _is_in(r, code)]
        return [
            _item(r, "part", "name", 0, 0, level="road", missing=number)
            for r in rows
            if key_of(r["name"]).endswith(street.street)
        ]
    village = village_of(rest)
    if village is not None:
        rows = [r for r in gazetteer.find(connection, village, ("village",)) if _is_in(r, code)]
        missing = rest.removeprefix(village)
        return [_item(r, "part", "name", 0, 0, missing=missing) for r in rows]
    return []
