"""Which notices may be printed by whom, and what is published by it.

Publishing puts four things of an object on a page of its own, which the QR code of its notice leads to: the grade, the
posts in charge, the inspection that is asked, the last inspections. An editor or administrator asks for that by an act
of its own, and the trail has it; printing alone publishes nothing.
"""

import io
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import segno
from sqlalchemy import Connection

from riskmap.access.reader import COMMAND_TIER, Reader
from riskmap.base import audit, clock
from riskmap.base.errors import Conflict, Forbidden, Invalid, NotFound
from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.model import LIVE_STAGES
from riskmap.lists.rows import names as names_of
from riskmap.paper import symbols, typeset
from riskmap.paper.imprint import Imprint
from riskmap.reports.notices import queries
from riskmap.reports.notices.contents import board
from riskmap.selection.describe import STAGE_WORDS
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

Kind = Literal["board", "duty"]
TITLES: Mapping[Kind, str] = {"board": "安全风险公告牌", "duty": "管控责任公示牌"}
MOST = 200  # notices in one file
_HAZARD = "hazard"
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's
_LENGTH = 10
_AS_READ = str.maketrans("ILO", "110")
_NONE = "没有这个对象，或您无权查看。请核对编号，或登录有权限的账号。"


def normal(code: str) -> str:
    """A code as it is kept, however it was typed."""
    return code.strip().upper().replace("-", "").translate(_AS_READ)


def spaced(code: str) -> str:
    """A code as it is printed: in two halves."""
    return f"{code[: _LENGTH // 2]}-{code[_LENGTH // 2 :]}"


def _new_code() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


# -- Which objects ---------------------------------------------------------------------------


def in_full(snapshot: Snapshot, object_id: int) -> dict[str, Any]:
    """An object that the reader gets in full. Raises NotFound, Forbidden."""
    row = queries.one(snapshot, object_id)
    if row is None:
        raise NotFound(_NONE)
    if row["form"] != "full":
        raise Forbidden("您只能看到这个对象的公开内容，不能打印它的公告牌。请由主管部门或所在地的账号打印。")
    return row


def to_print(snapshot: Snapshot, object_id: int) -> dict[str, Any]:
    """An object that a notice can be printed of. Raises NotFound, Forbidden, Invalid, Conflict."""
    row = in_full(snapshot, object_id)
    class_ = snapshot.catalogue.classes.get(row["class"])
    if class_ is None or class_.role != _HAZARD:
        title = class_.title if class_ else row["class"]
        raise Invalid(f"“{title}”不是风险源，没有公告牌和公示牌。请从风险源的页面打印。", code="no_hazard")
    ended = row["valid_to"] is not None and row["valid_to"] <= snapshot.moment.day
    if ended or row["stage"] not in LIVE_STAGES:
        word = "已注销" if ended else STAGE_WORDS[row["stage"]]
        raise Conflict(f"这个对象{word}，不再打印公告牌；已挂出的请取下。", code="over")
    return row


@dataclass(frozen=True, slots=True)
class Chosen:
    """Objects of a selection to print notices of, and how many others it has."""

    rows: list[dict[str, Any]]
    left_out: int


def of_selection(snapshot: Snapshot, selection: Selection) -> Chosen:
    """The live hazards of a selection that the reader gets in full. Raises Invalid: none, or too many for one file."""
    hazards = [c.code for c in snapshot.catalogue.classes.values() if c.role == _HAZARD]
    rows = queries.many(snapshot, selection, hazards, MOST)
    if not rows:
        raise Invalid("所选范围内没有可以打印公告牌的风险源，请换一个范围。", code="empty")
    if len(rows) > MOST:
        told = f"所选的风险源超过 {MOST} 处，一个文件最多 {MOST} 张。请按乡镇、分类或等级分几次打印。"
        raise Invalid(told, code="too_many_notices")
    return Chosen(rows, queries.total(snapshot, selection) - len(rows))


# -- Codes -----------------------------------------------------------------------------------


def may_publish(reader: Reader) -> bool:
    """Who publishes: an editor or administrator, never a reader."""
    return reader.writes and reader.sees_inner


