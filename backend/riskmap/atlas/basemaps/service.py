"""What basemaps there are for whom, their tiles, and what an administrator does with them."""

import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from riskmap.access.reader import Reader
from riskmap.atlas.basemaps import archives, queries, tianditu
from riskmap.atlas.basemaps.archives import Archive, ArchiveError, Shelf, Tile
from riskmap.base import audit
from riskmap.base.errors import Conflict, FieldError, Invalid, NotFound, Unavailable
from riskmap.exchange.basemap import Basemap

PLAIN = "plain"
_SAFE_NAME = re.compile(r"[^\\/\x00-\x1f]{1,120}")
_BD09 = (
    "百度（BD-09）底图的瓦片划分与通用的不同，叠不到图上。请换成 CGCS2000、WGS 84 或 GCJ-02 的底图；"
    "百度坐标的对象数据可以照常导入。"
)


def check_datum(value: object) -> None:
    """Raises Invalid, for BD-09 with its reason."""
    said = str(value).upper().replace("-", "").replace(" ", "")
    if said in {"BD09", "BD09MC", "BD09LL"}:
        raise Invalid("不支持百度底图", errors=[FieldError("datum", "bd09", _BD09)])
    if value not in {"CGCS2000", "WGS84", "GCJ02"}:
        message = "坐标基准应为 CGCS2000、WGS84 或 GCJ02"
        raise Invalid("坐标基准不认识", errors=[FieldError("datum", "unknown_value", message)])


class Folder:
    """Where tile archives lie: `basemap/tiles/`, or `basemap/` itself. A name from outside is looked up there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.tiles = root / "tiles"

    def found(self) -> dict[str, Path]:
        """Every archive by its name."""
        out: dict[str, Path] = {}
        for folder in (self.root, self.tiles):
            if not folder.is_dir():
                continue
            for path in sorted(folder.iterdir()):
                if path.name.startswith(".") or (folder == self.root and path.name == "tiles"):
                    continue
                try:
                    if archives.kind_of(path):
                        out.setdefault(path.name, path)
                except OSError:
                    continue  # a folder that the service may not open; what is declared of it says so itself
        return out

    def path(self, place: str) -> Path:
        """A declared archive's place; a file that is gone keeps the name it would have."""
        for folder in (self.tiles, self.root):
            path = folder / place
            if place not in {".", ".."} and path.parent == folder and path.exists():
                return path
        return self.tiles / place


def _archive(folder: Folder, shelf: Shelf, row: Mapping[str, Any]) -> Archive:
    return shelf.open(folder.path(row["place"]), row["kind"], tms=row["scheme"] == "tms")


def _may_see(row: Mapping[str, Any], reader: Reader) -> bool:
    """A basemap is for those who have signed in, unless the administrator opens it: imagery often is not public."""
    return bool(row["enabled"]) and (row["public"] or reader.kind != "public")


# -- For the page ----------------------------------------------------------------


def plain_body(plain: Basemap) -> dict[str, Any]:
    """The one that is always there."""
    return {
        "source": PLAIN,
        "kind": PLAIN,
        "title": "简明底图",
        "datum": "CGCS2000",
        "credit": plain.attribution,
        "approval": plain.approval,
        "tiles": [],
        "layers": [layer["layer"] for layer in plain.layers()],
        "problem": None,
    }


def listed(connection: Connection, reader: Reader, plain: Basemap, folder: Folder, shelf: Shelf) -> dict[str, Any]:
    """What this reader may choose from, and what is shown first."""
    items = [plain_body(plain)]
    first = PLAIN
    for row in queries.sources(connection):
        if not _may_see(row, reader):
            continue
        items.append(_page_body(row, folder, shelf))
        if row["preferred"]:
            first = row["source"]
    return {"default": first, "items": items}


def _page_body(row: Mapping[str, Any], folder: Folder, shelf: Shelf) -> dict[str, Any]:
    body = {k: row[k] for k in ("source", "title", "datum", "credit", "approval")}
    if row["kind"] == "tianditu":
        return body | {
            "kind": "raster",
            "tiles": [f"/api/basemap/tianditu/{layer}/{{z}}/{{x}}/{{y}}" for layer in tianditu.PICTURES[row["place"]]],
            "min_zoom": tianditu.MIN_ZOOM,
            "max_zoom": tianditu.MAX_ZOOM,
            "bounds": None,
            "photo": row["place"] == "img",
            "problem": None,
        }
    try:
        info = _archive(folder, shelf, row).info
    except ArchiveError:
        return body | {
            "kind": "raster",
            "tiles": [],
            "problem": "这份底图的文件现在读不出来，请告诉管理员；先用简明底图。",
        }
    return body | {
        "kind": info.kind,
        "tiles": [f"/api/basemap/tiles/{row['source']}/{{z}}/{{x}}/{{y}}?v={version(folder, row)}"],
        "min_zoom": info.min_zoom,
        "max_zoom": info.max_zoom,
        "bounds": info.bounds,
        "photo": info.format == "jpeg",  # how aerial pictures are packed; drawn maps are PNG
        "problem": None,
    }


