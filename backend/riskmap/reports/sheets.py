"""一图: the map sheets of a set, from the same selection as the screen, and a picture of the map for the report."""

import json
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h3
import shapely
import shapely.geometry
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text

from riskmap.access.reader import territory
from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.model import GRADES, UPWARD
from riskmap.exchange.basemap import Basemap
from riskmap.grading.judge import RISK_GRADE
from riskmap.paper import sheet
from riskmap.paper.mapped import ClassRow, Division, Ground, Heat, Legend, Mark
from riskmap.reports.edition import Edition, counted_within
from riskmap.reports.figures import division_digits
from riskmap.reports.made import Made, Tell
from riskmap.selection.compile import compile_selection
from riskmap.selection.describe import GRADE_WORDS
from riskmap.selection.model import Selection

log = logging.getLogger(__name__)

NAME = "较大以上风险分布图"
HEAT_NAME = "安全风险密度图"
# Pixels an inch of the pictures: a wall sheet is looked at from afar.
_PPI = {"A4": 200, "A3": 150, "A2": 120, "A1": 96, "A0": 72}
_OVERVIEW_PPI = 220
# Policy: the cells of the density map, by how wide the area is, in degrees.
_RESOLUTIONS = ((0.25, 8), (0.9, 7))
_WIDEST = 6
# Layers of the base map's ground, as the sheet draws them.
_OWN_GROUND = "本单位装入的区划和底图"
_LAYERS = {"water": "lake", "rivers": "river"}
_ROADS = {
    "高速": "motorway", "国道": "trunk", "省道": "primary", "县道": "secondary", "城市道路": "secondary",
    "乡道": "tertiary",
}  # fmt: skip
# Streets below these are left out of a sheet that shows more than a county.
_FINE_ROADS = frozenset({"城市道路", "乡道"})


def shown(selection: Selection) -> tuple[str, ...]:
    """The grades that stand on the map: those that were chosen, else 较大以上."""
    return selection.grade or UPWARD


def title_of(edition: Edition, *, heat: bool = False, area: str | None = None) -> str:
    """九江市较大以上安全风险分布图, or of a part of the area."""
    area = edition.area if area is None else area
    if heat:
        return f"{area}安全风险密度图"
    grades = shown(edition.selection)
    if grades == UPWARD:
        return f"{area}较大以上安全风险分布图"
    return f"{area}{'、'.join(GRADE_WORDS[g] for g in grades)}安全风险分布图"


# -- What stands on it ---------------------------------------------------------------------


def marks(edition: Edition, selection: Selection | None = None) -> list[Mark]:
    """Placed objects of the shown grades, in the form that the set's reader gets."""
    asked = edition.selection if selection is None else selection
    snapshot = edition.snapshot
    compiled = compile_selection(replace(asked, grade=shown(asked)), snapshot)
    persons = "CASE WHEN jsonb_typeof({attributes}->'persons') = 'number' THEN ({attributes}->>'persons')::numeric END"
    columns = {
        "id": "{id}", "class": "{class}", "name": "{name}", "grade": "{grade}", "division": "{division}",
        "wkb": "ST_AsBinary({geom})", "x": "ST_X({anchor})", "y": "ST_Y({anchor})",
        "persons": persons if snapshot.reader.sees_inner else "NULL::numeric",
    }  # fmt: skip
    found = snapshot.connection.execute(
        text(f"SELECT * FROM ({compiled.rows(columns, '{cell} IS NOT NULL')}) AS r ORDER BY id"), compiled.binds.values
    )
    classes = snapshot.catalogue.classes
    names = edition.divisions
    return [
        Mark(
            row["id"], row["class"], classes[row["class"]].symbol, GRADES[row["grade"] - 1], row["name"],
            shapely.from_wkb(bytes(row["wkb"])), (row["x"], row["y"]), int(row["persons"] or 0),
            _part(names, row["division"]), row["division"] or "",
        )
        for row in found.mappings()
    ]  # fmt: skip


def _part(names: Mapping[str, Mapping[str, Any]], code: str) -> str:
    county = names.get(code[:6])
    return str(county["name"]) if county else ""


