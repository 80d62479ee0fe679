"""A Word template and plain values to a Word file.

A template is a bureau's own file and may hold anything: it is looked through first, and rendered in a process of its
own, with no environment but a path, no way to start a program, to reach the network or to read a file, and with
bounds on memory and time. What goes in are texts, numbers, booleans, lists of rows, pictures, and blocks: headings,
paragraphs, tables and pictures in the template's own styles (`blocks`). Text stays text.
"""

import base64
import contextlib
import io
import json
import logging
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from defusedxml import DefusedXmlException, ElementTree

from riskmap.base.errors import Invalid, Unavailable
from riskmap.base.plain import legal

log = logging.getLogger(__name__)

MOST_TEMPLATE = 10 << 20
_MOST_PARTS = 500
_MOST_UNPACKED = 60 << 20
_WAIT_S = 40
_AT_ONCE = 2
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_LINK = "/hyperlink"
KIND = "$"  # what a value is that is no plain one; no field of a row has this name
_turns = threading.BoundedSemaphore(_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG that a field is filled with, so wide on paper; `alt` says what is on it."""

    body: bytes
    width_mm: float
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Blocks:
    """What a field that stands in a paragraph of its own is filled with. They name pictures that are given beside."""

    blocks: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Contents:
    """目录 of the blocks that this template takes in: of headings, or of captions (表, 图)."""

    of: str = "headings"


def render(
    template: bytes, values: Mapping[str, Any], pictures: Mapping[str, Picture] | None = None, *, wait_s: int = _WAIT_S
) -> bytes:
    """The filled file; `pictures` are those that blocks name.

    `wait_s` is by the clock, for whoever waits; what it may work is bounded beside it. Raises Invalid,
    in words for who made the template, and Unavailable.
    """
    check_template(template)
    order = {
        "template": base64.b64encode(template).decode(), "values": _clean(values), "pictures": _clean(pictures or {})
    }  # fmt: skip
    if not _turns.acquire(timeout=wait_s):
        raise Unavailable("正在生成别的文书，请稍后再试。")
    try:
        return _in_a_process(json.dumps(order).encode(), wait_s)
    finally:
        _turns.release()


def _clean(value: Any) -> Any:
    match value:
        case Picture():
            body = base64.b64encode(value.body).decode()
            return {KIND: "picture", "body": body, "width": value.width_mm, "alt": _clean(value.alt)}
        case Blocks():
            return {KIND: "blocks", "blocks": _clean(value.blocks)}
        case Contents():
            return {KIND: "contents", "of": value.of}
    if isinstance(value, str):
        return legal(value)
    if isinstance(value, Mapping):
        return {str(k): _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(v) for v in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    raise TypeError(f"{type(value).__name__} is nothing for paper")


def _in_a_process(order: bytes, wait_s: int) -> bytes:
    command = [sys.executable, "-I", "-X", "utf8", "-m", "riskmap.paper.filled"]
    environment = {"PATH": os.environ.get("PATH", ""), "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(command, input=order, capture_output=True, env=environment, timeout=wait_s, check=False)
    except subprocess.TimeoutExpired:
        raise Invalid("模板用时过长，没有生成。请检查模板里的循环，简化后再试。", code="template_too_heavy") from None
    said: dict[str, str] = {}
    with contextlib.suppress(ValueError):
        said = json.loads(done.stdout)
    if done.returncode == 0 and "docx" in said:
        return base64.b64decode(said["docx"])
    if "refused" in said:
        raise Invalid(said["refused"], code=said["code"])
    log.warning(
        "a template ended its process with %s: %s", done.returncode, done.stderr[-400:].decode(errors="replace")
    )
    raise Invalid("模板不能使用：生成时出错、内存不足或用时过长。请简化模板后再试。", code="template_too_heavy")


def check_template(template: bytes) -> None:
    """Bounds on an uploaded template, and what in it would act by itself. Raises Invalid."""
    try:
        with zipfile.ZipFile(io.BytesIO(template)) as archive:
            _check(archive)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError, RuntimeError):
        raise Invalid("这不是 docx 文件，或已损坏。请在 Word 或 WPS 中另存为 docx 再上传。", code="not_docx") from None


def _check(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    names = {entry.filename.lower() for entry in entries}
    if not {"[content_types].xml", "word/document.xml"} <= names:
        raise Invalid("这不是 docx 文件。请在 Word 或 WPS 中另存为 docx 再上传。", code="not_docx")
    if len(entries) > _MOST_PARTS or sum(entry.file_size for entry in entries) > _MOST_UNPACKED:
        raise Invalid("模板展开后过大，不予打开。请去掉大图后再上传。", code="template_too_large")
    if any(name.endswith("vbaproject.bin") or "/activex/" in name or "/embeddings/" in name for name in names):
        raise Invalid("模板里有宏、控件或嵌入的文件，不收。请去掉后另存为 docx。", code="macros")
    for entry in entries:
        if not entry.filename.lower().endswith((".xml", ".rels")):
            continue
        with archive.open(entry) as part:
            body = part.read(entry.file_size + 1)
        try:
            root = ElementTree.fromstring(body, forbid_dtd=True)
        except (DefusedXmlException, ElementTree.ParseError, ValueError):
            raise Invalid(f"模板的内部结构不合规（{entry.filename[:80]}），不予使用。", code="not_docx") from None
        for relation in root.iter(_RELATION):
            if relation.get("TargetMode") == "External" and not str(relation.get("Type", "")).endswith(_LINK):
                words = "模板引用了外部文件（图片、模板或对象），不收。请改为嵌入或删去。"
                raise Invalid(words, code="external_parts")
