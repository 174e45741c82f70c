"""The answer to a claim: when it leaves, what stands in it, and how it will read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from shared.actions.claim_opinion import follow_answer
from shared.actions.claim_rules import rules_for
from shared.actions.joining import language
from shared.actions.notifying import notify_member
from shared.base.i18n import Locale
from shared.campaigns.campaigns import get_campaign, limits_at, version
from shared.campaigns.words import claims_clause
from shared.claims.answers import Template, answer_words
from shared.claims.claims import Claim, Reason, outward
from shared.people.chats import chat_of_member
from shared.people.members import get_member, person_of


def answer_times(
    session: Session, claim: Claim, credited: bool, now: datetime
) -> tuple[datetime, datetime]:
    """From when on the member sees a decision made now, and until when an appeal may be filed.

    A refusal leaves no earlier than the machine's would, after an appeal as long after that.
    """
    terms = rules_for(session, claim).claims
    since = claim.appealed_at or claim.filed_at
    told_at = now if credited else max(now, since + timedelta(hours=terms.answer_hours))
    return told_at, told_at + timedelta(days=terms.appeal_days)


def tell_decision(session: Session, claim: Claim, now: datetime) -> None:
    """Owe the member the answer to a claim that was just decided."""
    assert claim.reason is not None
    assert claim.told_at is not None
    assert claim.appeal_until is not None
    outcome = outward(Reason(claim.reason))
    template = Template(claim.template or Template.PLAIN)
    params = _params(session, claim, outcome, template, (claim.told_at, claim.appeal_until))
    again = "" if claim.appealed_at is None else ":again"
    sent = notify_member(
        session, claim.member_id, "claim.decided", params, now,
        once=f"claim:{claim.id}:decided{again}", always=True, not_before=claim.told_at,
    )  # fmt: skip
    follow_answer(session, claim, final="until" not in params, sent=sent)


def preview(
    session: Session, claim: Claim, credited: bool, template: Template, now: datetime
) -> str:
    """The answer as the member would read it, decided now, as the chat's markup."""
    outcome = outward(Reason.EVIDENCE if credited else Reason.NOT_CONFIRMED)
    times = answer_times(session, claim, credited, now)
    params = _params(session, claim, outcome, template, times)
    return answer_words(members_language(session, claim.member_id), params)


def members_language(session: Session, member_id: int) -> Locale:
    """In which language a member reads what we write."""
    chat = chat_of_member(session, member_id)
    if chat is not None:
        return language(session, chat)
    locale = person_of(session, get_member(session, member_id)).locale
    return Locale(locale) if locale else Locale.ZH_HANS


def _params(
    session: Session,
    claim: Claim,
    outcome: str,
    template: Template,
    times: tuple[datetime, datetime],
) -> dict[str, Any]:
    filed_under = version(session, claim.campaign_id, claim.version)
    limits = limits_at(session, claim.campaign_id, claim.filed_at)
    params: dict[str, Any] = {
        "number": claim.number,
        "outcome": outcome,
        "clause": claims_clause(filed_under, limits),
        "version": claim.version,
        "template": template.value,
        "zone": get_campaign(session, claim.campaign_id).zone,
    }
    told_at, until = times
    if outcome != "credited" and claim.appealed_at is not None:
        params["final"] = True
    elif outcome != "credited" and until > told_at:
        params["until"] = until.isoformat()
    if "until" not in params:  # nothing more can come
        params["asks"] = True
    return params
