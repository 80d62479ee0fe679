"""The audit trail for those who read it: in words, as a file, and whether its chain holds."""

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import xlsxwriter
from sqlalchemy import Connection

from riskmap.access import queries
from riskmap.access.reader import COMMAND_TIER, Reader
from riskmap.base import clock
from riskmap.base.audit import dump_json
from riskmap.base.errors import Invalid
from riskmap.base.plain import no_markup

MOST_EXPORTED = 200_000
_MOST_BREAKS = 200
_MOST_CELL = 32_767  # characters of a cell, by Excel's specification
_CUT = "……（过长，全文见 CSV）"

Form = Literal["csv", "xlsx"]

# Words of the codes in the trail, for page and file alike. A code that is not here is shown as it is.
KINDS = {
    "account": "账号",
    "session": "登录",
    "token": "访问令牌",
    "object": "对象",
    "import": "导入",
    "job": "任务",
    "waiting": "待定位",
    "class": "分类",
    "scale": "标度",
    "policy": "对应表",
    "catalogue": "分类目录",
    "selection": "保存的选择",
    "audit": "操作记录",
    "basemap": "底图",
    "list": "清单",
    "gazetteer": "地名地址",
    "ruleset": "规则集",
    "admission": "准入案",
    "holiday": "节假日表",
    "template": "文书模板",
    "report": "成果",
    "notice": "公告牌",
    "map": "带走的地图",
    "report_layout": "清单的列",
    "flood": "淹没范围",
    "road": "路网",
    "terrain": "地形",
    "routing": "路线数据",
    "road_closed": "封闭道路",
    "warning": "预警",
    "response": "响应",
    "act_list": "响应行动清单",
    "rescue_log": "救援日志",
    "place": "地点",
    "reading": "水位读数",
    "evacuation": "转移",
    "household": "转移户册",
    "incident": "险情",
    "plan": "调度方案",
    "order": "调度令",
    "goods_move": "物资出入",
    "standby": "前置点",
    "team": "队伍",
}
ACTIONS = {
    "sign_in": "登录",
    "sign_out": "退出",
    "end_sessions": "结束登录",
    "password": "改密码",
    "create": "新建",
    "create_many": "成批登记",
    "update": "修改",
    "end": "注销",
    "delete": "删去",
    "parties": "更新责任人",
    "queue": "提交",
    "import": "导入",
    "write": "写入",
    "undo": "撤销",
    "cancel": "取消",
    "place": "定位",
    "seed": "更新目录",
    "first_grades": "首次定级",
    "adopt": "采用",
    "export": "导出",
    "check": "校验",
    "ask": "查询",
    "load": "装入",
    "regrade": "确认等级",
    "sign": "签署",
    "findings": "现场核查",
    "assign": "派发",
    "upload": "上传",
    "download": "下载",
    "print": "打印",
    "close": "结案",
    "make": "生成",
    "review": "审核",
    "send_back": "退回",
    "withdraw": "撤回",
    "publish": "公示",
    "revoke": "停用",
    "reset": "还原",
    "lift": "解除",
    "start": "启动",
    "change": "调整",
    "confirm": "确认",
    "discard": "作废",
    "enter": "登记",
    "accept": "采纳",
    "merge": "合并",
    "split": "拆分",
}
RESULTS = {
    "ok": "成功",
    "wrong_password": "密码不对",
    "locked": "账号锁定",
    "broken": "链不完整",
    "failed": "没有完成",
}
_FILTERS = {"actor": "谁", "kind": "类型", "action": "操作", "ref": "对象", "result": "结果", "text": "文字"}


def limit_of(reader: Reader) -> queries.Within | None:
    """What page, total and file keep to: None for an auditor who may read of every object."""
    if not reader.is_limited and reader.tier >= COMMAND_TIER:
        return None
    return queries.Within(reader.name, reader.is_limited)


def page(connection: Connection, reader: Reader, filters: dict[str, Any], limit: int) -> dict[str, Any]:
    """Entries, newest first; `next` is the cursor of the following page. The first page also counts and names."""
    within = limit_of(reader)
    items = queries.audit_page(connection, filters, limit + 1, within)
    following = items[limit - 1]["id"] if len(items) > limit else None
    answer: dict[str, Any] = {"items": items[:limit], "next": following}
    if filters["before"] is None:
        answer["total"] = queries.audit_count(connection, filters, within)
        answer["names"] = {"kinds": KINDS, "actions": ACTIONS, "results": RESULTS}
        answer["limited"] = within is not None
    return answer


