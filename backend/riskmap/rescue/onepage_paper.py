"""The one page on paper: A4, in colour or in black alone; a plan with rings, the lists, the telephone in its order."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from riskmap.base import clock, plane
from riskmap.catalogue.model import GRADES
from riskmap.paper import symbols, typeset
from riskmap.paper.drawing import path
from riskmap.paper.imprint import Imprint
from riskmap.paper.symbols import INK, LOOKS
from riskmap.paper.typeset import Typeset
from riskmap.rescue import floods
from riskmap.rescue.wet_roads import PlanRoad
from riskmap.store.snapshot import Snapshot

_SIDE, _REACH = 92.0, 42.0  # mm: the plan, and its outer ring's radius
_MID = _SIDE / 2
SIDE_OF_RADIUS = _MID / _REACH  # how far the plan reaches, of the radius
_ROOM = 3.7  # mm between two marks
_CROSS_EVERY = 7.0  # mm along a closed road
_STEPS = (50, 100, 200, 250, 500, 1000, 2000, 2500, 5000, 10_000)
# How many lines of each list, of the telephone's order last: the first that fits on one page. What is left out is said;
# of the telephone nothing is, since the sheet is for a night without power.
_LINES = ("hazards", "exposed", "teams", "shelters", "hospitals", "fire_stations", "stores", "roads", "calls")
_FITS: tuple[Mapping[str, int], ...] = tuple(
    dict(zip(_LINES, most, strict=True))
    for most in (
        (12, 8, 5, 4, 2, 2, 2, 4, 18),
        (12, 5, 5, 4, 2, 2, 2, 2, 18),
        (11, 4, 5, 4, 2, 2, 2, 2, 16),
        (10, 3, 5, 4, 2, 2, 2, 2, 14),
        (9, 3, 4, 3, 2, 2, 2, 1, 12),
        (6, 3, 3, 2, 2, 1, 1, 1, 8),
    )
)
_HELP = {
    "teams": ("救援队伍", "队"), "shelters": ("避难场所", "避"), "hospitals": ("医院", "医"),
    "fire_stations": ("消防站", "消"), "stores": ("物资库", "库"),
}  # fmt: skip
_GREYS = ("#E6E6E6", "#D0D0D0", "#B8B8B8", "#9C9C9C")
_DEPTHS = ("#CFE3EC", "#9CC6DA", "#5E9FBE", "#2F6F92")  # the shallowest first


def metres(value: float) -> str:
    """A distance in words."""
    return f"{value:,.0f} m" if value < 1000 else f"{value / 1000:,.1f} km"


def pdf(
    snapshot: Snapshot,
    page: Mapping[str, Any],
    flood: Mapping[str, Any] | None,
    classes: Sequence[Mapping[str, Any]],
    roads: tuple[Sequence[PlanRoad], bool] = ((), False),
    *,
    bw: bool,
    mark: str | None,
    exercise: bool,
) -> Typeset:
    """The page as PDF. `flood` with its depth classes (`geometry` as GeoJSON) and `roads` are drawn in the plan."""
    now = clock.now()
    where = page["place"]
    imprint = Imprint(
        title=f"一页通 {where['words']}", area=where["words"], number="", version=1, state=snapshot.moment.n,
        day=snapshot.moment.day, data_at=snapshot.state.at, check="", selection="", maker="",
        made_by=snapshot.reader.name, made_at=now, draft=False, mark=mark,
    )  # fmt: skip
    said = {
        "place": where["words"],
        "at": f"{where['at'][0]:.5f}, {where['at'][1]:.5f}",
        "radius": metres(page["radius_m"]),
        "exercise": exercise,
        "bw": bw,
        "printed": f"{now:%Y-%m-%d %H:%M}",
        "flood_words": "" if flood is None else flood_words(flood),
        "points": points(page),
        "people_note": _people(page),
        "roads_note": page["roads"]["note"] or "",
    }
    signs = {f"grade-{g}.svg": symbols.svg(None, g) for g in GRADES} | {f"bw-{g}.svg": _bw(g) for g in GRADES}
    for most in _FITS:
        plan, letters, undrawn = _plan(page, classes, roads[0], most, bw)
        lists = _lists(page, most)
        note = {"letters": letters, "plan_note": _plan_note(bool(classes), roads, bw, undrawn)}
        data = {"imprint": imprint.body(), "page": {**said, **lists, **note}}
        made = typeset.pdf("onepage", data, {"plan.svg": plan, **signs}, at=now, ask=True)
        if made.said == 1:
            break
    return made


def _lists(page: Mapping[str, Any], most: Mapping[str, int]) -> dict[str, Any]:
    return {
        "hazards": _paper_rows(page["hazards"], most["hazards"]),
        "exposed": _paper_rows(page["exposed"], most["exposed"]),
        "help": [
            {"title": title, **_paper_rows(page["help"][name], most[name]), "empty": _none_within(page["help_m"]),
             "note": "最近的" if page["help"][name]["total"] else ""}
            for name, (title, _) in _HELP.items()
        ],
        "roads": [
            {"name": r["name"], "kind": r["class_title"], "status": r["status_title"],
             "distance": metres(r["distance_m"])}
            for r in page["roads"]["items"][: most["roads"]]
        ],
        "calls": _calls(page["calls"][: most["calls"]]),
        "calls_rest": _calls(page["calls"][most["calls"] :]),  # overleaf: none of them is left out
    }  # fmt: skip


def _none_within(reach: float) -> str:
    return f"{metres(reach)} 内没有登记"


def _plan_note(flooded: bool, roads: tuple[Sequence[PlanRoad], bool], bw: bool, undrawn: int) -> str:
    parts = ["圈为直线距离；数字同“附近危险”"]
    if flooded:
        parts.append(f"{'灰' if bw else '蓝'}底为淹没范围，越深越暗")
    drawn, left_out = roads
    if any(road.status == "closed" for road in drawn):
        parts.append("双线打叉为水封闭的道路")
    if any(road.status == "care" for road in drawn):
        parts.append("虚线为慎行")
    if left_out:
        parts.append("道路太密，小路未画全")
    if undrawn:
        parts.append(f"{undrawn} 处无权看位置，未画")
    return "　".join(parts)


def flood_words(flood: Mapping[str, Any]) -> str:
    """Which water: its scenario, version and time."""
    at: datetime = flood["at"]
    outside = f"（{floods.OUTSIDE}）" if flood.get("outside") else ""
    return f"淹没范围：{flood['name']} 第 {flood['version']} 版 {clock.minute(at)}{outside}"


# -- Words ----------------------------------------------------------------------------


def points(page: Mapping[str, Any]) -> list[str]:
    """What matters, in sentences made from the figures. What is not known is said."""
    out = []
    radius = metres(page["radius_m"])
    counts = "、".join(f"{LOOKS[g].word} {n}" for g, n in page["by_grade"].items() if n)
    total = page["hazards"]["total"]
    out.append(
        f"{radius} 内危险源 {total} 处：{counts}。" if total else f"{radius} 内没有登记危险源；没有登记不等于没有。"
    )
    wet = [r["name"] for r in page["hazards"]["items"] if r["reactive"]]
    if wet:
        out.append(f"遇湿反应：{'、'.join(wet[:3])}{f'等 {len(wet)} 处' if len(wet) > 3 else ''}，禁止用水。")
    out.append(_people(page) + "。")
    out += [said for said in (_nearest_team(page), _boats(page), _shelter(page)) if said]
    drowned = [r["name"] or "一处无权查看的对象" for name in _HELP for r in page["help"][name]["wet"]["items"]]
    if drowned:
        total = sum(page["help"][name]["wet"]["total"] for name in _HELP)  # the page lists but some of them
        out.append(f"在水中、不能用：{'、'.join(drowned[:4])}{f'等 {total} 处' if total > 4 else ''}。")
    return out


def _people(page: Mapping[str, Any]) -> str:
    unknown = f"（另有 {page['persons_unknown']} 处没有填人数）" if page["persons_unknown"] else ""
    homes = f"居民 {page['persons']:,} 人{unknown}" if page["homes"] else "没有登记居民点"
    return f"{homes}；在场 {page['present']:,} 人，另计，不相加"


def _who(row: Mapping[str, Any]) -> str:
    return row["name"] or row["masked"] or ""


def _far(row: Mapping[str, Any]) -> str:
    return f"{row['direction']} {metres(row['distance_m'])}".strip()


def _helps(row: Mapping[str, Any]) -> bool:
    return not row["in_water"] and not row["out_of_use"]


def _nearest_team(page: Mapping[str, Any]) -> str:
    teams = [r for r in page["help"]["teams"]["items"] if _helps(r)]
    return f"最近的队伍：{_who(teams[0])}，{_far(teams[0])}。" if teams else f"{_none_within(page['help_m'])}队伍。"


def _boats(page: Mapping[str, Any]) -> str:
    boats = [r for r in page["help"]["teams"]["items"] if int(r["facts"].get("boats") or 0) > 0 and _helps(r)]
    return f"有艇的最近：{_who(boats[0])}，艇 {boats[0]['facts']['boats']}，{_far(boats[0])}。" if boats else ""


def _shelter(page: Mapping[str, Any]) -> str:
    dry = [r for r in page["help"]["shelters"]["items"] if _helps(r)]
    if not dry:
        return ""
    places = dry[0]["facts"].get("capacity")
    return f"最近的避难场所：{_who(dry[0])}，{_far(dry[0])}{f'，容 {places:,} 人' if places else ''}。"


def facts(row: Mapping[str, Any]) -> str:
    """What of an object helps to decide, in a few words."""
    f = row["facts"]
    said = [
        f"艇 {f['boats']}" if f.get("boats") else "",
        f"泵 {f['pumps_m3h']:,} m³/h" if f.get("pumps_m3h") else "",
        f"涉水 {f['wading_depth_cm']} cm" if f.get("wading_depth_cm") else "",
        f"容 {f['capacity']:,} 人" if f.get("capacity") else "",
        f"床 {f['beds']:,}" if f.get("beds") else "",
        f"居民 {f['residents']:,}" if f.get("residents") else "",
        f"{f['persons']:,} 人" if f.get("persons") and not f.get("residents") else "",
    ]
    return "，".join(s for s in said if s)


def _against(row: Mapping[str, Any]) -> str:
    """What stands against it: the water, and that it is registered as not in use."""
    wet = f"水深 ≥ {row['depth_m']:g} m" if row["in_water"] and row["depth_m"] is not None else ""
    return "　".join(said for said in (wet, row["out_of_use"]) if said)


def _paper_rows(listed: Mapping[str, Any], most: int) -> dict[str, Any]:
    rows = [
        {
            "n": i, "grade": r["grade"] or "", "name": _who(r), "kind": r["class_title"] or "", "fact": facts(r),
            "reactive": r["reactive"], "water": _against(r), "direction": r["direction"],
            "distance": metres(r["distance_m"]),
        }
        for i, r in enumerate(listed["items"][:most], 1)
    ]  # fmt: skip
    return {"rows": rows, "total": listed["total"], "more": listed["total"] - len(rows)}


def _calls(calls: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    out = []
    for c in calls:
        person = " ".join(p for p in (c["person"], f"（{c['post']}）" if c["post"] else "") if p)
        out.append(
            {
                "n": c["n"], "group": c["group"], "name": _who(c), "role": c["role"] or "", "wet": c["in_water"],
                "unused": c["out_of_use"],
                "person": person or c["note"], "phone": c["phone"], "distance": metres(c["distance_m"]),
            }
        )  # fmt: skip
    return out


# -- The plan ---------------------------------------------------------------------------


def _plan(
    page: Mapping[str, Any],
    classes: Sequence[Mapping[str, Any]],
    roads: Sequence[PlanRoad],
    most: Mapping[str, int],
    bw: bool,
) -> tuple[bytes, list[dict[str, Any]], int]:
    """Rings at true scale, the water, numbered hazards, who helps; its letters, and how many have no place to show."""
    lon, lat = page["place"]["at"]
    scale = _REACH / page["radius_m"]
    origin = plane.flat_points(np.array([lon]), np.array([lat]), lon)[0]

    def to_mm(at: Any) -> Any:
        xy = plane.flat_points(at[:, 0], at[:, 1], lon) - origin
        return np.column_stack([_SIDE / 2 + xy[:, 0] * scale, _SIDE / 2 - xy[:, 1] * scale])

    edge = INK if bw else "#4A7A92"
    body, letters = ['<rect width="92" height="92" fill="#FFFFFF"/>'], []
    frame = shapely.box(0, 0, _SIDE, _SIDE)
    for i, one in enumerate(classes):
        drawn = shapely.transform(shapely.segmentize(shape(one["geometry"]), 0.0045), to_mm)
        if not drawn.is_valid:  # vertices that met in so small a plan
            drawn = shapely.make_valid(drawn)
        seen = shapely.intersection(drawn, frame)
        if not seen.is_empty:
            grey = f"#{255 - 26 * (min(i, 3) + 1):02X}" + f"{255 - 26 * (min(i, 3) + 1):02X}" * 2
            fill = grey if bw else _DEPTHS[min(i, 3)]
            body.append(
                f'<path d="{path(seen)}" fill="{fill}" fill-rule="evenodd" stroke="{edge}" stroke-width="0.15"/>'
            )
    body += _road_lines(roads, to_mm, frame)
    step = next((s for s in _STEPS if page["radius_m"] / s <= 4), page["radius_m"] / 4)
    rings = [r * step for r in range(1, int(page["radius_m"] / step) + 1)]
    for ring in dict.fromkeys([*rings, page["radius_m"]]):
        r = ring * scale
        body.append(f'<circle cx="46" cy="46" r="{r:.2f}" fill="none" stroke="#8A8A8A" stroke-width="0.15"/>')
        letters.append(letter(_MID + 0.6, _MID - r + 0.5, metres(ring), 5.5, halo=0.35, colour="#555555"))
    body.append('<path d="M46 0V92M0 46H92" stroke="#C4C4C4" stroke-width="0.1"/>')
    body.append(f'<path d="M44 46h4M46 44v4" stroke="{INK}" stroke-width="0.5"/>')
    letters.append(letter(_MID + 0.8, _SIDE - 3.2, "北", 7, bold=True))
    undrawn = 0
    for name, (_, sign) in _HELP.items():
        for row in reversed(page["help"][name]["items"][: most[name]]):
            at = _at(row, to_mm)
            if at is None:
                undrawn += row["distance_m"] <= page["radius_m"]
            elif max(abs(at[0] - _MID), abs(at[1] - _MID)) < _MID - 2:
                body.append(
                    f'<rect x="{at[0] - 1.6:.2f}" y="{at[1] - 1.6:.2f}" width="3.2" height="3.2" rx="0.5"'
                    f' fill="{INK if not row["in_water"] else "#FFFFFF"}" stroke="{INK}" stroke-width="0.25"/>'
                )
                colour = INK if row["in_water"] else "#FFFFFF"
                letters.append(letter(at[0] - 1.06, _SIDE - at[1] - 0.78, sign, 6, bold=True, colour=colour))
    taken: list[tuple[float, float]] = []
    for n, row in enumerate(page["hazards"]["items"][: most["hazards"]], 1):
        at = _at(row, to_mm)
        if at is None:
            undrawn += 1
            continue
        x, y = _free(at, taken)
        taken.append((x, y))
        if (x, y) != at:  # moved aside: a line leads to where it is
            body.append(f'<path d="M{at[0]:.2f} {at[1]:.2f}L{x:.2f} {y:.2f}" stroke="{INK}" stroke-width="0.15"/>')
            body.append(f'<circle cx="{at[0]:.2f}" cy="{at[1]:.2f}" r="0.4" fill="{INK}"/>')
        look = LOOKS[row["grade"]]
        fill = ("#000000" if row["grade"] == "major" else "#FFFFFF") if bw else look.fill
        body.append(
            f'<g transform="translate({x:.2f} {y:.2f}) scale(2)"><path d="{look.path}" fill="{fill}"'
            f' stroke="{INK}" stroke-width="0.13"/></g>'
        )
        wide = 0.95 * len(str(n))
        ink = ("#FFFFFF" if row["grade"] == "major" else INK) if bw else look.ink
        letters.append(letter(x - wide / 2 - 0.05, _SIDE - y - 0.72, str(n), 5.6, bold=True, colour=ink))
    body.append(f'<rect x="0.1" y="0.1" width="91.8" height="91.8" fill="none" stroke="{INK}" stroke-width="0.25"/>')
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIDE:g} {_SIDE:g}">{"".join(body)}</svg>'
    return svg.encode(), letters, undrawn


def _road_lines(roads: Iterable[PlanRoad], to_mm: Any, frame: BaseGeometry) -> Iterator[str]:
    """Roads in grey, those with care broken, closed ones as two lines with crosses: told apart without any colour."""
    strokes: dict[str, list[str]] = {"small": [], "main": [], "care": [], "closed": []}
    crosses: list[tuple[float, float]] = []
    for road in roads:
        seen = shapely.intersection(shapely.transform(road.line, to_mm), frame)
        lines = [p for p in shapely.get_parts(seen) if p.geom_type == "LineString" and p.length > 0]
        if not lines or road.status == "open":
            continue
        strokes[road.status or ("main" if road.is_main else "small")] += [path(p) for p in lines]
        if road.status == "closed":
            for p in lines:
                n = max(1, int(p.length / _CROSS_EVERY))
                for i in range(n):
                    x, y = p.interpolate((i + 0.5) / n, normalized=True).coords[0]
                    if all(math.hypot(x - u, y - v) >= _CROSS_EVERY / 2 for u, v in crosses):
                        crosses.append((x, y))
    looks = (
        ("small", "#8A8A8A", 0.18, ""), ("main", "#6A6A6A", 0.45, ""), ("care", "#FFFFFF", 0.6, ""),
        ("care", INK, 0.3, ' stroke-dasharray="1 0.8"'), ("closed", INK, 1.2, ""), ("closed", "#FFFFFF", 0.7, ""),
    )  # fmt: skip
    for what, ink, width, dash in looks:
        if strokes[what]:
            drawn = "".join(strokes[what])
            yield f'<path d="{drawn}" fill="none" stroke="{ink}" stroke-width="{width}" stroke-linejoin="round"{dash}/>'
    if crosses:
        drawn = "".join(f"M{x - 0.8:.2f} {y - 0.8:.2f}l1.6 1.6m0 -1.6l-1.6 1.6" for x, y in crosses)
        yield f'<path d="{drawn}" fill="none" stroke="{INK}" stroke-width="0.35"/>'


def _free(at: tuple[float, float], taken: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The place itself, or the nearest round it that no mark before it has taken, within the plan."""
    for i in range(200):
        r, angle = 0.35 * math.sqrt(i) * _ROOM, i * 2.399963  # a sunflower's spiral
        x, y = at[0] + r * math.cos(angle), at[1] + r * math.sin(angle)
        inside = 2.5 < x < _SIDE - 2.5 and 2.5 < y < _SIDE - 2.5
        if inside and all(math.hypot(x - u, y - v) >= _ROOM for u, v in taken):
            return (x, y) if i else at
    return at


def _at(row: Mapping[str, Any], to_mm: Any) -> tuple[float, float] | None:
    if row["at"] is None:
        return None
    x, y = to_mm(np.array([row["at"]], dtype=float))[0]
    return (float(x), float(y)) if math.isfinite(x) and math.isfinite(y) else None


def letter(
    x: float, y: float, s: str, pt: float, *, bold: bool = False, halo: float = 0.0, colour: str = INK
) -> dict[str, Any]:
    """A line of letters on a plan, its baseline so many millimetres from the lower left corner."""
    return {"x": x, "y": y, "s": s, "pt": pt, "bold": bold, "turn": 0, "halo": halo, "color": colour}


def _bw(grade: str) -> bytes:
    """A grade by its outline alone: the gravest filled."""
    look = LOOKS[grade]
    fill = "#000000" if grade == "major" else "#FFFFFF"
    dash = ' stroke-dasharray="0.35 0.25"' if grade == "none" else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1.6 -1.6 3.2 3.2"><path d="{look.path}" fill="{fill}"'
        f' stroke="#000000" stroke-width="0.22"{dash}/></svg>'
    ).encode()
