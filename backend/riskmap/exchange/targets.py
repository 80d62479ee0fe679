"""What a column of a table can fill: the columns that all objects share, and the fields of a class.

The template, the matching of headers and the reading of rows are all made from this one list.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from riskmap.catalogue.define import folded
from riskmap.catalogue.model import Catalogue, Class, Field, Level, Scale

ROLES = ("主要负责人", "技术负责人", "操作负责人", "属地挂钩", "部门挂钩", "巡查")
STAGE_WORDS = {
    "in_use": ("在用", "运行", "正常", "正常运行", "使用中", "生产", "营业", "在营", "在业", "存续"),
    "suspended": ("停用", "停产", "停业", "停运", "暂停", "停工"),
    "closing": ("闭库中", "关闭中", "正在闭库"),
    "closed": ("闭库", "已闭库", "关闭", "已关闭", "废弃"),
    "striking_off": ("销号中", "拟销号"),
    "struck_off": ("已销号", "销号", "注销"),
}
VISIBILITY_WORDS = {"public": ("公开",), "department": ("内部", "部门"), "command": ("受控", "指挥")}
GRADE_WORDS = {
    "major": ("重大", "重大风险", "红", "红色", "红色风险"),
    "serious": ("较大", "较大风险", "橙", "橙色", "橙色风险"),
    "general": ("一般", "一般风险", "黄", "黄色", "黄色风险"),
    "low": ("低", "低风险", "蓝", "蓝色", "蓝色风险"),
    "none": ("未评定", "未评估"),
}
LEVEL_BASIS_GROUP = "分级"
_CHINESE, _ROMAN = "一二三四五六七八九十", "ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ"
_NUMBERED = re.compile(f"([特A-Z{_CHINESE}{_ROMAN}])([级等类])")
_SCALE_TAIL = re.compile(r"(?:安全风险)?(?:等级|级别|等别|分级)$")


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that a column can fill."""

    target: str
    title: str
    group: str
    kind: str  # text, code, number, boolean, date, choice, list, geometry, position, division, reference, tags, ignore
    synonyms: tuple[str, ...] = ()
    required: bool = False
    unit: str | None = None
    help: str | None = None
    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()  # value and its words, the first as shown
    field: Field | None = None
    in_template: bool = True


