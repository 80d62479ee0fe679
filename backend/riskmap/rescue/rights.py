"""Who may do what on the night. Which objects a reader sees is the selection's to say."""

from typing import Annotated

from fastapi import Depends

from riskmap.access.dependencies import signed_in
from riskmap.access.reader import Reader
from riskmap.base.errors import Forbidden


def inner_reader(reader: Annotated[Reader, Depends(signed_in)]) -> Reader:
    """Who may read what the command post knows."""
    if not reader.sees_inner:
        raise Forbidden("您的账号只能看公开信息，不能查看救援。")
    return reader


def writer(reader: Annotated[Reader, Depends(inner_reader)]) -> Reader:
    """Who may enter what is known: floods, readings. Asked before a byte of an upload is read."""
    if not reader.writes:
        raise Forbidden("您的账号只能查看，登记、报告、标记请由编辑或管理员操作。")
    return reader


def commander(reader: Annotated[Reader, Depends(writer)]) -> Reader:
    """Who may decide: response level, warnings, evacuations."""
    if "dispatch" not in reader.may:
        raise Forbidden("您的账号没有调度权，这件事请由有调度权的人操作。")
    return reader


def keeper(reader: Annotated[Reader, Depends(writer)]) -> Reader:
    """Who may change the bureau's lists of acts."""
    if reader.role != "administrator" and "dispatch" not in reader.may:
        raise Forbidden("您的账号不能修改响应行动清单，请由管理员或有调度权的人修改。")
    if reader.areas:  # as with the roads: all share the one list
        raise Forbidden("响应行动清单全市共用，请由管理区域不受限的管理员或有调度权的人修改。")
    return reader


Inner = Annotated[Reader, Depends(inner_reader)]
Writer = Annotated[Reader, Depends(writer)]
Commander = Annotated[Reader, Depends(commander)]
Keeper = Annotated[Reader, Depends(keeper)]
