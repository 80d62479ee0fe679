"""CQL2 text over the declared fields: parsed by the cql2 library, checked here, compiled to SQL.

The library parses recursively in native code, so its stack is guarded before it sees the text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import cql2

from riskmap.base.errors import FieldError, Invalid
from riskmap.catalogue.model import Catalogue

MAX_LENGTH = 4000
_MAX_DEPTH = 30
_MAX_OPERATORS = 200
_EXACT_DIGITS = 15  # of a double: beyond it the parser would round a threshold

_COMMON_TYPES = {
    "name": "text",
    "code": "text",
    "division": "text",
    "department": "text",
    "stage": "text",
    "source": "text",
    "verified": "boolean",
}
_COMPARISONS = {"=": "=", "<>": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")
_NUMBER = re.compile(r"(?<![\w.])\d[\d.]*(?:[eE][+-]?\d+)?")


def _refuse(code: str, message: str) -> Invalid:
    return Invalid("筛选条件 where 有误，请改正", errors=[FieldError("where", code, message)])


def parse(source: str) -> dict[str, Any]:
    """CQL2 JSON of a CQL2 text. Raises Invalid; never lets the native parser's stack overflow."""
    if len(source) > MAX_LENGTH:
        raise _refuse("too_long", f"条件最长 {MAX_LENGTH} 字，现有 {len(source)} 字；请缩短，或保存为范围选择")
    bare = _QUOTED.sub("''", source)
    depth = deepest = 0
    for character in bare:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    if deepest > _MAX_DEPTH:
        raise _refuse("too_deep", f"括号最多套 {_MAX_DEPTH} 层，现有 {deepest} 层；请化简")
    operators = sum(bare.count(sign) for sign in "-+*/^%") + len(re.findall(r"\b(?:not|div)\b", bare, re.I))
    if operators > _MAX_OPERATORS:
        raise _refuse("too_many_operators", f"运算符最多 {_MAX_OPERATORS} 个，现有 {operators} 个；请化简")
    for number in _NUMBER.findall(bare):
        digits = re.sub(r"[eE].*|\.", "", number).lstrip("0")
        if len(digits) > _EXACT_DIGITS:
            raise _refuse("too_many_digits", f"数字 {number[:24]} 位数过多，最多 {_EXACT_DIGITS} 位")
    try:
        parsed: dict[str, Any] = cql2.parse_text(source).to_json()
    except Exception as error:
        if type(error).__module__ != "cql2" and not isinstance(error, ValueError):
            raise
        place = re.search(r"--> \d+:(\d+)", str(error))
        where = f"第 {place.group(1)} 个字附近" if place else ""
        raise _refuse("bad_cql2", f"看不懂这个条件{where}：请按 CQL2 书写，如 capacity_m3 >= 1000000") from None
    return parsed


@dataclass(frozen=True, slots=True)
class Property:
    """A field that a condition names: its type and, by class, who may read it."""

    name: str
    type: str
    visibility: Mapping[str, int]  # class → least tier; empty for a common column


def properties(condition: Any, catalogue: Catalogue, classes: frozenset[str] | None, tier: int) -> dict[str, Property]:
    """Every property that the condition names, resolved. Unknown and unreadable are one error."""
    found: dict[str, Property] = {}

    def visit(node: Any) -> None:
        if isinstance(node, list):
            for part in node:
                visit(part)
        elif isinstance(node, dict):
            if "property" in node:
                name = str(node["property"])
                found.setdefault(name, _resolve(name, catalogue, classes, tier))
            else:
                for part in node.values():
                    visit(part)

    visit(condition)
    return found


def _resolve(name: str, catalogue: Catalogue, classes: frozenset[str] | None, tier: int) -> Property:
    declared = [(c, f) for c, f in catalogue.fields_named(name, classes) if f.visibility <= tier and f.is_scalar]
    if not declared:
        if name in _COMMON_TYPES:
            return Property(name, _COMMON_TYPES[name], {})
        raise _refuse("unknown_field", f"没有可筛选的字段“{name[:60]}”")
    types = {"number" if f.type in {"integer", "decimal"} else f.type for _, f in declared}
    types = {"text" if t == "enum" else t for t in types}
    if len(types) > 1:
        raise _refuse("ambiguous_field", f"字段“{name}”在不同分类中类型不同，请先选定分类")
    return Property(name, types.pop(), {c.code: f.visibility for c, f in declared})


