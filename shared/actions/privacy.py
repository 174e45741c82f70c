"""Privacy: what is kept of a person, shown, exported and erased on their own word."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from shared.base.errors import Refusal
from shared.claims.claims import Claim
from shared.ledger.entries import entries_of
from shared.people import consents
from shared.people.chats import Chat, Dialogue, Proof, unbind
from shared.people.consents import Consent, Purpose
from shared.people.members import get_member, person_of
from shared.people.persons import erase, name_of, phone_of
from shared.post.audit import record
from shared.referrals.referrals import Invite, Referral


def export_member(session: Session, member_id: int, now: datetime) -> dict[str, Any]:
    """Everything kept about a member, as one JSON-ready value; friends by ordinal only."""
    member = get_member(session, member_id)
    person = person_of(session, member)
    invites = session.scalars(select(Invite).where(Invite.member_id == member_id)).all()
    record(session, f"member:{member_id}", "privacy.exported", f"member:{member_id}", now)
    return {
        "exported_at": now.isoformat(),
        "member": {
            "customer_ref": member.customer_ref,
            "name": name_of(session, person),
            "phone": phone_of(session, person),
            "language": person.locale,
            "segment": member.segment,
            "region": member.region,
            "card_products": [p for p in member.card_products.split("|") if p],
            "opened_on": member.opened_on.isoformat(),
            "status": member.status,
            "show_name": member.show_name,
            "on_leaderboard": member.on_leaderboard,
            "pushes": member.pushes,
        },
        "chats": [
            {"channel": c.channel, "address": c.address, "bound_at": _iso(c.bound_at)}
            for c in session.scalars(select(Chat).where(Chat.member_id == member_id))
        ],
        "consents": [_consent(c) for c in _consents(session, member_id)],
        "invites": [
            {"code": i.code, "greeting": i.greeting, "created_at": _iso(i.created_at)}
            for i in invites
        ],
        "friends": [
            {"ordinal": r.ordinal, "nickname": r.nickname, "registered_at": _iso(r.registered_at)}
            for r in session.scalars(
                select(Referral)
                .where(Referral.member_id == member_id)
                .order_by(Referral.campaign_id, Referral.ordinal)
            )
        ],
        "claims": [
            {"number": c.number, "state": c.state, "filed_at": _iso(c.filed_at)}
            for c in session.scalars(select(Claim).where(Claim.member_id == member_id))
        ],
        "ledger": _ledger(session, member_id),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _consents(session: Session, member_id: int) -> list[Consent]:
    chats = session.scalars(select(Chat.id).where(Chat.member_id == member_id)).all()
    query = select(Consent).where(Consent.chat_id.in_(chats)).order_by(Consent.id)
    return list(session.scalars(query))


def _consent(consent: Consent) -> dict[str, Any]:
    return {
        "purpose": consent.purpose,
        "text_version": consent.text_version,
        "given_at": _iso(consent.given_at),
        "withdrawn_at": _iso(consent.withdrawn_at),
    }


def _ledger(session: Session, member_id: int) -> list[dict[str, Any]]:
    campaigns = session.scalars(  # by referrals: a claimed friend needs no invite
        select(Referral.campaign_id)
        .where(Referral.member_id == member_id)
        .distinct()
        .order_by(Referral.campaign_id)
    ).all()
    return [
        {
            "entry": entry.id,
            "at": _iso(entry.at),
            "clause": entry.clause,
            "occasion": entry.occasion,
            "legs": {f"{account} {unit}": amount for (account, unit), amount in legs.items()},
        }
        for campaign_id in campaigns
        for entry, legs in entries_of(session, campaign_id, member_id)
        if entry.party == f"member:{member_id}"
    ]


def erase_member(session: Session, chat: Chat, now: datetime) -> None:
    """Erase the chat's member: their key is destroyed, the ledger keeps internal ids only.

    Refusals `binding.needed`, `privacy.proof` (a contact alone does not erase).
    """
    if chat.member_id is None:
        raise Refusal("binding.needed")
    if chat.proof < Proof.FULL:
        raise Refusal("privacy.proof")
    member = get_member(session, chat.member_id)
    erase(person_of(session, member), now)
    member.show_name = member.on_leaderboard = member.pushes = False
    for invite in session.scalars(select(Invite).where(Invite.member_id == member.id)):
        invite.greeting = None
    for referral in session.scalars(select(Referral).where(Referral.member_id == member.id)):
        referral.nickname = None
    consents.withdraw(session, Purpose.CHAT, now, chat_id=chat.id)
    session.execute(delete(Dialogue).where(Dialogue.chat_id == chat.id))
    record(session, f"member:{member.id}", "privacy.erased", f"member:{member.id}", now)
    unbind(chat)
