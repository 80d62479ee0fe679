"""The report's content as plain data: chapters of blocks, numbered here, so that Word and PDF say the same.

A block is a mapping with a `kind`: heading, paragraph, author, note, table, chart, picture. A paragraph is a list of
texts and references; what a reference says (表 5-1) is put in when all chapters are there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from riskmap.paper.symbols import LOOKS

Block = dict[str, Any]
AUTHOR = "待编制人补充"


@dataclass(frozen=True, slots=True)
class Ref:
    """To a table or a picture, by its key."""

    key: str


Part = str | Ref


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `width` is its share of the width; `align` left, center or right."""

    title: str
    width: float = 1.0
    align: str = "left"


def numbers(*titles: str, width: float = 0.6) -> list[Column]:
    """Columns of counts."""
    return [Column(title, width, "right") for title in titles]


@dataclass
class Chapter:
    """One chapter while it is written. `label` stands before its title: 第 5 章, 附件 1."""

    label: str
    number: str  # 5, 附1: before the numbers of its tables
    title: str
    blocks: list[Block] = field(default_factory=list)
    _sections: int = 0
    _tables: int = 0
    _pictures: int = 0

    def section(self, title: str) -> None:
        """5.1, 5.2, …"""
        self._sections += 1
        self.blocks.append({"kind": "heading", "level": 2, "number": f"{self.number}.{self._sections}", "text": title})

    def say(self, *parts: Part) -> None:
        """A paragraph. Its numbers come from the figures."""
        self.blocks.append({"kind": "paragraph", "parts": list(parts)})

    def ask(self, words: str) -> None:
        """The author's room."""
        self.blocks.append({"kind": "author", "text": f"{AUTHOR}：{words}"})

    def note(self, words: str) -> None:
        """Small print below what it belongs to."""
        self.blocks.append({"kind": "note", "text": words})

    def table(
        self, key: str, caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Any]],
        total: Sequence[Any] | None = None, note: str = "", *, dense: bool = False,
    ) -> None:  # fmt: skip
        """A table; one without rows says 无. A cell is a text, a number, or {"grade": …}."""
        self._tables += 1
        body = [[_cell(cell) for cell in row] for row in rows]
        self.blocks.append(
            {
                "kind": "table", "key": key, "label": f"表 {self.number}-{self._tables}", "caption": caption,
                "columns": [{"title": c.title, "width": c.width, "align": c.align} for c in columns], "rows": body,
                "total": None if total is None else [_cell(cell) for cell in total], "note": note, "dense": dense,
            }
        )  # fmt: skip

    def chart(
        self, key: str, caption: str, rows: Sequence[tuple[str, Mapping[str, int]]], grades: Sequence[str]
    ) -> None:
        """Horizontal bars from zero, of these grades' colours, the values printed."""
        self._pictures += 1
        bars: list[dict[str, Any]] = [{"name": name, "values": [row[g] for g in grades]} for name, row in rows]
        self.blocks.append(
            {"kind": "chart", "key": key, "label": self._picture(), "caption": caption, "bars": bars,
             "grades": list(grades), "most": max((sum(bar["values"]) for bar in bars), default=0)}
        )  # fmt: skip

    def picture(self, key: str, caption: str, name: str) -> None:
        """A picture that is laid beside the document under a name."""
        self._pictures += 1
        self.blocks.append({"kind": "picture", "key": key, "label": self._picture(), "caption": caption, "name": name})

    def _picture(self) -> str:
        return f"图 {self.number}-{self._pictures}"


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return value | {"text": LOOKS[value["grade"]].word}
    return "—" if value is None else str(value)


def chapter(number: int, title: str) -> Chapter:
    """第 5 章."""
    return Chapter(f"第 {number} 章", str(number), title)


def annex(number: int, title: str) -> Chapter:
    """附件 1."""
    return Chapter(f"附件 {number}", f"附{number}", title)


def whole(chapters: Sequence[Chapter]) -> list[Block]:
    """The chapters as data, references put in. Raises KeyError where one leads nowhere."""
    labels = {block["key"]: block["label"] for one in chapters for block in one.blocks if "key" in block}

    def part(said: Part) -> Any:
        return {"to": said.key, "text": labels[said.key]} if isinstance(said, Ref) else said

    out: list[Block] = []
    for one in chapters:
        head = {"kind": "heading", "level": 1, "number": one.label, "text": one.title}
        blocks = [
            block | {"parts": [part(p) for p in block["parts"]]} if block["kind"] == "paragraph" else block
            for block in one.blocks
        ]
        out.append({"label": one.label, "title": one.title, "blocks": [head, *blocks]})
    return out


def sentences(chapters: Sequence[Block]) -> Iterator[str]:
    """Every paragraph as it reads."""
    for one in chapters:
        for block in one["blocks"]:
            if block["kind"] == "paragraph":
                yield "".join(p if isinstance(p, str) else p["text"] for p in block["parts"])
