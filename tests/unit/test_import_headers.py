"""The headers that bureaus' own lists have: each class knows its words, and no word means two things."""

from decimal import Decimal
from typing import Any

import pytest

from riskmap.catalogue.define import MOST_HEADERS, MOST_WORD
from riskmap.catalogue.model import Catalogue, Class, Scale
from riskmap.catalogue.seed import read_files
from riskmap.exchange.headers import Header, Matcher, match_columns, normalised
from riskmap.exchange.targets import Target, targets_of
from riskmap.exchange.units import factor_between, is_unit

ITEMS = list(read_files())
BODIES: dict[str, dict[str, Any]] = {i.code: i.body for i in ITEMS if i.kind == "class"}
CLASSES = {code: Class.parse(1, body) for code, body in BODIES.items()}
CATALOGUE = Catalogue(1, (), CLASSES, {i.code: Scale.parse(i.body) for i in ITEMS if i.kind == "scale"}, {})
TARGETS = {code: targets_of(class_, CATALOGUE) for code, class_ in CLASSES.items()}
MATCHERS = {code: Matcher(CLASSES[code], TARGETS[code]) for code in CLASSES}

# Titles of fields that are words of a shared column too. The field has them.
SHARED_TITLES = {
    ("construction-site", "状态"),
    ("enterprise", "生产状态"),
    ("major-hazard", "监管部门"),
    ("risk-point", "判定依据"),
}

# Words of a shared column that a class's lists say of something else. The class has them.
CLAIMED = {
    ("chemical-park", "风险等级"),  # A 至 D 级, not a colour
    ("chemical-park", "安全风险等级"),
    ("major-hazard", "单位名称"),  # whose unit it is; the unit has a name of its own
}


def words_of(target: Target) -> tuple[str, ...]:
    return target.title, *target.synonyms


def declared(code: str) -> list[tuple[str, str, Decimal | None]]:
    """Each header of a class file, the target that it names, its factor."""
    known = {t.target for t in TARGETS[code]}
    out = []
    for column in CLASSES[code].imports:
        name = column.target if column.target in known else f"attributes.{column.target}"
        out.append((column.header, "address" if name == "attributes.address" else name, column.factor))
    return out


def meant(code: str, header: str) -> tuple[str, Decimal | None] | None:
    found = MATCHERS[code].match(header)
    return (found[0], found[1]) if found else None


