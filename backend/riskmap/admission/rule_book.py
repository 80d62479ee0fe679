"""The tables of rules as one workbook, a sheet a table: out with words for codes, and in again, whole or not at all."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xlsxwriter

from riskmap.admission.rule_columns import CHOICES, DATES, WRITTEN, title_of
from riskmap.base.errors import FieldError, Invalid
from riskmap.base.plain import no_markup
from riskmap.catalogue.rulesets import ADMISSION_TABLES, shipped_book
from riskmap.exchange.cells import CellFault, date_of, normal, text_of
from riskmap.exchange.sheets import clean_text, shown_width
from riskmap.exchange.table import HELP_SHEET, Table
from riskmap.exchange.tables import open_table

MOST_BYTES = 10 << 20
MOST_ROWS = 2000
_MOST_TEXT = 1000
_MOST_FAULTS = 200
_WIDEST = 44
Rows = Sequence[Mapping[str, str]]


def columns_of(table: str) -> list[str]:
    """The columns of a table, as the product has them."""
    return list(shipped_book()[table].rows[0].cells)


def written(tables: Mapping[str, Rows], title: str) -> bytes:
    """All tables as an xlsx. Every cell is text: nothing becomes a formula, a date or a rounded number."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"title": f"准入规则：{title}"})
    head = book.add_format({"bold": True, "bg_color": "#E4F0F0", "bottom": 1, "num_format": "@"})
    cell = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
    for name, rows in tables.items():
        sheet = book.add_worksheet(ADMISSION_TABLES[name])
        sheet.freeze_panes(1, 1)
        for at, column in enumerate(columns_of(name)):
            texts = [_said(column, row.get(column, "")) for row in rows]
            heading = title_of(name, column)
            widest = max(shown_width(text) for text in (heading, *texts)) + 2
            sheet.set_column(at, at, min(widest, _WIDEST), cell)
            sheet.write_string(0, at, heading, head)
            for line, text in enumerate(texts, 1):
                if text:
                    sheet.write_string(line, at, no_markup(clean_text(text)), cell)
            if words := CHOICES.get(column):
                offered = {"validate": "list", "source": list(words.values()), "error_message": "请从下拉中选择"}
                sheet.data_validation(1, at, MOST_ROWS, at, offered)
    _help(book, head, cell)
    book.close()
    return out.getvalue()


def _said(column: str, value: str) -> str:
    return CHOICES.get(column, {}).get(value, value)


def _help(book: xlsxwriter.Workbook, head: Any, cell: Any) -> None:
    sheet = book.add_worksheet(HELP_SHEET)
    told = [("表", "列", "怎样填")]
    for table, title in ADMISSION_TABLES.items():
        for column in columns_of(table):
            words = "、".join(CHOICES[column].values()) if column in CHOICES else WRITTEN.get(column, "")
            told.append((title, title_of(table, column), words))
    told.append(("", "", "不要改表名和第一行；一张表里的行整体替换，删掉的行即删去这条规则。没有的表保持不变。"))
    for at, width in enumerate((32, 24, 70)):
        sheet.set_column(at, at, width, cell)
    for line, texts in enumerate(told):
        for at, text in enumerate(texts):
            sheet.write_string(line, at, text, cell if line else head)


# -- In -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Read:
    """What a workbook says: rows by table, and the line of each."""

    tables: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    lines: dict[str, list[int]] = field(default_factory=dict)


def read(path: Path) -> Read:
    """A changed workbook. Raises Invalid with every fault by sheet, line and column."""
    table, out, errors = open_table(path), Read(), list[FieldError]()
    named = {normal(title): name for name, title in ADMISSION_TABLES.items()}
    for sheet in table.sheets:
        name = named.get(normal(sheet.name))
        if name is None:
            words = "、".join(ADMISSION_TABLES.values())
            errors.append(
                FieldError(sheet.name, "unknown_sheet", f"工作表“{sheet.name[:31]}”不是规则表。可用：{words}")
            )
            continue
        out.tables[name], out.lines[name] = [], []
        errors += _sheet(table, sheet.name, name, out)
    if not errors and not out.tables:
        errors.append(FieldError("file", "no_sheet", "文件里没有规则表。请在下载的规则表上改。"))
    if errors:
        raise unfit(errors)
    return out


