"""SQL of the register's pages: one object, a list, a history."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import simplejson
from sqlalchemy import Connection, Row, text

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.base.errors import FieldError, Invalid
from riskmap.catalogue.model import VISIBILITIES
from riskmap.selection.compile import LETTERS, PINYIN, SORTS, Compiled, attribute, compile_selection, field_of
from riskmap.selection.model import Selection
from riskmap.store.models import COLUMNS
from riskmap.store.snapshot import Snapshot

_ITEM = (
    "id, state, updated_at, valid_from, valid_to, ended_reason, class, code, name, parent, enterprise, division,"
    " stage, grade, level_scale, level_value, level_rank, level_outside, level_verdict, grading, position_quality,"
    " source, verified, visibility, department, tags, attributes, geom, form"
)

_MOST_ANCESTORS = 8


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort key: a common column, or a declared field. Ties go by id."""

    name: str
    descending: bool
    nullable: bool
    is_field: bool = False


@dataclass(frozen=True, slots=True)
class After:
    """Where a page ended: the last row's key (None for null) and id."""

    key: Any
    id: int


_NULLABLE = {"code", "level", "source", "position"}


def parse_sort(given: str | None, snapshot: Snapshot, selection: Selection) -> Sort:
    """A sort from its parameter; the default is worst grade first. Raises Invalid for an unknown one."""
    name = (given or "-grade").strip()
    descending = name.startswith("-")
    name = name.removeprefix("-")
    if name in SORTS:
        # Worse is more: -grade puts 重大 first, and 重大 has rank 1.
        return Sort(name, not descending if name in {"grade", "level"} else descending, name in _NULLABLE)
    name = name.removeprefix("attributes.")  # so that a field may be called like a common column
    if field_of(name, snapshot, selection.classes):
        return Sort(name, descending, True, True)
    legal = "、".join(SORTS)
    raise Invalid(
        "不能按这一项排序",
        errors=[FieldError("sort", "unknown_value", f"没有可排序的“{name[:60]}”。可用：{legal}，及所选分类的字段")],
    )


def _key_sql(sort: Sort, compiled: Compiled, snapshot: Snapshot, selection: Selection, inner: bool) -> str:
    if not sort.is_field:
        if sort.name == "class":
            titles = {c.code: c.title for c in snapshot.catalogue.classes.values()}
            codes, words = compiled.binds(list(titles)), compiled.binds(list(titles.values()))
            place = f"array_position(CAST({codes} AS text[]), {{class}})"
            return f"coalesce((CAST({words} AS text[]))[{place}], {{class}}) {PINYIN}"
        return SORTS[sort.name]
    readable = field_of(sort.name, snapshot, selection.classes)
    kind = next(iter(readable.values())).type
    visibilities = {code: f.visibility for code, f in readable.items()}
    sql = attribute(sort.name, visibilities, kind, inner, snapshot.reader.tier, compiled.binds)
    if kind in {"integer", "decimal", "boolean"}:
        return sql
    return f"{sql} {PINYIN if kind == 'text' else LETTERS}"


def page(snapshot: Snapshot, selection: Selection, sort: Sort, limit: int, after: After | None) -> list[dict[str, Any]]:
    """Up to `limit` rows after a place, in order; `key` is the sort key."""
    compiled = compile_selection(selection, snapshot)
    binds = compiled.binds
    direction = "DESC" if sort.descending else "ASC"
    count = binds(limit)
    arms = []
    for form in compiled.forms:
        key = _key_sql(sort, compiled, snapshot, selection, form.name == "full")
        extra = ""
        if after is not None:
            sign = "<" if sort.descending else ">"
            last = binds(after.id)
            if after.key is None:
                extra = f"{key} IS NULL AND {{id}} > {last}"
            else:
                value = _typed(binds(after.key), after.key, PINYIN if key.endswith(PINYIN) else LETTERS)
                # An index on the key begins where its bound says, before what the rest leaves out.
                more = f"{key} {sign}= {value} AND ({key} {sign} {value} OR {{id}} > {last})"
                # Ascending by grade or name, then id, is the index's own order: say it as the index has it.
                if sort.name in {"grade", "name"} and not sort.is_field and not sort.descending:
                    more = f"({key}, {{id}}) > ({value}, {last})"
                extra = f"({key} IS NULL OR {more})" if sort.nullable else more
        order = f"{key} {direction} NULLS LAST, {{id}}" if sort.nullable else f"{key} {direction}, {{id}}"
        columns = {name.strip(): "{" + name.strip() + "}" for name in _ITEM.split(",")}
        columns |= {"key": key, "anchor": "{anchor}"}
        arms.append(form.select(columns, extra, f"ORDER BY {order} LIMIT {count}"))
    rows = "\nUNION ALL\n".join(arms)
    nulls = " NULLS LAST" if sort.nullable else ""
    sql = (
        f"SELECT *, ST_AsGeoJSON(geom, 7, 0) AS geometry, ST_X(anchor) AS lon, ST_Y(anchor) AS lat FROM"
        f" (SELECT * FROM ({rows}) AS r ORDER BY key {direction}{nulls}, id LIMIT {count}) AS p"
        f" ORDER BY key {direction}{nulls}, id"
    )
    return [dict(row) for row in snapshot.connection.execute(text(sql), binds.values).mappings()]


