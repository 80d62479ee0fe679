"""The map sheet: what is on it, where it stands, and that nothing is lost."""

import io
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import hypot

import h3
import pypdfium2
import pytest
import shapely
from pyproj import Geod
from shapely import STRtree
from tests.unit.sheet_makers import city, imprint, legend, marks, overlaps, sheet, town, words

from riskmap.paper import crowd, placing
from riskmap.paper.drawing import Block, width
from riskmap.paper.labels import Body, Taken
from riskmap.paper.margins import borders, scale_bar
from riskmap.paper.placing import number_spot
from riskmap.paper.sheet import PAPERS, Division, Ground, Heat, Mark, compose


def test_all_that_a_sheet_must_say_is_on_it() -> None:
    of = marks(123)
    said = words(sheet(of).pdf())
    for part in (
        "九江市较大以上安全风险分布图", "安全风险等级：重大、较大", "二〇二六年十一月", "图号FX-2026-001-01", "第1幅共15幅",
        "第1版（草稿）", "内部使用", "审图号：", "演示数据，非真实", "2000国家大地坐标系（CGCS2000）", "高斯—克吕格投影，中央经线115°30′",
        "天地图行政区划，不作为划界依据", "数据时间：2026-11-2016:30", "状态号：412", f"核验码：{imprint().check}".replace(" ", ""),
        "编制：九江市应急管理局（演示）", "审核：", "批准：", "第1页共", "北", "图例", "标度：城市安全风险四级（重大最重）",
        "612未选入本图", "本图表示123个", "登记总数1260个", "未定位3个（重大1、较大2）", "市界", "县（市、区）界", "道路、水系：未加载",
        "对象类别", "储罐", "尾矿库", "1:800000", "40km", "115°00′", "29°30′", "草稿", "演示用户", "修水县", "永修县",
    ):  # fmt: skip
        assert part in said, part
    counts = Counter(m.grade for m in of)
    assert f"重大{counts['major']}个" in said
    assert f"较大{counts['serious']}个" in said


@pytest.mark.parametrize("seed", range(6))
def test_each_object_is_drawn_once_and_named_or_listed(seed: int) -> None:
    of = marks(20 + 45 * seed, seed)
    made = sheet(of, paper=("A4", "A3", "A1")[seed % 3], orientation=("landscape", "portrait")[seed % 2])
    assert [d["id"] for d in made.drawn] == sorted(m.id for m in of)
    text = words(made.pdf())
    for m in of:
        assert m.name in text
    numbers = sorted(d["no"] for d in made.drawn if d["shown"] == "number")
    assert numbers == list(range(1, len(numbers) + 1))
    assert made.sidecar is not None
    assert json.loads(made.sidecar[1])["objects"] == made.drawn


@pytest.mark.parametrize(("paper", "orientation"), [("A4", "landscape"), ("A3", "portrait"), ("A0", "landscape")])
def test_no_label_stands_over_another(paper: str, orientation: str) -> None:
    made = sheet(marks(200), paper=paper, orientation=orientation)
    boxes = [box for page, _, _, box in made.labels if page == 1]
    assert len(boxes) > 100
    assert overlaps(boxes) == 0


def text_boxes(body: bytes) -> list[tuple[float, float, float, float]]:
    """Boxes of single letters on the first page, watermark left out (it is turned), in mm."""
    with pypdfium2.PdfDocument(body) as document:
        text = document[0].get_textpage()
        out = []
        for i in range(text.count_chars()):
            c = text.get_text_range(i, 1)
            if c.strip() and abs(pypdfium2.raw.FPDFText_GetCharAngle(text, i)) < 1e-3:
                out.append(tuple(v * 25.4 / 72 for v in text.get_charbox(i)))
        return out  # type: ignore[return-value]


def test_no_letter_of_the_printed_page_stands_over_another() -> None:
    boxes = [b for b in text_boxes(sheet(marks(123)).pdf()) if b[2] - b[0] > 0.05]
    assert len(boxes) > 1500
    assert overlaps(boxes, 0.08) == 0


