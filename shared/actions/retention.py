"""Retention: what was kept for a term goes when the term is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, and_, delete, null, or_, select, union_all, update
from sqlalchemy.orm import Session, aliased

from shared.actions.assessing import longest_traces, risk_rules_of
from shared.actions.erasing import erase_person
from shared.actions.inquiring import Inquiry, InquiryKind, InquiryState
from shared.actions.noticing import approved_to, forget_strangers
from shared.applications.facts import Application, FactRow, Kind
from shared.base.database import keyring_of
from shared.campaigns.campaigns import Campaign, Life
from shared.claims.claims import Claim
from shared.claims.notes import empty_notes
from shared.claims.pictures import forget_pictures
from shared.people.chats import CHAT_TERM, BindingToken, Chat, Dialogue
from shared.people.codes import OneTimeCode
from shared.people.consents import Consent
from shared.people.members import Member
from shared.people.persons import Person, erase
from shared.people.staff import Staff
from shared.post import outbox
from shared.post.audit import record
from shared.post.outbox import Outbox
from shared.referrals.referrals import CreditRow, Invite, Referral, Registration, Visit
from shared.risk.accounts import forget_accounts
from shared.risk.blacklist import forget_listed
from shared.risk.traces import Trace, forget_places, forget_traces, forget_traces_of

UNPROVEN_TERM = timedelta(hours=24)
EVIDENCE_TERM = timedelta(days=120)
DIALOGUE_TERM = timedelta(hours=24)
"""A conversation left alone for a day is over, and what was said in it goes."""
USUAL_APPEAL = timedelta(days=30)
"""For claims that were decided before the term was kept with them."""
CODES_TERM = timedelta(days=1)
"""Codes are counted by the day, so that nobody's number is flooded."""
BANK_FILE_TERM = timedelta(days=30)
"""The bank's file that came with a review, after the review's end: as long as the bank's events."""
ANSWER_TERMS = {
    InquiryKind.REVIEW: timedelta(days=400),
    InquiryKind.TRIAL: timedelta(days=180),
}
"""A month's review may be held beside next year's; a draft is decided within half a year."""


def erase_unproven(session: Session, now: datetime, most: int = 500) -> int:
    """Erase what was not proven in 24 hours; how many registrations that was."""
    rows = session.scalars(
        select(Registration)
        .where(
            Registration.proven_at.is_(None),
            Registration.erased_at.is_(None),
            Registration.started_at < now - UNPROVEN_TERM,
        )
        .limit(most)
    ).all()
    for row in rows:
        person = session.get(Person, row.person_id)
        if person is not None:
            erase(person, now)
        row.erased_at = now  # the keyed hash stays as evidence for claims
    forget_traces_of(session, [row.id for row in rows])
    return len(rows)


def forget_friends(session: Session, now: datetime, most: int = 500) -> int:
    """Erase whom we know by closed campaigns only: every term that needed them is over. How many.

    What members wrote in such a campaign, greetings and nicknames, goes too.
    """
    closed = session.scalars(select(Campaign.id).where(Campaign.life == Life.CLOSED.value)).all()
    if not closed:
        return 0
    here = Registration.campaign_id.in_(closed)
    elsewhere = (
        select(Registration.person_id).where(~here, Registration.erased_at.is_(None)),
        select(Referral.person_id).where(Referral.campaign_id.not_in(closed)),
        select(Member.person_id),
        select(Staff.person_id),
    )
    needed = union_all(*(each.where(each.selected_columns[0].is_not(None)) for each in elsewhere))
    over = select(Person).where(
        Person.erased_at.is_(None),
        Person.id.in_(select(Registration.person_id).where(here, Registration.erased_at.is_(None))),
        Person.id.not_in(needed),
    )
    friends = session.scalars(over.order_by(Person.id).limit(most)).all()
    for friend in friends:
        erase_person(session, friend, "worker", now, own_word=False)
    for words in (
        update(Invite)
        .where(Invite.campaign_id.in_(closed), Invite.greeting.is_not(None))
        .values(greeting=None),
        update(Referral)
        .where(Referral.campaign_id.in_(closed), Referral.nickname.is_not(None))
        .values(nickname=None),
    ):
        session.execute(words)
    return len(friends)


