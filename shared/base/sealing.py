"""Columns that hold what people said or are called by: sealed on the way in, opened on the way out.

A column names its purpose, so that a sealed value opens in its own place only, and rotation finds
every such column by its type. The keys are those the engine was opened with.
"""

from __future__ import annotations

import json
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Column, Dialect, LargeBinary, MetaData, String
from sqlalchemy.types import TypeDecorator

from shared.base.privacy import Keyring

SEALED = "sealed"
"""The key under which a column's `info` names its purpose, where its room seals by itself."""

_KEYRINGS: WeakKeyDictionary[Dialect, Keyring] = WeakKeyDictionary()


def keep_keyring(dialect: Dialect, keyring: Keyring) -> None:
    """The keys of everything that goes through this dialect, one engine's own."""
    _KEYRINGS[dialect] = keyring


class Sealed(TypeDecorator[Any]):
    """Text sealed under the newest master key. It cannot be searched or sorted."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        return _KEYRINGS[dialect].seal(self.to_bytes(value), self.purpose)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        return self.of_bytes(_KEYRINGS[dialect].open(bytes(value), self.purpose))

    def to_bytes(self, value: Any) -> bytes:
        """The value as it is sealed."""
        assert isinstance(value, str)
        return value.encode()

    def of_bytes(self, plain: bytes) -> Any:
        """The value again."""
        return plain.decode()


class SealedBytes(Sealed):
    """A file, sealed as it is."""

    cache_ok = True

    def to_bytes(self, value: Any) -> bytes:
        return bytes(value)

    def of_bytes(self, plain: bytes) -> Any:
        return plain


class SealedJson(Sealed):
    """A JSON value, sealed as text. Change it by giving a new one."""

    cache_ok = True

    def to_bytes(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    def of_bytes(self, plain: bytes) -> Any:
        return json.loads(plain)


class Veiled(TypeDecorator[str]):
    """A name by which a row is found: equal texts read equal, nothing reads back without keys.

    Under the blind-index key, which is fixed for a database's life; so it does not rotate.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _KEYRINGS[dialect].veil(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _KEYRINGS[dialect].unveil(value)


def sealed_columns(metadata: MetaData) -> list[tuple[Column[Any], str]]:
    """Every column under the master keys, and its purpose."""
    found = []
    for table in metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Sealed):
                found.append((column, column.type.purpose))
            elif SEALED in column.info:
                found.append((column, str(column.info[SEALED])))
    return found
