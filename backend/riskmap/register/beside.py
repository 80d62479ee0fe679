"""What is said of an object beside its grade, for one reader: names of what he may see, a mark for what he may not."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from riskmap.catalogue.model import Class
from riskmap.grading import masking
from riskmap.grading.assessments import ASSESSMENTS, Answer, Asked, Assessment, body
from riskmap.grading.rulebook import rulebook_of
from riskmap.register import queries
from riskmap.store.snapshot import Snapshot

UNSEEN = "算式用到您无权查看的对象，这里只写结论"


def masked(snapshot: Snapshot, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Objects by id for a reader: name, or only that there is one and whom to ask for it."""
    wanted = sorted(set(ids))
    named = queries.names(snapshot, wanted)
    departments = queries.departments(snapshot.connection, [i for i in wanted if i not in named])
    out: dict[int, dict[str, Any]] = {}
    for i in wanted:
        if i in named:
            out[i] = {"object": {"id": i, "name": named[i]}}
        else:
            out[i] = {"object": None, "masked": f"对象无权查看（主管部门：{departments.get(i) or '未填'}）"}
    return out


def assessments(snapshot: Snapshot, row: Mapping[str, Any], count_asking: Callable[[], None]) -> list[dict[str, Any]]:
    """The assessments of an object that the reader gets in full. Those that ask for others are of the present only,
    and counted by `count_asking`."""
    class_ = snapshot.catalogue.classes.get(row["class"])
    if class_ is None or row["form"] != "full":
        return []
    moment = snapshot.moment
    book = rulebook_of(snapshot.catalogue.ruleset_at(moment.day))
    asked = Asked(snapshot.connection, snapshot.catalogue, book, row, moment.day)
    present = [
        one for code in class_.assess if (one := ASSESSMENTS.get(code)) and (moment.is_present or not one.by_map)
    ]
    if any(one.by_map for one in present):
        count_asking()
    out = []
    for one in present:
        out += [_told(snapshot, class_, one, answer, book.ruleset.code) for answer in one.run(asked)]
    return out


def _told(snapshot: Snapshot, class_: Class, one: Assessment, answer: Answer, ruleset: str) -> dict[str, Any]:
    tier = snapshot.reader.tier
    record = masking.seen(body(one, answer, ruleset), class_, masking.unread(class_, tier))
    if not answer.objects:
        return record
    named = masked(snapshot, answer.objects)
    out = {**record, "objects": [named[i] for i in answer.objects]}
    hidden = any(named[i]["object"] is None for i in answer.objects)
    classes = snapshot.catalogue.classes
    unread = any(
        fields & masking.unread(of, tier)
        for code, fields in (answer.reads or {}).items()
        if (of := classes.get(code)) is not None
    )
    if unread or (hidden and answer.quotes):
        out = masking.without_figures(out, UNSEEN)
    if "subject" in out and (hidden or unread):  # the report that a contour comes from is the contour's own
        out["subject"] = next((n["masked"] for n in named.values() if n["object"] is None), "无权查看")
    return out