@pytest.mark.parametrize("paper", ["A4", "A3", "A0"])
def test_a_kilometre_is_a_kilometre(paper: str) -> None:
    ground = town("十里街道")
    middle = ground.area.representative_point()  # type: ignore[union-attr]
    geod = Geod(ellps="GRS80")
    lines = []
    for i, azimuth in enumerate((90, 0)):
        lon, lat, _ = geod.fwd(middle.x, middle.y, azimuth, 1000)
        line = shapely.LineString([(middle.x, middle.y), (lon, lat)])
        lines.append(Mark(i + 1, "tank", "c-tank", ("major", "low")[i], "线", line, (middle.x, middle.y)))
    made = compose(
        paper, "landscape", lines, ground, legend(lines, frozenset({"major", "low"})), imprint(), attach_ids=False
    )
    svg = made.pages_drawn[0].svg().decode()
    found = []
    for colour in ("#E60012", "#0068B7"):
        path = re.search(rf'<path d="M([\d. L]+)" fill="none" stroke="{colour}"', svg)
        assert path
        points = [tuple(map(float, p.split())) for p in path[1].split("L")]
        found.append(sum(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5 for a, b in pairwise(points)))
    for mm in found:
        assert mm * made.scale / 1e6 == pytest.approx(1, rel=0.01)
    # and the page is as large as it says, so its millimetres are millimetres
    with pypdfium2.PdfDocument(made.pdf()) as document:
        w, h = document[0].get_size()
    assert w * 25.4 / 72 == pytest.approx(made.pages_drawn[0].w, abs=0.01)
    assert h * 25.4 / 72 == pytest.approx(made.pages_drawn[0].h, abs=0.01)


def test_the_same_values_make_the_same_bytes() -> None:
    of = marks(60)
    assert sheet(of).pdf() == sheet(list(reversed(of))).pdf()


def test_ids_are_attached_under_a_plain_name_and_not_to_the_public_form() -> None:
    of = marks(12)
    with pypdfium2.PdfDocument(sheet(of).pdf()) as document:
        assert document.count_attachments() == 1
        attached = document.get_attachment(0)
        assert attached.get_name() == "FX-2026-001-01-ids.json"
        assert {o["id"] for o in json.loads(bytes(attached.get_data()))["objects"]} == {m.id for m in of}
    with pypdfium2.PdfDocument(sheet(of, attach_ids=False).pdf()) as document:
        assert document.count_attachments() == 0


def test_no_panel_covers_the_territory() -> None:
    made = sheet(marks(123))
    points = [(d["x_mm"], d["y_mm"]) for d in made.drawn]
    assert made.panels
    assert not [
        (p, b)
        for p in points
        for n, b in made.panels.items()
        if n != "inset" and b[0] < p[0] < b[2] and b[1] < p[1] < b[3]
    ]


def test_an_empty_selection_says_none() -> None:
    said = words(sheet([]).pdf())
    assert "本图表示0个" in said
    assert "所选范围内符合条件且可上图的对象：无" in said


def test_where_nothing_is_drawn_no_name_of_a_division_runs_into_the_words() -> None:
    thirds = [shapely.box(115 + i / 3, 29, 115 + (i + 1) / 3, 30) for i in range(3)]
    parts = tuple(Division(f"36040{i}", name, "county", thirds[i]) for i, name in enumerate(("西县", "中县", "东县")))
    made = sheet([], Ground(parts, shapely.box(115, 29, 116, 30), "city"))
    [(x, y, said)] = [
        (t[0], t[1], t[2]) for t in made.pages_drawn[0].letters if t[2].startswith("所选范围内符合条件且")
    ]
    names = [box for _, kind, _, box in made.labels if kind == "division"]
    assert names
    wide = width(said, 10.0, bold=True)
    assert not [b for b in names if b[0] < x + wide and b[2] > x and b[1] < y + 1 and b[3] > y - 3]


def test_the_leader_to_a_number_keeps_clear_of_other_symbols() -> None:
    taken = Taken((0, 0, 100, 100))
    taken.add((40, 40, 60, 60))  # no room near by
    east = shapely.box(56, 45, 60, 55)
    spot = number_spot(taken, STRtree([east]), Body([0], 50, 50, 2, 2), 3, 60, 3, 2)
    assert spot is not None
    middle = ((spot[0] + spot[2]) / 2, (spot[1] + spot[3]) / 2)
    assert not east.intersects(shapely.LineString([(50, 50), middle]))
    assert hypot(middle[0] - 50, middle[1] - 50) < 20


def test_the_boundaries_settle_nothing_and_say_so_once() -> None:
    for source in ("某局界线", "虚构的界线，不作为划界依据。"):
        assert borders(source).count("不作为划界依据") == 1
    assert borders("") == "界线：无。"


def test_a_bar_leaves_room_for_what_stands_beside_it() -> None:
    for scale in (25_000, 50_000, 250_000, 500_000, 800_000):
        b = Block()
        scale_bar(b, 100, 0, 1.0, scale)
        assert all(100 - 36 < letter[0] < 100 + 40 for letter in b.letters), scale


def test_without_a_boundary_the_objects_make_the_extent() -> None:
    of = marks(9)
    made = sheet(of, Ground(source=""))
    assert "无区划界线" in words(made.pdf())
    assert len(made.drawn) == 9


