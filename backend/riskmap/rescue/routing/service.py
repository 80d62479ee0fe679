"""Routes, matrices and reach, decided on the roads in use, a flood's closed water and the closures of that minute."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from riskmap.rescue.routing.answers import Answer, Leg, Place, Route, Vehicle


def matrix(
    connection: Connection,
    router: Any,
    origins: Sequence[Place],
    destinations: Sequence[Place],
    vehicle: Vehicle,
    flood_id: int | None,
    exercise: bool = False,
    at: datetime | None = None,
) -> tuple[list[list[Leg | None]], Answer]:
    """A leg from each origin to each destination, None where there is no way; and how it was found.

    `router` is the process's own (`app.state.router`, or `Router(settings)` in a job). A destination in water that is
    closed to the vehicle is reached by boat where it has one. An origin in such water gets nowhere.
    """
    raise NotImplementedError


def route(
    connection: Connection,
    router: Any,
    origin: Place,
    destination: Place,
    vehicle: Vehicle,
    flood_id: int | None,
    exercise: bool = False,
    at: datetime | None = None,
) -> tuple[Route | None, Answer]:
    """The way with its line and instructions in Chinese, None where there is none; and how it was found."""
    raise NotImplementedError


def reach(
    connection: Connection,
    router: Any,
    origin: Place,
    minutes: Sequence[int],
    vehicle: Vehicle,
    flood_id: int | None,
    exercise: bool = False,
    at: datetime | None = None,
) -> tuple[list[dict[str, Any]], Answer]:
    """For each of these minutes the area that is reached on dry roads, as GeoJSON; and how it was found."""
    raise NotImplementedError
