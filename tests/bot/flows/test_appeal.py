"""Appeals in chat: asked once more before it is filed, the clock in sight, an answer for good; and
the one question how it was handled."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from claim_tales import CHEN, MEI, Tale
from sqlalchemy import select
from talk import Talk

from shared.actions.erasing import erase_member
from shared.base import i18n
from shared.base.database import Database
from shared.base.i18n import Locale
from shared.claims.claims import Claim, Reason, State
from shared.claims.opinions import ClaimOpinion
from shared.people.chats import Chat, Proof

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def each_language(by_day: Locale) -> pytest.MarkDecorator:
    """One language by day, all of them by night."""
    night = [() if each is by_day else pytest.mark.nightly for each in Locale]
    told = [pytest.param(each, marks=marks) for each, marks in zip(Locale, night, strict=True)]
    return pytest.mark.parametrize("locale", told)


NO = Reason.NOT_CONFIRMED


@pytest.fixture
def tale(database: Database, now: datetime) -> Tale:
    return Tale(Talk(database, now))


def refused(tale: Tale) -> str:
    """Alice's claim was refused at the branch, and she reads it now; the case number."""
    tale.applies()
    number = tale.claims(how="in_branch")
    tale.decides(MEI, credit=False, reason=NO)
    tale.waits()
    tale.alice.sees(number)
    return number


def words_of(tale: Tale, hours: float = 0) -> str:
    """A moment as Alice reads it."""
    at = tale.talk.story.now + timedelta(hours=hours)
    return i18n.moment(tale.alice.locale, at, "Asia/Shanghai")


def opinion(tale: Tale) -> str | None:
    with tale.talk.database.reading() as session:
        return session.scalars(select(ClaimOpinion.opinion)).one()


@each_language(Locale.ZH_HANS)
def test_an_appeal_from_the_refusal_to_the_money(
    database: Database, now: datetime, locale: Locale
) -> None:
    tale = Tale(Talk(database, now), locale)
    alice, number = tale.alice, refused(tale)
    alice.sees_not("notice.claim.asks")  # there may be an appeal yet
    due = words_of(tale, 48)
    alice.taps("button.appeal").sees(alice.words("appeal.ask", number=number, due=due))
    tale.stands(State.REFUSED, NO)  # a question is not an appeal
    alice.taps("button.appeal_yes").sees(alice.words("appeal.filed", number=number, due=due))
    tale.stands(State.APPEALED)
    alice.taps("button.claims").sees(alice.words("claims.state.appealed", due=due))
    assert tale.decides(CHEN) is State.CREDITED
    alice.sees(number, "notice.claim.asks")
    alice.taps("button.opinion.good").sees("opinion.thanks.good", "opinion.kept")
    assert opinion(tale) == "good"
    tale.credited()


@each_language(Locale.ZH_HANT)
def test_an_appeal_that_is_refused_again_is_final(
    database: Database, now: datetime, locale: Locale
) -> None:
    tale = Tale(Talk(database, now), locale)
    alice, number = tale.alice, refused(tale)
    alice.taps("button.appeal").taps("button.appeal_yes")
    assert tale.decides(CHEN, credit=False, reason=NO) is State.UPHELD
    alice.says("/claim").taps("button.claims")
    alice.sees(alice.words("claims.state.appealed", due=words_of(tale, 48)))  # not told yet
    tale.waits()
    alice.sees(number, "notice.claim.final", "notice.claim.asks").sees_not("button.appeal")
    alice.says("/claim").taps("button.claims").sees("claims.outcome.upheld")
    for message in list(alice.messages):  # the buttons of long ago
        for button in message.buttons:
            if button.label == alice.words("button.appeal_yes"):
                alice.taps_data(button.data, message)
                alice.sees(alice.words("error.claim.appeal_final", number=number))
    alice.taps("button.opinion.poor").sees(alice.words("opinion.thanks.poor", number=number))
    alice.taps("button.opinion.good").sees("opinion.again")
    assert opinion(tale) == "poor"
    assert alice.fresh == []  # the first answer stands, and nothing more is said


def test_a_second_tap_reads_as_filed_and_files_nothing(tale: Tale) -> None:
    alice, number = tale.alice, refused(tale)
    alice.taps("button.appeal")
    question = alice.last
    yes = question.buttons[0].data
    alice.taps("button.appeal_yes")
    alice.taps_data(yes, question)
    alice.sees(
        alice.words("appeal.filed_toast", number=number),
        alice.words("error.claim.appealed", number=number),
    )
    alice.says("/claim").taps("button.claims").sees_not("button.appeal_of")
    with tale.talk.database.reading() as session:
        assert session.scalars(select(Claim.appealed_at)).one() == tale.talk.story.now


