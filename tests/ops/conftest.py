"""A folder that another user's database may stand in."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """Gone at the end."""
    made = Path(tempfile.mkdtemp(prefix="riskmap-ops-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)
