"""SMS leave the outbox once; a gateway that fails is asked again, later and later."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from shared.base.database import Database
from shared.jobs.sms import BACKOFF, send_waiting
from shared.post.outbox import Channel, Outbox, send_later
from shared.post.sms import SmsFailed

BOB = "+8613900139002"


class Gateway:
    """Takes messages, or fails as told."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.failure: SmsFailed | None = None

    def __call__(self, to: str, text: str, at: datetime) -> None:
        if self.failure:
            raise self.failure
        self.taken.append((to, text))


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def owed(database: Database, now: datetime) -> Database:
    with database.transaction() as session:
        send_later(session, Channel.SMS, {"to": BOB, "text": "123456"}, now)
    return database


def row(database: Database) -> Outbox:
    with database.reading() as session:
        found = session.scalars(select(Outbox)).one()
        session.expunge(found)
        return found


def test_a_message_is_sent_once(owed: Database, gateway: Gateway, now: datetime) -> None:
    assert send_waiting(owed, gateway, lambda: now) == 1
    assert send_waiting(owed, gateway, lambda: now) == 0
    assert gateway.taken == [(BOB, "123456")]
    assert row(owed).sent_at == now


def test_a_gateway_that_is_away_is_asked_again(
    owed: Database, gateway: Gateway, now: datetime
) -> None:
    gateway.failure = SmsFailed("http-503", permanent=False)
    send_waiting(owed, gateway, lambda: now)
    assert (row(owed).tries, row(owed).problem) == (1, "http-503")
    assert send_waiting(owed, gateway, lambda: now) == 0
    gateway.failure = None
    assert send_waiting(owed, gateway, lambda: now + BACKOFF[0]) == 1
    assert gateway.taken == [(BOB, "123456")]


def test_a_number_the_gateway_refuses_is_given_up_at_once(
    owed: Database, gateway: Gateway, now: datetime
) -> None:
    gateway.failure = SmsFailed("http-422", permanent=True)
    send_waiting(owed, gateway, lambda: now)
    assert row(owed).failed_at == now


def test_a_gateway_that_stays_away_is_given_up_in_the_end(
    owed: Database, gateway: Gateway, now: datetime
) -> None:
    gateway.failure = SmsFailed("ConnectionRefusedError", permanent=False)
    at = now
    for _ in range(20):
        send_waiting(owed, gateway, lambda at=at: at)  # type: ignore[misc]
        at += timedelta(days=1)
    assert row(owed).failed_at is not None
    assert row(owed).tries < 20
    assert gateway.taken == []
