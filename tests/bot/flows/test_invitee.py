"""`/privacy` for who was invited: prove the number, have a copy, have it erased."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from canaries import known_of
from story import BOB
from talk import Person, Talk

from shared.base.database import Database
from shared.base.i18n import Locale


@pytest.fixture
def talk(database: Database, now: datetime) -> Talk:
    return Talk(database, now)


def proves(talk: Talk, person: Person) -> Person:
    """From `/privacy` to a proven number."""
    talk.later(minutes=5)
    person.says("/privacy").taps("button.invitee").taps("button.agree").sees("invitee.contact")
    person.shares_contact().sees(person.words("invitee.sent", phone="139****9000", minutes=10))
    return person.says(talk.story.last_code()).sees("invitee.choose")


@pytest.mark.parametrize("locale", list(Locale))
def test_a_friend_has_a_copy_and_then_the_end_of_it(talk: Talk, locale: Locale) -> None:
    talk.registers(BOB)
    bob = proves(talk, talk.person("3003", locale, BOB))
    bob.taps("button.export").sees("privacy.exported")
    assert bob.last.reply.document is not None
    (kept,) = json.loads(bob.last.reply.document.content)["invited"]
    assert (kept["name"], kept["phone"]) == ("王波", BOB)
    bob.taps("button.erase").sees("invitee.erase_ask")
    _, sure = bob._button(bob.words("button.erase_yes"))
    bob.taps("button.erase_yes").sees("invitee.erased")
    assert known_of(talk.database, ("王波",)) == []
    bob.taps_data(sure.data).sees("old_keyboard")


def test_a_copy_of_nothing_is_told_to_the_numbers_owner_alone(talk: Talk) -> None:
    bob = proves(talk, talk.person("3003", phone=BOB))
    bob.taps("button.export").sees("invitee.nothing")


def test_a_wrong_code_opens_nothing(talk: Talk) -> None:
    talk.registers(BOB)
    talk.later(minutes=5)
    bob = talk.person("3003", phone=BOB)
    bob.says("/privacy").taps("button.invitee").taps("button.agree").shares_contact()
    wrong = "000000" if talk.story.last_code() != "000000" else "111111"
    bob.says(wrong).sees("prove.wrong").sees_not("button.export")
    bob.says("hello").sees("invitee.type")
    talk.restarts()
    bob.says(talk.story.last_code()).sees("invitee.choose")


def test_somebody_elses_contact_is_no_proof(talk: Talk) -> None:
    talk.registers(BOB)
    mallory = talk.person("6006")
    mallory.says("/privacy").taps("button.invitee").taps("button.agree")
    mallory.shares_contact(BOB, own=False).sees("invitee.contact_foreign")
    assert mallory.keyboard


def test_a_button_of_another_proof_is_old(talk: Talk) -> None:
    talk.registers(BOB)
    bob = proves(talk, talk.person("3003", phone=BOB))
    for data in ("1:invitee:copy:00000000", "1:invitee:sure", "1:invitee:x:y"):
        bob.taps_data(data).sees("old_keyboard")
    assert known_of(talk.database, ("王波",)) != []


def test_who_declines_is_asked_nothing(talk: Talk) -> None:
    bob = talk.person("3003", phone=BOB)
    bob.says("/privacy").taps("button.invitee").taps("button.decline").sees("start.declined")
    assert not bob.keyboard
