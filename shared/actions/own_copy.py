"""Parts of a copy of one's own data: what of each table goes in stands in the inventory."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.inventory.tables import INVENTORY
from shared.base.database import Base
from shared.ledger.entries import entries_of
from shared.people.chats import Chat
from shared.people.consents import Consent
from shared.people.persons import Person
from shared.people.unmasking import looks_at
from shared.post import inbox, outbox
from shared.post.audit import Audit
from shared.post.inbox import Inbox
from shared.post.outbox import Outbox
from shared.referrals.referrals import Referral
from shared.rewards.payouts import Line
from shared.rewards.remedies import FINDS, Remedy
from shared.rewards.standing import KeyEvent

Copy = dict[str, Any]
MOST_SAID = 1000
"""Messages of one chat, each way, the newest: as many as thirty days hold of anybody."""


def iso(at: date | None) -> str | None:
    """A moment or a day as it stands in a copy."""
    return at.isoformat() if at else None


def part_of(row: Base, **instead: object) -> Copy:
    """What of one row is copied, by the names it has there.

    `instead`: what stands for a column that cannot be told as it is kept.
    """
    names = INVENTORY[row.__tablename__].names_in_copy()
    values = {
        column: instead[column] if column in instead else getattr(row, column) for column in names
    }
    return {
        name: iso(value) if isinstance(value := values[column], date) else value
        for column, name in names.items()
    }


def parts_of(rows: Iterable[Base]) -> list[Copy]:
    """The same of many."""
    return [part_of(row) for row in rows]


def consents_part(session: Session, whose: Any) -> list[Copy]:
    """What was agreed to, each with the version of its text and its withdrawal."""
    return parts_of(session.scalars(select(Consent).where(whose).order_by(Consent.id)))


def money_parts(session: Session, parties: Collection[str], members: Collection[int]) -> Copy:
    """What was owed and paid to these parties, whose keys are settled with these members."""
    lines = select(Line).where(Line.party.in_(parties)).order_by(Line.id)
    theirs = Remedy.party.in_(parties), Remedy.kind.not_in(FINDS)  # risk is told to nobody
    remedies = select(Remedy).where(*theirs).order_by(Remedy.id)
    events = select(KeyEvent).where(KeyEvent.party.in_(parties), KeyEvent.member_id.in_(members))
    return {
        "ledger": [
            entry for member_id in sorted(members) for entry in _ledger(session, member_id, parties)
        ],
        "events": parts_of(
            event
            for event in session.scalars(events.order_by(KeyEvent.id))
            if event.kind not in _UNTOLD
        ),
        "payouts": parts_of(session.scalars(lines)),
        "remedies": parts_of(session.scalars(remedies)),
    }


_UNTOLD = frozenset({"held", "released"})
"""What a risk case did to a key is told to nobody (rule 10)."""


def _ledger(session: Session, member_id: int, parties: Collection[str]) -> list[Copy]:
    campaigns = session.scalars(  # by referrals: a claimed friend needs no invite
        select(Referral.campaign_id)
        .where(Referral.member_id == member_id)
        .union(select(KeyEvent.campaign_id).where(KeyEvent.member_id == member_id))
    ).all()
    return [
        {
            **part_of(entry),
            "legs": {f"{account} {unit}": amount for (account, unit), amount in legs.items()},
        }
        for campaign_id in sorted(campaigns)
        for entry, legs in entries_of(session, campaign_id, member_id)
        if entry.party in parties
    ]


def looks_part(session: Session, person: Person) -> list[Copy]:
    """When staff had a masked name or number shown in full, and why."""
    return [
        {"at": iso(look.at), "reason": look.reason} for look in reversed(looks_at(session, person))
    ]


def acts_part(session: Session, names: Collection[str]) -> list[Copy]:
    """What the person did here, by the audit."""
    return parts_of(session.scalars(select(Audit).where(Audit.actor.in_(names)).order_by(Audit.id)))


def chat_parts(session: Session, chats: Collection[Chat]) -> Copy:
    """The chats, what was agreed to there, and what was said in them while it is kept.

    Of what we told: nothing that has not gone out yet.
    """
    ids = [chat.id for chat in chats]
    told = select(Outbox).where(Outbox.chat_id.in_(ids), Outbox.sent_at.is_not(None))
    return {
        "chats": parts_of(chats),
        "consents": consents_part(session, Consent.chat_id.in_(ids)),
        "messages": [
            part_of(row, body=_said(outbox.read_body(session, row)) if row.body else None)
            for row in _newest(session, told, Outbox)
        ],
        "own_messages": [
            part_of(row, body=inbox.read_body(session, row) if row.body else None)
            for chat in chats
            for row in _newest(
                session,
                select(Inbox).where(inbox.names(session, f"{chat.channel}:{chat.address}")),
                Inbox,
            )
        ],
    }


def _newest(session: Session, query: Any, table: type[Inbox] | type[Outbox]) -> list[Any]:
    rows = session.scalars(query.order_by(table.id.desc()).limit(MOST_SAID)).all()
    return list(reversed(rows))


def _said(body: Copy) -> str:
    """A worded answer's words; of a notice its kind, as it was worded when it was sent."""
    reply = body.get("reply")
    return str(reply["text"]) if reply else str(body.get("notice", ""))
