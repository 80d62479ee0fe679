"""Which datum a file's numbers are in, and where they lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from riskmap.base.settings import Settings
from riskmap.catalogue import queries as catalogue_queries
from riskmap.exchange import locate
from riskmap.exchange.cells import plain
from riskmap.exchange.datum import DATUMS, DEGREES, OLD_FRAME
from riskmap.exchange.headers import (
    Header,
    datum_in,
    old_frame_in,
)
from riskmap.exchange.locate import Candidate, Located, Territory, candidates, orientation
from riskmap.exchange.rows import Divisions, Reading, RowReader
from riskmap.register.imports.files import Sample
from riskmap.store.snapshot import Snapshot

_SURE_SHARE = 0.9

Pair = tuple[Decimal | None, Decimal | None]


@dataclass(frozen=True, slots=True)
class Ground:
    """The divisions of a moment: names to codes, and shapes that say what lies inside."""

    divisions: Divisions
    territory: Territory


_grounds: dict[tuple[int, str, tuple[float, ...]], Ground] = {}


def ground_of(snapshot: Snapshot, settings: Settings) -> Ground:
    """Made once for a state of the catalogue: the shapes take a while to read."""
    n, day, connection = snapshot.state.n, snapshot.state.day, snapshot.connection
    key = (snapshot.state.catalogue_n, day.isoformat(), settings.bounds)
    found = _grounds.get(key)
    if found is None:
        divisions = Divisions(catalogue_queries.divisions(connection, n, day))
        found = Ground(divisions, locate.territory_of(snapshot, settings.bounds))
        while len(_grounds) >= 4:
            _grounds.pop(next(iter(_grounds)))
        _grounds[key] = found
    return found


@dataclass(frozen=True, slots=True)
class DatumFound:
    """Which system the numbers are in, and how that is known."""

    kind: str  # degrees, projected, none
    crs: str | None
    how: str | None  # asked, file, words, numbers, remembered
    sure: bool
    candidates: tuple[Candidate, ...]
    sentence: str


def pair_of(reading: Reading) -> Pair:
    """The numbers of a line as they stand, of a layer's point too."""
    if isinstance(reading.geometry, shapely.Point):
        return Decimal(repr(reading.geometry.x)), Decimal(repr(reading.geometry.y))
    if reading.geometry is not None:
        x, y = shapely.get_coordinates(reading.geometry)[0].tolist()
        return Decimal(repr(x)), Decimal(repr(y))
    return reading.x, reading.y


def datum_of(
    asked: str | None,
    file: Mapping[str, Any],
    header: Header,
    sample: Sample,
    pairs: Sequence[Pair],
    territory: Territory,
    remembered: str | None,
) -> DatumFound:
    """By hand, else what the file, its words, its numbers or the sender's last import say."""
    kind, found = candidates(pairs, territory)
    listed = tuple(found)

    def answer(crs: str | None, how: str | None, *, sure: bool, sentence: str) -> DatumFound:
        return DatumFound(kind, crs, how, sure, listed, sentence)

    if kind == "none" and asked is None:
        return answer(None, None, sure=True, sentence="样本行里没有坐标：这些行入库后待定位。")
    if asked is not None:
        return answer(asked, "asked", sure=True, sentence=_sentence(asked, "按所选基准", listed, kind))
    said = file["summary"]["crs"]
    if said in DATUMS and _fits(said, kind):
        return answer(said, "file", sure=True, sentence=_sentence(said, "图层文件注明", listed, kind))
    if said is not None and said not in DATUMS:
        return answer(None, None, sure=False, sentence=f"图层文件注明 {said}，本系统不支持，请先转换为 CGCS2000。")
    above = [plain(c) for line, cells in sample.head if line <= header.last for c in cells if c is not None]
    if old_frame_in(above):  # its numbers look like CGCS2000, and lie some hundred metres off
        return answer(None, None, sure=False, sentence=f"表头写明北京 54 或西安 80。{OLD_FRAME}。")
    words = datum_in(above)
    if words and _fits(words, kind):
        return answer(words, "words", sure=True, sentence=_sentence(words, "表头写明", listed, kind))
    if kind == "projected":
        return _projected(answer, listed)
    if remembered in DEGREES and kind == "degrees":
        words = _sentence(remembered, "上次这一类用的是", listed, kind)
        return answer(remembered, "remembered", sure=False, sentence=f"{words}请核对落点。")
    return answer(
        None,
        None,
        sure=False,
        sentence="经纬度的数值看不出基准：手机地图取的多为 GCJ-02（高德、腾讯）或 BD-09（百度），"
        "测绘成果多为 CGCS2000。请选择并核对落点。",
    )


