"""An order, its reasons, its sheet and its expected time say one number of minutes."""

import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pypdfium2
from starlette.testclient import TestClient
from tests.api.dispatch import accept, get, incident, place, plan, team


def test_one_number_of_minutes_of_one_way(admin: TestClient, make_account: Callable[..., TestClient]) -> None:
    for name, dx in (("例近艇队", 103.2), ("例远艇队", 150)):
        team(admin, name, place(dx), boats=1)
    here = incident(admin, place(101.5), trapped=3, needs=["boat"])
    made = plan(admin, here)
    against = made["against"]
    [one] = made["assignments"]
    said = max(1, math.ceil(one["travel_s"] / 60))
    assert one["why"].split("；")[1].startswith(f"{said} 分钟到，最快")
    assert re.search(r"其次“例远艇队”\d+ 小时( \d+ 分)?$", one["why"].split("；")[2]), one["why"]
    assert against["before_s"] % 60 == against["after_s"] % 60 == 0
    [order] = accept(make_account("editor", may=["dispatch"]), made)["orders"]
    assert f"预计 {said} 分钟到" in order["what"]
    ordered, expected = (datetime.fromisoformat(order[k]) for k in ("ordered_at", "expected_at"))
    assert expected == ordered.replace(second=0, microsecond=0) + timedelta(minutes=said)
    assert not order["late"]
    late = get(admin, "orders", incident=here["id"], running=True)["items"][0]
    assert late["expected_at"] == order["expected_at"]
    answer = admin.get("/api/rescue/orders.pdf", params={"order": order["id"]})
    with pypdfium2.PdfDocument(answer.content) as document:
        sheet = re.sub(r"\s+", "", document[0].get_textpage().get_text_bounded())
    local = expected + timedelta(hours=8) if expected.utcoffset() == timedelta(0) else expected
    for words in (f"预计{said}分钟到", f"{local:%H:%M}"):
        assert words in sheet, (words, sheet)
