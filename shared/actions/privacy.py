"""Privacy: a copy of everything that is kept of a person, on their own word, as one file.

The values are JSON-ready; which columns go in stands in the inventory. Other people stand in it
by ordinal or not at all; a member's friends' finances, what the bank decided about them, and
what risk checks saw, are not the member's data.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from shared.actions.claim_seen import seen_steps
from shared.actions.erasing import friends_of_number
from shared.actions.own_copy import (
    Copy,
    acts_part,
    chat_parts,
    consents_part,
    iso,
    looks_part,
    money_parts,
    part_of,
    parts_of,
)
from shared.applications.facts import Application, FactRow
from shared.claims.asks import Answer, ClaimAsk
from shared.claims.claims import DECIDED, Claim
from shared.claims.opinions import ClaimOpinion
from shared.claims.pictures import jpeg_of, picture_of
from shared.people.chats import Chat
from shared.people.consents import Consent
from shared.people.members import get_member, person_of
from shared.people.persons import Person, name_of, phone_of
from shared.post.audit import record
from shared.referrals.referrals import CreditRow, Invite, Referral, Registration, Visit
from shared.reports.claims import own_line


def export_member(session: Session, member_id: int, now: datetime) -> Copy:
    """Everything kept about a member, and about the friend that the same number once was."""
    member = get_member(session, member_id)
    person = person_of(session, member)
    number = phone_of(session, person)
    friends = friends_of_number(session, number) if number else []
    record(session, f"member:{member_id}", "privacy.exported", f"member:{member_id}", now)
    chats = session.scalars(select(Chat).where(Chat.member_id == member_id)).all()
    return {
        "exported_at": now.isoformat(),
        "member": {
            **_person(session, person),
            **part_of(member, card_products=[p for p in member.card_products.split("|") if p]),
        },
        **chat_parts(session, chats),
        "invites": parts_of(session.scalars(select(Invite).where(Invite.member_id == member_id))),
        "friends": _friends(session, member_id),
        "claims": [
            _claim(session, claim, now)
            for claim in session.scalars(
                select(Claim).where(Claim.member_id == member_id).order_by(Claim.id)
            )
        ],
        **money_parts(session, {f"member:{member_id}"}, {member_id}),
        "looked_at": looks_part(session, person),
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


def _person(session: Session, person: Person) -> Copy:
    return part_of(person, name=name_of(session, person), phone=phone_of(session, person))


def _friends(session: Session, member_id: int) -> list[Copy]:
    return parts_of(
        session.scalars(
            select(Referral)
            .where(Referral.member_id == member_id)
            .order_by(Referral.campaign_id, Referral.ordinal)
        )
    )


def _claim(session: Session, claim: Claim, now: datetime) -> Copy:
    """As the member reads it in chat: nothing of a decision before the answer leaves (rule 11)."""
    line, steps = own_line(session, claim, now), seen_steps(session, claim, now)
    at, state = steps[-1]
    decided = at if state in DECIDED else None
    said = session.get(ClaimOpinion, claim.id)
    return {
        **part_of(claim, state=state.value, told_at=decided),
        "outcome": line.outcome or None,
        "opinion": part_of(said) if said is not None and said.opinion else None,
        "picture": _picture(session, claim),
        "steps": [{"at": iso(since), "state": each.value} for since, each in steps],
    }


def _picture(session: Session, claim: Claim) -> Copy | None:
    """What the member attached, as an address that a browser opens."""
    row = picture_of(session, claim.id)
    jpeg = jpeg_of(session, row) if row is not None else None
    if row is None or jpeg is None:
        return None
    return part_of(row, image=f"data:image/jpeg;base64,{b64encode(jpeg).decode()}")


def _invited(session: Session, person: Person) -> Copy:
    registrations = session.scalars(
        select(Registration).where(Registration.person_id == person.id).order_by(Registration.id)
    ).all()
    referrals = session.scalars(select(Referral).where(Referral.person_id == person.id)).all()
    return {
        **_person(session, person),
        "registrations": [
            {**part_of(each), "visits": _visits(session, each)} for each in registrations
        ],
        "consents": consents_part(session, Consent.person_id == person.id),
        "confirmations": _confirmations(session, person, [each.id for each in registrations]),
        "applications": _applications(session, [r.id for r in referrals]),
        **money_parts(
            session, {f"friend:{r.id}" for r in referrals}, {r.member_id for r in referrals}
        ),
        "looked_at": looks_part(session, person),
        "acts": acts_part(session, {f"friend:{person.id}"}),
    }


def _confirmations(
    session: Session, person: Person, registration_ids: Collection[int]
) -> list[Copy]:
    """What the friend answered when a member claimed them; not who asked."""
    theirs = or_(
        Claim.registration_id.in_(registration_ids), Claim.phone_blind == person.phone_blind
    )
    answered = (
        select(ClaimAsk)
        .join(Claim, Claim.id == ClaimAsk.claim_id)
        .where(theirs, ClaimAsk.answer.in_((Answer.CONFIRMED.value, Answer.NOT_ME.value)))
        .order_by(ClaimAsk.id)
    )
    return parts_of(session.scalars(answered))


def _visits(session: Session, registration: Registration) -> list[Copy]:
    first = session.get(Visit, registration.visit_id) if registration.visit_id else None
    if first is None:
        return []
    theirs = Visit.id == first.id if first.device is None else Visit.device == first.device
    return parts_of(session.scalars(select(Visit).where(theirs).order_by(Visit.id)))


def _applications(session: Session, referral_ids: Collection[int]) -> list[Copy]:
    """What the bank told of the friend's own applications."""
    refs = select(Application.application_ref).join(
        CreditRow, CreditRow.application_id == Application.id
    )
    own = session.scalars(refs.where(CreditRow.referral_id.in_(referral_ids)).distinct()).all()
    facts = select(FactRow).where(FactRow.application_ref.in_(own)).order_by(FactRow.at, FactRow.id)
    return parts_of(session.scalars(facts))
