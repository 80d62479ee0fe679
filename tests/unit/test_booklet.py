"""The booklet of towns: one page each, figures and list of its own, nothing lost."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pypdfium2
import pytest
import shapely
from tests.unit.sheet_makers import CLASSES, city, divisions, imprint, marks, overlaps, town, words

from riskmap.paper.booklet import BookPage, Entry, Locator, compose_booklet
from riskmap.paper.mapped import ClassRow, Ground, Mark


def page(name: str, of: Sequence[Mark], **changes: Any) -> BookPage:
    ground = town(name)
    counts = Counter(m.grade for m in of)
    by_class: dict[str, Counter[str]] = {}
    for m in of:
        by_class.setdefault(m.class_, Counter())[m.grade] += 1
    entries = tuple(Entry(m.id, m.grade, m.symbol, m.name, CLASSES[m.class_][0]) for m in of)
    county = divisions()["county"]
    plain = BookPage(
        name, f"濂溪区{name}安全风险分布图", tuple(of), ground, entries, dict(counts),
        tuple(ClassRow(c, CLASSES[c][0], CLASSES[c][1], dict(n)) for c, n in sorted(by_class.items())),
        above={"major": 100, "serious": 400},
        locator=Locator(city().area, tuple(d.polygon for d in county), county[0].polygon, f"深色为{name}，灰色为濂溪区"),
    )  # fmt: skip
    return replace(plain, **changes)


def objects(name: str, n: int, first: int = 1) -> list[Mark]:
    area = town(name).area
    of = marks(n, seed=first, area=area, core=0.2)
    return [replace(m, id=first + i, name=f"{m.name}之{first + i}") for i, m in enumerate(of)]


def test_each_town_has_its_page_with_map_figures_and_list() -> None:
    one, other = objects("十里街道", 14), objects("五里街道", 9, first=100)
    made = compose_booklet(
        [page("十里街道", one), page("五里街道", other)], imprint(title="图册", selection="全部等级"), sheet_no="08"
    )
    assert made.pages == 2
    body = made.pdf()
    first = words(body, 0)
    for part in (
        "濂溪区十里街道安全风险分布图", "全部等级", "图号FX-2026-001-08", "位置", "深色为十里街道，灰色为濂溪区", "本街道数字",
        "标度：城市安全风险四级（重大最重）", "占全县（区）", "对象清单", "高斯—克吕格投影，中央经线116°00′", "数据时间：2026-11-2016:30",
        "状态号：412", "核验码：", "第1页共2页", "其中未定位0个。", "内部使用", "审图号：", "审核：", "批准：", "编制：",
        f"1:{made.scales[0]}"[:5],
    ):  # fmt: skip
        assert part in first, part
    for m in one:
        assert m.name in first
    counts = Counter(m.grade for m in one)
    assert f"重大{counts['major']}{counts['major']:.1f}%" in first
    assert all(m.name in words(body, 1) for m in other)
    assert {(d["id"], d["page"]) for d in made.drawn} == {(m.id, 1) for m in one} | {(m.id, 2) for m in other}


def test_a_long_list_goes_on_to_a_following_page() -> None:
    of = objects("十里街道", 160)
    made = compose_booklet([page("十里街道", of), page("五里街道", [])], imprint())
    assert made.pages > 2
    text = words(made.pdf())
    assert "对象清单（续）" in text
    assert "续见下页（共160个）" in text
    assert all(m.name in text for m in of)
    assert "第1页共" in text
    assert min(letter[3] for p in made.pages_drawn for letter in p.letters) >= 5.5
    boxes = [box for n, _, _, box in made.labels if n == 1]
    assert overlaps(boxes) == 0


def test_numbers_of_the_map_stand_in_the_list() -> None:
    of = objects("十里街道", 80)
    made = compose_booklet([page("十里街道", of)], imprint())
    numbered = {d["no"] for d in made.drawn if d["shown"] == "number"}
    assert numbered == set(range(1, len(numbered) + 1))
    listed = Counter(x[2] for p in made.pages_drawn for x in p.layers[-1].letters if x[5] == "#0B3A66")
    on_pages = Counter(x[2] for p in made.pages_drawn for x in p.letters if x[5] == "#0B3A66" and x[4])
    assert listed
    for n in numbered:
        assert on_pages[str(n)] >= 1


def test_what_has_no_position_is_listed_as_such() -> None:
    of = objects("十里街道", 4)
    lost = Entry(77, "serious", "c-mine", "没有位置的示例矿山", "矿山", placed=False)
    shown = page("十里街道", of)
    shown = replace(shown, entries=(*shown.entries, lost), unplaced={"serious": 1})
    text = words(compose_booklet([shown], imprint()).pdf())
    assert re.search("没有位置的示例矿山矿山未定位", text)
    assert "其中未定位1个（较大1），不在图上。" in text


def test_a_town_without_objects_or_boundary_says_so() -> None:
    bare = BookPage("示例镇", "示例镇安全风险分布图", (), Ground(), (), {})
    text = words(compose_booklet([bare], imprint()).pdf())
    assert "没有区划界线，也没有可上图的对象。" in text
    assert "对象清单" in text
    assert "可上图的对象：无" in words(compose_booklet([page("十里街道", [])], imprint()).pdf())


def test_a_selection_without_room_below_the_title_stands_beside_the_map() -> None:
    said = imprint(
        selection="十里街道；" + "、".join(f"分类之{i}" for i in range(60)), approval="赣S（2026）" + "8" * 30
    )
    assert "分类之59" in words(compose_booklet([page("十里街道", objects("十里街道", 3))], said).pdf())


def test_no_town_at_all_is_still_a_page() -> None:
    made = compose_booklet([], imprint())
    assert made.pages == 1
    assert "所选范围没有乡镇（街道）。" in words(made.pdf())


@pytest.mark.parametrize("attach", [True, False])
def test_ids_are_attached_unless_it_is_public(attach: bool) -> None:
    of = objects("十里街道", 5)
    made = compose_booklet([page("十里街道", of)], imprint(), sheet_no="08", attach_ids=attach)
    with pypdfium2.PdfDocument(made.pdf()) as document:
        assert document.count_attachments() == int(attach)
        if attach:
            attached = document.get_attachment(0)
            assert attached.get_name() == "FX-2026-001-08-ids.json"
            ids = {o["id"] for o in json.loads(bytes(attached.get_data()))["objects"]}
            assert ids == {m.id for m in of}


def test_the_same_values_make_the_same_bytes() -> None:
    shown = [page("十里街道", objects("十里街道", 12))]
    assert compose_booklet(shown, imprint()).pdf() == compose_booklet(shown, imprint()).pdf()


def test_an_object_far_outside_its_town_is_listed_as_outside() -> None:
    of = objects("十里街道", 3)
    of[0] = replace(of[0], geometry=shapely.Point(114.0, 29.0), anchor=(114.0, 29.0))
    made = compose_booklet([page("十里街道", of)], imprint())
    assert "图廓外" in words(made.pdf())
    assert {d["id"] for d in made.drawn} == {m.id for m in of}
    assert made.warnings