def legend(edition: Edition, drawn: Sequence[Mark], *, all_grades: bool = False) -> Legend:
    """What is drawn by grade and class, and what is not: other grades, and what has no place."""
    body = edition.figures.body
    scale = edition.snapshot.catalogue.scales[RISK_GRADE]
    unplaced = body["unplaced"]
    seen = frozenset(GRADES if all_grades else shown(edition.selection))
    # Of a grade that is drawn those with a place, for the others are told as 未定位; of one that is not, all.
    placed = {g: body["totals"][g] - (unplaced[g] if g in seen else 0) for g in GRADES}
    per_class: dict[str, Counter[str]] = {}
    for mark in drawn:
        per_class.setdefault(mark.class_, Counter())[mark.grade] += 1
    classes = edition.snapshot.catalogue.classes
    rows = tuple(
        ClassRow(code, classes[code].title, classes[code].symbol, {g: per_class[code][g] for g in GRADES})
        for code in sorted(per_class, key=lambda c: (-per_class[c].total(), c))
    )
    return Legend(
        scale.title, "重大最重", placed, seen, rows, {g: unplaced[g] for g in GRADES if g in seen},
        body["totals"]["total"], counted_within(edition.snapshot.reader), coarse_m(edition),
    )  # fmt: skip


def coarse_m(edition: Edition) -> int | None:
    """For publication: how far a position may be from the real one, from the middle of its cell to a corner."""
    if not edition.public:
        return None
    edge = h3.average_hexagon_edge_length(edition.snapshot.public_resolution, unit="m")
    return int(round(edge, -2 if edge >= 1000 else -1))


def ground(edition: Edition, *, fine: bool = False) -> Ground:
    """Divisions of the day, and the base map's waters and roads where they are loaded; `fine`: small roads too."""
    selection, moment = edition.selection, edition.snapshot.moment
    connection = edition.snapshot.connection
    prefixes = [territory(code) for code in edition.codes]
    digits = division_digits(edition.codes)
    below = catalogue_queries.divisions_below(connection, moment.n, moment.day, prefixes, digits)
    own = [
        row
        for p in prefixes
        for row in catalogue_queries.divisions_below(connection, moment.n, moment.day, [p], len(p))
    ]
    divisions = tuple(Division(r.code, r.name, r.level, shapely.from_wkb(bytes(r.wkb))) for r in (below or own))
    area = _area(selection, [shapely.from_wkb(bytes(r.wkb)) for r in own], divisions)
    base = Basemap(edition.settings.data_dir / "basemap")
    lines = _lines(base, area, fine=fine or digits > 6)
    missing = [word for word, kinds in (("道路", _ROADS.values()), ("水系", _LAYERS.values()))
               if not {k for k, _ in lines} & set(kinds)]  # fmt: skip
    level = {6: "city", 9: "county", 12: "town"}[digits]
    return Ground(divisions, area, level, tuple(lines), base.attribution or _OWN_GROUND, tuple(missing))


def _area(selection: Selection, own: Sequence[BaseGeometry], divisions: Sequence[Division]) -> BaseGeometry | None:
    if selection.within is not None:
        return shapely.from_geojson(selection.within)
    if selection.bbox is not None:
        return shapely.box(*selection.bbox)
    shapes = list(own) or [d.polygon for d in divisions]
    return shapely.union_all(shapely.make_valid(shapes)) if shapes else None


def _lines(base: Basemap, area: BaseGeometry | None, *, fine: bool) -> list[tuple[str, BaseGeometry]]:
    if area is None:
        return []
    around = area.envelope
    out: list[tuple[str, BaseGeometry]] = []
    for layer, kind in _LAYERS.items():
        out += [(kind, shape) for shape, _ in _features(base, layer) if shape.intersects(around)]
    for shape, properties in _features(base, "roads"):
        class_ = str(properties.get("class", ""))
        if (fine or class_ not in _FINE_ROADS) and shape.intersects(around):
            out.append((_ROADS.get(class_, "road"), shape))
    return out


