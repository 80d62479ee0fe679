"""Classes (分类), scales (标度), policies and groups as values, made from their JSON bodies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from riskmap.catalogue.rulesets import RuleSet, ruleset_on

GRADES = ("major", "serious", "general", "low", "none")
UPWARD = ("major", "serious")  # 较大以上
GRADE_RANK = {grade: rank for rank, grade in enumerate(GRADES, 1)}
STAGES = ("in_use", "suspended", "closing", "closed", "striking_off", "struck_off")
LIVE_STAGES = ("in_use", "suspended", "closing", "striking_off")
VISIBILITIES = ("public", "department", "command")
POSITION_QUALITIES = ("surveyed", "clicked", "geocoded", "guessed", "none")

SCALAR_TYPES = frozenset({"text", "integer", "decimal", "boolean", "date", "enum"})
GEOMETRY_TYPES = frozenset({"point", "linestring", "polygon"})


@dataclass(frozen=True, slots=True)
class Field:
    """One declared attribute of a class."""

    name: str
    title: str
    type: str
    required: bool = False
    unit: str | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    exclusive_minimum: bool = False
    max_length: int = 500
    pattern: str | None = None
    options: tuple[tuple[str, str], ...] = ()  # (value, title) of an enum
    option_words: tuple[tuple[str, tuple[str, ...]], ...] = ()  # what senders write for an option: (value, words)
    values: tuple[Decimal, ...] = ()  # the only legal decimals, where a standard lists them
    # The same by the value of another field: a method has its own table. (other field, its value, legal decimals)
    values_by: tuple[tuple[str, str, tuple[Decimal, ...]], ...] = ()
    fields: "tuple[Field, ...]" = ()  # of a list's rows
    visibility: int = 1
    help: str | None = None
    source: str | None = None
    tag: str | None = None
    counts: str | None = None  # whom it numbers, for α and the like: residents (常住人口), present (pupils, guests)

    @property
    def is_scalar(self) -> bool:
        """Whether it may be filtered and sorted by: lists and geometries serve neither."""
        return self.type in SCALAR_TYPES

    @classmethod
    def parse(cls, name: str, body: Mapping[str, Any]) -> "Field":
        """From its JSON body."""
        options = tuple(
            (str(o["value"]), str(o.get("title", o["value"]))) if isinstance(o, Mapping) else (str(o), str(o))
            for o in body.get("options", ())
        )
        words = tuple(
            (str(o["value"]), tuple(str(word) for word in o["words"]))
            for o in body.get("options", ())
            if isinstance(o, Mapping) and o.get("words")
        )
        return cls(
            name=name,
            title=body["title"],
            type=body["type"],
            required=bool(body.get("required", False)),
            unit=body.get("unit"),
            minimum=_decimal(body.get("minimum")),
            maximum=_decimal(body.get("maximum")),
            exclusive_minimum=bool(body.get("exclusive_minimum", False)),
            max_length=int(body.get("max_length", 500)),
            pattern=body.get("pattern"),
            options=options,
            option_words=words,
            values=tuple(Decimal(str(v)) for v in body.get("values", ())),
            values_by=tuple(
                (other, str(value), tuple(Decimal(str(v)) for v in legal))
                for other, table in body.get("values_by", {}).items()
                for value, legal in table.items()
            ),
            fields=tuple(cls.parse(n, b) for n, b in body.get("fields", {}).items()),
            visibility=VISIBILITIES.index(body.get("visibility", "department")),
            help=body.get("help"),
            source=body.get("source"),
            tag=body.get("tag"),
            counts=body.get("counts"),
        )

    def public_body(self) -> dict[str, Any]:
        """What the page and a form need to know."""
        body: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "type": self.type,
            "required": self.required,
            "visibility": VISIBILITIES[self.visibility],
        }
        for key in ("unit", "minimum", "maximum", "pattern", "help", "source", "tag", "counts"):
            if (value := getattr(self, key)) is not None:
                body[key] = value
        if self.type == "text":
            body["max_length"] = self.max_length
        if self.exclusive_minimum:
            body["exclusive_minimum"] = True
        if self.options:
            body["options"] = [{"value": v, "title": t} for v, t in self.options]
        if self.values:
            body["values"] = list(self.values)
        if self.values_by:
            tables: dict[str, dict[str, list[Decimal]]] = {}
            for other, value, legal in self.values_by:
                tables.setdefault(other, {})[value] = list(legal)
            body["values_by"] = tables
        if self.fields:
            body["fields"] = [f.public_body() for f in self.fields]
        return body


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


@dataclass(frozen=True, slots=True)
class ImportColumn:
    """A header that senders use for a target: a field of the class, or a column that all objects share."""

    header: str
    target: str
    factor: Decimal | None = None
    unit: str | None = None  # the header's own, where the factor comes from one


@dataclass(frozen=True, slots=True)
class Inferred:
    """A value that a row has by which fields it fills, where it does not say it itself."""

    field: str
    value: str
    when: tuple[str, ...]


@dataclass(frozen=True)
class Class:
    """One kind of object (分类)."""

    code: str
    version: int
    title: str
    group: str
    role: str
    geometry: tuple[str, ...]
    scale: str | None
    rule: str | None
    department: str
    symbol: str
    fields: tuple[Field, ...]
    list: tuple[str, ...]
    popup: tuple[str, ...]
    imports: tuple[ImportColumn, ...] = ()
    inferred: tuple[Inferred, ...] = ()
    assess: tuple[str, ...] = ()  # what is assessed beside the grade
    retired: bool = False  # takes no new objects; those that it has stay

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Fields by name."""
        return {f.name: f for f in self.fields}

    def readable(self, *, inner: bool, tier: int) -> tuple[Field, ...]:
        """Fields that a reader of this tier gets from a row in the full (`inner`) or the public form."""
        most = tier if inner else 0
        return tuple(f for f in self.fields if f.visibility <= most)

    @classmethod
    def parse(cls, version: int, body: Mapping[str, Any]) -> "Class":
        """From its JSON body."""
        return cls(
            code=body["class"],
            version=version,
            title=body["title"],
            group=body["group"],
            role=body["role"],
            geometry=tuple(body["geometry"]),
            scale=body.get("scale"),
            rule=body.get("rule"),
            department=body.get("department", ""),
            symbol=body["symbol"],
            fields=tuple(Field.parse(n, b) for n, b in body.get("fields", {}).items()),
            list=tuple(body.get("list", ())),
            popup=tuple(body.get("popup", ())),
            imports=tuple(_import_column(header, to) for header, to in body.get("import_columns", {}).items()),
            inferred=tuple(
                Inferred(rule["field"], str(rule["value"]), tuple(rule["when"])) for rule in body.get("inferred", ())
            ),
            assess=tuple(body.get("assess", ())),
            retired=bool(body.get("retired", False)),
        )


