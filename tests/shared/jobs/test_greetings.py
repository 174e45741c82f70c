"""Greetings from before a rule: withdrawn when a program with that rule starts, and explained."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select, update
from talk import Talk

from shared.base.database import Database
from shared.base.i18n import Locale, text
from shared.jobs.worker import judge_greetings
from shared.post.audit import Audit
from shared.referrals.referrals import Invite


def greet(database: Database, words: str) -> None:
    with database.transaction() as session:
        session.execute(update(Invite).values(greeting=words))  # as an older program let it through


def greeting(database: Database) -> str | None:
    with database.reading() as session:
        return session.scalars(select(Invite.greeting)).one()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("locale", list(Locale))
def test_a_greeting_that_breaks_a_newer_rule_is_withdrawn_and_its_member_told(
    database: Database, now: datetime, locale: Locale
) -> None:
    talk = Talk(database, now)
    alice = talk.alice(locale)
    alice.says("/progress")  # so her chat's language is known
    greet(database, "全国第一的信用卡")
    assert judge_greetings(database, lambda: now) == 1
    assert greeting(database) is None
    talk.work()
    seen = alice.screen()
    assert "全国第一" in seen
    assert text(locale, "copy.ranking.instead") in seen
    with database.reading() as session:
        (act,) = session.scalars(select(Audit).where(Audit.act == "greeting.withdrawn"))
        assert act.details == {"rules": ["ranking"]}
    assert judge_greetings(database, lambda: now) == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_greeting_that_breaks_none_stays(database: Database, now: datetime) -> None:
    Talk(database, now)
    greet(database, "一起来喝茶")
    assert judge_greetings(database, lambda: now) == 0
    assert greeting(database) == "一起来喝茶"
