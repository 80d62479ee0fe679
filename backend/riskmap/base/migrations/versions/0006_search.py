"""How names are spelt, and the gazetteer."""

import io
from pathlib import Path

from alembic import op

from riskmap.base.spelling import spell

revision = "0006"
down_revision = "0005"

_BATCH = 50_000


def upgrade() -> None:
    """Names are spelt before the index over spellings is made; the text stands in sql/0006_search.sql."""
    cursor = op.get_bind().connection.cursor()
    tables = ("risk_object", "object_version")
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} ADD COLUMN spelling text NOT NULL DEFAULT ''")
    cursor.execute("CREATE TEMPORARY TABLE spelt (name text PRIMARY KEY, spelling text NOT NULL) ON COMMIT DROP")
    names = " UNION ".join(f"SELECT name FROM {table}" for table in tables)
    cursor.execute(f"DECLARE names CURSOR FOR {names}")
    while True:
        cursor.execute(f"FETCH {_BATCH} FROM names")
        batch = cursor.fetchall()
        if not batch:
            break
        lines = "".join(f"{_copied(name)}\t{spell(name)}\n" for (name,) in batch)
        cursor.copy_expert("COPY spelt FROM STDIN", io.StringIO(lines))
    cursor.execute("CLOSE names")
    for table in tables:
        cursor.execute(f"UPDATE {table} AS o SET spelling = s.spelling FROM spelt AS s WHERE s.name = o.name")
    # The driver's own cursor: the text has colons and percent signs that are no parameters.
    cursor.execute((Path(__file__).parents[1] / "sql" / "0006_search.sql").read_text(encoding="utf-8"))


def _copied(name: str) -> str:
    return name.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def downgrade() -> None:
    """A register is never dropped by a migration: restore a backup instead."""
    raise NotImplementedError("请用备份恢复到旧版本")
