"""The one predicate: what a reader may see of a selection, as SQL.

Rows reach a reader in one of two forms. In the full form (the second half of the rights holds)
every column is the object's own; in the public form (`visibility = public`, and nothing more)
position, division and attributes are the public's. Every condition is written once, with the
columns' names in braces, and compiled for each form with that form's columns. So nobody can
filter, sort or count by what he may not read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from riskmap.access.reader import territory
from riskmap.base.crs import (
    COVER_RESOLUTION,
    H3_RESOLUTION,
    cell_centre_child,
    cell_children,
)
from riskmap.catalogue.model import GRADE_RANK, LIVE_STAGES, NO_LEVEL, OFF_SCALE, POSITION_QUALITIES, STAGES, Field
from riskmap.selection import level
from riskmap.selection import where as cql2
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

# One name for all of an object's map columns, in each form. Alias v is the row.
_FULL = {
    name: f"v.{name}"
    for name in [
        "id",
        "state",
        "updated_at",
        "valid_from",
        "valid_to",
        "ended_reason",
        "class",
        "class_version",
        "code",
        "name",
        "parent",
        "enterprise",
        "division",
        "stage",
        "grade",
        "level_scale",
        "level_value",
        "level_rank",
        "level_outside",
        "level_verdict",
        "grading",
        "position_quality",
        "source",
        "verified",
        "visibility",
        "department",
        "tags",
        "attributes",
        "original",
        "geom",
        "anchor",
        "gx",
        "gy",
        "span",
        "cell",
        "cover",
    ]
} | {"form": "'full'", "touched": "v.cover"}

_HIDDEN = {
    "ended_reason": "NULL::text",
    "parent": "NULL::bigint",
    "enterprise": "NULL::bigint",
    "grading": "NULL::jsonb",
    "level_verdict": "CASE WHEN v.level_outside IS NOT NULL THEN v.level_verdict END",  # not what is wanting
    "position_quality": "CASE WHEN v.geom_public IS NULL THEN 'none' END",
    "source": "NULL::text",
    "verified": "NULL::boolean",
    "tags": "NULL::text[]",
    "original": "NULL::jsonb",
    "division": "v.division_public",
    "geom": "v.geom_public",
    "anchor": "v.geom_public",
    "gx": "v.gx_public",
    "gy": "v.gy_public",
    "span": "0::double precision",
    "cover": "NULL::bigint[]",
    "form": "'public'",
}


def _public_columns(resolution: int) -> dict[str, str]:
    """The public form's columns. Its cell is the centre child of the public cell."""
    template = cell_centre_child(resolution << 52, H3_RESOLUTION)  # resolution and unused digits, no place
    keep = ~(15 << 52) & ~((1 << (3 * (15 - resolution))) - 1)
    child = f"((v.cell_public & {keep}::bigint) | {template}::bigint)"
    covering = cell_centre_child(resolution << 52, COVER_RESOLUTION)
    touched = f"ARRAY[(v.cell_public & {keep}::bigint) | {covering}::bigint]"
    return {**_FULL, **_HIDDEN, "cell": child, "touched": touched}


@dataclass
class Binds:
    """Values of a statement, each under its own name: :b0, :b1, …"""

    values: dict[str, Any] = field(default_factory=dict)

    def __call__(self, value: Any) -> str:
        """The placeholder of a value."""
        name = f"b{len(self.values)}"
        self.values[name] = value
        return f":{name}"


@dataclass(frozen=True, slots=True)
class Form:
    """One arm of the union: a source, its conditions, its columns."""

    name: str  # full, public
    source: str
    conditions: tuple[str, ...]
    columns: Mapping[str, str]

    def select(self, columns: Mapping[str, str], extra: str = "", tail: str = "") -> str:
        """SELECT of these output columns (name → template) with one more condition and an ending (templates)."""
        listed = ", ".join(f"{template.format_map(self.columns)} AS {name}" for name, template in columns.items())
        conditions = [*self.conditions, extra.format_map(self.columns)] if extra else list(self.conditions)
        sql = f"SELECT {listed} FROM {self.source} WHERE {' AND '.join(conditions) or 'TRUE'}"
        return f"({sql} {tail.format_map(self.columns)})" if tail else sql


