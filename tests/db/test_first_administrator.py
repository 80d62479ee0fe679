"""The first administrator of an empty database."""

import threading

import pytest
from sqlalchemy import Engine, text

from riskmap.access.admin import ensure_first_administrator
from riskmap.access.service import sign_in
from riskmap.base.errors import Invalid
from riskmap.base.settings import Settings


def accounts(engine: Engine) -> list[str]:
    with engine.begin() as connection:
        return list(connection.scalars(text("SELECT username FROM account")))


def test_a_weak_given_password_is_refused_by_its_name(engine: Engine, settings: Settings) -> None:
    for weak in ("admin", "12345678", "Admin"):
        with pytest.raises(Invalid, match="RISKMAP_ADMIN_PASSWORD"):
            ensure_first_administrator(engine, settings.model_copy(update={"admin_password": weak}))
    assert accounts(engine) == []


def test_of_several_that_start_at_once_one_makes_it_and_tells_its_password(engine: Engine, settings: Settings) -> None:
    told: list[str | None] = []
    without = settings.model_copy(update={"admin_password": None})
    threads = [
        threading.Thread(target=lambda: told.append(ensure_first_administrator(engine, without))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert accounts(engine) == ["admin"]
    [password] = [p for p in told if p is not None]
    assert len(told) == 4
    assert sign_in(engine, "admin", password, "").reader.role == "administrator"


def test_it_is_made_once_only(engine: Engine, settings: Settings) -> None:
    assert ensure_first_administrator(engine, settings) is None
    assert accounts(engine) == ["admin"]
