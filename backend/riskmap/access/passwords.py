"""Passwords: Argon2 hashes, a policy, and a bound on how many are worked out at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from riskmap.base.errors import FieldError, Invalid, Unavailable

LEAST, MOST = 8, 128
_LEAST_PLAIN = 10  # without three kinds of characters
_KINDS = (str.isdigit, str.islower, str.isupper)

_HASHER = PasswordHash((Argon2Hasher(),))
_DUMMY = _HASHER.hash("no account has this password")
_AT_ONCE = threading.BoundedSemaphore(2)  # each takes 64 MiB and a core: more would starve the map
_HERE = threading.BoundedSemaphore(10)  # working and waiting; each waits in one of the 40 request threads


@contextmanager
def _turn() -> Iterator[None]:
    if not _HERE.acquire(blocking=False):
        raise Unavailable("现在登录的人较多，请几秒后再试。")
    try:
        with _AT_ONCE:
            yield
    finally:
        _HERE.release()


def hash_password(password: str) -> str:
    """Argon2id hash. Raises Unavailable where too many wait already."""
    with _turn():
        return _HASHER.hash(password)


def verify(password: str, stored: str | None) -> bool:
    """Whether the password is right; takes the same time where there is no account. Raises Unavailable."""
    with _turn():
        right = _HASHER.verify(password[:MOST], stored or _DUMMY)
    return right and stored is not None and len(password) <= MOST


def check_policy(password: str, username: str, field: str = "password") -> None:
    """GB/T 22239 practice: at least 10 characters, or 8 of three kinds; not the username. Raises Invalid."""
    kinds = sum(any(is_kind(c) for c in password) for is_kind in _KINDS)
    kinds += any(not any(is_kind(c) for is_kind in _KINDS) for c in password)
    long_enough = len(password) >= _LEAST_PLAIN or (len(password) >= LEAST and kinds >= 3)
    if long_enough and len(password) <= MOST and password.casefold() != username.casefold():
        return
    message = (
        f"密码至少 {_LEAST_PLAIN} 位，或至少 {LEAST} 位且含大写、小写、数字、符号中的三种；"
        f"最多 {MOST} 位，不能与用户名相同"
    )
    raise Invalid("密码不合要求，没有保存", code="weak_password", errors=[FieldError(field, "weak_password", message)])