def forget_evidence(session: Session, now: datetime) -> int:
    """Drop the keyed hashes of unproven registrations when no claim can need them any more."""
    dropped = session.execute(
        update(Registration)
        .where(
            Registration.erased_at < now - EVIDENCE_TERM,
            Registration.proven_at.is_(None),
            Registration.phone_blind.is_not(None),
        )
        .values(phone_blind=None)
    )
    return int(dropped.rowcount)  # type: ignore[attr-defined]


def forget_devices(session: Session, now: datetime) -> int:
    """Drop by which device a page was opened when no claim can need it any more; how many."""
    dropped = session.execute(
        update(Visit)
        .where(Visit.device.is_not(None), Visit.at < now - EVIDENCE_TERM)
        .values(device=None)
    )
    return int(dropped.rowcount)  # type: ignore[attr-defined]


def forget_claims(session: Session, now: datetime, most: int = 500) -> int:
    """Drop the friends' keyed hashes and last digits of claims whose appeal's term is over, with
    their pictures and what staff noted on them."""
    old = and_(Claim.appeal_until.is_(None), Claim.decided_at <= now - USUAL_APPEAL)
    rows = session.scalars(
        select(Claim)
        .where(Claim.forgotten_at.is_(None), or_(Claim.appeal_until <= now, old))
        .limit(most)
    ).all()
    for claim in rows:
        claim.phone_blind = keyring_of(session).blind("claim", claim.number)
        claim.slips, claim.last_four, claim.forgotten_at = None, "", now
    session.flush()
    over = [claim.id for claim in rows]
    forget_pictures(session, over)
    empty_notes(session, over)
    return len(rows)


def forget_codes(session: Session, now: datetime) -> int:
    """Drop one-time codes and binding tokens of yesterday, and with them the numbers' hashes."""
    codes = session.execute(delete(OneTimeCode).where(OneTimeCode.made_at < now - CODES_TERM))
    tokens = session.execute(delete(BindingToken).where(BindingToken.expires_at < now - CODES_TERM))
    return int(codes.rowcount + tokens.rowcount)  # type: ignore[attr-defined]


def forget_dialogues(session: Session, now: datetime) -> int:
    """Drop where conversations stood that nobody went on with; numbers may have been typed."""
    dropped = session.execute(delete(Dialogue).where(Dialogue.changed_at < now - DIALOGUE_TERM))
    return int(dropped.rowcount)  # type: ignore[attr-defined]


def forget_chats(session: Session, now: datetime, most: int = 500) -> int:
    """Drop the addresses of chats that are nobody's and have not been heard of for a month.

    One that agreed to be written to, or to which a message is still owed, stays. What it once
    agreed to and was sent goes along: its number may become another's.
    """
    agreed = select(Consent.id).where(Consent.chat_id == Chat.id, Consent.withdrawn_at.is_(None))
    owed = select(Outbox.id).where(
        Outbox.chat_id == Chat.id, Outbox.sent_at.is_(None), Outbox.failed_at.is_(None)
    )
    old = session.scalars(
        select(Chat)
        .where(Chat.member_id.is_(None), Chat.seen_at <= now - CHAT_TERM)
        .where(~agreed.exists(), ~owed.exists())
        .limit(most)
    ).all()
    gone = [chat.id for chat in old]
    session.execute(delete(Dialogue).where(Dialogue.chat_id.in_(gone)))
    session.execute(delete(Consent).where(Consent.chat_id.in_(gone)))
    outbox.forget_chats(session, gone)
    for chat in old:
        session.delete(chat)
    session.flush()
    return len(old)


