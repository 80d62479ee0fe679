"""滚动排查 at size: of a kind that is not an object's own nothing is worked out, and a file reads the list once."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from riskmap.access.reader import Reader
from riskmap.base.jobs import Worker
from riskmap.base.settings import Settings
from riskmap.lists import rolling
from riskmap.lists.model import Ask
from riskmap.reports import products, run, service
from riskmap.reports.wire import NewSet
from riskmap.selection.model import Selection

COMMAND = Reader("account", "大小", role="administrator", tier=2)


def test_items_of_other_classes_are_cut_off_before_they_are_worked_out(snapshot_of: Callable[..., Any]) -> None:
    with snapshot_of(COMMAND) as snapshot:
        ask = Ask(snapshot, Selection(), {"since": None})
        sql = f"EXPLAIN SELECT count(*) FROM ({rolling.LIST.rows(ask)}) AS r"
        plan = "\n".join(snapshot.connection.execute(text(sql), ask.binds.values).scalars())
    assert "Values Scan" not in plan
    assert plan.count("One-Time Filter") == len(rolling.kinds(snapshot.catalogue))


def test_a_file_reads_the_list_once_for_all_its_sheets(
    engine: Engine, settings: Settings, snapshot_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    only = tuple(one for one in products.products() if one.name == "rolling")
    monkeypatch.setattr(run, "products", lambda: only)
    with snapshot_of(COMMAND, write=True) as snapshot:
        report_id = service.order(snapshot, NewSet(title="城市"), None)
    asked: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "standing" in statement:
            asked.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    try:
        Worker(engine, settings, {run.JOB: run.run}).work_off()
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    with snapshot_of(COMMAND) as snapshot:
        assert service.find(snapshot.connection, report_id)["status"] == "done"
    assert len(asked) == 2  # its figures, its rows
