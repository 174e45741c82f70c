"""Bring a database to the newest shape, and refuse one that belongs to other keys."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import String, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.base.database import Base, Database
from shared.base.errors import Misconfigured

_HERE = Path(__file__).resolve().parent
_ADVISORY_LOCK = 0x4A49414E4B41  # "JIANKA": two starting processes migrate one after the other


class KeyCheck(Base):
    """The blind-index key's fingerprint: matching works only under the key it began with."""

    __tablename__ = "key_check"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(16))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(database: Database) -> None:
    """Run what migrations are missing, all or nothing; then check the keys."""
    config = _config()
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    with database.transaction() as session:
        row = session.get(KeyCheck, "blind_index")
        if row is None:
            session.add(KeyCheck(name="blind_index", fingerprint=database.keyring.fingerprint()))
    check(database)


def check(database: Database) -> None:
    """Misconfigured when migrations are missing or the blind-index key is another one."""
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if current != head:
        raise Misconfigured("the database is not up to date: run `jianka db upgrade`")
    with database.reading() as session:
        row = session.get(KeyCheck, "blind_index")
        if row is not None and row.fingerprint != database.keyring.fingerprint():
            raise Misconfigured(
                "JIANKA_BLIND_INDEX_KEY is not the key this database was begun with"
            )
