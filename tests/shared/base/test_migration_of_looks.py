"""What was written before a migration is there after it: why somebody was looked at."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from alembic import command

from shared.base.database import open_database
from shared.base.privacy import Keyring
from shared.migrations.upgrade import _config, upgrade
from shared.people.persons import Person
from shared.people.unmasking import looks_at


def test_a_reason_of_before_is_read_under_the_persons_own_key_and_an_erased_ones_is_gone(
    tmp_path: Path, keyring: Keyring, now: datetime
) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'old.db'}", keyring)
    config = _config()
    config.attributes["keyring"] = keyring
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0013")
        at = now.isoformat(" ")[:19]
        person = sa.text("INSERT INTO persons (id, key, created_at) VALUES (:id, :key, :at)")
        look = sa.text(
            "INSERT INTO unmaskings (person_id, staff_id, at, reason) VALUES (:id, 1, :at, :why)"
        )
        for number, key in ((1, keyring.new_person_key()), (2, None)):
            connection.execute(person, {"id": number, "key": key, "at": at})
            why = keyring.seal("核实身份".encode(), "unmasking")
            connection.execute(look, {"id": number, "at": at, "why": why})
    upgrade(database)
    with database.reading() as session:
        known, erased = (session.get_one(Person, number) for number in (1, 2))
        assert [each.reason for each in looks_at(session, known)] == ["核实身份"]
        assert [each.reason for each in looks_at(session, erased)] == [""]
        raw = session.execute(sa.text("SELECT reason FROM unmaskings WHERE person_id = 2")).scalar()
        assert raw == b""
    database.close()