@dataclass(frozen=True, slots=True)
class Compiled:
    """The rows of a selection for a reader at a moment."""

    forms: tuple[Form, ...]
    binds: Binds

    def only(self, name: str) -> "Compiled | None":
        """The rows in one form alone, or None where this reader gets none so."""
        forms = tuple(form for form in self.forms if form.name == name)
        return Compiled(forms, self.binds) if forms else None

    def rows(self, columns: str | Mapping[str, str], extra: str = "", tail: str = "") -> str:
        """SQL text of the rows: columns by name ("id, class") or as templates.

        `extra` is one more condition, `tail` an ORDER BY … LIMIT for each form; both are templates.
        """
        if isinstance(columns, str):
            columns = {name.strip(): "{" + name.strip() + "}" for name in columns.split(",")}
        return "\nUNION ALL\n".join(form.select(columns, extra, tail) for form in self.forms)


def attribute(f_name: str, readable: Mapping[str, int], kind: str, inner: bool, tier: int, binds: Binds) -> str:
    """SQL of an attribute in one form: null in classes whose field this form may not read."""
    most = tier if inner else 0
    classes = sorted(c for c, visibility in readable.items() if visibility <= most)
    if not classes:
        return {"number": "NULL::numeric", "boolean": "NULL::boolean"}.get(kind, "NULL::text")
    name, legal = binds(f_name), binds(classes)
    value = f"v.attributes->>CAST({name} AS text)"
    if kind in {"number", "integer", "decimal"}:
        typed = f"CASE WHEN jsonb_typeof(v.attributes->CAST({name} AS text)) = 'number' THEN ({value})::numeric END"
    elif kind == "boolean":
        typed = f"CASE WHEN jsonb_typeof(v.attributes->CAST({name} AS text)) = 'boolean' THEN ({value})::boolean END"
    else:
        typed = f"({value})"
    return f"(CASE WHEN v.class = ANY(CAST({legal} AS text[])) THEN {typed} END)"


def compile_selection(
    selection: Selection,
    snapshot: Snapshot,
    *,
    any_life: bool = False,
    only_ids: list[int] | None = None,
    binds: Binds | None = None,
) -> Compiled:
    """What the snapshot's reader may see of a selection at the snapshot's moment.

    `any_life` drops the life-stage and validity conditions (an object asked for by its id); `binds` are those of
    another part of one statement.
    """
    binds = Binds() if binds is None else binds
    shared = _time(snapshot, binds, any_life)
    if only_ids is not None:
        shared.append(f"v.id = ANY(CAST({binds(only_ids)} AS bigint[]))")
    shared += _plain(selection, snapshot, binds, any_life)
    condition = cql2.parse(selection.where) if selection.where is not None else None
    classes = frozenset(selection.classes) or None
    reader = snapshot.reader
    most = reader.tier if reader.sees_inner else 0
    known = cql2.properties(condition, snapshot.catalogue, classes, most) if condition is not None else {}

    forms = []
    inner_half = _inner("v", snapshot, binds)
    past = not snapshot.moment.is_present
    inner_head = _inner("h", snapshot, binds) if past else []
    source = "object_version AS v JOIN risk_object AS h ON h.id = v.id" if past else "risk_object AS v"
    public = _public_columns(snapshot.public_resolution)

    def arm(name: str, rights: list[str], columns: Mapping[str, str]) -> Form:
        inner = name == "full"

        def column(p: cql2.Property) -> str:
            if not p.visibility:
                return columns[p.name]
            return attribute(p.name, p.visibility, p.type, inner, reader.tier, binds)

        conditions = [c.format_map(columns) for c in (*rights, *shared)]
        if condition is not None:
            conditions.append(cql2.Compiler(known, column, binds).condition(condition))
        if selection.industry:
            conditions.append(_industry(selection, snapshot, inner, binds))
        return Form(name, source, tuple(conditions), columns)

    if reader.sees_inner:
        forms.append(arm("full", inner_half + inner_head, _FULL))
    if not reader.sees_inner or reader.is_limited:
        rights = ["v.visibility = 0"]
        if past:
            rights.append("h.visibility = 0")
        if reader.sees_inner:
            rights.append(f"NOT ({' AND '.join(inner_half + inner_head)})")
        forms.append(arm("public", rights, public))
    return Compiled(tuple(forms), binds)


