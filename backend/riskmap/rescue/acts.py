"""Lists of acts (响应行动清单) by kind and level: the shipped one, or the bureau's own in its place, in versions."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import yaml
from sqlalchemy import Connection, text

from riskmap.base.audit import dump_json
from riskmap.base.errors import Conflict
from riskmap.base.settings import GEODATA
from riskmap.rescue import log
from riskmap.store.snapshot import Snapshot

LEVELS = {1: "Ⅰ级", 2: "Ⅱ级", 3: "Ⅲ级", 4: "Ⅳ级"}  # Ⅰ级 is the gravest
_FIELDS = ("act", "department", "post", "minutes")


@cache
def _shipped() -> Mapping[str, Any]:
    found: dict[str, Any] = yaml.safe_load((GEODATA / "rescue" / "acts.yaml").read_text(encoding="utf-8"))
    return found


def mark() -> str:
    """What is said of the shipped lists wherever they are shown. [judgement]"""
    return str(_shipped()["mark"])


def shipped(kind: str, level: int) -> list[dict[str, Any]]:
    """The list that comes with the product; empty for kinds that it has none for."""
    return [
        {"act": a["act"], "department": a["department"], "post": a["post"], "minutes": a["minutes"][level]}
        for a in _shipped().get(kind, ())
        if level in a["minutes"]
    ]


def in_use(connection: Connection, kind: str, level: int) -> dict[str, Any]:
    """The bureau's own list, else the shipped one; with its version (0: nobody changed it ever)."""
    row = connection.execute(
        text(
            "SELECT version, at, by, acts FROM rescue_act_template WHERE kind = :kind AND level = :level"
            " ORDER BY version DESC LIMIT 1"
        ),
        {"kind": kind, "level": level},
    ).one_or_none()
    own = row is not None and row.acts is not None
    return {
        "kind": kind, "level": level, "level_title": LEVELS[level], "own": own,
        "version": row.version if row else 0, "changed_at": row.at if row else None,
        "changed_by": row.by if row else None,
        "note": None if own else mark(), "acts": row.acts if own and row else shipped(kind, level),
    }  # fmt: skip


def keep(
    snapshot: Snapshot, kind: str, level: int, acts: Sequence[Mapping[str, Any]] | None, version: int
) -> dict[str, Any]:
    """Put a bureau's own list in force (None: the shipped one again). Raises Conflict where another was first."""
    connection, by = snapshot.connection, snapshot.reader.name
    now = in_use(connection, kind, level)
    done = None
    if now["version"] == version:
        done = connection.execute(
            text(
                "INSERT INTO rescue_act_template (kind, level, version, by, acts)"
                " VALUES (:kind, :level, :version, :by, CAST(:acts AS jsonb)) ON CONFLICT DO NOTHING"
            ),
            {
                "kind": kind, "level": level, "version": version + 1, "by": by,
                "acts": None if acts is None else dump_json([{f: a.get(f) for f in _FIELDS} for a in acts]),
            },
        )  # fmt: skip
    if done is None or done.rowcount == 0:
        first = in_use(connection, kind, level)
        raise Conflict(
            f"这张清单刚由 {first['changed_by']} 改过，您的修改没有保存。请看过现在的再改。", code="stale", now=first
        )
    what = "还原为随产品的" if acts is None else f"改为本局的，{len(acts)} 条"
    log.note(
        connection, by=by, kind="设置", what=f"{kind}{LEVELS[level]}响应行动清单{what}",
        ref={"kind": "act_template", "id": f"{kind}{level}"},
    )  # fmt: skip
    return in_use(connection, kind, level)