@pytest.mark.nightly
def test_typing_the_buttons_words_files_and_other_words_ask_again(tale: Tale) -> None:
    alice, _ = tale.alice, refused(tale)
    alice.taps("button.appeal")
    alice.says("为什么？").sees("button.appeal_yes")
    tale.stands(State.REFUSED, NO)
    alice.says("button.appeal_yes")  # a key is no label
    tale.stands(State.REFUSED, NO)
    alice.says(alice.words("button.appeal_yes")).sees("C-")
    tale.stands(State.APPEALED)


def test_the_question_can_be_left_and_survives_a_restart(tale: Tale) -> None:
    alice, _ = tale.alice, refused(tale)
    alice.taps("button.appeal").taps("button.cancel").sees("cancel.done")
    tale.stands(State.REFUSED, NO)
    alice.taps("button.appeal")
    tale.talk.restarts()
    alice.taps("button.appeal_yes")
    tale.stands(State.APPEALED)


def test_a_contact_alone_does_not_appeal(tale: Tale) -> None:
    alice, number = tale.alice, refused(tale)
    with tale.talk.database.transaction() as session:
        session.scalars(select(Chat).where(Chat.address == "1001")).one().proof = Proof.CONTACT
    alice.taps("button.appeal").sees_not("button.appeal_yes")
    tale.stands(State.REFUSED, NO)
    alice.taps("button.send_code").says(tale.talk.story.last_code())
    alice.sees(number).taps("button.appeal_yes")
    tale.stands(State.APPEALED)


def test_somebody_elses_or_no_claim_is_not_found(tale: Tale) -> None:
    refused(tale)
    for words in ("", ":yes", "C-000000", "C-000000:yes", "C-' or 1=1--:yes"):
        tale.alice.taps_data(f"1:appeal:{words}")
        tale.alice.sees_not("button.appeal_yes", "appeal.filed")
    tale.stands(State.REFUSED, NO)


def test_the_time_to_appeal_passes_and_is_told(tale: Tale) -> None:
    alice, number = tale.alice, refused(tale)
    alice.says("/claim").taps("button.claims").sees(alice.words("button.appeal_of", number=number))
    tale.talk.later(days=30)
    alice.sees(alice.words("notice.claim.opinion", number=number))
    alice.taps("button.opinion.fair").sees("opinion.thanks.fair")
    alice.taps("button.appeal").sees(alice.words("error.claim.appeal_over", number=number))
    alice.says("/claim").taps("button.claims").sees_not("button.appeal_of")


@each_language(Locale.EN)
def test_the_list_shows_every_state_and_its_clock(
    database: Database, now: datetime, locale: Locale
) -> None:
    """Checked, with the friend, with a person, late, answered: with its time each."""
    tale = Tale(Talk(database, now), locale)
    alice, due = tale.alice, words_of(tale, 48)
    tale.applies()
    tale.claims()

    def lists() -> None:
        alice.says("/claim").taps("button.claims")

    lists()
    alice.sees(alice.words("claims.state.filed", due=due))
    tale.waits()
    lists()
    alice.sees(
        alice.words("claims.state.asked", since=words_of(tale), ends=words_of(tale, 7 * 24)),
        "https://card.example/i/claim/",
    )
    tale.talk.later(hours=30)
    tale.denies()
    lists()
    alice.sees("claims.outcome.not_eligible")
    tale.claims("13900139055", "in_branch")
    lists()
    alice.sees(alice.words("claims.state.with_person", due=words_of(tale, 48)))
    tale.talk.later(hours=49)
    lists()
    alice.sees(alice.words("claims.state.late", due=words_of(tale, -1)))


def test_after_erasure_nothing_is_asked_or_kept(tale: Tale) -> None:
    """The answer was decided and would have left; an old button is nobody's now."""
    number = refused(tale)
    tale.alice.taps("button.appeal").taps("button.appeal_yes")
    tale.decides(CHEN, credit=False, reason=NO)
    with tale.talk.database.transaction() as session:
        chat = session.scalars(select(Chat).where(Chat.address == "1001")).one()
        erase_member(session, chat, tale.talk.story.now)
    tale.alice.fresh = []
    tale.talk.later(days=40)
    assert tale.alice.fresh == []
    tale.alice.taps_data(f"1:opine:{number}:good").sees_not("opinion.kept")
    assert opinion(tale) is None


def test_an_opinion_about_no_claim_of_ones_own_is_not_kept(tale: Tale) -> None:
    number = refused(tale)
    for data in (f"1:opine:{number}:good", "1:opine:C-000000:good", "1:opine", "1:opine:x:best"):
        tale.alice.taps_data(data)
        tale.alice.sees_not("opinion.kept")
    assert opinion(tale) is None
