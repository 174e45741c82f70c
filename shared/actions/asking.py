"""Asking: the friend of a claim is asked once, and answers on a page of their own.

By SMS only a friend who registered under the claimant's own invite and whose consent stands;
everybody else by a link that the member forwards, who proves the number by a code. The page
stores what was answered; what follows from it happens in the worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.actions.notifying import notify_member
from shared.base.errors import Refusal
from shared.base.i18n import Locale, text
from shared.base.privacy import mask_name
from shared.campaigns.campaigns import get_campaign
from shared.claims import asks, claims
from shared.claims.asks import Answer, ClaimAsk, Way, ask_by_word, hold_open, link_word
from shared.claims.claims import Claim, State, claim_for_update
from shared.people import consents
from shared.people.codes import CodeUse, check_code, new_one_time_code
from shared.people.consents import TEXT_VERSION, Purpose
from shared.people.members import get_member, person_of
from shared.people.persons import Person, name_of, phone_blind, phone_of
from shared.people.phone import read_phone, slips
from shared.post.audit import record
from shared.post.outbox import Channel, Urgency, send_later
from shared.referrals.referrals import Invite, Registration

_TAIL = 4


@dataclass(frozen=True)
class Question:
    """What the friend's page shows: who asks (masked), how the friend proves who they are."""

    way: Way
    inviter: str
    campaign_id: int
    ends_at: datetime


def ask_link(public_url: str, word: str) -> str:
    """The address of a question."""
    return f"{public_url}/i/claim/{word}"


def reachable_friend(session: Session, claim: Claim) -> Person | None:
    """The friend who registered under the claimant's own invite with this number (or one a slip
    away), and may be written to: proven, not erased, the consent stands."""
    numbers = [claim.phone_blind, *(claim.slips or ())]
    rows = session.scalars(
        select(Person)
        .join(Registration, Registration.person_id == Person.id)
        .join(Invite, Invite.id == Registration.invite_id)
        .where(
            Registration.phone_blind.in_(numbers),
            Registration.proven_at.is_not(None),
            Registration.erased_at.is_(None),
            Invite.member_id == claim.member_id,
            Person.phone.is_not(None),
        )
        .order_by(Registration.id)
    )
    may = (row for row in rows if consents.holds(session, Purpose.REFERRAL, person_id=row.id))
    return next(may, None)


def ask_friend(
    session: Session, claim: Claim, way: Way, now: datetime, ends_at: datetime, public_url: str
) -> None:
    """Put the question; the claim's clock stands still from now on."""
    ask = ClaimAsk(claim_id=claim.id, way=way.value, asked_at=now, ends_at=ends_at)
    session.add(ask)
    session.flush()
    claims.advance(session, claim, State.ASKED, "machine", now, way=way.value)
    claims.pause(claim, now)
    link = ask_link(public_url, link_word(session, ask))
    if way is Way.SMS:
        _send_question(session, claim, link, now)
    zone = get_campaign(session, claim.campaign_id).zone
    params = {"number": claim.number, "ends": ends_at.isoformat(), "zone": zone, "way": way.value}
    if way is Way.LINK:
        params["link"] = link
    notify_member(
        session, claim.member_id, "claim.asked", params, now,
        once=f"claim:{claim.id}:asked", always=True,
    )  # fmt: skip


def _send_question(session: Session, claim: Claim, link: str, now: datetime) -> None:
    friend = reachable_friend(session, claim)
    assert friend is not None
    locale = Locale(friend.locale or Locale.ZH_HANS.value)
    words = text(locale, "sms.claim_question", name=_inviter(session, claim), link=link)
    body = {"to": phone_of(session, friend), "text": words}
    send_later(session, Channel.SMS, body, now, once=f"claim:{claim.id}:question")


def _inviter(session: Session, claim: Claim) -> str:
    return mask_name(name_of(session, person_of(session, get_member(session, claim.member_id))))


