"""The database: one way to open it, one way to write, one way to read.

`transaction()` commits everything or nothing; nothing below it commits. On SQLite it is
BEGIN IMMEDIATE (the driver's own mode loses updates between read and write); `reading()` is
deferred and rolls back at its end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    PoolProxiedConnection,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from shared.base.direct import Line
from shared.base.errors import Misconfigured
from shared.base.privacy import Keyring
from shared.base.sealing import keep_keyring


class Base(DeclarativeBase):
    """The declarative base of every room's tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Utc(TypeDecorator[datetime]):
    """A moment in UTC, aware on the Python side on both engines; microseconds are kept."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        plain: TypeEngine[Any] = sqlite.DATETIME()  # type: ignore[no-untyped-call]
        return dialect.type_descriptor(plain)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> datetime | None:
        """SQLite's, which has no time zones."""
        return None if value is None else value.replace(tzinfo=UTC)

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[datetime | None], datetime | None] | None:
        """On PostgreSQL without SQLAlchemy's own steps in between: thousands are read at once."""
        if dialect.name == "postgresql":
            return _in_utc
        return super().result_processor(dialect, coltype)


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


Id = BigInteger().with_variant(Integer, "sqlite")
"""The type of every id and of every column that refers to one."""


def id_column() -> Any:
    """The primary key every table has."""
    return mapped_column(Id, primary_key=True, autoincrement=True)


def keyring_of(session: Session) -> Keyring:
    """The keys this session's database was opened with."""
    keyring = session.info["keyring"]
    assert isinstance(keyring, Keyring)
    return keyring


class Database:
    """An opened database and its keys. Sessions are short and never cross a network call."""

    def __init__(self, engine: Engine, single: Engine, keyring: Keyring) -> None:
        self.engine = engine
        self.keyring = keyring
        self._single = single
        self._kept = threading.local()
        self._open: list[PoolProxiedConnection] = []
        for each in (engine, single):
            keep_keyring(each.dialect, keyring)
        self._immediate = engine.execution_options(begin="IMMEDIATE")
        self._deferred = engine.execution_options(begin="DEFERRED")

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One action: everything inside commits together, or nothing does."""
        with self._session(self._immediate) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One question: a consistent view, nothing kept of what was written by mistake."""
        with self._session(self._deferred) as session:
            yield session
            session.rollback()

    @contextmanager
    def single_statements(self) -> Iterator[Line]:
        """Direct statements that each commit by themselves: for a hot path that writes one row.

        On SQLite such a commit outlives a killed process; the disk is told with the next
        transaction, so a power cut may lose the last ones.
        """
        if self._single.dialect.name == "sqlite":
            yield self._line_of_thread()
            return
        connection = self._single.raw_connection()
        try:
            yield Line(connection, self._single.dialect)
        finally:
            connection.close()

    def _line_of_thread(self) -> Line:
        """A file does not go away as a server does: each thread keeps its connection."""
        line: Line | None = getattr(self._kept, "line", None)
        if line is None:
            connection = self._single.raw_connection()
            self._open.append(connection)
            line = self._kept.line = Line(connection.driver_connection, self._single.dialect)
        return line

    def _session(self, engine: Engine) -> Session:
        return Session(engine, info={"keyring": self.keyring}, expire_on_commit=False)

    def close(self) -> None:
        """Give back every connection."""
        for connection in self._open:
            connection.close()
        self._open.clear()
        self._kept = threading.local()
        self.engine.dispose()
        self._single.dispose()


def open_database(url: str, keyring: Keyring) -> Database:
    """Open by URL (`sqlite:///path` or `postgresql://…`); Misconfigured for other engines."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = _sqlite(url, "FULL")  # an answer 202 survives a power cut
        event.listen(engine, "begin", _begin)
        return Database(engine, _sqlite(url, "NORMAL"), keyring)
    if parsed.get_backend_name() == "postgresql":
        engine, single = _postgres(url), _postgres(url, isolation_level="AUTOCOMMIT")
        return Database(engine, single, keyring)
    raise Misconfigured(
        f"JIANKA_DATABASE_URL: {parsed.get_backend_name()} is neither sqlite nor postgresql"
    )


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {mode}")


def _postgres(url: str, **more: Any) -> Engine:
    engine = create_engine(
        url, pool_pre_ping=True, pool_size=5, max_overflow=20, hide_parameters=True, **more
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # Else it counts with a spinning disk, and reads a whole table where some hundred rows
        # are asked for by their index.
        connection.execute("SET random_page_cost = 1.1")
        connection.commit()

    return engine


def _sqlite(url: str, synchronous: str) -> Engine:
    path = make_url(url).database
    if not path or path == ":memory:":
        raise Misconfigured("JIANKA_DATABASE_URL: SQLite needs a file")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(  # an error never repeats what it was given: it is logged
        url, hide_parameters=True, connect_args={"timeout": 30, "isolation_level": None}
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "foreign_keys=ON",
            "recursive_triggers=ON",  # else INSERT OR REPLACE walks past the ledger's triggers
            "busy_timeout=30000",
            "secure_delete=FAST",  # what was erased is overwritten wherever a page is written
            "wal_autocheckpoint=4000",  # 16 MB: the disk is waited for a quarter as often
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine
