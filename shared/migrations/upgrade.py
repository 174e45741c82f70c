"""Bring a database to the newest shape, and refuse one that belongs to other keys."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Boolean, String, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.base.database import Base, Database, keyring_of
from shared.base.errors import Misconfigured
from shared.base.rows import insert_new_rows

_HERE = Path(__file__).resolve().parent
_ADVISORY_LOCK = 0x4A49414E4B41  # "JIANKA": two starting processes migrate one after the other


class KeyCheck(Base):
    """The blind-index key's fingerprint: matching works only under the key it began with."""

    __tablename__ = "key_check"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(16))


class MasterKey(Base):
    """A master key this database has values under, known by its fingerprint.

    `retired`: rotation found nothing left under it, so it may be missing.
    """

    __tablename__ = "master_keys"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(16))
    retired: Mapped[bool] = mapped_column(Boolean, default=False)


_KEY_CHECK = KeyCheck.metadata.tables[KeyCheck.__tablename__]
_MASTER_KEYS = MasterKey.metadata.tables[MasterKey.__tablename__]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(database: Database) -> None:
    """Run what migrations are missing, all or nothing; then check the keys and note them."""
    config = _config()
    config.attributes["keyring"] = database.keyring
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    with database.transaction() as session:
        begun_with = [("blind_index", database.keyring.fingerprint())]
        insert_new_rows(session, _KEY_CHECK, ("name", "fingerprint"), begun_with)
        _refuse_other_keys(session, database)
        register_masters(session)
    check(database)
    _forget_old_pages(database)


def register_masters(session: Session) -> None:
    """Know the master keys in use; one that was retired and seals again is so no more. Programs
    that start at once may do so at once."""
    given = [(*named, False) for named in sorted(keyring_of(session).fingerprints().items())]
    insert_new_rows(session, _MASTER_KEYS, ("name", "fingerprint", "retired"), given)
    newest = MasterKey.name == keyring_of(session).newest
    # An older one stays retired: nothing is sealed under it.
    session.execute(update(MasterKey).where(newest, MasterKey.retired).values(retired=False))


def _forget_old_pages(database: Database) -> None:
    """SQLite's log holds what pages were before; what a migration sealed is not left there."""
    if database.engine.dialect.name == "sqlite":
        with closing(database.engine.raw_connection()) as raw:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


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
        _refuse_other_keys(session, database)


def _refuse_other_keys(session: Session, database: Database) -> None:
    """Misconfigured when a master key is missing under which there are values, or is another."""
    given = database.keyring.fingerprints()
    for row in session.scalars(select(MasterKey).order_by(MasterKey.name)):
        if row.name in given and given[row.name] != row.fingerprint:
            raise Misconfigured(
                f"JIANKA_SECRET_KEYS: {row.name!r} is not the key this database knows by that name"
            )
        if row.name not in given and not row.retired:
            raise Misconfigured(
                f"JIANKA_SECRET_KEYS: the key {row.name!r} is missing, under which this database "
                "has values; `jianka doctor --rotate` says when it may go"
            )