def question(session: Session, word: str, now: datetime) -> Question:
    """What a friend reads. Refusals `ask.unknown`, `ask.answered`, `ask.over`."""
    ask = ask_by_word(session, word)
    hold_open(ask, now)
    claim = session.get_one(Claim, ask.claim_id)
    return Question(Way(ask.way), _inviter(session, claim), claim.campaign_id, ask.ends_at)


def send_question_code(
    session: Session, word: str, typed: str, locale: Locale, now: datetime
) -> None:
    """Send a code to the number that a friend typed, so that its owner can confirm.

    Refusals: those of `question`, `phone.…`, `ask.other_number` (not the claimed one, or the
    claimant's own: the claimant knows both), `code.wait`, `code.too_many`.
    """
    ask = ask_by_word(session, word)
    hold_open(ask, now)
    claim = session.get_one(Claim, ask.claim_id)
    phone = read_phone(typed)
    blind = phone_blind(session, phone)
    _hold_number(session, claim, phone, blind)
    code = new_one_time_code(session, CodeUse.CLAIM, ask.id, blind, now)
    words = text(locale, "sms.claim_code", code=code)
    send_later(session, Channel.SMS, {"to": phone, "text": words}, now, urgency=Urgency.ANSWER)


def _hold_number(session: Session, claim: Claim, phone: str, blind: str) -> None:
    own = person_of(session, get_member(session, claim.member_id)).phone_blind
    wanted = claim.phone_blind
    known = bool(claim.slips) or claim.registration_id is not None
    near = blind == wanted or blind in (claim.slips or ())  # the member may have mistyped it
    fits = near if known else phone[-_TAIL:] == (claim.last_four or phone[-_TAIL:])
    if not fits or blind == own:
        raise Refusal("ask.other_number")


def confirm_claim(
    session: Session, word: str, locale: Locale, now: datetime, *, phone: str = "", code: str = ""
) -> bool:
    """The friend says yes, once; False for a wrong code (the caller commits the counted try).

    `phone` and `code` where the link was forwarded. Refusals: those of `question`, `phone.…`,
    `ask.other_number`, `code.expired`.
    """
    ask, claim = _locked(session, word, now)
    if ask.way == Way.LINK:
        number = read_phone(phone)
        blind = phone_blind(session, number)
        _hold_number(session, claim, number, blind)
        if check_code(session, CodeUse.CLAIM, ask.id, code, now) != blind:
            return False
        if claim.phone_blind != blind:
            _now_known(session, claim, number, blind)
    ask.locale, ask.text_version = locale.value, TEXT_VERSION
    _answered(session, ask, claim, Answer.CONFIRMED, now)
    return True


def _now_known(session: Session, claim: Claim, number: str, blind: str) -> None:
    """A claim by last digits or receipt alone learns the number from its owner."""
    claim.phone_blind, claim.last_four = blind, number[-_TAIL:]
    claim.slips = [phone_blind(session, each) for each in slips(number)]


def deny_claim(session: Session, word: str, now: datetime) -> None:
    """The friend says that this is not about them. Refusals: those of `question`."""
    ask, claim = _locked(session, word, now)
    _answered(session, ask, claim, Answer.NOT_ME, now)


def _locked(session: Session, word: str, now: datetime) -> tuple[ClaimAsk, Claim]:
    """The question and its claim, the claim first, as the worker takes them."""
    claim = claim_for_update(session, ask_by_word(session, word).claim_id)
    ask = ask_by_word(session, word, lock=True)
    hold_open(ask, now)
    return ask, claim


def _answered(session: Session, ask: ClaimAsk, claim: Claim, said: Answer, now: datetime) -> None:
    asks.answer(ask, said, now)
    claims.go_on(claim, now)
    claims.advance(session, claim, State.FILED, "friend", now, answer=said.value)
    claim.judge_at = now
    record(session, "friend", "claim.answered", f"claim:{claim.id}", now, answer=said.value)
