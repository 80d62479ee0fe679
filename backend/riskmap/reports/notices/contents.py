"""What a notice says of an object: from the register alone. What the register does not hold is a line left to fill in.

Nothing here names a class: a field is taken by its name, where the object's class declares it, as in `lists`.
Posts, never persons; no telephone number of the register (they are not public), no identity number, no position.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import simplejson

from riskmap.access.reader import DEPARTMENT_TIER
from riskmap.catalogue.model import GRADES, Class, Field
from riskmap.grading.judge import RISK_GRADE
from riskmap.lists.parties import DEPARTMENT, PATROL, RESPONSIBLE, TOWN
from riskmap.paper.imprint import check_words
from riskmap.paper.symbols import LOOKS
from riskmap.selection import level
from riskmap.store.snapshot import Snapshot

# What a board has room for, and the fields that say it: the first that a class declares.
_BOXES = {
    "hazards": ("hazards", "hazard_kind"),
    "accidents": ("accident_types",),
    "measures": ("measures",),
    "emergency": ("emergency_measures",),
}
_DISTANCE = ("safety_distance_m",)
_INTERVAL = ("inspect_days", "patrol_days")
_NEXT = ("next_inspection",)
_LAST = ("last_inspection", "last_patrol")
_VALID = ("review_due", "assess_due")

# Whose a role is. 巡查 is told where the inspections are.
SIDES = {
    "企业": RESPONSIBLE,
    "属地": (TOWN,),
    "行业部门": (DEPARTMENT,),
    "巡查": (PATROL,),
}
# A mobile number and an identity number that somebody has typed into a text: never on a board.
_MOBILE = r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"
_IDENTITY = r"(?<!\d)\d{17}[\dXx](?![\dXx])"
_PRIVATE = re.compile(f"{_IDENTITY}|{_MOBILE}")
HIDDEN = "（号码不公示）"
_BULLET = re.compile(r"^\s*(?:[（(]?\d{1,2}[）)、.．]\s*|[①-⑳]\s*|[-•·]\s+)")


def shown(said: Any) -> str:
    """A text as a public paper may carry it: without private numbers."""
    return _PRIVATE.sub(HIDDEN, str(said)).strip()


def _field(class_: Class | None, names: Sequence[str]) -> Field | None:
    for name in names:
        found = class_.by_name.get(name) if class_ else None
        # A board hangs where everybody sees it: what only the command tier may read is not on it, whoever prints it.
        if found is not None and found.visibility <= DEPARTMENT_TIER:
            return found
    return None


class _Reading:
    """The declared fields of one object by what a board calls them."""

    def __init__(self, row: Mapping[str, Any], class_: Class | None) -> None:
        self._row, self._class = row, class_

    def field(self, names: Sequence[str]) -> tuple[Field, Any] | None:
        """The field and what it holds; None where nothing is declared, readable or filled in."""
        found = _field(self._class, names)
        value = (self._row["attributes"] or {}).get(found.name) if found else None
        return None if found is None or value in (None, "") else (found, value)

    def lines(self, names: Sequence[str]) -> list[str]:
        """A text as the steps that it is written in."""
        said = self.field(names)
        if said is None:
            return []
        field, value = said
        if field.type == "enum":
            value = dict(field.options).get(str(value), value)
        parts = [_BULLET.sub("", part).strip() for part in re.split(r"[\n；;]+", shown(value))]
        return [part for part in parts if part]

    def day(self, names: Sequence[str]) -> tuple[str, date] | None:
        """A date with its title."""
        said = self.field(names)
        try:
            return None if said is None else (said[0].title, date.fromisoformat(str(said[1])))
        except ValueError:
            return None

    def interval(self) -> str:
        """How often it is inspected."""
        said = self.field(_INTERVAL)
        return "" if said is None else "每天一次" if str(said[1]) == "1" else f"每 {said[1]} 天一次"


def grade_of(row: Mapping[str, Any], snapshot: Snapshot) -> dict[str, str]:
    """The grade with its word, letter and scale."""
    grade = GRADES[row["grade"] - 1]
    scale = snapshot.catalogue.scales[RISK_GRADE]
    look = LOOKS[grade]
    return {
        "grade": grade,
        "word": "风险等级未评定" if grade == "none" else f"{look.word}风险",
        "letter": "" if grade == "none" else look.letter,
        "scale": f"标度：{scale.title}（{scale.note}）" if scale.note else f"标度：{scale.title}",
    }


def posts_by_side(parties: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Posts by whose they are, each once."""
    out: dict[str, list[str]] = {side: [] for side in SIDES}
    for party in parties:
        for side, roles in SIDES.items():
            post = shown(party["post"])
            if party["role"] in roles and post not in out[side]:
                out[side].append(post)
    return out


