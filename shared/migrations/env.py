"""Alembic's entry: runs on the connection that `upgrade()` opened."""

from __future__ import annotations

from alembic import context

from shared.migrations.tables import metadata

with_connection = context.config.attributes["connection"]
context.configure(
    connection=with_connection,
    target_metadata=metadata,
    transaction_per_migration=False,
    compare_type=True,
)
context.run_migrations()