def every(snapshot: Snapshot, selection: Selection, sort: Sort, *, attributes: bool) -> Iterator[Mapping[str, Any]]:
    """All rows of a selection in order, fetched as they are taken; lon and lat are the anchor's."""
    compiled = compile_selection(selection, snapshot)
    columns = {name: "{" + name + "}" for name in _EXPORTED}
    columns |= {"attributes": "{attributes}" if attributes else "NULL::jsonb", "anchor": "{anchor}"}
    arms = []
    for form in compiled.forms:
        key = _key_sql(sort, compiled, snapshot, selection, form.name == "full")
        arms.append(form.select(columns | {"key": key}))
    rows = "\nUNION ALL\n".join(arms)
    direction = ("DESC" if sort.descending else "ASC") + (" NULLS LAST" if sort.nullable else "")
    sql = (
        "SELECT *, round(CAST(ST_X(anchor) AS numeric), 7) AS lon, round(CAST(ST_Y(anchor) AS numeric), 7) AS lat"
        f" FROM ({rows}) AS r ORDER BY key {direction}, id"
    )
    streamed = {"stream_results": True, "max_row_buffer": 2000}
    found = snapshot.connection.execute(text(sql), compiled.binds.values, execution_options=streamed)
    for row in found.mappings():
        yield dict(row)


_EXPORTED = [
    "id",
    "state",
    "updated_at",
    "class",
    "code",
    "name",
    "parent",
    "enterprise",
    "division",
    "stage",
    "grade",
    "level_scale",
    "level_value",
    "level_verdict",
    "position_quality",
    "source",
    "verified",
    "visibility",
    "department",
    "tags",
    "form",
]


def _typed(placeholder: str, value: object, collation: str) -> str:
    if isinstance(value, bool):
        return f"CAST({placeholder} AS boolean)"
    if isinstance(value, int | Decimal):
        return f"CAST({placeholder} AS numeric)"
    if isinstance(value, datetime):
        return f"CAST({placeholder} AS timestamptz)"
    return f"CAST({placeholder} AS text) {collation}"


def drafts(snapshot: Snapshot, selection: Selection) -> Iterator[dict[str, Any]]:
    """Every object of a selection as its sender would send it; those referred to by others come first."""
    compiled = compile_selection(selection, snapshot)
    codes = "(SELECT code FROM risk_object AS x WHERE x.id = r.{0}) AS {0}_code"
    sql = (
        f"SELECT *, ST_AsGeoJSON(geom, 9, 0) AS geometry, {codes.format('enterprise')}, {codes.format('parent')}"
        f" FROM ({compiled.rows(_ITEM)}) AS r ORDER BY enterprise NULLS FIRST, parent NULLS FIRST, id"
    )
    for row in snapshot.connection.execute(text(sql), compiled.binds.values).mappings():
        body: dict[str, Any] = {
            "class": row["class"],
            "code": row["code"],
            "name": row["name"],
            "division": row["division"] or None,
            "geometry": simplejson.loads(row["geometry"]) if row["geometry"] else None,
            "attributes": row["attributes"],
            "stage": row["stage"],
            "source": row["source"],
            "visibility": VISIBILITIES[row["visibility"]],
            "department": row["department"],
            "tags": row["tags"],
            "position_quality": row["position_quality"],
            "verified": row["verified"],
            "valid_from": row["valid_from"].isoformat(),
        }
        for judged in row["grading"]:
            if judged["how"] == "judged":
                given = {"value": judged["value"], "basis": judged["basis"] or "未说明"}
                if judged["scale"] == "risk-grade":
                    body["grade"] = given
                else:
                    body["level"] = {"scale": judged["scale"], **given}
        for field in ("enterprise_code", "parent_code"):
            if row[field] is not None:
                body[field] = row[field]
        yield {k: v for k, v in body.items() if v is not None}


