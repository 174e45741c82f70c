"""Two at the same moment, and what closed, erased or spoilt people leave behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from story import BOB, Story, spends

from shared.actions import settling
from shared.actions.erasing import erase_member
from shared.actions.housekeeping import keep_house
from shared.actions.inviting import invite_for
from shared.actions.joining import agree, bind_by_token
from shared.actions.membership import change_status
from shared.actions.privacy import export_member
from shared.actions.stopping import send_stop_code
from shared.base.database import Database
from shared.base.errors import Refusal
from shared.base.i18n import Locale
from shared.base.money import Unit
from shared.people.chats import Chat, Proof, find_or_add_chat, new_binding_token
from shared.people.codes import OneTimeCode
from shared.people.members import MemberStatus, get_member, member_by_ref
from shared.post.outbox import Outbox


@pytest.fixture
def story(database: Database, now: datetime) -> Story:
    return Story(database, now)


def at_once(times: int, act: Callable[[int], object]) -> list[object]:
    """What each of several threads came to; a refusal counts as its code."""
    start = threading.Barrier(times)
    outcomes: list[object] = []

    def run(number: int) -> None:
        start.wait()
        try:
            outcomes.append(act(number))
        except Refusal as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == times
    return outcomes


def token_for(story: Story) -> str:
    with story.database.transaction() as session:
        return new_binding_token(session, story.alice, None, story.now)


def binds(story: Story, address: str, token: str) -> int:
    with story.database.transaction() as session:
        chat = find_or_add_chat(session, "telegram", address, "en", story.now)
        agree(session, chat, Locale.EN, story.now)
    with story.database.transaction() as session:
        chat = find_or_add_chat(session, "telegram", address, "en", story.now)
        return bind_by_token(session, chat, token, story.now).member_id


def test_one_token_opens_one_chat_however_many_try(story: Story) -> None:
    token = token_for(story)
    outcomes = at_once(6, lambda number: binds(story, f"20{number}", token))
    assert sorted(map(str, outcomes)) == [str(story.alice)] + ["binding.token"] * 5


def test_of_chats_bound_at_once_one_speaks_for_the_member(story: Story) -> None:
    tokens = [token_for(story) for _ in range(6)]
    at_once(6, lambda number: binds(story, f"30{number}", tokens[number]))
    with story.database.reading() as session:
        bound = session.scalar(
            select(func.count()).select_from(Chat).where(Chat.member_id == story.alice)
        )
    assert bound == 1


def test_a_token_made_before_the_member_left_binds_nobody(story: Story) -> None:
    token = token_for(story)
    with story.database.transaction() as session:
        member = get_member(session, story.alice)
        change_status(session, member, MemberStatus.CLOSED, story.now)
    with pytest.raises(Refusal, match=r"binding\.token"):
        binds(story, "401", token)


def test_a_token_made_before_the_erasure_binds_nobody(story: Story) -> None:
    token = token_for(story)
    with story.database.transaction() as session:
        chat = session.scalars(select(Chat).where(Chat.member_id == story.alice)).one()
        chat.proof = Proof.FULL
        erase_member(session, chat, story.now)
    with pytest.raises(Refusal, match=r"binding\.token"):
        binds(story, "402", token)


def test_an_invite_asked_for_twice_at_once_is_one(story: Story) -> None:
    with story.database.reading() as session:
        member = member_by_ref(session, "C100002")
        assert member is not None
        mallory = member.id

    def ask(_number: int) -> str:
        with story.database.transaction() as session:
            return invite_for(session, mallory, story.now).code

    assert len(set(at_once(6, ask))) == 1


def test_codes_asked_for_at_once_are_one_sms(story: Story) -> None:
    def ask(_number: int) -> str:
        with story.database.transaction() as session:
            send_stop_code(session, BOB, Locale.EN, story.now)
            return "sent"

    assert sorted(map(str, at_once(6, ask))) == ["code.wait"] * 5 + ["sent"]
    with story.database.reading() as session:
        sent = select(func.count()).select_from(Outbox).where(Outbox.channel == "sms")
        assert session.scalar(sent) == 1


def test_codes_and_the_hashes_of_their_numbers_go_after_a_day(story: Story) -> None:
    with story.database.transaction() as session:
        send_stop_code(session, BOB, Locale.EN, story.now)
    assert keep_house(story.database, story.now + timedelta(hours=23))["codes_forgotten"] == 0
    assert keep_house(story.database, story.now + timedelta(hours=25))["codes_forgotten"] == 1
    with story.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(OneTimeCode)) == 0


def test_one_member_who_cannot_be_told_does_not_stop_the_others(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = settling.tell_steps
    with story.database.reading() as session:
        spoilt = member_by_ref(session, "C100002")
        assert spoilt is not None
        hers = spoilt.id

    def tell(session: object, campaign: int, members: Sequence[int], now: datetime) -> int:
        if hers in members:
            raise RuntimeError("a name sealed under a key that is gone")
        return real(session, campaign, members, now)  # type: ignore[arg-type]

    monkeypatch.setattr(settling, "tell_steps", tell)
    own = story.code
    with story.database.transaction() as session:
        story.code = invite_for(session, hers, story.now).code
    story.registers("+8613700137000")
    story.bank("application.submitted", application_id="A2", phone="+8613700137000")
    story.code = own
    story.registers()
    spends(story)
    assert story.progress().pending[Unit.CNY] == 10000
    assert "reward.pending" in story.notices()


def test_an_export_holds_the_ledger_whatever_became_of_the_invite(story: Story) -> None:
    story.registers()
    spends(story)
    with story.database.transaction() as session:
        exported = export_member(session, story.alice, story.now)
    assert {row["clause"] for row in exported["ledger"]} >= {"base"}