def _import_column(header: str, to: Any) -> ImportColumn:
    if isinstance(to, Mapping):
        return ImportColumn(header, str(to["field"]), _decimal(to.get("factor")), to.get("unit"))
    return ImportColumn(header, str(to))


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a scale; rank 1 is first in the standard's own order."""

    value: str
    title: str
    rank: int
    colour: str
    letter: str
    shape: str


# What a condition says beside a scale's levels: its rule has none for the object; not assessed; of no class on it.
OUTSIDE, NO_LEVEL, OFF_SCALE = "outside", "none", "off"


@dataclass(frozen=True, slots=True)
class Outside:
    """How a scale calls what its rule has no level for (不构成): assessed, and neither low nor 未评定."""

    title: str
    letter: str


@dataclass(frozen=True, slots=True)
class Scale:
    """A named order of levels; `worse` says which end is worse."""

    code: str
    title: str
    worse: str  # low-rank, high-rank
    note: str
    levels: tuple[Level, ...]
    outside: Outside | None = None  # where its rule may find that there is no level

    def level(self, value: str) -> Level | None:
        """The level of this value, or None."""
        return next((lv for lv in self.levels if lv.value == value), None)

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "Scale":
        """From its JSON body."""
        levels = tuple(
            Level(
                str(lv["value"]),
                str(lv["title"]),
                int(lv["rank"]),
                str(lv["colour"]),
                str(lv["letter"]),
                str(lv["shape"]),
            )
            for lv in body["levels"]
        )
        given = body.get("outside")
        outside = Outside(str(given["title"]), str(given["letter"])) if given else None
        return cls(body["scale"], body["title"], body["worse"], str(body.get("note", "")), levels, outside)


@dataclass(frozen=True, slots=True)
class Policy:
    """The bureau's table from a standard's level to the risk grade; off until adopted."""

    code: str
    title: str
    scale: str
    adopted: bool
    rows: tuple[tuple[str, str], ...]  # (level, grade)

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "Policy":
        """From its JSON body."""
        rows = tuple((str(r["level"]), str(r["grade"])) for r in body["rows"])
        return cls(body["policy"], body["title"], body["scale"], bool(body.get("adopted", False)), rows)


@dataclass(frozen=True)
class Catalogue:
    """All of it, as known at one state."""

    n: int
    groups: tuple[Mapping[str, Any], ...]
    classes: Mapping[str, Class]
    scales: Mapping[str, Scale]
    policies: Mapping[str, Policy]
    rulesets: tuple[RuleSet, ...] = ()

    def ruleset_at(self, day: date) -> RuleSet:
        """The only door to the standards' tables and choices: the set that holds on a day, as known at this state."""
        return ruleset_on(self.rulesets, day)

    def counted(self, whom: str) -> dict[str, tuple[str, ...]]:
        """Classes with fields that number `residents` or those `present`: class → fields."""
        found = {c.code: tuple(f.name for f in c.fields if f.counts == whom) for c in self.classes.values()}
        return {code: names for code, names in found.items() if names}

    def grade_by_policy(self, scale: str, level: str) -> tuple[str, Policy] | None:
        """The grade that an adopted policy gives to a level, or None where none is adopted."""
        for policy in self.policies.values():
            if policy.adopted and policy.scale == scale:
                for row_level, grade in policy.rows:
                    if row_level == level:
                        return grade, policy
        return None

    def classes_on(self, scale: str) -> list[str]:
        """Classes that a scale is for."""
        return [c.code for c in self.classes.values() if c.scale == scale]

    def fields_named(self, name: str, classes: frozenset[str] | None) -> list[tuple[Class, Field]]:
        """Every class (of these, or all) that declares a field of this name."""
        return [
            (c, c.by_name[name])
            for c in self.classes.values()
            if name in c.by_name and (classes is None or c.code in classes)
        ]