class Compiler:
    """One condition → SQL, for one form of the rows.

    `column` gives the SQL of a property in that form; values are bound through `bind`.
    """

    def __init__(
        self,
        known: Mapping[str, Property],
        column: Callable[[Property], str],
        bind: Callable[[Any], str],
    ) -> None:
        self.known = known
        self.column = column
        self.bind = bind

    def condition(self, node: Any) -> str:
        """SQL of a boolean node."""
        if isinstance(node, bool):
            return "TRUE" if node else "FALSE"
        if not isinstance(node, dict):
            raise _refuse("not_a_condition", "条件应为比较，如 dam_height_m >= 30")
        if "property" in node:
            sql, kind = self.value(node)
            if kind != "boolean":
                raise _refuse("not_a_condition", f"“{node['property']}”不是是/否字段，请写成比较")
            return sql
        op, args = node.get("op"), node.get("args", [])
        if op in {"and", "or"}:
            return "(" + f" {op.upper()} ".join(self.condition(a) for a in args) + ")"
        if op == "not":
            return f"(NOT {self.condition(args[0])})"
        if op == "isNull":
            return f"({self.value(args[0])[0]} IS NULL)"
        if op in _COMPARISONS:
            left, right = self._alike([args[0], args[1]])
            return f"({left} {_COMPARISONS[op]} {right})"
        if op == "between":
            value, low, high = self._alike(args)
            return f"({value} BETWEEN {low} AND {high})"
        if op == "in":
            parts = self._alike([args[0], *args[1]])
            return f"({parts[0]} IN ({', '.join(parts[1:])}))"
        if op == "like":
            (value, kind), pattern = self.value(args[0]), args[1]
            if kind != "text" or not isinstance(pattern, str):
                raise _refuse("bad_like", "LIKE 只用于文字字段，如 name LIKE '%小学%'")
            return f"({value} LIKE {self.bind(pattern)})"
        raise _refuse("unsupported", f"不支持“{str(op)[:40]}”；可用比较、AND、OR、NOT、BETWEEN、IN、LIKE、IS NULL")

    def value(self, node: Any) -> tuple[str, str]:
        """SQL and type (text, number, boolean, date) of a scalar node."""
        if isinstance(node, bool):
            return ("TRUE" if node else "FALSE"), "boolean"
        if isinstance(node, int | float):
            return f"CAST({self.bind(Decimal(repr(node)))} AS numeric)", "number"
        if isinstance(node, str):
            return f"CAST({self.bind(node)} AS text)", "text"
        if isinstance(node, dict):
            if "property" in node:
                known = self.known[str(node["property"])]
                return self.column(known), known.type
            if set(node) == {"date"}:
                return f"CAST({self.bind(str(node['date']))} AS text)", "date"
            if node.get("op") in {"+", "-", "*"}:
                (left, lk), (right, rk) = self.value(node["args"][0]), self.value(node["args"][1])
                if lk == rk == "number":
                    return f"({left} {node['op']} {right})", "number"
            if node.get("op") == "casei":
                inner, kind = self.value(node["args"][0])
                if kind == "text":
                    return f"lower({inner})", "text"
        raise _refuse("unsupported", "条件中有不支持的写法；只能用字段、数字、文字、日期和是/否")

    def _alike(self, nodes: list[Any]) -> list[str]:
        """SQL of values that are compared with each other: one type, a text standing for a date if asked."""
        values = [self.value(node) for node in nodes]
        kinds = {kind for _, kind in values}
        if kinds in ({"date", "text"}, {"date"}):
            kinds = {"text"}
        if len(kinds) > 1:
            raise _refuse("type_mismatch", "比较的两边类型不同：数字不加引号，文字和日期加单引号")
        return [sql + (' COLLATE "C"' if kinds == {"text"} else "") for sql, _ in values]
