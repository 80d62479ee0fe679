"""A class as an administrator writes it: checked, made into the body that the catalogue keeps, told in words.

The page's form lists fields in order, each with the headers that senders use for it; the kept body is that
of the YAML files. Pure: everything that a form is held against comes in as `Surroundings`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from riskmap.base.errors import FieldError
from riskmap.catalogue.model import SCALAR_TYPES, VISIBILITIES, Class, Field

CODE = re.compile(r"[a-z][a-z0-9-]{1,40}")
FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,40}")
ROLES = {"hazard": "风险源", "target": "保护目标", "response": "应急力量", "context": "背景要素"}
KINDS = {"point": "点", "linestring": "线", "polygon": "面"}
TYPES = {
    "text": "文字",
    "integer": "整数",
    "decimal": "小数",
    "boolean": "是否",
    "date": "日期",
    "enum": "选项",
    "list": "多行表",
    "point": "点",
    "linestring": "线",
    "polygon": "面",
}
VISIBILITY_WORDS = {"public": "公开", "department": "内部", "command": "受控"}
# Columns that every object has, as the header of a list and of an exported table reads.
COMMON = {
    "name": "名称",
    "code": "编号",
    "grade": "风险等级",
    "level": "自有级别",
    "division": "区划",
    "stage": "生命阶段",
    "enterprise": "所属企业",
    "parent": "上级",
    "department": "主管部门",
    "source": "来源",
    "verified": "已核实",
    "updated_at": "更新时间",
}
# A field of such a name would stand before the column in every filter that names no class.
RESERVED = frozenset(COMMON) | {
    "id", "class", "state", "tags", "geometry", "geom", "visibility", "position_quality", "attributes",
    "valid_from", "valid_to", "form", "original", "parties",
}  # fmt: skip
LIST_DEFAULT = ("name", "grade", "division", "stage", "updated_at")

MOST_FIELDS, MOST_ROW_FIELDS, MOST_OPTIONS, MOST_COLUMNS, MOST_HEADERS, MOST_WORDS = 60, 20, 100, 12, 40, 40
MOST_TITLE, MOST_WORD, MOST_HELP, MOST_UNIT, MOST_LENGTH = 30, 60, 300, 20, 4000
_DEFAULT_LENGTH = 500
_DIGITS = 40
_UNPRINTED = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

_CLASS_KEYS = {
    "class", "title", "group", "role", "geometry", "scale", "rule", "department", "symbol", "retired", "fields",
    "list", "popup", "synonyms", "inferred", "assess",
}  # fmt: skip
_ROW_FIELD_KEYS = {
    "name", "title", "type", "unit", "required", "minimum", "maximum", "exclusive_minimum", "max_length", "options",
    "help",
}  # fmt: skip
# What the product knows of a field and no form changes: a table of a standard, a citation.
_CARRIED = ("pattern", "values", "values_by", "source", "tag", "counts")
_FIELD_KEYS = _ROW_FIELD_KEYS | {"visibility", "fields", "synonyms", *_CARRIED}


@dataclass(frozen=True)
class Surroundings:
    """What a form is held against."""

    groups: Mapping[str, str]  # code → title
    symbols: frozenset[str]
    scales: Mapping[str, str]  # code → title: those that a class may call its own
    codes: frozenset[str]  # of all classes
    titles: Mapping[str, str]  # title → code, of the other classes
    shared: Mapping[str, str]  # what a column of any table can fill → its title
    factor: Callable[[str, str | None], Decimal | None]  # between two units, None where they are not of one kind
    previous: Mapping[str, Any] | None = None  # the body that is changed; None: a new class
    shipped: Mapping[str, Any] | None = None  # the newest body that the product brought, where it did


@dataclass(frozen=True, slots=True)
class Checked:
    """A kept body, or what is wrong with the form; paths are those of the form: fields.3.minimum."""

    body: dict[str, Any] | None
    errors: list[FieldError]


def folded(text: str) -> str:
    """For comparing titles and headers: no white space, no full-width letters, lower case."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


def _filled(given: Mapping[str, Any]) -> dict[str, Any]:
    """Without what says nothing: null, an empty text."""
    return {k: v for k, v in given.items() if v is not None and v != ""}


