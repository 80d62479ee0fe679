"""What can go wrong, and the one table that gives each its HTTP status.

Messages are read by officers: Chinese, what is wrong and what to do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldError:
    """One value that was refused."""

    field: str  # dotted path as in the request: attributes.dam_height_m
    code: str  # stable: below_minimum, unknown_field, …
    message: str  # shown to the user


class RiskmapError(Exception):
    """Base of all errors that are an answer and not a fault."""

    code = "error"
    title = "请求未完成"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: list[FieldError] | None = None,
        now: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors or []
        self.now = now  # how it stands instead, where the asker is to look at it again
        if code:
            self.code = code

    def __str__(self) -> str:
        return "；".join([self.detail, *(f"{e.field} {e.message}" for e in self.errors)])


class Invalid(RiskmapError):
    """A malformed request."""

    code, title = "invalid", "内容有误，未保存"


class NotSignedIn(RiskmapError):
    """Nobody, or an expired session or token."""

    code, title = "not_signed_in", "请先登录"


class Forbidden(RiskmapError):
    """Seen, but not allowed."""

    code, title = "forbidden", "无此权限"


class NotFound(RiskmapError):
    """Unknown, or not visible to the asker: the two look alike."""

    code, title = "not_found", "没有找到"


class Conflict(RiskmapError):
    """Somebody else was first, or the picture asked for is not this one."""

    code, title = "conflict", "与现有数据冲突"


class PreconditionRequired(RiskmapError):
    """An edit without the state that it edits."""

    code, title = "precondition_required", "缺少版本号"


class TooLarge(RiskmapError):
    """A body beyond the bound."""

    code, title = "too_large", "内容过大"


class Locked(RiskmapError):
    """Too many failed sign-ins."""

    code, title = "locked", "账号已锁定"


class TooMany(RiskmapError):
    """More requests than the bound."""

    code, title = "too_many", "请求过于频繁"


class Unavailable(RiskmapError):
    """The database is gone for now, or shutting down."""

    code, title = "unavailable", "服务暂时不可用"


class DiskFull(RiskmapError):
    """Too little free disk to promise that a write lasts."""

    code, title = "disk_full", "磁盘空间不足，未保存"


STATUS: dict[type[RiskmapError], HTTPStatus] = {
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotSignedIn: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    PreconditionRequired: HTTPStatus.PRECONDITION_REQUIRED,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Locked: HTTPStatus.LOCKED,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    DiskFull: HTTPStatus.INSUFFICIENT_STORAGE,
}


def status_of(error: RiskmapError) -> int:
    """HTTP status of an error; a subclass has its parent's."""
    return next(int(STATUS[kind]) for kind in type(error).__mro__ if kind in STATUS)
