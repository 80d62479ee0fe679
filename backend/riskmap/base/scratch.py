"""Folders that live while one request works: below the data dir, so that what a killed process left is found again."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from riskmap.base.settings import Settings


def _home(settings: Settings) -> Path:
    return settings.data_dir / "scratch"


@contextmanager
def folder(settings: Settings, what: str) -> Iterator[Path]:
    """An empty folder, gone at the end."""
    _home(settings).mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=f"{what}-", dir=_home(settings)) as name:
        yield Path(name)


def clear(settings: Settings) -> None:
    """What a killed process left; asked before anything is served."""
    shutil.rmtree(_home(settings), ignore_errors=True)
