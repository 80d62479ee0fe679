"""The shipped catalogue: YAML files → the database, origin `shipped`.

An upgrade adds and renews shipped items; what a bureau changed stays as it is, and is listed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection, text

from riskmap.base import audit, state
from riskmap.base.audit import dump_json
from riskmap.base.settings import GEODATA
from riskmap.catalogue.model import Class, Policy, Scale

CATALOGUE_DIR = GEODATA / "catalogue"


@dataclass(frozen=True, slots=True)
class Item:
    """One group, class, scale or policy."""

    kind: str
    code: str
    body: dict[str, Any]


def read_files(folder: Path = CATALOGUE_DIR) -> Iterator[Item]:
    """Every item of the shipped files; a file that does not parse is an error, never skipped."""
    for group in yaml.safe_load((folder / "groups.yaml").read_text(encoding="utf-8")):
        yield Item("group", group["code"], group)
    for kind, key in (("class", "class"), ("scale", "scale"), ("policy", "policy")):
        subfolder = folder / {"class": "classes", "scale": "scales", "policy": "policies"}[kind]
        for path in sorted(subfolder.glob("*.yaml")):
            body = yaml.safe_load(path.read_text(encoding="utf-8"))
            if body[key] != path.stem:
                raise ValueError(f"{path.name}：{key} 应与文件名一致")
            {"class": lambda b: Class.parse(1, b), "scale": Scale.parse, "policy": Policy.parse}[kind](body)
            yield Item(kind, body[key], body)


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a seeding did."""

    added: tuple[str, ...]
    renewed: tuple[str, ...]
    kept: tuple[str, ...]  # changed by the bureau and different from what is shipped now
    ruled: tuple[str, ...] = ()  # classes that were there before and have their rule only now


def put_item(connection: Connection, item: Item, origin: str, n: int) -> int:
    """Write one item's new version, known from state n on; the version's number."""
    connection.execute(
        text(
            "UPDATE catalogue_item SET known = int8range(lower(known), :n)"
            " WHERE kind = :kind AND code = :code AND upper_inf(known)"
        ),
        {"kind": item.kind, "code": item.code, "n": n},
    )
    version: int = connection.execute(
        text(
            "INSERT INTO catalogue_item (kind, code, version, body, origin, known)"
            " SELECT :kind, :code, 1 + coalesce(max(version), 0), CAST(:body AS json), :origin, int8range(:n, NULL)"
            " FROM catalogue_item WHERE kind = :kind AND code = :code RETURNING version"
        ),
        {"kind": item.kind, "code": item.code, "body": dump_json(item.body), "origin": origin, "n": n},
    ).scalar_one()
    return version


def seed(connection: Connection, folder: Path = CATALOGUE_DIR) -> Seeded:
    """Bring the shipped catalogue into the database; takes a state only where something changes."""
    present = {
        (row.kind, row.code): row
        for row in connection.execute(
            text("SELECT kind, code, origin, body FROM catalogue_item WHERE upper_inf(known)")
        )
    }
    added, renewed, kept, ruled = [], [], [], []
    todo: list[Item] = []
    for item in read_files(folder):
        row = present.get((item.kind, item.code))
        name = f"{item.kind}/{item.code}"
        if row is None:
            added.append(name)
            todo.append(item)
        elif not _same(_unadopted(item.kind, row.body), _unadopted(item.kind, item.body)):
            if row.origin == "shipped":
                renewed.append(name)
                if item.kind == "class" and item.body.get("rule") not in (None, row.body.get("rule")):
                    ruled.append(item.code)
                todo.append(item)
            else:
                kept.append(name)
    if todo:
        taken = state.take(connection, "system", "更新随产品提供的分类、标度与对应表", catalogue=True)
        for item in todo:
            put_item(connection, item, "shipped", taken.n)
        audit.record(
            connection,
            "system",
            "seed",
            "catalogue",
            state=taken.n,
            after={"added": added, "renewed": renewed, "kept": kept},
        )
    return Seeded(tuple(added), tuple(renewed), tuple(kept), tuple(ruled))


def _unadopted(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """A policy without the bureau's decision on it: to adopt a table is not to change it."""
    return {k: v for k, v in body.items() if k not in {"adopted", "reason"}} if kind == "policy" else body


def _same(stored: object, shipped: object) -> bool:
    """1 and 1.0 or a key's order make no difference; the order of fields and of headers does: templates follow it."""
    return bool(_comparable(stored) == _comparable(shipped))


def _comparable(value: Any, ordered: bool = False) -> Any:
    if isinstance(value, dict):
        pairs = [(k, _comparable(v, k in {"fields", "import_columns"})) for k, v in value.items()]
        return pairs if ordered else dict(pairs)
    if isinstance(value, list):
        return [_comparable(v) for v in value]
    return Decimal(str(value)) if isinstance(value, float) else value


def adopt_policy(connection: Connection, code: str, actor: str) -> int:
    """The bureau adopts a policy: from this state on it gives the risk grade of newly graded objects."""
    row = connection.execute(
        text("SELECT body FROM catalogue_item WHERE kind = 'policy' AND code = :code AND upper_inf(known)"),
        {"code": code},
    ).one()
    taken = state.take(connection, actor, f"采用对应表 {code}", catalogue=True)
    put_item(connection, Item("policy", code, {**row.body, "adopted": True}), "bureau", taken.n)
    audit.record(connection, actor, "adopt", "policy", code, state=taken.n)
    return taken.n
