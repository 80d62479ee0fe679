"""What the page offers to sort by is what the service sorts by."""

import re

from riskmap.base.settings import REPOSITORY
from riskmap.selection.compile import SORTS


def test_the_page_offers_the_sorts_of_the_service() -> None:
    page = (REPOSITORY / "frontend" / "src" / "selection" / "sorting.ts").read_text("utf-8")
    listed = re.search(r"const SORTS = new Set\(\[(.*?)\]\)", page, re.S)
    assert listed
    assert sorted(re.findall(r'"(\w+)"', listed[1])) == sorted(SORTS)
