"""Passwords: Argon2 hashes, rules, and a bound on how many are worked out at once."""

import secrets
import string
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from riskmap.base.errors import FieldError, Invalid, Unavailable
from riskmap.base.settings import Settings

MOST = 128
_KINDS = (str.isupper, str.islower, str.isdigit)
# Without those that look alike on paper.
_MADE_OF = tuple(
    "".join(c for c in kind if c not in "IOl01")
    for kind in (string.ascii_uppercase, string.ascii_lowercase, string.digits)
)

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


@dataclass(frozen=True, slots=True)
class Rules:
    """What a password has to be, and for how long it lasts."""

    length: int = 8
    kinds: int = 3
    long: int = 10  # from this length on kinds do not count; 0: they always do
    history: int = 5  # not one of the last N; 0: any
    days: int = 90  # 0: for ever

    @classmethod
    def of(cls, settings: Settings) -> "Rules":
        """As RISKMAP_PASSWORD_* say."""
        s = settings
        return cls(s.password_length, s.password_kinds, s.password_long, s.password_history, s.password_days)

    def expires_at(self, set_at: datetime) -> datetime | None:
        """When a password that was set then has to be changed; None: never."""
        return set_at + timedelta(days=self.days) if self.days else None

    @property
    def words(self) -> str:
        """For whoever has to think of one."""
        kinds = "大写字母、小写字母、数字、符号"
        asked = {1: "", 2: f"{kinds}中至少两种", 3: f"{kinds}中至少三种", 4: f"{kinds}都要有"}[self.kinds]
        if asked:
            asked += f"（满 {max(self.long, self.length)} 位的不限）；" if self.long else "；"
        old = f"，不能与最近 {self.history} 次用过的相同" if self.history else ""
        return f"至少 {self.length} 位，最多 {MOST} 位；{asked}不能与用户名相同{old}"

    def check(self, password: str, username: str, field: str = "password") -> None:
        """By itself, without what was used before. Raises Invalid."""
        kinds = sum(any(is_kind(c) for c in password) for is_kind in _KINDS)
        kinds += any(not any(is_kind(c) for is_kind in _KINDS) for c in password)
        varied = kinds >= self.kinds or (self.long > 0 and len(password) >= self.long)
        fits = self.length <= len(password) <= MOST and varied
        if not fits or password.casefold() == username.casefold():
            raise _refused(field, "weak_password", f"密码{self.words}")

    def check_new(self, password: str, used: Iterable[str], field: str = "password") -> None:
        """Against hashes of those used before, newest first: 0.1 s each. Raises Invalid."""
        if any(verify(password, stored) for stored in list(used)[: self.history]):
            said = f"这个密码最近用过，请换一个（不能与最近 {self.history} 次的相同）"
            raise _refused(field, "used_password", said)


def _refused(field: str, code: str, said: str) -> Invalid:
    return Invalid("密码不合要求，没有保存", code=code, errors=[FieldError(field, code, said)])


def make(rules: Rules) -> str:
    """One that keeps any rules: four groups, as it is read out or copied by hand."""
    while True:
        letters = "".join(_MADE_OF)
        made = "-".join("".join(secrets.choice(letters) for _ in range(max(5, rules.length // 4))) for _ in range(4))
        if all(any(c in kind for c in made) for kind in _MADE_OF):
            return made
