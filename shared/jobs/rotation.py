"""`jianka doctor --rotate`: everything sealed comes under the newest master key, while it is used.

A value is replaced only where it still is what was read, so nothing that changed meanwhile is
undone; what is under the newest key already is passed over, so a stopped run simply goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, and_, func, not_, or_, select, update
from sqlalchemy import column as plain_column
from sqlalchemy import table as plain_table
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import TableClause

from shared.base.database import Database, keyring_of
from shared.base.privacy import Unreadable, sealed_by, sealer_of
from shared.base.sealing import sealed_columns
from shared.migrations.tables import metadata
from shared.migrations.upgrade import MasterKey, register_masters

BATCH = 200
"""Values of one transaction: on SQLite every other writer waits for it."""
Told = Callable[[str, int], None]
"""(place, values renewed there so far): called after each transaction."""


@dataclass(frozen=True)
class Place:
    """One sealed column, as it is stored. `purpose`: what binds its values to it."""

    name: str
    table: TableClause
    key: ColumnElement[int]
    value: ColumnElement[bytes]
    purpose: str

    def under(self, names: Iterable[str]) -> ColumnElement[bool]:
        """Whether a value was sealed by one of these keys."""
        heads = [sealed_by(name) for name in names]
        return or_(*(func.substr(self.value, 1, len(head)) == head for head in heads))


@dataclass
class Rotated:
    """What a rotation came to, values by `(place, key)` or by key."""

    renewed: int = 0
    unreadable: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Values that no key at hand opens: theirs is missing, or another by the same name."""
    left: Counter[str] = field(default_factory=Counter)
    """Values by the key they are under, counted afterwards."""
    removable: list[str] = field(default_factory=list)
    """Keys that are in the settings and under which nothing is left."""


def places() -> list[Place]:
    """Every sealed column there is."""
    found = []
    for column, purpose in sealed_columns(metadata):
        name, (key,) = column.table.name, column.table.primary_key.columns
        stored = plain_table(name, plain_column(key.name), plain_column(column.name, LargeBinary()))
        value = stored.c[column.name]
        found.append(Place(f"{name}.{column.name}", stored, stored.c[key.name], value, purpose))
    return found


def sealers(session: Session) -> dict[str, Counter[str]]:
    """How many values of each place are under which master key, known or not."""
    known = {*keyring_of(session).masters, *session.scalars(select(MasterKey.name))}
    return {place.name: _sealers_of(session, place, set(known)) for place in places()}


def _sealers_of(session: Session, place: Place, names: set[str]) -> Counter[str]:
    kept = place.value.is_not(None)
    while True:
        other = select(place.value).where(kept, not_(place.under(names))).limit(1)
        if (value := session.scalar(other)) is None:
            break
        names.add(sealer_of(bytes(value)))
    counted: Counter[str] = Counter()
    for name in names:
        count = select(func.count()).select_from(place.table).where(kept, place.under([name]))
        counted[name] = session.scalar(count) or 0
    return +counted


def rotate(database: Database, told: Told) -> Rotated:
    """Bring every value under the newest key; then say what is left under which key."""
    done = Rotated()
    with database.transaction() as session:
        register_masters(session)
    for place in places():
        _rotate_place(database, place, done, told)
    newest = database.keyring.newest
    with database.transaction() as session:
        for counted in sealers(session).values():
            done.left.update(counted)
        for row in session.scalars(select(MasterKey).order_by(MasterKey.name)):
            row.retired = row.name != newest and not done.left[row.name]
            if row.retired and row.name in database.keyring.masters:
                done.removable.append(row.name)
    return done


def _rotate_place(database: Database, place: Place, done: Rotated, told: Told) -> None:
    keyring, last, here = database.keyring, -1, 0
    while True:
        with database.transaction() as session:
            rows = session.execute(
                select(place.key, place.value)
                .where(
                    place.key > last,
                    and_(place.value.is_not(None), not_(place.under([keyring.newest]))),
                )
                .order_by(place.key)
                .limit(BATCH)
            ).all()
            if not rows:
                return
            for key, value in rows:
                here += _renew(session, place, key, bytes(value), done)
        last = rows[-1][0]
        told(place.name, here)


def _renew(session: Session, place: Place, key: Any, value: bytes, done: Rotated) -> int:
    try:
        fresh = keyring_of(session).renew(value, place.purpose)
    except Unreadable:
        done.unreadable[place.name, sealer_of(value)] += 1
        return 0
    replaced = session.execute(
        update(place.table)
        .where(place.key == key, place.value == value)
        .values({place.value.key: fresh})
    )
    renewed = int(replaced.rowcount)  # type: ignore[attr-defined]
    done.renewed += renewed
    return renewed
