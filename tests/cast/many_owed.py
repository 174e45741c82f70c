"""Thousands of members to whom something is owed, made straight in the tables."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.base.database import Database
from shared.base.money import Unit
from shared.base.rows import insert_rows
from shared.ledger.balance import Account, Balance, Key
from shared.ledger.entries import Posting, post_all
from shared.people.chats import Chat
from shared.people.members import Member
from shared.people.persons import Person, add_person
from shared.rewards.payments import Payment, pay_all
from shared.rewards.standing import GOODWILL, Happening

FEN = 8_800
_AVAILABLE = Balance({(Account.FUNDING, Unit.CNY): -FEN, (Account.AVAILABLE, Unit.CNY): FEN})


def owe_many(database: Database, campaign_id: int, members: int, now: datetime) -> None:
    """So many more members, each with a chat and ¥88 of goodwill that can be paid."""
    with database.transaction() as session:
        first = 1 + (session.scalar(select(func.max(Member.id))) or 0)
        ids = range(first, first + members)
        _people(session, ids, now)
        keys = {n: Key(campaign_id, f"member:{n}", GOODWILL, f"remedy:{10_000 + n}") for n in ids}
        given = (
            Payment(key, n, Happening.GOODWILL, Unit.CNY, FEN, 0, 0) for n, key in keys.items()
        )
        pay_all(session, given, now)
        post_all(session, [Posting(key, n, 1, _AVAILABLE, {}) for n, key in keys.items()], now)


def _people(session: Session, ids: range, now: datetime) -> None:
    """Members under one name: what is sealed is sealed once, as thousands would take long."""
    one = add_person(session, now, name="会员")
    persons = range(one.id + 1, one.id + 1 + len(ids))
    insert_rows(
        session, Person.metadata.tables["persons"], ("id", "key", "name", "created_at"),
        ((n, one.key, one.name, now) for n in persons),
    )  # fmt: skip
    insert_rows(
        session, Member.metadata.tables["members"],
        ("id", "person_id", "customer_ref", "segment", "region", "card_products", "opened_on",
         "status", "status_since", "show_name", "on_leaderboard", "pushes"),
        (
            (n, person, f"C9{n:08d}", "", "", "", date(2020, 1, 1).isoformat(),
             "active", now, False, False, True)
            for n, person in zip(ids, persons, strict=True)
        ),
    )  # fmt: skip
    insert_rows(
        session, Chat.metadata.tables["chats"],
        ("channel", "address", "member_id", "proof", "seen_at"),
        (("telegram", f"9{n:09d}", n, 1, now) for n in ids),
    )  # fmt: skip
