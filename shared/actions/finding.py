"""Finding: a friend is found to be a fraud, or cleared again, by two people (`remedying`).

What it takes back is nobody's to say here: the finding is a fact, and settling follows it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.kinship import circle_of
from shared.applications.facts import Application, FactRow, Kind
from shared.base.errors import Refusal
from shared.claims.claims import Claim, ClaimStep
from shared.claims.hands import decides
from shared.people.staff import Staff, numbers_of
from shared.referrals.findings import Finding, Word, last_word
from shared.referrals.referrals import CreditRow, Referral, Registration
from shared.rewards.queue import wake
from shared.rewards.remedies import Remedy, RemedyKind, RemedyState

WORDS = {RemedyKind.FRAUD: Word.FRAUD, RemedyKind.CLEARED: Word.CLEARED}


def friend_in(session: Session, campaign_id: int, number: int) -> Referral:
    """A campaign's friend by number. Refusal `finding.unknown`, another campaign's too."""
    referral = session.get(Referral, number)
    if referral is None or referral.campaign_id != campaign_id:
        raise Refusal("finding.unknown", number=number)
    return referral


def stands_as(session: Session, referral: Referral) -> Word:
    """The last word on a friend; nobody's word is that there is nothing against them."""
    last = last_word(session, referral.id)
    return Word(last.word) if last is not None else Word.CLEARED


def check_news(session: Session, referral: Referral, word: Word) -> None:
    """Refusals `finding.stands` and `finding.none`: the last word says so already."""
    if stands_as(session, referral) is word:
        raise Refusal("finding.stands" if word is Word.FRAUD else "finding.none")


def open_request(session: Session, referral: Referral) -> Remedy | None:
    """The request about a friend that waits for the second person."""
    return session.scalars(
        select(Remedy).where(
            Remedy.kind.in_([kind.value for kind in WORDS]),
            Remedy.campaign_id == referral.campaign_id,
            Remedy.party == f"friend:{referral.id}",
            Remedy.state == RemedyState.ASKED.value,
        )
    ).first()


def friend_of(session: Session, remedy: Remedy) -> Referral:
    """The friend whom a request is about."""
    return session.get_one(Referral, int(remedy.party.partition(":")[2]))


def find(session: Session, remedy: Remedy, now: datetime) -> None:
    """Write down what was decided, as of the moment it was asked for, and have it settled."""
    referral, word = friend_of(session, remedy), WORDS[RemedyKind(remedy.kind)]
    check_news(session, referral, word)
    session.add(
        Finding(
            campaign_id=referral.campaign_id,
            member_id=referral.member_id,
            referral_id=referral.id,
            word=word.value,
            at=remedy.asked_at,
            decided_at=now,
            remedy_id=remedy.id,
        )
    )
    wake(session, referral.campaign_id, referral.member_id, now)


def refuse_party_to(session: Session, staff: Staff, referral: Referral) -> None:
    """Staff never act where they, or somebody close to them, are the member or the friend, nor on
    a friend whom they entered or whose claim they decided. Refusal `remedy.party`."""
    if is_party_to(session, staff, referral) or _by_their_hand(session, staff, referral):
        raise Refusal("remedy.party")


def is_party_to(session: Session, staff: Staff, referral: Referral) -> bool:
    """Whether an employee, or somebody close to them, is the member or the friend.

    The friend is who an application was approved for, or whose number registered.
    """
    circle = circle_of(session, staff)
    return (
        referral.member_id in circle.members
        or _approved_for(session, circle.customers, referral)
        or _has_number_of(session, circle.numbers, referral)
    )


def _by_their_hand(session: Session, staff: Staff, referral: Referral) -> bool:
    """Whether an employee, under whichever staff number, brought the friend in."""
    numbers = numbers_of(session, staff)
    registered = session.get(Registration, referral.registration_id or 0)
    if registered is not None and registered.staff_id in numbers:
        return True
    decided = select(ClaimStep.id).where(
        ClaimStep.claim_id == referral.claim_id,
        ClaimStep.actor.in_([f"staff:{each}" for each in numbers]),
        decides(),
    )
    return referral.claim_id is not None and session.scalar(decided.limit(1)) is not None


def _approved_for(session: Session, customers: frozenset[str], referral: Referral) -> bool:
    query = (
        select(FactRow.id)
        .join(Application, Application.application_ref == FactRow.application_ref)
        .join(CreditRow, CreditRow.application_id == Application.id)
        .where(
            CreditRow.referral_id == referral.id,
            FactRow.kind == Kind.APPROVED.value,
            FactRow.customer_ref.in_(customers),
        )
    )
    return bool(customers) and session.scalar(query.limit(1)) is not None


def _has_number_of(session: Session, numbers: frozenset[str], referral: Referral) -> bool:
    registered = session.get(Registration, referral.registration_id or 0)
    claimed = session.get(Claim, referral.claim_id or 0)
    theirs = {each.phone_blind for each in (registered, claimed) if each is not None}
    return bool(theirs & numbers)