class _Form:
    """Reads a form and collects what is wrong."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.errors: list[FieldError] = []

    def no(self, path: str, code: str, message: str) -> None:
        self.errors.append(FieldError(path, code, message))

    # -- Values ------------------------------------------------------------------

    def known_keys(self, given: Mapping[str, Any], known: set[str], path: str) -> None:
        for key in given:
            if key not in known:
                self.no(f"{path}{str(key)[:60]}", "unknown_key", f"没有“{_shown(key)}”这一项")

    def text(self, given: Any, path: str, title: str, most: int) -> str:
        """One line of text; empty where it was refused."""
        if given is None or given == "":
            self.no(path, "required", f"请填写{title}")
        elif not isinstance(given, str):
            self.no(path, "not_a_text", f"{title}应为文字")
        elif _UNPRINTED.search(given):
            self.no(path, "bad_character", f"{title}中有换行或看不见的字符，请删去")
        elif not (clean := given.strip()):
            self.no(path, "required", f"请填写{title}")
        elif len(clean) > most:
            self.no(path, "too_long", f"{title}最多 {most} 字，现有 {len(clean)} 字")
        else:
            return clean
        return ""

    def choice(self, given: Any, path: str, title: str, legal: Mapping[str, str]) -> str:
        """One of the legal codes; empty where it was refused."""
        if isinstance(given, str) and given in legal:
            return given
        if given is None or given == "":
            self.no(path, "required", f"请选择{title}")
        else:
            self.no(path, "unknown_value", f"{title}应为以下之一：{'、'.join(legal.values())}")
        return ""

    def flag(self, given: Any, path: str, title: str) -> bool:
        if given is not None and not isinstance(given, bool):
            self.no(path, "not_a_boolean", f"{title}应为是或否")
        return given is True

    def number(self, given: Any, path: str, title: str, *, whole: bool = False) -> Decimal | int | None:
        """An exact number, or None where it was refused."""
        if isinstance(given, bool) or not isinstance(given, int | Decimal | str):
            self.no(path, "not_a_number", f"{title}应为数字")
            return None
        try:
            value = Decimal(given.strip() if isinstance(given, str) else given)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite():
            self.no(path, "not_a_number", f"{title}应为数字")
        elif len(value.as_tuple().digits) > _DIGITS or abs(value.adjusted()) > _DIGITS:
            self.no(path, "too_many_digits", f"{title}位数过多")
        elif whole and value != value.to_integral_value():
            self.no(path, "not_an_integer", f"{title}应为整数")
        else:
            return int(value) if value == value.to_integral_value() else value
        return None

    def rows(self, given: Any, path: str, title: str, most: int) -> list[Any]:
        if given is None:
            return []
        if not isinstance(given, list):
            self.no(path, "not_a_list", f"{title}应为若干行")
            return []
        if len(given) > most:
            self.no(path, "too_many", f"{title}最多 {most} 个，现有 {len(given)} 个")
            return []
        return given

    def unique(self, seen: dict[str, str], text: str, path: str, title: str) -> None:
        if text and seen.setdefault(folded(text), path) != path:
            self.no(path, "duplicate", f"{title}“{text}”出现了两次")

    # -- A class -----------------------------------------------------------------

    def class_(self, given: Mapping[str, Any]) -> dict[str, Any]:
        around, before, shipped = self.around, self.around.previous or {}, self.around.shipped or {}
        given = _filled(given)
        self.known_keys(given, _CLASS_KEYS, "")
        body: dict[str, Any] = {"class": self.code(given.get("class")), "title": self.title(given.get("title"))}
        body["group"] = self.choice(given.get("group"), "group", "分组", around.groups)
        body["role"] = self.choice(given.get("role"), "role", "作用", ROLES)
        body["geometry"] = self.geometry(given.get("geometry"))
        scale = given.get("scale")
        if scale is not None and (scale := self.choice(scale, "scale", "自有标度", around.scales)):
            body["scale"] = scale
        if around.shipped is not None and not self.errors and body.get("scale") != shipped.get("scale"):
            self.no("scale", "locked", "随产品的分类按标准定级，自有标度不能改")
        body["department"] = self.text(given.get("department"), "department", "主管部门", MOST_WORD)
        body["symbol"] = given.get("symbol")
        if not isinstance(body["symbol"], str) or body["symbol"] not in around.symbols:
            self.no("symbol", "unknown_symbol", "请选择图形")
        if self.flag(given.get("retired"), "retired", "停用"):
            body["retired"] = True
            if around.previous is None:
                self.no("retired", "new_class", "新增的分类不能同时停用")
        for key in ("rule", "inferred", "assess"):
            if key in before:
                body[key] = before[key]
            if key in given and _plain(given[key]) != _plain(before.get(key)):
                self.no(key, "not_editable", "计算规则随产品提供，不能在这里改")
        headers: dict[str, str] = {}
        body["fields"] = fields = self.fields(given.get("fields"), headers)
        body["list"] = self.columns(given.get("list"), "list", "列表列", {*COMMON, *fields}, fields)
        if not body["list"]:
            body["list"] = list(LIST_DEFAULT)
        body["popup"] = self.columns(given.get("popup"), "popup", "弹窗字段", set(fields), {})
        imports = self.imports(given, fields, headers)
        if imports:
            body["import_columns"] = imports
        return body

    def code(self, given: Any) -> str:
        around = self.around
        if around.previous is not None:
            code: str = around.previous["class"]
            if given is not None and given != code:
                self.no("class", "locked", f"分类代码定下后不能改，应为 {code}")
            return code
        if not isinstance(given, str) or not CODE.fullmatch(given):
            message = "分类代码用 2–41 个小写字母、数字或连字符，字母开头，如 escape-room"
            self.no("class", "bad_code", message)
            return ""
        if given in around.codes:
            self.no("class", "taken", f"分类代码 {given} 已被使用，请换一个")
        return given

    def title(self, given: Any) -> str:
        title = self.text(given, "title", "分类名称", MOST_TITLE)
        others = {folded(t): t for t in self.around.titles}
        if title and folded(title) in others:
            self.no("title", "taken", f"已有分类“{others[folded(title)]}”，请换一个名称，或直接修改那一类")
        return title

    def geometry(self, given: Any) -> list[str]:
        kinds = [k for k in self.rows(given, "geometry", "位置", len(KINDS)) if isinstance(k, str) and k in KINDS]
        if not kinds:
            self.no("geometry", "required", "请选择位置的画法：点、线、面至少一种")
        elif len(kinds) != len(set(kinds)) or len(kinds) != len(given):
            self.no("geometry", "unknown_value", "位置的画法只能是点、线、面，各一次")
        return kinds

    # -- Fields ------------------------------------------------------------------

    def fields(self, given: Any, headers: dict[str, str]) -> dict[str, Any]:
        before = (self.around.previous or {}).get("fields", {})
        shipped = (self.around.shipped or {}).get("fields", {})
        out: dict[str, Any] = {}
        names: dict[str, str] = {}
        titles: dict[str, str] = {}
        shared = {folded(t): t for t in self.around.shared.values()}
        for index, row in enumerate(self.rows(given, "fields", "字段", MOST_FIELDS)):
            path = f"fields.{index}"
            if not isinstance(row, Mapping):
                self.no(path, "not_a_field", "字段应有名称和类型")
                continue
            row = _filled(row)
            name = self.field_name(row.get("name"), f"{path}.name", names, set(before))
            if name.lower() in {n.lower() for n in before} and name not in before:
                old = next(n for n in before if n.lower() == name.lower())
                self.no(f"{path}.name", "case", f"原有字段名为 {old}，大小写也须一致")
            self.known_keys(row, _FIELD_KEYS, f"{path}.")
            body = self.field(row, path, before.get(name), shipped.get(name) if name in before else None)
            title = body["title"]
            self.unique(titles, title, f"{path}.title", "字段")
            if folded(title) in shared and title != before.get(name, {}).get("title") and name != "address":
                self.no(f"{path}.title", "shared_title", f"“{title}”是所有分类共有的列，请换一个名称")
            if name:
                out[name] = body
                headers.setdefault(folded(title), name)
        for name in shipped:
            if name in before and name not in out:
                title = before[name]["title"]
                message = f"字段“{title}”（{name}）随产品提供，计算和核验要用，不能去掉；不需要时可不列入列表和弹窗"
                self.no("fields", "locked", message)
        return out

    def field_name(self, given: Any, path: str, names: dict[str, str], before: set[str]) -> str:
        if not isinstance(given, str) or not FIELD_NAME.fullmatch(given):
            self.no(path, "bad_name", "字段名用字母、数字、下划线，字母开头，最多 41 个字符，如 area_m2")
            return ""
        if given.lower() in RESERVED and given not in before:
            self.no(path, "reserved", f"字段名 {given} 是所有对象共有的，请换一个")
        if names.setdefault(given.lower(), path) != path:
            self.no(path, "duplicate", f"字段名 {given} 出现了两次（不分大小写）")
            return ""
        return given

    def field(
        self,
        row: Mapping[str, Any],
        path: str,
        before: Mapping[str, Any] | None,
        shipped: Mapping[str, Any] | None,
        *,
        in_list: bool = False,
    ) -> dict[str, Any]:
        """A field's kept body; `before` is what it was, `shipped` what the product says of it."""
        legal = {t: TYPES[t] for t in TYPES if not in_list or t in SCALAR_TYPES}
        kind = self.choice(row.get("type"), f"{path}.type", "类型", legal)
        body: dict[str, Any] = {"title": self.text(row.get("title"), f"{path}.title", "字段名称", MOST_TITLE)}
        body["type"] = kind
        numeric = kind in {"integer", "decimal"}
        if "unit" in row and self.fits(numeric, path, "unit", "单位", "数字"):
            body["unit"] = self.text(row["unit"], f"{path}.unit", "单位", MOST_UNIT)
        self.bounds(row, path, kind, body)
        if "max_length" in row and self.fits(kind == "text", path, "max_length", "最多字数", "文字"):
            length = self.number(row["max_length"], f"{path}.max_length", "最多字数", whole=True)
            if length is not None and not 1 <= length <= MOST_LENGTH:
                self.no(f"{path}.max_length", "out_of_range", f"最多字数应为 1–{MOST_LENGTH}")
            elif length is not None and length != _DEFAULT_LENGTH:
                body["max_length"] = length
        self.options(row, path, kind, body)
        if self.flag(row.get("required"), f"{path}.required", "必填"):
            body["required"] = True
        if "visibility" in row:
            visibility = self.choice(row["visibility"], f"{path}.visibility", "谁能看", VISIBILITY_WORDS)
            if visibility != "department":
                body["visibility"] = visibility
        if "help" in row:
            body["help"] = self.text(row["help"], f"{path}.help", "填写说明", MOST_HELP)
        if "fields" in row or kind == "list":
            self.row_fields(row, path, kind, body, before, shipped)
        if before is not None and before["type"] == kind:
            body |= {key: before[key] for key in _CARRIED if key in before}
        for key in _CARRIED:
            if key in row and _plain(row[key]) != _plain((before or {}).get(key)):
                self.no(f"{path}.{key}", "not_editable", "依据和标准的取值表随产品提供，不能在这里改")
        if shipped is not None and before is not None:
            self.locks(path, body, before, shipped)
        return body

    def fits(self, right: bool, path: str, key: str, title: str, kind: str) -> bool:
        if not right:
            self.no(f"{path}.{key}", "not_for_type", f"只有{kind}类型才有{title}，请清空或改类型")
        return right

    def bounds(self, row: Mapping[str, Any], path: str, kind: str, body: dict[str, Any]) -> None:
        ends: dict[str, Decimal | int] = {}
        for key, title in (("minimum", "最小值"), ("maximum", "最大值")):
            if key in row and self.fits(kind in {"integer", "decimal"}, path, key, title, "数字"):
                value = self.number(row[key], f"{path}.{key}", title, whole=kind == "integer")
                if value is not None:
                    ends[key] = body[key] = value
        if self.flag(row.get("exclusive_minimum"), f"{path}.exclusive_minimum", "不含最小值"):
            if "minimum" in row:
                body["exclusive_minimum"] = True
            else:
                self.no(f"{path}.exclusive_minimum", "no_minimum", "没有最小值，不能选“不含最小值”")
        if len(ends) == 2:
            low, high = ends["minimum"], ends["maximum"]
            if low > high or (low == high and "exclusive_minimum" in body):
                self.no(f"{path}.maximum", "below_minimum", f"最大值 {high} 应大于最小值 {low}")

    def options(self, row: Mapping[str, Any], path: str, kind: str, body: dict[str, Any]) -> None:
        if kind != "enum":
            if row.get("options"):
                self.fits(False, path, "options", "可选项", "选项")
            return
        given = self.rows(row.get("options"), f"{path}.options", "可选项", MOST_OPTIONS)
        if not given:
            self.no(f"{path}.options", "required", "请填写可选项，至少一个")
        values: dict[str, str] = {}
        titles: dict[str, str] = {}
        out = []
        for index, option in enumerate(given):
            here = f"{path}.options.{index}"
            option = {"title": option} if isinstance(option, str) else option
            if not isinstance(option, Mapping):
                self.no(here, "not_an_option", "可选项应为文字")
                continue
            self.known_keys(option, {"value", "title", "words"}, f"{here}.")
            title = self.text(option.get("title", option.get("value")), f"{here}.title", "可选项", MOST_WORD)
            value = self.text(option["value"], f"{here}.value", "存储值", MOST_WORD) if option.get("value") else title
            if value and values.setdefault(value, here) != here:
                self.no(f"{here}.value", "duplicate", f"可选项“{value}”出现了两次")
            self.unique(titles, title, f"{here}.title", "可选项")
            words = self.words(option.get("words"), {folded(title), folded(value)}, f"{here}.words")
            out.append({"value": value, "title": title} | ({"words": words} if words else {}))
        body["options"] = out
        self.one_meaning(out, f"{path}.options")

    def words(self, given: Any, own: set[str], path: str) -> list[str]:
        """What else senders write for an option; what the option is called anyway is left out."""
        out = []
        seen = {*own}
        for index, said in enumerate(self.rows(given, path, "别的说法", MOST_WORDS)):
            word = self.text(said, f"{path}.{index}", "别的说法", MOST_WORD)
            if word and folded(word) not in seen:
                seen.add(folded(word))
                out.append(word)
        return out

    def one_meaning(self, options: Sequence[Mapping[str, Any]], path: str) -> None:
        """No word of an option may be what another is called."""
        called: dict[str, tuple[int, str]] = {}
        for index, option in enumerate(options):
            for word in (option["title"], option["value"]):
                called.setdefault(folded(word), (index, option["title"]))
        for index, option in enumerate(options):
            for word in option.get("words", ()):
                other, title = called.setdefault(folded(word), (index, option["title"]))
                if other != index:
                    message = f"“{word}”已是可选项“{title}”的说法，一个说法只能指一个选项"
                    self.no(f"{path}.{index}.words", "ambiguous_word", message)

    def row_fields(
        self,
        row: Mapping[str, Any],
        path: str,
        kind: str,
        body: dict[str, Any],
        before: Mapping[str, Any] | None,
        shipped: Mapping[str, Any] | None,
    ) -> None:
        """The columns of a list's rows."""
        if kind != "list":
            if row["fields"]:
                self.fits(False, path, "fields", "各列", "多行表")
            return
        given = self.rows(row.get("fields"), f"{path}.fields", "各列", MOST_ROW_FIELDS)
        if not given:
            self.no(f"{path}.fields", "required", "多行表至少要有一列")
        old = (before or {}).get("fields", {})
        names: dict[str, str] = {}
        titles: dict[str, str] = {}
        out: dict[str, Any] = {}
        for index, column in enumerate(given):
            here = f"{path}.fields.{index}"
            if not isinstance(column, Mapping):
                self.no(here, "not_a_field", "列应有名称和类型")
                continue
            column = _filled(column)
            self.known_keys(column, _ROW_FIELD_KEYS | set(_CARRIED), f"{here}.")
            name = self.field_name(column.get("name"), f"{here}.name", names, {*RESERVED, *old})
            inner = self.field(column, here, old.get(name), (shipped or {}).get("fields", {}).get(name), in_list=True)
            self.unique(titles, inner["title"], f"{here}.title", "列")
            if name:
                out[name] = inner
        body["fields"] = out

    def locks(self, path: str, body: dict[str, Any], before: Mapping[str, Any], shipped: Mapping[str, Any]) -> None:
        """What rules and files rely on: a shipped field keeps its type, its unit, its options' values, its columns."""
        if body["type"] and body["type"] != shipped["type"]:
            self.no(f"{path}.type", "locked", f"随产品的字段，类型应为{TYPES[shipped['type']]}，不能改")
        if body.get("unit") != shipped.get("unit"):
            self.no(f"{path}.unit", "locked", f"随产品的字段，单位应为 {shipped.get('unit') or '空'}，不能改")
        gone = _values(shipped) - _values(body) if body["type"] == "enum" else set()
        if gone:
            words = "、".join(sorted(gone))
            self.no(f"{path}.options", "locked", f"随产品的可选项不能去掉，可改说法或另加：{words}")
        if shipped.get("visibility") == "command" and body.get("visibility") == "public":
            self.no(f"{path}.visibility", "locked", "这一项按公开地图内容的规定不得公开，可改为内部")
        for name in shipped.get("fields", {}):
            if name in before.get("fields", {}) and name not in body.get("fields", {}):
                self.no(f"{path}.fields", "locked", f"随产品的列“{shipped['fields'][name]['title']}”不能去掉")

    # -- Columns and headers -------------------------------------------------------

    def columns(self, given: Any, path: str, title: str, legal: set[str], fields: Mapping[str, Any]) -> list[str]:
        out: list[str] = []
        for index, name in enumerate(self.rows(given, path, title, MOST_COLUMNS)):
            here = f"{path}.{index}"
            if not isinstance(name, str) or name not in legal:
                self.no(here, "unknown_field", f"{title}中的“{_shown(name)}”不是这一类的字段，请去掉")
            elif name in out:
                self.no(here, "duplicate", f"{title}中“{name}”出现了两次")
            elif name in fields and fields[name]["type"] not in SCALAR_TYPES:
                self.no(here, "not_scalar", f"“{fields[name]['title']}”是{TYPES[fields[name]['type']]}，不能作列表列")
            else:
                out.append(name)
        return out

    def imports(self, given: Mapping[str, Any], fields: Mapping[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        """Headers that senders use → what they fill; `headers` are those of the fields' own titles."""
        out: dict[str, Any] = {}
        seen: dict[str, str] = {}
        rows = given.get("fields")
        for index, row in enumerate(rows if isinstance(rows, list) else []):
            if not isinstance(row, Mapping):
                continue
            name = row.get("name")
            for place, synonym in enumerate(
                self.rows(row.get("synonyms"), f"fields.{index}.synonyms", "表头别名", MOST_HEADERS)
            ):
                path = f"fields.{index}.synonyms.{place}"
                header = self.header(synonym, {"header", "unit", "factor"}, path, seen)
                if header and headers.get(folded(header), name) != name:
                    title = fields[headers[folded(header)]]["title"]
                    self.no(f"{path}.header", "taken", f"表头“{header}”就是字段“{title}”的名称，请换一个")
                elif header and isinstance(name, str) and name in fields:
                    out[header] = self.converted(synonym, name, fields[name], path)
        for index, synonym in enumerate(self.rows(given.get("synonyms"), "synonyms", "表头别名", MOST_HEADERS)):
            path = f"synonyms.{index}"
            header = self.header(synonym, {"header", "target"}, path, seen)
            target = synonym.get("target") if isinstance(synonym, Mapping) else None
            if not isinstance(target, str) or target not in self.around.shared:
                self.no(f"{path}.target", "unknown_value", "请选择这个表头对应的列")
            elif header and folded(header) in headers:
                title = fields[headers[folded(header)]]["title"]
                self.no(f"{path}.header", "taken", f"表头“{header}”就是字段“{title}”的名称，请换一个")
            elif header:
                out[header] = target
        return out

    def header(self, synonym: Any, known: set[str], path: str, seen: dict[str, str]) -> str:
        if not isinstance(synonym, Mapping):
            self.no(path, "not_a_header", "表头别名应为文字")
            return ""
        self.known_keys(synonym, known, f"{path}.")
        header = self.text(synonym.get("header"), f"{path}.header", "表头", MOST_WORD)
        self.unique(seen, header, f"{path}.header", "表头")
        return header

    def converted(self, synonym: Mapping[str, Any], name: str, field: Mapping[str, Any], path: str) -> Any:
        """Where a header's numbers are in another unit: what they are multiplied by."""
        synonym = _filled(synonym)
        # A field that is called like a column that all objects share is meant by its full name.
        target = f"attributes.{name}" if name in self.around.shared and name != "address" else name
        if not {"unit", "factor"} & set(synonym):
            return target
        if field["type"] not in {"integer", "decimal"}:
            self.no(f"{path}.unit", "not_for_type", "只有数字类型的字段才换算单位，请清空单位和系数")
            return target
        out: dict[str, Any] = {"field": target}
        unit = self.text(synonym["unit"], f"{path}.unit", "单位", MOST_UNIT) if "unit" in synonym else ""
        known = self.around.factor(unit, field.get("unit")) if unit else None
        factor = known
        if known is None:
            if "factor" not in synonym:
                ours = field.get("unit") or "没有单位的数"
                message = f"不知道“{unit}”与“{ours}”怎样换算，请填写系数（乘以多少）"
                self.no(f"{path}.factor", "unknown_unit", message)
                return target
            given = self.number(synonym["factor"], f"{path}.factor", "系数")
            if given is not None and given <= 0:
                self.no(f"{path}.factor", "not_positive", "系数应大于 0")
            factor = None if given is None else Decimal(given)
        if factor is None or factor == 1:
            return target
        out["factor"] = factor
        return out | ({"unit": unit} if unit else {})


def _shown(value: Any) -> str:
    return _UNPRINTED.sub("", str(value))[:40]


def _plain(value: Any) -> Any:
    """For comparing: numbers and their texts are one."""
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def _values(field: Mapping[str, Any]) -> set[str]:
    """The values of an enum's options."""
    return {str(o["value"]) if isinstance(o, Mapping) else str(o) for o in field.get("options", ())}


def check(given: Any, around: Surroundings) -> Checked:
    """The kept body of a form, or every wrong field at once."""
    form = _Form(around)
    if not isinstance(given, Mapping):
        form.no("body", "not_an_object", "内容应为一个分类")
        return Checked(None, form.errors)
    body = form.class_(given)
    return Checked(None if form.errors else body, form.errors)


# -- The other way: what a page edits -------------------------------------------------


def readable(body: Mapping[str, Any], most: int) -> dict[str, Any]:
    """A kept body without the fields above a tier, and without what names them."""
    hidden = {
        name
        for name, field in body.get("fields", {}).items()
        if VISIBILITIES.index(field.get("visibility", "department")) > most
    }
    return {
        **body,
        "fields": {name: field for name, field in body.get("fields", {}).items() if name not in hidden},
        "list": [name for name in body.get("list", ()) if name not in hidden],
        "popup": [name for name in body.get("popup", ()) if name not in hidden],
        "import_columns": {
            header: to
            for header, to in body.get("import_columns", {}).items()
            if _own(to["field"] if isinstance(to, Mapping) else to) not in hidden
        },
    }


def _own(target: str) -> str:
    """A field by its name, also where the column is called by the full one: attributes.grade, not the shared grade."""
    return target.removeprefix("attributes.")


def form_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """A kept body as a form."""
    fields = body.get("fields", {})
    headers: dict[str, list[dict[str, Any]]] = {name: [] for name in fields}
    shared = []
    for header, to in body.get("import_columns", {}).items():
        target = to["field"] if isinstance(to, Mapping) else to
        if (target := _own(target)) in fields:
            more = {k: to[k] for k in ("unit", "factor") if to.get(k) is not None} if isinstance(to, Mapping) else {}
            headers[target].append({"header": header, **more})
        else:
            shared.append({"header": header, "target": target})
    return {
        "class": body["class"],
        "title": body["title"],
        "group": body["group"],
        "role": body["role"],
        "geometry": list(body["geometry"]),
        "scale": body.get("scale"),
        "department": body.get("department", ""),
        "symbol": body["symbol"],
        "retired": bool(body.get("retired", False)),
        "fields": [{**_field_form(name, field), "synonyms": headers[name]} for name, field in fields.items()],
        "list": list(body.get("list", ())),
        "popup": list(body.get("popup", ())),
        "synonyms": shared,
    }


def _field_form(name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {"name": name, "visibility": "department", "required": False, **body}
    if "options" in body:
        out["options"] = [_option_form(o) for o in body["options"]]
    if "fields" in body:
        out["fields"] = [_row_field_form(n, f) for n, f in body["fields"].items()]
    return out


def _option_form(option: Any) -> dict[str, Any]:
    if not isinstance(option, Mapping):
        return {"value": str(option), "title": str(option)}
    out: dict[str, Any] = {"value": str(option["value"]), "title": str(option.get("title", option["value"]))}
    return out | ({"words": [str(word) for word in option["words"]]} if option.get("words") else {})


def _row_field_form(name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in _field_form(name, body).items() if k != "visibility"}


# -- What changed -----------------------------------------------------------------------


def is_same(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Whether two bodies declare the same."""
    one, other = (
        # The order of one column's headers counts: the first is meant where a file has two of them.
        replace(parsed, imports=tuple(sorted(parsed.imports, key=lambda i: i.target)))
        for parsed in (Class.parse(0, a), Class.parse(0, b))
    )
    return one == other


def needs_recheck(before: Class, after: Class) -> list[Field]:
    """Fields of `after` whose stored values may not pass any more: new ones too, for a field may come back."""

    def judged(field: Field) -> Field:
        options = tuple(sorted((v, "") for v, _ in field.options))
        columns = tuple(judged(f) for f in field.fields)
        return replace(
            field, title="", help=None, source=None, tag=None, required=False, visibility=0, unit=None,
            options=options, option_words=(), fields=columns,
        )  # fmt: skip

    known = {f.name: judged(f) for f in before.fields}
    return [f for f in after.fields if known.get(f.name) != judged(f)]


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    """What a new body changes, in words; `names` are titles of groups and scales by code."""
    if before is None:
        fields = after.get("fields", {})
        return [f"新增分类，{len(fields)} 个字段" if fields else "新增分类"]
    out = []

    def moved(title: str, old: str, new: str) -> None:
        if old != new:
            out.append(f"{title}由“{old}”改为“{new}”")

    moved("名称", before["title"], after["title"])
    for key, title in (("group", "分组"), ("scale", "自有标度")):
        old, new = before.get(key), after.get(key)
        moved(title, names.get(old, old) if old else "无", names.get(new, new) if new else "无")
    moved("作用", ROLES[before["role"]], ROLES[after["role"]])
    moved("位置", _kinds(before), _kinds(after))
    moved("主管部门", before.get("department", ""), after.get("department", ""))
    if before["symbol"] != after["symbol"]:
        out.append("换了图形")
    if bool(before.get("retired")) != bool(after.get("retired")):
        out.append("停用，不再登记新对象" if after.get("retired") else "恢复使用")
    out += _fields_moved(before.get("fields", {}), after.get("fields", {}))
    for key, title in (("list", "列表列"), ("popup", "弹窗字段")):
        if list(before.get(key, ())) != list(after.get(key, ())):
            out.append(f"{title}改为：{'、'.join(_titles(after, key)) or '无'}")
    return out + _headers_moved(before, after)


def _kinds(body: Mapping[str, Any]) -> str:
    return "、".join(KINDS[k] for k in body["geometry"])


def _titles(body: Mapping[str, Any], key: str) -> list[str]:
    fields = body.get("fields", {})
    return [fields[n]["title"] if n in fields else COMMON.get(n, n) for n in body.get(key, ())]


def column_titles(body: Mapping[str, Any]) -> list[str]:
    """The header of its list."""
    return _titles(body, "list")


def _fields_moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    out = [f"新增字段“{after[n]['title']}”（{_kind(after[n])}）" for n in after if n not in before]
    out += [f"去掉字段“{before[n]['title']}”" for n in before if n not in after]
    for name in after:
        if name in before and (moves := _aspects(before[name], after[name])):
            out.append(f"字段“{before[name]['title']}”：{'；'.join(moves)}")
    common = [n for n in before if n in after]
    if common != [n for n in after if n in before]:
        out.append("调整了字段次序")
    return out


def _kind(field: Mapping[str, Any]) -> str:
    unit = f"，{field['unit']}" if field.get("unit") else ""
    return TYPES[field["type"]] + unit + ("，必填" if field.get("required") else "")


def _aspects(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What changed of one field."""
    out = []

    def moved(title: str, old: Any, new: Any) -> None:
        if _plain(old) != _plain(new):
            out.append(f"{title}由{_said(old)}改为{_said(new)}")

    moved("名称", before["title"], after["title"])
    moved("类型", TYPES[before["type"]], TYPES[after["type"]])
    moved("单位", before.get("unit"), after.get("unit"))
    if bool(before.get("required")) != bool(after.get("required")):
        out.append("改为必填" if after.get("required") else "不再必填")
    moved("最小值", before.get("minimum"), after.get("minimum"))
    moved("最大值", before.get("maximum"), after.get("maximum"))
    if bool(before.get("exclusive_minimum")) != bool(after.get("exclusive_minimum")):
        out.append("不含最小值" if after.get("exclusive_minimum") else "含最小值")
    moved("最多字数", before.get("max_length", _DEFAULT_LENGTH), after.get("max_length", _DEFAULT_LENGTH))
    see = [VISIBILITY_WORDS[b.get("visibility", "department")] for b in (before, after)]
    moved("谁能看", *see)
    moved("填写说明", before.get("help"), after.get("help"))
    out += _moved_list("可选项", _option_titles(before), _option_titles(after))
    out += _words_moved(before, after)
    old, new = before.get("fields", {}), after.get("fields", {})
    if old != new:
        out += [f"列{words[2:]}" if words.startswith("字段") else words for words in _fields_moved(old, new)]
    return out


def _said(value: Any) -> str:
    return "无" if value is None or value == "" else f"“{value}”"


def _option_titles(field: Mapping[str, Any]) -> list[str]:
    return [_option_form(o)["title"] for o in field.get("options", ())]


def _words_moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Which options are understood by other words than before; those of a new option go without saying."""
    old, new = (
        {o["value"]: (o["title"], o.get("words", [])) for o in map(_option_form, field.get("options", ()))}
        for field in (before, after)
    )
    return [
        words
        for value, (title, said) in new.items()
        if value in old
        for words in _moved_list(f"可选项“{title}”的别的说法", old[value][1], said)
    ]


def _moved_list(title: str, before: Sequence[str], after: Sequence[str]) -> list[str]:
    out = []
    if more := [w for w in after if w not in before]:
        out.append(f"{title}增加 {'、'.join(more)}")
    if less := [w for w in before if w not in after]:
        out.append(f"{title}去掉 {'、'.join(less)}")
    if not out and list(before) != list(after):
        out.append(f"调整了{title}次序")
    return out


def _headers_moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    def said(body: Mapping[str, Any]) -> dict[str, str]:
        return {
            header: f"{header}（×{to['factor']}）" if isinstance(to, Mapping) and to.get("factor") else header
            for header, to in body.get("import_columns", {}).items()
        }

    old, new = said(before), said(after)
    one, other = before.get("import_columns", {}), after.get("import_columns", {})
    moved = {h for h in old if h in new and _plain(one[h]) != _plain(other[h])}
    out = []
    if more := [new[h] for h in new if h not in old]:
        out.append(f"导入表头别名增加 {'、'.join(more)}")
    if less := [old[h] for h in old if h not in new]:
        out.append(f"导入表头别名去掉 {'、'.join(less)}")
    if moved:
        out.append(f"导入表头别名改了对应或系数：{'、'.join(sorted(moved))}")
    return out or (["调整了导入表头别名次序"] if _by_column(one) != _by_column(other) else [])


def _by_column(imports: Mapping[str, Any]) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for header, to in imports.items():
        out.setdefault(_own(to["field"] if isinstance(to, Mapping) else to), []).append(header)
    return out


def proposed_code(codes: Iterable[str]) -> str:
    """A code for a new class while its maker has none better."""
    taken = set(codes)
    return next(code for n in range(1, len(taken) + 2) if (code := f"class-{n}") not in taken)
