"""Payouts in any order with everything that disturbs them: whatever happens, the books agree."""

from __future__ import annotations

import os
import random
from contextlib import suppress
from datetime import datetime

import pytest
from sqlalchemy import select
from till import Till

from shared.actions.remedying import ask_write_off, decide_remedy
from shared.applications.facts import Kind
from shared.base.database import Database
from shared.base.errors import Refusal
from shared.ledger.balance import Account
from shared.rewards.payouts import Batch, State, standings_in

RULES = (
    "{threshold: ¥150, rate: 20%}",
    "{threshold: ¥150, rate: 17.5%, per: month}",
    "{threshold: ¥150, rate: 20%, gross_up: true, per: month, taxed: all}",
)
SEEDS = range(60) if os.environ.get("JIANKA_NIGHTLY") else range(2)


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_in_whatever_order_the_books_agree(
    seed: int, sqlite_or_postgres: Database, now: datetime, tell_on
):
    chance = random.Random(seed)
    story = tell_on(sqlite_or_postgres, ("leaderboard: true", f"tax: {RULES[seed % 3]}"))
    for member in ("Alice", "Ben"):
        story.member(member)
    till, sent = Till(story), []
    for day in range(6, 160, 4):
        acts = chance.choices(
            [befriend, undo, buys_again, pay, answer, cancel, write_off],
            [4, 1, 1, 3, 3, 1, 1],
            k=2,
        )
        for act in acts:
            act(story, till, chance, day, sent)
        if chance.random() < 0.8:
            story.settle(day)
    while sent:
        answer(story, till, chance, 165, sent)
    story.settle(165)
    till.verify(165)
    assert any(place[3] is Account.PAID for place in story.positions())


def befriend(story, till, chance, day, sent) -> None:
    name = f"F{len(story.friends)}"
    story.friend(name, of=chance.choice(["Alice", "Ben"]), day=day - 4)
    story.qualifies(name, day=day)


def undo(story, till, chance, day, sent) -> None:
    if story.friends:
        name = chance.choice(list(story.friends))
        yuan = chance.choice([1, 300])
        story.bank(name, Kind.REVERSED, day=day, yuan=yuan, transaction=f"T-{name}")


def buys_again(story, till, chance, day, sent) -> None:
    if story.friends:
        name = chance.choice(list(story.friends))
        story.bank(name, Kind.PURCHASE, day=day, yuan=400, transaction=f"T-{name}-{day}")


def pay(story, till, chance, day, sent) -> None:
    with suppress(NothingToDo):
        made = allowed("payout.nothing", till.prepare, day, chance.choice(["Dai", "operator:x"]))
        if chance.random() < 0.3:
            return  # stays for `cancel`, or holds its keys to the end
        till.confirm(made.number, day)
        if rows := till.export(made.number, day):
            sent.append(rows)


def answer(story, till, chance, day, sent) -> None:
    if not sent:
        return
    rows = sent.pop(chance.randrange(len(sent)))
    some = [row for row in rows if chance.random() < 0.7]
    failing = {"C_Ben": "closed"} if chance.random() < 0.3 else {}
    for part in (some, some, rows):
        came_to = till.answer(part, day, **failing) if part else None
        assert came_to is None or came_to.refused == []


def cancel(story, till, chance, day, sent) -> None:
    with story.database.reading() as session:
        query = select(Batch.id).where(Batch.state == State.PREPARED.value)
        found = list(session.scalars(query))
    if found:
        till.cancel(chance.choice(found), day)


def write_off(story, till, chance, day, sent) -> None:
    with story.database.reading() as session:
        found = standings_in(session, story.campaign, [Account.RECOVERABLE])
    if found:
        with suppress(NothingToDo):
            codes = "remedy.claimed remedy.nothing"
            allowed(codes, _write_off, story, till, chance.choice(found), day)


def _write_off(story, till, owed, day) -> None:
    with story.database.transaction() as session:
        dai, chen = till.who(session, "Dai"), till.who(session, "Chen")
        number = ask_write_off(session, dai, owed.key, owed.unit, "gone", story.at(day))
        decide_remedy(session, chen, number, True, story.at(day))


class NothingToDo(Exception):
    """The rules refused what chance wanted, for a reason that is right at times."""


def allowed(codes: str, act, *arguments):
    try:
        return act(*arguments)
    except Refusal as refusal:
        if refusal.code in codes.split():
            raise NothingToDo from None
        raise
