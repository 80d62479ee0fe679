"""Bring files of objects and divisions into the register: the demo, and a bureau's first load."""

import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import shapely
import simplejson
from pydantic import ValidationError
from shapely.geometry import shape
from sqlalchemy import Connection, Engine, text

from riskmap.access.reader import SYSTEM, Reader, canonical_division, territory
from riskmap.base import audit, database, state
from riskmap.base.crs import CGCS2000
from riskmap.base.errors import FieldError, Invalid
from riskmap.base.settings import GEODATA, Settings
from riskmap.catalogue import gazetteer
from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.model import VISIBILITIES
from riskmap.catalogue.queries import CatalogueCache
from riskmap.catalogue.seed import adopt_policy
from riskmap.exchange.addresses import read_addresses
from riskmap.exchange.datum import DATUMS
from riskmap.exchange.locate import Territory
from riskmap.register import queries, service
from riskmap.register.draft import ObjectDraft
from riskmap.selection import request as selection_request
from riskmap.store.snapshot import open_snapshot

_LEVELS = {"province", "city", "county", "town", "village"}


def load_divisions(connection: Connection, path: Path, actor: str = SYSTEM.name) -> int:
    """Divisions of a GeoJSON file (properties code, name, level, parent; perhaps source); how many.

    A division that the file has anew replaces the present one; others stay.
    """
    body = json.loads(path.read_text(encoding="utf-8"))
    rows = []
    for index, feature in enumerate(body["features"]):
        properties = feature.get("properties") or {}
        if missing := [name for name in ("code", "name") if not properties.get(name)]:
            raise Invalid(f"第 {index + 1} 个区划没有 {'、'.join(missing)}，请补上后再导入")
        code = canonical_division(str(properties["code"]))
        if properties.get("level") not in _LEVELS:
            raise Invalid(f"第 {index + 1} 个区划的 level 应为 {'、'.join(sorted(_LEVELS))}")
        if not feature.get("geometry"):
            raise Invalid(f"区划 {properties['name']}（{code}）没有边界，请补上后再导入")
        geometry = shape(feature["geometry"])
        if isinstance(geometry, shapely.Polygon):
            geometry = shapely.MultiPolygon([geometry])
        if geometry.geom_type != "MultiPolygon" or not geometry.is_valid:
            raise Invalid(f"区划 {properties['name']}（{code}）的边界不合规，请修复后再导入")
        parent = properties.get("parent")
        rows.append(
            {
                "code": code,
                "territory": territory(code),
                "name": properties["name"],
                "level": properties["level"],
                "parent": canonical_division(str(parent)) if parent else None,
                "source": str(properties.get("source") or body.get("source") or path.name)[:300],
                "geom": shapely.to_wkb(shapely.set_srid(geometry, CGCS2000), hex=True, include_srid=True),
            }
        )
    taken = state.take(connection, actor, f"导入区划 {len(rows)} 个", catalogue=True)
    connection.execute(
        text(
            "UPDATE division SET known = int8range(lower(known), :n)"
            " WHERE upper_inf(known) AND code = ANY(CAST(:codes AS text[]))"
        ),
        {"n": taken.n, "codes": [r["code"] for r in rows]},
    )
    connection.execute(
        text(
            "INSERT INTO division (code, territory, name, level, parent, source, geom, valid, known)"
            " VALUES (:code, :territory, :name, :level, :parent, :source, CAST(:geom AS geometry),"
            " daterange('2000-01-01', NULL), int8range(:n, NULL))"
        ),
        [{**row, "n": taken.n} for row in rows],
    )
    return len(rows)


