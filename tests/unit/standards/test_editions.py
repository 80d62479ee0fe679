"""Numbers of two editions never meet in one grade, and a bureau's own number says how sure it is."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from riskmap.base.settings import GEODATA
from riskmap.standards import gb18218, gb36894, gb39496, gb50074, gbt37243, lyt1172, sl252
from riskmap.standards.result import Refused, Tag
from riskmap.standards.table import Book, Table, read

BOOK = read(GEODATA / "standards")
OLD = "GB 0-1999"
MAKERS: list[tuple[Callable[..., object], str]] = [
    (gb18218.Tables.of, "gb18218-2018-table3"),
    (gb36894.criteria, "gb36894-2018-individual-risk"),
    (gb36894.Targets.of, "gb36894-2018-targets"),
    (gb36894.Targets.of, "gb36894-2018-registered"),
    (gbt37243.Tables.of, "gbt37243-2019-kinds"),
    (gbt37243.Tables.of, "gbt37243-2019-sites"),
    (gb39496.Classes.of, "gb39496-2020-class"),
    (gb39496.Alarms.of, "gb39496-2020-alarm"),
    (gb50074.Tables.of, "gb50074-2014-grade"),
    (gbt37243.Tables.of, "gbt37243-2019-excluded"),
    (lyt1172.levels, "lyt1172-95-weather"),
    (sl252.sizes, "sl252-2017-reservoir"),
]


def changed(name: str, *lines: int, **cells: str) -> Book:
    rows = [dict(row.cells) for row in BOOK[name].rows]
    for line in lines or range(len(rows)):
        rows[line] |= cells
    return {**BOOK, name: Table.of(name, list(rows))}


@pytest.mark.parametrize(("make", "name"), MAKERS)
def test_a_table_or_one_row_of_another_edition_is_refused(make: Callable[..., object], name: str) -> None:
    make(BOOK)
    for book in (changed(name, edition=OLD), changed(name, 1, edition=OLD)):
        with pytest.raises(Refused) as refused:
            make(book)
        assert refused.value.faults[0].code == "other_edition"


@pytest.mark.parametrize(("make", "name"), MAKERS)
def test_an_edition_without_a_rule_is_refused_even_with_its_table(make: Callable[..., object], name: str) -> None:
    with pytest.raises(Refused, match=f"没有 {OLD} 的规则"):
        make(changed(name, edition=OLD), OLD)


@pytest.mark.parametrize(("make", "name"), MAKERS)
def test_a_missing_table_is_named(make: Callable[..., object], name: str) -> None:
    with pytest.raises(Refused, match=f"缺少标准表 {name}"):
        make({other: table for other, table in BOOK.items() if other != name})


def test_a_bureaus_own_number_takes_the_place_of_one_from_memory_and_carries_its_tag() -> None:
    book = changed("gb39496-2020-class", 0, 1, tag="verified")
    dam = (Decimal(800_000), Decimal(120))
    assert gb39496.tailings_class(*dam, gb39496.Classes.of(BOOK)).tag is Tag.RECALL
    assert gb39496.tailings_class(*dam, gb39496.Classes.of(book)).tag is Tag.VERIFIED
