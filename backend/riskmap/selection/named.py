"""Selections kept by name. What one of them holds that its reader may not see, the page leaves out and says so."""

from typing import Any

from sqlalchemy import Connection

from riskmap.access.reader import Reader
from riskmap.base import audit
from riskmap.base.errors import Conflict, Forbidden, NotFound, NotSignedIn
from riskmap.selection import queries

MOST = 100  # of one account
_TAKEN = "已有同名的选择“{}”，请换一个名称，或先删去原来的。"
_NONE = "没有这个保存的选择，可能已被删去。请刷新后再试。"


def _account(reader: Reader) -> int:
    if reader.account_id is None:
        raise NotSignedIn("按名称保存选择需要登录。")
    return reader.account_id


def listed(connection: Connection, reader: Reader) -> list[dict[str, Any]]:
    """Own and shared ones."""
    return queries.named(connection, _account(reader))


def _one(connection: Connection, account: int, named_id: int) -> dict[str, Any]:
    found = queries.named(connection, account, named_id)
    if not found:
        raise NotFound(_NONE)
    return found[0]


def _own(connection: Connection, account: int, named_id: int) -> dict[str, Any]:
    found = _one(connection, account, named_id)
    if not found["mine"]:
        raise Forbidden(f"这是 {found['by']} 共享的选择，只能打开。需要改动，请另存一个。")
    return found


def add(connection: Connection, reader: Reader, title: str, link: str, shared: bool) -> dict[str, Any]:
    """Keep a new one. Raises Conflict where the name is taken or there are many already."""
    account = _account(reader)
    if queries.count_named(connection, account) >= MOST:
        raise Conflict(f"保存的选择已有 {MOST} 个，请先删去不用的。", code="too_many_named")
    made = queries.add_named(connection, account, title, link, shared)
    if made is None:
        raise Conflict(_TAKEN.format(title), code="name_taken")
    _told(connection, reader, "create", made, title, shared)
    return _one(connection, account, made)


def change(
    connection: Connection, reader: Reader, named_id: int, title: str | None, link: str | None, shared: bool | None
) -> dict[str, Any]:
    """Rename, share or replace one's own; what is None stays."""
    account = _account(reader)
    before = _own(connection, account, named_id)
    title = before["title"] if title is None else title
    shared = before["shared"] if shared is None else shared
    link = before["link"] if link is None else link
    if not queries.change_named(connection, named_id, title, link, shared):
        raise Conflict(_TAKEN.format(title), code="name_taken")
    _told(connection, reader, "update", named_id, title, shared)
    return _one(connection, account, named_id)


def drop(connection: Connection, reader: Reader, named_id: int) -> None:
    """Delete one's own."""
    before = _own(connection, _account(reader), named_id)
    queries.drop_named(connection, named_id)
    _told(connection, reader, "delete", named_id, before["title"], before["shared"])


def _told(connection: Connection, reader: Reader, action: str, named_id: int, title: str, shared: bool) -> None:
    told = {"title": title, "shared": shared}
    audit.record(connection, reader.name, action, "selection", named_id, address=reader.address, after=told)
