"""SQL of saved selections: by content, and by name. Whose a named one is, row security decides."""

from typing import Any

from psycopg2.errors import UniqueViolation
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

_COLUMNS = (
    "n.named_id AS id, n.title, n.link, n.shared, n.changed_at, a.username AS by, n.account_id = :account AS mine"
)


def keep(connection: Connection, identifier: str, body: str, actor: str) -> None:
    """A selection by its content; what the public drew becomes an account's where one asks for it too."""
    connection.execute(
        text(
            "INSERT INTO saved_selection AS s (id, body, made_by) VALUES (:id, CAST(:body AS jsonb), :actor)"
            " ON CONFLICT (id) DO UPDATE SET made_by = excluded.made_by, made_at = now() WHERE s.made_by = 'public'"
        ),
        {"id": identifier, "body": body, "actor": actor},
    )


def drop_old_public(connection: Connection, days: int) -> None:
    """Lets go what the public drew long ago."""
    connection.execute(
        text("DELETE FROM saved_selection WHERE made_by = 'public' AND made_at < now() - make_interval(days => :days)"),
        {"days": days},
    )


def kept(connection: Connection, identifier: str) -> Any:
    """The body of a saved selection, or None."""
    return connection.scalar(text("SELECT body FROM saved_selection WHERE id = :id"), {"id": identifier})


def named(connection: Connection, account: int, named_id: int | None = None) -> list[dict[str, Any]]:
    """One's own and those that others share, own ones first."""
    rows = connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM named_selection AS n JOIN account AS a USING (account_id)"
            " WHERE CAST(:id AS bigint) IS NULL OR n.named_id = :id ORDER BY mine DESC, n.title, n.named_id"
        ),
        {"account": account, "id": named_id},
    )
    return [dict(r._mapping) for r in rows]


def count_named(connection: Connection, account: int) -> int:
    """How many are one's own."""
    sql = "SELECT count(*) FROM named_selection WHERE account_id = :account"
    return int(connection.scalar(text(sql), {"account": account}) or 0)


def add_named(connection: Connection, account: int, title: str, link: str, shared: bool) -> int | None:
    """The new one's id, or None where the account has one of this name."""
    found = connection.scalar(
        text(
            "INSERT INTO named_selection (account_id, title, link, shared) VALUES (:account, :title, :link, :shared)"
            " ON CONFLICT (account_id, title) DO NOTHING RETURNING named_id"
        ),
        {"account": account, "title": title, "link": link, "shared": shared},
    )
    return None if found is None else int(found)


def change_named(connection: Connection, named_id: int, title: str, link: str, shared: bool) -> bool:
    """One of one's own, as it is from now on; False where another of one's own has this name."""
    try:
        with connection.begin_nested():
            connection.execute(
                text(
                    "UPDATE named_selection SET title = :title, link = :link, shared = :shared, changed_at = now()"
                    " WHERE named_id = :id"
                ),
                {"id": named_id, "title": title, "link": link, "shared": shared},
            )
    except IntegrityError as error:
        if not isinstance(error.orig, UniqueViolation):
            raise
        return False
    return True


def drop_named(connection: Connection, named_id: int) -> None:
    """One of one's own is no more."""
    connection.execute(text("DELETE FROM named_selection WHERE named_id = :id"), {"id": named_id})
