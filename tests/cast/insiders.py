"""Insiders: what employees try for themselves, relatives and friends, and what must stay as it is.

A way is a generator: it makes ready, yields once, tries, and yields what came of it: a page, or
the code of a refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from counter import ALICE, MEI, MEIS_CARD, Page, words
from desktop import Desks
from money import settles
from sqlalchemy import func, select

from shared.actions.approvals import Approval
from shared.actions.importing import import_staff
from shared.actions.registering import FinishForm, StartForm, finish_registration
from shared.actions.registering import start_registration as start
from shared.base.errors import Refusal
from shared.base.i18n import Locale
from shared.campaigns.campaigns import Campaign, CampaignVersion
from shared.claims.claims import Claim
from shared.ledger.entries import positions
from shared.ledger.verify import verify
from shared.people.consents import Purpose
from shared.people.members import Member
from shared.people.staff import Staff, set_pin
from shared.people.unmasking import Unmasking
from shared.referrals.referrals import CreditRow, Referral, Registration
from shared.rewards.payouts import Batch, Line
from shared.rewards.remedies import Remedy
from shared.rewards.repairs import Repair
from shared.rewards.standing import KeyEvent
from shared.risk.blacklist import Listed
from shared.risk.cases import Case, CaseReferral
from shared.risk.traces import NOWHERE, Place

Way = Callable[[Desks], Iterator[Page | str | None]]
ALICES, EMILYS, MEIS = "+8613800138001", "+8613800138015", "+8613800138014"
SECOND_NUMBER = "S9999"


def standing(desks: Desks) -> dict[str, Any]:
    """All that pays or decides: every party's positions, and the state of everything proposed."""
    settles(desks)
    with desks.database.reading() as session:
        assert verify(session) == []
        return {
            "positions": [
                (member, positions(session, 1, member))
                for member in session.scalars(select(Member.id).order_by(Member.id))
            ],
            "states": [
                sorted(map(tuple, session.execute(select(*of))))
                for of in (
                    (Claim.id, Claim.state), (Remedy.id, Remedy.state),
                    (Approval.id, Approval.state), (Case.id, Case.state),
                    (Batch.id, Batch.state), (Line.id, Line.state), (Campaign.id, Campaign.life),
                    (CaseReferral.referral_id, CaseReferral.released_at.is_(None)),
                    (Repair.id, Repair.applied_at.is_(None)),
                )
            ],
            "counts": [
                session.scalar(select(func.count()).select_from(of))
                for of in (
                    Referral, CreditRow, Registration, KeyEvent, CampaignVersion, Unmasking, Listed,
                )
            ],
        }  # fmt: skip


def tries(desks: Desks, way: Way, refusal: str | int, **params: object) -> None:
    """One way is tried: it is refused as said, and everything stands as before."""
    steps = way(desks)
    assert next(steps) is None
    before = standing(desks)
    answer = next(steps)
    if isinstance(refusal, int):
        assert isinstance(answer, Page)
        assert answer.status == refusal
    elif isinstance(answer, Page):
        if refusal.startswith("/"):
            assert answer.place == refusal, answer.status
        else:
            assert words(f"error.{refusal}", **params) in answer.html
    else:
        assert answer == refusal
    assert standing(desks) == before


def code_of(desks: Desks, act: Callable[..., object], staff_no: str, *given: object) -> str:
    """What an action refuses an employee with, where no door leads to it; empty when not."""
    try:
        with desks.database.transaction() as session:
            act(session, employee(session, staff_no), *given, desks.clock())
    except Refusal as refusal:
        return refusal.code
    return ""


def employee(session: Any, staff_no: str) -> Staff:
    """By number."""
    found: Staff = session.scalars(select(Staff).where(Staff.staff_no == staff_no)).one()
    return found


def has_card(desks: Desks, staff_no: str, customer_ref: str | None = MEIS_CARD) -> None:
    """The staff file says whose card this is; Mei's own is somebody else's then."""
    with desks.database.transaction() as session:
        if staff_no != MEI and customer_ref == MEIS_CARD:
            employee(session, MEI).customer_ref = None
        employee(session, staff_no).customer_ref = customer_ref


def becomes(
    desks: Desks, staff_no: str, role: str, branch: str = "静安支行", ref: str = ""
) -> None:
    """The bank's staff file says otherwise of somebody, or names them for the first time."""
    sheet = f"staff_no,name,branch,role,customer_ref\n{staff_no},梅若兰,{branch},{role},{ref}\n"
    with desks.database.transaction() as session:
        import_staff(session, sheet.encode(), "operator:test", desks.clock())
        if staff_no == SECOND_NUMBER:
            set_pin(employee(session, staff_no), "135792")


def registers(desks: Desks, under: str, phone: str, place: Place = NOWHERE) -> None:
    """A number registers and is proven under somebody's invite."""
    code = desks.house.invite(under).code
    with desks.database.transaction() as session:
        form = StartForm(code, phone, Locale.ZH_HANS, place=place)
        started = start(session, form, desks.clock())
    told = frozenset({Purpose.REFERRAL, Purpose.ADULT})
    finish = FinishForm(started.handle, desks.house.sms_code(), "王波", told, Locale.ZH_HANS)
    with desks.database.transaction() as session:
        finish_registration(session, finish, desks.clock())


def invited_emily(desks: Desks) -> None:
    """Emily came by Mei's invite: close to whoever has Mei's card."""
    registers(desks, MEIS_CARD, EMILYS)


def invited_by_alice(desks: Desks) -> None:
    """Mei came by Alice's invite."""
    registers(desks, ALICE, MEIS)


def shares_phone_with_emily(desks: Desks) -> None:
    """Mei's and Emily's numbers registered in one browser."""
    for number in (MEIS, EMILYS):
        registers(desks, ALICE, number, Place("one-phone", "203.0.113.9"))


def claimed(desks: Desks, by: str = ALICE, phone: str = "+8613900139000") -> str:
    """The bank hears of an application, and a member claims its number; the case number."""
    desks.house.bank_hears(phone)
    return desks.house.files(by, phone)