def _words(table: dict[str, tuple[str, ...]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(table.items())


def option_choices(field: Field) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The options of an enum: value and the words that mean it, the title first, then the value, then the rest."""
    said = dict(field.option_words)
    return tuple((value, tuple(dict.fromkeys((title, value, *said.get(value, ()))))) for value, title in field.options)


def targets_of(class_: Class, catalogue: Catalogue) -> list[Target]:
    """Everything that a table of this class can bring, in the order of its template."""
    return [*_shared(class_), *_place(class_), *_graded(class_, catalogue), *_fields(class_), *_more(class_)]


def _shared(class_: Class) -> Iterator[Target]:
    title = class_.title
    yield Target(
        "name",
        "名称",
        "基本信息",
        "text",
        (f"{title}名称", title, "名称", "单位名称", "全称", "对象名称", "场所名称", "项目名称", "姓名或名称"),
        required=True,
        help="必填",
    )
    yield Target(
        "code",
        "编号",
        "基本信息",
        "code",
        (
            f"{title}编号",
            f"{title}编码",
            f"{title}代码",
            "编号",
            "编码",
            "代码",
            "标识码",
            "统一编号",
            "唯一编码",
            "code",
        ),
        help="同一分类中唯一；再次导入时按它对上原有对象。没有可不填，按名称、区划和位置对",
    )
    yield Target(
        "division",
        "所在区县",
        "基本信息",
        "division",
        (
            "所在区县", "区县", "县区", "县市区", "所在县市区", "所在县", "所属区县", "行政区划", "所在行政区划",
            "行政区划代码", "区划", "区划代码", "所属区域", "所在区域", "属地", "地区", "县", "区", "市县",
            "所在县区", "所属县区", "所属县", "所在区",
        ),
        help="名称（如 濂溪区）或区划代码",
    )  # fmt: skip
    yield Target(
        "town",
        "乡镇（街道）",
        "基本信息",
        "division",
        (
            "乡镇(街道)",
            "乡镇",
            "镇街",
            "街道",
            "乡镇街道",
            "镇(街道)",
            "所在乡镇",
            "所在镇街",
            "所在街道",
            "所属乡镇",
            "所属镇街",
            "所属街道",
            "乡镇/街道",
            "镇街道",
            "乡",
            "镇",
        ),
    )
    address = class_.by_name.get("address")
    yield Target(
        "address",
        "地址",
        "基本信息",
        "text",
        (
            "地址",
            "详细地址",
            f"{title}地址",
            "单位地址",
            "所在地址",
            "位置",
            "所在位置",
            "具体位置",
            "详细位置",
            "地理位置",
            "坐落",
        ),
        help="没有坐标时留作定位线索" if address is None else None,
        field=address,
    )


def _place(class_: Class) -> Iterator[Target]:
    takes_points = "point" in class_.geometry
    help_ = "十进制度（115.823750）或度分秒（115°49′25″）；没有的留空，入库后待定位"
    yield Target(
        "lon", "经度", "位置", "position", ("经度", "东经", "x经度", "lng", "lon", "longitude", "经度坐标", "中心经度"),
        help=help_, in_template=takes_points,
    )  # fmt: skip
    yield Target(
        "lat", "纬度", "位置", "position", ("纬度", "北纬", "y纬度", "lat", "latitude", "纬度坐标", "中心纬度"),
        in_template=takes_points,
    )  # fmt: skip
    # A class that has an E of its own means it by that letter, not the east.
    own = {f.name.lower() for f in class_.fields}
    yield Target(
        "x", "X 坐标", "位置", "position",
        tuple(w for w in ("x", "x坐标", "纵坐标", "北坐标", "坐标x", "x(m)", "北", "n", "北向坐标") if w not in own),
        in_template=False,
    )  # fmt: skip
    yield Target(
        "y", "Y 坐标", "位置", "position",
        tuple(w for w in ("y", "y坐标", "横坐标", "东坐标", "坐标y", "y(m)", "东", "e", "东向坐标") if w not in own),
        in_template=False,
    )  # fmt: skip
    yield Target(
        "lonlat", "经纬度", "位置", "position", ("经纬度", "坐标", "经纬度坐标", "位置坐标", "gps坐标", "地理坐标"),
        help="经度在前，用逗号隔开", in_template=False,
    )  # fmt: skip
    yield Target(
        "wkt", "图形", "位置", "geometry", ("图形", "图形(wkt)", "wkt", "geometry", "geom", "边界", "范围", "〔图形〕"),
        help="线或面的 WKT，如 POLYGON((115.9 29.7, …))，与经纬度同一坐标基准",
        in_template=class_.geometry != ("point",),
    )  # fmt: skip


def _graded(class_: Class, catalogue: Catalogue) -> Iterator[Target]:
    yield Target(
        "stage", "状态", "基本信息", "choice",
        ("状态", "运行状态", "使用状态", "生产状态", "经营状态", "在用状态", "生命周期", "当前状态"),
        choices=_words(STAGE_WORDS),
    )  # fmt: skip
    # Where lists call the standard's own level 风险等级, the colour goes by its full name.
    taken = folded("风险等级") in {folded(column.header) for column in class_.imports}
    yield Target(
        "grade", "四色风险等级" if taken else "风险等级", LEVEL_BASIS_GROUP, "choice",
        ("风险等级", "四色风险等级", "风险级别", "风险分级", "安全风险等级", "四色等级", "风险颜色", "风险程度"),
        help="人工判定的等级；没有的留空，记为未评定；能按填写的资料计算的以计算为准", choices=_words(GRADE_WORDS),
    )  # fmt: skip
    yield Target(
        "grade_basis", "等级判定依据", LEVEL_BASIS_GROUP, "text",
        ("等级判定依据", "判定依据", "分级依据", "评级依据"), help="不填时记为本次导入的文件名",
    )  # fmt: skip
    scale = catalogue.scales.get(class_.scale) if class_.scale else None
    if scale is not None:
        yield Target(
            "level", scale.title, LEVEL_BASIS_GROUP, "choice",
            (scale.title, "级别", "等级", "等别", f"{class_.title}级别", f"{class_.title}等级", f"{class_.title}等别"),
            choices=tuple((lv.value, _level_words(lv, class_, scale)) for lv in scale.levels),
        )  # fmt: skip


def _level_words(level: Level, class_: Class, scale: Scale) -> tuple[str, ...]:
    """What means a level: 三级 is 3级, Ⅲ级, 三, 3 and 三级重大危险源 too, 红色 is 红."""
    heads: tuple[str, ...] = (level.value,)
    bare: tuple[str, ...] = (level.value.removesuffix("色"),)
    if found := _NUMBERED.fullmatch(level.value):
        digit, suffix = found.groups()
        place = max(_CHINESE.find(digit), _ROMAN.find(digit))
        bare = (digit,) if place < 0 else (_CHINESE[place], str(place + 1), _ROMAN[place])
        heads = tuple(b + s for b in bare for s in ((suffix, "类") if digit.isascii() else (suffix,)))
    nouns = {class_.title: None, _SCALE_TAIL.sub("", scale.title): None}
    if any(noun.endswith("库") for noun in nouns):
        nouns["库"] = None  # 三等库
    said = (head + noun for head in heads for noun in nouns)
    return tuple(dict.fromkeys((level.title, level.value, *heads, *bare, *said)))


_KIND_OF = {"text": "text", "integer": "number", "decimal": "number", "boolean": "boolean", "date": "date",
            "enum": "choice", "list": "list"}  # fmt: skip


def _fields(class_: Class) -> Iterator[Target]:
    for field in class_.fields:
        if field.name == "address":
            continue
        yield Target(
            f"attributes.{field.name}",
            field.title,
            class_.title,
            _KIND_OF.get(field.type, "geometry"),
            (field.title,),
            required=field.required,
            unit=field.unit,
            help=_help_of(field),
            choices=option_choices(field),
            field=field,
            in_template=field.type not in {"point", "linestring", "polygon"},
        )


def _help_of(field: Field) -> str | None:
    if field.type == "list":
        if len(field.fields) == 1:
            form = f"{field.fields[0].title}，多个用分号隔开"
        else:
            form = "｜".join(f.title for f in field.fields) + "，各项用竖线隔开，多行用分号隔开"
        return f"{form}。{field.help}" if field.help else form
    return field.help


def _more(class_: Class) -> Iterator[Target]:
    if class_.code != "enterprise":
        yield Target(
            "enterprise", "所属企业", "归属", "reference",
            ("所属企业", "企业名称", "企业编号", "所属单位", "所属企业名称", "企业统一社会信用代码"),
            help="已登记企业的编号、统一社会信用代码或全称",
        )  # fmt: skip
    yield Target(
        "parent", "上级对象编号", "归属", "reference", ("上级对象编号", "上级编号", "所属对象"),
        help="同一系统中已登记对象的编号", in_template=False,
    )  # fmt: skip
    for role in ROLES:
        first = role == ROLES[0]
        # What may hurt somebody has its three responsible persons and its two hooks; who walks round it changes often.
        asked = first or (class_.role == "hazard" and role != ROLES[-1])
        names = ("责任人", "负责人", "联系人", "安全负责人", "负责人姓名", "联系人姓名") if first else ()
        phones = (
            ("联系电话", "电话", "手机", "手机号", "手机号码", "联系方式", "责任人电话", "负责人电话", "联系人电话")
            if first
            else ()
        )
        yield Target(f"party.{role}.name", role, "责任人", "text", (role, f"{role}姓名", *names), in_template=asked)
        yield Target(f"party.{role}.post", f"{role}职务", "责任人", "text", (f"{role}职务",), in_template=False)
        yield Target(
            f"party.{role}.phone", f"{role}电话", "责任人", "text", (f"{role}电话", f"{role}手机", *phones),
            help="部门内部可见，不对公众公开", in_template=asked,
        )  # fmt: skip
    yield Target(
        "department", "主管部门", "归属", "text", ("主管部门", "行业主管部门", "监管部门", "行业监管部门"),
        help=f"不填即 {class_.department}",
    )  # fmt: skip
    yield Target("source", "数据来源", "归属", "text", ("数据来源", "来源", "资料来源"))
    yield Target(
        "visibility", "公开范围", "归属", "choice", ("公开范围", "可见范围", "密级", "公开级别"),
        help="不填即“内部”", choices=_words(VISIBILITY_WORDS),
    )  # fmt: skip
    yield Target("tags", "标签", "归属", "tags", ("标签", "标记"), help="多个用分号隔开", in_template=False)
    yield Target(
        "valid_from", "生效日期", "归属", "date", ("生效日期", "起始日期", "登记日期"),
        help="从哪天起是这样；不填即今天", in_template=False,
    )  # fmt: skip