def unfit(errors: Sequence[FieldError]) -> Invalid:
    """That a workbook is not taken, for raising."""
    more = f"，列出前 {_MOST_FAULTS} 处" if len(errors) > _MOST_FAULTS else ""
    said = f"文件有 {len(errors)} 处不合要求{more}，草稿没有改动"
    return Invalid(said, code="invalid_rules", errors=list(errors[:_MOST_FAULTS]))


def _sheet(table: Table, sheet: str, name: str, out: Read) -> Iterator[FieldError]:
    fault = _faults(sheet)
    lines = table.rows(sheet)
    first = next(((line, cells) for line, cells in lines if any(c is not None for c in cells)), None)
    if first is None:
        yield fault(1, "", "no_header", "没有表头")
        return
    line, cells = first
    found: dict[str, int] = {}
    known = {normal(said): column for column in columns_of(name) for said in (column, title_of(name, column))}
    for at, cell in enumerate(cells):
        said = normal(str(cell)) if cell is not None else ""
        if said and said not in known:
            yield fault(line, said, "unknown_column", f"没有“{said[:30]}”这一列")
        elif said and known[said] in found:
            yield fault(line, said, "twice", "这一列有两次")
        elif said:
            found[known[said]] = at
    missing = [title_of(name, column) for column in columns_of(name) if column not in found]
    if missing:
        yield fault(line, "", "no_column", f"缺少{'、'.join(missing)}这些列")
        return
    uncomputed = table.uncomputed(sheet)
    for line, cells in lines:
        if not any(c is not None and str(c).strip() for c in cells):
            continue
        if len(out.tables[name]) == MOST_ROWS:
            yield fault(line, "", "too_many_rows", f"最多 {MOST_ROWS} 行")
            return
        row = {}
        for column, at in found.items():
            heading = title_of(name, column)
            try:
                if (line, at) in uncomputed:
                    raise CellFault("formula", "公式没有算出值，请改成文字或数字")
                row[column] = _value(column, cells[at] if at < len(cells) else None, heading)
            except CellFault as refused:
                row[column] = ""
                yield fault(line, heading, refused.code, refused.message)
        out.tables[name].append(row)
        out.lines[name].append(line)


def _faults(sheet: str) -> Callable[[int, str, str, str], FieldError]:
    def fault(line: int, column: str, code: str, reason: str) -> FieldError:
        at = f"{sheet}第 {line} 行" + (f"“{column[:30]}”" if column else "")
        return FieldError(f"{sheet}.{line}.{column}", code, f"{at}：{reason}")

    return fault


def _value(column: str, cell: Any, heading: str) -> str:
    if column in DATES:
        return date_of(cell, heading) or ""
    parts = [part.strip() for part in (text_of(cell, heading) or "").splitlines()]
    text = (";" if column in WRITTEN else "").join(filter(None, parts))
    if len(text) > _MOST_TEXT:
        raise CellFault("too_long", f"最多 {_MOST_TEXT} 字，现有 {len(text)} 字")
    if any(ord(ch) < 32 or ord(ch) == 127 for ch in text):
        raise CellFault("bad_text", "有看不见的控制字符，请删去后重新填写")
    if column in CHOICES and text:
        codes = {normal(word): code for code, word in CHOICES[column].items()}
        if text not in CHOICES[column] and normal(text) not in codes:
            raise CellFault("unknown_value", f"没有“{text[:30]}”，应为{'、'.join(CHOICES[column].values())}")
        return text if text in CHOICES[column] else codes[normal(text)]
    return text
