"""Judging: the machine answers claims when their time has come, and keeps their clocks.

Any worker may: each claim is locked, looked at again and moved on in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.asking import ask_friend, reachable_friend
from shared.actions.claim_answer import answer_times, tell_decision
from shared.actions.claim_rules import rules_for, version_of_day
from shared.actions.matching import credit, paid_elsewhere
from shared.actions.notifying import notify_member
from shared.actions.referring import next_ordinal, referral_of_number
from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.campaigns.campaigns import get_campaign
from shared.campaigns.clauses import BaseClause
from shared.campaigns.rules import LATEST_JUDGED
from shared.claims import claims
from shared.claims.answers import Template
from shared.claims.asks import Answer
from shared.claims.checks import gather, ties_of
from shared.claims.claims import Claim, How, Reason, State
from shared.claims.evidence import Evidence, EvidenceKind, kinds_of
from shared.claims.grounds import Grounds, grounds_of
from shared.claims.judgement import Look, Outcome, Verdict, judge
from shared.people.members import Member, get_member
from shared.post.audit import record
from shared.referrals.referrals import Invite, Referral, Source

MACHINE = "machine"
_HEARD_OUT = timedelta(hours=LATEST_JUDGED)


def evidence_of(session: Session, claim: Claim) -> list[Evidence]:
    """What stands beside a claim, gathered now."""
    return gather(session, grounds_of(session, claim, rules_for(session, claim)))


def claim_amount(session: Session, claim: Claim) -> int:
    """What a credit would owe the member at the most, in fen, by the rules of its version."""
    clauses = rules_for(session, claim).clauses
    return sum(
        clause.amount.amount
        for clause in clauses
        if isinstance(clause, BaseClause) and clause.amount.unit is Unit.CNY
    )


def judge_claim(session: Session, claim: Claim, now: datetime, public_url: str) -> State:
    """Look at a filed claim and do what the judgement says; its new state.

    `public_url` stands in the links of questions.
    """
    grounds = grounds_of(session, claim, rules_for(session, claim))
    look = _look(session, grounds, now)
    _do(session, grounds, look, judge(look), now, public_url)
    return State(claim.state)


def _look(session: Session, grounds: Grounds, now: datetime) -> Look:
    claim, terms = grounds.claim, grounds.rules.claims
    ask = grounds.ask
    return Look(
        found=tuple(gather(session, grounds)),
        ties=tuple(ties_of(session, grounds)),
        how=How(claim.how),
        named=bool(claim.slips) or claim.registration_id is not None,
        said=Answer(ask.answer) if ask is not None and ask.answer else None,
        reachable=reachable_friend(session, claim) is not None,
        small=claim_amount(session, claim) <= terms.branch_limit.amount,
        waited=now >= claim.filed_at + timedelta(hours=terms.answer_hours),
        heard_out=now >= claim.filed_at + _HEARD_OUT,
    )


def _do(
    session: Session,
    grounds: Grounds,
    look: Look,
    verdict: Verdict,
    now: datetime,
    public_url: str,
) -> None:
    claim = grounds.claim
    match verdict.outcome:
        case Outcome.CREDIT:
            _credit_or_hand_over(session, claim, look, now)
        case Outcome.PERSON:
            _hand_over(session, claim, look, now)
        case Outcome.ASK:
            assert verdict.way is not None
            days = timedelta(days=grounds.rules.claims.ask_days)
            ask_friend(session, claim, verdict.way, now, now + days, public_url)
        case Outcome.REFUSE:
            assert verdict.reason is not None
            refuse_claim(session, claim, MACHINE, verdict.reason, now)
            on_record(session, claim, look.found, now)
        case Outcome.WAIT:
            first = claim.filed_at + timedelta(hours=grounds.rules.claims.answer_hours)
            claim.judge_at = first if look.said is None else claim.filed_at + _HEARD_OUT


def _credit_or_hand_over(session: Session, claim: Claim, look: Look, now: datetime) -> None:
    try:
        with session.begin_nested():
            credit_claim(session, claim, MACHINE, now)
            on_record(session, claim, look.found, now)
    except Refusal:  # another member was paid for it meanwhile
        _hand_over(session, claim, look, now)


def _hand_over(session: Session, claim: Claim, look: Look, now: datetime) -> None:
    """To a person; a member whose friend was asked hears that the clock goes on."""
    claim.override = EvidenceKind.OLDER in kinds_of(look.found)
    claims.advance(session, claim, State.WITH_PERSON, MACHINE, now)
    if look.said is not None:
        params = {"number": claim.number, "due": claim.due_at.isoformat()}
        params["zone"] = get_campaign(session, claim.campaign_id).zone
        notify_member(
            session, claim.member_id, "claim.goes_on", params, now,
            once=f"claim:{claim.id}:goes_on", always=True,
        )  # fmt: skip


def on_record(session: Session, claim: Claim, found: Iterable[Evidence], now: datetime) -> None:
    """The machine's decision and on what evidence. A person's stands with who they are."""
    record(
        session, MACHINE, f"claim.{claim.state}", f"claim:{claim.id}", now,
        reason=claim.reason, evidence=sorted(kinds_of(found)),
    )  # fmt: skip


def credit_claim(
    session: Session,
    claim: Claim,
    actor: str,
    now: datetime,
    template: Template = Template.PLAIN,
) -> None:
    """Count the application under the claimant as of the day it was made; the rest is settling.

    Refusals: `claim.no_application`, `claim.paid` (another member was rewarded for it).
    """
    grounds = grounds_of(session, claim, rules_for(session, claim))
    application, applied_at = grounds.application, grounds.applied_at
    if application is None or applied_at is None:
        raise Refusal("claim.no_application")
    referral = _referral(session, claim, applied_at)
    given = credit(session, application, referral, Source.CLAIM, applied_at, now)
    if not given and paid_elsewhere(session, application, claim.member_id):
        raise Refusal("claim.paid")
    claims.advance(session, claim, State.CREDITED, actor, now, reason=Reason.EVIDENCE.value)
    _decided(session, claim, template, now)


def refuse_claim(
    session: Session,
    claim: Claim,
    actor: str,
    reason: Reason,
    now: datetime,
    template: Template = Template.PLAIN,
) -> None:
    """Refuse a claim, after an appeal for good; the answer leaves no earlier than the machine's
    would."""
    to = State.REFUSED if claim.appealed_at is None else State.UPHELD
    claims.advance(session, claim, to, actor, now, reason=reason.value)
    _decided(session, claim, template, now)


def _decided(session: Session, claim: Claim, template: Template, now: datetime) -> None:
    """From when on the member sees it, and until when it can be appealed against."""
    claim.template = template.value
    credited = claim.state == State.CREDITED
    claim.told_at, claim.appeal_until = answer_times(session, claim, credited, now)
    tell_decision(session, claim, now)


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
        version=version_of_day(session, claim.campaign_id, applied_at).number,
        registered_at=applied_at,
        segment=get_member(session, claim.member_id).segment,
        ordinal=next_ordinal(session, claim.campaign_id, claim.member_id),
    )
    session.add(referral)
    session.flush()
    return referral
