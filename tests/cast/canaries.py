"""Canaries: distinctive personal data, and every way of looking for it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import select

from shared.base.database import Database
from shared.base.privacy import Unreadable
from shared.base.sealing import SEALED
from shared.migrations.tables import metadata


def shapes(word: str) -> Iterator[tuple[str, bytes]]:
    """A word in every shape in which it might lie somewhere: (name of the shape, bytes)."""
    plain = word.encode()
    yield "utf-8", plain
    yield "utf-16-le", word.encode("utf-16-le")
    yield "utf-16-be", word.encode("utf-16-be")
    with suppress(UnicodeEncodeError):
        yield "gbk", word.encode("gbk")
    yield "hex", plain.hex().encode()
    yield "HEX", plain.hex().upper().encode()
    yield "json", json.dumps(word)[1:-1].encode()
    yield "percent", b"".join(b"%%%02X" % byte for byte in plain)
    for skipped in range(3):  # base64 of any text that holds the word, whatever stands before it
        whole = base64.b64encode(b"\0" * skipped + plain)
        inner = whole[(4 if skipped else 0) : len(whole) // 4 * 4 - 4]
        if len(inner) >= 8:
            yield f"base64+{skipped}", inner
    if (digits := "".join(c for c in word if c.isdigit())) and len(digits) >= 8:
        national = digits.removeprefix("86")
        yield "digits", national.encode()
        yield "spaced", f"{national[:3]} {national[3:7]} {national[7:]}".encode()
        yield "dashed", f"{national[:3]}-{national[3:7]}-{national[7:]}".encode()


def found_in(content: bytes, words: Iterable[str]) -> list[str]:
    """Which words lie in some bytes, and in which shape."""
    return [
        f"{word} as {shape}"
        for word in words
        for shape, pattern in shapes(word)
        if pattern in content
    ]


def found_in_files(folder: Path, words: Iterable[str]) -> list[str]:
    """The same for every file under a folder, by its name."""
    wanted = list(words)
    return [
        f"{path.name}: {each}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for each in found_in(path.read_bytes(), wanted)
    ]


def everything(database: Database) -> Iterator[tuple[str, str]]:
    """Every row of every table as who holds the keys reads it: (table, text)."""
    with database.reading() as session:
        persons = metadata.tables["persons"]
        keys = {row.id: row.key for row in session.execute(select(persons.c.id, persons.c.key))}
        for table in metadata.sorted_tables:
            for row in session.execute(select(table)).mappings():
                opened = {name: _opened(database, table, row, name, keys) for name in row}
                yield table.name, json.dumps(opened, ensure_ascii=False, default=str)


PERSONS_OWN = {
    ("persons", "name"): ("id", "name"),
    ("persons", "phone"): ("id", "phone"),
    ("unmaskings", "reason"): ("person_id", "unmasking"),
    ("claim_pictures", "image"): ("person_id", "claim_picture"),
    ("claim_notes", "words"): ("person_id", "claim_note"),
}
"""Sealed under a person's own key: whose, and as which field."""


def _opened(database: Database, table: Any, row: Any, name: str, keys: dict[int, Any]) -> Any:
    value, keyring = row[name], database.keyring
    if not isinstance(value, bytes | memoryview):
        return value
    raw = bytes(value)
    with suppress(Unreadable):
        if (table.name, name) in PERSONS_OWN:
            whose, field = PERSONS_OWN[table.name, name]
            key = keys.get(row[whose])
            plain = keyring.person_open_file(key, raw, field) if key else b"erased"
            return plain.decode(errors="replace")
        if SEALED in table.columns[name].info:
            return keyring.open(raw, table.columns[name].info[SEALED]).decode(errors="replace")
    return raw.decode(errors="replace")


def known_of(database: Database, words: Iterable[str]) -> list[str]:
    """In which tables words can still be read by who holds the keys."""
    wanted = [word for word in words if word]
    return sorted(
        {
            f"{table}: {word}"
            for table, text in everything(database)
            for word in wanted
            if word in text
        }
    )


def lying_in(database: Database, words: Iterable[str]) -> list[str]:
    """In which columns words lie in the clear, as who has only the database reads it."""
    wanted, found = list(words), set()
    with database.engine.connect() as connection:
        for table in metadata.sorted_tables:
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            for row in connection.exec_driver_sql(f'SELECT {columns} FROM "{table.name}"'):
                for column, value in zip(table.columns, row, strict=True):
                    raw = bytes(value) if isinstance(value, memoryview) else value
                    content = raw if isinstance(raw, bytes) else str(value).encode()
                    found |= {f"{table.name}.{column.name}: {e}" for e in found_in(content, wanted)}
    return sorted(found)