def test_one_object_without_a_boundary_is_shown_with_its_surroundings() -> None:
    made = sheet(marks(1), Ground())
    assert made.scale == 5000
    assert made.drawn[0]["shown"] == "name"


def test_neither_boundary_nor_object_is_still_a_sheet() -> None:
    made = sheet([], Ground())
    said = words(made.pdf())
    assert "所选范围没有区划界线，也没有可上图的对象。" in said
    assert "图例" in said
    assert made.scale == 0


def test_a_name_of_200_characters_is_numbered_and_whole() -> None:
    of = marks(5)
    name = "示例很长的名称" * 28 + "终于结束"
    of[2] = replace(of[2], name=name)
    made = sheet(of, paper="A4")
    assert next(d for d in made.drawn if d["id"] == of[2].id)["shown"] == "number"
    assert name in words(made.pdf())


def test_a_character_that_no_font_has_is_said() -> None:
    of = marks(3)
    of[0] = replace(of[0], name="示例\U00020bb7厂")
    made = sheet(of)
    said = words(made.pdf())
    assert made.lacking == ("\U00020bb7",)
    assert "示例〓厂" in said
    assert "U+20BB7" in said


def test_objects_far_outside_are_listed_with_their_position() -> None:
    of = marks(10)
    of[0] = replace(of[0], geometry=shapely.Point(87.6, 43.8), anchor=(87.6, 43.8))
    made = sheet(of)
    assert next(d for d in made.drawn if d["id"] == 1)["shown"] == "listed"
    assert "图廓以外" in words(made.pdf())
    assert "87.6000°E" in words(made.pdf())
    assert made.scale == 800_000


def test_fifty_at_one_point_are_all_drawn_and_numbered() -> None:
    of = marks(60, core=0)
    at = of[0].anchor
    of[:50] = [replace(m, geometry=shapely.Point(at), anchor=at) for m in of[:50]]
    made = sheet(of)
    spots = {(d["x_mm"], d["y_mm"]) for d in made.drawn if d["id"] <= 50}
    assert len(spots) == 50
    assert max(x for x, _ in spots) - min(x for x, _ in spots) < 25
    assert ("number", "1–50") in {(kind, said) for _, kind, said, _ in made.labels}
    text = words(made.pdf())
    assert all(m.name in text for m in of)


def test_great_density_is_bare_and_said() -> None:
    of = marks(5000, core=0.3)
    made = sheet(of)
    assert len(made.drawn) == 5000
    assert Counter(d["shown"] for d in made.drawn)["bare"] > 3000
    assert "只以小符号表示实际位置，不注名称和编号" in words(made.pdf(), 0)


def test_the_list_goes_on_to_further_pages_in_the_same_type() -> None:
    of = [replace(m, name=f"名称长过十二个字因此必须编号的对象第{m.id}号") for m in marks(150, core=0)]
    made = sheet(of, paper="A4", orientation="portrait")
    assert made.pages > 1
    said = words(made.pdf())
    assert f"第1页共{made.pages}页" in said
    assert f"第{made.pages}页共{made.pages}页" in said
    assert all(m.name in said for m in of)
    sizes = {letter[3] for page in made.pages_drawn for letter in page.letters}
    assert min(sizes) >= 5.5


def heat_of(of: Sequence[Mark], resolution: int = 6) -> Heat:
    cells: dict[int, Counter[str]] = {}
    for m in of:
        cell = h3.str_to_int(h3.latlng_to_cell(m.anchor[1], m.anchor[0], resolution))
        cells.setdefault(cell, Counter())[m.grade] += 1
    return Heat(resolution, {c: dict(n) for c, n in cells.items()})


@pytest.mark.parametrize("approval", ["", "赣S（2026）" + "8" * 30])
@pytest.mark.parametrize("classes", range(6, 18, 2))
def test_the_selection_is_said_whatever_stands_beside_the_title(approval: str, classes: int) -> None:
    selection = "九江市；" + "、".join(f"分类之{i}" for i in range(classes))
    made = sheet([], paper="A4", orientation="portrait", imprint=imprint(selection=selection, approval=approval))
    told = "".join(letter[2] for letter in made.pages_drawn[0].letters)
    assert "".join(selection.split()) in "".join(told.split())


def test_heat_has_classes_method_and_the_fullest_cells() -> None:
    of = marks(1260, core=0.3)
    heat = heat_of(of)
    made = sheet([], heat=heat, legend=legend(of))
    said = words(made.pdf())
    for part in (
        "密度分级",
        "2–3",
        "≥16",
        "一格约36km²",
        "H3六级格",
        "不插值、不平滑",
        "不等于无风险",
        "对象最多的十格",
        "本图计入1260个",
    ):
        assert part in said, part
    fullest = max(heat.cells, key=lambda c: (sum(heat.cells[c].values()), -c))
    assert h3.int_to_str(fullest) in said
    red = sum(1 for n in heat.cells.values() if n.get("major"))
    assert f"（{red}格）" in said


