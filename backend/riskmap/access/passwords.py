"""Passwords: Argon2 hashes, a policy, and a bound on how many are worked out at once."""

import threading

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from riskmap.base.errors import FieldError, Invalid

_HASHER = PasswordHash((Argon2Hasher(),))
_AT_ONCE = threading.BoundedSemaphore(2)  # each takes 64 MiB and a core: more would starve the map
_DUMMY = _HASHER.hash("no account has this password")
LEAST, MOST = 8, 128


def hash_password(password: str) -> str:
    """Argon2id hash."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def verify(password: str, stored: str | None) -> bool:
    """Whether the password is right; takes the same time where there is no account."""
    with _AT_ONCE:
        right = _HASHER.verify(password[:MOST], stored or _DUMMY)
    return right and stored is not None


def check_policy(password: str, username: str) -> None:
    """GB/T 22239 practice: at least 8 characters of three kinds, or 12 of any; not the username."""
    kinds = sum(
        any(test(c) for c in password)
        for test in (str.isdigit, str.islower, str.isupper, lambda c: not c.isalnum())
    )
    weak = len(password) < LEAST or (len(password) < 12 and kinds < 3)
    if len(password) > MOST or weak or username.lower() in password.lower():
        raise Invalid(
            "密码不合要求",
            code="weak_password",
            errors=[
                FieldError(
                    "password",
                    "weak_password",
                    "密码至少 8 位且含大写、小写、数字、符号中的三种，或至少 12 位；最多 128 位，不能包含用户名",
                )
            ],
        )