# -- Files ---------------------------------------------------------------------------

_COLUMNS: dict[str, int] = {  # with their widths on a sheet
    "序号": 8,
    "时间": 27,
    "谁": 14,
    "来自": 16,
    "操作": 12,
    "类型": 12,
    "对象": 16,
    "状态号": 8,
    "结果": 12,
    "改前": 40,
    "改后": 40,
    "本条指纹": 20,
    "上条指纹": 20,
}


def _cells(entry: Mapping[str, Any]) -> list[Any]:
    at: datetime = entry["at"]
    return [
        entry["n"],
        at.isoformat(timespec="milliseconds"),
        entry["actor"],
        entry["address"],
        ACTIONS.get(entry["action"], entry["action"]),
        KINDS.get(entry["kind"], entry["kind"]),
        entry["ref"],
        entry["state"],
        RESULTS.get(entry["result"], entry["result"]),
        dump_json(entry["before"]) or "",
        dump_json(entry["after"]) or "",
        entry["hash"] or "",
        entry["previous"] or "",
    ]


def export(connection: Connection, reader: Reader, filters: dict[str, Any], form: Form, path: Path) -> dict[str, Any]:
    """Write exactly the filtered entries, newest first; what the trail keeps of it. Raises Invalid for too many."""
    within = limit_of(reader)
    count = queries.audit_count(connection, filters, within)
    if count > MOST_EXPORTED:
        said = f"符合条件的有 {count:,} 条，一次最多导出 {MOST_EXPORTED:,} 条。请缩小时间范围，分次导出。"
        raise Invalid(said, code="too_many_entries")
    head = queries.audit_head(connection)
    asked = {name: value for name, value in filters.items() if value is not None}
    told = {"form": form, "entries": count, "filters": json.loads(dump_json(asked) or "{}"), "head": head}
    entries = queries.audit_rows(connection, filters, within)
    if form == "csv":
        _write_csv(path, entries)
    else:
        _write_xlsx(path, entries, _notes(reader, asked, told))
    return told


