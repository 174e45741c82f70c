"""The claim reserve: friends credited by a claim draw on it inside the budget, and nobody earns
more by a claim than a tracked referral would have."""

from __future__ import annotations

from datetime import datetime

import pytest
from claim_tales import Tale
from sqlalchemy import select
from story import SAMPLE
from talk import Talk

from shared.actions.claiming import ClaimForm, file_claim
from shared.actions.deciding import decide_claim
from shared.actions.inviting import invite_for
from shared.base.database import Database
from shared.base.money import Unit
from shared.campaigns.file import CampaignFile, read_campaign
from shared.campaigns.problems import CampaignFileError
from shared.campaigns.rules import claims_of
from shared.claims.claims import Claim, How, Reason, When
from shared.ledger.verify import verify
from shared.people.members import member_by_ref
from shared.people.staff import Staff
from shared.reports.progress import FriendState, progress
from shared.rewards.admission import Admission, LimitUse

PLAIN = (
    (SAMPLE / "campaign.yaml")
    .read_text(encoding="utf-8")
    .replace("most_per_month: 5", "most_per_month: 9")
)


def tale(database: Database, now: datetime, reserve: str = "¥100,000") -> Tale:
    return Tale(Talk(database, now, PLAIN.replace("- ¥100,000", f"- {reserve}")))


def used(told: Tale) -> dict[str, int]:
    with told.talk.database.reading() as session:
        return {row.limit_id: row.used for row in session.scalars(select(LimitUse))}


def credits(told: Tale, n: int) -> None:
    """Alice claims a friend at the branch, whose card is then used."""
    phone, ref = f"+86139001391{n:02d}", f"A{n}"
    told.applies(phone, ref, branch="静安支行")
    told.claims(phone, "in_branch")
    told.decides()
    told.earns(ref)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_claimed_friend_draws_on_the_reserve_and_on_the_budget(
    database: Database, now: datetime
) -> None:
    told = tale(database, now)
    told.registers()
    told.applies()
    told.earns()
    assert claims_of(Unit.CNY) not in used(told)
    credits(told, 1)
    assert used(told)["budget:CNY"] == 2 * 15_000
    assert used(told)[claims_of(Unit.CNY)] == 15_000  # Alice's ¥100 and the friend's ¥50
    assert used(told).get(claims_of(Unit.POINTS), 0) == 0
    with database.reading() as session:
        assert verify(session) == []


@pytest.mark.nightly
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_when_the_reserve_is_used_up_the_loser_has_a_row_with_its_reason(
    database: Database, now: datetime
) -> None:
    told = tale(database, now, "¥250")
    credits(told, 1)
    credits(told, 2)
    assert used(told)[claims_of(Unit.CNY)] <= 25_000
    with database.reading() as session:
        refused = session.scalars(select(Admission).where(Admission.verdict == "refused")).all()
        assert [(row.limit_id, row.unit) for row in refused] == [("claims:CNY", "CNY")]
    told.registers("+8613900139300")
    told.applies("+8613900139300", "A30")
    told.earns("A30")  # tracked: the reserve does not hold it
    assert told.talk.story.progress().friends[-1].state is FriendState.EARNED
    with database.reading() as session:
        assert verify(session) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("friends", [3, pytest.param(6, marks=pytest.mark.nightly)])
def test_a_claim_pays_what_a_tracked_referral_would_have(
    database: Database, now: datetime, friends: int
) -> None:
    """The same friends on the same days: cap and ladder fall as they would have."""
    phones = [f"+86139001391{n:02d}" for n in range(friends)]
    tracked = tale(database, now)
    for n, phone in enumerate(phones):
        tracked.registers(phone)
        tracked.applies(phone, f"T{n}")
        tracked.earns(f"T{n}")
    would = tracked.talk.story.progress()
    with database.transaction() as session:
        mallory = member_by_ref(session, "C100002")
        assert mallory is not None
        invite_for(session, mallory.id, tracked.talk.story.now)
        member = mallory.id
    for n in range(friends):
        phone, ref = f"+86139001392{n:02d}", f"C{n}"
        tracked.applies(phone, ref, branch="静安支行")
        _claims_for(tracked, member, phone)
        tracked.earns(ref)
    with database.reading() as session:
        got = progress(session, member, tracked.talk.story.now)
        assert got is not None
        assert got.pending == would.pending
        assert verify(session) == []


def _claims_for(told: Tale, member: int, phone: str) -> None:

    with told.talk.database.transaction() as session:
        form = ClaimForm(member, How.IN_BRANCH, When.THIS_WEEK, phone=phone)
        file_claim(session, form, told.talk.story.now)
    told.talk.work()
    with told.talk.database.transaction() as session:
        staff = session.scalars(select(Staff).where(Staff.staff_no == "S1002")).one()
        claim = session.scalars(select(Claim).order_by(Claim.id.desc())).first()
        assert claim is not None
        decide_claim(session, staff, claim.id, True, Reason.EVIDENCE, told.talk.story.now)
    told.talk.work()


@pytest.mark.parametrize(
    ("reserve", "code"),
    [("¥2,000,000", "reserve_large"), ("9 points\n    - 8 points", "same_budget")],
)
def test_a_reserve_fits_into_its_budget(reserve: str, code: str) -> None:
    with pytest.raises(CampaignFileError) as wrong:
        read_campaign(PLAIN.replace("- ¥100,000", f"- {reserve}"))
    assert [problem.code for problem in wrong.value.problems] == [code]
    assert wrong.value.problems[0].path.startswith("limits.claim_reserve")


def test_the_reserve_is_a_dated_limit_of_the_campaign() -> None:
    file: CampaignFile = read_campaign(PLAIN)
    assert file.dated_limits()["claims:CNY"] == (Unit.CNY, 10_000_000)