def _features(base: Basemap, layer: str) -> list[tuple[BaseGeometry, Mapping[str, Any]]]:
    """A layer's shapes and properties; a file that cannot be read counts as not loaded, which the legend says."""
    path = base.path(layer)
    if path is None:
        return []
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        return [
            (shapely.geometry.shape(feature["geometry"]), feature.get("properties") or {})
            for feature in body["features"]
            if feature.get("geometry")
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as error:
        log.warning("ground layer %s: %s", layer, type(error).__name__)
        return []


def heat(edition: Edition, area: BaseGeometry | None) -> Heat:
    """All grades of the selection by H3 cell."""
    west, south, east, north = area.bounds if area is not None else (0.0, 0.0, 10.0, 10.0)
    size = max(east - west, north - south)
    resolution = next((r for most, r in _RESOLUTIONS if size <= most), _WIDEST)
    if edition.public:
        resolution = min(resolution, edition.snapshot.public_resolution)
    found = edition.engine.cells(edition.snapshot, edition.selection, resolution)
    return Heat(resolution, {c.cell: c.by_grade for c in found if c.n})


# -- The product ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drawn:
    """What all sheets of a set show: asked and read once."""

    ground: Ground
    marks: Sequence[Mark]


def drawn_of(edition: Edition) -> Drawn:
    """Ground and objects of the edition."""
    return Drawn(ground(edition), marks(edition))


def composed(
    edition: Edition, drawn: Drawn, paper: str, orientation: str, *, number: str = "", of: str = "",
    with_heat: bool = False,
) -> sheet.Composed:  # fmt: skip
    """One sheet."""
    # What is drawn, in words: the grades that are, not those that the set asks for.
    said = edition.selection if with_heat else replace(edition.selection, grade=shown(edition.selection))
    imprint = edition.imprint(title_of(edition, heat=with_heat), said)
    if with_heat:
        return sheet.compose(
            paper, orientation, [], drawn.ground, legend(edition, [], all_grades=True), imprint, number, of,
            heat(edition, drawn.ground.area), attach_ids=False,
        )  # fmt: skip
    return sheet.compose(
        paper, orientation, drawn.marks, drawn.ground, legend(edition, drawn.marks), imprint, number, of,
        attach_ids=not edition.public,
    )  # fmt: skip


def overview(edition: Edition) -> bytes | None:
    """The A4 sheet as a picture, for the report; None where nothing would stand on it: it then says so in words."""
    drawn = drawn_of(edition)
    return composed(edition, drawn, "A4", "landscape").png(_OVERVIEW_PPI)[0] if drawn.marks else None


def stem_of(selection: Selection) -> str:
    """较大以上风险分布图; another name where the chosen grades are others."""
    grades = shown(selection)
    if grades == UPWARD:
        return NAME
    said = "各级" if grades == GRADES else "、".join(GRADE_WORDS[g] for g in grades)
    return f"{said}风险分布图"


def names(ordered: Sequence[Mapping[str, Any]], name: str = NAME) -> list[str]:
    """The file of each sheet, without its ending: no two alike. `name`: of those that are no density maps."""
    out: list[str] = []
    for one in ordered:
        stem = f"{HEAT_NAME if one['heat'] else name}-{one['paper']}"
        stem += "-竖" if one["orientation"] == "portrait" else ""
        same = sum(name == stem or (name.startswith(f"{stem}-") and name[len(stem) + 1 :].isdigit()) for name in out)
        out.append(f"{stem}-{same + 1}" if same else stem)
    return out


def make(edition: Edition, folder: Path, tell: Tell) -> list[Made]:
    """Every ordered sheet as PDF, and its pages as pictures."""
    ordered = edition.options["sheets"]
    if not ordered:
        return []
    drawn = drawn_of(edition)
    out: list[Made] = []
    for i, (one, stem) in enumerate(zip(ordered, names(ordered, stem_of(edition.selection)), strict=True)):
        tell(i / len(ordered))
        made = composed(
            edition, drawn, one["paper"], one["orientation"], number=f"{i + 1:02d}", of=str(len(ordered)),
            with_heat=one["heat"],
        )  # fmt: skip
        (folder / f"{stem}.pdf").write_bytes(made.pdf())
        told: dict[str, Any] = {"scale": made.scale, "warnings": made.warnings}
        if not edition.public:
            told["drawn"] = made.drawn
        title = f"{title_of(edition, heat=one['heat'])}（{one['paper']}）"
        out.append(Made(f"{stem}.pdf", title, "map", made.pages, told))
        pictures = made.png(_PPI[one["paper"]])
        for n, picture in enumerate(pictures, 1):
            name = f"{stem}{f'-第{n}页' if len(pictures) > 1 else ''}.png"
            (folder / name).write_bytes(picture)
            out.append(Made(name, title, "picture", 1))
    return out