def harmless(value: Any) -> Any:
    """A csv cell that a spreadsheet takes for text and not for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _write_csv(path: Path, entries: Iterator[dict[str, Any]]) -> None:
    # With a mark at the beginning: without it Excel reads UTF-8 as GBK.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for entry in entries:
            writer.writerow([harmless(cell) for cell in _cells(entry)])


def _write_xlsx(path: Path, entries: Iterator[dict[str, Any]], notes: list[tuple[str, str]]) -> None:
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        head = book.add_format({"bold": True, "bg_color": "#E9EEEF", "bottom": 1})
        sheet = book.add_worksheet("操作记录")
        for column, (title, width) in enumerate(_COLUMNS.items()):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, title, head)
        sheet.freeze_panes(1, 0)
        row = 0
        for row, entry in enumerate(entries, 1):
            for column, cell in enumerate(_cells(entry)):
                if isinstance(cell, int):
                    sheet.write_number(row, column, cell)
                elif cell:
                    whole = len(cell) <= _MOST_CELL
                    sheet.write_string(row, column, no_markup(cell if whole else cell[: _MOST_CELL - len(_CUT)] + _CUT))
        sheet.autofilter(0, 0, row, len(_COLUMNS) - 1)
        about = book.add_worksheet("说明")
        about.set_column(0, 0, 14)
        about.set_column(1, 1, 80)
        for row, (title, said) in enumerate(notes):
            about.write_string(row, 0, title, head)
            about.write_string(row, 1, said)


def _notes(reader: Reader, asked: Mapping[str, Any], told: Mapping[str, Any]) -> list[tuple[str, str]]:
    head = told["head"]
    return [
        ("导出人", reader.name),
        ("导出时间", clock.now().isoformat(timespec="seconds")),
        ("条件", words_of(asked)),
        ("条数", f"{told['entries']:,}"),
        ("链至第", f"{head['n']} 条"),
        ("链尾指纹", str(head["hash"])),
    ]


def words_of(asked: Mapping[str, Any]) -> str:
    """A filter in words."""
    named = {"kind": KINDS, "action": ACTIONS, "result": RESULTS}
    out = [
        f"{title}：{named.get(name, {}).get(asked[name], asked[name])}"
        for name, title in _FILTERS.items()
        if asked.get(name) is not None
    ]
    for name, title in (("since", "从"), ("until", "到")):
        if asked.get(name) is not None:
            out.append(f"{title} {asked[name].isoformat(timespec='minutes')}")
    return "；".join(out) or "全部"


# -- The chain -----------------------------------------------------------------------


def check(connection: Connection, noted: tuple[int, str] | None = None) -> dict[str, Any]:
    """Whether every link holds, else the first places where it does not, in words.

    `noted` is a number and a hash that somebody kept outside: the one thing that whoever rules the
    database cannot have rewritten with the rest.
    """
    head, tail = queries.audit_head(connection), queries.audit_tail(connection)
    rows = queries.audit_breaks(connection, _MOST_BREAKS + 1)
    broken = _places(rows[:_MOST_BREAKS])
    last = tail["n"] or 0
    if head["n"] is None:
        broken.append(_place("head", last, f"记录总数的一行不见了：无法知道第 {last} 条之后是否少了"))
    elif head["n"] > last:
        broken.append(_missing(last, head["n"] - last, "（末尾）"))
    elif head["n"] < last:
        broken.append(_place("head", head["n"], f"记录总数被改动：记作 {head['n']} 条，实有 {last} 条"))
    elif last and head["hash"] != tail["hash"]:
        broken.append(_place("changed", last, f"第 {last} 条（最后一条）的指纹与记下的不符"))
    if tail["unlinked"]:
        broken.append(_place("unlinked", last, f"另有 {tail['unlinked']} 条不在链上：不是经本系统写入的"))
    answer = {
        "holds": not broken,
        "entries": last,
        "head": head,
        "at": clock.now().isoformat(timespec="seconds"),
        "broken": broken,
        "more": len(rows) > _MOST_BREAKS,
        "noted": None,
    }
    if noted is not None:
        answer["noted"] = _compared(noted, queries.audit_hash(connection, noted[0]))
    return answer


def _place(what: str, after: int, words: str, missing: int = 0) -> dict[str, Any]:
    return {"what": what, "n": after, "missing": missing, "words": words}


def _missing(after: int, count: int, where: str = "") -> dict[str, Any]:
    start = f"第 {after} 条之后" if after else "开头"
    return _place("missing", after, f"{start}少了 {count} 条{where}", count)


def _places(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Breaks as an auditor reads them: what is missing in a row is one place."""
    out: list[dict[str, Any]] = []

    def lost(after: int, count: int) -> None:
        before = out[-1] if out and out[-1]["what"] == "missing" else None
        if before is not None and before["n"] + before["missing"] == after:
            out[-1] = _missing(before["n"], before["missing"] + count)
        else:
            out.append(_missing(after, count))

    for row in rows:
        n = row["n"]
        if row["gap"]:
            lost(n - row["gap"] - 1, row["gap"])
        if row["gone"]:
            lost(n - 1, 1)
        elif row["changed"]:
            out.append(_place("changed", n, f"第 {n} 条被改动"))
        if row["cut"] and not (out and out[-1]["what"] == "changed" and out[-1]["n"] == n - 1):
            # The entry before was changed together with its own link.
            out.append(
                _place("cut", n, f"第 {n} 条接不上第 {n - 1} 条：第 {n - 1} 条被改动" if n > 1 else "第 1 条被改动")
            )
    return out


def _compared(noted: tuple[int, str], now: str | None) -> dict[str, Any]:
    n, kept = noted
    same = now is not None and now == kept.strip().lower()
    if now is None:
        words = f"现在没有第 {n} 条：留存指纹之后记录被删去或重建"
    elif same:
        words = f"第 {n} 条的指纹与留存的一致：这一条和它之前的记录都没有变"
    else:
        words = f"第 {n} 条的指纹与留存的不一致：这一条或它之前的记录被改动"
    return {"n": n, "holds": same, "words": words}
