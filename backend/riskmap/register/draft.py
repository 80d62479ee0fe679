"""What a sender says about an object, checked and worked out into a row of the register."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

import shapely
from pydantic import Field, StringConstraints
from shapely.geometry.base import BaseGeometry

from riskmap.access.reader import Reader, canonical_division
from riskmap.base.errors import FieldError, Invalid
from riskmap.base.wire import Text, Wire
from riskmap.catalogue import validate
from riskmap.catalogue.model import VISIBILITIES, Catalogue, Class
from riskmap.grading import outlines
from riskmap.grading.judge import Graded, Judge, carried
from riskmap.grading.rules import Facts
from riskmap.store.place import Place, parse_geometry, place_of
from riskmap.store.territory import Territory

Basis = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
Stage = Literal["in_use", "suspended", "closing", "closed", "striking_off", "struck_off"]
Grade = Literal["major", "serious", "general", "low", "none"]
Visibility = Literal["public", "department", "command"]
Quality = Literal["surveyed", "clicked", "geocoded", "guessed", "none"]
Id = Annotated[int, Field(ge=1, le=2**62)]


class JudgedGrade(Wire):
    """A risk grade that a person stands for."""

    value: Grade = Field(title="等级")
    basis: Basis = Field(title="判定依据")


class JudgedLevel(Wire):
    """A level of the class's own scale that a person stands for."""

    scale: Text = Field(title="标度")
    value: Text = Field(title="级别")
    basis: Basis = Field(title="判定依据")


class Party(Wire):
    """A person or post bound to an object."""

    role: Literal["主要负责人", "技术负责人", "操作负责人", "属地挂钩", "部门挂钩", "巡查"] = Field(title="职责")
    post: Annotated[Text, StringConstraints(max_length=100)] = Field("", title="职务")
    name: Annotated[Text, StringConstraints(max_length=100)] = Field("", title="姓名")
    # Imports bring “0792-8226000 转 3” and “138…/139…”: text, as it is dialled.
    phone: Annotated[Text, StringConstraints(max_length=100)] = Field("", title="电话")
    from_: Annotated[date | None, Field(title="起始日期", alias="from")] = None
    to: date | None = Field(None, title="截止日期")


Parties = Annotated[list[Party], Field(max_length=50)]


class ObjectDraft(Wire):
    """One object as sent. Positions are lon/lat, CGCS2000 (EPSG:4490)."""

    class_: Annotated[Text, Field(title="分类", alias="class")]
    name: Annotated[Text, StringConstraints(min_length=1)] = Field(title="名称")
    code: Annotated[Text, StringConstraints(max_length=64)] | None = Field(None, title="编号")
    division: Annotated[str, StringConstraints(pattern=r"^\d{6}(\d{3}){0,2}$")] | None = Field(None, title="区划")
    geometry: dict[str, Any] | None = Field(None, title="位置")
    attributes: dict[str, Any] = Field({}, title="属性")
    enterprise: Id | None = Field(None, title="所属企业")
    parent: Id | None = Field(None, title="上级")
    stage: Stage = Field("in_use", title="生命阶段")
    source: Text = Field("", title="来源")
    visibility: Visibility = Field("department", title="公开范围")
    department: Text | None = Field(None, title="主管部门")
    tags: Annotated[
        list[Annotated[Text, StringConstraints(min_length=1, max_length=60)]],
        Field(title="标签", max_length=50, default_factory=list),
    ]
    position_quality: Quality | None = Field(None, title="位置精度")
    verified: bool = Field(False, title="已核实")
    valid_from: date | None = Field(None, title="生效日期")
    grade: JudgedGrade | None = Field(None, title="风险等级")
    level: JudgedLevel | None = Field(None, title="自有级别")
    parties: Parties = Field([], title="责任人")


class ObjectPatch(Wire):
    """The fields to change; what is absent stays."""

    name: Annotated[Text, StringConstraints(min_length=1)] | None = Field(None, title="名称")
    code: Annotated[Text, StringConstraints(max_length=64)] | None = Field(None, title="编号")
    division: Annotated[str, StringConstraints(pattern=r"^\d{6}(\d{3}){0,2}$")] | None = Field(None, title="区划")
    geometry: dict[str, Any] | None = Field(None, title="位置")
    attributes: dict[str, Any] | None = Field(None, title="属性")
    enterprise: Id | None = Field(None, title="所属企业")
    parent: Id | None = Field(None, title="上级")
    stage: Stage | None = Field(None, title="生命阶段")
    source: Text | None = Field(None, title="来源")
    visibility: Visibility | None = Field(None, title="公开范围")
    department: Text | None = Field(None, title="主管部门")
    tags: list[Text] | None = Field(None, title="标签")
    position_quality: Quality | None = Field(None, title="位置精度")
    verified: bool | None = Field(None, title="已核实")
    valid_from: date | None = Field(None, title="生效日期")
    grade: JudgedGrade | None = Field(None, title="风险等级")
    level: JudgedLevel | None = Field(None, title="自有级别")


