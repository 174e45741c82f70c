"""A claim's conversation whose programs die at every step: nothing is lost, nothing is doubled."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from random import Random

import pytest
from claim_tales import FRIEND, Tale
from mortal_bot import MortalBot
from sqlalchemy import select
from talk import Talk
from telegram_stand_in import Phone, StandIn, eventually

from bot.messages import Reply, to_json
from shared.base.database import Database, open_database
from shared.base.i18n import Locale, text
from shared.base.privacy import Keyring
from shared.base.settings import Settings
from shared.claims.claims import Claim, ClaimStep
from shared.people.chats import Chat, Proof, find_or_add_chat
from shared.people.members import member_by_ref
from shared.post.audit import Audit
from shared.post.inbox import Inbox

EVERY = 1 if os.environ.get("JIANKA_NIGHTLY") else 12
"""By day a program dies at every twelfth statement of a step, and always as it commits."""
ALICE = {"id": 1001, "is_bot": False, "first_name": "A", "language_code": "en"}
NUMBER = "139 0013 9077"
WHEN, HOW = "claim.when.this_week", "claim.how.late"
NO_PICTURE, FILE = "button.no_picture", "button.file_claim"

ANSWERED = {"says": "sendMessage", "taps": "editMessageText"}
ANSWERS = (
    "step 1 of 4", "Step 2 of 4", "Step 3 of 4", "Step 4 of 4", "Please check", "C-",
)  # fmt: skip
Step = tuple[str, str]
"""(`says` or `taps`, words or the key of a label)."""
WAY = (("taps", WHEN), ("taps", HOW), ("taps", NO_PICTURE), ("taps", FILE))
WAYS: dict[str, tuple[Step, ...]] = {
    "number": (("says", "/claim"), ("says", NUMBER), *WAY),
    "receipt": (("says", "/claim"), ("says", "RECEIPT"), *WAY),
    "code": (("says", "/claim"), ("says", "CODE"), *WAY),
    "abandoned": (
        ("says", "/claim"), ("says", "12"), ("says", NUMBER), ("taps", WHEN),
        ("says", "/progress"), ("taps", HOW),  # a button of what was left behind
        ("says", "/claim"), ("says", "RECEIPT"), *WAY, ("taps", FILE), ("says", "/claim"),
    ),
}  # fmt: skip
BY_NIGHT = [pytest.param(way, marks=pytest.mark.nightly) for way in ("number", "receipt", "code")]


def tale_of(database: Database, now: datetime) -> tuple[Tale, dict[str, str]]:
    """Alice and a friend whom the system missed; what names the friend."""
    tale = Tale(Talk(database, now), Locale.EN)
    visit, receipt = tale.visits()
    code = tale.registers(visit=visit).receipt
    tale.applies()
    return tale, {"RECEIPT": receipt, "CODE": code}


def plays(bot: MortalBot, act: Callable[..., list[Reply]], way: str, names: dict[str, str]) -> None:
    for kind, words in WAYS[way]:
        if kind == "says":
            content: dict[str, object] = {"text": names.get(words, words)}
            if words.startswith("/"):
                content["entities"] = [{"type": "bot_command", "offset": 0, "length": len(words)}]
            act(bot.message(**content))
        else:
            act(bot.tap(bot.data_of(text(Locale.EN, words))))


def read(bot: MortalBot, names: dict[str, str]) -> list[str]:
    """What arrived, without what is drawn anew each time, and without the moments."""
    said = [repr(to_json(reply)) for reply in bot.shown]
    for pattern in (r"C-[0-9A-Z]{6}", r"\b[0-9a-f]{8}\b", r"\d{1,2}:\d{2}", *names.values()):
        said = [re.sub(pattern, "…", each) for each in said]
    return said


def filed(database: Database) -> tuple[int, list[tuple[str, str, str]], list[str]]:
    """Claims, what named their friends, and what is on record of them."""
    with database.reading() as session:
        claims = session.scalars(select(Claim)).all()
        acts = select(Audit.act).where(Audit.subject.startswith("claim:")).order_by(Audit.id)
        return (
            len(session.scalars(select(ClaimStep)).all()),
            [(claim.named, claim.how, claim.roughly) for claim in claims],
            list(session.scalars(acts).all()),
        )


@pytest.mark.parametrize("way", ["abandoned", *BY_NIGHT])
def test_dying_at_every_step_a_claim_ends_as_if_nothing_had_happened(
    database: Database, now: datetime, way: str
) -> None:
    tale, names = tale_of(database, now)
    bot = MortalBot(database, tale.talk.story.now, ALICE, EVERY)
    plays(bot, bot.dies, way, names)
    assert bot.deaths > 5 * len(WAYS[way])
    assert bot.waiting() == 0
    died, said = filed(database), read(bot, names)
    assert len(died[1]) == 1
    tale.talk.story.now = bot.now
    with database.transaction() as session:  # the claim is undone, so that it can be told again
        for table in (ClaimStep, Claim):
            for row in session.scalars(select(table)).all():
                session.delete(row)
        known = session.scalars(select(Audit.id)).all()
    again = MortalBot(database, bot.now, ALICE)
    again._updates = 5000
    plays(again, again.lives, way, names)
    lived = filed(database)
    assert read(again, names) == said
    assert (lived[0], lived[1]) == (died[0], died[1])
    assert lived[2] == [*died[2], *died[2]]
    assert known


def test_what_is_answered_is_what_the_last_word_asked(database: Database, now: datetime) -> None:
    """Two updates are stored and the program dies between them: they are heard in their order."""
    tale, names = tale_of(database, now)
    bot = MortalBot(database, tale.talk.story.now, ALICE, EVERY)
    for update in (bot.message(text="/claim"), bot.message(text=names["RECEIPT"])):
        bot.stores(update)
    bot._mortal.dies_everywhere(bot.hears, EVERY)
    bot.hears()
    bot.shown = bot.sends()
    assert [reply.text for reply in bot.shown][-1:] != []
    assert bot.data_of(text(Locale.EN, WHEN))


@contextmanager
def program(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """`jianka bot` as a process; killed without a word at the end."""
    given = {
        "JIANKA_MODE": settings.mode.value,
        "JIANKA_DATABASE_URL": settings.database_url,
        "JIANKA_SECRET_KEYS": settings.secret_keys.get_secret_value(),
        "JIANKA_BLIND_INDEX_KEY": settings.blind_index_key.get_secret_value(),
        "JIANKA_TELEGRAM_API": settings.telegram_api,
        "JIANKA_TELEGRAM_TOKEN": settings.telegram_token.get_secret_value()
        if settings.telegram_token
        else "",
    }
    clean = {name: value for name, value in os.environ.items() if not name.startswith("JIANKA_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "shared.cli", "bot"],
        env=clean | given,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _known(database: Database, phone: Phone, now: datetime) -> None:
    """The phone's chat is surely Alice's."""
    from shared.actions.joining import agree

    with database.transaction() as session:
        for chat in session.scalars(select(Chat)).all():
            chat.member_id = None
        chat = find_or_add_chat(session, "telegram", str(phone.id), "en", now)
        agree(session, chat, Locale.EN, now)
        member = member_by_ref(session, "C100001")
        assert member is not None
        chat.member_id, chat.proof = member.id, Proof.FULL


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(2))
def test_the_real_program_killed_again_and_again_files_one_claim(
    bot_settings: Settings, telegram: StandIn, database: Database, keyring: Keyring,
    now: datetime, seed: int,
) -> None:  # fmt: skip
    """Before sending (the line is dead as it is killed), and at whatever moment it is hit."""
    _, names = tale_of(database, now)
    alice, chance = telegram.phone("Alice", language="en"), Random(seed)
    _known(database, alice, now)
    for (kind, words), answer in zip(WAYS["receipt"], ANSWERS, strict=True):
        seen = max((shown.changed for shown in alice.messages), default=0)
        if kind == "says":
            alice.says(names.get(words, words))
        else:
            alice.taps(text(Locale.EN, words))
        telegram.fails(ANSWERED[kind], 0, "the line is dead", chat=alice.id)
        with program(bot_settings):
            eventually(lambda: not telegram.failures, "the answer that does not arrive")
        with program(bot_settings) as second:
            _after(second, chance.uniform(0, 2))
        with program(bot_settings):
            alice.sees(answer, since=seen)
    with closing(open_database(bot_settings.database_url, keyring)) as opened:
        assert len(filed(opened)[1]) == 1
        with opened.reading() as session:
            assert session.scalars(select(Inbox.id).where(Inbox.done_at.is_(None))).all() == []
    assert FRIEND not in "".join(shown.words for shown in alice.messages)


def _after(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return