@pytest.fixture(params=sorted(CLASSES))
def code(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def test_each_declared_header_is_matched_to_its_own_target(code: str) -> None:
    for header, target, factor in declared(code):
        assert meant(code, header) == (target, factor), header
        for dressed in (f"*{header}", f" {header}\n", f"{header}：", f"{header}（必填）"):
            assert meant(code, dressed) == (target, factor), dressed


def test_each_title_is_matched_to_its_own_field_bare_marked_and_with_its_unit(code: str) -> None:
    for target in TARGETS[code]:
        if target.target.startswith("attributes."):
            dressed = [target.title, f"*{target.title}", f"{target.title}*", f"{target.title}（必填）"]
            if target.unit:
                dressed += [f"{target.title}（{target.unit}）", f"{target.title}\n（单位：{target.unit}）"]
            for header in dressed:
                assert meant(code, header) == (target.target, None), header


def test_a_declared_header_is_no_word_of_another_column(code: str) -> None:
    others: dict[str, set[str]] = {}
    for target in TARGETS[code]:
        for word in words_of(target):
            others.setdefault(normalised(word), set()).add(target.target)
    for header, target, _ in declared(code):
        if (code, header) in CLAIMED:
            assert others[normalised(header)] - {target}, header  # else it need not be named above
        else:
            assert others.get(normalised(header), {target}) == {target}, header


def test_no_two_declared_headers_are_one_word(code: str) -> None:
    headers = [normalised(header) for header, _, _ in declared(code)]
    assert len(set(headers)) == len(headers)


def test_no_title_is_a_word_of_a_shared_column_but_those_that_are_known(code: str) -> None:
    own = {normalised(t.title): t.title for t in TARGETS[code] if t.target.startswith("attributes.")}
    shared = {normalised(w) for t in TARGETS[code] if not t.target.startswith("attributes.") for w in words_of(t)}
    assert {(code, own[word]) for word in own.keys() & shared} == {s for s in SHARED_TITLES if s[0] == code}


def test_a_factor_stands_only_where_the_header_names_its_unit(code: str) -> None:
    by_target = {t.target: t for t in TARGETS[code]}
    for header, target, factor in declared(code):
        if factor is None:
            continue
        said = header.replace("（", "(").partition("(")[2].rstrip(")）")
        assert is_unit(said), header
        assert factor == factor_between(said, by_target[target].unit), header


def test_a_declared_header_fits_the_form_of_a_class(code: str) -> None:
    of: dict[str, int] = {}
    for column in CLASSES[code].imports:
        assert len(column.header) <= MOST_WORD
        name = column.target.removeprefix("attributes.")
        place = name if name in CLASSES[code].by_name else ""
        of[place] = of.get(place, 0) + 1
    assert max(of.values(), default=0) <= MOST_HEADERS


def test_each_class_but_a_few_pure_ones_knows_other_words_for_every_field(code: str) -> None:
    named = {c.target.removeprefix("attributes.") for c in CLASSES[code].imports}
    without = {f.name for f in CLASSES[code].fields} - named - {"address"}
    # A line that nobody writes into a list.
    assert without == ({"flow_path"} if code in {"tailings-pond", "reservoir"} else set())


def test_a_field_called_like_a_shared_column_is_named_in_full(code: str) -> None:
    shared = {t.target for t in TARGETS[code]} & set(CLASSES[code].by_name) - {"address"}
    assert not shared & {c.target for c in CLASSES[code].imports}


A = "attributes."
MU, MU_KM2 = Decimal(2000) / 3, Decimal(2) / 3000
LISTS = [
    ("tailings-pond", "全库容(万m³)", A + "capacity_m3", Decimal(10000)),
    ("tailings-pond", "全库容（万m³）", A + "capacity_m3", Decimal(10000)),
    ("tailings-pond", "总库容（万方）", A + "capacity_m3", Decimal(10000)),
    ("tailings-pond", "现状总库容\n（万立方米）", A + "capacity_m3", Decimal(10000)),
    ("tailings-pond", "坝高（m）", A + "dam_height_m", None),
    ("tailings-pond", "现状坝高（米）", A + "dam_height_m", None),
    ("tailings-pond", "设计坝高（m）", None, None),  # of the end of its life, not of now
    ("tailings-pond", "是否“头顶库”", A + "headwater", None),
    ("tailings-pond", "下游1公里范围内居民人数（人）", A + "downstream_persons", None),
    ("tailings-pond", "干滩长（m）", A + "beach_m", None),
    ("tailings-pond", "等别", "level", None),
    ("reservoir", "总库容（亿立方米）", A + "capacity_m3", Decimal(100000000)),
    ("reservoir", "最大坝高(m)", A + "dam_height_m", None),
    ("reservoir", "行政责任人", "party.主要负责人.name", None),
    ("reservoir", "巡查责任人联系电话", "party.巡查.phone", None),
    ("reservoir", "是否病险水库", A + "dangerous", None),
    ("reservoir", "坝高（张）", A + "dam_height_m", None),  # no unit that we know: as a remark in brackets
    ("reservoir", "主汛期限制水位（m）", A + "flood_limit_m", None),
    ("reservoir", "校核洪水位(m)", A + "check_flood_m", None),
    ("reservoir", "正常蓄水位", A + "normal_level_m", None),
    ("reservoir", "下游受影响村庄", A + "downstream_villages", None),
    ("reservoir", "代表站编码", A + "gauge", None),
    ("dyke", "保证水位（米）", A + "guarantee_m", None),
    ("dyke", "堤顶高程（m）", A + "crest_m", None),
    ("dyke", "行政责任人", "party.主要负责人.name", None),
    ("polder", "保证水位线", A + "guarantee_level_m", None),
    ("polder", "保护耕地面积（万亩）", A + "farmland_mu", Decimal(10000)),
    ("polder", "圩堤长度（m）", A + "dyke_length_km", Decimal("0.001")),
    ("gauge-station", "报汛时限（小时）", A + "silent_after_min", Decimal(60)),
    ("gauge-station", "最大允许变幅（cm）", A + "step_max_m", Decimal("0.01")),
    ("flood-prone-spot", "排水能力（m³/s）", A + "pump_m3h", Decimal(3600)),
    ("geohazard-point", "受威胁户数（户）", A + "threatened_households", None),
    ("geohazard-point", "避灾地点", A + "safe_place", None),
    ("reservoir", "总库容（亩）", None, None),  # a unit of another kind is for a person to look at
    ("hospital", "床位数（张）", A + "beds", None),
    ("hospital", "编制床位数", A + "beds", None),
    ("hospital", "实有床位（张）", A + "beds", None),
    ("hospital", "医疗机构等级", A + "rating", None),
    ("hospital", "医疗机构名称", "name", None),
    ("hospital", "占地面积（亩）", None, None),  # land is no building
    ("school", "在校学生数（人）", A + "persons", None),
    ("school", "师生人数", A + "persons", None),
    ("school", "校舍建筑面积（㎡）", A + "area_m2", None),
    ("school", "建筑面积（万平方米）", A + "area_m2", Decimal(10000)),
    ("school", "占地面积（亩）", None, None),
    ("school", "学校（机构）标识码", "code", None),
    ("school", "办学类型", A + "kind", None),
    ("school", "校长电话", "party.主要负责人.phone", None),
    ("school", "校址", "address", None),
    ("school", "所在县（市、区）", "division", None),
    ("school", "乡（镇、街道）", "town", None),
    ("kindergarten", "在园幼儿数（人）", A + "persons", None),
    ("kindergarten", "是否民办", A + "private", None),
    ("care-home", "核定床位数（张）", A + "beds", None),
    ("care-home", "其中失能老人数", A + "disabled_persons", None),
    ("shelter", "最大容纳人数", A + "capacity", None),
    ("shelter", "可安置人数（万人）", A + "capacity", Decimal(10000)),
    ("shelter", "有效避难面积（亩）", A + "area_m2", MU),
    ("shelter", "占地面积（㎡）", None, None),
    ("crowded-place", "最大容纳人数（人）", A + "persons", None),
    ("relief-store", "仓库面积（平方米）", A + "area_m2", None),
    ("chemical-park", "占地面积（亩）", A + "area_km2", MU_KM2),
    ("chemical-park", "园区面积（公顷）", A + "area_km2", Decimal("0.01")),
    ("forest-fire-zone", "面积(亩)", A + "forest_area_ha", Decimal(1) / 15),
    ("polder", "圩区面积（km²）", A + "area_mu", Decimal(1500)),
    ("polder", "防洪标准（重现期）", A + "return_period", None),
    ("dyke", "堤防长度（m）", A + "length_km", Decimal("0.001")),
    ("flood-prone-spot", "最大积水深度（m）", A + "depth_cm", Decimal(100)),
    ("rescue-team", "冲锋舟（艘）", A + "boats", None),
    ("rescue-team", "排水能力（m³/s）", A + "pumps_m3h", Decimal(3600)),
    ("rescue-team", "驻地", "address", None),
    ("geohazard-point", "灾害类型", A + "kind", None),
    ("geohazard-point", "受威胁人口（人）", A + "threatened_persons", None),
    ("geohazard-point", "体积（万m³）", A + "volume_m3", Decimal(10000)),
    ("geohazard-point", "规模", None, None),  # 小型, not a volume
    ("geohazard-point", "群测群防员", "party.巡查.name", None),
    ("major-hazard", "厂区边界外500m范围内人数估算值", A + "exposed_persons", None),
    ("major-hazard", "备案登记编号", A + "record_no", None),
    ("major-hazard", "到期日（3年）", A + "assess_due", None),
    ("major-hazard", "重大危险源所在地址", "address", None),
    ("enterprise", "社会信用代码", A + "uscc", None),
    ("enterprise", "从业人员数量（人）", A + "employees", None),
    ("enterprise", "安全生产标准化等级", A + "standardization", None),
    ("filling-station", "加油（气）站名称", "name", None),
    ("filling-station", "油罐总容积（m³）", A + "volume_m3", None),
    ("fireworks-retail", "烟花爆竹经营（零售）许可证号", A + "permit_no", None),
    ("fireworks-retail", "有效期至", A + "permit_until", None),
    ("fireworks-plant", "核定总药量（吨）", A + "dose_kg", Decimal(1000)),
    ("fire-key-unit", "消防安全责任人", "party.主要负责人.name", None),
    ("self-built-house", "是否用作经营", A + "operating", None),
    ("self-built-house", "房屋安全鉴定等级", A + "appraisal", None),
    ("gas-restaurant", "是否安装可燃气体报警器", A + "alarm", None),
    ("construction-site", "塔吊数量（台）", A + "tower_cranes", None),
    ("pipeline", "管道直径（cm）", A + "diameter_mm", Decimal(10)),
    ("village", "60岁及以上人口", A + "elderly", None),
    ("water-source", "供水人口（万人）", A + "served_persons", Decimal(10000)),
    ("risk-point", "可能导致的事故类型", A + "accident_types", None),
    ("risk-point", "属地挂钩领导", "party.属地挂钩.name", None),
    ("risk-point", "L", A + "L", None),
    ("risk-point", "E", A + "E", None),  # the exposure, not the east
    ("risk-point", " e ", A + "E", None),
    ("risk-point", "C", A + "C", None),
    ("risk-point", "S", A + "S", None),
    ("risk-point", "N", "x", None),  # no such field: the north
    ("school", "E", "y", None),
    ("school", "N", "x", None),
    ("risk-point", "直接判定结果", A + "grade", None),
    ("risk-point", "直接判定依据", A + "basis", None),
    ("risk-point", "风险等级", "grade", None),
    ("risk-contour", "评估报告名称", A + "source", None),
    ("risk-contour", "数据来源", "source", None),
    ("chemical-park", "风险等级", "level", None),
    ("chemical-park", "四色风险等级", "grade", None),
    ("tailings-pond", "风险等级", "grade", None),
    ("major-hazard", "单位名称", "enterprise", None),
    ("school", "单位名称", "name", None),
]


@pytest.mark.parametrize(("code_", "header", "target", "factor"), LISTS)
def test_a_header_of_a_real_list_is_understood(
    code_: str, header: str, target: str | None, factor: Decimal | None
) -> None:
    assert meant(code_, header) == (None if target is None else (target, factor))


ROWS: list[tuple[str, dict[str, str | None]]] = [
    (
        "school",
        {
            "序号": None,
            "学校名称": "name",
            "学校标识码": "code",
            "所在县（市、区）": "division",
            "乡镇/街道": "town",
            "校址": "address",
            "办学类型": A + "kind",
            "是否寄宿制": A + "boarding",
            "在校学生数（人）": A + "persons",
            "教职工数": None,
            "占地面积（亩）": None,
            "校舍建筑面积（㎡）": A + "area_m2",
            "校长": "party.主要负责人.name",
            "联系电话": "party.主要负责人.phone",
            "备注": None,
        },
    ),
    (
        "tailings-pond",
        {
            "尾矿库名称": "name",
            "企业名称": "enterprise",
            "所在县区": "division",
            "等别": "level",
            "设计库容（万m³）": None,
            "现状全库容（万m³）": A + "capacity_m3",
            "现状坝高（m）": A + "dam_height_m",
            "筑坝方式": A + "operation",
            "是否头顶库": A + "headwater",
            "下游居民（人）": A + "downstream_persons",
            "运行状态": "stage",
            "在线监测情况": A + "online_monitoring",
            "包保领导": "party.属地挂钩.name",
        },
    ),
    (
        "geohazard-point",
        {
            "野外编号": "code",
            "隐患点名称": "name",
            "位置": "address",
            "灾害类型": A + "kind",
            "规模等级": None,
            "体积（m³）": A + "volume_m3",
            "威胁户数": A + "threatened_households",
            "威胁人口（人）": A + "threatened_persons",
            "威胁财产（万元）": None,
            "监测责任人": "party.巡查.name",
            "监测责任人电话": "party.巡查.phone",
        },
    ),
    (
        "hospital",
        {
            "机构名称": "name",
            "医院等级": A + "rating",
            "编制床位": A + "beds",
            "实有床位": None,  # the first that means the beds has them; the other is for a person to say
            "院长": "party.主要负责人.name",
        },
    ),
    (
        "major-hazard",
        {
            "单位名称": "enterprise",
            "单元名称": "name",
            "重大危险源级别": "level",
            "监管部门": A + "regulator",
        },
    ),
    (
        "risk-point",
        {
            "企业名称": "enterprise",
            "风险点名称": "name",
            "可能性": None,
            "后果": None,
            "L": A + "L",
            "E": A + "E",
            "C": A + "C",
            "风险等级": "grade",
        },
    ),
    (
        "chemical-park",
        {
            "园区名称": "name",
            "风险等级": "level",
            "得分": A + "score",
        },
    ),
    *(
        (code, {"序号": None, "企业名称": "name", "地址": "address", "联系电话": "party.主要负责人.phone"})
        for code in (
            "fireworks-plant",
            "chemical-user",
            "dust-explosion-site",
            "deep-well-casting",
            "metal-melting",
            "gas-restaurant",
            "filling-station",
            "construction-site",
        )
    ),
]


@pytest.mark.parametrize(("code_", "row"), ROWS, ids=[f"{code}-{next(iter(row))}" for code, row in ROWS])
def test_a_whole_row_of_headers_is_understood(code_: str, row: dict[str, str | None]) -> None:
    columns = match_columns(Header(1, 1, tuple(row)), MATCHERS[code_], {})
    assert {c.header: c.target for c in columns} == row
