"""What is typed as a position: three notations, either order, any datum."""

import pytest

from riskmap.exchange.coordinates import meanings, typed_position

BOUNDS = (113.9, 28.7, 116.9, 30.1)


@pytest.mark.parametrize(
    ("text", "notation"),
    [
        ("116.00139, 29.70000", "degrees"),
        ("29.70000，116.00139", "degrees"),
        ("(116.00139 29.70000)", "degrees"),
        ("POINT(116.00139 29.70000)", "degrees"),
        ("E116.00139 N29.70000", "degrees"),
        ("29.70000N116.00139E", "degrees"),
        ("经度：116.00139 纬度：29.70000", "degrees"),
        ("lng=116.00139&lat=29.7".replace("&", ","), "degrees"),
        ("116°00′05″E 29°42′00″N", "dms"),
        ("北纬29度42分00秒 东经116度0分5秒", "dms"),
        ("N29°42′00″E116°00′05″", "dms"),
        ("116 00 05, 29 42 00", "dms"),
        ("116:00:05 29:42:00", "dms"),
        ("１１６．００１３９，２９．７００００", "degrees"),
    ],
)
def test_degrees_in_the_usual_notations_are_one_place(text: str, notation: str) -> None:
    typed = typed_position(text)
    assert typed is not None
    assert typed.notation == notation
    assert float(typed.x) == pytest.approx(116.00139, abs=1e-5)
    assert float(typed.y) == pytest.approx(29.7, abs=1e-5)


@pytest.mark.parametrize(
    "text",
    ["39403389.5, 3287039.2", "X=3287039.2 Y=39403389.5", "3287039.2 403389.5", "纵坐标：3287039.2 横坐标：403389.5"],
)
def test_projected_metres_with_and_without_zone(text: str) -> None:
    typed = typed_position(text)
    assert typed is not None
    assert typed.notation == "projected"
    [meant] = [m for m in meanings(typed, BOUNDS) if "117" in m.title]
    assert meant.lon == pytest.approx(116.0, abs=0.05)
    assert meant.lat == pytest.approx(29.7, abs=0.05)


def test_metres_without_a_zone_may_be_in_any_zone_that_puts_them_inside() -> None:
    typed = typed_position("3287039.2 403389.5")
    assert typed is not None
    titles = [m.title for m in meanings(typed, BOUNDS)]
    assert len(titles) == len(set(titles))
    assert all("不带带号" in t for t in titles)
    [far] = meanings(typed, (100.0, 28.7, 100.5, 30.1))
    assert abs(far.lon - 100.25) < 3  # none puts it there: the nearest is shown, to be said to lie outside


def test_bare_degrees_are_offered_in_every_datum_the_national_one_first() -> None:
    typed = typed_position("116.00139, 29.70000")
    assert typed is not None
    national, gcj, bd = meanings(typed, BOUNDS)
    assert (national.crs, national.shift_m) == ("EPSG:4490", 0.0)
    assert gcj.crs == "GCJ02"
    assert gcj.shift_m == pytest.approx(500, abs=250)
    assert bd.crs == "BD09"
    assert bd.shift_m == pytest.approx(1000, abs=600)


@pytest.mark.parametrize(
    "text",
    [
        "例湖小学",
        "滨江路88号",
        "91360402MA0000000X",
        "116",
        "116, 29",
        "3, 5",
        "2026-03-01",
        "1.5 2.5",
        "0792-8123456",
        "116.5°",
        "",
    ],
)
def test_what_is_no_position_is_none(text: str) -> None:
    assert typed_position(text) is None


def test_a_place_abroad_is_a_position_too() -> None:
    typed = typed_position("12.4964, 41.9028")
    assert typed is not None
    assert float(typed.y) == 41.9028
