"""What a line makes of an object: a new row, or a present one with what the line changes of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from riskmap.access.reader import Reader
from riskmap.base.errors import FieldError
from riskmap.base.wire import PHONE_SAID, is_phone
from riskmap.catalogue import validate
from riskmap.catalogue.model import GRADES, VISIBILITIES, Class
from riskmap.exchange.rows import Divisions, Reading, RowReader
from riskmap.exchange.targets import GRADE_WORDS, STAGE_WORDS, VISIBILITY_WORDS
from riskmap.grading import outlines
from riskmap.grading.judge import RISK_GRADE, Graded, carried
from riskmap.register.draft import Maker
from riskmap.register.imports.spots import Spot, is_same_shape, is_same_statement, is_within, numbers_of, where_of
from riskmap.register.imports.words import in_words
from riskmap.store.place import UNPLACED

_STAGE = {value: words[0] for value, words in STAGE_WORDS.items()}
_VISIBILITY = {value: words[0] for value, words in VISIBILITY_WORDS.items()}
_GRADE = {value: words[0] for value, words in GRADE_WORDS.items()}
# What a line may change of an object, and what it is called.
_CORE = {
    "name": "名称",
    "division": "区划",
    "stage": "状态",
    "source": "数据来源",
    "visibility": "公开范围",
    "department": "主管部门",
    "tags": "标签",
    "enterprise": "所属企业",
    "parent": "上级对象",
}
# A judgement in a table stands behind what its own figures come to.
_GIVES_WAY = frozenset({"grade", "level"})
Row = Mapping[str, Any]
Change = dict[str, list[Any]]
Person = Mapping[str, Any]  # party_id, post, name, phone
Persons = Mapping[str, Sequence[Person]]  # by role


class Merger:
    """Rows of one class for one sender."""

    def __init__(
        self, class_: Class, maker: Maker, reader: Reader, divisions: Divisions, rows: RowReader, file_name: str
    ) -> None:
        self._class = class_
        self._maker = maker
        self._judge = maker.judge
        self._reader = reader
        self._divisions = divisions
        self._rows = rows
        self._basis = f"导入文件 {file_name}"[:200]
        self._source = file_name.rsplit(".", 1)[0][:200]
        self._department = class_.department
        if reader.departments and class_.department not in reader.departments:
            self._department = reader.departments[0]

    def _check_rights(self, reading: Reading, visibility: int, division: str, department: str) -> bool:
        """Whether the sender may write such an object; told without a word about what exists there."""
        reader = self._reader
        if reader.inner(visibility, division, department, self._class.code):
            return True
        if visibility > reader.tier:
            fault = self._rows.fault_of("visibility", "not_allowed", "您的密级不能登记这一公开范围的对象")
        elif reader.areas and not division.startswith(reader.area_prefixes):
            names = "、".join(self._divisions.name(code) for code in reader.areas[:5])
            where = self._divisions.full_name(division) if division else "没有写区划，这一行"
            said = next((t for t in ("division", "town") if self._rows.has(t)), None)
            if said is None:  # the coordinates say where
                said = next((c.target or "" for c in self._rows.position_columns()), "division")
            fault = self._rows.fault_of(said, "not_allowed", f"{where}不在您的管理范围内（{names}）")
        else:
            names = "、".join(reader.departments[:5])
            fault = self._rows.fault_of(
                "department", "not_allowed", f"主管部门“{department}”不在您的管理范围内（{names}）"
            )
        reading.faults.append(fault)
        return False

    def _judged(self, core: Mapping[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        basis = core.get("grade_basis") or self._basis
        grade = core.get("grade")
        level = core.get("level")
        return (
            {"value": grade, "basis": basis} if grade is not None and grade != "none" else None,
            {"scale": self._class.scale, "value": level, "basis": basis} if level is not None else None,
        )

    def _grade(
        self,
        reading: Reading,
        attributes: dict[str, Any],
        grade: dict[str, Any] | None,
        level: dict[str, Any] | None,
        enterprise: int | None,
    ) -> Graded | None:
        graded, errors = self._judge.grade(
            self._class,
            attributes,
            grade,
            level,
            lambda: self._maker.facts(attributes, enterprise),
            gives_way=_GIVES_WAY,
        )
        self._refuse(reading, errors)
        if errors:
            return None
        self._tell_overruled(reading, graded)
        return graded

    def _tell_overruled(self, reading: Reading, graded: Graded) -> None:
        """Where the table says another grade than what its own figures come to: the figures count, and it is told."""
        computed = {g["scale"]: g for g in graded.grading if g["how"] == "computed"}
        for target, scale, words in (("grade", RISK_GRADE, _GRADE), ("level", self._class.scale, None)):
            said, found = reading.core.get(target), computed.get(scale or "")
            if said in (None, "none") or found is None or found["value"] == said:
                continue
            shown, verdict = (words[said] if words else said), found["verdict"]
            message = f"表中为{shown}，按填写的资料和 {found['standard']} 计算为{verdict}：按计算的登记，请核对"
            reading.core.setdefault("overruled", []).append(self._rows.fault_of(target, "overruled", message))

    def _refuse(self, reading: Reading, errors: Iterable[FieldError]) -> None:
        for error in errors:
            target = error.field.split(".")[0] if not error.field.startswith("attributes.") else error.field
            reading.faults.append(self._rows.fault_of(target, error.code, error.message))

    def _check_phones(self, reading: Reading, persons: Persons) -> None:
        """What the page and the API would not take as a telephone is told at its cell; what stands already may stay."""
        standing = {person["phone"] for of_role in persons.values() for person in of_role}
        for role, person in reading.parties.items():
            phone = person.get("phone")
            if phone and phone not in standing and not is_phone(phone):
                reading.faults.append(self._rows.fault_of(f"party.{role}.phone", "not_a_phone", PHONE_SAID))

    def added(self, reading: Reading, spot: Spot, said: Row | None, object_id: int) -> dict[str, Any] | None:
        """The row of a new object, or None with faults."""
        core = reading.core
        visibility = VISIBILITIES.index(core.get("visibility", "department"))
        department = core.get("department", self._department)
        if not self._check_rights(reading, visibility, core.get("division", ""), department):
            return None
        graded = self._grade(reading, reading.attributes, *self._judged(core), core.get("enterprise"))
        self._refuse(reading, outlines.faults(reading.attributes, _shape(spot.columns)))
        self._check_phones(reading, {})
        if graded is None or reading.faults:
            return None
        given = {name: core[name] for name in (*_CORE, "code") if name in core}
        given |= {
            "department": department,
            "source": core.get("source", self._source),
            "valid_from": date.fromisoformat(core["valid_from"]) if "valid_from" in core else None,
            "position_quality": spot.quality,
            "original": said,
        }
        return self._maker.assemble(self._class, given, reading.attributes, graded, spot.columns, object_id)

    def merged(
        self, reading: Reading, spot: Spot, said: Row | None, old: Row, persons: Persons
    ) -> tuple[dict[str, Any] | None, Change]:
        """The object as the line has it, and what that changes. What the line does not say stays."""
        core = reading.core
        change: Change = {}
        merged = {name: old[name] for name in _CORE} | {
            "code": old["code"],
            "verified": old["verified"],
            "visibility": VISIBILITIES[old["visibility"]],
        }
        if not self._lives(reading, old):
            return None, {}
        place: Row = {name: old[name] for name in UNPLACED}
        quality, original = old["position_quality"], old["original"]
        says_anew = not is_same_statement(original, said)
        differs = spot.is_placed and not is_same_shape(old, spot)
        moved = differs and (says_anew or old["geom"] is None)
        if moved:
            change["位置"] = [where_of(old), f"{spot.lon:.6f}，{spot.lat:.6f}"]
            place, quality, original = spot.columns, spot.quality, said
        elif says_anew and old["geom"] is None and said != original:
            change["原坐标"] = [numbers_of(original), numbers_of(said)]
            original = said
        given = {name: core[name] for name in _CORE if name in core}
        if not moved and old["geom"] is not None and (differs or not spot.is_placed):
            given.pop("division", None)  # it was placed or moved by hand, and its division went with it
        if "tags" in given:
            given["tags"] = sorted(set(given["tags"]))
        if "division" in given and not moved and is_within(old["division"], given["division"]):
            del given["division"]  # what is stored is finer, and the object has not moved
        for name, value in given.items():
            if value != merged[name]:
                change[_CORE[name]] = [self._word(name, merged[name]), self._word(name, value)]
                merged[name] = value
        attributes = {**old["attributes"], **reading.attributes}  # with what the class no longer declares
        altered = {n for n, v in reading.attributes.items() if old["attributes"].get(n) != v}
        for name in altered:
            title = self._class.by_name[name].title
            change[title] = [_value(old["attributes"].get(name)), _value(attributes[name])]
        if altered:
            hidden = validate.undeclared(self._class, attributes)
            _, errors = validate.attributes(self._class, {k: v for k, v in attributes.items() if k not in hidden})
            self._refuse(reading, [e for e in errors if e.field.split(".")[1] in altered])
        if moved or altered & outlines.FIELDS:
            self._refuse(reading, outlines.faults(attributes, _shape(place)))
        self._check_phones(reading, persons)
        visibility = VISIBILITIES.index(merged["visibility"])
        if not self._check_rights(reading, visibility, merged["division"], merged["department"]) or reading.faults:
            return None, {}
        belongs = {"enterprise": merged["enterprise"], "attributes": attributes}
        graded = self._regraded(reading, old, belongs, change)
        if graded is None:
            return None, {}
        for _, replaced, role, *_ in party_rows(old["id"], reading.parties, persons):
            # Names and numbers of persons are told by that they changed, not by what they were.
            change[role] = ["无" if replaced is None else "原责任人", "新责任人"]
        merged |= {"position_quality": quality, "original": original, "valid_from": old["valid_from"]}
        row = self._maker.assemble(self._class, merged, attributes, graded, place, old["id"])
        row["state"] = old["state"]
        return row, change

    def _lives(self, reading: Reading, old: Row) -> bool:
        """Whether the object is there today: what begins later, or has run out, is not changed by a list."""
        if old["valid_from"] > self._maker.day:
            message = f"库中这个对象自 {old['valid_from']} 起才生效，请届时再导入"
        elif old["valid_to"] is not None and old["valid_to"] <= self._maker.day:
            message = f"库中这个对象已于 {old['valid_to']} 到期，请先在对象页核对"
        else:
            return True
        reading.faults.append(self._rows.fault_of("name", "out_of_life", message))
        return False

    def _regraded(
        self,
        reading: Reading,
        old: Row,
        new: Row,
        change: Change,
    ) -> Graded | None:
        """The grades anew where the line says something of them, else as they were judged."""
        grade, level = self._judged(reading.core)
        kept = Graded.of(old)
        judged = {g["scale"]: g for g in old["grading"] if g["how"] == "judged"}
        was_grade, was_level = judged.get("risk-grade"), judged.get(self._class.scale or "")
        says_none = reading.core.get("grade") == "none" and was_grade is not None
        says_grade = grade is not None and (was_grade is None or was_grade["value"] != grade["value"])
        says_level = level is not None and (was_level is None or was_level["value"] != level["value"])
        asks_anew = self._judge.asks_anew(self._class, old, new)
        if not (says_grade or says_none or says_level or asks_anew):
            return kept
        if grade is None and was_grade is not None and not says_none and carried(old["attributes"]) is None:
            grade = {"value": was_grade["value"], "basis": was_grade["basis"]}
        if level is None and was_level is not None:
            level = {"scale": was_level["scale"], "value": was_level["value"], "basis": was_level["basis"]}
        graded = self._grade(reading, new["attributes"], grade, level, new["enterprise"])
        if graded is None:
            return None
        computed = {g["scale"] for g in graded.grading if g["how"] == "computed" and g["value"]}
        says = (says_grade and RISK_GRADE not in computed) or (says_level and self._class.scale not in computed)
        if (graded.grade, graded.said) == (kept.grade, kept.said) and not says and not asks_anew:
            return kept  # who judged it, and when, stays
        if graded.grade != kept.grade:
            change["风险等级"] = [_GRADE[GRADES[kept.grade - 1]], _GRADE[GRADES[graded.grade - 1]]]
        if graded.said != kept.said:
            change["级别"] = [kept.said, graded.said]
        return graded

    def _word(self, name: str, value: Any) -> Any:
        if name == "stage":
            return _STAGE.get(value, value)
        if name == "visibility":
            return _VISIBILITY.get(value, value)
        if name == "division":
            return self._divisions.name(value) if value else None
        return _value(value)


def _shape(place: Row) -> BaseGeometry | None:
    geom = place.get("geom")
    return None if geom is None else shapely.from_wkb(geom)


def _value(value: Any) -> Any:
    return None if value is None or value == "" else in_words(value)


PartyRow = tuple[int, int | None, str, str, str, str]  # object, whom it replaces, role, post, name, phone


def party_rows(object_id: int, said: Mapping[str, Mapping[str, str]], now: Persons) -> list[PartyRow]:
    """Persons as they will be.

    The person of the same name is renewed, and what the line does not say of him stays. Another name
    replaces the only person of the role, with nothing of his; beside several it is one more.
    """
    out: list[PartyRow] = []
    for role, person in said.items():
        present = now.get(role, ())
        name = person.get("name")
        same = [p for p in present if name is None or p["name"] == name]
        if name is None and len(same) > 1:
            same = []
        known = same[0] if same else None
        before: Person = known or {}
        replaced = known["party_id"] if known else present[0]["party_id"] if len(present) == 1 else None
        post, phone = (person.get(part, before.get(part, "")) for part in ("post", "phone"))
        name = name if name is not None else before.get("name", "")
        if known is None or (post, phone) != (before["post"], before["phone"]):
            out.append((object_id, replaced, role, post, name, phone))
    return out
