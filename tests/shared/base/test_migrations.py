from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from shared.base.database import Database
from shared.migrations.tables import metadata

BY_TRIGGER = {"fk_legs_entry_id"}
"""On PostgreSQL a statement is asked once, as migration 0023 says."""


def test_the_migrations_make_exactly_the_tables_of_the_models(database: Database) -> None:
    def asked_by_key(_object, name, _kind, reflected, _other):
        return reflected or engine == "sqlite" or name not in BY_TRIGGER

    engine = database.engine.dialect.name
    with database.engine.connect() as connection:
        opts = {"compare_type": True, "include_object": asked_by_key}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []
