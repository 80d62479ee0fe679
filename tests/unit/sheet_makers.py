"""Objects, ground and sheets for the tests of paper: generated, and the shapes of the demo city."""

import json
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import pypdfium2
import shapely
from shapely.geometry import shape

from riskmap.base.clock import SHANGHAI
from riskmap.base.settings import GEODATA
from riskmap.paper.imprint import Imprint, check_words
from riskmap.paper.sheet import ClassRow, Composed, Division, Ground, Legend, Mark, compose

AT = datetime(2026, 11, 20, 16, 30, tzinfo=SHANGHAI)
CLASSES = {
    "tank": ("储罐", "c-tank"),
    "mine": ("矿山", "c-mine"),
    "school": ("学校", "c-school"),
    "tailings-pond": ("尾矿库", "c-tailings-pond"),
}
SHOWN = frozenset({"major", "serious"})


def imprint(**changes: Any) -> Imprint:
    plain = Imprint(
        "九江市较大以上安全风险分布图", "九江市", "FX-2026-001", 1, 412, date(2026, 11, 20), AT, check_words("ab12" * 16),
        "安全风险等级：重大、较大", "九江市应急管理局（演示）", "演示用户", AT, draft=True, mark="演示数据，非真实",
    )  # fmt: skip
    return replace(plain, **changes)


@lru_cache(1)
def divisions() -> dict[str, list[Division]]:
    body = json.loads((GEODATA / "demo" / "jiujiang" / "divisions.geojson").read_text(encoding="utf-8"))
    out: dict[str, list[Division]] = {}
    for f in body["features"]:
        p = f["properties"]
        out.setdefault(p["level"], []).append(Division(p["code"], p["name"], p["level"], shape(f["geometry"])))
    return out


def city() -> Ground:
    found = divisions()
    return Ground(
        tuple(found["county"]), found["city"][0].polygon, "city", source="天地图行政区划", missing=("道路", "水系")
    )


def town(name: str) -> Ground:
    found = next(d for d in divisions()["town"] if d.name == name)
    return Ground((found,), found.polygon, "town", source="演示虚构")


def marks(n: int, seed: int = 1, *, area: Any = None, core: float = 0.4) -> list[Mark]:
    """Objects over an area, a share of them in its crowded middle."""
    area = area if area is not None else city().area
    rnd = random.Random(seed)
    x0, y0, x1, y1 = area.bounds
    middle = area.representative_point()
    out: list[Mark] = []
    while len(out) < n:
        if rnd.random() < core:
            x, y = rnd.gauss(middle.x, (x1 - x0) / 40), rnd.gauss(middle.y, (y1 - y0) / 40)
        else:
            x, y = rnd.uniform(x0, x1), rnd.uniform(y0, y1)
        point = shapely.Point(x, y)
        if not area.contains(point):
            continue
        code = rnd.choice(sorted(CLASSES))
        grade = rnd.choices(("major", "serious"), (1, 4))[0]
        name = f"示例{rnd.choice('甲乙丙丁戊己庚辛壬癸')}{rnd.choice('子丑寅卯辰巳午未')}{CLASSES[code][0]}{len(out)}"
        out.append(Mark(len(out) + 1, code, CLASSES[code][1], grade, name, point, (x, y), rnd.randint(0, 900)))
    return out


def legend(of: Sequence[Mark], shown: frozenset[str] = SHOWN, **changes: Any) -> Legend:
    counts = Counter(m.grade for m in of)
    by_class: dict[str, Counter[str]] = {}
    for m in of:
        by_class.setdefault(m.class_, Counter())[m.grade] += 1
    rows = tuple(ClassRow(c, CLASSES[c][0], CLASSES[c][1], dict(n)) for c, n in sorted(by_class.items()))
    plain = Legend(
        "城市安全风险四级", "重大最重", {"general": 612, "low": 488, "none": 37, **counts}, shown, rows,
        {"major": 1, "serious": 2}, 1137 + len(of),
    )  # fmt: skip
    return replace(plain, **changes)


def sheet(
    of: Sequence[Mark], ground: Ground | None = None, paper: str = "A3", orientation: str = "landscape", **more: Any
) -> Composed:
    said = more.pop("imprint", None) or imprint()
    shown = more.pop("legend", None) or legend(of)
    return compose(paper, orientation, of, ground or city(), shown, said, "01", "15", **more)


def words(body: bytes, page: int | None = None) -> str:
    with pypdfium2.PdfDocument(body) as document:
        pages = list(document) if page is None else [document[page]]
        return re.sub(r"\s+", "", "".join(p.get_textpage().get_text_bounded() for p in pages))


def overlaps(boxes: Sequence[tuple[float, float, float, float]], slack: float = 0.0) -> int:
    if not boxes:
        return 0
    tree = shapely.STRtree([shapely.box(*b).buffer(-slack) for b in boxes])
    found = tree.query([shapely.box(*b).buffer(-slack) for b in boxes], predicate="intersects")
    return sum(
        1
        for i, j in found.T.tolist()
        if i < j and shapely.area(shapely.intersection(shapely.box(*boxes[i]), shapely.box(*boxes[j]))) > 0.01
    )
