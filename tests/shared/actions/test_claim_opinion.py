"""How a claim was handled: asked once, when nothing more can come; the first answer stands."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from claim_people import CHEN, MALLORY, MEI, Floor, code_of
from sqlalchemy import select
from story import PUBLIC_URL, SAMPLE, Story

from shared.actions.claim_clock import turn_claims
from shared.actions.claim_opinion import give_opinion
from shared.actions.erasing import erase_member
from shared.actions.privacy import export_member
from shared.base.database import Database
from shared.claims.opinions import ClaimOpinion, Opinion
from shared.people.chats import Chat, Proof
from shared.people.members import get_member, member_by_ref
from shared.reports.claim_opinions import MonthOfOpinions, opinions_by_month

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def floor(database: Database, now: datetime) -> Floor:
    return Floor(Story(database, now))


def passes(floor: Floor, **time: float) -> None:
    floor.story.later(**time)
    while turn_claims(floor.story.database, PUBLIC_URL, floor.story.now):
        pass


def asked(floor: Floor) -> int:
    """How often a member was asked, under an answer or apart from it."""
    under = [p for p in floor.story.params("claim.decided") if p.get("asks")]
    return len(under) + len(floor.story.params("claim.opinion"))


def says(
    floor: Floor, claim_id: int, opinion: Opinion, customer_ref: str = "C100001", number: str = ""
) -> bool:
    with floor.story.database.transaction() as session:
        member = member_by_ref(session, customer_ref)
        assert member is not None
        name = number or floor.claim(claim_id).number
        return give_opinion(session, member.id, name, opinion, floor.story.now)


def kept(floor: Floor, claim_id: int) -> tuple[str | None, datetime | None]:
    with floor.story.database.reading() as session:
        row = session.get_one(ClaimOpinion, claim_id)
        return row.opinion, row.given_at


def test_a_credit_asks_under_its_answer_and_the_first_answer_stands(floor: Floor) -> None:
    floor.applies()
    claim = floor.files()
    floor.decides(MEI, claim)
    assert asked(floor) == 1
    assert says(floor, claim, Opinion.GOOD)
    at = floor.story.now
    floor.story.later(minutes=1)
    assert not says(floor, claim, Opinion.POOR)
    assert kept(floor, claim) == ("good", at)
    passes(floor, days=60)
    assert asked(floor) == 1


def test_two_taps_at_once_are_one_answer(floor: Floor) -> None:
    floor.applies()
    claim = floor.files()
    floor.decides(MEI, claim)
    start, first = threading.Barrier(3), []

    def taps(opinion: Opinion) -> None:
        start.wait()
        first.append((says(floor, claim, opinion), opinion))

    threads = [threading.Thread(target=taps, args=(each,)) for each in Opinion]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ((_, winner),) = [each for each in first if each[0]]
    assert kept(floor, claim)[0] == winner


@SQLITE
def test_a_refusal_asks_when_its_time_to_appeal_is_over(floor: Floor) -> None:
    claim = floor.refused_and_told()
    assert asked(floor) == 0
    assert code_of(lambda: says(floor, claim, Opinion.POOR)) == "claim.unknown"  # not asked yet
    passes(floor, days=29, hours=23)
    assert asked(floor) == 0
    passes(floor, hours=1)
    assert asked(floor) == 1
    assert says(floor, claim, Opinion.POOR)
    passes(floor, days=40)
    assert asked(floor) == 1


@SQLITE
def test_an_appeal_is_asked_about_after_it_and_not_before(floor: Floor) -> None:
    claim = floor.refused_and_told()
    floor.story.later(days=29)
    floor.appeals(claim)
    passes(floor, days=10)
    assert asked(floor) == 0
    floor.decides(CHEN, claim, credit=False)
    assert asked(floor) == 1
    passes(floor, days=60)
    assert asked(floor) == 1
    assert says(floor, claim, Opinion.FAIR)


@pytest.mark.nightly
@SQLITE
def test_a_refusal_that_nobody_can_appeal_against_asks_at_once(
    database: Database, now: datetime
) -> None:
    rules = (SAMPLE / "campaign.yaml").read_text(encoding="utf-8")
    floor = Floor(Story(database, now, rules.replace("appeal_days: 30", "appeal_days: 0")))
    claim = floor.files()
    floor.decides(MEI, claim, credit=False)
    passes(floor, days=2)
    assert asked(floor) == 1
    assert says(floor, claim, Opinion.GOOD)


@SQLITE
def test_many_workers_at_once_ask_once(floor: Floor) -> None:
    floor.refused_and_told()
    floor.story.later(days=30)
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        turn_claims(floor.story.database, PUBLIC_URL, floor.story.now)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked(floor) == 1


@SQLITE
def test_who_has_no_chat_or_wants_no_pushes_is_not_asked(floor: Floor) -> None:
    floor.applies()
    unreached = floor.files(customer_ref=MALLORY)
    assert floor.decides(MEI, unreached)
    assert code_of(lambda: says(floor, unreached, Opinion.GOOD, MALLORY)) == "claim.unknown"
    quiet = floor.refused_and_told(phone="+8613900139002")
    with floor.story.database.transaction() as session:
        get_member(session, floor.story.alice).pushes = False
    passes(floor, days=31)
    assert floor.story.params("claim.opinion") == []
    assert code_of(lambda: says(floor, quiet, Opinion.GOOD)) == "claim.unknown"
    with floor.story.database.transaction() as session:
        get_member(session, floor.story.alice).pushes = True
    passes(floor, days=31)
    assert floor.story.params("claim.opinion") == []  # its moment has passed


@SQLITE
def test_nobody_is_asked_after_erasure(floor: Floor) -> None:
    claim = floor.refused_and_told()
    with floor.story.database.transaction() as session:
        chat = session.scalars(select(Chat).where(Chat.address == "1001")).one()
        chat.proof = Proof.FULL
        erase_member(session, chat, floor.story.now)
    passes(floor, days=31)
    with floor.story.database.reading() as session:
        row = session.get_one(ClaimOpinion, claim)
        assert (row.ask_at, row.asked_at, row.opinion) == (None, None, None)


@SQLITE
def test_nobody_answers_for_another_member(floor: Floor) -> None:
    floor.applies()
    claim = floor.files()
    floor.decides(MEI, claim)
    assert code_of(lambda: says(floor, claim, Opinion.POOR, MALLORY)) == "claim.unknown"
    assert code_of(lambda: says(floor, claim, Opinion.POOR, number="C-000000")) == "claim.unknown"
    assert kept(floor, claim) == (None, None)


@SQLITE
def test_ones_own_copy_has_the_answer(floor: Floor) -> None:
    floor.applies()
    claim = floor.files()
    floor.decides(MEI, claim)
    says(floor, claim, Opinion.FAIR)
    with floor.story.database.transaction() as session:
        copy = export_member(session, floor.story.alice, floor.story.now)
    assert copy["claims"][0]["opinion"] == {
        "opinion": "fair",
        "given_at": floor.story.now.isoformat(),
    }


def test_the_share_is_counted_by_the_month_of_the_answer_in_the_campaigns_zone(
    floor: Floor,
) -> None:
    """Midnight in Shanghai ends the month; a third and a half are rounded to whole percent."""
    zone, end = "Asia/Shanghai", datetime(2026, 3, 31, 16, 0, tzinfo=UTC)
    claims = []
    for n in range(5):
        floor.applies(f"+861390013910{n}", f"A{n}")
        claims.append(floor.files(f"+861390013910{n}"))
        floor.decides(MEI, claims[-1])
    floor.story.now = end - timedelta(seconds=1)
    for claim, opinion in zip(claims[:3], (Opinion.GOOD, Opinion.FAIR, Opinion.POOR), strict=True):
        says(floor, claim, opinion)
    floor.story.now = end
    for claim, opinion in zip(claims[3:], (Opinion.GOOD, Opinion.POOR), strict=True):
        says(floor, claim, opinion)
    with floor.story.database.reading() as session:
        all_of, none_of = (
            opinions_by_month(session, campaign, zone, floor.story.now) for campaign in (1, 2)
        )
        much_later = opinions_by_month(session, None, zone, end + timedelta(days=183))
    assert [(m.month.isoformat()[:7], m.satisfied, m.answers) for m in all_of] == [
        ("2026-04", 50, 2),
        ("2026-03", 33, 3),
    ]
    assert none_of == ()
    assert much_later == ()
    assert MonthOfOpinions(end.date(), 1, 1, 6).satisfied == 13
