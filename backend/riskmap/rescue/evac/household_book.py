"""Workbooks of households: the empty 户册 to be filled in, and who is left, door by door."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from riskmap.paper.workbook import Heading, Workbook
from riskmap.rescue import imprint
from riskmap.rescue.evac.household_table import TITLES
from riskmap.store.snapshot import Snapshot

_WIDTHS = {
    "village": 18, "code": 12, "householder": 12, "kind": 8, "persons": 8, "frail": 12, "disabled": 8,
    "left_behind": 8, "alone": 8, "phone": 16, "address": 28, "helper": 12, "helper_phone": 16,
}  # fmt: skip
_NUMBERS = {"persons", "frail", "disabled", "left_behind", "alone"}
_HEADINGS = tuple(
    Heading(TITLES[name], width, kind="number" if name in _NUMBERS else "text") for name, width in _WIDTHS.items()
)
_LEFT = (
    Heading("序号", 6, kind="id"), *_HEADINGS[:5], Heading("已转", 8, kind="number"),
    Heading("未转", 8, kind="number"), *_HEADINGS[5:], Heading("敲门结果", 16),
)  # fmt: skip
_VILLAGES = (
    Heading("村（社区）", 20), Heading("区划", 24), Heading("应转", 9, kind="number"),
    Heading("已转", 9, kind="number"),
    Heading("安置", 9, kind="number"), Heading("投亲靠友", 9, kind="number"), Heading("未转", 9, kind="number"),
    Heading("返回", 9, kind="number"), Heading("户册户数", 9, kind="number"), Heading("户册人数", 9, kind="number"),
    Heading("户册未转", 9, kind="number"), Heading("没有对到户的已转", 12, kind="number"), Heading("责任人", 16),
    Heading("责任人电话", 16),
)  # fmt: skip
_HELP = (
    ("村（社区）", "与转移里的村名一样"),
    ("户号", "可不填；填了的以户号认是不是同一户，没有填的以户主和电话认。一户只能在一个村"),
    ("类别", "常住或流动（游客、务工等写流动）；不填为常住"),
    ("老弱病残孕、失能、留守、独居", "各有几人，可重复计；不填为 0"),
    ("保存", "个人信息：只有指挥层和管理范围含该村的编辑看得到，查看、导出都留记录，转移结束后到期删除"),
)


def template(snapshot: Snapshot, path: Path, of: Mapping[str, Any], mark: str | None) -> None:
    """The empty table, with the names of the villages."""
    title = f"{of['name']}户册"
    about = imprint.of(snapshot, title, [], number=f"转移 {of['id']}", version=0, exercise=of["exercise"], mark=mark)
    with Workbook(path, about) as book:
        table = book.table("户册", _HEADINGS)
        for village in of["villages"]:
            if village["may_see_households"]:
                table.row([village["name"], *[None] * (len(_HEADINGS) - 1)])
        table.end("这次转移里没有您可以登记户册的村。")
        book.note(_HELP)


def left(
    snapshot: Snapshot,
    path: Path,
    of: Mapping[str, Any],
    villages: Sequence[Mapping[str, Any]],
    households: Sequence[Mapping[str, Any]],
    at: datetime,
    mark: str | None,
) -> None:
    """Who is left: 敲门清单 by household, and 各村. `villages` carry `list`, how their list stands to the count."""
    rest = [h for h in households if h["left"]]
    about = imprint.of(
        snapshot, f"{of['name']}未转人员敲门清单", [[h["id"], h["left"]] for h in rest], number=f"转移 {of['id']}",
        version=0, exercise=of["exercise"], mark=mark,
    )  # fmt: skip
    names = {v["id"]: v["name"] for v in villages}
    with Workbook(path, about) as book:
        doors = book.table("敲门清单", _LEFT)
        for i, h in enumerate(rest, 1):
            doors.row([
                i, names[h["village"]], h["code"], h["householder"], h["kind_title"], h["persons"], h["moved"],
                h["left"], h["frail"], h["disabled"], h["left_behind"], h["alone"], h["phone"], h["address"],
                h["helper"], h["helper_phone"], None,
            ])  # fmt: skip
        doors.end("户册里没有未转的户。没有户册的村见“各村”。")
        by_village = book.table("各村", _VILLAGES)
        for v in villages:
            by_village.row([
                v["name"], v["division_name"], v["to_move"], v["moved"], v["sheltered"], v["with_relatives"],
                v["left"], v["returned"], v["list"]["households"], v["list"]["persons"], v["list"]["left"],
                v["list"]["without_household"], v["organiser"], v["phone"],
            ])  # fmt: skip
        by_village.end("没有村。")
        book.note(about_lines(of, at))


def about_lines(of: Mapping[str, Any], at: datetime) -> list[tuple[str, str]]:
    """What the sheet says of itself."""
    lines = [
        ("转移", f"{of['name']}，{of['level']}，下达 {imprint.stamp(of['ordered_at'])}"),
        ("演练", "本表为演练所制，不是实情" if of["exercise"] else ""),
        ("时刻", imprint.stamp(at)),
        ("未转", "到达避难场所或亲友家才算已转，在路上仍算未转"),
        ("没有对到户的已转", "只按村报了人数、没有报是哪一户的：这些人可能在敲门清单里仍写未转，敲门时核对"),
        ("保存", "内有个人信息，用后收回销毁"),
    ]
    return [(name, text) for name, text in lines if text]
