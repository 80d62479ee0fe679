"""图册: a page for each town of the area, with its own map, figures and list; counties in the public form.

What is registered to none of them has pages behind these: nothing that is drawn on the sheet is missing here.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
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
from riskmap.grading.judge import RISK_GRADE
from riskmap.paper.booklet import BookPage, Entry, Locator, compose_booklet
from riskmap.paper.mapped import ClassRow, Division, Ground, Mark
from riskmap.paper.sheet import Composed
from riskmap.reports import sheets
from riskmap.reports.edition import Edition
from riskmap.reports.made import Made, Tell
from riskmap.selection.compile import compile_selection

NAME = "图册-A4"
_TOWN, _COUNTY = 9, 6
_LEVELS = {4: "city", _COUNTY: "county", _TOWN: "town"}
_PARTS = {_TOWN: "乡镇、街道", _COUNTY: "县（市、区）"}


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
    """Objects of the selection by division, drawn or not: together they are the figures of the set."""
    compiled = compile_selection(edition.selection, edition.snapshot)
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
    drawn_of = replace(edition.selection, grade=sheets.shown(edition.selection))
    imprint = edition.imprint(f"{edition.area}安全风险图册", drawn_of)
    pages = list(_Pages(edition).all(tell))
    scale = edition.snapshot.catalogue.scales[RISK_GRADE]
    return compose_booklet(pages, imprint, scale_title=scale.title, sheet_no=number, attach_ids=not edition.public)


class _Pages:
    """The pages of one booklet: of each town, then of what is registered to none of them."""

    def __init__(self, edition: Edition) -> None:
        self.edition, self.towns = edition, parts(edition)
        self.digits = len(territory(self.towns[0].code)) if self.towns else _COUNTY
        inside = sorted({town.code[:_COUNTY] for town in self.towns})
        self.counties = {territory(d.code): d for d in _divisions(edition, _COUNTY, inside)} if inside else {}
        self.counted = _counted(edition, self.digits)
        self.in_county = _counted(edition, _COUNTY) if self.digits > _COUNTY else self.counted
        self.unplaced = _unplaced(edition, self.digits)
        self.drawn: dict[str, list[Mark]] = defaultdict(list)
        for mark in sheets.marks(edition):
            self.drawn[mark.division_code[: self.digits]].append(mark)
        self.base = sheets.ground(edition, fine=True)
        self.near = _Near(self.base.lines)
        self.around = shapely.STRtree([t.polygon for t in self.towns])

    def all(self, tell: Tell | None) -> Iterator[BookPage]:
        """In the order of their codes."""
        for i, town in enumerate(self.towns):
            if tell is not None:
                tell(0.6 * i / len(self.towns))
            yield self._town(town)
        for code in sorted({*self.drawn, *self.unplaced} - {territory(t.code) for t in self.towns}):
            yield self._beside(code)

    def _town(self, town: Division) -> BookPage:
        code = territory(town.code)
        neighbours = tuple(self.towns[j] for j in self.around.query(town.polygon.envelope).tolist())
        ground = self._ground(neighbours, town.polygon, _LEVELS[self.digits])
        county = self.counties.get(code[:_COUNTY])
        if county is None or len(code) == _COUNTY:
            return self._page(code, town.name, town.name, ground)
        siblings = tuple(t.polygon for t in self.towns if t.code.startswith(code[:_COUNTY]))
        locator = Locator(county.polygon, siblings, town.polygon, f"深色为{town.name}，外框为{county.name}")
        above = dict(self.in_county[code[:_COUNTY]])
        return self._page(code, town.name, f"{county.name}{town.name}", ground, above, locator)

    def _beside(self, code: str) -> BookPage:
        """What is registered to a county and to no town, or to a division that the day does not know."""
        found = _divisions(self.edition, len(territory(code)), [territory(code)]) if code else []
        whole = found[0] if found else None
        name = (whole.name if whole else f"区划 {code}" if code else "区划不明") + f"未登记到{_PARTS[self.digits]}的"
        ground = Ground(source=self.base.source, missing=self.base.missing)
        if whole is not None and len(territory(code)) in _LEVELS:
            within = tuple(t for t in self.towns if t.code.startswith(territory(code)))
            ground = self._ground(within, whole.polygon, _LEVELS[len(territory(code))])
        return self._page(code, name, name, ground)

    def _ground(self, divisions: tuple[Division, ...], area: BaseGeometry, level: str) -> Ground:
        return Ground(divisions, area, level, self.near.lines(area), self.base.source, self.base.missing)

    def _page(
        self, code: str, name: str, titled: str, ground: Ground, above: Mapping[str, int] | None = None,
        locator: Locator | None = None,
    ) -> BookPage:  # fmt: skip
        classes = self.edition.snapshot.catalogue.classes
        marks, waiting = self.drawn.get(code, []), self.unplaced.get(code, [])
        entries = [Entry(m.id, m.grade, m.symbol, m.name, classes[m.class_].title) for m in marks]
        per_class: dict[str, Counter[str]] = defaultdict(Counter)
        for mark in marks:
            per_class[mark.class_][mark.grade] += 1
        rows = tuple(
            ClassRow(c, classes[c].title, classes[c].symbol, dict(per_class[c]))
            for c in sorted(per_class, key=lambda c: (-per_class[c].total(), c))
        )
        counts = self.counted[code]
        return BookPage(
            name, sheets.title_of(self.edition, area=titled), tuple(marks), ground, (*entries, *waiting),
            {g: counts[g] for g in self.edition.selection.grade or GRADES}, rows,
            dict(Counter(e.grade for e in waiting)), above or {}, locator=locator,
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
    return [Made(f"{NAME}.pdf", f"{edition.area}安全风险图册", "booklet", made.pages, told)]
