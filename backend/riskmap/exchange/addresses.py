"""Addresses: a sender's table of them for the gazetteer, and what a written address is made of."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from shapely.geometry.base import BaseGeometry

from riskmap.base.errors import FieldError, Invalid
from riskmap.base.spelling import spell
from riskmap.exchange.cells import degrees_of, normal, plain
from riskmap.exchange.datum import DATUMS
from riskmap.exchange.headers import datum_in, normalised, old_frame_in
from riskmap.exchange.locate import WHY_WORDS, Territory, locate
from riskmap.exchange.table import GEOMETRY_HEADER, MOST_LINES, Table
from riskmap.exchange.tables import open_table
from riskmap.store.place import anchor_of

_HEADERS: dict[str, tuple[str, ...]] = {
    "name": ("名称", "地名", "地点", "标准名称", "地名名称", "村名", "道路名称", "小区名称", "name"),
    "address": ("地址", "详细地址", "标准地址", "门牌地址", "地址全称", "门址", "address"),
    "kind": ("类别", "类型", "种类", "地名类别", "kind", "type"),
    "division": ("区划代码", "行政区划代码", "division"),
    "x": ("经度", "东经", "横坐标", "东坐标", "lng", "lon", "longitude", "x"),
    "y": ("纬度", "北纬", "纵坐标", "北坐标", "lat", "latitude", "y"),
    "datum": ("坐标基准", "坐标系", "坐标系统", "基准", "datum", "crs"),
}
_COLUMN = {header: target for target, headers in _HEADERS.items() for header in headers}
_KIND_WORDS = {
    "door": ("门牌", "门址", "楼栋", "门牌号", "door"),
    "road": ("道路", "街路巷", "街巷", "路", "road"),
    "village": ("村", "行政村", "自然村", "村委会", "社区", "居委会", "village"),
    "town": ("乡镇", "街道", "乡镇街道", "town"),
    "place": ("地点", "地名", "兴趣点", "小区", "单位", "其他", "poi", "place"),
}
_KIND = {word: kind for kind, words in _KIND_WORDS.items() for word in words}
_MOST_REFUSED = 20
_HEADER_LINES = 10
_MOST_TEXT = 200
_BATCH = 10_000

_SPACES = re.compile(r"\s+")
_NUMBER = re.compile(r"^(?P<street>.*?(?:路|街|大道|道|巷|弄|里|胡同|公路))(?P<number>\d+)(?P<rest>.*)$")
_VILLAGE = re.compile(r"^(?P<village>.*?(?:村|社区))(?P<rest>.*)$")


def key_of(said: str) -> str:
    """A name or address as it is compared: plain letters, no white space, lower case."""
    return _SPACES.sub("", normal(said)).lower()


def kind_of_name(name: str) -> str:
    """What a place is, by how its name ends."""
    if re.search(r"\d+(?:-\d+)?(?:号|弄|栋|幢|室|单元)", name) or name.endswith(("号院", "号楼")):
        return "door"
    if name.endswith(("路", "街", "大道", "巷", "弄", "公路")):
        return "road"
    if name.endswith(("村", "社区", "居委会", "村委会", "组")):
        return "village"
    return "town" if name.endswith(("镇", "乡", "街道")) else "place"


@dataclass(frozen=True, slots=True)
class Street:
    """An address with a house number: 滨江路88号院."""

    street: str
    number: int
    rest: str


def street_of(key: str) -> Street | None:
    """The street and number of an address, or None where it has none."""
    match = _NUMBER.match(key)
    return Street(match["street"], int(match["number"]), match["rest"]) if match and len(match["number"]) < 6 else None


def village_of(key: str) -> str | None:
    """The village or community that an address begins with, or None."""
    match = _VILLAGE.match(key)
    return match["village"] if match and match["rest"] else None


# -- A table of addresses ----------------------------------------------------------------


def read_addresses(path: Path, crs: str | None, territory: Territory) -> Iterator[dict[str, Any]]:
    """Rows for the gazetteer from xlsx, csv, GeoJSON, SHP or GPKG. Raises Invalid with every wrong line it met.

    `crs` is the datum of lines that name none themselves.
    """
    table = open_table(path)
    sheet = table.sheets[0].name
    lines = table.rows(sheet)
    columns, default = _header(lines, table, crs)
    refused: list[FieldError] = []
    batch: list[tuple[int, Mapping[str, Any]]] = []

    def flush() -> list[dict[str, Any]]:
        made = list(_places(batch, columns, default, territory, refused))
        batch.clear()
        if len(refused) >= _MOST_REFUSED:
            raise _refusal(refused)
        return made

    for count, (line, cells) in enumerate(lines):
        if count > MOST_LINES:
            raise Invalid(f"表超过 {MOST_LINES:,} 行，请分成几份装入。", code="too_many_rows")
        row = {target: cells[i] for target, i in columns.items() if i < len(cells)}
        if any(value is not None and str(value).strip() for value in row.values()):
            batch.append((line, row))
        if len(batch) >= _BATCH:
            yield from flush()
    yield from flush()
    if refused:
        raise _refusal(refused)


def _refusal(refused: Sequence[FieldError]) -> Invalid:
    more = "（只列前几处）" if len(refused) >= _MOST_REFUSED else ""
    return Invalid(f"有 {len(refused)} 处要改正{more}，未装入任何一行", errors=list(refused[:_MOST_REFUSED]))


def _header(lines: Iterator[tuple[int, list[Any]]], table: Table, crs: str | None) -> tuple[dict[str, int], str]:
    above: list[str] = []
    for _, cells in zip(range(_HEADER_LINES), (cells for _, cells in lines), strict=False):
        texts = [plain(c) if not isinstance(c, BaseGeometry) else "" for c in cells]
        above += texts
        found: dict[str, int] = {}
        for i, said in enumerate(texts):
            target = "geometry" if said == GEOMETRY_HEADER else _COLUMN.get(re.sub(r"[(（].*", "", normalised(said)))
            if target is not None:
                found.setdefault(target, i)
        if {"name", "address"} & set(found) and ("geometry" in found or {"x", "y"} <= set(found)):
            if old_frame_in(above):
                raise Invalid("表头写明北京 54 或西安 80：请先转换为 CGCS2000 再装入。", code="old_frame")
            return found, crs or table.crs or datum_in(above) or "EPSG:4490"
    raise Invalid(
        "前 10 行里没有认得的表头：应有“名称”或“地址”，以及“经度”“纬度”（或横坐标、纵坐标）。", code="no_header"
    )


def _places(
    batch: Sequence[tuple[int, Mapping[str, Any]]],
    columns: Mapping[str, int],
    default: str,
    territory: Territory,
    refused: list[FieldError],
) -> Iterable[dict[str, Any]]:
    pairs: dict[str, list[tuple[int, tuple[Decimal | None, Decimal | None]]]] = {}

    def refuse(i: int, column: str, code: str, message: str) -> None:
        refused.append(FieldError(f"第 {batch[i][0]} 行 {column}", code, message))

    for i, (_, row) in enumerate(batch):
        crs = _crs_of(row.get("datum"), default)
        if crs is None:
            refuse(i, "坐标基准", "unknown_value", f"“{plain(row.get('datum'))[:20]}”不是认得的坐标基准")
            continue
        try:
            pairs.setdefault(crs, []).append((i, _pair(row)))
        except (ValueError, ArithmeticError):
            refuse(i, "坐标", "not_a_position", WHY_WORDS["not_a_position"])
    made: dict[int, dict[str, Any]] = {}
    for crs, listed in pairs.items():
        found = locate([pair for _, pair in listed], [None] * len(listed), crs, territory)
        for at, (i, _) in enumerate(listed):
            why = found.why[at]
            if why is not None:
                refuse(i, "坐标", why, WHY_WORDS[why])
                continue
            row = batch[i][1]
            name, address = (_text(row.get(field)) for field in ("name", "address"))
            too_long = next((c for c, t in (("名称", name), ("地址", address)) if len(t) > _MOST_TEXT), None)
            if too_long is not None:
                refuse(i, too_long, "too_long", f"太长，最多 {_MOST_TEXT} 个字，请改短；多处地址请分成多行")
                continue
            name = name or address
            if not name:
                refuse(i, "名称", "required", "名称和地址至少填一项")
                continue
            said = normal(plain(row.get("kind"))).lower()
            kind = _KIND.get(said, kind_of_name(key_of(address or name))) if said else kind_of_name(key_of(name))
            division = re.sub(r"\D", "", plain(row.get("division")))[:12]
            made[i] = {
                "kind": kind,
                "name": name,
                "address": "" if address == name else address,
                "division": division if len(division) in {6, 9, 12} else (found.divisions[at] or ""),
                "key": f"{key_of(name)}\n{key_of(address)}",
                "spelling": spell(name),
                "lon": round(float(found.lon[at]), 8),
                "lat": round(float(found.lat[at]), 8),
            }
    for i in sorted(made):
        yield made[i]


def _text(cell: Any) -> str:
    return _SPACES.sub(" ", plain(cell)).strip()


def _pair(row: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    geometry = row.get("geometry")
    if isinstance(geometry, BaseGeometry) and not geometry.is_empty:
        x, y = anchor_of(geometry)
        return Decimal(repr(x)), Decimal(repr(y))
    return degrees_of(row.get("x")), degrees_of(row.get("y"))


def _crs_of(cell: Any, default: str) -> str | None:
    said = plain(cell).strip()
    if not said:
        return default
    upper = said.upper().replace("-", "")
    upper = f"EPSG:{upper}" if upper.isdigit() else upper
    return upper if upper in DATUMS else datum_in([said])
