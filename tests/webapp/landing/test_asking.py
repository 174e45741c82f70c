"""The friend's page: who asks, what it means, one answer; nothing forged, old or foreign counts."""

from __future__ import annotations

import random

import pytest
from browser import Browser
from claim_tales import FRIEND, Tale
from flask import Flask
from sqlalchemy import func, select
from story import Story
from talk import Talk

from shared.actions.asking import confirm_claim
from shared.base.errors import Refusal
from shared.base.i18n import Locale, text
from shared.base.privacy import Keyring
from shared.claims.asks import Answer, ClaimAsk, ask_by_word
from shared.claims.claims import Claim, State
from shared.post.audit import Audit

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def tale(story: Story) -> Tale:
    talk = Talk(story.database, story.now)
    talk.story = story
    return Tale(talk)


def asked(tale: Tale, *, sms: bool = False) -> str:
    """A claim whose friend is asked; the address of the question."""
    if sms:
        tale.registers()
        tale.talk.later(days=40)
    tale.applies()
    tale.claims()
    tale.waits()
    tale.stands(State.ASKED)
    return f"/i/claim/{tale.word()}"


def said(tale: Tale) -> str | None:
    with tale.talk.database.reading() as session:
        return session.scalars(select(ClaimAsk.answer)).one()


@pytest.mark.parametrize(
    "locale",
    [
        Locale.ZH_HANS,
        pytest.param(Locale.ZH_HANT, marks=pytest.mark.nightly),
        pytest.param(Locale.EN, marks=pytest.mark.nightly),
    ],
)
def test_the_page_says_who_asks_and_looking_changes_nothing(
    app: Flask, tale: Tale, locale: Locale
) -> None:
    path = asked(tale)
    browser = Browser(app, language=locale.lang)
    for _ in range(2):
        page = browser.opens(path)
        assert page.status_code == 200
        who = text(locale, "landing.ask.who", name="李**", issuer="Jianka Bank")
        assert who in browser.words
        assert text(locale, "landing.ask.means.3") in browser.words
    for private in ("李爱丽", "1380013", "9077", "C100001"):
        assert private not in page.text
    assert browser.client.head(path).status_code == 200
    assert said(tale) is None


def test_the_owner_of_the_number_confirms_by_a_code(app: Flask, tale: Tale) -> None:
    browser = Browser(app)
    browser.opens(asked(tale))
    assert browser.submits("send-code", phone="139 0013 9555").status_code == 422
    assert text(Locale.ZH_HANS, "error.ask.other_number") in browser.words
    browser.submits("send-code", phone="139 0013 9077")
    code = tale.talk.story.last_code()
    wrong = "000000" if code != "000000" else "111111"
    assert browser.submits("ask-yes", code=wrong).status_code == 422
    assert said(tale) is None
    browser.submits("ask-yes", code=code)
    assert browser.sees("ask-done")
    tale.talk.work()
    tale.credited()


def test_by_sms_it_is_one_tap_and_only_with_the_friends_consent(app: Flask, tale: Tale) -> None:
    path = asked(tale, sms=True)
    message = next(m for m in _sms(tale) if "/i/claim/" in m["text"])
    assert message["to"] == FRIEND
    assert "李**" in message["text"]
    browser = Browser(app)
    browser.opens(path)
    assert not browser.sees("phone")
    browser.submits("ask-yes")
    assert browser.sees("ask-done")
    tale.talk.work()
    tale.stands(State.WITH_PERSON)


def test_a_friend_who_took_consent_back_is_not_written_to(app: Flask, tale: Tale) -> None:
    from shared.people.consents import Consent

    tale.registers()
    tale.talk.later(days=40)
    with tale.talk.database.transaction() as session:
        for consent in session.scalars(select(Consent).where(Consent.purpose == "referral")):
            consent.withdrawn_at = tale.talk.story.now
    tale.applies()
    tale.claims()
    tale.waits()
    tale.stands(State.WITH_PERSON)
    assert not any("/i/claim/" in message["text"] for message in _sms(tale))


def _sms(tale: Tale) -> list[dict[str, str]]:
    from shared.post.outbox import Outbox, read_body

    with tale.talk.database.reading() as session:
        rows = session.scalars(select(Outbox).where(Outbox.channel == "sms"))
        return [read_body(session, row) for row in rows]


def test_an_answer_is_given_once_and_a_replay_is_refused(app: Flask, tale: Tale) -> None:
    path = asked(tale)
    browser, other = Browser(app), Browser(app)
    browser.opens(path)
    other.opens(path)
    browser.submits("ask-no")
    assert browser.sees("ask-denied")
    assert other.submits("ask-no").status_code == 410
    assert browser.opens(path).status_code == 410
    with tale.talk.database.reading() as session:
        answered = select(func.count()).where(Audit.act == "claim.answered")
        assert session.scalar(answered) == 1
    assert said(tale) == Answer.NOT_ME


def test_a_form_without_its_token_and_a_link_too_old_are_refused(app: Flask, tale: Tale) -> None:
    path = asked(tale)
    bare = app.test_client().post(path, data={"step": "no"})
    assert bare.status_code == 400
    browser = Browser(app)
    browser.opens(path)
    tale.talk.story.later(days=7)
    assert browser.submits("ask-no").status_code == 410
    assert said(tale) is None


def test_a_thousand_links_that_we_never_wrote_lead_nowhere(app: Flask, tale: Tale) -> None:
    path, chance = asked(tale), random.Random(11)
    word = path.rsplit("/", 1)[1]
    number, _, signature = word.partition("-")
    foreign = Keyring({"k1": b"1" * 32}, b"another blind index key, 32 byte")
    forged = [f"{number}-{foreign.blind('claim-ask', f'{number}:{n}')[:32]}" for n in range(300)]
    forged += [f"{n}-{signature}" for n in range(2, 302)]
    forged += [
        f"{number}-{signature[:p]}{chance.choice('ghijk012')}{signature[p + 1 :]}"
        for p in range(32)
        for _ in range(12)
    ]
    forged += ["", "-", "1", f"{number}-", f"{number}-{signature[:31]}", f"-{number}-{signature}"]
    forged += [f"{number}-{signature.upper()}x", "９-ａ", "1" * 40, f"{number}.0-{signature}"]
    forged = [each for each in forged if each != word]
    assert len(forged) > 900
    with tale.talk.database.reading() as session:
        for each in forged:
            with pytest.raises(Refusal, match=r"ask\.unknown"):
                ask_by_word(session, each)
        claim = session.scalars(select(Claim)).one()
        assert claim.state == State.ASKED
    browser = Browser(app)
    for each in forged[:5]:
        assert browser.opens(f"/i/claim/{each}").status_code == 404
    with tale.talk.database.transaction() as session, pytest.raises(Refusal):
        confirm_claim(session, forged[0], Locale.EN, tale.talk.story.now)