def codes(
    connection: Connection, snapshot: Snapshot, rows: Sequence[Mapping[str, Any]], *, publish: bool
) -> dict[int, str]:
    """The codes of these objects; `publish`: new ones for those that have none, each an entry of the trail.

    What only the command tier sees is not published. Who may not publish gets the codes that there are.
    """
    reader = snapshot.reader
    able = {row["id"]: row for row in rows if row["visibility"] < COMMAND_TIER}
    known = {i: found["code"] for i, found in queries.codes(connection, list(able)).items()}
    if not (publish and may_publish(reader)):
        return known
    new = queries.add_codes(connection, {i: _new_code() for i in able if i not in known}, reader.name)
    for object_id, code in new.items():
        audit.record(
            connection, reader.name, "publish", "notice", object_id, address=reader.address, state=snapshot.state.n,
            after={"code": code},
        )  # fmt: skip
    if len(known) + len(new) < len(able):  # somebody else was first
        known = {i: found["code"] for i, found in queries.codes(connection, list(able)).items()}
    return known | new


def code_of(snapshot: Snapshot, object_id: int) -> dict[str, Any]:
    """Whether an object is published, and under which code."""
    row = in_full(snapshot, object_id)
    found = queries.codes(snapshot.connection, [object_id]).get(object_id)
    if found is None or row["visibility"] >= COMMAND_TIER:
        return {"code": None}
    return {
        "code": found["code"], "shown": spaced(found["code"]), "path": f"/p/{found['code']}",
        "made_at": found["made_at"], "made_by": found["made_by"],
    }  # fmt: skip


def revoke(snapshot: Snapshot, object_id: int, reason: str) -> None:
    """The code leads nowhere any more; the next notice gets another. Raises NotFound, Forbidden, Conflict."""
    reader, connection = snapshot.reader, snapshot.connection
    in_full(snapshot, object_id)
    if not may_publish(reader):
        raise Forbidden("只有管理员和编辑可以停用公示二维码。")
    code = queries.revoke(connection, object_id, reader.name, reason)
    if code is None:
        raise Conflict("这个对象没有在用的公示二维码。", code="no_code")
    audit.record(
        connection, reader.name, "revoke", "notice", object_id, address=reader.address, state=snapshot.state.n,
        before={"code": code}, after={"reason": reason},
    )  # fmt: skip


# -- The paper -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Printed:
    """A file of notices."""

    body: bytes
    lacking: tuple[str, ...]
    at: datetime


def qr(address: str) -> bytes:
    """A QR code as SVG, with its quiet zone."""
    out = io.BytesIO()
    segno.make(address, error="q", micro=False).save(out, kind="svg", border=4, xmldecl=False, svgclass=None)
    return out.getvalue()


def pdf(
    snapshot: Snapshot,
    rows: Sequence[Mapping[str, Any]],
    kind: Kind,
    codes: Mapping[int, str],
    base: str,
    mark: str | None,
) -> Printed:
    """Notices of these objects, a sheet each (and more where a text is long). `base`: where the public page is."""
    moment, now = snapshot.moment, clock.now()
    listed = catalogue_queries.divisions(snapshot.connection, moment.n, moment.day)
    divisions = {d["code"]: d["name"] for d in listed}
    firms = names_of(snapshot, [row["enterprise"] for row in rows if row["enterprise"] is not None])
    parties = queries.posts(snapshot, [row["id"] for row in rows])
    boards, files = [], {}
    for row in rows:
        one = board(row, snapshot, parties.get(row["id"], ()), firms.get(row["enterprise"]), divisions)
        code = codes.get(row["id"])
        one |= {"qr": "", "public": "", "address": ""}
        if code:
            address = f"{base}/p/{code}"
            one |= {"qr": f"qr-{code}.svg", "public": spaced(code), "address": address.partition("://")[2]}
            files[one["qr"]] = qr(address)
        boards.append(one)
    classes = snapshot.catalogue.classes
    files |= symbols.files({c: classes[c].symbol for c in {row["class"] for row in rows} if c in classes})
    imprint = Imprint(
        title=TITLES[kind], area="", number="", version=1, state=moment.n, day=moment.day, data_at=snapshot.state.at,
        check="", selection="", maker="", made_by="", made_at=now, draft=False, secrecy="", mark=mark,
    )  # fmt: skip
    data = {"imprint": imprint.body(), "kind": kind, "boards": boards, "printed": f"{now:%Y-%m-%d}"}
    made = typeset.pdf("notice", data, files, at=now)
    return Printed(made.body, made.lacking, now)


def note_printed(
    connection: Connection, snapshot: Snapshot, rows: Sequence[Mapping[str, Any]], kind: Kind, codes: Mapping[int, str]
) -> None:
    """That notices were printed, in the trail: an entry each, so that an object's own are found."""
    reader = snapshot.reader
    for row in rows:
        audit.record(
            connection, reader.name, "print", "notice", row["id"], address=reader.address, state=snapshot.state.n,
            after={"kind": kind, "code": codes.get(row["id"])},
        )  # fmt: skip
