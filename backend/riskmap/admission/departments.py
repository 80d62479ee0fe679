"""Which departments there are: a case is handed out to one of them."""

from riskmap.access.reader import SYSTEM
from riskmap.admission import queries
from riskmap.admission.rules import Rules
from riskmap.base import database
from riskmap.store.snapshot import Snapshot

DEFAULT = "应急管理局"
_TOLD = 12


def told(snapshot: Snapshot, rules: Rules) -> list[str]:
    """Those of classes, of what trades are tagged with, and of accounts."""
    names = {DEFAULT, *queries.account_departments(snapshot.connection)}
    names |= {class_.department for class_ in snapshot.catalogue.classes.values()}
    names |= {tag.department for tag in rules.tags.values()}
    return sorted(names - {""})


def why_not(snapshot: Snapshot, rules: Rules, department: str) -> str | None:
    """Why there is no such department, in words; None where there is one. Objects may name more: looked for singly."""
    names = told(snapshot, rules)
    if department in names:
        return None
    with database.under(snapshot.connection, SYSTEM.settings()):
        if queries.is_object_department(snapshot.connection, department):
            return None
    more = f"等 {len(names)} 个" if len(names) > _TOLD else ""
    return f"没有“{department}”这个部门，可派给：{'、'.join(names[:_TOLD])}{more}"
