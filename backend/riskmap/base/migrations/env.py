"""Alembic's entry: migrations run as riskmap_owner on the connection that `riskmap migrate` opened."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transaction_per_migration=False, version_table="schema_version")
context.run_migrations()
