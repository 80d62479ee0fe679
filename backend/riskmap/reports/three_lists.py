"""三单: 重大危险源清单, 脆弱性目标清单, 重大风险清单 as workbooks, row by row from the frozen state.

What they count is what the figures say: a list that comes to another number is not made.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from riskmap.base.clock import SHANGHAI
from riskmap.catalogue.model import UPWARD, Field
from riskmap.lists import service as lists
from riskmap.lists.cells import Value
from riskmap.lists.model import Ask, Column, Listing
from riskmap.lists.registry import LISTS
from riskmap.lists.sheets.parts import Part, SheetList
from riskmap.lists.sheets.registry import SHEETS
from riskmap.paper.workbook import Heading, Table, Workbook
from riskmap.reports import layouts
from riskmap.reports.edition import Edition
from riskmap.reports.made import Made, Tell
from riskmap.selection.describe import GRADE_WORDS

NUMBER = Heading("序号", 5, kind="id")
_EVERY = 200  # rows between two words on the progress
_THREE = ("major-hazards", "targets", "major-risks")


def make(edition: Edition, folder: Path, tell: Tell) -> list[Made]:
    """The three files."""
    out = []
    for i, name in enumerate(_THREE):

        def part(share: float, i: int = i) -> None:
            tell((i + share) / len(_THREE))

        out.append(_made(edition, SHEETS[name], folder, part))
    return out


def _made(edition: Edition, one: SheetList, folder: Path, tell: Tell) -> Made:
    counts = expected(edition, one)
    sheets = [Sheet(name, listing, counts[name]) for name, listing in one.sheets]
    name = f"{one.title}.xlsx"
    written = write(edition, one, folder / name, sheets, tell, _counted(edition, one))
    return Made(name, one.title, "list", told={"rows": written})


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a list: its rows, and how many they must be; None: the figures do not say."""

    name: str
    listing: Listing
    rows: int | None
    only: str | None = None  # just what this figure of the list counts
    given: Mapping[str, Sequence[str]] = field(default_factory=dict)
    without: frozenset[str] = frozenset()  # columns that say nothing here
    # Sheets in a row with the same column and listing are read at once, in the order of this column's values.
    part: tuple[Column, str] | None = None


class _Reader:
    """The cells of one sheet after the other; of the sheets that are parts of one listing from one reading of it."""

    def __init__(self, edition: Edition, columns: Sequence[Column]) -> None:
        self._edition, self._columns = edition, columns
        self._of: Listing | None = None
        self._parts: Iterator[tuple[Value, Iterator[list[Value]]]] = iter(())
        self._next: tuple[Value, Iterator[list[Value]]] | None = None

    def rows(self, sheet: Sheet) -> Iterator[list[Value]]:
        """Cells by the columns."""
        question = lists.question(
            sheet.listing, self._edition.snapshot, self._edition.selection, sheet.given, only=sheet.only
        )
        if sheet.part is None:
            yield from lists.every(question, self._columns)
            return
        column, value = sheet.part
        if self._of is not sheet.listing:
            found = lists.every(question, [*self._columns, column])
            self._of, self._parts = sheet.listing, groupby(found, key=itemgetter(-1))
            self._next = next(self._parts, None)
        if self._next is not None and self._next[0] == value:
            yield from (cells[:-1] for cells in self._next[1])
            self._next = next(self._parts, None)


def write(
    edition: Edition, one: SheetList, path: Path, sheets: Sequence[Sheet], tell: Tell, told: Sequence[tuple[str, str]]
) -> dict[str, int]:
    """One file of a list; the rows of each of its sheets. `told`: its totals, for 说明."""
    parts = layouts.shown(one, edition.options, public=edition.public)
    title = f"{edition.area}{one.title}"
    whole, done = sum(sheet.rows or 0 for sheet in sheets) or 1, 0
    tables: list[tuple[Table, list[Part]]] = []
    reader = _Reader(edition, [part.column for part in parts])
    with Workbook(path, edition.imprint(title)) as book:
        for sheet in sheets:
            at = [i for i, part in enumerate(parts) if part.name not in sheet.without]
            own = [parts[i] for i in at]
            headings = [NUMBER, *(_heading(part) for part in own)]
            table = book.table(sheet.name, headings, title if len(sheets) == 1 else f"{title}（{sheet.name}）")
            for cells in reader.rows(sheet):
                table.row([table.written + 1, *(cells[i] for i in at)])
                done += 1
                if done % _EVERY == 0:
                    tell(done / whole)
            table.end(one.empty)
            if sheet.rows is not None and table.written != sheet.rows:
                raise RuntimeError(f"{one.name}/{sheet.name}: wrote {table.written} of {sheet.rows}")
            tables.append((table, own))
        book.note([*about(edition), *told, *_marks(edition, one)], _columns(edition, parts, tables))
    tell(1.0)
    return {table.name: table.written for table, _ in tables}


def _heading(part: Part) -> Heading:
    column = part.column
    kind = column.kind if column.kind in {"number", "date", "grade", "metres"} else "text"
    return Heading(column.title, column.width, column.unit, "id" if part.name == "id" else kind)


