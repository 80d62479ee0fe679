"""Statements that stand in files of their own: the folder `sql` beside the module that asks."""

from functools import cache
from pathlib import Path


@cache
def read(module: str, name: str) -> str:
    """The text of `sql/NAME.sql` beside a module, which gives its `__file__`."""
    return (Path(module).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")
