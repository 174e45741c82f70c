"""Parts of a copy of one's own data that members and friends have alike."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.ledger.entries import entries_of
from shared.people.consents import Consent
from shared.people.unmasking import Unmasking
from shared.post.audit import Audit
from shared.referrals.referrals import Referral
from shared.rewards.payouts import Line
from shared.rewards.remedies import FINDS, Remedy
from shared.rewards.standing import KeyEvent

Copy = dict[str, Any]


def iso(at: datetime | None) -> str | None:
    """A moment as it stands in a copy."""
    return at.isoformat() if at else None


def consent_part(consent: Consent) -> Copy:
    """One agreement, with the version of its text."""
    return {
        "purpose": consent.purpose,
        "text_version": consent.text_version,
        "language": consent.locale,
        "where": consent.source,
        "given_at": iso(consent.given_at),
        "withdrawn_at": iso(consent.withdrawn_at),
    }


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
        "events": [
            {
                "at": iso(e.at),
                "kind": e.kind,
                "clause": e.clause,
                "unit": e.unit,
                "amount": e.amount,
            }
            for e in session.scalars(events.order_by(KeyEvent.id))
            if e.kind not in _UNTOLD
        ],
        "payouts": [
            {
                "reference": p.reference,
                "unit": p.unit,
                "gross": p.gross,
                "tax": p.tax,
                "netted": p.netted,
                "net": p.net,
                "state": p.state,
                "reason": p.reason,
                "answered_at": iso(p.answered_at),
            }
            for p in session.scalars(lines)
        ],
        "remedies": [
            {
                "kind": r.kind,
                "unit": r.unit,
                "amount": r.amount,
                "reason": r.reason,
                "state": r.state,
            }
            for r in session.scalars(remedies)
        ],
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
            "entry": entry.id,
            "at": iso(entry.at),
            "clause": entry.clause,
            "occasion": entry.occasion,
            "legs": {f"{account} {unit}": amount for (account, unit), amount in legs.items()},
        }
        for campaign_id in sorted(campaigns)
        for entry, legs in entries_of(session, campaign_id, member_id)
        if entry.party in parties
    ]


def looks_part(session: Session, person_id: int) -> list[Copy]:
    """When staff had a masked name or number shown in full, and why."""
    rows = session.scalars(
        select(Unmasking).where(Unmasking.person_id == person_id).order_by(Unmasking.id)
    )
    return [{"at": iso(row.at), "reason": row.reason} for row in rows]


def acts_part(session: Session, names: Collection[str]) -> list[Copy]:
    """What the person did here, by the audit."""
    rows = select(Audit.at, Audit.act).where(Audit.actor.in_(names)).order_by(Audit.id)
    return [{"at": iso(at), "act": act} for at, act in session.execute(rows)]
