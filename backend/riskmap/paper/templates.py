"""Templates of papers: the shipped one, or the bureau's own in its place, with who gave it and when."""

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from riskmap.access.reader import Reader
from riskmap.base import audit, clock
from riskmap.base.errors import Invalid, NotFound, TooLarge
from riskmap.base.settings import GEODATA, Settings
from riskmap.paper import docx


@dataclass(frozen=True, slots=True)
class Template:
    """A template in use."""

    kind: str
    own: bool  # the bureau's, else the shipped one
    body: bytes

    @property
    def sha256(self) -> str:
        """Of its bytes."""
        return hashlib.sha256(self.body).hexdigest()


@lru_cache(16)
def _read(path: Path) -> bytes:
    return path.read_bytes()


@dataclass(frozen=True)
class Shelf:
    """The templates of one slice: `folder` in geodata/templates and in the data directory; kinds with their titles."""

    folder: str
    kinds: Mapping[str, str]
    sample: Callable[[], Mapping[str, Any]]  # what a trial fills a template with
    told: Callable[[], list[dict[str, Any]]]  # the names that a template may hold

    def _own(self, settings: Settings, kind: str) -> Path:
        return settings.data_dir / "templates" / self.folder / f"{kind}.docx"

    def shipped(self, kind: str) -> Template:
        """The one that comes with the product."""
        return Template(kind, False, _read(GEODATA / "templates" / self.folder / f"{kind}.docx"))

    def in_use(self, settings: Settings, kind: str) -> Template:
        """The bureau's own, else the shipped one."""
        path = self._own(settings, kind)
        return Template(kind, True, path.read_bytes()) if path.exists() else self.shipped(kind)

    def listed(self, settings: Settings) -> dict[str, Any]:
        """All templates, since when and by whom, and the names that they may hold."""
        items = []
        for kind, title in self.kinds.items():
            path = self._own(settings, kind)
            own = path.exists()
            kept = _kept(path) if own else {"since": None, "by": None, "name": None}
            body = self.in_use(settings, kind).body
            items.append({"kind": kind, "title": title, "own": own, "bytes": len(body), **kept})
        return {"items": items, "fields": self.told(), "most_bytes": docx.MOST_TEMPLATE}

    def try_template(self, body: bytes) -> None:
        """Fill it as a trial. Raises Invalid with what is wrong, TooLarge."""
        if len(body) > docx.MOST_TEMPLATE:
            raise TooLarge(f"模板过大，最多 {docx.MOST_TEMPLATE >> 20} MB。请去掉大图后再上传。")
        if not body:
            raise Invalid("文件是空的（0 字节），请重新选择文件。", code="empty_file")
        docx.render(body, self.sample())

    def keep(
        self, connection: Connection, settings: Settings, reader: Reader, kind: str, body: bytes, name: str
    ) -> None:
        """Take a bureau's own that passed its trial, with who gave it and when."""
        path = self._own(settings, kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        audit.record(
            connection, reader.name, "update", "template", kind, address=reader.address,
            after={"bytes": len(body), "name": name},
        )  # fmt: skip
        said = hashlib.sha256(body).hexdigest()
        told = {"sha256": said, "at": clock.now().isoformat(), "by": reader.name, "name": name}
        # The note first: one without its file is not believed, since it names the file's bytes.
        _write(_note(path), json.dumps(told, ensure_ascii=False).encode())
        _write(path, body)

    def drop(self, connection: Connection, settings: Settings, reader: Reader, kind: str) -> None:
        """Back to the shipped one. Raises NotFound where there is none of the bureau's own."""
        path = self._own(settings, kind)
        if not path.exists():
            raise NotFound(f"{self.kinds[kind]}用的就是随产品的模板，没有本局自己的。", code="no_own_template")
        audit.record(connection, reader.name, "delete", "template", kind, address=reader.address)
        path.unlink(missing_ok=True)
        _note(path).unlink(missing_ok=True)


def _note(path: Path) -> Path:
    return path.with_suffix(".json")


def _kept(path: Path) -> dict[str, Any]:
    """Since when a bureau's own is in force and by whom; of one that was put there by hand only when."""
    out: dict[str, Any] = {"since": datetime.fromtimestamp(path.stat().st_mtime, UTC), "by": None, "name": None}
    with contextlib.suppress(OSError, ValueError):
        note = json.loads(_note(path).read_text("utf-8"))
        if note["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest():
            out |= {"since": datetime.fromisoformat(note["at"]), "by": note["by"], "name": note["name"]}
    return out


def _write(path: Path, body: bytes) -> None:
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def fields_told(
    plain: Mapping[str, Mapping[str, str]], rows: Mapping[str, tuple[str, Mapping[str, str]]]
) -> list[dict[str, Any]]:
    """Names as they are shown: of each kind (text, yes, list, …) what they mean; `rows` have names of their own."""
    told: list[dict[str, Any]] = [
        {"field": name, "means": means, "kind": kind, "rows": None}
        for kind, of in plain.items()
        for name, means in of.items()
    ]
    for name, (means, row) in rows.items():
        own = [{"field": field, "means": said} for field, said in row.items()]
        told.append({"field": name, "means": means, "kind": "rows", "rows": own})
    return told
