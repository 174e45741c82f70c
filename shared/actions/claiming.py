"""Claiming: a member files, evidence is weighed, the machine credits what speaks for itself,
a person decides the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.matching import credit, paid_elsewhere
from shared.actions.notifying import notify_member
from shared.actions.referring import next_ordinal, referral_of_number
from shared.applications.facts import FactRow, Kind
from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.campaigns.campaigns import CampaignVersion, shown_campaign, version
from shared.campaigns.clauses import BaseClause
from shared.campaigns.rules import Rules
from shared.claims import claims
from shared.claims.claims import OPEN, Claim, How, Reason, State, When, outward
from shared.claims.evidence import Evidence, disputed, gather, grounds_of, speaks_for_itself
from shared.people.members import Member, get_member, person_of
from shared.people.persons import phone_blind
from shared.people.phone import read_phone
from shared.people.staff import Role, Staff
from shared.post.audit import record
from shared.referrals.codes import read_code
from shared.referrals.referrals import Invite, Referral, Registration, Source

DECIDERS = frozenset({Role.TELLER.value, Role.MANAGER.value})
"""Whose role decides claims at all."""


@dataclass(frozen=True)
class ClaimForm:
    """What a member says: the friend's number, or the code of the friend's registration."""

    member_id: int
    how: How
    when: When
    phone: str = ""
    code: str = ""


@dataclass(frozen=True)
class Filed:
    """The case number, where it stands, and when it is decided at the latest."""

    number: str
    state: State
    due_at: datetime


def file_claim(session: Session, form: ClaimForm, now: datetime) -> Filed:
    """File a claim; it is credited by the machine when the evidence speaks for itself.

    Refusals: `campaign.none`, `claim.limit` (most), `claim.own`, `claim.same` (number),
    `claim.code` (nobody registered under it), `phone.…`, `invite.malformed`.
    """
    campaign = shown_campaign(session, now)
    if campaign is None:
        raise Refusal("campaign.none")
    member = get_member(session, form.member_id)
    session.refresh(member, with_for_update=True)  # two at once would each find room for one
    current = _version_of_day(session, campaign.id, now)
    registration = _registration(session, form.code) if form.code else None
    blind, last_four = _who(session, form, registration)
    if blind == person_of(session, member).phone_blind:
        raise Refusal("claim.own")
    _hold_limits(session, campaign.id, member.id, blind, current)
    claim = Claim(
        number=claims.new_number(session),
        campaign_id=campaign.id,
        member_id=member.id,
        version=current.number,
        phone_blind=blind,
        last_four=last_four,
        registration_id=registration.id if registration else None,
        how=form.how.value,
        roughly=form.when.value,
        state=State.FILED.value,
        filed_at=now,
        due_at=now + timedelta(hours=current.rules.claims.decision_hours),
    )
    claims.file(session, claim, now)
    record(session, f"member:{member.id}", "claim.filed", f"claim:{claim.id}", now)
    _judge(session, claim, now)
    return Filed(claim.number, State(claim.state), claim.due_at)


def _version_of_day(session: Session, campaign_id: int, at: datetime) -> CampaignVersion:
    found = session.scalar(
        select(CampaignVersion)
        .where(CampaignVersion.campaign_id == campaign_id, CampaignVersion.created_at <= at)
        .order_by(CampaignVersion.number.desc())
        .limit(1)
    )
    return found or version(session, campaign_id, 1)


def _registration(session: Session, typed: str) -> Registration:
    found = session.scalar(select(Registration).where(Registration.receipt == read_code(typed)))
    if found is None or found.phone_blind is None:
        raise Refusal("claim.code")
    return found


def _who(session: Session, form: ClaimForm, registration: Registration | None) -> tuple[str, str]:
    if registration is not None:
        assert registration.phone_blind is not None
        return registration.phone_blind, ""
    phone = read_phone(form.phone)
    return phone_blind(session, phone), phone[-4:]


def _hold_limits(
    session: Session, campaign_id: int, member_id: int, blind: str, current: CampaignVersion
) -> None:
    same = session.scalar(
        select(Claim).where(
            Claim.campaign_id == campaign_id,
            Claim.member_id == member_id,
            Claim.phone_blind == blind,
        )
    )
    if same is not None:
        raise Refusal("claim.same", number=same.number)
    most = current.rules.claims.most_per_member
    if claims.claims_filed(session, campaign_id, member_id) >= most:
        raise Refusal("claim.limit", most=most)


def _judge(session: Session, claim: Claim, now: datetime) -> None:
    evidence = gather(session, grounds_of(session, claim, _rules(session, claim)))
    if speaks_for_itself(evidence):
        _credit(session, claim, "machine", now)
    else:
        claims.advance(session, claim, State.WITH_PERSON, "machine", now)


def _rules(session: Session, claim: Claim) -> Rules:
    return version(session, claim.campaign_id, claim.version).rules


def _credit(session: Session, claim: Claim, actor: str, now: datetime) -> None:
    grounds = grounds_of(session, claim, _rules(session, claim))
    if grounds.application is None or grounds.applied_at is None:
        raise Refusal("claim.no_application")
    referral = _referral(session, claim, grounds.applied_at)
    application, applied_at = grounds.application, grounds.applied_at
    given = credit(session, application, referral, Source.CLAIM, applied_at, now)
    if not given and paid_elsewhere(session, application, claim.member_id):
        raise Refusal("claim.paid")
    claims.advance(session, claim, State.CREDITED, actor, now, reason=Reason.EVIDENCE.value)
    _tell(session, claim, now)


def _referral(session: Session, claim: Claim, applied_at: datetime) -> Referral:
    """The claimed friend under the claimant, as of the day the friend applied."""
    session.get(Member, claim.member_id, with_for_update=True)  # who may have no invite yet
    session.scalar(
        select(Invite)
        .where(Invite.campaign_id == claim.campaign_id, Invite.member_id == claim.member_id)
        .with_for_update()
    )
    known = referral_of_number(session, claim.campaign_id, claim.member_id, claim.phone_blind)
    if known is not None:
        return known
    referral = Referral(
        campaign_id=claim.campaign_id,
        member_id=claim.member_id,
        claim_id=claim.id,
        version=_version_of_day(session, claim.campaign_id, applied_at).number,
        registered_at=applied_at,
        segment=get_member(session, claim.member_id).segment,
        ordinal=next_ordinal(session, claim.campaign_id, claim.member_id),
    )
    session.add(referral)
    session.flush()
    return referral


def _tell(session: Session, claim: Claim, now: datetime) -> None:
    assert claim.reason is not None
    notify_member(
        session,
        claim.member_id,
        "claim.decided",
        {"number": claim.number, "outcome": outward(Reason(claim.reason))},
        now,
        once=f"claim:{claim.id}:decided",
        always=True,
    )


def decide_claim(
    session: Session, staff: Staff, claim_id: int, to_credit: bool, reason: Reason, now: datetime
) -> State:
    """A person decides; a disputed claim waits for a second person. The new state.

    Refusals: `claim.unknown`, `claim.decided`, `claim.party` (their own or their card's),
    `claim.authority` (above the branch's limit, or another role), `claim.second` (the same
    person again), `claim.no_application`, `claim.reason`, `claim.paid` (another member was
    rewarded for this application: that money stays, so nothing is left to credit).
    """
    claim = claims.claim_for_update(session, claim_id)
    if State(claim.state) not in OPEN:
        raise Refusal("claim.decided", number=claim.number)
    refuse_party(session, staff, claim)
    if staff.role not in DECIDERS:
        raise Refusal("claim.authority")
    actor = f"staff:{staff.id}"
    if to_credit:
        _refuse_paid(session, claim)
    if not to_credit:
        if reason is Reason.EVIDENCE:
            raise Refusal("claim.reason")
        claims.advance(session, claim, State.REFUSED, actor, now, reason=reason.value)
        _tell(session, claim, now)
    elif _needs_second(session, claim):
        _first_or_second(session, claim, staff, now)
    else:
        _hold_authority(session, staff, claim)
        _credit(session, claim, actor, now)
    record(
        session, actor, "claim.decided", f"claim:{claim.id}", now,
        credit=to_credit, reason=reason.value, state=claim.state,
    )  # fmt: skip
    return State(claim.state)


def refuse_party(session: Session, staff: Staff, claim: Claim) -> None:
    """Staff never act where they are the claimant or the friend. Refusal `claim.party`."""
    member = session.get(Member, claim.member_id)
    assert member is not None
    if staff.customer_ref is None:
        return
    own = session.scalar(select(Member).where(Member.customer_ref == staff.customer_ref))
    friend = own is not None and person_of(session, own).phone_blind == claim.phone_blind
    if member.customer_ref == staff.customer_ref or friend or _applied_for(session, staff, claim):
        raise Refusal("claim.party")


def _applied_for(session: Session, staff: Staff, claim: Claim) -> bool:
    """Whether the claimed application was approved for the employee's own customer_ref."""
    theirs = select(FactRow.application_ref).where(
        FactRow.customer_ref == staff.customer_ref, FactRow.kind == Kind.APPROVED
    )
    found = session.scalar(
        select(FactRow.id)
        .where(
            FactRow.phone_blind == claim.phone_blind,
            FactRow.kind == Kind.SUBMITTED,
            FactRow.application_ref.in_(theirs),
        )
        .limit(1)
    )
    return found is not None


def _refuse_paid(session: Session, claim: Claim) -> None:
    application = grounds_of(session, claim, _rules(session, claim)).application
    if application is not None and paid_elsewhere(session, application, claim.member_id):
        raise Refusal("claim.paid")


def _needs_second(session: Session, claim: Claim) -> bool:
    return disputed(evidence_of(session, claim))


def evidence_of(session: Session, claim: Claim) -> list[Evidence]:
    """What stands beside a claim, gathered now."""
    return gather(session, grounds_of(session, claim, _rules(session, claim)))


def _first_or_second(session: Session, claim: Claim, staff: Staff, now: datetime) -> None:
    actor = f"staff:{staff.id}"
    if State(claim.state) is State.WITH_PERSON:
        claims.advance(session, claim, State.SECOND_PERSON, actor, now)
        return
    first = next(
        s for s in claims.steps_of(session, claim.id) if s.after == State.SECOND_PERSON.value
    )
    if first.actor == actor:
        raise Refusal("claim.second")
    if staff.role != Role.MANAGER:
        raise Refusal("claim.authority")
    _credit(session, claim, actor, now)


def claim_amount(session: Session, claim: Claim) -> int:
    """What a credit would owe the member at the most, in fen, by the rules of its version."""
    clauses = _rules(session, claim).clauses
    return sum(
        clause.amount.amount
        for clause in clauses
        if isinstance(clause, BaseClause) and clause.amount.unit is Unit.CNY
    )


def _hold_authority(session: Session, staff: Staff, claim: Claim) -> None:
    limit = _rules(session, claim).claims.branch_limit.amount
    if staff.role == Role.TELLER and claim_amount(session, claim) > limit:
        raise Refusal("claim.authority")
