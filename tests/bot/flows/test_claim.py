"""Claims in chat: a conversation that survives restarts, double taps and wrong answers."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from claim_tales import Tale
from sqlalchemy import func, select
from story import ALICE
from talk import Person, Talk

from shared.actions.deciding import decide_claim
from shared.actions.registering import StartForm, start_registration
from shared.base.database import Database
from shared.base.i18n import Locale
from shared.claims.claims import Claim, Reason, State
from shared.people.chats import Chat, Proof, new_binding_token
from shared.people.staff import Staff

FRIEND = "+8613900139077"


@pytest.fixture
def talk(database: Database, now: datetime) -> Talk:
    talk = Talk(database, now)
    talk.story.judges = True
    return talk


def proven(talk: Talk, locale: Locale = Locale.ZH_HANS) -> Person:
    """Alice, whose chat is surely hers."""
    alice = talk.alice(locale)
    with talk.database.transaction() as session:
        chat = session.scalars(select(Chat).where(Chat.address == alice.sender)).one()
        chat.proof = Proof.FULL
    return alice


def filed(talk: Talk) -> int:
    with talk.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Claim)) or 0


def number(talk: Talk) -> str:
    with talk.database.reading() as session:
        return session.scalars(select(Claim.number)).one()


def confirms(alice: Person) -> Person:
    alice.says("/claim").says("139 0013 9077").sees("139****9077")
    alice.taps("claim.when.this_month").taps("claim.how.in_branch").sees("139****9077")
    return alice.taps("button.no_picture").sees("139****9077", "button.file_claim")


@pytest.mark.parametrize("locale", list(Locale))
def test_a_claim_asks_once_who_one_is_and_survives_restarts_at_every_step(
    talk: Talk, locale: Locale
) -> None:
    alice = talk.alice(locale)
    alice.says("/claim").sees("prove.why", "button.send_code")
    talk.restarts()
    alice.taps("button.send_code").sees("138****8001")
    wrong = "".join(str((int(c) + 1) % 10) for c in talk.story.last_code())
    alice.says(wrong).sees("prove.wrong")
    talk.restarts()
    alice.says(talk.story.last_code()).sees("prove.right", "claim.who")
    talk.restarts()
    alice.says("１３９－００１３－９０７７").sees("139****9077", "claim.when.earlier")
    talk.restarts()
    alice.taps("claim.when.this_week").sees("claim.how.late")
    talk.restarts()
    alice.taps("claim.how.other_number").sees("139****9077", "button.no_picture")
    talk.restarts()
    alice.sends_picture().sees("claim.how.other_number", "claim.picture.one", "48")
    assert filed(talk) == 0
    talk.restarts()
    alice.taps("button.file_claim").sees("C-")
    assert filed(talk) == 1
    alice.taps("button.claims").sees("9077", "C-")
    alice.says("/claim").sees_not("prove.why").sees("claim.who")


def test_confirming_twice_files_once_and_the_second_tap_says_the_number(talk: Talk) -> None:
    alice = confirms(proven(talk))
    message = alice.last
    data = message.buttons[0].data
    alice.taps("button.file_claim")
    alice.taps_data(data, message).sees(number(talk))
    assert number(talk) in alice.toast
    assert filed(talk) == 1
    alice.says("/claim").taps_data(data, message)
    alice.sees("claim.who")
    assert filed(talk) == 1


def test_a_branchs_qr_goes_on_where_the_claim_stood(talk: Talk) -> None:
    alice = talk.alice()
    alice.says("/claim").sees("prove.why")
    with talk.database.transaction() as session:
        made = new_binding_token(session, talk.story.alice, None, talk.story.now)
    alice.says(f"/start b_{made}").sees("start.bound_full", "claim.who")


def test_a_code_is_not_sent_twice_within_a_minute(talk: Talk) -> None:
    alice = talk.alice()
    alice.says("/claim").taps("button.send_code")
    talk.later(seconds=20)
    alice.taps("button.resend_code").sees("40")
    talk.later(seconds=61)
    alice.taps("button.resend_code").sees("138****8001")
    alice.says("no code here").sees("prove.type")
    talk.later(minutes=11)
    alice.says(talk.story.last_code()).sees("error.code.expired", "button.resend_code")


def test_who_that_names_nobody_is_asked_again(talk: Talk) -> None:
    alice = proven(talk)
    alice.says("/claim").says("call bob!").sees("error.phone.letters")
    alice.says("77").sees("claim.only_tail")
    alice.says("K7Q2-M9XD-4TNN").sees("error.receipt.malformed")
    alice.says("13900").sees("error.phone.unknown")
    alice.says("K7Q2-M9XX").sees("error.invite.malformed")
    alice.says("+86 139 0013 9077").sees("139****9077")


def test_ones_own_number_is_refused_before_anything_else_is_asked(talk: Talk) -> None:
    alice = proven(talk)
    alice.says("/claim").says(ALICE).sees("error.claim.own")
    alice.says("13900139077").sees("139****9077", "claim.when.earlier")
    assert filed(talk) == 0


def test_a_contact_card_is_not_read(talk: Talk) -> None:
    alice = proven(talk)
    alice.says("/claim").shares_contact(FRIEND, own=False).sees("claim.contact_foreign")
    alice.says(FRIEND).sees("claim.when.earlier")


def test_answers_may_be_typed_and_nonsense_repeats_the_question(talk: Talk) -> None:
    alice = proven(talk, Locale.EN)
    alice.says("/claim").says(FRIEND).says("dunno").sees("claim.when.earlier")
    alice.says("Earlier").says("In a branch").says("hm").sees("button.no_picture")
    alice.says("Go on without a picture").sees("button.file_claim")
    alice.sends_sticker().sees("unknown.other_asked", "button.file_claim")
    alice.says("Submit the claim").sees("C-")
    assert filed(talk) == 1


def test_a_claim_can_be_started_over_and_cancelled_at_any_step(talk: Talk) -> None:
    alice = confirms(proven(talk))
    data = alice.last.buttons[0].data
    alice.taps("button.claim_again").sees("claim.who")
    alice.taps_data(data).sees("claim.who")
    assert filed(talk) == 0
    for steps in ((), (FRIEND,)):
        alice.says("/claim")
        for step in steps:
            alice.says(step)
        alice.taps("button.cancel").sees("cancel.done")
    confirms(alice).says("取消").sees("cancel.done")
    alice.says("13900139077").sees("unknown.text")
    assert filed(talk) == 0


def test_help_and_language_leave_the_claim_where_it_stands(talk: Talk) -> None:
    alice = confirms(proven(talk))
    alice.says("/help").sees("faq.terms.question")
    alice.says("/language").taps_data("1:lang:en").sees("Submit the claim")
    alice.says("/progress").sees_not("button.file_claim")
    alice.taps("button.file_claim").sees("claim.over")
    assert filed(talk) == 0


def test_a_conversation_left_for_a_day_is_over(talk: Talk) -> None:
    alice = confirms(proven(talk))
    talk.later(hours=25)
    alice.taps("button.file_claim").sees("claim.over")
    assert filed(talk) == 0


def test_the_same_friend_twice_names_the_first_number(talk: Talk) -> None:
    alice = confirms(proven(talk))
    alice.taps("button.file_claim")
    confirms(alice).taps("button.file_claim").sees("C-")
    assert filed(talk) == 1


def test_a_registration_that_was_never_finished_is_a_persons_to_credit(talk: Talk) -> None:
    alice = proven(talk)
    with talk.database.transaction() as session:
        form = StartForm(talk.story.code, FRIEND, Locale.ZH_HANS)
        start_registration(session, form, talk.story.now)
    talk.later(minutes=5)
    talk.bank("application.submitted", application_id="A7", phone=FRIEND)
    confirms(alice).taps("button.file_claim").sees("button.claims", "C-")
    alice.fresh = []
    talk.work()
    alice.sees_not(number(talk))
    with talk.database.transaction() as session:
        chen = session.scalars(select(Staff).where(Staff.staff_no == "S1002")).one()
        claim = session.scalars(select(Claim)).one()
        assert claim.state == State.WITH_PERSON
        decide_claim(session, chen, claim.id, True, Reason.EVIDENCE, talk.story.now)
    talk.work()
    alice.sees(alice.words("notice.claim.credited", number=number(talk), clause=11, version=1))
    alice.taps("button.claims").sees("claims.outcome.credited")
    talk.work()
    alice.says("/progress").sees(alice.words("friend.ordinal", n=1))


def test_a_decision_is_pushed_and_a_refusal_tells_nothing_of_the_friend(talk: Talk) -> None:
    alice = confirms(proven(talk))
    alice.taps("button.file_claim")
    talk.work()
    with talk.database.transaction() as session:
        chen = session.scalars(select(Staff).where(Staff.staff_no == "S1002")).one()
        claim = session.scalars(select(Claim)).one()
        decide_claim(session, chen, claim.id, False, Reason.EXISTING, talk.story.now)
    alice.fresh = []
    talk.later(hours=23)
    alice.sees_not(number(talk))
    alice.says("/claim").taps("button.claims").sees_not("claims.outcome.not_eligible")
    talk.later(hours=1)
    alice.sees(alice.words("notice.claim.not_eligible", number=number(talk), clause=11, version=1))
    alice.taps("button.claims").sees("claims.outcome.not_eligible")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "who",
    [
        "receipt",
        *(pytest.param(who, marks=pytest.mark.nightly) for who in ("9077", "code", "13900139077")),
    ],
)
def test_killed_at_every_step_it_goes_on_whatever_named_the_friend(talk: Talk, who: str) -> None:
    tale = Tale(talk, Locale.EN)
    visit, receipt = tale.visits()
    code = tale.registers(visit=visit).receipt
    said = {"receipt": receipt, "code": code}.get(who, who)
    tale.applies()
    shown = {"receipt": receipt, "code": code, "9077": "9077"}.get(who, "139****9077")
    for act in (
        lambda: tale.alice.says("/claim").sees("claim.who"),
        lambda: tale.alice.says(said).sees(shown, "claim.when.earlier"),
        lambda: tale.alice.taps("claim.when.this_week").sees(shown, "claim.how.late"),
        lambda: tale.alice.taps("claim.how.late").sees(shown, "button.no_picture"),
        lambda: tale.alice.sends_picture().sees(shown, "button.file_claim"),
        lambda: tale.alice.taps("button.file_claim").sees("C-"),
        lambda: talk.work(),
    ):
        act()
        talk.restarts()
    tale.credited()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_four_digits_are_answered_alike_whether_a_friend_has_them_or_not(talk: Talk) -> None:
    """Registered under Alice, under somebody else, with two friends, or with nobody."""
    tale = Tale(talk, Locale.EN)
    tale.registers("+8613900130001")
    tale.registers("+8613900130002", code=tale.invite_of())
    tale.registers("+8613900130003")
    tale.registers("+8613800130003")
    screens = set()
    for digits in ("0001", "0002", "0003", "0004"):
        tale.alice.says("/claim").says(digits)
        shown = [tale.alice.screen()]
        shown.append(tale.alice.taps("claim.when.earlier").screen())
        shown.append(tale.alice.taps("claim.how.late").screen())
        shown.append(tale.alice.taps("button.no_picture").screen())
        shown.append(tale.alice.taps("button.file_claim").screen())
        talk.work()
        shown.append(tale.alice.says("/claim").taps("button.claims").screen().splitlines()[2])
        plain = re.sub(r"C-[0-9A-Z]{6}", "C-", "\n".join(shown)).replace(digits, "####")
        screens.add(plain)
    assert len(screens) == 1