def _inner(alias: str, snapshot: Snapshot, binds: Binds) -> list[str]:
    """The second half of the rights on one alias; every column it names is NOT NULL."""
    reader = snapshot.reader
    if not reader.sees_inner:
        return []
    out = [f"{alias}.visibility <= {binds(reader.tier)}"]
    if reader.areas:
        out.append(f"{alias}.division LIKE ANY (CAST({binds([p + '%' for p in reader.area_prefixes])} AS text[]))")
    if reader.departments:
        out.append(f"{alias}.department = ANY (CAST({binds(list(reader.departments))} AS text[]))")
    if reader.classes:
        out.append(f"{alias}.class = ANY (CAST({binds(list(reader.classes))} AS text[]))")
    return out


def _time(snapshot: Snapshot, binds: Binds, any_life: bool) -> list[str]:
    moment = snapshot.moment
    if moment.is_present:
        if any_life:
            return []
        day = binds(moment.day)
        return [f"v.valid_from <= {day} AND (v.valid_to IS NULL OR v.valid_to > {day})"]
    return [
        f"v.known @> CAST({binds(moment.n)} AS bigint)",
        f"v.valid @> CAST({binds(moment.day)} AS date)",
    ]


def _plain(selection: Selection, snapshot: Snapshot, binds: Binds, any_life: bool) -> list[str]:
    """Conditions on common columns, as templates."""
    out: list[str] = []

    def any_of(column: str, values: object, kind: str) -> None:
        if values:
            out.append(f"{{{column}}} = ANY(CAST({binds(list(values))} AS {kind}[]))")  # type: ignore[call-overload]

    any_of("class", selection.classes, "text")
    any_of("grade", [GRADE_RANK[g] for g in selection.grade], "smallint")
    any_of("enterprise", selection.enterprise, "bigint")
    any_of("parent", selection.parent, "bigint")
    if selection.level:
        out.append("(" + " OR ".join(_level(value, snapshot, binds) for value in selection.level) + ")")
    for facet in FACETS:
        if not (any_life and facet == "stage" and not selection.stage):
            out += facet_condition(facet, selection, binds)
    if selection.q is not None:
        # As an array it is worked out once, whatever the planner believes of a table that has just grown.
        if snapshot.moment.is_present:
            out.append(f"v.id = ANY(ARRAY(SELECT search_objects({binds(selection.q)})))")
        else:
            out.append(f"v.version_id = ANY(ARRAY(SELECT search_versions({binds(selection.q)})))")
    if selection.bbox is not None:
        box = f"ST_MakeEnvelope({', '.join(binds(v) for v in selection.bbox)}, 4490)"
        out.append(f"{{geom}} && {box} AND ST_Intersects({{geom}}, {box})")
    if selection.within is not None:
        # Parsed once: the value is one parameter, the planner folds it.
        area = f"ST_SetSRID(ST_GeomFromGeoJSON({binds(selection.within)}), 4490)"
        out.append(f"{{geom}} && {area} AND ST_Intersects({{geom}}, {area})")
    if selection.cell:
        ranges = []
        for cell in selection.cell:
            first, last = cell_children(cell, H3_RESOLUTION)
            ranges.append(f"{{cell}} BETWEEN CAST({binds(first)} AS bigint) AND CAST({binds(last)} AS bigint)")
        out.append("(" + " OR ".join(ranges) + ")")
    return out


