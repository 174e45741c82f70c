"""What another member's buttons and numbers are worth in a chat: as much as made-up ones."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from claim_tales import FRIEND, MALLORY, Tale
from forgeries import truths
from sqlalchemy import update
from talk import Person, Talk

from bot.flows.taps import Verb, encode
from shared.actions.claiming import ClaimForm, file_claim
from shared.base.database import Database
from shared.base.errors import Refusal
from shared.claims.claims import How, When
from shared.people.members import member_by_ref
from shared.referrals.referrals import Registration

TALKED = ("outbox", "dialogues", "chats")
MADE_UP = "C-ZZZZZZ"


@pytest.fixture
def tale(database: Database, now: datetime) -> Tale:
    return Tale(Talk(database, now))


def mallory(tale: Tale) -> Person:
    """Another member, whose chat is surely theirs."""
    person = tale.other_claims("+8613900139055")
    tale.talk.later(minutes=1)
    return person


def data_of(person: Person, label: str) -> str:
    """What a button of this person's newest messages holds."""
    words = person.words(label)
    found = [b.data for m in person.messages for b in m.buttons if b.label == words and b.data]
    assert found, label
    return found[-1]


def reads(person: Person, data: str) -> tuple[str, str]:
    """What comes of a tap: the screen and the toast, whichever number was in it."""
    person.taps_data(data)
    return re.sub(r"C-[0-9A-Z]{6}", "C-", person.screen()), person.toast


def test_another_members_claim_reads_like_one_that_never_was(tale: Tale) -> None:
    tale.applies()
    number = tale.claims()
    tale.waits()
    tale.denies()
    tale.waits(48)
    thief = mallory(tale)
    before = truths(tale.talk.database, TALKED)
    for more in ((), ("yes",)):
        theirs = reads(thief, encode(Verb.APPEAL, number, *more))
        assert theirs == reads(thief, encode(Verb.APPEAL, MADE_UP, *more))
    assert truths(tale.talk.database, TALKED) == before
    tale.alice.taps_data(encode(Verb.APPEAL, number))
    assert tale.alice.words("button.appeal_yes") in tale.alice.screen()


def test_another_members_half_filled_claim_is_filed_by_nobody_else(tale: Tale) -> None:
    tale.alice.says("/claim").says(FRIEND)
    tale.alice.taps("claim.when.this_week").taps("claim.how.without_link")
    tale.alice.taps("button.no_picture")
    file = data_of(tale.alice, "button.file_claim")
    thief = mallory(tale)
    before = truths(tale.talk.database, TALKED)
    for own in (False, True):
        if own:
            thief.says("/claim").says("+8613900139044")
            thief.taps("claim.when.this_week").taps("claim.how.without_link")
            thief.taps("button.no_picture")
        assert reads(thief, file) == reads(thief, encode(Verb.CLAIM_FILE, "a-made-up-one"))
    assert truths(tale.talk.database, TALKED) == before


def test_another_members_erasure_is_confirmed_by_nobody_else(tale: Tale) -> None:
    tale.alice.says("/privacy").taps("button.erase")
    erase = data_of(tale.alice, "button.erase_yes")
    thief = mallory(tale)
    before = truths(tale.talk.database, TALKED)
    assert reads(thief, erase) == reads(thief, encode(Verb.ERASE, "a-made-up-one"))
    assert truths(tale.talk.database, TALKED) == before


def test_a_code_of_another_campaign_names_nobody_here(tale: Tale) -> None:
    code = tale.registers().receipt
    talk = tale.talk
    with talk.database.transaction() as session:
        session.execute(update(Registration).values(campaign_id=77))
    before = truths(talk.database)
    with talk.database.reading() as session:
        member = member_by_ref(session, MALLORY)
        assert member is not None
        thief = member.id
    for claimant in (talk.story.alice, thief):
        form = ClaimForm(claimant, How.LATE, When.EARLIER, code=code)
        with pytest.raises(Refusal, match=r"claim\.code"), talk.database.transaction() as session:
            file_claim(session, form, talk.story.now)
    assert truths(talk.database) == before
