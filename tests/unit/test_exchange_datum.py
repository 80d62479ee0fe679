"""Every coordinate system to CGCS2000: against published pairs, against EPSG, forth and back."""

import numpy as np
import pytest
from pyproj import Transformer

from riskmap.exchange import datum
from riskmap.exchange.datum import (
    DATUMS,
    ZONES,
    Floats,
    bd09_to_gcj02,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    metres_between,
    to_cgcs2000,
    wgs84_to_gcj02,
    without_zone,
)

# Published by others (tests of a geo tool and of wandergis/coordtransform), and computed by prcoords 1.0.2.
TO_GCJ02 = [
    (121.0917077, 30.6107779, 121.09626935575027, 30.608604331756705),
    (116.404, 39.915, 116.41024449916938, 39.91640428150164),
    (112.381, 33.0556, 112.387151275, 33.053901786),
    (129.5245, 50.534, 129.53290264, 50.535576843),
    (121.8682, 10.3504, 121.871104303, 10.34825282),
    (87.1881, 36.8611, 87.190824696, 36.860970957),
]
TO_BD09 = [
    (121.09626935575027, 30.608604331756705, 121.10271732371203, 30.61484572185035),
    (116.404, 39.915, 116.41036949371029, 39.92133699351021),
    (112.387151275, 33.053901786, 112.393749589, 33.059589757),
    (87.190824696, 36.860970957, 87.197434388, 36.866757219),
]


def one(value: float) -> Floats:
    return np.array([value])


def apart(a: tuple[Floats, Floats], b: tuple[Floats, Floats]) -> float:
    return float(np.max(metres_between(*a, *b)))


@pytest.mark.parametrize("pair", TO_GCJ02)
def test_gcj02_is_the_published_one(pair: tuple[float, float, float, float]) -> None:
    lon, lat, there_lon, there_lat = map(one, pair)
    assert apart(wgs84_to_gcj02(lon, lat), (there_lon, there_lat)) < 0.01
    assert apart(to_cgcs2000("GCJ02", there_lon, there_lat), (lon, lat)) < 0.01


@pytest.mark.parametrize("pair", TO_BD09)
def test_bd09_is_the_published_one(pair: tuple[float, float, float, float]) -> None:
    lon, lat, there_lon, there_lat = map(one, pair)
    assert apart(gcj02_to_bd09(lon, lat), (there_lon, there_lat)) < 0.01
    assert apart(bd09_to_gcj02(there_lon, there_lat), (lon, lat)) < 0.01


def test_inverse_is_the_inverse_of_forward_to_a_millimetre_all_over_china() -> None:
    rng = np.random.default_rng(20260301)
    at = rng.uniform(73, 136, 200_000), rng.uniform(3, 54, 200_000)
    assert apart(gcj02_to_wgs84(*wgs84_to_gcj02(*at)), at) < 0.001
    assert apart(bd09_to_gcj02(*gcj02_to_bd09(*at)), at) < 0.001
    assert apart(to_cgcs2000("BD09", *gcj02_to_bd09(*wgs84_to_gcj02(*at))), at) < 0.001


def _along_the_edges(width: float, *, inside: bool) -> tuple[Floats, Floats]:
    """Points within `width` of the box of China: on its inner side only, or on both."""
    rng = np.random.default_rng(7)
    west, south, east, north = datum._CHINA
    count = 5_000
    least = 1e-9 if inside else -width
    step = [rng.uniform(least, width, count) for _ in range(4)]
    along_lon, along_lat = rng.uniform(west, east, 2 * count), rng.uniform(south, north, 2 * count)
    lon = np.concatenate([west + step[0], east - step[1], along_lon])
    lat = np.concatenate([along_lat, south + step[2], north - step[3]])
    return lon, lat


def test_the_offset_ends_at_the_edge_and_the_inverse_knows_it() -> None:
    at = _along_the_edges(0.02, inside=True)
    assert apart(gcj02_to_wgs84(*wgs84_to_gcj02(*at)), at) < 0.001


def test_near_the_edge_the_inverse_is_a_point_whose_forward_is_given_or_the_point_itself() -> None:
    # The offset switches off at the edge, so some points come from nowhere; steps that ask anew each time
    # whether they are inside would jump to and fro between two answers.
    lon, lat = _along_the_edges(0.05, inside=False)
    back = gcj02_to_wgs84(lon, lat)
    again = wgs84_to_gcj02(*back)
    far = metres_between(lon, lat, *again) > 0.001
    assert np.all(back[0][far] == lon[far])
    assert np.all(back[1][far] == lat[far])
    assert far.sum() < 0.02 * len(lon)


@pytest.mark.parametrize(
    ("lon", "lat"), [(2.35, 48.85), (-74.0, 40.7), (139.7, 35.7), (0.0, 0.0), (115.8, -29.7), (115.8, 90.0)]
)
def test_outside_china_nothing_is_moved(lon: float, lat: float) -> None:
    for move in (wgs84_to_gcj02, gcj02_to_wgs84):
        x, y = move(one(lon), one(lat))
        assert (float(x[0]), float(y[0])) == (lon, lat)


def test_not_a_number_stays_one() -> None:
    for crs in ("GCJ02", "BD09", "EPSG:4490"):
        lon, lat = to_cgcs2000(crs, one(float("nan")), one(29.7))
        assert not np.isfinite(lon[0])
        del lat


def test_every_zone_is_the_epsg_databases() -> None:
    projected = [d for d in DATUMS.values() if d.kind == "projected"]
    assert len(projected) == 2 * 21 + 2 * 11
    for system in projected:
        assert system.meridian is not None
        forward = Transformer.from_crs("EPSG:4490", system.crs, always_xy=True)
        east, north = forward.transform(system.meridian, 30.0)
        # On its own central meridian an easting is 500 km, with the zone's number before it where it has one.
        assert east == pytest.approx((system.zone or 0) * 1e6 + 500_000, abs=0.001), system
        lon, lat = to_cgcs2000(system.crs, one(east), one(north))
        assert (float(lon[0]), float(lat[0])) == pytest.approx((system.meridian, 30.0), abs=1e-9)


def test_a_worked_example() -> None:
    # 120.05, 32.17 lies in the 3-degree zone 40 of central meridian 120.
    for crs, east in (("EPSG:4549", 504_715.92), ("EPSG:4528", 40_504_715.92)):
        lon, lat = to_cgcs2000(crs, one(east), one(3_560_704.54))
        assert apart((lon, lat), (one(120.05), one(32.17))) < 0.01
    assert ZONES[40] == "EPSG:4528"
    assert ZONES[20] == "EPSG:4498"  # six degrees: 20 × 6 − 3 = 117
    assert without_zone(120) == "EPSG:4549"
    assert without_zone(118) is None


def test_taking_one_datum_for_another_is_hundreds_of_metres() -> None:
    at = one(120.05), one(32.17)
    gcj = wgs84_to_gcj02(*at)
    assert metres_between(*at, *gcj)[0] == pytest.approx(513, abs=1)
    assert metres_between(*at, *gcj02_to_bd09(*gcj))[0] == pytest.approx(1167, abs=1)