def public_of(row: Mapping[str, Any], snapshot: Snapshot, parties: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the public page says, and no more: the grade, posts, the inspection that is asked, the last ones."""
    reading = _Reading(row, snapshot.catalogue.classes.get(row["class"]))
    following, last = reading.day(_NEXT), reading.day(_LAST)
    return {
        **grade_of(row, snapshot),
        "posts": posts_by_side(parties),
        "interval": reading.interval(),
        "next": following[1].isoformat() if following else "",
        "last": last[1].isoformat() if last else "",
    }


def board(
    row: Mapping[str, Any],
    snapshot: Snapshot,
    parties: Sequence[Mapping[str, Any]],
    enterprise: str | None,
    divisions: Mapping[str, str],
) -> dict[str, Any]:
    """One object's board, as words for the typesetter. Empty: a line to be filled in by hand."""
    catalogue, day = snapshot.catalogue, snapshot.moment.day
    class_ = catalogue.classes.get(row["class"])
    reading = _Reading(row, class_)
    code = row["division"] or ""
    town = divisions.get(code[:9], "") if len(code) >= 9 else ""
    county = divisions.get(code[:6], "")
    its_scale = catalogue.scales.get(row["level_scale"] or "")
    distance = reading.field(_DISTANCE)
    valid = reading.day(_VALID)
    following, last = reading.day(_NEXT), reading.day(_LAST)
    posts = posts_by_side(parties)
    # What has a 统一社会信用代码 is an enterprise itself.
    firm = enterprise or (row["name"] if class_ and "uscc" in class_.by_name else "")
    units = {"企业": firm, "属地": f"{county}{town}", "行业部门": row["department"]}
    out = {
        "name": shown(row["name"]),
        "code": shown(row["code"] or ""),
        "class": class_.title if class_ else row["class"],
        "symbol": f"sym-{row['class']}-{GRADES[row['grade'] - 1]}.svg" if class_ else "",
        **grade_of(row, snapshot),
        "level": f"{its_scale.title}：{level.said(row, catalogue)}" if its_scale else "",
        "place": f"{county}{town}",
        "enterprise": shown(enterprise or ""),
        "boxes": {name: reading.lines(fields) for name, fields in _BOXES.items()},
        "distance": f"{distance[1]} {distance[0].unit or ''}".strip() if distance else "",
        "posts": [{"side": side, "unit": shown(unit), "post": "、".join(posts[side])} for side, unit in units.items()],
        "inspector": "、".join(posts["巡查"]),
        "interval": reading.interval(),
        "next": following[1].isoformat() if following else "",
        "last": last[1].isoformat() if last else "",
        "valid": f"至 {valid[1].isoformat()}（{valid[0]}）" if valid else "",
        "over": valid is not None and valid[1] <= day,
        "department": row["department"],
        "recall": any(g.get("confidence") == "recall" for g in row["grading"] or ()),
    }
    said = simplejson.dumps(out, sort_keys=True, ensure_ascii=False, use_decimal=True)
    return out | {"check": check_words(hashlib.sha256(said.encode()).hexdigest())}
