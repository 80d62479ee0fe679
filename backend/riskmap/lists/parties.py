"""Who answers for an object, as SQL beside its rows: posts and persons that hold on the day."""

from riskmap.lists.model import Ask

TOWN, DEPARTMENT = "属地挂钩", "部门挂钩"
HEAD, TECHNICAL, OPERATION, PATROL = "主要负责人", "技术负责人", "操作负责人", "巡查"
RESPONSIBLE = (HEAD, TECHNICAL, OPERATION)
# Column → role.
ROLES = {
    "head": HEAD,
    "technical": TECHNICAL,
    "operation": OPERATION,
    "town_hook": TOWN,
    "department_hook": DEPARTMENT,
    "patrol": PATROL,
}


def in_force(ask: Ask) -> str:
    """The condition that a row of object_party (alias p) holds and says somebody.

    Persons have no day of their own: on a past day they are those that the last state of that day knew.
    """
    binds, moment = ask.binds, ask.snapshot.moment
    n, day = binds(moment.n), binds(moment.day)
    known = f"CAST({n} AS bigint)"
    if moment.day < ask.snapshot.state.day:
        known = f"coalesce((SELECT max(n) FROM state_log WHERE n <= {n} AND day <= {day}), 0)"
    return (
        f"p.known @> {known} AND (p.name <> '' OR p.post <> '')"
        f" AND (p.since IS NULL OR p.since <= {day}) AND (p.until IS NULL OR p.until > {day})"
    )


def said(ask: Ask, of: str) -> str:
    """SELECT of one row: posts and persons by role, of the object that the SQL `of` gives, and the head's telephone."""
    roles = ", ".join(
        "string_agg(concat_ws(' ', nullif(p.post, ''), nullif(p.name, '')), '、' ORDER BY p.party_id)"
        f" FILTER (WHERE p.role = '{role}') AS {name}"
        for name, role in ROLES.items()
    )
    phone = f"string_agg(nullif(p.phone, ''), '、' ORDER BY p.party_id) FILTER (WHERE p.role = '{HEAD}') AS phone"
    return f"SELECT {roles}, {phone} FROM object_party AS p WHERE p.object_id = {of} AND {in_force(ask)}"