def _projected(answer: Any, listed: Sequence[Candidate]) -> DatumFound:
    best = listed[0] if listed else None
    if best is not None and best.of and best.inside >= _SURE_SHARE * best.of:
        rivals = [c for c in listed[1:] if c.inside > (1 - _SURE_SHARE) * c.of and not _same_place(c.crs, best.crs)]
        if not rivals:
            made: DatumFound = answer(
                best.crs,
                "numbers",
                sure=True,
                sentence=f"米制坐标，按 {best.title} 有 {best.inside:,} / {best.of:,} 处落在辖区内。",
            )
            return made
    if best is not None and DATUMS[best.crs].zone is not None and best.inside:
        made = answer(
            best.crs,
            "numbers",
            sure=True,
            sentence=f"横坐标带有带号，按 {best.title}，{best.inside:,} / {best.of:,} 处落在辖区内。",
        )
        return made
    made = answer(
        None, None, sure=False, sentence="米制坐标没有带号，或落不到辖区内：请选择分带和中央经线，并核对落点。"
    )
    return made


def _same_place(a: str, b: str) -> bool:
    """A 3° and a 6° zone of one central meridian are the same projection."""
    return DATUMS[a].meridian == DATUMS[b].meridian


def _fits(crs: str, kind: str) -> bool:
    return kind == "none" or DATUMS[crs].kind == kind


def _sentence(crs: str, why: str, listed: Sequence[Candidate], kind: str) -> str:
    one = next((c for c in listed if c.crs == crs), None)
    text = f"{why} {DATUMS[crs].title}"
    if one is not None and one.of:
        if one.shift_m and one.shift_m >= 1:
            text += f"，平均移动 {one.shift_m:,.0f} m"
        text += f"，样本 {one.of:,} 处中 {one.inside:,} 处落在辖区内"
    elif kind != "none" and DATUMS[crs].kind != kind:
        text += "，但表中的数" + ("是经纬度" if kind == "degrees" else "是米制坐标") + "，请核对"
    return text + "。"


def _is_northing_first(reader: RowReader, readings: Sequence[Reading]) -> bool:
    """Whether the first number of most rows is the northing or latitude.

    A column headed 经度 is a longitude, whatever stands in it: such rows are swapped, and wait.
    """
    if {c.target for c in reader.position_columns()} & {"lon", "lat"}:
        return False
    return orientation([pair_of(r) for r in readings])


def _within(geometry: BaseGeometry) -> Pair:
    """A position inside an outline: its first corner may stand on the territory's own border."""
    [[x, y]] = shapely.get_coordinates(geometry.representative_point()).tolist()
    return Decimal(repr(x)), Decimal(repr(y))


def ordered_pairs(reader: RowReader, readings: Sequence[Reading]) -> list[Pair]:
    """Longitude or easting first, for all rows in the same way."""
    if not reader.position_columns():
        return []
    turned = _is_northing_first(reader, readings)
    pairs = [_within(r.geometry) if r.geometry is not None else pair_of(r) for r in readings]
    return [(y, x) for x, y in pairs] if turned else pairs


class Positions:
    """Numbers of a file to CGCS2000: in which order, in which system, decided once for the whole file."""

    def __init__(self, crs: str | None, *, northing_first: bool, territory: Territory) -> None:
        self.crs = crs or "EPSG:4490"
        self.northing_first = northing_first
        self._territory = territory

    @classmethod
    def of_sample(
        cls, reader: RowReader, readings: Sequence[Reading], crs: str | None, territory: Territory
    ) -> "Positions":
        """As most of the first rows say it."""
        return cls(crs, northing_first=_is_northing_first(reader, readings), territory=territory)

    def locate(self, readings: Sequence[Reading]) -> Located:
        """Points of a batch; a line or polygon by its own way."""
        pairs = []
        for reading in readings:
            x, y = pair_of(reading)
            pairs.append((y, x) if self.northing_first and reading.geometry is None else (x, y))
        return locate.locate(pairs, [r.why for r in readings], self.crs, self._territory)
