"""Hearing the bank: stored events become facts, facts find their referral, members wake.

Any number of processes store events; the one that holds the settling lease hears them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from shared.actions.matching import match_application, may_match
from shared.actions.membership import change_phone, change_status
from shared.actions.noticing import notice_accounts, notice_reversals
from shared.applications.events import MEMBER_CHANGED, BankEvent, read_event
from shared.applications.facts import (
    Application,
    Kind,
    application_by_ref,
    approvals_of,
    insert_applications,
    insert_facts,
)
from shared.base.clock import Clock, system_clock
from shared.base.database import Database
from shared.base.lease import LostLease, hold
from shared.base.log import log
from shared.base.money import Unit
from shared.people.members import MemberStatus, member_by_ref
from shared.people.persons import phone_blind
from shared.post import inbox
from shared.post.audit import record
from shared.referrals.referrals import CreditRow, Referral
from shared.rewards.settle import DUTY, wake_all

BATCH = 500
_NOT_THE_ROW = (LostLease, OperationalError, InterfaceError)
"""Another leads, or the database is away: no row is to blame, all are heard later."""
_logger = log("hearing")


def accept_events(session: Session, events: list[BankEvent], now: datetime) -> list[inbox.Arrival]:
    """Store checked events under (source, id); the answers stand in their order."""
    items = [
        inbox.Item(f"bank:{event.source}", event.id, event.body, event.data.get("phone") or "")
        for event in events
    ]
    return inbox.store(session, "bank", items, now)


def hear_waiting(
    database: Database, holder: str, now: datetime, *, clock: Clock = system_clock
) -> int:
    """Hear what is waiting, a batch a transaction; a poison row is set aside, the rest flow on.

    The caller holds the settling lease, which runs on real time, by `clock` (LostLease when it
    does not). How many were heard.
    """
    try:
        with database.transaction() as session:
            rows = inbox.waiting(session, "bank", BATCH)
            hear(session, rows, now)
            hold(session, DUTY, holder, clock())
            return len(rows)
    except _NOT_THE_ROW:
        raise
    except Exception as error:  # whatever a row brings, the others flow on
        _logger.warning("hearing.batch_failed", error=type(error).__name__)
    return _hear_one_by_one(database, holder, now, clock)


def _hear_one_by_one(database: Database, holder: str, now: datetime, clock: Clock) -> int:
    with database.reading() as session:
        ids = [row.id for row in inbox.waiting(session, "bank", BATCH)]
    for row_id in ids:
        try:
            with database.transaction() as session:
                row = session.get(inbox.Inbox, row_id, with_for_update=True)
                if row is not None and row.done_at is None:
                    hear(session, [row], now)
                hold(session, DUTY, holder, clock())
        except _NOT_THE_ROW:
            raise
        except Exception as error:
            with database.transaction() as session:
                inbox.mark_failed(session, row_id, type(error).__name__, now)
            _logger.warning("hearing.row_failed", row=row_id, error=type(error).__name__)
    return len(ids)


def hear(session: Session, rows: list[inbox.Inbox], now: datetime) -> None:
    """Turn inbox rows into facts, match their applications, wake whom they concern."""
    facts: list[dict[str, Any]] = []
    told: list[dict[str, Any]] = []
    for row in rows:
        event = read_event(inbox.read_body(session, row), max(now, row.received_at))
        if not isinstance(event, BankEvent):
            raise ValueError("an event that was stored no longer reads")
        told.append(event.data)
        if event.type == MEMBER_CHANGED:
            _change_member(session, event, now)
        else:
            facts.append(_fact(session, event, row.received_at))
    insert_facts(session, facts)
    refs = sorted({f["application_ref"] for f in facts if f["application_ref"]})
    insert_applications(session, refs, now)
    for ref in sorted(may_match(session, [f for f in facts if f["kind"] == Kind.SUBMITTED])):
        application = application_by_ref(session, ref)
        assert application is not None
        match_application(session, application, now)
    wake_all(session, _concerned(session, facts), now)
    notice_accounts(session, told, now)
    back = [fact for fact in facts if fact["kind"] == Kind.REVERSED]
    notice_reversals(session, _concerned(session, back) if back else (), now)
    inbox.mark_done(session, [row.id for row in rows], now)


def _fact(session: Session, event: BankEvent, received_at: datetime) -> dict[str, Any]:
    data = event.data
    phone = data.get("phone")
    kind = Kind(event.type)
    if kind is Kind.PURCHASE and (data["kind"], data["currency"]) != ("purchase", Unit.CNY):
        kind = Kind.OTHER
    return {
        "event": f"{event.source}|{event.id}",
        "kind": kind.value,
        "at": event.at,
        "received_at": received_at,
        "application_ref": data.get("application_id"),
        "customer_ref": data.get("customer_ref"),
        "card_ref": data.get("card_ref"),
        "phone_blind": phone_blind(session, phone) if phone else None,
        "referral_token": data.get("referral_token"),
        "transaction_ref": data.get("transaction_id") or data.get("original_transaction_id"),
        "amount": data.get("amount", 0),
        "currency": data.get("currency"),
        "existing_customer": data.get("existing_customer"),
        "product": data.get("product"),
        "branch": data.get("branch"),
    }


def _concerned(session: Session, facts: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """Whose referrals these facts are about, named directly or through the customer: each
    (campaign, member)."""
    refs = {f["application_ref"] for f in facts if f["application_ref"]}
    # An approval also says of the customer's later applications that they are no new one's.
    customers = {
        f["customer_ref"] for f in facts if not f["application_ref"] or f["kind"] == Kind.APPROVED
    }
    refs |= {row.application_ref for row in approvals_of(session, customers - {None})}
    concerned = session.execute(
        select(Referral.campaign_id, Referral.member_id)
        .join(CreditRow, CreditRow.referral_id == Referral.id)
        .join(Application, Application.id == CreditRow.application_id)
        .where(Application.application_ref.in_(refs - {None}))
        .distinct()
    )
    return [(campaign, member) for campaign, member in concerned]


def _change_member(session: Session, event: BankEvent, now: datetime) -> None:
    """The bank changed a member's number (bind again) or status."""
    member = member_by_ref(session, event.data["customer_ref"])
    if member is None:
        return
    phone, status = event.data.get("phone"), event.data.get("status")
    if phone:
        change_phone(session, member, phone, now)
    if status:
        change_status(session, member, MemberStatus(status), event.at)
    record(session, "bank", "member.changed", f"member:{member.id}", now, status=status)
