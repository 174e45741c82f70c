"""Sealed and veiled columns, and what an older database holds when it is upgraded."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, select, text

from shared.actions.inquiring import Inquiry
from shared.base.database import Base, Database, open_database
from shared.base.errors import Misconfigured
from shared.base.privacy import Keyring, Unreadable
from shared.base.sealing import Sealed, SealedJson, sealed_columns
from shared.migrations.upgrade import _config, check, upgrade
from shared.people.chats import Chat, chat_at, find_or_add_chat
from shared.people.persons import Person, add_person, phone_of
from shared.referrals.referrals import Invite, Referral
from shared.rewards.payouts import Line
from shared.rewards.remedies import Remedy

OLD = b"o" * 32
BLIND = b"b" * 32


def test_a_chats_address_is_found_by_what_it_says_and_stored_as_something_else(
    database: Database, now: object
) -> None:
    with database.transaction() as session:
        find_or_add_chat(session, "telegram", "7000000001", None, now)  # type: ignore[arg-type]
    with database.reading() as session:
        chat = chat_at(session, "telegram", "7000000001")
        assert chat is not None
        assert chat.address == "7000000001"
        stored = session.execute(text("SELECT address FROM chats")).scalar_one()
        assert "7000000001" not in stored
        assert database.keyring.unveil(stored) == "7000000001"


def test_a_veil_under_another_key_does_not_lift(keyring: Keyring) -> None:
    with pytest.raises(Unreadable):
        Keyring(keyring.masters, b"x" * 32).unveil(keyring.veil("7000000001"))
    with pytest.raises(Unreadable):
        keyring.unveil("not a veil at all")


def test_a_sealed_value_opens_in_its_own_place_only(database: Database) -> None:
    dialect = database.engine.dialect
    sealed = Sealed("one").process_bind_param("Li", dialect)
    assert sealed is not None
    assert Sealed("one").process_result_value(sealed, dialect) == "Li"
    with pytest.raises(Unreadable):
        Sealed("another").process_result_value(sealed, dialect)
    kept = SealedJson("one").process_bind_param({"name": "李"}, dialect)
    assert SealedJson("one").process_result_value(kept, dialect) == {"name": "李"}


def test_every_purpose_belongs_to_one_place_or_one_kind_of_row() -> None:
    purposes = [purpose for _, purpose in sealed_columns(Base.metadata)]
    assert sorted(each for each in purposes if purposes.count(each) > 1) == ["inbox", "inbox"]


_PLAIN = """
INSERT INTO persons (id, created_at) VALUES (1, '2026-01-01 00:00:00');
INSERT INTO invites (id, campaign_id, member_id, code, greeting, created_at)
    VALUES (1, 1, 1, 'K7Q2M9XD', '一起来吧，我是王小明', '2026-01-01 00:00:00');
INSERT INTO invites (id, campaign_id, member_id, code, created_at)
    VALUES (2, 1, 2, 'K7Q2M9XE', '2026-01-01 00:00:00');
INSERT INTO referrals (id, campaign_id, member_id, version, registered_at, ordinal, nickname)
    VALUES (1, 1, 1, 1, '2026-01-01 00:00:00', 1, '表妹王小红');
INSERT INTO chats (id, channel, address, proof, seen_at)
    VALUES (1, 'telegram', '7000000001', 0, '2026-01-01 00:00:00');
INSERT INTO payout_batches (id, campaign_id, state, prepared_by, prepared_at)
    VALUES (1, 1, 'exported', 'staff:1', '2026-01-01 00:00:00');
INSERT INTO payout_lines (id, batch_id, ordinal, reference, campaign_id, member_id, party, unit,
    item, gross, borne, tax, netted, net, state, reason)
    VALUES (1, 1, 1, 'R1', 1, 1, 'member:1', 'CNY', '', 1, 0, 0, 0, 1, 'failed', '户名王小明不符');
INSERT INTO remedies (id, kind, campaign_id, member_id, party, clause, occasion, unit, amount,
    reason, state, asked_by, asked_at)
    VALUES (1, 'goodwill', 1, 1, 'member:1', 'goodwill', '', 'CNY', 1, '王小明来电', 'asked', 1,
    '2026-01-01 00:00:00');
INSERT INTO inquiries (id, kind, campaign_id, asked, file, asked_by, asked_at, state, tries, done,
    answer, lines)
    VALUES (1, 'review', 1, '{}', CAST('reference,name' AS BLOB), 1,
    '2026-01-01 00:00:00', 'done', 1, 1, '{"payee": "王小明"}', CAST('lines' AS BLOB));
"""


def plain_database(url: str) -> None:
    """A database as version 0007 left it, with words in the clear."""
    engine = create_engine(url)
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
    with engine.begin() as connection:
        for statement in _PLAIN.split(";\n")[:-1]:
            connection.exec_driver_sql(statement.strip())
    engine.dispose()


def test_an_older_database_keeps_every_word_and_nothing_of_it_in_the_clear(
    tmp_path: Path, keyring: Keyring
) -> None:
    path = tmp_path / "old.db"
    plain_database(f"sqlite:///{path}")
    assert "王小明".encode() in path.read_bytes()
    with closing(open_database(f"sqlite:///{path}", keyring)) as database:
        upgrade(database)
        with database.reading() as session:
            assert list(session.scalars(select(Invite.greeting).order_by(Invite.id))) == [
                "一起来吧，我是王小明", None,
            ]  # fmt: skip
            assert session.scalars(select(Referral.nickname)).one() == "表妹王小红"
            assert session.scalars(select(Line.reason)).one() == "户名王小明不符"
            assert session.scalars(select(Remedy.reason)).one() == "王小明来电"
            asked = session.get_one(Inquiry, 1)
            assert (asked.file, asked.lines) == (b"reference,name", b"lines")
            assert asked.answer == {"payee": "王小明"}
            assert session.scalars(select(Chat.address)).one() == "7000000001"
        for file in tmp_path.iterdir():
            content = file.read_bytes()
            for word in ("王小", "7000000001", "reference,name", json.dumps("王小明")[1:-1]):
                assert word.encode() not in content, (file.name, word)


def test_a_missing_or_another_master_key_is_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'keys.db'}"
    with closing(open_database(url, Keyring({"k1": OLD}, BLIND))) as database:
        upgrade(database)
    with (
        closing(open_database(url, Keyring({"k1": b"z" * 32}, BLIND))) as database,
        pytest.raises(Misconfigured, match="'k1' is not the key"),
    ):
        check(database)
    with (
        closing(open_database(url, Keyring({"k2": OLD}, BLIND))) as database,
        pytest.raises(Misconfigured, match="'k1' is missing"),
    ):
        upgrade(database)


def test_an_unreadable_value_says_which_key_is_missing(
    database: Database, now: object, keyring: Keyring
) -> None:
    with database.transaction() as session:
        person = add_person(session, now, phone="+8613900139000")  # type: ignore[arg-type]
    other = Keyring({"k9": OLD}, keyring.blind_key)
    url = database.engine.url.render_as_string(hide_password=False)
    with (
        closing(open_database(url, other)) as elsewhere,
        elsewhere.reading() as session,
        pytest.raises(Unreadable, match="'k1'"),
    ):
        phone_of(session, session.get_one(Person, person.id))