def version(folder: Folder, row: Mapping[str, Any]) -> str:
    """Changes with the file and with how it is read."""
    stamp = f"{archives.stamp_of(folder.path(row['place']))}|{row['scheme']}"
    return hashlib.sha256(stamp.encode()).hexdigest()[:12]


def check_address(z: int, x: int, y: int) -> None:
    """Raises NotFound outside WebMercatorQuad."""
    if not (0 <= z <= archives.MOST_ZOOM and 0 <= x < 1 << z and 0 <= y < 1 << z):
        raise NotFound(f"瓦片超出范围：z 应为 0–{archives.MOST_ZOOM}，x、y 应小于 2 的 z 次方。")


def open_source(connection: Connection, reader: Reader, name: str) -> Mapping[str, Any]:
    """A declared archive that this reader may see. Raises NotFound: unknown and switched off look alike."""
    row = queries.source(connection, name)
    if row is None or row["kind"] == "tianditu" or not _may_see(row, reader):
        raise NotFound("没有这份底图，或已停用。")
    return row


def tile(folder: Folder, shelf: Shelf, row: Mapping[str, Any], z: int, x: int, y: int) -> Tile | None:
    """One tile of an archive. Raises Unavailable where the file cannot be read."""
    try:
        archive = _archive(folder, shelf, row)
        if not archive.info.min_zoom <= z <= archive.info.max_zoom:
            return None
        return archives.tile_of(archive, z, x, y)
    except ArchiveError as error:
        raise Unavailable(f"底图“{row['title']}”读不出来：{error}", code="basemap_broken") from error
    except OSError as error:
        raise Unavailable(f"底图“{row['title']}”的文件读不出来。", code="basemap_broken") from error


def open_tianditu(connection: Connection, reader: Reader, layer: str) -> Mapping[str, Any]:
    """The source that a layer belongs to. Raises NotFound."""
    kind = next((k for k, layers in tianditu.PICTURES.items() if layer in layers), None)
    row = None if kind is None else queries.source(connection, f"tianditu-{kind}")
    if row is None or not _may_see(row, reader):
        raise NotFound("没有这份底图，或已停用。")
    return row


# -- For the administrator ----------------------------------------------------------


def _told(path: Path, kind: str, shelf: Shelf, *, tms: bool = False) -> dict[str, Any]:
    """What a file is, or what is wrong with it."""
    bytes_ = path.stat().st_size if path.is_file() else None
    try:
        return {"bytes": bytes_, "problem": None, **asdict(shelf.open(path, kind, tms=tms).info)}
    except ArchiveError as error:
        return {"bytes": bytes_, "problem": str(error)}


def administered(connection: Connection, plain: Basemap, folder: Folder, shelf: Shelf, key_set: bool) -> dict[str, Any]:
    """Everything that is declared, and files that are there and are not."""
    rows = queries.sources(connection)
    found = folder.found()
    items = []
    for row in rows:
        told: dict[str, Any] = {"problem": None}
        if row["kind"] == "tianditu":
            told |= {"type": "raster", "min_zoom": tianditu.MIN_ZOOM, "max_zoom": tianditu.MAX_ZOOM}
            told["problem"] = "已启用，但还没有填写密钥。" if row["enabled"] and not key_set else None
        else:
            said = _told(folder.path(row["place"]), row["kind"], shelf, tms=row["scheme"] == "tms")
            told |= {k: said.get(k) for k in ("bytes", "problem", "format", "min_zoom", "max_zoom", "bounds")}
            told["type"] = said.get("kind")
        items.append({**row, **told})
    declared = {row["place"] for row in rows}
    waiting = []
    for place, path in found.items():
        if place not in declared:
            kind = archives.kind_of(path) or ""
            said = _told(path, kind, shelf)
            waiting.append({**said, "type": said.get("kind"), "place": place, "kind": kind})
    return {
        "plain": {**plain_body(plain), "problem": plain.problem},
        "items": items,
        "found": waiting,
        "folder": str(folder.tiles),
        "key_set": key_set,
    }


def _name_for(place: str) -> str:
    """A source's name from its file's: as it is where it can stand in an address, else a short mark of it."""
    stem = re.sub(r"[^a-z0-9]+", "-", Path(place).stem.lower()).strip("-")[:32]
    mark = hashlib.sha256(place.encode()).hexdigest()[:6]
    return stem if stem and stem != PLAIN and not stem.startswith("tianditu") else f"tiles-{mark}"


