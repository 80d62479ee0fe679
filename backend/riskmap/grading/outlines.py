"""Shapes that an object carries beside its own place: whether they can be of it at all.

A fence or a path drawn at another plant would be asked for other people than those around this one.
"""

from collections.abc import Iterator, Mapping
from math import cos, radians
from typing import Any

import numpy as np
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points

from riskmap.base.errors import FieldError
from riskmap.grading import headwater

# Policy: a fence or the head of a path lies within so many metres of the object's own place. No norm says it: plants
# of the largest kind are some kilometres wide, and a place is surveyed within them or at their gate.
NEAR_M = 2000
FIELDS = frozenset({"plant_boundary", "flow_path"})
_GEOD = Geod(ellps="GRS80")


def faults(attributes: Mapping[str, Any], geometry: BaseGeometry | None) -> list[FieldError]:
    """What cannot be of an object in this place; nothing where it has none."""
    return [] if geometry is None else list(_faults(attributes, geometry))


def _faults(attributes: Mapping[str, Any], geometry: BaseGeometry) -> Iterator[FieldError]:
    boundary = attributes.get("plant_boundary")
    if boundary is not None and (away := metres(shape_of(boundary), geometry)) > NEAR_M:
        yield _far("plant_boundary", f"厂区边界离对象位置 {_km(away)} km，超过 2 km：请核对边界和位置，像是画到了别处")
    path = attributes.get("flow_path")
    if path is None:
        return
    head = shapely.Point(headwater.ends(path)[0])
    if (away := metres(head, geometry)) > NEAR_M:
        yield _far("flow_path", f"下泄路径的起点离尾矿库 {_km(away)} km，超过 2 km：应从初期坝坝脚起，请核对")
    elif wrong_way := headwater.backwards(path, geometry):
        yield wrong_way


def _far(field: str, message: str) -> FieldError:
    return FieldError(f"attributes.{field}", "far_away", message)


def _km(metres: float) -> str:
    return f"{metres / 1000:.1f}"


def shape_of(value: Mapping[str, Any]) -> BaseGeometry:
    """A shape of the attributes, whose numbers may be decimals."""
    return shapely.geometry.shape(_floats(value))


def _floats(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {"type": value["type"], "coordinates": _floats(value["coordinates"])}
    return [_floats(part) for part in value] if isinstance(value, list | tuple) else float(value)


def metres(one: BaseGeometry, other: BaseGeometry) -> float:
    """Geodesic metres between the nearest places of two shapes (lon/lat); the places are found on a local plane."""
    wide = cos(radians((one.centroid.y + other.centroid.y) / 2))
    plane = np.array([wide, 1.0])
    a, b = nearest_points(*(shapely.transform(shape, lambda xy: xy * plane) for shape in (one, other)))
    return float(_GEOD.inv(a.x / wide, a.y, b.x / wide, b.y)[2])
