"""Key rotation while traffic flows: nothing is lost, undone or left under the old key."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest
from sqlalchemy import select, text
from story import Story

from shared.base.database import Database, open_database
from shared.base.privacy import Keyring, sealer_of
from shared.jobs import rotation
from shared.jobs.rotation import places, rotate, sealers
from shared.migrations.upgrade import MasterKey, check, register_masters, upgrade
from shared.people.persons import Person, add_person, erase, name_of, phone_of
from shared.post.outbox import Outbox
from shared.post.outbox import read_body as read_message
from shared.referrals.referrals import Invite

NEW = b"n" * 32


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


@pytest.fixture
def story(database: Database, now: object) -> Story:
    story = Story(database, now)  # type: ignore[arg-type]
    with database.transaction() as session:
        register_masters(session)
        session.scalars(select(Invite)).one().greeting = "一起来办卡"
    story.registers("+8613900139000")
    return story


@pytest.fixture
def both(keyring: Keyring) -> Keyring:
    return Keyring({"k2": NEW, **keyring.masters}, keyring.blind_key)


def silently(_place: str, _done: int) -> None:
    pass


def test_everything_comes_under_the_new_key_and_the_old_one_may_go(
    story: Story, both: Keyring
) -> None:
    url = url_of(story.database)
    with closing(open_database(url, both)) as database:
        done = rotate(database, silently)
        assert done.renewed > 5
        assert (set(done.left), done.removable) == ({"k2"}, ["k1"])
        assert rotate(database, silently).renewed == 0
        check(database)
    with closing(open_database(url, Keyring({"k2": NEW}, both.blind_key))) as alone:
        check(alone)
        with alone.reading() as session:
            numbers = {phone_of(session, person) for person in session.scalars(select(Person))}
            assert "+8613900139000" in numbers
            assert session.scalars(select(Invite.greeting)).one() == "一起来办卡"
            for row in session.scalars(select(Outbox).where(Outbox.body.is_not(None))):
                assert read_message(session, row)


def test_a_run_that_was_stopped_goes_on_where_it_was(
    story: Story, both: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Exception):
        pass

    def stop(_place: str, _done: int) -> None:
        raise Stopped

    monkeypatch.setattr(rotation, "BATCH", 2)
    with closing(open_database(url_of(story.database), both)) as database:
        with pytest.raises(Stopped):
            rotate(database, stop)
        with database.reading() as session:
            first = sum(counted["k2"] for counted in sealers(session).values())
        assert 0 < first <= 2
        done = rotate(database, silently)
        assert (set(done.left), done.removable) == ({"k2"}, ["k1"])
        assert done.renewed + first == done.left.total()


def test_what_changes_meanwhile_is_not_undone(story: Story, both: Keyring, now: object) -> None:
    with closing(open_database(url_of(story.database), both)) as database:
        with database.transaction() as session:
            person = add_person(session, now, name="王小明")  # type: ignore[arg-type]
            (place,) = (each for each in places() if each.name == "persons.key")
            before = bytes(
                session.execute(select(place.value).where(place.key == person.id)).scalar_one()
            )
        with database.transaction() as session:
            erase(session.get_one(Person, person.id), now)  # type: ignore[arg-type]
        with database.transaction() as session:  # as a rotation that had read the key before
            assert rotation._renew(session, place, person.id, before, rotation.Rotated()) == 0
        with database.reading() as session:
            assert session.get_one(Person, person.id).key is None


def test_traffic_flows_while_keys_rotate(
    story: Story, both: Keyring, now: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 3)
    url, stop, wrong = url_of(story.database), threading.Event(), []
    made: list[int] = []

    def work() -> None:
        with closing(open_database(url, Keyring(both.masters, both.blind_key))) as database:
            while not stop.is_set() or len(made) < 5:
                with database.transaction() as session:
                    number = len(made)
                    person = add_person(session, now, name=f"N{number}")  # type: ignore[arg-type]
                    made.append(person.id)
                with database.reading() as session:
                    for order, person_id in enumerate(made):
                        if name_of(session, session.get_one(Person, person_id)) != f"N{order}":
                            wrong.append(person_id)

    thread = threading.Thread(target=work)
    thread.start()
    with closing(open_database(url, both)) as database:
        first = rotate(database, silently)
        stop.set()
        thread.join()
        assert rotate(database, silently).removable == ["k1"]
    assert first.renewed > 5
    assert wrong == []


def test_a_key_that_is_another_by_the_same_name_is_told_and_nothing_is_touched(
    story: Story, both: Keyring
) -> None:
    false = Keyring({"k2": NEW, "k1": b"?" * 32}, both.blind_key)
    with closing(open_database(url_of(story.database), false)) as database:
        with database.transaction() as session:
            session.execute(text("DELETE FROM master_keys"))  # as before the keys were noted
        done = rotate(database, silently)
        assert done.renewed == 0
        assert {key for _, key in done.unreadable} == {"k1"}
        assert done.removable == []
    with story.database.reading() as session:
        keys = session.scalars(select(Person.key).where(Person.key.is_not(None))).all()
        assert {sealer_of(bytes(key)) for key in keys if key is not None} == {"k1"}


def test_a_retired_key_that_is_still_named_may_go_after_a_restart_too(
    story: Story, both: Keyring
) -> None:
    url = url_of(story.database)
    with closing(open_database(url, both)) as database:
        rotate(database, silently)
        upgrade(database)  # as a restart in between would have it
    with closing(open_database(url, Keyring({"k2": NEW}, both.blind_key))) as alone:
        check(alone)


def test_a_key_used_again_is_no_longer_retired(story: Story, both: Keyring) -> None:
    with closing(open_database(url_of(story.database), both)) as database:
        rotate(database, silently)
        with database.reading() as session:
            assert session.get_one(MasterKey, "k1").retired
    with story.database.transaction() as session:
        register_masters(session)
        assert not session.get_one(MasterKey, "k1").retired
