"""What a sender asks of a kept file, and whether he may: class, sheet, header, columns, datum."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from riskmap.access.reader import Reader
from riskmap.base.errors import FieldError, Forbidden, Invalid, NotFound
from riskmap.catalogue.model import Class
from riskmap.exchange.datum import DATUMS, ZONES
from riskmap.register.imports import queries
from riskmap.store.snapshot import Snapshot


class Chosen(BaseModel):
    """What a sender chose for one column; a target of None is not imported."""

    model_config = ConfigDict(extra="forbid")
    index: int = Field(title="列号", ge=0, le=1000)
    target: str | None = Field(None, title="对应的项", max_length=80)
    factor: Decimal | None = Field(None, title="换算倍数", gt=0, le=Decimal(10) ** 12)


@dataclass(frozen=True, slots=True)
class Asked:
    """How a sender wants a file to be read; what is None is found."""

    file_id: str
    class_: str
    sheet: str | None = None
    header_line: int | None = None
    header_lines: int | None = None
    columns: tuple[Chosen, ...] | None = None
    crs: str | None = None


def class_of(snapshot: Snapshot, code: str) -> Class:
    """The class to import into, where the sender may write it. Raises Invalid or Forbidden."""
    found = snapshot.catalogue.classes.get(code)
    if found is None:
        raise Invalid(
            "没有这个分类", errors=[FieldError("class", "unknown_class", f"没有分类“{code[:60]}”，请从分类目录中选择")]
        )
    if found.retired:
        message = f"“{found.title}”已停用，不能再导入。请选择现用的分类。"
        raise Invalid(message, code="retired_class", errors=[FieldError("class", "retired_class", message)])
    if not snapshot.reader.writes:
        raise Forbidden("当前账号只能查看。需要导入，请联系管理员开通编辑权限。")
    if snapshot.reader.classes and code not in snapshot.reader.classes:
        raise Forbidden(f"“{found.title}”不在您的管理范围内，不能导入。请联系管理员。")
    return found


def file_and_sheet(snapshot: Snapshot, asked: Asked) -> tuple[dict[str, Any], str]:
    """The kept file, of the sender's own, and the sheet to read. Raises Invalid."""
    own = None if snapshot.reader.role == "administrator" else account_of(snapshot.reader)
    file = queries.file_of(snapshot.connection, asked.file_id, own)
    if file is None:
        raise Invalid("没有这份上传的文件，请重新上传。", code="no_file")
    if "sheets" not in file["summary"]:
        raise NotFound("上传的原文件已清理，请重新上传。", code="file_gone")
    names = [s["name"] for s in file["summary"]["sheets"]]
    sheet = asked.sheet if asked.sheet is not None else file["summary"]["sheet"]
    if sheet not in names:
        raise Invalid(
            "没有这个工作表",
            errors=[FieldError("sheet", "unknown_sheet", f"文件中的工作表：{'、'.join(names[:20])}")],
        )
    return file, sheet


def account_of(reader: Reader) -> int:
    if reader.account_id is None:
        raise Forbidden("导入需要登录。")
    return reader.account_id


@lru_cache(1)
def datums() -> list[dict[str, Any]]:
    """Every system that a sender may choose, for the page's list."""
    zoned = set(ZONES.values())
    return [
        {"crs": d.crs, "title": d.title, "kind": d.kind, "meridian": d.meridian, "zoned": d.crs in zoned}
        for d in DATUMS.values()
    ]
