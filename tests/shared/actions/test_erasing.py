"""Export, erase, export: nothing personal is left, and the ledger and its chain stand."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from canaries import known_of
from sqlalchemy import select
from story import ALICE, BOB, SAMPLE, Story, spends

from shared.actions.erasing import erase_member, erase_number
from shared.actions.importing import import_members
from shared.actions.inviting import name_friend, set_greeting
from shared.actions.privacy import export_member, export_number
from shared.base.database import Database, open_database
from shared.base.errors import Misconfigured
from shared.base.privacy import Keyring
from shared.base.settings import Settings
from shared.jobs.erasures import ErasureFile, read_erasures, replay_erasures, to_replay
from shared.jobs.worker import erasures_of
from shared.ledger.verify import verify
from shared.people.chats import Chat, Proof, chat_at
from shared.people.erasures import last_erasure
from shared.people.members import get_member, person_of
from shared.people.persons import Person, add_person, name_of
from shared.post.audit_chain import chain_new, flaws
from shared.post.inbox import Inbox, Item, mark_done, store
from shared.post.outbox import Channel, mark_sent, send_later
from shared.referrals.referrals import CreditRow, Referral, Registration
from shared.rewards.remedies import Remedy
from shared.risk.traces import Trace

ALICES = ("李爱丽", ALICE, ALICE[3:], "一起来喝茶", "我的小表妹", "1001-said")
BOBS = ("王波", BOB, BOB[3:], "我的小表妹")


@pytest.fixture
def story(database: Database, now: datetime) -> Story:
    """Alice with a greeting, a friend with a nickname who earned, letters in and out."""
    story = Story(database, now)
    story.registers()
    spends(story)
    story.later(days=40)
    story.work()
    with database.transaction() as session:
        alice = get_member(session, story.alice)
        alice.segment, alice.region = "private", "east"
        set_greeting(session, story.alice, "一起来喝茶", story.now)
        referral = session.scalars(select(Referral)).one()
        name_friend(session, story.alice, referral.campaign_id, 1, "我的小表妹")
        chat = alices_chat(session)
        body = {"notice": "plain", "params": {"label": "我的小表妹"}}
        sent = send_later(session, Channel.TELEGRAM, body, story.now, chat_id=chat.id)
        assert sent is not None
        mark_sent(session, sent, story.now)
        store(
            session, "telegram",
            [Item("telegram:1", "77", {"text": "1001-said 李爱丽"}, "telegram:1001")], story.now,
        )  # fmt: skip
        mark_done(session, list(session.scalars(select(Inbox.id))), story.now)
    return story


def alices_chat(session: object) -> Chat:
    chat = chat_at(session, "telegram", "1001")  # type: ignore[arg-type]
    assert chat is not None
    return chat


def stands(story: Story) -> None:
    with story.database.transaction() as session:
        chain_new(session)
    with story.database.reading() as session:
        assert verify(session) == []
        assert list(flaws(session, story.now)) == []


def test_a_member_is_exported_erased_and_nothing_is_left(story: Story) -> None:
    with story.database.transaction() as session:
        before = export_member(session, story.alice, story.now)
    said = json.dumps(before, ensure_ascii=False)
    for word in ("李爱丽", ALICE, "一起来喝茶", "我的小表妹", "C100001", "private"):
        assert word in said
    assert before["ledger"]
    assert before["messages"]
    assert known_of(story.database, ALICES)
    with story.database.transaction() as session:
        chat = alices_chat(session)
        chat.proof = Proof.FULL
        erase_member(session, chat, story.now)
    assert known_of(story.database, ALICES) == []
    with story.database.transaction() as session:
        after = export_member(session, story.alice, story.now)
    for word in (*ALICES, "private", "east"):
        assert word not in json.dumps(after, ensure_ascii=False)
    assert after["ledger"] == before["ledger"]
    stands(story)


def test_the_banks_next_file_brings_nobody_back(story: Story) -> None:
    with story.database.transaction() as session:
        chat = alices_chat(session)
        chat.proof = Proof.FULL
        erase_member(session, chat, story.now)
        import_members(session, (SAMPLE / "members.csv").read_bytes(), "operator:test", story.now)
    assert known_of(story.database, ("李爱丽", ALICE)) == []
    with story.database.reading() as session:
        alice = get_member(session, story.alice)
        assert (alice.segment, alice.region, alice.card_products) == ("", "", "")


def test_a_copy_tells_nobody_that_a_friend_was_found_a_fraud(story: Story) -> None:
    with story.database.transaction() as session:
        friend = session.scalars(select(Referral)).one()
        for kind, reason in (("fraud", "one phone, two cards"), ("goodwill", "our mistake")):
            session.add(
                Remedy(
                    kind=kind, campaign_id=friend.campaign_id, member_id=story.alice,
                    party=f"friend:{friend.id}", clause="", occasion="", unit="CNY", amount=5000,
                    reason=reason, state="done", asked_by=1, asked_at=story.now,
                )
            )  # fmt: skip
        session.flush()
        copies = (
            export_number(session, BOB, story.now),
            export_member(session, story.alice, story.now),
        )
    friends, members = (json.dumps(copy, ensure_ascii=False) for copy in copies)
    assert "our mistake" in friends
    assert "fraud" not in friends + members
    assert "one phone" not in friends + members


def test_a_friend_is_exported_erased_and_nothing_is_left(story: Story) -> None:
    with story.database.transaction() as session:
        before = export_number(session, BOB, story.now)
    (bob,) = before["invited"]
    assert (bob["name"], bob["phone"]) == ("王波", BOB)
    assert bob["applications"][0]["kind"] == "application.submitted"
    assert {each["purpose"] for each in bob["consents"]} >= {"referral", "adult"}
    assert "C100001" not in json.dumps(before)
    with story.database.transaction() as session:
        assert session.scalars(select(Trace)).all()
        assert erase_number(session, BOB, story.now) == 1
        assert session.scalars(select(Trace)).all() == []
    assert known_of(story.database, BOBS) == []
    with story.database.transaction() as session:
        assert export_number(session, BOB, story.now)["invited"] == []
        registration = session.scalars(select(Registration)).one()
        assert (registration.phone_blind, registration.erased_at) == (None, story.now)
    stands(story)


def test_the_rewards_of_an_erased_friend_stand_and_a_new_application_is_nobodys(
    story: Story,
) -> None:
    earned = story.progress()
    with story.database.transaction() as session:
        token = session.scalars(select(Registration.referral_token)).one()
        erase_number(session, BOB, story.now)
    story.bank("application.submitted", application_id="A2", phone=BOB, referral_token=token)
    story.later(days=1)
    story.work()
    assert story.progress().friends[0].state is earned.friends[0].state
    with story.database.reading() as session:
        assert len(session.scalars(select(CreditRow)).all()) == 1


@pytest.fixture
def held(sqlite_url: str, keyring: Keyring, now: datetime) -> Story:
    """A story on a file that can be restored."""
    return Story(open_database(sqlite_url, keyring), now)


def test_a_restored_backup_forgets_again(held: Story, tmp_path: Path, keyring: Keyring) -> None:
    database, path = held.database, Path(str(held.database.engine.url.database))
    held.registers()
    with closing(database.engine.raw_connection()) as raw:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(path, tmp_path / "backup.db")
    file = ErasureFile(database, tmp_path / "erased.jsonl")
    assert file.keep_up() == 0
    with database.transaction() as session:
        erase_number(session, BOB, held.now)
    assert (file.keep_up(), file.keep_up()) == (1, 0)
    assert ErasureFile(database, tmp_path / "erased.jsonl").keep_up() == 0
    written = (tmp_path / "erased.jsonl").read_text()
    assert BOB[3:] not in written
    database.close()

    with closing(open_database(f"sqlite:///{tmp_path / 'backup.db'}", keyring)) as restored:
        assert known_of(restored, ("王波",)) != []
        assert len(to_replay(restored, tmp_path / "erased.jsonl")) == 1
        done = replay_erasures(restored, tmp_path / "erased.jsonl", "operator:test", held.now)
        assert (done.again, done.gone) == (1, 0)
        assert known_of(restored, BOBS) == []
        again = replay_erasures(restored, tmp_path / "erased.jsonl", "operator:test", held.now)
        assert (again.again, again.gone) == (0, 1)
        with restored.reading() as session:
            assert last_erasure(session) == 1


def test_the_worker_forgets_again_by_itself_after_a_restore(held: Story, tmp_path: Path) -> None:
    held.registers()
    path = tmp_path / "erased.jsonl"
    with held.database.reading() as session:
        bob = session.scalars(select(Person).order_by(Person.id.desc())).first()
        assert bob is not None
        line = {
            "database": held.database.keyring.fingerprint(), "person": bob.id,
            "known_since": bob.created_at.isoformat(), "at": held.now.isoformat(),
        }  # fmt: skip
    path.write_text(json.dumps(line) + "\n")
    settings = Settings.model_construct(erasures=path)
    file = erasures_of(settings, held.database, lambda: held.now)
    assert file is not None
    assert known_of(held.database, ("王波",)) == []
    assert file.keep_up() == 0


def test_a_replay_never_erases_whoever_has_the_number_now(
    held: Story, tmp_path: Path, now: datetime
) -> None:
    """Ids given anew after a restore belong to other people."""
    with held.database.transaction() as session:
        other = add_person(session, now, name="路人甲")
    name = held.database.keyring.fingerprint()
    line = {"database": name, "person": other.id, "known_since": "2026-01-01T00:00:00+00:00"}
    file = tmp_path / "erased.jsonl"
    whole = json.dumps({**line, "at": "2026-02-01T00:00:00+00:00"}) + "\n"
    file.write_text(whole + whole[:30])  # the last line was cut off by a crash
    assert len(list(read_erasures(file, name))) == 1
    assert replay_erasures(held.database, file, "operator:test", now).again == 0
    with held.database.reading() as session:
        assert name_of(session, session.get_one(Person, other.id)) == "路人甲"


@pytest.mark.parametrize("line", ["nonsense\n", '{"database": "another", "person": 1}\n', "[]\n"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "erased.jsonl"
    file.write_text(line)
    with pytest.raises(Misconfigured, match="line 1"):
        list(read_erasures(file, "mine"))


def test_an_erased_member_stays_erased_by_a_second_word(story: Story) -> None:
    with story.database.transaction() as session:
        chat = alices_chat(session)
        chat.proof = Proof.FULL
        erase_member(session, chat, story.now)
    with story.database.reading() as session:
        person = person_of(session, get_member(session, story.alice))
        assert (person.key, person.name, person.locale) == (None, None, None)
        assert alices_chat(session).member_id is None
        assert last_erasure(session) == 1
