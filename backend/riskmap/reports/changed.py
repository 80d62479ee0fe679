"""What has changed since the issue before: which 较大以上 came, went, were raised or lowered; the totals of both."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text

from riskmap.catalogue.model import GRADE_RANK
from riskmap.reports.figures import Figures
from riskmap.selection.compile import compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

MOVES = ("came", "went", "raised", "lowered")


def changes(snapshot: Snapshot, before: Mapping[str, Any], now: Figures) -> dict[str, Any]:
    """Against a set that was issued. Named as this set's reader may see them; who left, by the old state."""
    old = {int(i): grade for i, grade in before["objects"]}
    new = dict(now.objects)
    came = [i for i in new if i not in old]
    went = [i for i in old if i not in new]
    moved = [i for i in new if i in old and new[i] != old[i]]
    names = _named(snapshot, [*came, *moved])
    earlier = snapshot.as_of_day(before["state"], before["day"])
    names |= {i: name for i, name in _named(earlier, went).items()}

    def row(i: int) -> dict[str, Any]:
        return {"id": i, "name": names.get(i), "before": old.get(i), "after": new.get(i)}

    raised = {i for i in moved if GRADE_RANK[new[i]] < GRADE_RANK[old[i]]}
    return {
        "previous": {name: before[name] for name in ("report_id", "number", "version", "state", "day")},
        "totals": {"before": before["figures"]["totals"], "after": now.body["totals"]},
        "came": [row(i) for i in sorted(came)],
        "went": [row(i) for i in sorted(went)],
        "raised": [row(i) for i in moved if i in raised],
        "lowered": [row(i) for i in moved if i not in raised],
    }


def _named(snapshot: Snapshot, ids: Sequence[int]) -> dict[int, str]:
    if not ids:
        return {}
    compiled = compile_selection(Selection(), snapshot, any_life=True, only_ids=sorted(ids))
    found = snapshot.connection.execute(text(compiled.rows("id, name")), compiled.binds.values)
    return {row.id: row.name for row in found}
