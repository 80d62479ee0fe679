"""预警通知名单 as a workbook: whom to telephone, town by town; what has nobody; what departments tell."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from riskmap.paper.workbook import Heading, Workbook
from riskmap.rescue import imprint, warning
from riskmap.selection.describe import GRADE_WORDS
from riskmap.store.snapshot import Snapshot

_TICKED = (Heading("通知结果", 10), Heading("通知时间", 20), Heading("通知人", 12), Heading("备注", 20))
_CALLS = (
    Heading("序号", 6, kind="id"), Heading("乡镇（街道）", 20), Heading("风险等级", 9, kind="grade"),
    Heading("分类", 14),
    Heading("名称", 28), Heading("角色", 12), Heading("职务", 20), Heading("姓名", 10), Heading("电话", 16),
    Heading("责任人登记于", 22), *_TICKED,
)  # fmt: skip
_NOBODY = (
    Heading("序号", 6, kind="id"), Heading("乡镇（街道）", 20), Heading("风险等级", 9, kind="grade"),
    Heading("分类", 14),
    Heading("名称", 28), Heading("主管部门", 20), *_TICKED,
)  # fmt: skip
_DEPARTMENTS = (
    Heading("序号", 6, kind="id"), Heading("主管部门", 24), Heading("对象", 8, "处", kind="number"),
    Heading("名称", 28), Heading("其中最高等级", 12, kind="grade"), *_TICKED,
)  # fmt: skip


def title(of: dict[str, Any]) -> str:
    """Of the file and its sheets."""
    return f"{warning.title(of)}通知名单"


def write(
    snapshot: Snapshot,
    path: Path,
    of: dict[str, Any],
    told: Mapping[str, Any],
    at: datetime,
    asked: Sequence[tuple[str, str]],
    mark: str | None,
) -> None:
    """The list as `telling.answer` gives it whole. `asked`: what was asked for, in words, for 说明."""
    rows: list[dict[str, Any]] = told["rows"]
    about = imprint.of(
        snapshot, title(of), rows, number=f"预警 {of['series']}", version=of["version"], exercise=of["exercise"],
        mark=mark,
    )  # fmt: skip
    with Workbook(path, about) as book:
        calls = book.table("通知名单", _CALLS)
        for r in rows:
            if r["party"] is not None:
                calls.row([
                    calls.written + 1, r["town"], GRADE_WORDS[r["grade"]], r["class_title"], r["name"], r["role"],
                    r["post"], r["person"], r["phone"], r["via"], *_ticked(r, of["version"]),
                ])  # fmt: skip
        calls.end("范围内没有登记了责任人的对象。")
        nobody = book.table("没有登记责任人", _NOBODY)
        for r in rows:
            if r["nobody"] is not None:
                nobody.row([
                    nobody.written + 1, r["town"], GRADE_WORDS[r["grade"]], r["class_title"], r["name"],
                    r["department"], *_ticked(r, of["version"]),
                ])  # fmt: skip
        nobody.end("范围内的对象都登记了责任人。")
        departments = book.table("由主管部门通知", _DEPARTMENTS)
        for r in rows:
            if r["masked"] is not None:
                departments.row([
                    departments.written + 1, r["department"], r["objects"], r["name"], GRADE_WORDS[r["grade"]],
                    *_ticked(r, of["version"]),
                ])  # fmt: skip
        departments.end("没有无权查看的对象和责任人。")
        book.note([*_about(of, told, at), *asked])


def _ticked(row: Mapping[str, Any], version: int) -> list[str | None]:
    told = row["told"]
    if told is None:
        return [None, None, None, None]
    earlier = "" if told["version"] == version else f"（按第 {told['version']} 版）"
    return [told["result"] + earlier, imprint.stamp(told["at"]), told["by"], told["note"]]


def _about(of: Mapping[str, Any], told: Mapping[str, Any], at: datetime) -> list[tuple[str, str]]:
    counts = told["counts"]
    lines = [
        ("预警", f"{warning.title(dict(of))}，第 {of['version']} 版"),
        ("演练", "本表为演练所制，不是实情" if of["exercise"] else ""),
        ("发布单位", of["issuer"]),
        ("有效时间", f"{imprint.stamp(of['starts_at'])} 至 {imprint.stamp(of['ends_at'])}"),
        ("内容", of["text"]),
        ("时刻", f"{imprint.stamp(at)}，此前的通知结果"),
        (
            "对象",
            f"{told['objects']:,} 处，其中没有登记责任人 {told['nobody']:,} 处，"
            f"由主管部门通知 {told['through_department']:,} 处",
        ),
        ("没有电话", f"{told['no_phone']:,} 行有责任人而没有登记电话" if told["no_phone"] else ""),
        (
            "通知",
            f"{told['total']:,} 行：接通 {counts['connected']}，转达 {counts['passed_on']}，未接 {counts['missed']}，"
            f"只按以前的版次通知过 {counts['earlier']}，尚未通知到 {counts['left']}",
        ),
        ("没有位置", f"另有 {told['unplaced']:,} 处在管对象没有位置，不知是否在范围内" if told["unplaced"] else ""),
    ]
    return [(name, text) for name, text in lines if text]
