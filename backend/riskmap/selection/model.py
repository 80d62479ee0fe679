"""The one selection (分类 × 分级 × area × time × text): parsed once, the same for every output."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import h3
import shapely
from shapely.geometry import shape

from riskmap.base.crs import cell_resolution
from riskmap.base.errors import FieldError, Invalid
from riskmap.catalogue.model import GRADES, NO_LEVEL, OFF_SCALE, OUTSIDE, STAGES, Catalogue, Scale

MAX_VALUES = 200
# Beside a scale's own levels: not assessed (of a class that the scale is for), and off the scale.
_MAX_TEXT = 100
_MAX_WITHIN_VERTICES = 5_000

PARAMETERS = (
    "class",
    "tag",
    "grade",
    "level",
    "division",
    "enterprise",
    "parent",
    "industry",
    "department",
    "stage",
    "source",
    "verified",
    "q",
    "bbox",
    "cell",
    "where",
    "as_of",
    "selection",
)
_SINGLE = {"q", "bbox", "where", "as_of", "verified", "selection"}


@dataclass(frozen=True, slots=True)
class Selection:
    """Empty means no limit. Names are those of the parameters; `class` is `classes` here."""

    classes: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    grade: tuple[str, ...] = ()
    level: tuple[str, ...] = ()  # "scale:value", "scale:outside", "scale:none", "scale:off"
    division: tuple[str, ...] = ()
    enterprise: tuple[int, ...] = ()
    parent: tuple[int, ...] = ()
    industry: tuple[str, ...] = ()
    department: tuple[str, ...] = ()
    stage: tuple[str, ...] = ()  # empty: live objects; ("any",): all
    source: tuple[str, ...] = ()
    verified: bool | None = None
    q: str | None = None
    bbox: tuple[float, float, float, float] | None = None
    cell: tuple[int, ...] = ()
    where: str | None = None
    as_of: str | None = None
    within: str | None = None  # GeoJSON text of a saved polygon

    @property
    def is_spatial(self) -> bool:
        """Whether an object without a position can never be in it."""
        return self.bbox is not None or bool(self.cell) or self.within is not None

    def without_space(self) -> "Selection":
        """The same without bbox, cell and within: where the unplaced are counted."""
        return replace(self, bbox=None, cell=(), within=None)

    def body(self) -> dict[str, Any]:
        """Its canonical JSON: set values only."""
        out: dict[str, Any] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            if value not in (None, ()):
                name = "class" if f.name == "classes" else f.name
                if f.name == "within":
                    value = json.loads(value)
                elif f.name == "cell":
                    value = [h3.int_to_str(cell) for cell in value]
                out[name] = value
        return out

    @property
    def key(self) -> str:
        """Content address: equal selections have equal keys, in whatever order they were written."""
        text = json.dumps(self.body(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def _refuse(field: str, code: str, message: str) -> Invalid:
    return Invalid("筛选参数有误，请改正", errors=[FieldError(field, code, message)])


def _values(name: str, raw: Sequence[str]) -> list[str]:
    """Repeated or comma-separated values; text that may hold a comma is never split."""
    parts = list(raw) if name in _SINGLE else [part for value in raw for part in value.split(",")]
    cleaned = [part if name == "grade" else part.strip() for part in parts]
    cleaned = [part for part in cleaned if part.strip()]
    if len(cleaned) > MAX_VALUES:
        raise _refuse(name, "too_many_values", f"{name} 最多 {MAX_VALUES} 个值")
    if name in _SINGLE and len(set(cleaned)) > 1:
        raise _refuse(name, "given_twice", f"{name} 只能给一次")
    for part in cleaned:
        if "\x00" in part:
            raise _refuse(name, "bad_character", f"{name} 含有无法使用的字符")
    return cleaned


def _ids(name: str, values: Iterable[str]) -> tuple[int, ...]:
    out = set()
    for value in values:
        if not re.fullmatch(r"\d{1,18}", value, re.ASCII):
            raise _refuse(name, "not_an_id", f"{name} 应为对象的数字编号")
        out.add(int(value))
    return tuple(sorted(out))


def _one_of(name: str, values: Iterable[str], legal: Iterable[str], title: str) -> tuple[str, ...]:
    known = list(legal)
    for value in values:
        if value not in known:
            listed = "、".join(known[:12]) + (" 等" if len(known) > 12 else "")
            raise _refuse(name, "unknown_value", f"没有这个{title}：“{value[:60]}”。可用：{listed}")
    return tuple(sorted(set(values)))


def _grades(values: Iterable[str]) -> tuple[str, ...]:
    out: set[str] = set()
    for value in values:
        grade = value.strip()
        # "serious+" arrives as "serious " where the plus was not escaped.
        upward = grade.endswith("+") or value.endswith(" ")
        grade = grade.removesuffix("+")
        if grade not in GRADES or (upward and grade == "none"):
            raise _refuse(
                "grade",
                "unknown_value",
                f"没有这个分级：“{value[:40]}”。可用：{'、'.join(GRADES)}，较大以上写 serious+",
            )
        out.update(GRADES[: GRADES.index(grade) + 1] if upward else [grade])
    return tuple(g for g in GRADES if g in out)


def _bbox(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise _refuse("bbox", "not_a_box", "bbox 应为 西,南,东,北 四个数") from None
    # Also refuses nan: it fails every comparison.
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise _refuse("bbox", "out_of_range", "bbox 应为 西,南,东,北（度），西不大于东，南不大于北")
    return west, south, east, north


def _cells(values: Iterable[str]) -> tuple[int, ...]:
    out = set()
    for value in values:
        if not re.fullmatch(r"[0-9a-f]{15}", value) or not h3.is_valid_cell(value):
            raise _refuse("cell", "not_a_cell", "cell 应为 H3 格网编号，如 8841a0…")
        cell = h3.str_to_int(value)
        if not 3 <= cell_resolution(cell) <= 10:
            raise _refuse("cell", "bad_resolution", "cell 的分辨率应为 3–10")
        out.add(cell)
    return tuple(sorted(out))


def _within(body: object) -> str:
    if not isinstance(body, dict) or body.get("type") not in {"Polygon", "MultiPolygon"}:
        raise _refuse("within", "not_a_polygon", "within 应为 GeoJSON 的面")
    try:
        geometry = shape(json.loads(json.dumps(body, default=float)))
        west, south, east, north = geometry.bounds
    except (shapely.errors.ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise _refuse("within", "not_a_polygon", "within 的坐标无法读取") from None
    if shapely.get_num_coordinates(geometry) > _MAX_WITHIN_VERTICES:
        raise _refuse("within", "too_many_vertices", f"within 最多 {_MAX_WITHIN_VERTICES} 个点，请简化")
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        raise _refuse("within", "out_of_range", "within 的坐标应为经度、纬度（度）")
    if geometry.is_empty or not geometry.is_valid:
        raise _refuse("within", "invalid_geometry", "within 的边线自相交或为空，请重画")
    plain = json.loads(json.dumps(shapely.geometry.mapping(geometry)))
    return json.dumps(plain, separators=(",", ":"), sort_keys=True)


def _beside(scale: Scale) -> set[str]:
    """What may be asked of a scale beside its levels."""
    return {NO_LEVEL, OFF_SCALE} | ({OUTSIDE} if scale.outside else set())


def parse(params: Mapping[str, Sequence[str]], catalogue: Catalogue, *, within: object = None) -> Selection:
    """A selection from query parameters; an unknown name is an error, never ignored.

    `selection` must have been replaced by its content (`saved.expand`) before.
    """
    given: dict[str, list[str]] = {}
    for name, raw in params.items():
        if name not in PARAMETERS:
            raise _refuse(
                name[:60],
                "unknown_parameter",
                f"没有“{name[:60]}”这个筛选参数。可用：{'、'.join(PARAMETERS)}",
            )
        if values := _values(name, raw):
            given[name] = values
    get = given.get
    levels = []
    for value in get("level", []):
        scale, _, level = value.partition(":")
        known = catalogue.scales.get(scale)
        if known is None or not (known.level(level) or level in _beside(known)):
            raise _refuse(
                "level",
                "unknown_value",
                "level 应为 标度:级别，如 major-hazard-level:三级；未评定写 标度:none，不在此标度写 标度:off，"
                "评定后没有级别（如不构成重大危险源）写 标度:outside",
            )
        levels.append(value)
    for value in get("division", []):
        if not re.fullmatch(r"\d{2,12}", value, re.ASCII):
            raise _refuse("division", "not_a_code", "division 应为区划代码，如 360402")
    for value in get("industry", []):
        if not re.fullmatch(r"[A-T]?\d{0,4}", value, re.ASCII):
            raise _refuse("industry", "not_a_code", "industry 应为国民经济行业代码，如 26 或 2614")
    stage = get("stage", [])
    q = get("q", [None])[0]
    if q is not None and len(q) > _MAX_TEXT:
        raise _refuse("q", "too_long", f"查找的文字最多 {_MAX_TEXT} 字")
    verified = get("verified", [None])[0]
    if verified not in (None, "true", "false"):
        raise _refuse("verified", "unknown_value", "verified 应为 true 或 false")
    return Selection(
        classes=_one_of("class", get("class", []), catalogue.classes, "分类"),
        tag=tuple(sorted(set(get("tag", [])))),
        grade=_grades(get("grade", [])),
        level=tuple(sorted(set(levels))),
        division=tuple(sorted(set(get("division", [])))),
        enterprise=_ids("enterprise", get("enterprise", [])),
        parent=_ids("parent", get("parent", [])),
        industry=tuple(sorted(set(get("industry", [])))),
        department=tuple(sorted(set(get("department", [])))),
        stage=("any",) if "any" in stage else _one_of("stage", stage, STAGES, "生命阶段"),
        source=tuple(sorted(set(get("source", [])))),
        verified=None if verified is None else verified == "true",
        q=q,
        bbox=_bbox(given["bbox"][0]) if "bbox" in given else None,
        cell=_cells(get("cell", [])),
        where=get("where", [None])[0],
        as_of=get("as_of", [None])[0],
        within=None if within is None else _within(within),
    )