def expected(edition: Edition, one: SheetList) -> dict[str, int]:
    """Rows of each sheet as the figures have them."""
    body = edition.figures.body
    if one.name == "major-risks":
        return {GRADE_WORDS[grade]: body[grade] for grade in UPWARD}
    (sheet, _), told = one.sheets[0], body["lists"].get(one.name)
    if told is not None:
        return {sheet: told["every"]}
    # For publication: the list itself is not public, what is public of its objects is.
    classes = edition.snapshot.catalogue.classes
    mine = (n for code, n in body["by_class"].items() if code in classes and classes[code].role == "target")
    return {sheet: sum(sum(by_grade.values()) for by_grade in mine)}


def about(edition: Edition) -> list[tuple[str, str]]:
    """What every workbook says of itself first."""
    imprint = edition.imprint("")
    local = imprint.data_at.astimezone(SHANGHAI)
    made = imprint.made_at.astimezone(SHANGHAI)
    signed = f"审核 {imprint.reviewed_by}　签发 {imprint.signed_by}" if imprint.signed_by else "尚未签发，不作正式依据"
    lines = [
        ("演示", imprint.mark or ""),
        ("区域", imprint.area),
        ("选择", imprint.selection),
        ("范围", f"{imprint.partial}，不是登记的全部" if imprint.partial else ""),
        ("数据截至", f"{imprint.day.isoformat()}（数据时间 {local:%Y-%m-%d %H:%M}）"),
        ("状态号", str(imprint.state)),
        ("核验码", f"{imprint.check}（本套成果全部数字的校验；各成果相同）"),
        ("编号", f"{imprint.number} 第 {imprint.version} 版" + ("（草稿）" if imprint.draft else "")),
        ("编制单位", imprint.maker),
        ("编制", f"{imprint.made_by}　{made:%Y-%m-%d %H:%M}　{signed}"),
        ("密级", imprint.secrecy),
        ("规则集", _ruleset(edition)),
    ]
    return [(name, text) for name, text in lines if text]


def _ruleset(edition: Edition) -> str:
    used = edition.snapshot.catalogue.ruleset_at(edition.snapshot.moment.day)
    since = f"，自 {used.valid_from.isoformat()} 起" if used.valid_from else ""
    return f"{used.title}{since}"


def _counted(edition: Edition, one: SheetList) -> list[tuple[str, str]]:
    body = edition.figures.body
    lines = []
    if one.name == "major-risks":
        for grade in UPWARD:
            said = f"{body[grade]} 处，其中未定位 {body['unplaced'][grade]} 处（照列，不漏）"
            lines.append((GRADE_WORDS[grade], said))
        lines.append(("未评定", f"{body['none']} 处，不在本清单；未评定不等于低风险"))
        return lines
    lines.append(("共", f"{sum(expected(edition, one).values())} 处"))
    if one.name in body["lists"]:
        lines += figures(edition, one.name)
    return lines


def figures(edition: Edition, name: str) -> list[tuple[str, str]]:
    """What the list of this name counts, from the figures of the set."""
    listing, values = LISTS[name], edition.figures.body["lists"][name]
    ask = Ask(edition.snapshot, edition.selection, {p.name: p.default for p in listing.parameters})
    own = [f for f in listing.figures(ask) if f.list is None and not f.total and values.get(f.name) is not None]
    said = "；".join(f"{f.title} {values[f.name]} {f.unit}" for f in own)
    return [("其中", said)] if said else []


def _marks(edition: Edition, one: SheetList) -> list[tuple[str, str]]:
    lines = [
        ("空白", "登记中没有填写，不是 0，也不是“没有”；各列填了几行见下表"),
        ("条文待核", "所依条文凭记忆写入，尚未对照标准原文：可供参考，不作拒绝的依据"),
        ("本局自定", "没有规范依据，由本局（或本产品）选定"),
    ]
    if edition.public:
        lines.append(("公开版", "只含可以公开的对象和项目；不列登记号、坐标、责任人和依据"))
    else:
        lines.append(("无权查看", "编制人无权查看的对象写明主管部门，距离照写，不漏"))
        lines.append(("追溯", "“登记号”是对象在登记系统中的编号：在“查找”中输入，即见对象、等级的算式和依据、历次版本"))
    if any(part.name == "distance_m" for part in one.parts):
        lines.append(("距离", "外廓到外廓的地面距离（大地线），单位 m；没有位置的不量，为空白"))
    return lines


def _columns(
    edition: Edition, parts: Sequence[Part], tables: Sequence[tuple[Table, Sequence[Part]]]
) -> list[tuple[str, ...]]:
    """Each column: unit, how many rows have it, how it is read."""
    catalogue = edition.snapshot.catalogue
    declared: set[str] = set()
    for class_ in catalogue.classes.values():
        fields: Sequence[Field] = class_.fields
        declared |= {f.name for f in fields}
    out: list[tuple[str, ...]] = [("列", "单位", "已填／共", "怎样得来")]
    for part in parts:
        having = [(table, own.index(part) + 1) for table, own in tables if part in own]  # behind 序号
        rows = sum(table.written for table, _ in having)
        filled = sum(table.filled[i] for table, i in having)
        read = part.read
        if part.fields and not declared.intersection(part.fields):
            read += "。登记的各分类目前都没有这一项，整列空白；需要时由管理员在分类里加上"
        elif rows and not filled:
            read += "。登记中没有填写，整列空白"
        out.append((part.column.title, part.column.unit or "", f"{filled}／{rows}", read))
    return out
