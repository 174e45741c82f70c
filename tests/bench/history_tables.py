"""A long history straight in the tables, by one statement each: members, friends, facts.

Friends register through a hundred days and facts lie in the order of their days, as a bank tells
them, so that one friend's are strewn over the whole table. A tenth is declined and has only
small talk after that. Nothing is drawn by chance: the same on both engines and at each run.
"""

from __future__ import annotations

from sqlalchemy import func, select, text
from stage import Stage

from shared.applications.facts import FactRow
from shared.campaigns.campaigns import Campaign

FRIENDS = 4
"""Of a member."""
FACTS = 8
"""Of an application: submitted, approved, activated, purchases."""
_FROM = 1_000_000
"""The first id of what is made here."""

_COUNTED = """WITH RECURSIVE counted(n) AS (
    SELECT CAST(0 AS BIGINT) UNION ALL SELECT n + 1 FROM counted
    WHERE n < {} - 1)"""
_SQL = (
    _COUNTED.format("{friends} / {each}")
    + """
    INSERT INTO persons (id, phone_blind, created_at)
    SELECT {start} + n, 'own-' || n, {began} FROM counted""",
    _COUNTED.format("{friends} / {each}")
    + """
    INSERT INTO members (id, person_id, customer_ref, segment, region, card_products, opened_on,
                         status, status_since, show_name, on_leaderboard, pushes)
    SELECT {start} + n, {start} + n, 'H' || n, '', '', '', DATE('2020-01-01'), 'active', {began},
           {no}, {no}, {no} FROM counted""",
    _COUNTED.format("{friends}")
    + """
    INSERT INTO referrals (id, campaign_id, member_id, version, registered_at, ordinal)
    SELECT {start} + n, {campaign}, {start} + n / {each}, 1, {registered}, 1 + n % {each}
    FROM counted""",
    _COUNTED.format("{friends}")
    + """
    INSERT INTO applications (id, application_ref, first_heard_at)
    SELECT {start} + n, 'A' || ({start} + n), {registered} FROM counted""",
    _COUNTED.format("{friends}")
    + """
    INSERT INTO credits (referral_id, application_id, credited_on, source, created_at)
    SELECT {start} + n, {start} + n, {registered}, 'token', {registered} FROM counted""",
    _COUNTED.format("{friends} * {facts}")
    + """
    , told AS (
        SELECT n / {facts} AS friend, n % {facts} AS k, {at} AS at,
               CASE n % {facts} WHEN 0 THEN 'application.submitted'
                    WHEN 1 THEN CASE n / {facts} % 10 WHEN 7 THEN 'application.declined'
                                ELSE 'application.approved' END
                    ELSE CASE n / {facts} % 10 WHEN 7 THEN 'transaction.other'
                         ELSE CASE n % {facts} WHEN 2 THEN 'card.activated'
                              ELSE 'transaction.posted' END END
               END AS kind
        FROM counted
    )
    INSERT INTO facts (event, kind, at, received_at, application_ref, customer_ref, phone_blind,
                       transaction_ref, amount)
    SELECT 'bank|' || friend || '-' || k, kind, at, at, 'A' || ({start} + friend),
           CASE kind WHEN 'application.approved' THEN 'N' || friend END,
           CASE k WHEN 0 THEN 'friend-' || friend END,
           CASE kind WHEN 'transaction.posted' THEN 'T' || friend || '-' || k END,
           CASE kind WHEN 'transaction.posted'
                THEN 1000 + (friend * 7919 + k * 104729) % 59000 ELSE 0 END
    FROM told ORDER BY at, friend, k""",
)
_REGISTERED = "(n * 7919 % 100) * 86400"
"""Seconds after the beginning."""
_AT = f"""(n / {FACTS} * 7919 % 100) * 86400
    + CASE WHEN n % {FACTS} < 3 THEN n % {FACTS} ELSE 3 + n * 31 % 15 END * 86400
    + n * 611953 % 43200"""
_BEGAN = "2026-01-01 00:00:00"


def _sqlite(seconds: str) -> str:
    return f"strftime('%Y-%m-%d %H:%M:%f000', '{_BEGAN}', '+' || ({seconds}) || ' seconds')"


def _postgres(seconds: str) -> str:
    return f"timestamptz '{_BEGAN}+00' + ({seconds}) * interval '1 second'"


def write_history(stage: Stage, facts: int) -> None:
    """So many facts, and who they are about."""
    moment, no = (_sqlite, "0") if stage.is_default else (_postgres, "false")
    database = stage.open()
    with database.transaction() as session:
        words = {
            "campaign": session.scalars(select(Campaign.id)).one(),
            "start": _FROM,
            "each": FRIENDS,
            "facts": FACTS,
            "friends": facts // FACTS,
            "began": moment("0"),
            "registered": moment(_REGISTERED),
            "at": moment(_AT),
            "no": no,
        }
        for sql in _SQL:
            session.execute(text(sql.format(**words)))
    with database.transaction() as session:
        session.execute(text("ANALYZE"))
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(FactRow)) == facts
    database.close()
