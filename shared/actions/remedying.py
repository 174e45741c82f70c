"""Remedying: what will not come back is written off, goodwill is given, a friend is found to be
a fraud or cleared again, each asked for by one person and decided by another. None touches a
card; all go through settling."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.actions.finding import (
    WORDS,
    check_news,
    find,
    friend_in,
    friend_of,
    open_request,
    refuse_party_to,
)
from shared.actions.kinship import circle_of
from shared.actions.notifying import notify_member
from shared.actions.preparing import actor_of, hold_authority, lock_campaign, payees_of
from shared.base.errors import Refusal
from shared.base.money import Unit
from shared.ledger.balance import Account, Key
from shared.people.members import get_member
from shared.people.staff import Staff, same_person
from shared.post.audit import record
from shared.referrals.referrals import Referral
from shared.rewards.payable import open_keys, standings_in
from shared.rewards.queue import wake
from shared.rewards.remedies import (
    Remedy,
    RemedyKind,
    RemedyState,
    decide,
    remedy_for_update,
)
from shared.rewards.standing import GOODWILL, Happening, KeyEvent, happen
from shared.rewards.supposing import Effect, effect_of

_MOST_REASON = 80


def ask_write_off(
    session: Session, staff: Staff, key: Key, unit: Unit, reason: str, now: datetime
) -> int:
    """Ask to give up all that a key stands to return; the request's number.

    Refusals: `payout.authority`, `remedy.reason`, `remedy.nothing` (nothing is recoverable),
    `remedy.claimed` (a payout is just netting it), `remedy.asked`, `remedy.party`.
    """
    hold_authority(staff)
    lock_campaign(session, key.campaign)
    _refuse_party(session, staff, key.party)
    if (key, unit) in open_keys(session, key.campaign):
        raise Refusal("remedy.claimed")
    found = {
        (each.key, each.unit): each
        for each in standings_in(session, key.campaign, [Account.RECOVERABLE], party=key.party)
    }
    stands = found.get((key, unit))
    if stands is None:
        raise Refusal("remedy.nothing")
    return _ask(
        session,
        staff,
        Remedy(
            kind=RemedyKind.WRITE_OFF.value,
            campaign_id=key.campaign,
            member_id=stands.member,
            party=key.party,
            clause=key.clause,
            occasion=key.occasion,
            unit=unit.value,
            amount=stands.amount,
        ),
        reason,
        now,
    )


def ask_goodwill(
    session: Session,
    staff: Staff,
    campaign_id: int,
    member_id: int,
    unit: Unit,
    amount: int,
    reason: str,
    now: datetime,
) -> int:
    """Ask to give a member something that no clause owes, where the bank erred; the number.

    In money or points. It draws on no limit of the campaign. Refusals: `payout.authority`,
    `remedy.reason`, `remedy.amount`, `remedy.asked`, `remedy.party`.
    """
    hold_authority(staff)
    lock_campaign(session, campaign_id)
    party = f"member:{get_member(session, member_id).id}"
    _refuse_party(session, staff, party)
    if amount <= 0 or unit not in (Unit.CNY, Unit.POINTS):
        raise Refusal("remedy.amount")
    return _ask(
        session,
        staff,
        Remedy(
            kind=RemedyKind.GOODWILL.value,
            campaign_id=campaign_id,
            member_id=member_id,
            party=party,
            clause=GOODWILL,
            occasion="",
            unit=unit.value,
            amount=amount,
        ),
        reason,
        now,
    )


def ask_finding(
    session: Session,
    staff: Staff,
    campaign_id: int,
    referral_id: int,
    kind: RemedyKind,
    reason: str,
    now: datetime,
) -> int:
    """Ask that a friend be found a fraud, or be cleared again; the request's number.

    What the friend brought is taken back within the claw-back window, which counts from now.
    Refusals: `payout.authority`, `finding.unknown`, `remedy.party`, `finding.stands`,
    `finding.none`, `remedy.asked`, `remedy.reason`.
    """
    hold_authority(staff)
    refuse_party_to(session, staff, friend_in(session, campaign_id, referral_id))
    return note_finding(session, staff, campaign_id, referral_id, kind, reason, now)


def note_finding(
    session: Session,
    staff: Staff,
    campaign_id: int,
    referral_id: int,
    kind: RemedyKind,
    reason: str,
    now: datetime,
) -> int:
    """The same for who was asked already whether they may, when they acted: they may have left
    since. Refusals `finding.unknown`, `finding.stands`, `finding.none`, `remedy.asked`."""
    lock_campaign(session, campaign_id)
    referral, word = friend_in(session, campaign_id, referral_id), WORDS[kind]
    check_news(session, referral, word)
    if (before := open_request(session, referral)) is not None:
        raise Refusal("remedy.asked", number=before.id)
    unit, amount = _in_short(effect_of(session, referral, word, now, now))
    return _ask(
        session,
        staff,
        Remedy(
            kind=kind.value,
            campaign_id=campaign_id,
            member_id=referral.member_id,
            party=f"friend:{referral.id}",
            clause="",
            occasion=f"referral:{referral.id}",
            unit=unit.value,
            amount=amount,
        ),
        reason,
        now,
    )


def _in_short(effects: Sequence[Effect]) -> tuple[Unit, int]:
    """The sum of what moves, in money where any does, else in the first unit that does."""
    units = sorted({each.unit for each in effects}, key=list(Unit).index)
    unit = units[0] if units else Unit.CNY
    return unit, abs(sum(each.less - each.more for each in effects if each.unit is unit))


def decide_remedy(
    session: Session, staff: Staff, number: int, agree: bool, now: datetime
) -> RemedyState:
    """The second person agrees or refuses; what is agreed enters the key's life, or the facts.

    Refusals: `payout.authority`, `remedy.unknown`, `remedy.decided`, `remedy.maker`,
    `remedy.party`, and as when asking `remedy.nothing`, `remedy.claimed`, `finding.stands`,
    `finding.none`.
    """
    hold_authority(staff)
    remedy = session.get(Remedy, number)
    if remedy is not None:
        lock_campaign(session, remedy.campaign_id)
    remedy = remedy_for_update(session, number)
    if same_person(session, staff, f"staff:{remedy.asked_by}"):
        raise Refusal("remedy.maker")
    if RemedyKind(remedy.kind).finds:
        refuse_party_to(session, staff, friend_of(session, remedy))
    else:
        _refuse_party(session, staff, remedy.party)
    to = RemedyState.DONE if agree else RemedyState.REFUSED
    decide(remedy, to, staff.id, now)
    if agree:
        _carry_out(session, remedy, now)
    act = f"remedy.{remedy.state}"
    about = {"kind": remedy.kind, "party": remedy.party}
    record(session, actor_of(staff), act, f"remedy:{number}", now, **about)
    session.flush()
    return to


def _ask(session: Session, staff: Staff, remedy: Remedy, reason: str, now: datetime) -> int:
    if not reason.strip():
        raise Refusal("remedy.reason")
    same = select(Remedy.id).where(
        Remedy.kind == remedy.kind,
        Remedy.campaign_id == remedy.campaign_id,
        Remedy.party == remedy.party,
        Remedy.clause == remedy.clause,
        Remedy.occasion == remedy.occasion,
        Remedy.unit == remedy.unit,
        Remedy.state == RemedyState.ASKED.value,
    )
    if (before := session.scalar(same)) is not None:
        raise Refusal("remedy.asked", number=before)
    remedy.reason, remedy.state = reason.strip()[:_MOST_REASON], RemedyState.ASKED.value
    remedy.asked_by, remedy.asked_at = staff.id, now
    session.add(remedy)
    session.flush()
    record(
        session, actor_of(staff), "remedy.asked", f"remedy:{remedy.id}", now,
        kind=remedy.kind, party=remedy.party, unit=remedy.unit, amount=remedy.amount,
    )  # fmt: skip
    return remedy.id


def _refuse_party(session: Session, staff: Staff, party: str) -> None:
    """Staff never act where they, or somebody close to them, would have it, nor for a friend of
    theirs. Refusal `remedy.party`."""
    kind, _, number = party.partition(":")
    if kind == "friend":
        refuse_party_to(session, staff, session.get_one(Referral, int(number)))
    elif payees_of(session, {party})[party].customer_ref in circle_of(session, staff).customers:
        raise Refusal("remedy.party")


def _carry_out(session: Session, remedy: Remedy, now: datetime) -> None:
    if RemedyKind(remedy.kind).finds:
        find(session, remedy, now)
        return
    unit, kind = Unit(remedy.unit), Happening.GOODWILL
    if remedy.kind == RemedyKind.WRITE_OFF.value:
        kind = Happening.FORGIVEN
        _still_stands(session, remedy)
    member_id, amount = remedy.member_id, remedy.amount
    happen(session, remedy.key, member_id, kind, now, unit=unit, amount=amount)
    wake(session, remedy.campaign_id, member_id, now)
    if remedy.kind == RemedyKind.WRITE_OFF.value and remedy.party.startswith("member:"):
        params = {"unit": remedy.unit, "amount": amount}
        notify_member(session, member_id, "payout.written_off", params, now)


def _still_stands(session: Session, remedy: Remedy) -> None:
    """Only what stands to be returned is given up, and only once."""
    key, unit = remedy.key, Unit(remedy.unit)
    if (key, unit) in open_keys(session, remedy.campaign_id):
        raise Refusal("remedy.claimed")
    accounts = [Account.RECOVERABLE, Account.WRITTEN_OFF]
    stands = standings_in(session, remedy.campaign_id, accounts, party=remedy.party)
    back = sum(each.amount for each in stands if each.key == key and each.unit is unit)
    forgiven = session.scalar(
        select(func.coalesce(func.sum(KeyEvent.amount), 0)).where(
            KeyEvent.campaign_id == key.campaign,
            KeyEvent.party == key.party,
            KeyEvent.clause == key.clause,
            KeyEvent.occasion == key.occasion,
            KeyEvent.unit == remedy.unit,
            KeyEvent.kind == Happening.FORGIVEN.value,
        )
    )
    if back < remedy.amount + int(forgiven or 0):
        raise Refusal("remedy.nothing")