@pytest.mark.parametrize("paper", ["A4", "A3", "A2", "A1", "A0"])
@pytest.mark.parametrize("orientation", ["landscape", "portrait"])
def test_every_paper_and_both_ways(paper: str, orientation: str) -> None:
    of = marks(80)
    made = sheet(of, paper=paper, orientation=orientation)
    assert len(made.drawn) == 80
    page = made.pages_drawn[0]
    assert (page.w > page.h) == (orientation == "landscape")
    assert not [x for x in page.letters if not (0 < x[0] < page.w and 0 < x[1] < page.h)]
    assert made.png(30)[0].startswith(b"\x89PNG")


def test_a_map_is_not_made_smaller_for_the_enlargement_that_it_then_needs() -> None:
    """Twelve that stand apart at the largest scale and would not at the next: there is nothing to enlarge at the first."""
    first = sheet(marks(1), paper="A0", orientation="portrait")
    apart = 0.9 * crowd.GAP_R * placing.RADII[0] * PAPERS["A0"][2] * first.scale / 1000
    middle = city().area.representative_point()
    turn = Geod(ellps="GRS80")
    of = []
    for i, mark in enumerate(marks(12)):
        east, y, _ = turn.fwd(middle.x, middle.y, 90, apart * (i % 4))
        x, y, _ = turn.fwd(east, y, 0, apart * (i // 4))
        of.append(replace(mark, geometry=shapely.Point(x, y), anchor=(x, y)))
    made = sheet(of, paper="A0", orientation="portrait")
    assert made.scale == first.scale
    assert made.inset_scale is None


def test_a_tiny_town_has_seconds_and_metres() -> None:
    tiny = shapely.box(115.99, 29.70, 115.996, 29.704)
    of = marks(6, area=tiny)
    made = sheet(of, Ground((Division("1", "示例社区", "town", tiny),), tiny, "town"))
    said = words(made.pdf())
    assert made.scale < 5000
    assert "″" in said
    assert re.search(r"\d+m", said)


def test_a_long_title_and_selection_are_whole() -> None:
    title = "示例市示例县示例镇较大以上安全风险分布图（供应急指挥部会商使用）"
    selection = "类别：" + "、".join(f"第{i}类对象" for i in range(80))
    said = words(
        sheet(marks(5), paper="A4", orientation="portrait", imprint=imprint(title=title, selection=selection)).pdf()
    )
    assert title in said
    assert selection in said


def test_lines_and_areas_are_drawn_with_their_symbol() -> None:
    of = marks(2, core=0)
    area = shapely.Point(of[0].anchor).buffer(0.02)
    of[0] = replace(of[0], grade="major", geometry=area)
    svg = sheet(of).pages_drawn[0].svg().decode()
    assert re.search(r'<path d="M[^"]+" fill="#E60012" fill-rule="evenodd" fill-opacity="0.16"', svg)
    assert io.StringIO(svg).read(4) == "<svg"


def test_roads_and_water_are_drawn_by_their_kind_as_far_as_the_scale_bears_them() -> None:
    ground = city()
    west, south, east, north = ground.area.bounds  # type: ignore[union-attr]
    across = shapely.LineString([(west, (south + north) / 2), (east, (south + north) / 2)])
    down = shapely.LineString([(115.6, south), (115.6, north)])
    lake = shapely.Point(116.0, 29.4).buffer(0.05)
    with_lines = replace(ground, lines=(("高速", across), ("乡道", down), ("lake", lake)), missing=("铁路",))
    said = words(sheet(marks(8), with_lines).pdf())
    assert "高速公路" in said
    assert "湖泊、水库" in said
    assert "乡道、支路" not in said
    assert "铁路：未加载" in said
    svg = sheet(marks(8), with_lines).pages_drawn[0].svg().decode()
    assert svg.count("#A8824F") == 2  # the casing of the motorway, on the map and in the legend
    assert "#B9B2A6" not in svg


def test_a_crowded_core_is_enlarged_at_a_round_scale() -> None:
    of = marks(123, core=0.4)
    made = sheet(of)
    assert made.inset_scale is not None
    assert 1.9 < made.scale / made.inset_scale <= 8.1
    said = words(made.pdf())
    assert "放大图" in said
    assert f"1:{made.inset_scale}" in said
    x0, y0, x1, y1 = made.panels["inset"]
    inside = [d for d in made.drawn if x0 < d["x_mm"] < x1 and y0 < d["y_mm"] < y1]
    assert len(inside) >= 20
