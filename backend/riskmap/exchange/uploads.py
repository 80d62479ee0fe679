"""Files that come and go whole: what a name may be, bytes to disk once, and how they are sent back."""

import hashlib
import os
import re
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from riskmap.base.errors import TooLarge

_CHUNK = 1 << 20
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def shown_name(given: str) -> str:
    """A file's own name without its folders and without what a name may not hold."""
    base = re.split(r"[\\/]", given)[-1]
    base = re.sub(r"[\x00-\x1f\x7f<>:\"|?*]", "_", base).strip(" .")
    return base[-120:] or "未命名"


def copy_hashed(source: BinaryIO, target: Path, most: int | None = None) -> tuple[int, str]:
    """To disk, for good; how many bytes, and their SHA-256. Raises TooLarge beyond `most` bytes."""
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as out:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if most is not None and size > most:
                raise TooLarge(f"文件过大，最多 {most >> 20} MB。请压缩或分开后再上传。")
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return size, digest.hexdigest()


def attachment(name: str) -> dict[str, str]:
    """Headers of an answer that is saved and never shown in place."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}", "Cache-Control": "private, no-store"}