def declare(connection: Connection, reader: Reader, folder: Folder, shelf: Shelf, body: Mapping[str, Any]) -> str:
    """Take a file that lies in the folder into the list; its name. Raises Invalid, NotFound, Conflict."""
    path = folder.found().get(str(body["place"]))
    if path is None:
        raise NotFound("数据目录的 basemap 文件夹里没有这个文件。请先上传，或放到服务器上。")
    kind = archives.kind_of(path) or ""
    try:
        info = shelf.open(path, kind, tms=body["scheme"] == "tms").info
    except ArchiveError as error:
        raise Invalid("这个文件不能用作底图", errors=[FieldError("place", "broken", str(error))]) from error
    name = _name_for(path.name)
    if queries.source(connection, name) is not None:
        name = f"{name[:32]}-{hashlib.sha256(path.name.encode()).hexdigest()[:6]}"
    row = {
        "source": name,
        "kind": kind,
        "place": path.name,
        "title": body.get("title") or info.title or path.stem[:60],
        "datum": body["datum"],
        "credit": body.get("credit") or info.credit,
        "approval": body.get("approval") or "",
        "scheme": body["scheme"],
        "changed_by": reader.name,
    }
    if not queries.add(connection, row):
        raise Conflict("这个文件已经登记过，请在列表中修改。")
    audit.record(connection, reader.name, "create", "basemap", name, address=reader.address, after=row)
    return name


def change(
    connection: Connection,
    reader: Reader,
    name: str,
    wanted: Mapping[str, Any],
    folder: Folder,
    shelf: Shelf,
    key: bool,
) -> None:
    """Set what is given. Raises NotFound, Invalid."""
    before = queries.source(connection, name, lock=True)
    if before is None:
        raise NotFound("没有这份底图，请刷新列表。")
    changed = {k: v for k, v in wanted.items() if k in queries.CHANGEABLE and before[k] != v}
    after = {**before, **changed}
    if before["kind"] == "tianditu" and (after["datum"] != "CGCS2000" or after["scheme"] != "xyz"):
        raise Invalid("天地图的坐标基准是 CGCS2000，不能改。")
    if changed.get("enabled") and before["kind"] == "tianditu" and not key:
        raise Invalid("请先填写天地图密钥", errors=[FieldError("enabled", "no_key", "填写密钥后再启用")])
    if before["kind"] != "tianditu" and (changed.get("enabled") or "scheme" in changed):
        try:
            _archive(folder, shelf, after)
        except ArchiveError as error:
            raise Invalid("文件读不出来，没有启用", errors=[FieldError("enabled", "broken", str(error))]) from error
    if changed.get("enabled") is False and before["preferred"]:
        changed["preferred"] = False
    if changed.get("preferred") and not after["enabled"]:
        raise Invalid("请先启用，再设为默认")
    if not changed:
        return
    queries.change(connection, name, changed, reader.name)
    old = {k: before[k] for k in changed}
    audit.record(connection, reader.name, "update", "basemap", name, address=reader.address, before=old, after=changed)


def prefer_plain(connection: Connection, reader: Reader) -> None:
    """The plain basemap is shown first."""
    for row in queries.sources(connection):
        if row["preferred"]:
            queries.change(connection, row["source"], {"preferred": False}, reader.name)
            told = {"preferred": True}, {"preferred": False}
            audit.record(
                connection, reader.name, "update", "basemap", row["source"], address=reader.address,
                before=told[0], after=told[1],
            )  # fmt: skip


def remove(connection: Connection, reader: Reader, name: str) -> Mapping[str, Any]:
    """Forget a declared archive; what it was. Its file is the caller's matter, after the commit."""
    row = queries.source(connection, name, lock=True)
    if row is None:
        raise NotFound("没有这份底图，请刷新列表。")
    if row["kind"] == "tianditu":
        raise Invalid("天地图不能移除，停用即可。")
    queries.remove(connection, name)
    before = {k: row[k] for k in ("kind", "place", "title", "datum", "credit", "approval")}
    audit.record(connection, reader.name, "delete", "basemap", name, address=reader.address, before=before)
    return row


def try_archive(folder: Folder, shelf: Shelf, row: Mapping[str, Any]) -> dict[str, Any]:
    """Read one tile as a reader would, and say what happened."""
    began = time.monotonic()
    try:
        archive = _archive(folder, shelf, row)
        z, x, y = archive.first()
        found = archives.tile_of(archive, z, x, y)
    except (ArchiveError, OSError) as error:
        said = str(error) if isinstance(error, ArchiveError) else "文件打不开，请核对服务账号对它的读取权限。"
        return {"ok": False, "said": said}
    ms = round((time.monotonic() - began) * 1000)
    if found is None:
        return {"ok": False, "said": "文件里没有瓦片。"}
    info = archive.info
    return {"ok": True, "said": f"读到瓦片 {z}/{x}/{y}：{info.format}，{len(found.body):,} 字节，{ms} 毫秒。"}


def safe_name(name: str) -> str:
    """The name under which an upload is kept. Raises Invalid."""
    text = name.strip()
    if not _SAFE_NAME.fullmatch(text) or text.startswith(".") or len(text.encode()) > 200:
        raise Invalid("文件名不能用，请改用普通的文件名后再传。")
    if Path(text).suffix.lower() not in {".mbtiles", ".pmtiles"}:
        raise Invalid("只收 .mbtiles 和 .pmtiles 文件。瓦片文件夹请放到服务器的数据目录。")
    return text
