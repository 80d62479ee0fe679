"""A table to take away, as an answer: written whole into a file first, so that a reader gets all of it or a problem."""

import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from fastapi import Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from riskmap.base.errors import TooMany
from riskmap.paper.workbook import Value
from riskmap.register.tables import Column, Form, Told, write_csv, write_xlsx

# Each holds a connection and a processor for as long as it writes: the map's answers come first.
_AT_ONCE = threading.BoundedSemaphore(2)
_WAIT_S = 20
_MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@contextmanager
def turn() -> Iterator[None]:
    """One of the two places of those who write a file; refused after a while of waiting."""
    if not _AT_ONCE.acquire(timeout=_WAIT_S):
        raise TooMany("正有别的清单在导出，请过一会儿再导出。")
    try:
        yield
    finally:
        _AT_ONCE.release()


def answer(
    title: str,
    form: Form,
    chosen: list[Column],
    rows: Iterable[list[Value]],
    told: Told,
    note_it: Callable[[], None],
    *,
    plain: bool,
) -> Response:
    """The file, named by its title, rows, state and time. `note_it` writes the audit, once the file is whole."""
    with tempfile.NamedTemporaryFile(prefix="riskmap-", suffix=f".{form}", delete=False) as file:
        path = Path(file.name)
    try:
        written = (
            write_csv(path, chosen, rows, told, plain=plain) if form == "csv" else write_xlsx(path, chosen, rows, told)
        )
        if written != told.total:
            raise RuntimeError(f"wrote {written} of {told.total} rows")
        note_it()
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    name = f"{title}-{told.total}行-状态{told.state}-{told.at:%Y%m%d-%H%M%S}.{form}"
    return FileResponse(
        path,
        media_type=_MEDIA[form],
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "X-Total-Rows": str(told.total),
            "X-Data-State": str(told.state),
        },
        background=BackgroundTask(path.unlink, missing_ok=True),
    )