def one(snapshot: Snapshot, object_id: int) -> dict[str, Any] | None:
    """One object in the form that the reader gets, whatever its life; None where he may not see it."""
    compiled = compile_selection(Selection(), snapshot, any_life=True, only_ids=[object_id])
    rows = compiled.rows(_ITEM)
    sql = f"SELECT *, ST_AsGeoJSON(geom, 7, 0) AS geometry FROM ({rows}) AS r"
    found = snapshot.connection.execute(text(sql), compiled.binds.values).mappings().one_or_none()
    return None if found is None else dict(found)


def names(snapshot: Snapshot, ids: Sequence[int]) -> dict[int, str]:
    """Names of those of these objects that the reader may see."""
    if not ids:
        return {}
    compiled = compile_selection(Selection(), snapshot, any_life=True, only_ids=list(ids))
    found = snapshot.connection.execute(text(compiled.rows("id, name")), compiled.binds.values)
    return {row.id: row.name for row in found}


def departments(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Whom to ask for objects that the reader may not see: their departments, as SYSTEM."""
    if not ids:
        return {}
    with database.under(connection, SYSTEM.settings()):
        found = connection.execute(
            text("SELECT id, department FROM risk_object WHERE id = ANY(CAST(:ids AS bigint[]))"), {"ids": list(ids)}
        )
        return {row.id: row.department for row in found}


def row_of(connection: Connection, object_id: int, *, lock: bool = False) -> dict[str, Any] | None:
    """The whole row as stored, for an editor; geometry as EWKB and as GeoJSON."""
    columns = ", ".join(COLUMNS)
    found = (
        connection.execute(
            text(
                f"SELECT {columns}, ST_AsGeoJSON(geom, 15, 0) AS geometry FROM risk_object WHERE id = :id"
                + (" FOR UPDATE" if lock else "")
            ),
            {"id": object_id},
        )
        .mappings()
        .one_or_none()
    )
    return None if found is None else dict(found)


def versions(snapshot: Snapshot, object_id: int) -> list[dict[str, Any]]:
    """What each state said anew of an object, oldest first: only versions that began in that state."""
    return [
        dict(row)
        for row in snapshot.connection.execute(
            text(
                "SELECT v.state, v.valid_from, v.valid_to, v.updated_at, v.actor, v.class, v.code, v.name,"
                " v.parent, v.enterprise, v.division, v.stage, v.grade, v.level_scale, v.level_value, v.level_outside,"
                " v.level_verdict,"
                " v.position_quality, v.source, v.verified, v.visibility, v.department, v.tags, v.attributes,"
                " ST_AsGeoJSON(v.geom, 7, 0) AS geometry"
                " FROM object_version AS v WHERE v.id = :id AND lower(v.known) = v.state ORDER BY v.state"
            ),
            {"id": object_id},
        ).mappings()
    ]


def duplicate_code(connection: Connection, class_: str, code: str | None, but: int | None) -> bool:
    """Whether a living object of the class has this code. Asked as the index asks it."""
    if not code:
        return False
    return bool(
        connection.scalar(
            text(
                "SELECT EXISTS (SELECT FROM risk_object WHERE class = :class AND code = :code"
                " AND ended_reason IS NULL AND id IS DISTINCT FROM :but)"
            ),
            {"class": class_, "code": code, "but": but},
        )
    )


def ids_by_code(connection: Connection, codes: Sequence[str]) -> Mapping[str, int]:
    """Ids of living objects by code, for references in a file; a code that two classes share is left out."""
    found = connection.execute(
        text(
            "SELECT code, min(id) AS id FROM risk_object WHERE code = ANY(CAST(:codes AS text[]))"
            " AND ended_reason IS NULL GROUP BY code HAVING count(*) = 1"
        ),
        {"codes": list(codes)},
    )
    return {row.code: row.id for row in found}


def ancestors(snapshot: Snapshot, first: int | None) -> list[dict[str, Any]]:
    """What an object belongs to, the nearest first: id, name, class; name None from where the reader may not see."""
    if first is None:
        return []
    compiled = compile_selection(Selection(), snapshot, any_life=True)
    columns = {name: "{" + name + "}" for name in ("id", "name", "class", "parent")}
    sql = (
        "WITH RECURSIVE up AS ("
        f"SELECT r.*, ARRAY[r.id] AS path FROM ({compiled.rows(columns, f'{{id}} = {compiled.binds(first)}')}) AS r"
        " UNION ALL SELECT r.*, up.path || r.id"
        # LATERAL, so that each step is one look into the index, in either form.
        f" FROM up CROSS JOIN LATERAL ({compiled.rows(columns, '{id} = up.parent')}) AS r"
        f" WHERE r.id <> ALL (up.path) AND cardinality(up.path) < {_MOST_ANCESTORS}"
        ") SELECT id, name, class, parent FROM up ORDER BY cardinality(path)"
    )
    found = [dict(row) for row in snapshot.connection.execute(text(sql), compiled.binds.values).mappings()]
    out = [{"id": row["id"], "name": row["name"], "class": row["class"]} for row in found]
    next_up = found[-1]["parent"] if found else first
    if next_up is not None and len(out) < _MOST_ANCESTORS and all(a["id"] != next_up for a in out):
        out.append({"id": next_up, "name": None, "class": None})
    return out


# -- Persons ------------------------------------------------------------------------


def parties(connection: Connection, object_id: int, n: int) -> list[dict[str, Any]]:
    """People and posts bound to an object, as known at state n."""
    found = connection.execute(
        text(
            'SELECT role, post, name, phone, since AS "from", until AS "to" FROM object_party'
            " WHERE object_id = :id AND known @> CAST(:n AS bigint) ORDER BY party_id"
        ),
        {"id": object_id, "n": n},
    )
    return [dict(row._mapping) for row in found]


def parties_ever(connection: Connection, object_id: int) -> list[dict[str, Any]]:
    """All that have been, as `parties` gives them, with the first state that knew each (`known_from`) and the first
    that no longer did (`known_to`, None for those of the present)."""
    found = connection.execute(
        text(
            'SELECT role, post, name, phone, since AS "from", until AS "to", lower(known) AS known_from,'
            " upper(known) AS known_to FROM object_party WHERE object_id = :id ORDER BY party_id"
        ),
        {"id": object_id},
    )
    return [dict(row._mapping) for row in found]


def parties_state(connection: Connection, object_id: int, n: int) -> int:
    """The state up to n that last changed the persons of an object; 0 where none did."""
    return int(
        connection.scalar(
            text(
                "SELECT max(s) FROM object_party AS p, LATERAL (VALUES (lower(p.known)), (upper(p.known))) AS c (s)"
                " WHERE p.object_id = :id AND s <= :n"
            ),
            {"id": object_id, "n": n},
        )
        or 0
    )


def known_on(connection: Connection, n: int, day: date) -> int:
    """The last state up to n that was the present one on a day: persons have no day of their own."""
    found = connection.scalar(text("SELECT max(n) FROM state_log WHERE n <= :n AND day <= :day"), {"n": n, "day": day})
    return int(found or 0)


def party_changes(connection: Connection, object_id: int) -> list[dict[str, Any]]:
    """Each person's first and last state with who wrote it and when: state, at, day, actor; oldest first."""
    return [
        dict(row)
        for row in connection.execute(
            text(
                "SELECT l.n AS state, l.at, l.day, l.actor FROM state_log AS l WHERE l.n IN"
                " (SELECT s FROM object_party AS p, LATERAL (VALUES (lower(p.known)), (upper(p.known))) AS c (s)"
                " WHERE p.object_id = :id AND s IS NOT NULL) ORDER BY l.n"
            ),
            {"id": object_id},
        ).mappings()
    ]


def writer_of(connection: Connection, n: int) -> str | None:
    """Who made a state."""
    found: str | None = connection.scalar(text("SELECT actor FROM state_log WHERE n = :n"), {"n": n})
    return found


def add_parties(connection: Connection, rows: Sequence[Mapping[str, Any]], n: int) -> None:
    """Persons of objects (`object_id` beside what is sent), known from state n on."""
    if rows:
        connection.execute(
            text(
                "INSERT INTO object_party (object_id, role, post, name, phone, since, until, known)"
                " VALUES (:object_id, :role, :post, :name, :phone, :from, :to, int8range(:n, NULL))"
            ),
            [{**row, "n": n} for row in rows],
        )


def replace_parties(connection: Connection, object_id: int, n: int, new: Sequence[Mapping[str, Any]]) -> None:
    """From state n on these and no others; the earlier ones stay known to earlier states, the same ones stay."""
    held = connection.execute(
        text(
            'SELECT party_id, role, post, name, phone, since AS "from", until AS "to" FROM object_party'
            " WHERE object_id = :id AND upper_inf(known) ORDER BY party_id"
        ),
        {"id": object_id},
    )
    coming = [dict(party) for party in new]
    gone = []
    for row in held.mappings():
        same = {name: row[name] for name in row if name != "party_id"}
        if same in coming:
            coming.remove(same)
        else:
            gone.append(row["party_id"])
    connection.execute(
        text(
            "UPDATE object_party SET known = int8range(lower(known), :n) WHERE party_id = ANY(CAST(:gone AS bigint[]))"
        ),
        {"n": n, "gone": gone},
    )
    add_parties(connection, [{**party, "object_id": object_id} for party in coming], n)


# -- What objects hold, asked by a change of their class --------------------------------
# Present and coming versions: what has been stays as it was written.

_HELD = (
    " FROM object_version AS v WHERE v.class = :class AND upper_inf(v.known)"
    " AND (upper(v.valid) IS NULL OR upper(v.valid) > :day)"
)


def held_values(connection: Connection, class_: str, name: str, day: date) -> list[Row[Any]]:
    """Each stored value of an attribute: value, whether in a version that begins later, n objects, some ids."""
    return list(
        connection.execute(
            text(
                "SELECT v.attributes -> CAST(:name AS text) AS value, lower(v.valid) > :day AS later,"
                " count(DISTINCT v.id) AS n, (array_agg(v.id ORDER BY v.id))[1:5] AS ids"
                f"{_HELD} AND jsonb_exists(v.attributes, CAST(:name AS text)) GROUP BY 1, 2 ORDER BY 4"
            ),
            {"class": class_, "name": name, "day": day},
        )
    )


def count_without(connection: Connection, class_: str, name: str, day: date) -> int:
    """How many present objects of a class say nothing of a field."""
    return int(
        connection.scalar(
            text(
                f"SELECT count(DISTINCT v.id){_HELD} AND lower(v.valid) <= :day"
                " AND NOT jsonb_exists(v.attributes, CAST(:name AS text))"
            ),
            {"class": class_, "name": name, "day": day},
        )
        or 0
    )


def held_kinds(connection: Connection, class_: str, day: date) -> list[Row[Any]]:
    """dimension (0 point, 1 line, 2 polygon), n objects, some ids."""
    return list(
        connection.execute(
            text(
                "SELECT ST_Dimension(v.geom) AS dimension, count(DISTINCT v.id) AS n,"
                f" (array_agg(v.id ORDER BY v.id))[1:5] AS ids{_HELD} AND v.geom IS NOT NULL GROUP BY 1 ORDER BY 1"
            ),
            {"class": class_, "day": day},
        )
    )


def held_levels(connection: Connection, class_: str, day: date) -> list[Row[Any]]:
    """scale, n objects, some ids."""
    return list(
        connection.execute(
            text(
                "SELECT v.level_scale AS scale, count(DISTINCT v.id) AS n, (array_agg(v.id ORDER BY v.id))[1:5] AS ids"
                f"{_HELD} AND v.level_scale IS NOT NULL GROUP BY 1 ORDER BY 1"
            ),
            {"class": class_, "day": day},
        )
    )


def count_of_class(connection: Connection, class_: str, *, public: bool = False) -> int:
    """How many objects a class has that are not ended; those that the public sees alone."""
    only = " AND visibility = 0" if public else ""
    sql = f"SELECT count(*) FROM risk_object WHERE class = :class AND ended_reason IS NULL{only}"
    return int(connection.scalar(text(sql), {"class": class_}) or 0)


def rights_of(connection: Connection, ids: Sequence[int]) -> list[Row[Any]]:
    """id, code, name and what rights look at, of these objects."""
    return list(
        connection.execute(
            text(
                "SELECT id, code, name, visibility, division, department, class FROM risk_object"
                " WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id"
            ),
            {"ids": list(ids)},
        )
    )


def rows_with(connection: Connection, class_: str, names: Sequence[str], day: date) -> list[dict[str, Any]]:
    """Whole rows, as stored, of the living objects of a class that have one of these attributes."""
    found = connection.execute(
        text(
            f"SELECT {', '.join(COLUMNS)} FROM risk_object WHERE class = :class AND ended_reason IS NULL"
            " AND valid_from <= :day AND jsonb_exists_any(attributes, CAST(:names AS text[])) ORDER BY id"
        ),
        {"class": class_, "names": list(names), "day": day},
    )
    return [dict(row) for row in found.mappings()]