def load_addresses(
    connection: Connection,
    settings: Settings,
    path: Path,
    *,
    source: str,
    visibility: int,
    crs: str | None = None,
    reader: Reader = SYSTEM,
) -> int:
    """A table of addresses into the gazetteer in place of what its source gave before; how many.

    Raises Invalid with the wrong lines; then nothing has changed. No figure rests on the gazetteer, so the
    state stays.
    """
    if crs is not None and crs not in DATUMS:
        raise Invalid("不认得这个坐标基准", errors=[FieldError("crs", "unknown_value", f"没有“{crs[:20]}”")])
    now = state.current(connection)
    shapes = (
        (r.code, r.territory, shapely.from_wkb(bytes(r.wkb)))
        for r in catalogue_queries.division_shapes(connection, now.n, now.day)
    )
    places = read_addresses(path, crs, Territory(shapes, settings.bounds))
    about = gazetteer.Source(source, visibility, path.name, crs or "", reader.name)
    count = gazetteer.replace_source(connection, about, places)
    after = {"source": source, "file": path.name, "places": count, "visibility": VISIBILITIES[visibility]}
    audit.record(connection, reader.name, "load", "gazetteer", source, address=reader.address, after=after)
    return count


def read_objects(path: Path) -> Iterator[tuple[ObjectDraft, dict[str, str]]]:
    """Drafts and their references by code from a file of one JSON object a line. Raises Invalid with the line."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            body: dict[str, Any] = json.loads(line, parse_float=Decimal)
            references = {
                field: code
                for field in ("enterprise", "parent")
                if (code := body.pop(f"{field}_code", None)) is not None
            }
            try:
                yield ObjectDraft.model_validate(body), references
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(str(part) for part in first["loc"])
                raise Invalid(f"{path.name} 第 {number} 行：{where} {first['msg']}") from error


def load_objects(
    connection: Connection,
    settings: Settings,
    path: Path,
    what: str,
    catalogues: CatalogueCache | None = None,
) -> int:
    """All objects of a file as one state: whole or not at all; how many."""
    snapshot = open_snapshot(connection, SYSTEM, catalogues or CatalogueCache(), settings.public_resolution)
    pairs = list(read_objects(path))
    service.create_many(
        snapshot,
        [draft for draft, _ in pairs],
        settings.bounds,
        what,
        [references for _, references in pairs],
    )
    return len(pairs)


def export_objects(
    connection: Connection, settings: Settings, path: Path, classes: tuple[str, ...], as_of: str | None
) -> int:
    """Every object of these classes as lines that `read_objects` takes back; how many. References by code."""
    snapshot = open_snapshot(connection, SYSTEM, CatalogueCache(), settings.public_resolution)
    params = {"stage": ["any"]}
    if classes:
        params["class"] = list(classes)
    if as_of:
        params["as_of"] = [as_of]
    moment, selection = selection_request.read(snapshot, params)
    temporary = path.with_name(path.name + ".part")
    count = 0
    with temporary.open("w", encoding="utf-8") as out:
        for body in queries.drafts(moment, selection):
            out.write(simplejson.dumps(body, use_decimal=True, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
    temporary.replace(path)
    return count


def demo_is_loaded(settings: Settings) -> bool:
    """Whether the demo city is in this data folder."""
    return (settings.data_dir / "demo").exists()


def load_demo(engine: Engine, settings: Settings, city: str) -> int:
    """The demo city into an empty register; 0 where the register already holds something.

    One transaction: a start that is killed half-way leaves nothing, and the next one begins again.
    """
    folder = GEODATA / "demo" / city
    target = settings.data_dir / "basemap"
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(727002)"))
        if connection.scalar(text("SELECT EXISTS (SELECT FROM object_version) OR EXISTS (SELECT FROM division)")):
            return 0
        target.mkdir(parents=True, exist_ok=True)
        for source in (folder / "basemap").iterdir():
            shutil.copyfile(source, target / source.name)
        load_divisions(connection, folder / "divisions.geojson")
        adopted = connection.scalars(
            text("SELECT code FROM catalogue_item WHERE kind = 'policy' AND upper_inf(known) ORDER BY code")
        ).all()
        for policy in adopted:
            adopt_policy(connection, policy, SYSTEM.name)
        count = load_objects(connection, settings, folder / "objects.ndjson", f"装入演示数据 {city}")
        addresses = folder / "addresses.csv"
        load_addresses(connection, settings, addresses, source="演示地名地址（虚构）", visibility=0, crs="EPSG:4490")
        (settings.data_dir / "demo").write_text(city, encoding="utf-8")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return count
