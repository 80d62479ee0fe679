"""Rights as a value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskmap.access.reader import PUBLIC, SYSTEM, Reader, canonical_division, territory


def account(tier: int = 1, role: str = "reader", **limits: tuple[str, ...]) -> Reader:
    return Reader("account", "somebody", role=role, tier=tier, **limits)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("360000", "36"),
        ("360400", "3604"),
        ("360430", "360430"),  # the last segment is not all zero
        ("360402001000", "360402001"),
        ("360402000000", "360402"),
        ("360402001203", "360402001203"),
        ("36", "36"),
        ("3604", "3604"),
        ("", ""),
        ("000000", ""),
    ],
)
def test_a_division_code_stands_for_its_territory(code: str, expected: str) -> None:
    assert territory(code) == expected


@given(st.integers(min_value=0, max_value=10**12 - 1), st.sampled_from([2, 4, 6, 9, 12]))
def test_a_territory_begins_every_code_under_it_and_stays_as_it_is(number: int, digits: int) -> None:
    code = f"{number:012d}"[:digits]
    assert code.startswith(territory(code))
    assert set(code.removeprefix(territory(code))) <= {"0"}
    assert territory(territory(code)) == territory(code)


@pytest.mark.parametrize(
    ("code", "expected"),
    [("36", "360000"), ("360402000000", "360402"), ("360402001000", "360402001"), ("", "")],
)
def test_a_division_is_stored_in_one_way_only(code: str, expected: str) -> None:
    assert canonical_division(code) == expected


def test_the_public_never_meets_the_inner_half() -> None:
    assert not PUBLIC.sees_inner
    assert not PUBLIC.inner(0, "360402", "教育局", "school")
    assert not account(tier=0).inner(0, "360402", "教育局", "school")


def test_an_empty_list_means_no_limit() -> None:
    assert account().inner(1, "360402", "教育局", "school")
    assert SYSTEM.inner(2, "360402", "教育局", "school")


@pytest.mark.parametrize(
    ("reader", "seen"),
    [
        (account(areas=("360402",)), True),
        (account(areas=("360400",)), True),  # the whole city
        (account(areas=("360403",)), False),
        (account(areas=("360403", "36")), True),
        (account(departments=("教育局",)), True),
        (account(departments=("水利局",)), False),
        (account(classes=("school", "hospital")), True),
        (account(classes=("hospital",)), False),
        (account(areas=("360402",), departments=("水利局",)), False),  # every limit holds
    ],
)
def test_each_limit_narrows(reader: Reader, seen: bool) -> None:
    assert reader.inner(1, "360402001", "教育局", "school") is seen


def test_a_tier_is_a_ceiling() -> None:
    assert not account(tier=1).inner(2, "360402", "教育局", "school")
    assert account(tier=2).inner(2, "360402", "教育局", "school")


def test_readers_who_see_the_same_share_a_fingerprint() -> None:
    one = account(areas=("360400", "360402"), classes=("school", "hospital"))
    other = Reader(
        "account",
        "another",
        role="editor",
        tier=1,
        areas=("360402", "3604", "360400"),
        classes=("hospital", "school", "school"),
    )
    assert one.fingerprint == other.fingerprint
    assert one.fingerprint.startswith("r_")


def test_readers_who_see_different_things_have_different_fingerprints() -> None:
    readers = [
        account(),
        account(tier=2),
        account(areas=("360402",)),
        account(departments=("360402",)),
        account(classes=("360402",)),
        account(areas=("360402", "360403")),
        PUBLIC,
    ]
    assert len({r.fingerprint for r in readers}) == len(readers)


def test_the_fingerprint_of_whoever_sees_only_the_public_form_is_the_publics() -> None:
    assert PUBLIC.fingerprint == account(tier=0, areas=("360402",)).fingerprint == "r_public"


def test_settings_quote_whatever_a_department_is_called() -> None:
    awkward = ('应急"局', "a,b", "c\\d", "{}", "NULL", "")
    assert account(departments=awkward).settings()["departments"] == ('{"应急\\"局","a,b","c\\\\d","{}","NULL",""}')


@pytest.mark.parametrize(
    ("role", "writes"), [("administrator", "on"), ("editor", "on"), ("reader", ""), ("auditor", "")]
)
def test_only_administrators_and_editors_write(role: str, writes: str) -> None:
    assert account(role=role).settings(write=True)["write"] == writes
    assert account(role=role).settings()["write"] == ""
    assert account(role=role).settings()["edits"] == writes  # the role itself, also while it reads


def test_the_public_writes_nothing_and_has_the_public_tier() -> None:
    assert PUBLIC.settings(write=True) == {
        "tier": "0",
        "areas": "{}",
        "departments": "{}",
        "classes": "{}",
        "write": "",
        "edits": "",
        "account": "",
    }
