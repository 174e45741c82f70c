from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from shared.base.database import Database
from shared.migrations.tables import metadata


def test_the_migrations_make_exactly_the_tables_of_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
