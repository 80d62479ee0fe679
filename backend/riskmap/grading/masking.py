"""A grade's record as its reader gets it: what rests on a field that he may not read is not told, the level is.

A step may quote an input through others (V from the capacity), so of a record with a hidden input only the line that
gives the level stays, without its figures.
"""

from collections.abc import Collection, Mapping
from typing import Any

from riskmap.catalogue.model import Class
from riskmap.grading.rules import RULES

UNSEEN = "算式用到您无权查看的资料（{}），这里只写结论"
# What a record of a judgement quotes of the object's attributes.
_QUOTES = {"basis": "basis"}


def unread(class_: Class, tier: int, given: Collection[str] = ()) -> frozenset[str]:
    """Attributes that an inner reader of this tier does not get; `given`: those that he has just sent himself."""
    return frozenset(f.name for f in class_.fields if f.visibility > tier and f.name not in given)


def seen(record: Mapping[str, Any], class_: Class | None, hidden: Collection[str]) -> dict[str, Any]:
    """One record without what quotes these attributes; with what is to be said of the object's own statement."""
    out = dict(record)
    differs = out.pop("differs", None)
    fields = class_.by_name if class_ else {}
    if out["how"] == "computed":
        rule = RULES.get(out.get("rule", ""))
        own = {key: rule.attribute(key) if rule else key.split(".")[0] for key in out.get("inputs", ())}
        if used := [name for name in dict.fromkeys(own.values()) if name in hidden]:
            out["inputs"] = _inputs(out["inputs"], own, used, class_)
            out["trace"] = _level_alone(out)
            titles = "、".join(fields[name].title if name in fields else name for name in used)
            out["notes"] = [UNSEEN.format(titles)]
            out["masked"] = True
    elif hidden:
        out |= {key: "依据无权查看" for key, name in _QUOTES.items() if name in hidden and key in out}
    if differs and differs["field"] not in hidden:
        said = f"{differs['title']}是{differs['value']}，与算得的{out['verdict']}不同，请核对"
        out["notes"] = [*out.get("notes", ()), said]
    return out


def without_figures(record: Mapping[str, Any], why: str) -> dict[str, Any]:
    """A record whose figures are those of objects that the reader may not see: what it comes to, and why no more."""
    return {**record, "inputs": {}, "trace": _level_alone(record), "notes": [why], "masked": True}


def _inputs(
    inputs: Mapping[str, Any], own: Mapping[str, str], used: Collection[str], class_: Class | None
) -> dict[str, Any]:
    """Of a hidden attribute one line with its title: how many rows a list has is not told either."""
    out: dict[str, Any] = {}
    for key, given in inputs.items():
        name = own[key]
        if name not in used:
            out[key] = given
        elif name not in out:
            field = class_.by_name.get(name) if class_ else None
            out[name] = {"title": field.title if field else name, "masked": True}
    return out


def _level_alone(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    told = (record.get("value"), record.get("verdict"))
    last = next((step for step in reversed(record.get("trace", ())) if step.get("value") in told), None)
    if last is None:
        return []
    kept = {name: last[name] for name in ("symbol", "title", "value", "clause", "tag") if name in last}
    return [kept | {"expression": ""}]