# Conditions that can be counted without themselves: what a panel offers beside what is chosen.
FACETS = ("stage", "source", "department", "verified", "division", "tag")


def facet_condition(name: str, selection: Selection, binds: Binds) -> list[str]:
    """The selection's condition on one facet, as templates; empty where it has none."""

    def any_of(values: tuple[str, ...]) -> list[str]:
        return [f"{{{name}}} = ANY(CAST({binds(list(values))} AS text[]))"] if values else []

    match name:
        case "stage":
            if selection.stage:
                return [] if selection.stage == ("any",) else any_of(selection.stage)
            # A search by text finds the closed ones too, marked.
            return any_of(LIVE_STAGES) if selection.q is None else []
        case "source":
            return any_of(selection.source)
        case "department":
            return any_of(selection.department)
        case "verified" if selection.verified is not None:
            return [f"{{verified}} = {binds(selection.verified)}"]
        case "division" if selection.division:
            patterns = [territory(code) + "%" for code in selection.division]
            return [f"{{division}} LIKE ANY (CAST({binds(patterns)} AS text[]))"]
        case "tag" if selection.tag:
            return [f"{{tags}} && CAST({binds(list(selection.tag))} AS text[])"]
    return []


def _level(value: str, snapshot: Snapshot, binds: Binds) -> str:
    """What a scale says; or where it says nothing: not assessed in the scale's own classes, off it in all others."""
    scale, _, said = value.partition(":")
    if said not in {NO_LEVEL, OFF_SCALE}:
        return f"{level.KEY} = {binds(value)}"
    on = binds(snapshot.catalogue.classes_on(scale))
    member = f"{{class}} = ANY(CAST({on} AS text[]))"
    return f"({level.SCALE} IS DISTINCT FROM {binds(scale)} AND {member if said == NO_LEVEL else f'NOT {member}'})"


def _industry(selection: Selection, snapshot: Snapshot, inner: bool, binds: Binds) -> str:
    readable = {c.code: f.visibility for c, f in snapshot.catalogue.fields_named("industry_code", None) if f.is_scalar}
    column = attribute("industry_code", readable, "text", inner, snapshot.reader.tier, binds)
    return f"{column} LIKE ANY (CAST({binds([code + '%' for code in selection.industry])} AS text[]))"


def _placed(column: str, words: tuple[str, ...]) -> str:
    """A column's place in an order that is not the alphabet's."""
    listed = ", ".join(f"'{word}'" for word in words)
    return f"array_position(CAST(ARRAY[{listed}] AS text[]), {{{column}}})"


# Words in the order of a Chinese reader; codes in that of their letters.
PINYIN, LETTERS = "COLLATE pinyin", 'COLLATE "C"'
# What a list may be sorted by, beside declared scalar fields of the chosen classes.
SORTS: dict[str, str] = {
    "grade": "{grade}",
    "name": f"{{name}} {PINYIN}",
    "code": f"{{code}} {LETTERS}",
    "class": f"{{class}} {PINYIN}",  # its title, which the catalogue knows
    "level": "{level_rank}",
    "division": f"{{division}} {LETTERS}",
    "department": f"{{department}} {PINYIN}",
    "stage": _placed("stage", STAGES),
    "source": f"{{source}} {PINYIN}",
    "position": _placed("position_quality", POSITION_QUALITIES),
    "updated_at": "{updated_at}",
    "id": "{id}",
}


def field_of(name: str, snapshot: Snapshot, classes: tuple[str, ...]) -> dict[str, Field]:
    """Readable scalar fields of this name by class; empty where there are none."""
    reader = snapshot.reader
    most = reader.tier if reader.sees_inner else 0
    found = snapshot.catalogue.fields_named(name, frozenset(classes) or None)
    return {c.code: f for c, f in found if f.visibility <= most and f.is_scalar}
