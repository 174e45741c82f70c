"""Notices: every kind in every language, from parameters to a whole message."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from talk import TAGS, Talk, check

from bot.notices import KINDS, word_notice
from shared.base.database import Database, open_database
from shared.base.i18n import Locale
from shared.base.privacy import Keyring
from shared.people.chats import find_or_add_chat

FRIEND = {"ordinal": 2, "label": "<王> & 友", "clause": "base"}
MONEY = {"unit": "CNY", "amount": 10000, "zone": "Asia/Shanghai"}
RELEASE = {"release": "2026-03-12T04:00:00+00:00"}
GIFT = {"unit": "GIFT", "amount": 1, "names": dict.fromkeys(map(str, Locale), "瓷杯")}
PAYOUT = {"unit": "CNY", "amount": 10000, "tax": 0, "borne": 0, "netted": 0}
SAMPLES: list[tuple[str, dict[str, Any], str]] = [
    ("friend.registered", FRIEND, "&lt;王&gt; &amp; 友"),
    ("friend.registered", {"ordinal": 2, "label": ""}, "2"),
    *(
        (
            "friend.step",
            FRIEND | {"state": state, "until": "2026-04-02T04:00:00+00:00", "zone": "UTC"},
            "&lt;王&gt;",
        )
        for state in ("in_progress", "approved", "activated", "first_purchase", "not_met")
    ),
    ("reward.pending", FRIEND | MONEY | RELEASE, "¥100"),
    ("step.reached", {"at": 3, "unit": "POINTS", "amount": 3000, "zone": "UTC"} | RELEASE, "3,000"),
    ("reward.available", MONEY, "¥100"),
    ("reward.available", GIFT, "瓷杯"),
    ("reward.pending", FRIEND | GIFT | RELEASE | {"zone": "UTC"}, "瓷杯"),
    ("reward.reversed", {"clause": "base"} | GIFT, "瓷杯"),
    ("payout.paid", PAYOUT | GIFT, "瓷杯"),
    ("choice.lapsed", {"unit": "CHOICE"}, ""),
    ("reward.month", FRIEND | MONEY | RELEASE | {"month": "2026-02"}, "2026"),
    (
        "reward.choice",
        FRIEND | {"until": "2026-04-02T04:00:00+00:00", "zone": "Asia/Shanghai"},
        "&lt;王&gt;",
    ),
    ("reward.limit", FRIEND | {"limit": "stock:mug"}, "&lt;王&gt;"),
    ("reward.limit", FRIEND | {"limit": "daily:CNY"}, "&lt;王&gt;"),
    ("reward.limit", FRIEND | {"limit": "monthly_cap"}, "¥500"),
    ("reward.limit", FRIEND | {"limit": "budget:CNY"}, "&lt;王&gt;"),
    ("reward.limit", FRIEND | {"limit": "first:base"}, "&lt;王&gt;"),
    ("reward.limit", {"ordinal": 0, "label": "", "clause": "ladder", "limit": "referrers"}, ""),
    ("reward.limit", FRIEND | {"limit": "friends"}, "&lt;王&gt;"),
    ("reward.reversed", {"clause": "base", "unit": "CNY", "amount": 12345}, "¥123.45"),
    ("reward.reversed", {"clause": "gone", "unit": "POINTS", "amount": 500}, "500"),
    ("reward.recoverable", {"clause": "base", "unit": "CNY", "amount": 8000}, "¥80"),
    ("reward.restored", {"clause": "base", "unit": "CNY", "amount": 8000}, "¥80"),
    ("payout.paid", PAYOUT, "¥100"),
    ("payout.paid", PAYOUT | {"tax": 2000}, "¥20"),
    ("payout.paid", PAYOUT | {"tax": 2500, "borne": 2500}, "¥25"),
    ("payout.paid", PAYOUT | {"netted": 5000}, "¥50"),
    ("payout.paid", PAYOUT | {"amount": 0, "netted": 5000}, ""),
    ("payout.failed", PAYOUT, "¥100"),
    ("payout.written_off", MONEY, "¥100"),
    ("goodwill.given", MONEY, "¥100"),
    ("reward.expired", {"unit": "CNY"}, ""),
    ("claim.decided", {"number": "C-7K2Q9M", "outcome": "credited"}, "C-7K2Q9M"),
    ("claim.decided", {"number": "C-7K2Q9M", "outcome": "not_eligible"}, "C-7K2Q9M"),
    (
        "claim.decided",
        {"number": "C-7K2Q9M", "outcome": "unanswered", "clause": 11, "version": 3},
        "11",
    ),
    (
        "claim.asked",
        {
            "number": "C-7K2Q9M",
            "way": "link",
            "link": "https://card.example/i/claim/1-ab",
            "ends": "2026-03-12T04:00:00+00:00",
            "zone": "Asia/Shanghai",
        },
        "https://card.example/i/claim/1-ab",
    ),
    (
        "claim.asked",
        {
            "number": "C-7K2Q9M",
            "way": "sms",
            "ends": "2026-03-12T04:00:00+00:00",
            "zone": "Asia/Shanghai",
        },
        "12:00",
    ),
    (
        "claim.goes_on",
        {"number": "C-7K2Q9M", "due": "2026-03-12T04:00:00+00:00", "zone": "Asia/Shanghai"},
        "C-7K2Q9M",
    ),
    ("claim.late", {"number": "C-7K2Q9M"}, "C-7K2Q9M"),
    ("claim.opinion", {"number": "C-7K2Q9M"}, "C-7K2Q9M"),
    *(
        ("claim.picture_lost", {"number": "C-7K2Q9M", "why": why}, "C-7K2Q9M")
        for why in ("fetch", "large", "kind", "pixels", "broken")
    ),
    ("claim.missed", {}, ""),
    ("greeting.withdrawn", {"found": [["superlative", "最", []]]}, "最"),
    ("chat.replaced", {}, "/start"),
    ("chat.number_changed", {}, "/start"),
]


def test_the_samples_cover_every_kind() -> None:
    assert {kind for kind, _, _ in SAMPLES} == set(KINDS)


@pytest.mark.parametrize("locale", list(Locale))
def test_every_notice_is_a_whole_message_in_the_readers_language(
    sqlite_url: str, keyring: Keyring, now: datetime, locale: Locale
) -> None:
    database = open_database(sqlite_url, keyring)
    Talk(database, now)
    with database.transaction() as session:
        chat = find_or_add_chat(session, "telegram", "77", TAGS[locale], now)
        for kind, params, part in SAMPLES:
            reply = word_notice(session, chat, kind, params, now, issuer="荐卡银行")
            check(reply, locale)
            assert part in reply.text, (kind, reply.text)
            assert reply.rows
    database.close()


def test_amount_and_day_stand_in_full(database: Database, now: datetime) -> None:
    Talk(database, now)
    with database.transaction() as session:
        chat = find_or_add_chat(session, "telegram", "77", "zh-hans", now)
        reply = word_notice(session, chat, "reward.pending", FRIEND | MONEY | RELEASE, now)
    assert reply.text == (
        "<b>您获得 ¥100</b>：&lt;王&gt; &amp; 友已达标。\n预计 3 月 12 日可领取，在此之前为冷静期。"
    )
