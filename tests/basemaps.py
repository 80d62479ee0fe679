"""Small tile archives for tests: PNG tiles of one colour, an MBTiles and a PMTiles file, a vector tile."""

import gzip
import sqlite3
import struct
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import mapbox_vector_tile
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from riskmap.base.crs import GRID_ZOOM, TILE_EXTENT, grid_of

JIUJIANG = (114.0, 28.6, 117.0, 30.2)
Address = tuple[int, int, int]


def png(colour: tuple[int, int, int], side: int = 256) -> bytes:
    """One colour."""
    row = b"\x00" + bytes(colour) * side

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row * side)) + chunk(b"IEND", b"")


def addresses(zooms: Iterable[int], bounds: tuple[float, float, float, float] = JIUJIANG) -> list[Address]:
    """Tiles over a box."""
    out = []
    west, south, east, north = bounds
    for z in zooms:
        shift = GRID_ZOOM - z + (TILE_EXTENT.bit_length() - 1)
        (x0, y0), (x1, y1) = grid_of(west, north), grid_of(east, south)
        out += [(z, x, y) for x in range(x0 >> shift, (x1 >> shift) + 1) for y in range(y0 >> shift, (y1 >> shift) + 1)]
    return out


def make_mbtiles(
    path: Path, tiles: Iterable[Address], body: bytes | Callable[[Address], bytes], name: str = ""
) -> Path:
    """Rows count from the south, as the format has it."""
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE metadata (name text, value text)")
        db.execute("CREATE TABLE tiles (zoom_level int, tile_column int, tile_row int, tile_data blob)")
        db.execute("CREATE UNIQUE INDEX t ON tiles (zoom_level, tile_column, tile_row)")
        said = {
            "name": name or path.stem,
            "attribution": '<a href="http://example.invalid">测绘院</a>',
            "bounds": "114,28.6,117,30.2",
        }
        db.executemany("INSERT INTO metadata VALUES (?, ?)", said.items())
        rows = [(z, x, (1 << z) - 1 - y, body if isinstance(body, bytes) else body((z, x, y))) for z, x, y in tiles]
        db.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", rows)
    db.close()
    return path


def make_pmtiles(
    path: Path, tiles: Iterable[Address], body: bytes | Callable[[Address], bytes], vector: bool = False
) -> Path:
    """Version 3."""
    listed = sorted(tiles, key=lambda t: zxy_to_tileid(*t))
    with path.open("wb") as file:
        writer = Writer(file)
        for at in listed:
            writer.write_tile(zxy_to_tileid(*at), body if isinstance(body, bytes) else body(at))
        west, south, east, north = (round(v * 1e7) for v in JIUJIANG)
        header = {
            "tile_type": TileType.MVT if vector else TileType.PNG,
            "tile_compression": Compression.GZIP if vector else Compression.NONE,
            "min_zoom": min(z for z, _, _ in listed), "max_zoom": max(z for z, _, _ in listed),
            "min_lon_e7": west, "min_lat_e7": south, "max_lon_e7": east, "max_lat_e7": north,
            "center_zoom": 8, "center_lon_e7": (west + east) // 2, "center_lat_e7": (south + north) // 2,
        }  # fmt: skip
        writer.finalize(header, {"name": path.stem, "attribution": "测绘院"})
    return path


def vector_tile(_: Address = (0, 0, 0)) -> bytes:
    """Water over the left half, a road across the middle, a place with a name, and a layer nobody knows."""
    layers = [
        {
            "name": "water",
            "features": [
                {"geometry": "POLYGON((0 0, 2048 0, 2048 4096, 0 4096, 0 0))", "properties": {"class": "lake"}}
            ],
        },
        {
            "name": "transportation",
            "features": [{"geometry": "LINESTRING(0 2048, 4096 2048)", "properties": {"class": "motorway"}}],
        },
        {
            "name": "place",
            "features": [{"geometry": "POINT(2048 1024)", "properties": {"class": "city", "name": "样镇"}}],
        },
        {"name": "poi_secret", "features": [{"geometry": "POINT(100 100)", "properties": {"name": "不画"}}]},
    ]
    return gzip.compress(mapbox_vector_tile.encode(layers, default_options={"y_coord_down": True}), mtime=0)
