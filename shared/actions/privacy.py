"""Privacy: a copy of everything that is kept of a person, on their own word, as one file.

The values are JSON-ready. Other people stand in it by ordinal or not at all; a member's friends'
finances, and what risk checks saw, are not the member's data.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.erasing import friends_of_number
from shared.actions.own_copy import Copy, acts_part, consent_part, iso, looks_part, money_parts
from shared.applications.facts import Application, FactRow
from shared.claims.claims import Claim, steps_of
from shared.people.chats import Chat
from shared.people.consents import Consent
from shared.people.members import Member, get_member, person_of
from shared.people.persons import Person, name_of, phone_of
from shared.post.audit import record
from shared.post.outbox import Outbox
from shared.referrals.referrals import CreditRow, Invite, Referral, Registration, Visit


def export_member(session: Session, member_id: int, now: datetime) -> Copy:
    """Everything kept about a member, and about the friend that the same number once was."""
    member = get_member(session, member_id)
    person = person_of(session, member)
    number = phone_of(session, person)
    friends = friends_of_number(session, number) if number else []
    record(session, f"member:{member_id}", "privacy.exported", f"member:{member_id}", now)
    return {
        "exported_at": now.isoformat(),
        "member": _member(session, member, person),
        **_chats(session, member_id),
        "invites": [
            {"code": i.code, "greeting": i.greeting, "created_at": iso(i.created_at)}
            for i in session.scalars(select(Invite).where(Invite.member_id == member_id))
        ],
        "friends": _friends(session, member_id),
        "claims": [
            _claim(session, c)
            for c in session.scalars(select(Claim).where(Claim.member_id == member_id))
        ],
        **money_parts(session, {f"member:{member_id}"}, {member_id}),
        "looked_at": looks_part(session, person.id),
        "acts": acts_part(session, {f"member:{member_id}", f"person:{person.id}"}),
        "invited": [_invited(session, friend) for friend in friends],
    }


def export_number(session: Session, e164: str, now: datetime) -> Copy:
    """Everything kept about the friend who proved this number, one part a registration."""
    friends = friends_of_number(session, e164)
    for friend in friends:
        record(session, f"friend:{friend.id}", "privacy.exported", f"person:{friend.id}", now)
    return {
        "exported_at": now.isoformat(),
        "invited": [_invited(session, friend) for friend in friends],
    }


def _member(session: Session, member: Member, person: Person) -> Copy:
    return {
        "customer_ref": member.customer_ref,
        "name": name_of(session, person),
        "phone": phone_of(session, person),
        "language": person.locale,
        "known_since": iso(person.created_at),
        "segment": member.segment,
        "region": member.region,
        "card_products": [p for p in member.card_products.split("|") if p],
        "opened_on": member.opened_on.isoformat(),
        "status": member.status,
        "status_since": iso(member.status_since),
        "show_name": member.show_name,
        "on_leaderboard": member.on_leaderboard,
        "pushes": member.pushes,
    }


def _chats(session: Session, member_id: int) -> Copy:
    chats = session.scalars(select(Chat).where(Chat.member_id == member_id)).all()
    ids = [chat.id for chat in chats]
    agreed = select(Consent).where(Consent.chat_id.in_(ids)).order_by(Consent.id)
    sent = select(Outbox.created_at, Outbox.sent_at).where(Outbox.chat_id.in_(ids))
    return {
        "chats": [
            {
                "channel": c.channel,
                "address": c.address,
                "language": c.language or c.channel_language,
                "bound_at": iso(c.bound_at),
                "seen_at": iso(c.seen_at),
            }
            for c in chats
        ],
        "consents": [consent_part(c) for c in session.scalars(agreed)],
        "messages": [
            {"written_at": iso(written), "sent_at": iso(at)}
            for written, at in session.execute(sent.order_by(Outbox.id))
        ],
    }


def _friends(session: Session, member_id: int) -> list[Copy]:
    rows = session.scalars(
        select(Referral)
        .where(Referral.member_id == member_id)
        .order_by(Referral.campaign_id, Referral.ordinal)
    )
    return [
        {"ordinal": r.ordinal, "nickname": r.nickname, "registered_at": iso(r.registered_at)}
        for r in rows
    ]


def _claim(session: Session, claim: Claim) -> Copy:
    return {
        "number": claim.number,
        "last_four": claim.last_four,
        "how": claim.how,
        "when": claim.roughly,
        "state": claim.state,
        "filed_at": iso(claim.filed_at),
        "due_at": iso(claim.due_at),
        "decided_at": iso(claim.decided_at),
        "steps": [
            {"at": iso(step.at), "state": step.after} for step in steps_of(session, claim.id)
        ],
    }


def _invited(session: Session, person: Person) -> Copy:
    registrations = session.scalars(
        select(Registration).where(Registration.person_id == person.id).order_by(Registration.id)
    ).all()
    referrals = session.scalars(select(Referral).where(Referral.person_id == person.id)).all()
    agreed = select(Consent).where(Consent.person_id == person.id).order_by(Consent.id)
    return {
        "name": name_of(session, person),
        "phone": phone_of(session, person),
        "language": person.locale,
        "known_since": iso(person.created_at),
        "registrations": [
            {
                "receipt": r.receipt,
                "token_for_the_bank": r.referral_token,
                "channel": r.channel,
                "started_at": iso(r.started_at),
                "proven_at": iso(r.proven_at),
                "visits": _visits(session, r),
            }
            for r in registrations
        ],
        "consents": [consent_part(c) for c in session.scalars(agreed)],
        "applications": _applications(session, [r.id for r in referrals]),
        **money_parts(
            session, {f"friend:{r.id}" for r in referrals}, {r.member_id for r in referrals}
        ),
        "looked_at": looks_part(session, person.id),
        "acts": acts_part(session, {f"friend:{person.id}"}),
    }


def _visits(session: Session, registration: Registration) -> list[Copy]:
    first = session.get(Visit, registration.visit_id) if registration.visit_id else None
    if first is None:
        return []
    theirs = Visit.id == first.id if first.device is None else Visit.device == first.device
    return [
        {"at": iso(v.at), "channel": v.channel, "utm": v.utm}
        for v in session.scalars(select(Visit).where(theirs).order_by(Visit.id))
    ]


def _applications(session: Session, referral_ids: Collection[int]) -> list[Copy]:
    """What the bank told of the friend's own applications."""
    refs = select(Application.application_ref).join(
        CreditRow, CreditRow.application_id == Application.id
    )
    own = session.scalars(refs.where(CreditRow.referral_id.in_(referral_ids)).distinct()).all()
    facts = select(FactRow).where(FactRow.application_ref.in_(own)).order_by(FactRow.at, FactRow.id)
    return [
        {
            "application": f.application_ref,
            "kind": f.kind,
            "at": iso(f.at),
            "amount": f.amount or None,
        }
        for f in session.scalars(facts)
    ]
