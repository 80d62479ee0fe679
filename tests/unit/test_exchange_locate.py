"""From numbers to places, and why a row waits: the bounds of each reason from both sides."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from riskmap.exchange import locate as place
from riskmap.exchange.datum import DATUMS, gcj02_to_bd09, metres_between, wgs84_to_gcj02
from riskmap.exchange.locate import WHY_WORDS, Territory, candidates, geometry_of, kind_of, locate, orientation, suggest

CHINA = (73.0, 3.0, 136.0, 54.0)
# A city of two counties side by side, and a town in the western one.
CITY = Territory(
    [
        ("360400", "3604", shapely.box(114, 29, 117, 30)),
        ("360402", "360402", shapely.box(114, 29, 115.5, 30)),
        ("360403", "360403", shapely.box(115.5, 29, 117, 30)),
        ("360402100", "360402100", shapely.box(114, 29, 114.5, 29.5)),
    ],
    CHINA,
)
Pair = tuple[Decimal | None, Decimal | None]


def pairs(*given: tuple[object, object]) -> list[Pair]:
    return [tuple(None if n is None else Decimal(str(n)) for n in p) for p in given]  # type: ignore[misc]


def why(crs: str, *given: tuple[object, object], territory: Territory = CITY) -> list[str | None]:
    found = locate(pairs(*given), [None] * len(given), crs, territory)
    for reason, lon, lat in zip(found.why, found.lon, found.lat, strict=True):
        assert np.isfinite(lon) == np.isfinite(lat) == (reason is None)
        assert reason is None or reason in WHY_WORDS
    return found.why


def metres(crs: str, lon: float, lat: float) -> tuple[float, float]:
    east, north = Transformer.from_crs("EPSG:4490", crs, always_xy=True).transform(lon, lat)
    return round(east, 3), round(north, 3)


# -- Degrees ----------------------------------------------------------------------------


def test_a_place_in_the_territory_is_found_with_its_finest_division() -> None:
    found = locate(pairs(("114.25", "29.25"), ("115.75", "29.75"), ("115.25", "29.75")), [None] * 3, "EPSG:4490", CITY)
    assert found.why == [None] * 3
    assert found.divisions == ["360402100", "360403", "360402"]
    assert found.lon.tolist() == [114.25, 115.75, 115.25]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ((None, None), "blank"),
        (("115.75", None), "blank"),
        ((None, "29.75"), "blank"),
        ((0, 0), "zero"),
        (("0.000", "0.0"), "zero"),
        ((0, "29.75"), "outside"),
        (("29.75", "115.75"), "swapped"),
        (("29.7", "115.7"), "swapped"),
        (("116.407", "39.904"), "outside"),
        (("-115.75", "29.75"), "outside"),
        (("361", "29.75"), "not_a_position"),
        (("39438347.521", "3244555.664"), "not_a_position"),
        (("115.7", "29.7"), "vague"),
        (("115", "29"), "vague"),
        (("115.70", "29.700"), "vague"),
        (("115.71", "29.7"), None),
        (("115.7", "29.71"), None),
        (("200.5", "29.75"), "outside"),
        (("115.75", "95.55"), "outside"),
        (("117.00", "29.75"), None),
        (("117.0001", "29.75"), "outside"),
    ],
)
def test_why_degrees_wait(given: tuple[object, object], reason: str | None) -> None:
    assert why("EPSG:4490", given) == [reason]


def test_what_the_line_itself_says_stands_first() -> None:
    found = locate(pairs((None, None), ("115.75", "29.75")), ["not_a_position", "not_a_position"], "EPSG:4490", CITY)
    assert found.why == ["not_a_position"] * 2
    assert found.divisions[0] is None


def test_without_divisions_the_bounds_say_what_is_inside() -> None:
    bare = Territory([], (115.0, 29.0, 116.0, 30.0))
    assert not bare.has_divisions
    assert why("EPSG:4490", ("115.55", "29.55"), ("116.55", "29.55"), territory=bare) == [None, "outside"]


def test_nothing_to_locate_is_nothing() -> None:
    found = locate([], [], "EPSG:4490", CITY)
    assert (len(found.lon), found.why, found.divisions) == (0, [], [])


@pytest.mark.parametrize("crs", ["GCJ02", "BD09", "EPSG:4326"])
def test_offsets_are_taken_off(crs: str) -> None:
    true = np.array([115.75]), np.array([29.75])
    said = {"GCJ02": wgs84_to_gcj02(*true), "BD09": gcj02_to_bd09(*wgs84_to_gcj02(*true)), "EPSG:4326": true}[crs]
    found = locate(pairs((said[0][0], said[1][0])), [None], crs, CITY)
    assert metres_between(found.lon, found.lat, *true)[0] < 0.001


def test_a_point_that_the_offset_carries_over_the_border_is_inside_once_it_is_taken_off() -> None:
    inside = np.array([116.9999]), np.array([29.75])
    lon, lat = wgs84_to_gcj02(*inside)
    assert lon[0] > 117
    assert why("GCJ02", (lon[0], lat[0])) == [None]
    assert why("EPSG:4490", (lon[0], lat[0])) == ["outside"]


# -- Metres -----------------------------------------------------------------------------


def test_zones_with_and_without_their_number() -> None:
    for crs in ("EPSG:4527", "EPSG:4548", "EPSG:4498", "EPSG:4509", "EPSG:4526", "EPSG:4547"):
        if DATUMS[crs].meridian not in {114, 117}:
            continue
        found = locate(pairs(metres(crs, 115.6, 29.6)), [None], crs, CITY)
        assert found.why == [None], crs
        assert metres_between(found.lon, found.lat, np.array([115.6]), np.array([29.6]))[0] < 0.002


def test_an_easting_with_another_zones_number_is_of_that_zone() -> None:
    in_38 = metres("EPSG:4526", 115.4, 29.6)  # zone 38, where the file says 39
    six = metres("EPSG:4498", 115.4, 29.6)  # six degrees, zone 20
    found = locate(pairs(in_38, six, in_38), [None] * 3, "EPSG:4527", CITY)
    assert found.why == [None] * 3
    assert metres_between(found.lon, found.lat, np.full(3, 115.4), np.full(3, 29.6)).max() < 0.002
    bare = locate(pairs(in_38), [None], "EPSG:4548", CITY)  # and where it says none
    assert bare.why == [None]


@pytest.mark.parametrize(
    ("crs", "given", "reason"),
    [
        ("EPSG:4527", (39_364_473.912, 3_275_862.5), None),
        ("EPSG:4527", (3_275_862.5, 39_364_473.912), "swapped"),
        ("EPSG:4527", (364_473.912, 3_275_862.5), "no_zone"),
        ("EPSG:4527", (115.6, 29.6), "not_a_position"),
        ("EPSG:4527", (50_364_473.912, 3_275_862.5), "outside"),
        ("EPSG:4527", (39_364_473.912, 4_275_862.5), "outside"),
        ("EPSG:4527", (39_364_000, 3_275_000), "vague"),
        ("EPSG:4527", (39_364_001, 3_275_000), None),
        ("EPSG:4527", (0, 0), "zero"),
        ("EPSG:4548", (364_473.912, 3_275_862.5), None),
        ("EPSG:4548", (3_275_862.5, 364_473.912), "swapped"),
        ("EPSG:4548", (99_999, 3_275_862.5), "outside"),
        ("EPSG:4548", (Decimal("1e30"), 3_275_862.5), "outside"),
    ],
)
def test_why_metres_wait(crs: str, given: tuple[object, object], reason: str | None) -> None:
    assert why(crs, given) == [reason]


# -- Kind, order, candidates --------------------------------------------------------------


def test_surveyors_x_is_the_northing() -> None:
    east, north = metres("EPSG:4527", 115.6, 29.6)
    assert orientation(pairs((north, east), (north, east), (east, north)))
    assert not orientation(pairs((east, north), (None, north), (0, 0)))
    assert orientation(pairs(("29.6", "115.6")))
    assert not orientation(pairs(("115.6", "29.6")))
    assert not orientation([])
    assert orientation(pairs((3_275_862.5, 364_473.9)))  # without the zone's number too


def test_the_kind_is_what_most_numbers_are() -> None:
    assert kind_of(pairs(("115.6", "29.6"), (39_364_473, 3_275_862), ("115.6", "29.7"))) == "degrees"
    assert kind_of(pairs((39_364_473, 3_275_862), (364_473, 3_275_862), ("115.6", "29.6"))) == "projected"
    assert kind_of(pairs((0, 0), (None, "29.6"))) == "none"
    assert kind_of(pairs((360, 90))) == "degrees"
    assert kind_of(pairs(("360.1", 90))) == "projected"


def test_degrees_may_be_in_four_systems_and_each_says_how_far_it_moves() -> None:
    kind, found = candidates(pairs(("115.75", "29.75"), ("115.25", "29.25"), (0, 0), (None, "29")), CITY)
    assert kind == "degrees"
    assert [c.crs for c in found] == ["EPSG:4490", "EPSG:4326", "GCJ02", "BD09"]
    assert [(c.inside, c.of) for c in found] == [(2, 2)] * 4
    shifts = [c.shift_m or 0 for c in found]
    assert shifts[:2] == [0, 0]
    assert 300 < shifts[2] < 800
    assert 800 < shifts[3] < 1600


def test_metres_without_a_zone_are_told_by_the_territory() -> None:
    given = [metres("EPSG:4548", lon, 29.6) for lon in (114.2, 115.6, 116.9)]
    kind, found = candidates(pairs(*given), CITY)
    assert kind == "projected"
    # Central meridian 117 in three degrees stands before the same in six: the numbers are the same.
    assert [(c.crs, c.inside) for c in found[:2]] == [("EPSG:4548", 3), ("EPSG:4509", 3)]
    assert found[2].inside < 3


def test_metres_with_a_zone_say_it_themselves() -> None:
    given = [metres("EPSG:4527", lon, 29.6) for lon in (115.6, 116.9)] + [metres("EPSG:4526", 114.2, 29.6)]
    kind, found = candidates(pairs(*given), CITY)
    assert kind == "projected"
    assert found[0].crs == "EPSG:4527"
    # The third is of zone 38 by its own number.
    assert [(c.crs, c.inside, c.of) for c in found] == [("EPSG:4527", 2, 2), ("EPSG:4526", 1, 1)]


def test_no_numbers_have_no_candidates() -> None:
    assert candidates(pairs((None, None), (0, 0)), CITY) == ("none", [])


# -- Shapes and suggestions ------------------------------------------------------------------


def test_a_shape_is_moved_vertex_by_vertex() -> None:
    ring = [(115.2, 29.2), (115.3, 29.2), (115.3, 29.3), (115.2, 29.2)]
    east = [metres("EPSG:4527", *at) for at in ring]
    moved = geometry_of(shapely.Polygon(east), "EPSG:4527")
    got = shapely.get_coordinates(moved)
    assert np.max(metres_between(got[:, 0], got[:, 1], *np.array(ring).T)) < 0.002


def test_a_waiting_row_is_told_what_would_mend_it() -> None:
    swapped = suggest({"x": "29.75", "y": "115.75", "crs": "EPSG:4490", "why": "swapped"}, CITY)
    assert swapped is not None
    assert swapped[:2] == (115.75, 29.75)
    assert swapped[2:] == ("对调", "360403")
    east, north = metres("EPSG:4548", 115.6, 29.6)
    zoned = suggest({"x": str(east), "y": str(north), "crs": "EPSG:4527", "why": "no_zone"}, CITY)
    assert zoned is not None
    assert zoned[:2] == pytest.approx((115.6, 29.6), abs=1e-7)
    assert "39" in zoned[2]


@pytest.mark.parametrize(
    "original",
    [
        {},
        {"x": "29.75", "y": "115.75", "crs": "EPSG:3857", "why": "swapped"},
        {"x": "五十", "y": "115.75", "crs": "EPSG:4490", "why": "swapped"},
        {"x": None, "y": "115.75", "crs": "EPSG:4490", "why": "swapped"},
        {"x": "29.75", "y": "115.75", "crs": "EPSG:4490", "why": "outside"},
        {"x": "39.75", "y": "115.75", "crs": "EPSG:4490", "why": "swapped"},
        {"x": "1e400", "y": "1e400", "crs": "EPSG:4490", "why": "swapped"},
    ],
)
def test_nothing_is_suggested_where_nothing_is_sure(original: dict[str, object]) -> None:
    assert suggest(original, CITY) is None


numbers = st.one_of(
    st.none(),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6),
    st.sampled_from(
        [Decimal(0), Decimal("115.75"), Decimal("29.75"), Decimal("39364473.912"), Decimal("1e300"), Decimal("-0")]
    ),
)


@given(st.lists(st.tuples(numbers, numbers), max_size=8), st.sampled_from(sorted(DATUMS)))
def test_any_numbers_are_a_place_inside_or_a_reason(given: Sequence[Pair], crs: str) -> None:
    found = locate(given, [None] * len(given), crs, CITY)
    for lon, lat, reason, division in zip(found.lon, found.lat, found.why, found.divisions, strict=True):
        assert (reason is None) == bool(np.isfinite(lon) and np.isfinite(lat)) == (division is not None)
        if reason is None:
            assert 114 <= lon <= 117
            assert 29 <= lat <= 30
    candidates(given, CITY)
    orientation(given)
    place.kind_of(given)
