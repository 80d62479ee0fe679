"""Transactions for routers: one request is one, committed before the answer is sent.

`scope="function"` ends the dependency, and so commits, before the answer leaves; with the
default scope a failed COMMIT would already have said 201.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import Depends, Request

from riskmap.access.dependencies import administrator_to, current_reader
from riskmap.access.reader import SYSTEM, Reader
from riskmap.base import database
from riskmap.base.web import ensure_disk
from riskmap.store.snapshot import Opened, Snapshot, open_snapshot


def read_snapshot(request: Request, reader: Annotated[Reader, Depends(current_reader)]) -> Iterator[Snapshot]:
    """The present in one REPEATABLE READ snapshot."""
    with read_snapshots(request, reader)() as snapshot:
        yield snapshot


def read_snapshots(request: Request, reader: Annotated[Reader, Depends(current_reader)]) -> Opened:
    """The same, as often as it is opened, for what looks, waits long with no connection held, and then tells."""
    app = request.app.state

    @contextmanager
    def opened() -> Iterator[Snapshot]:
        with database.read(app.engine, reader.settings()) as connection:
            yield open_snapshot(connection, reader, app.catalogues, app.settings.public_resolution)

    return opened


def write_snapshot(request: Request, reader: Annotated[Reader, Depends(current_reader)]) -> Iterator[Snapshot]:
    """The present for a writer; commits when the endpoint ends well. Refused on a full disk."""
    with write_snapshots(request, reader)() as snapshot:
        yield snapshot


def write_snapshots(request: Request, reader: Annotated[Reader, Depends(current_reader)]) -> Opened:
    """The same, as often as it is opened, for what looks, works long with no transaction open, and then keeps."""
    app = request.app.state
    ensure_disk(app.settings)

    @contextmanager
    def opened() -> Iterator[Snapshot]:
        with database.write(app.engine, reader.settings(write=True)) as connection:
            yield open_snapshot(connection, reader, app.catalogues, app.settings.public_resolution)

    return opened


# What is decided over all objects: row security lets through all, and the reader stays who he is.


def whole_snapshot(act: str) -> Callable[..., Iterator[Snapshot]]:
    """The present over all objects, for an administrator; whoever else is told that he may not `act`."""
    administrator = administrator_to(act)

    def whole(request: Request, reader: Annotated[Reader, Depends(administrator)]) -> Iterator[Snapshot]:
        app = request.app.state
        with database.read(app.engine, SYSTEM.settings()) as connection:
            yield open_snapshot(connection, reader, app.catalogues, app.settings.public_resolution)

    return whole


def whole_write_snapshot(act: str) -> Callable[..., Iterator[Snapshot]]:
    """The same for a writer; commits when the endpoint ends well."""
    administrator = administrator_to(act)

    def whole(request: Request, reader: Annotated[Reader, Depends(administrator)]) -> Iterator[Snapshot]:
        app = request.app.state
        ensure_disk(app.settings)
        with database.write(app.engine, SYSTEM.settings(write=True)) as connection:
            yield open_snapshot(connection, reader, app.catalogues, app.settings.public_resolution)

    return whole


def marked(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """An answer that leaves the product says that its data are invented, where they are."""
    mark = request.app.state.mark
    return {**body, "mark": mark} if mark else body


ReadSnapshot = Annotated[Snapshot, Depends(read_snapshot, scope="function")]
ReadSnapshots = Annotated[Opened, Depends(read_snapshots)]
WriteSnapshot = Annotated[Snapshot, Depends(write_snapshot, scope="function")]
WriteSnapshots = Annotated[Opened, Depends(write_snapshots)]
