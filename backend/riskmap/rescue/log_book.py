"""The log for the after-action report: as a workbook and as a Word file, with its 核验码."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from riskmap.base.errors import Invalid
from riskmap.base.settings import GEODATA
from riskmap.paper import docx
from riskmap.paper.imprint import Imprint
from riskmap.paper.workbook import Heading, Workbook
from riskmap.rescue import imprint, log, log_whole
from riskmap.store.snapshot import Snapshot

TITLE = "防汛救援日志"
MOST_XLSX, MOST_DOCX = 200_000, 5_000
_HEADINGS = (
    Heading("序号", 6, kind="id"), Heading("时间", 20), Heading("类别", 8), Heading("内容", 80), Heading("经办", 14),
    Heading("淹没范围", 26), Heading("数据状态", 10, kind="id"),
)  # fmt: skip


def entries(
    snapshot: Snapshot, *, exercise: bool, kind: log.Kind | None, since: datetime | None, until: datetime, most: int
) -> list[dict[str, Any]]:
    """Entries in the order in which they were written, with what came about by itself between them and the name of
    their flood, as the snapshot's reader gets them. Raises Invalid for too many."""
    rows = snapshot.connection.execute(
        text(
            "SELECT l.log_id AS id, l.at, l.by, l.kind, l.what, l.state, l.ref, f.name AS flood, f.version"
            " FROM rescue_log AS l LEFT JOIN rescue_flood AS f USING (flood_id)"
            " WHERE l.exercise = :exercise AND (CAST(:kind AS text) IS NULL OR l.kind = :kind)"
            " AND (CAST(:since AS timestamptz) IS NULL OR l.at >= :since) AND l.at <= :until"
            " ORDER BY l.log_id LIMIT :most"
        ),
        {"exercise": exercise, "kind": kind, "since": since, "until": until, "most": most + 1},
    )
    came = log_whole.came_about(snapshot.connection, exercise=exercise, kind=kind, since=since, until=until)
    none = {"flood": None, "version": None}
    found = log_whole.whole([dict(row) for row in rows.mappings()], [c | none for c in came])
    if len(found) > most:
        raise Invalid(f"这段时间的日志超过 {most:,} 条。请缩小时间范围，分次导出。", code="too_many_entries")
    return log.shown(snapshot, found)


def about(snapshot: Snapshot, found: Sequence[Mapping[str, Any]], *, exercise: bool, mark: str | None) -> Imprint:
    """What the file says of itself; its 核验码 is of the entries alone, so that the same entries have the same one."""
    return imprint.of(snapshot, TITLE, list(found), number="", version=0, exercise=exercise, mark=mark)


def span(since: datetime | None, until: datetime) -> str:
    """The time that is covered, in words."""
    return f"{imprint.stamp(since) or '最早一条'} 至 {imprint.stamp(until)}"


def _cells(entry: Mapping[str, Any]) -> list[Any]:
    flood = f"{entry['flood']} 第 {entry['version']} 版" if entry["flood"] else ""
    return [imprint.stamp(entry["at"]), entry["kind"], entry["what"], entry["by"], flood, entry["state"]]


def write(
    path: Path, found: Sequence[Mapping[str, Any]], made: Imprint, covered: str, kind: log.Kind | None, exercise: bool
) -> None:
    """As a workbook."""
    masked = sum(entry["masked"] for entry in found)
    with Workbook(path, made) as book:
        table = book.table("日志", _HEADINGS)
        for entry in found:
            table.row([table.written + 1, *_cells(entry)])
        table.end("这段时间没有日志。")
        lines = [
            ("演练", "本日志为演练所记，不是实情" if exercise else ""),
            ("时间", covered),
            ("类别", kind or "全部"),
            ("条数", str(len(found))),
            ("无权查看", f"其中 {masked} 条所说的对象导出人无权查看，只写主管部门" if masked else ""),
            ("导出", f"{made.made_by}　{imprint.stamp(made.made_at)}"),
            ("核验码", f"{made.check}（本文件全部条目的校验：条目相同，核验码相同）"),
            ("数据状态", "每条后面是记下那一刻的登记数据状态号，可按它回看当时的图"),
        ]
        book.note([(name, said) for name, said in lines if said])


def word(
    found: Sequence[Mapping[str, Any]], made: Imprint, covered: str, kind: log.Kind | None, exercise: bool
) -> bytes:
    """As a Word file, to be gone on with."""
    template = (GEODATA / "templates" / "rescue" / "log.docx").read_bytes()
    names = ("时间", "类别", "内容", "经办", "淹没范围", "状态号")
    body = made.body()
    values = {
        "标题": TITLE,
        "区域": made.area,
        "标记": made.mark or "",
        "演练": exercise,
        "时段": covered,
        "类别": kind or "全部",
        "条数": len(found),
        "状态号": body["state"],
        "数据日期": body["day"],
        "核验码": made.check,
        "导出人": made.made_by,
        "导出时间": imprint.stamp(made.made_at),
        "日志": [
            {"序号": i} | {n: str(v) for n, v in zip(names, _cells(entry), strict=True)}
            for i, entry in enumerate(found, 1)
        ],
    }
    return docx.render(template, values)