# What a draft says that is stored as it is.
_CORE = {
    "code", "name", "parent", "enterprise", "stage", "source", "verified", "visibility", "department", "tags",
    "valid_from",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Maker:
    """Turns drafts into rows: everything that needs no lock."""

    catalogue: Catalogue
    territory: Territory
    public_resolution: int
    reader: Reader
    at: datetime
    facts: Callable[[Mapping[str, Any], int | None], Facts]  # of attributes and enterprise: what the map says

    @property
    def judge(self) -> Judge:
        """Who grades: by the rule set of today, in the reader's name."""
        return Judge.on(self.catalogue, self.reader.name, self.at)

    @property
    def day(self) -> date:
        """Today: from when an object is so, where nothing else is said."""
        return self.at.date()

    def class_of(self, code: str) -> Class:
        """The class, or Invalid."""
        found = self.catalogue.classes.get(code)
        if found is None:
            raise Invalid(
                "没有这个分类",
                errors=[FieldError("class", "unknown_class", f"没有分类“{code[:60]}”，请从分类目录中选择")],
            )
        return found

    def row(self, draft: ObjectDraft, object_id: int, gives_way: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Columns of risk_object. Raises Invalid with every wrong field at once.

        `gives_way`: which judgements (grade, level) a computed one takes the place of, unasked.
        """
        class_ = self.class_of(draft.class_)
        attributes, errors = validate.attributes(class_, draft.attributes)
        place, division = Place(), draft.division
        geometry: BaseGeometry | None = None
        if draft.geometry is not None:
            try:
                geometry = parse_geometry(draft.geometry, class_.geometry)
                place = place_of(geometry, self.public_resolution)
                division = self._check_territory(place, division)
            except Invalid as refused:
                errors.extend(refused.errors)
        if division and self.territory.codes and canonical_division(division) not in self.territory.codes:
            errors.append(FieldError("division", "unknown_division", f"没有区划代码 {division}，请核对"))
        graded, wrong = self.judge.grade(
            class_,
            attributes,
            draft.grade.model_dump() if draft.grade else None,
            draft.level.model_dump() if draft.level else None,
            lambda: self.facts(attributes, draft.enterprise),
            gives_way=gives_way,
        )
        errors.extend(wrong)
        errors.extend(outlines.faults(attributes, geometry))
        if carried(attributes) is not None and not (attributes.get("basis") or "").strip():
            errors.append(FieldError("attributes.basis", "required", "直接判定的等级要写判定依据"))
        quality = draft.position_quality
        if geometry is None:
            if quality not in (None, "none"):
                errors.append(FieldError("position_quality", "no_position", "没有位置时，位置精度请留空"))
            quality = "none"
        elif quality in (None, "none"):
            quality = "clicked"
        if errors:
            code = "invalid_attributes" if all(e.field.startswith("attributes") for e in errors) else "invalid"
            raise Invalid("有内容不符合要求，请改正后再保存", code=code, errors=errors)
        core = draft.model_dump(include=_CORE) | {"division": division, "position_quality": quality}
        return self.assemble(class_, core, attributes, graded, place.columns(), object_id)

    def assemble(
        self,
        class_: Class,
        core: Mapping[str, Any],
        attributes: Mapping[str, Any],
        graded: Graded,
        place: Mapping[str, Any],
        object_id: int,
    ) -> dict[str, Any]:
        """Columns of risk_object from what was checked; `core` may leave out what has a default."""
        division = canonical_division(core.get("division") or "")
        department = core.get("department")
        return {
            "id": object_id,
            "state": 0,
            "updated_at": self.at,
            "valid_from": core.get("valid_from") or self.day,
            "valid_to": None,
            "ended_reason": None,
            "class": class_.code,
            "class_version": class_.version,
            "code": core.get("code") or None,
            "name": core["name"],
            "parent": core.get("parent"),
            "enterprise": core.get("enterprise"),
            "division": division,
            "division_public": division[:6],
            "stage": core.get("stage", "in_use"),
            **graded.columns,
            "position_quality": core["position_quality"],
            "source": core.get("source", ""),
            "verified": core.get("verified", False),
            "visibility": VISIBILITIES.index(core.get("visibility", "department")),
            "department": class_.department if department is None else department,
            "tags": sorted(set(core.get("tags", ()))),
            "attributes": attributes,
            "original": core.get("original"),
            **place,
        }

    def _check_territory(self, place: Place, division: str | None) -> str | None:
        point = shapely.from_wkb(place.anchor)
        found = self.territory.check(float(shapely.get_x(point)), float(shapely.get_y(point)), "geometry")
        if division is None:
            return found
        # A village code is kept where the town agrees; the finest loaded shape never coarsens what was given.
        return division
