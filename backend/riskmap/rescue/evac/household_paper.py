"""The doors that are left to be knocked at, on paper: a sheet a village."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from riskmap.base import clock
from riskmap.paper import typeset
from riskmap.paper.typeset import Typeset
from riskmap.rescue import imprint
from riskmap.store.snapshot import Snapshot

# Policy: rows to be filled in by hand for a village without a list: so many as there are households of who is left, and
# some more, in whole sheets; of more than the most a further sheet is copied, and the paper says so. Persons a
# household are those that the register has of the village, else 2.62 (七人普, 2020) [judgement].
_PERSONS, _MORE, _MOST = 2.62, 1.2, 1_500

_NEEDS = {"disabled": "失能", "frail": "老弱病残孕", "alone": "独居", "left_behind": "留守"}


def pdf(
    snapshot: Snapshot,
    of: Mapping[str, Any],
    villages: Sequence[Mapping[str, Any]],
    households: Sequence[Mapping[str, Any]],
    at: datetime,
    mark: str | None,
) -> Typeset:
    """Each village on a page of its own, who needs help first."""
    now = clock.now()
    about = imprint.of(
        snapshot, f"{of['name']}未转人员敲门清单", [[h["id"], h["left"]] for h in households],
        number=f"转移 {of['id']}", version=0, exercise=of["exercise"], mark=mark,
    )  # fmt: skip
    body = about.body() | {"mark": mark or ""}  # 演练 has a box of its own
    data = {
        "imprint": body,
        "doors": {
            "name": f"{of['name']}　{of['level']}", "exercise": of["exercise"], "at": imprint.stamp(at),
            "printed": f"{now:%Y-%m-%d %H:%M}",
            "villages": [_village(v, [h for h in households if h["village"] == v["id"]]) for v in villages],
        },
    }  # fmt: skip
    return typeset.pdf("doors", data, at=now)


def _blank(left: int, each: float | None) -> tuple[int, int, str]:
    """For so many persons who are left: the households, empty rows for them, and what they were reckoned by."""
    homes = math.ceil(left / (each or _PERSONS))
    by = f"登记的每户 {each:.1f} 人" if each else f"每户 {_PERSONS} 人（推算，全国第七次人口普查）"
    return homes, min(max(math.ceil(homes * _MORE), 1), _MOST), f"空行按{by}，约 {homes:,} 户。"


def _village(village: Mapping[str, Any], households: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    rest = [h for h in households if h["left"]]
    listed = village["list"]
    notes = [
        f"责任人：{village['organiser'] or '没有登记'}　{village['phone'] or ''}".strip(),
        f"路线：{village['route']}" if village["route"] else "路线：没有登记",
    ]
    if village["shelter_name"]:
        notes.append(f"去向：{village['shelter_name']}")
    if listed["households"] and listed["without_household"]:
        notes.append(f"另有已转 {listed['without_household']:,} 人只按村报了数，没有报是哪一户，敲门时核对。")
    if listed["households"] and listed["persons"] != village["to_move"]:
        notes.append(f"户册共 {listed['persons']:,} 人，与应转 {village['to_move']:,} 人不一致，请核对。")
    homes, blank = 0, 0
    if not listed["households"]:
        homes, blank, by = _blank(village["left"], village["persons_each"])
        notes.append(by)
    return {
        "name": village["name"], "place": village["division_name"], "notes": notes,
        **{k: str(village[k]) for k in ("to_move", "moved", "sheltered", "left", "returned")},
        "relatives": str(village["with_relatives"]),
        "empty": "户册里的户都已转。" if listed["households"] else "没有户册：请按未转人数逐户核对，敲门后报数。",
        "blank": blank, "homes": homes,
        "rows": [
            {
                "n": i, "householder": h["householder"], "floating": h["kind"] == "floating", "left": str(h["left"]),
                "persons": str(h["persons"]), "address": h["address"], "phone": h["phone"], "helper": h["helper"],
                "helper_phone": h["helper_phone"],
                "needs": "　".join(f"{word} {h[name]}" for name, word in _NEEDS.items() if h[name]),
            }
            for i, h in enumerate(rest, 1)
        ],
    }  # fmt: skip
