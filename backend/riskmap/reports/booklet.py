"""图册: a page for each town of the area, with its own map, figures and list; counties in the public form."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text

from riskmap.access.reader import territory
from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.model import GRADE_RANK, GRADES
from riskmap.paper.booklet import BookPage, Entry, Locator, compose_booklet
from riskmap.paper.mapped import ClassRow, Division, Ground, Mark
from riskmap.paper.sheet import Composed
from riskmap.reports import sheets
from riskmap.reports.edition import Edition
from riskmap.reports.made import Made, Tell
from riskmap.selection.compile import compile_selection

NAME = "图册-A4"
_TOWN, _COUNTY = 9, 6


def _divisions(edition: Edition, digits: int, prefixes: Sequence[str]) -> list[Division]:
    moment = edition.snapshot.moment
    rows = catalogue_queries.divisions_below(edition.connection, moment.n, moment.day, prefixes, digits)
    return [Division(r.code, r.name, r.level, shapely.from_wkb(bytes(r.wkb))) for r in rows]


def parts(edition: Edition) -> list[Division]:
    """The towns of the area; its counties in the public form, whose rows say no more, or where no towns are loaded."""
    prefixes = [territory(code) for code in edition.codes]
    if not edition.public and (towns := _divisions(edition, _TOWN, [p[:_TOWN] for p in prefixes])):
        return towns
    return _divisions(edition, _COUNTY, [p[:_COUNTY] for p in prefixes])


def _unplaced(edition: Edition, digits: int) -> dict[str, list[Entry]]:
    """Entries without a place, by the division that they say."""
    compiled = compile_selection(edition.selection, edition.snapshot)
    grades = [GRADE_RANK[g] for g in sheets.shown(edition.selection)]
    extra = f"{{cell}} IS NULL AND {{grade}} = ANY(CAST({compiled.binds(grades)} AS int[]))"
    rows = edition.connection.execute(
        text(f"SELECT * FROM ({compiled.rows('id, class, name, grade, division', extra)}) AS r ORDER BY id"),
        compiled.binds.values,
    )
    out: dict[str, list[Entry]] = defaultdict(list)
    for row in rows.mappings():
        class_ = edition.snapshot.catalogue.classes[row["class"]]
        entry = Entry(row["id"], GRADES[row["grade"] - 1], class_.symbol, row["name"], class_.title, placed=False)
        out[row["division"][:digits]].append(entry)
    return out


def _counted(edition: Edition, digits: int) -> dict[str, Counter[str]]:
    """Objects of all grades by division, so that a grade that is not drawn is told with its number, never as none."""
    compiled = compile_selection(replace(edition.selection, grade=()), edition.snapshot)
    rows = edition.connection.execute(
        text(
            f"SELECT left(division, {digits}) AS code, grade, count(*) AS n"
            f" FROM ({compiled.rows('division, grade')}) AS r GROUP BY 1, 2"
        ),
        compiled.binds.values,
    )
    out: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        out[row.code][GRADES[row.grade - 1]] += row.n
    return out


def composed(edition: Edition, number: str = "", tell: Tell | None = None) -> Composed:
    """All pages as one document."""
    towns = parts(edition)
    drawn_of = replace(edition.selection, grade=sheets.shown(edition.selection))
    imprint = replace(edition.imprint(f"{edition.area}安全风险图册"), selection=edition.say(drawn_of))
    if not towns:
        return compose_booklet([], imprint, sheet_no=number, attach_ids=not edition.public)
    digits = len(territory(towns[0].code))
    drawn: dict[str, list[Mark]] = defaultdict(list)
    for mark in sheets.marks(edition):
        drawn[mark.division_code[:digits]].append(mark)
    unplaced = _unplaced(edition, digits)
    base = sheets.ground(edition, fine=True)
    near = _Near(base.lines)
    around = shapely.STRtree([t.polygon for t in towns])
    counties = {territory(d.code): d for d in _divisions(edition, _COUNTY, sorted({t.code[:_COUNTY] for t in towns}))}
    counted = {n: _counted(edition, n) for n in {digits, _COUNTY}}
    pages = []
    for i, town in enumerate(towns):
        if tell is not None:
            tell(0.6 * i / len(towns))
        code = territory(town.code)
        neighbours = tuple(towns[j] for j in around.query(town.polygon.envelope).tolist())
        ground = Ground(
            neighbours, town.polygon, "town" if digits == _TOWN else "county", near.lines(town.polygon), base.source,
            base.missing,
        )  # fmt: skip
        pages.append(_page(edition, town, ground, drawn[code], unplaced.get(code, []), counties, counted, towns))
    scale = edition.snapshot.catalogue.scales[sheets.SCALE]
    return compose_booklet(
        pages, imprint, scale_title=scale.title, sheet_no=number, attach_ids=not edition.public
    )  # fmt: skip


def _page(
    edition: Edition, town: Division, ground: Ground, marks: Sequence[Mark], waiting: Sequence[Entry],
    counties: Mapping[str, Division], counted: Mapping[int, Mapping[str, Counter[str]]], towns: Sequence[Division],
) -> BookPage:  # fmt: skip
    classes = edition.snapshot.catalogue.classes
    entries = [
        Entry(m.id, m.grade, m.symbol, m.name, classes[m.class_].title) for m in marks
    ] + list(waiting)  # fmt: skip
    per_class: dict[str, Counter[str]] = defaultdict(Counter)
    for mark in marks:
        per_class[mark.class_][mark.grade] += 1
    rows = tuple(
        ClassRow(c, classes[c].title, classes[c].symbol, dict(per_class[c]))
        for c in sorted(per_class, key=lambda c: (-per_class[c].total(), c))
    )
    code = territory(town.code)
    county = counties.get(code[:_COUNTY])
    own = county is not None and len(code) > _COUNTY
    title = sheets.title_of(edition, area=f"{county.name}{town.name}" if own and county else town.name)
    locator = None
    if own and county:
        siblings = tuple(t.polygon for t in towns if t.code.startswith(code[:_COUNTY]))
        locator = Locator(county.polygon, siblings, town.polygon, f"深色为{town.name}，外框为{county.name}")
    counts = counted[len(code)][code]
    return BookPage(
        town.name, title, tuple(marks), ground, tuple(entries), {g: counts[g] for g in GRADES}, rows,
        dict(Counter(e.grade for e in waiting)), dict(counted[_COUNTY][code[:_COUNTY]]) if own else {},
        "占全县（区）", (), locator,
    )  # fmt: skip


class _Near:
    """The lines of the ground near a town."""

    def __init__(self, lines: Sequence[tuple[str, BaseGeometry]]) -> None:
        self._lines = lines
        self._tree = shapely.STRtree([shape for _, shape in lines])

    def lines(self, area: BaseGeometry) -> tuple[tuple[str, BaseGeometry], ...]:
        """Those that meet the box around an area, cut to a wider one."""
        west, south, east, north = area.bounds
        margin = max(east - west, north - south) * 0.6
        box = shapely.box(west - margin, south - margin, east + margin, north + margin)
        found = np.sort(self._tree.query(box, predicate="intersects")).tolist()
        out = []
        for i in found:
            kind, shape = self._lines[i]
            cut = shapely.clip_by_rect(shape, *box.bounds)
            if not cut.is_empty:
                out.append((kind, cut))
        return tuple(out)


def make(edition: Edition, folder: Path, tell: Tell) -> list[Made]:
    """The booklet, where it was ordered."""
    if not edition.options["booklet"]:
        return []
    made = composed(edition, f"{len(edition.options['sheets']) + 1:02d}", tell)
    (folder / f"{NAME}.pdf").write_bytes(made.pdf())
    told: dict[str, Any] = {"warnings": made.warnings}
    if not edition.public:
        told["drawn"] = made.drawn
    return [Made(f"{NAME}.pdf", f"{edition.area}安全风险图册", "map", made.pages, told)]
