"""Each check finds what it is for, and nothing where there is nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from claim_tales import FRIEND, SLIPPED, Tale
from sqlalchemy import select
from talk import Talk

from shared.actions.judging import evidence_of
from shared.base.database import Database
from shared.claims.claims import Claim
from shared.claims.evidence import EvidenceKind as K
from shared.people.phone import slips
from shared.people.staff import Staff
from shared.referrals.referrals import Registration


def _device(tale: Tale) -> None:
    """Alice's link first; then the same phone registers at Mallory's."""
    code = tale.invite_of()
    tale.visits(device="bobs")
    tale.talk.later(hours=1)
    visit, _ = tale.visits(code, device="bobs")
    tale.registers(code=code, visit=visit)
    tale.applies()


def _staff_entry(tale: Tale) -> None:
    tale.begins()
    with tale.talk.database.transaction() as session:
        mei = session.scalars(select(Staff).where(Staff.staff_no == "S1001")).one()
        session.scalars(select(Registration)).one().staff_id = mei.id
    tale.talk.later(days=2)
    tale.applies()


def _token(tale: Tale) -> None:
    token = tale.registers().referral_token
    tale.applies(referral_token=token)


def _lapsed(tale: Tale) -> None:
    tale.registers()
    tale.talk.later(days=31)
    tale.applies()


def _slip(tale: Tale) -> None:
    tale.begins(SLIPPED)
    tale.applies()


def _later_registration(tale: Tale) -> None:
    """Begun once the friend had applied: it led to nothing."""
    tale.applies()
    tale.talk.later(hours=1)
    tale.begins()


def by_night(case: tuple[object, ...]) -> list[object]:
    return [pytest.param(*case, marks=pytest.mark.nightly)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("before", "there", "absent"),
    [
        (lambda _: None, {K.NO_APPLICATION}, {K.APPLICATION, K.VISITS, K.DATE_FITS}),
        *by_night((Tale.applies, {K.APPLICATION, K.DATE_FITS}, {K.NO_APPLICATION, K.OLDER})),
        (_device, {K.SAME_DEVICE, K.VISITS, K.REGISTRATION_ELSEWHERE, K.CREDITED_ELSEWHERE}, set()),
        (_staff_entry, {K.STAFF_ENTRY, K.REGISTRATION_UNFINISHED}, {K.REGISTRATION_SAME_DAY}),
        *by_night(
            (_token, {K.BANK_TOKEN, K.REGISTRATION_OWN, K.CREDITED_OWN}, {K.CREDITED_ELSEWHERE})
        ),
        *by_night((_lapsed, {K.REGISTRATION_LAPSED, K.APPLICATION}, {K.REGISTRATION_OWN})),
        (_slip, {K.REGISTRATION_SLIP, K.APPLICATION}, {K.REGISTRATION_OWN}),
        (_later_registration, {K.APPLICATION}, {K.REGISTRATION_UNFINISHED, K.STAFF_ENTRY}),
    ],
    ids=["nothing", "applied", "device", "staff", "token", "lapsed", "slip", "later"],
)
def test_a_check_finds_what_it_is_for(
    database: Database, now: datetime, before: Callable[[Tale], None], there: set[K], absent: set[K]
) -> None:
    tale = Tale(Talk(database, now))
    before(tale)
    tale.claims()
    with database.reading() as session:
        found = evidence_of(session, session.scalars(select(Claim)).one())
    kinds = {evidence.kind for evidence in found}
    assert there <= kinds
    assert not absent & kinds
    assert [e.weight for e in found] == sorted((e.weight for e in found), reverse=True)


@pytest.mark.nightly
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_date_that_differs_is_found_and_a_window_is_an_edge(
    database: Database, now: datetime
) -> None:
    tale = Tale(Talk(database, now))
    tale.applies()
    for days, kind in ((45, K.DATE_DIFFERS), (0.1, K.OLDER), (45, K.TOO_OLD)):
        tale.talk.later(days=days)
        with database.transaction() as session:
            for claim in session.scalars(select(Claim)):
                session.delete(claim)
        tale.claims(when="this_week")
        with database.reading() as session:
            found = evidence_of(session, session.scalars(select(Claim)).one())
        kinds = {evidence.kind for evidence in found}
        assert kind in kinds
        assert len(kinds & {K.OLDER, K.TOO_OLD}) == (kind is not K.DATE_DIFFERS)


def test_one_slip_is_one_digit_or_two_swapped() -> None:
    near = slips(FRIEND)
    assert SLIPPED in near
    assert "+8613900139078" in near
    assert FRIEND not in near
    assert "+8613900139088" not in near
    assert len(near) == len(set(near)) == 107
    assert all(FRIEND in slips(each) for each in near if each[3] != "0")
    assert all(each.startswith("+44") for each in slips("+447700900123"))