def forget_old_traces(session: Session, now: datetime) -> int:
    """Delete the keyed hashes that risk checks read, each after its campaign's term; how many.

    Payout accounts are of no campaign: the longest term of all is theirs.
    """
    gone = forget_places(session, now) + forget_listed(session, now)
    gone += forget_accounts(session, now - longest_traces(session))
    for campaign_id in session.scalars(select(Trace.campaign_id).distinct()).all():
        term = timedelta(days=risk_rules_of(session, campaign_id).traces_days)
        gone += forget_traces(session, campaign_id, now - term)
    return gone


def forget_unmatched(session: Session, now: datetime, before: datetime, most: int = 500) -> int:
    """Delete applications nobody was credited for and their facts, all older than `before`.

    Counted in the audit. Facts of one customer go when no application of theirs is left.
    """
    credited = select(CreditRow.application_id)
    old = session.scalars(
        select(Application)
        .where(Application.first_heard_at < before, Application.id.not_in(credited))
        .where(Application.application_ref.not_in(_other_cards()))
        .limit(most)
    ).all()
    kept_refs = select(Application.application_ref)
    facts = 0
    refs = [each.application_ref for each in old]
    strangers = approved_to(session, refs)
    for application in old:
        facts += session.execute(
            delete(FactRow).where(FactRow.application_ref == application.application_ref)
        ).rowcount  # type: ignore[attr-defined]
        session.delete(application)
    session.flush()
    forget_strangers(session, refs, strangers)
    followed = select(FactRow.customer_ref).where(
        FactRow.kind == Kind.APPROVED,
        FactRow.application_ref.in_(kept_refs),
        FactRow.customer_ref.is_not(None),
    )
    facts += session.execute(
        delete(FactRow).where(
            FactRow.application_ref.is_(None),
            FactRow.received_at < before,
            FactRow.customer_ref.not_in(followed),
        )
    ).rowcount  # type: ignore[attr-defined]
    if facts:
        record(session, "worker", "facts.forgotten", "facts", now, count=facts)
    return int(facts)


def forget_bank_files(session: Session, now: datetime) -> int:
    """Drop the bank's files of reviews that ended a term ago, however they ended; how many."""
    dropped = session.execute(
        update(Inquiry)
        .where(Inquiry.ended_at < now - BANK_FILE_TERM, Inquiry.file.is_not(None))
        .values(file=None)
    )
    return int(dropped.rowcount)  # type: ignore[attr-defined]


def forget_answers(session: Session, now: datetime, most: int = 500) -> int:
    """Drop the answers of long questions whose term is over; how many. Counted in the audit.

    Who asked what and when stays; of a trial the draft goes too, which is as long as its answer.
    """
    forgotten = 0
    for kind, term in ANSWER_TERMS.items():
        old = session.execute(
            select(Inquiry.id, Inquiry.asked)
            .where(Inquiry.kind == kind.value, Inquiry.state == InquiryState.DONE.value)
            .where(Inquiry.ended_at < now - term)
            .limit(most)
        ).all()
        for number, asked in old:
            rest = {name: value for name, value in asked.items() if name != "source"}
            session.execute(
                update(Inquiry)
                .where(Inquiry.id == number)
                .values(state=InquiryState.GONE.value, asked=rest, answer=null(), lines=None)
            )
        forgotten += len(old)
    if forgotten:
        record(session, "worker", "answers.forgotten", "inquiries", now, count=forgotten)
    return forgotten


def _other_cards() -> Select[str | None]:
    """Applications of customers whose other one is credited: they say who held a card."""
    theirs = aliased(FactRow)
    return (
        select(FactRow.application_ref)
        .join(theirs, theirs.customer_ref == FactRow.customer_ref)
        .join(Application, Application.application_ref == theirs.application_ref)
        .join(CreditRow, CreditRow.application_id == Application.id)
        .where(FactRow.kind == Kind.APPROVED, FactRow.application_ref.is_not(None))
        .where(theirs.kind == Kind.APPROVED)
    )
