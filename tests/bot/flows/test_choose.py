"""A member picks one of several rewards in the chat; a pick is final."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from story import BOB
from talk import Person, Talk

from shared.base.database import Database
from shared.base.i18n import Locale
from shared.base.money import Unit
from shared.ledger.balance import Account
from shared.ledger.entries import Entry, positions

SAMPLE = (Path(__file__).parents[3] / "assets/sample/campaign.yaml").read_text(encoding="utf-8")
PICK = SAMPLE.replace(
    "    amount: ¥100\n", "    amount: {pick: [¥50, {gift: mug}], within_days: 10}\n"
) + ("gifts:\n  - {id: mug, name: {zh_Hans: 马克杯, zh_Hant: 馬克杯, en: Mug}, stock: 5}\n")
MUG = {Locale.ZH_HANS: "马克杯", Locale.ZH_HANT: "馬克杯", Locale.EN: "Mug"}


@pytest.fixture
def talk(database: Database, now: datetime) -> Talk:
    return Talk(database, now, PICK)


def earns(talk: Talk) -> None:
    talk.registers(BOB)
    talk.spends("A1", BOB)


def proves(talk: Talk, somebody: Person) -> None:
    """By a code, as for everything that is money."""
    somebody.says("/claim").taps("button.send_code").says(talk.story.last_code())
    somebody.says("/cancel")


def stands(talk: Talk) -> dict[tuple[Account, Unit], int]:
    """Where the base reward stands, what gives it left out."""
    with talk.database.reading() as session:
        held = positions(session, 1, talk.story.alice)
    return {
        place: amount
        for key, balance in held.items()
        if key.clause == "base"
        for place, amount in balance.items()
        if amount > 0
    }


@pytest.mark.parametrize("locale", list(Locale))
def test_from_the_notice_to_the_picked_gift(talk: Talk, locale: Locale) -> None:
    alice = talk.alice(locale)
    alice.says("/progress")
    earns(talk)
    alice.sees("button.choose").taps("button.choose").sees("¥50", MUG[locale])
    alice.taps(f"2. {_mug(locale)}").sees("prove.why").taps("button.send_code")
    alice.says(talk.story.last_code()).sees(MUG[locale], "button.pick_back")
    assert stands(talk) == {(Account.PENDING, Unit.CHOICE): 1}, "asked, not done"
    alice.taps("button.pick_yes").sees(MUG[locale])
    talk.work()
    assert stands(talk) == {(Account.PENDING, Unit.GIFT): 1}
    talk.later(days=2)
    alice.sees(_mug(locale))
    assert stands(talk) == {(Account.AVAILABLE, Unit.GIFT): 1}
    assert not any("reversed" in str(message.reply.text) for message in alice.fresh)


def _mug(locale: Locale) -> str:
    return "Mug" if locale is Locale.EN else f"{MUG[locale]}一份"


def test_a_second_pick_changes_nothing_and_says_so(talk: Talk) -> None:
    alice = talk.alice(Locale.EN)
    proves(talk, alice)
    earns(talk)
    entry = _granted(talk)
    alice.taps_data(f"1:pick:{entry}:1:yes").sees("¥50")
    talk.work()
    alice.taps_data(f"1:pick:{entry}:2:yes").sees("error.choice.gone")
    talk.work()
    assert stands(talk) == {(Account.PENDING, Unit.CNY): 5000}


@pytest.mark.parametrize("data", ["1:pick:1:9", "1:pick:999999999999999999:1:yes", "1:pick:x:1"])
def test_a_made_up_button_picks_nothing(talk: Talk, data: str) -> None:
    alice = talk.alice(Locale.EN)
    proves(talk, alice)
    earns(talk)
    alice.taps_data(data)
    talk.work()
    assert stands(talk) == {(Account.PENDING, Unit.CHOICE): 1}


def test_nobody_picks_for_another_member(talk: Talk) -> None:
    talk.alice(Locale.EN)
    earns(talk)
    entry = _granted(talk)
    other = talk.person("2002", Locale.EN, "+8613800138012")
    other.says("/start").taps("button.agree").shares_contact()
    proves(talk, other)
    other.taps_data(f"1:pick:{entry}:1:yes").sees("error.choice.gone")
    talk.work()
    assert stands(talk) == {(Account.PENDING, Unit.CHOICE): 1}


def test_a_choice_that_lapsed_is_gone(talk: Talk) -> None:
    alice = talk.alice(Locale.EN)
    proves(talk, alice)
    earns(talk)
    entry = _granted(talk)
    talk.later(days=12)
    assert stands(talk) == {(Account.EXPIRED, Unit.CHOICE): 1}
    alice.sees("notice.choice.lapsed")
    alice.taps_data(f"1:pick:{entry}:1:yes").sees("error.choice.gone")


def _granted(talk: Talk) -> int:
    with talk.database.reading() as session:
        return session.scalars(select(Entry.id).where(Entry.clause == "base")).one()
