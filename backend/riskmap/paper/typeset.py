"""typst documents: our own templates, data as JSON, pictures as files, in an empty folder that is gone afterwards.

A template reads `data.json` and what is laid beside it, and nothing else: its root is that folder. Texts are data,
never markup. The same data make the same bytes: the document's time is the data's own.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

from riskmap.paper import fonts

TEMPLATES = Path(__file__).parent / "typ"
_KIT = "kit.typ"
_BLANK = TEMPLATES / "blank.typ"
_KEPT = 10  # compilations for which typst keeps what it worked out (typst-py: comemo::evict(10) after each)


@dataclass(frozen=True, slots=True)
class Typeset:
    """A document, and the characters that no font had (printed as 〓 and named at its end).

    `said` is what a template that was asked so says of itself: the value of its metadata <said>.
    """

    body: bytes
    lacking: tuple[str, ...]
    said: Any = None


def pdf(
    template: str,
    data: Mapping[str, Any],
    files: Mapping[str, bytes] | None = None,
    *,
    at: datetime,
    ask: bool = False,
    tagged: bool = True,
) -> Typeset:
    """A PDF of `typ/<template>.typ`. `files` by plain names; `at` is the time that the document carries.

    `tagged`: its structure is told to readers' programs; of thousands of cells that is ten times the rest.
    """
    with _Folder(template, data, files or {}) as folder:
        compiler = typst.Compiler(
            folder.main, root=folder.path, font_paths=list(fonts.paths()), ignore_system_fonts=True
        )
        with _forgotten():
            body = compiler.compile(format="pdf", timestamp=int(at.timestamp()), pdf_tags=tagged)
            said = json.loads(compiler.query("<said>", field="value", one=True)) if ask else None
        return Typeset(_one(body), folder.lacking, said)


def png(
    template: str, data: Mapping[str, Any], files: Mapping[str, bytes] | None = None, *, ppi: float
) -> tuple[list[bytes], tuple[str, ...]]:
    """Each page as a picture of so many pixels an inch, and the characters that no font had."""
    with _Folder(template, data, files or {}) as folder:
        with _forgotten():
            body = typst.compile(
                folder.main, root=folder.path, font_paths=fonts.paths(), ignore_system_fonts=True, format="png", ppi=ppi
            )
        return (list(body) if isinstance(body, list) else [_one(body)]), folder.lacking


@contextmanager
def _forgotten() -> Iterator[None]:
    """Afterwards lets go what typst keeps of a document: it drops only what the last ten compilations did not use, no
    two of ours have anything in common, and ten documents of a large city are more than a gigabyte.
    """
    try:
        yield
    finally:
        blank = typst.Compiler(_BLANK, root=_BLANK.parent, ignore_system_fonts=True)
        for _ in range(_KEPT + 1):
            blank.compile(format="pdf")


def _one(body: Any) -> bytes:
    if not isinstance(body, bytes):
        raise TypeError("typst gave no document")
    return body


class _Folder:
    """What a template may read, and nothing else."""

    def __init__(self, template: str, data: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
        self._template, self._data, self._files = template, data, files
        self.lacking: tuple[str, ...] = ()

    def __enter__(self) -> "_Folder":
        self.path = Path(tempfile.mkdtemp(prefix="riskmap-paper-"))
        try:
            self._fill()
        except BaseException:
            shutil.rmtree(self.path, ignore_errors=True)
            raise
        return self

    def _fill(self) -> None:
        for name in (_KIT, f"{self._template}.typ"):
            shutil.copyfile(TEMPLATES / name, self.path / name)
        for name, body in self._files.items():
            if Path(name).name != name or name in {_KIT, "data.json", f"{self._template}.typ"}:
                raise ValueError(f"not a plain name: {name}")
            (self.path / name).write_bytes(body)
        lacking: set[str] = set()
        data = fonts.all_printable(dict(self._data), lacking)
        self.lacking = tuple(sorted(lacking))
        data["lacking"] = [f"U+{ord(c):04X}" for c in self.lacking]
        text = json.dumps(data, ensure_ascii=False, allow_nan=False)
        (self.path / "data.json").write_text(text, encoding="utf-8")
        self.main = self.path / f"{self._template}.typ"

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
