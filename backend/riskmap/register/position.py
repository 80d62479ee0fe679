"""Where a position is that somebody types into a form, its datum named."""

import math
from typing import Any

import numpy as np

from riskmap.base.errors import FieldError, Forbidden, Invalid
from riskmap.exchange.cells import degrees_of
from riskmap.exchange.datum import DATUMS, to_cgcs2000
from riskmap.register.service import territory_of
from riskmap.store.snapshot import Snapshot


def read_position(
    snapshot: Snapshot, x: str, y: str, crs: str, bounds: tuple[float, float, float, float]
) -> dict[str, Any]:
    """A position as somebody wrote it, in CGCS2000, and where that is."""
    if not snapshot.reader.writes:
        raise Forbidden("当前账号只能查看。需要登记或修改，请联系管理员开通编辑权限。")
    datum = DATUMS.get(crs)
    if datum is None:
        raise Invalid("没有这个坐标基准", errors=[FieldError("crs", "unknown_value", f"可用：{'、'.join(DATUMS)}")])
    numbers, errors = [], []
    words = ("经度", "纬度") if datum.kind == "degrees" else ("横坐标（东）", "纵坐标（北）")
    for field, said, title in (("x", x, words[0]), ("y", y, words[1])):
        try:
            number = degrees_of(said)
            if number is None:
                raise ValueError
            numbers.append(float(number))
        except (ValueError, ArithmeticError):
            example = "115.823750 或 115°49′25.5″" if datum.kind == "degrees" else "39500000.0"
            errors.append(FieldError(field, "not_a_position", f"{title}看不懂，请写成 {example}"))
    if not errors and datum.kind == "degrees":
        if abs(numbers[0]) > 180:
            errors.append(
                FieldError("x", "out_of_range", "经度应在 −180 到 180 之间；若为米制坐标，请换成对应的坐标系")
            )
        if abs(numbers[1]) > 90:
            hint = "，像是经度和纬度写反了" if abs(numbers[0]) <= 90 else ""
            errors.append(FieldError("y", "out_of_range", f"纬度应在 −90 到 90 之间{hint}"))
    if errors:
        raise Invalid("坐标有误，请改正", errors=errors)
    found = to_cgcs2000(crs, np.array([numbers[0]]), np.array([numbers[1]]))
    lon, lat = (round(float(v[0]), 8) for v in found)
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise Invalid("坐标不在这个坐标系的范围内，请核对坐标系", errors=[FieldError("x", "out_of_range", "超出范围")])
    territory = territory_of(snapshot, bounds)
    inside, division = territory.find(lon, lat)
    return {
        "lon": lon,
        "lat": lat,
        "crs": crs,
        "title": datum.title,
        "inside": inside,
        "swapped": not inside and abs(lon) <= 90 and territory.find(lat, lon)[0],
        "division": division,
        "state": snapshot.state.n,
    }
