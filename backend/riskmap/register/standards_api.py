"""Tables of standards that a form chooses from. They are published: everybody may read them."""

from typing import Any

from fastapi import APIRouter

from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.catalogue.rulesets import shipped_book
from riskmap.standards import gb18218

router = APIRouter(
    prefix="/api/standards", route_class=ExactRoute, default_response_class=ExactResponse, tags=["register"]
)

# Columns as they stand in the tables; numbers are texts, exact as printed.
_COLUMNS = {
    1: ("no", "name", "alias", "cas", "q_t"),
    2: ("symbol", "group", "category", "description", "q_t"),
    3: ("gas", "cas", "beta", "row", "part"),
    4: ("symbol", "category", "beta"),
}


@router.get("/gb18218")
def get_gb18218() -> Any:
    """Tables 1 to 4 of GB 18218-2018: named substances, categories, gases and the βs of the categories."""
    book = shipped_book()
    tables = {
        f"table{n}": [{column: row.text(column) for column in columns} for row in book[f"gb18218-2018-table{n}"].rows]
        for n, columns in _COLUMNS.items()
    }
    return {"edition": gb18218.EDITION, **tables}
