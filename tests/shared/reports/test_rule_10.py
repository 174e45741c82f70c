"""A friend's finances are the friend's: what Alice sees in every state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from snapshot import Kept
from sqlalchemy import select
from story import BOB, Story

from shared.actions.remedying import ask_finding, decide_remedy
from shared.actions.stopping import withdraw_consent
from shared.base.database import Database
from shared.base.money import Unit
from shared.people.chats import hash_token
from shared.people.consents import Purpose
from shared.people.staff import Staff
from shared.referrals.referrals import Referral, Registration
from shared.reports.progress import FriendState
from shared.rewards.remedies import RemedyKind

S = FriendState
Step = Callable[[Story], object]


def submitted(story: Story) -> None:
    story.bank("application.submitted", application_id="A1", phone=BOB)


def approved(story: Story) -> None:
    story.later(days=1)
    story.bank("application.approved", application_id="A1", customer_ref="N1")


def existing(story: Story) -> None:
    story.later(days=1)
    story.bank(
        "application.approved", application_id="A1", customer_ref="N1", existing_customer=True
    )


def declined(story: Story) -> None:
    story.later(days=1)
    story.bank("application.declined", application_id="A1")


def activated(story: Story) -> None:
    story.later(days=1)
    story.bank("card.activated", customer_ref="N1")


def purchase(amount: int) -> Step:
    def spend(story: Story) -> None:
        story.later(days=1)
        story.bank(
            "transaction.posted", customer_ref="N1", transaction_id=f"T{amount}",
            amount=amount, currency="CNY", kind="purchase",
        )  # fmt: skip

    return spend


def reversal(story: Story) -> None:
    story.later(days=1)
    story.bank(
        "transaction.reversed", customer_ref="N1", original_transaction_id="T30000", amount=30000
    )


def closed(story: Story) -> None:
    story.later(days=1)
    story.bank("card.closed", customer_ref="N1")


def flagged(story: Story) -> None:
    story.later(days=1)
    story.bank("account.flagged", customer_ref="N1")


def found(kind: RemedyKind) -> Step:
    """One at the desk asks, another agrees."""

    def find(story: Story) -> None:
        story.later(days=1)
        with story.database.transaction() as session:
            tang, shen = (
                session.scalars(select(Staff).where(Staff.staff_no == number)).one()
                for number in ("S9001", "S9003")
            )
            bob = session.scalars(select(Referral)).one()
            number = ask_finding(session, tang, bob.campaign_id, bob.id, kind, "x", story.now)
            decide_remedy(session, shen, number, True, story.now)
        story.work()

    return find


fraud, cleared = found(RemedyKind.FRAUD), found(RemedyKind.CLEARED)


def window_ends(story: Story) -> None:
    story.later(days=130)
    story.work()


SMALL, FULL = purchase(1200), purchase(30000)
P, R, E, N = S.IN_PROGRESS, S.REGISTERED, S.EARNED, S.NOT_MET
WAYS: list[tuple[str, list[Step], list[FriendState], list[FriendState]]] = [
    # what happens, step by step | Alice without Bob's consent | with it
    (
        "earns",
        [submitted, approved, activated, SMALL, FULL],
        [P, P, P, P, E],
        [P, S.APPROVED, S.ACTIVATED, S.FIRST_PURCHASE, E],
    ),
    ("is declined", [submitted, declined, window_ends], [P, P, N], [P, P, N]),
    ("is a customer", [submitted, existing, FULL, window_ends], [P, P, P, N], [P, P, P, N]),
    (
        "never activates",
        [submitted, approved, window_ends],
        [P, P, N],
        [P, S.APPROVED, N],
    ),
    (
        "closes the card early",
        [submitted, approved, closed, window_ends],
        [P, P, P, N],
        [P, S.APPROVED, S.APPROVED, N],
    ),
    (
        "is taken back",
        [submitted, approved, FULL, reversal],
        [P, P, E, P],
        [P, S.APPROVED, E, S.APPROVED],
    ),
    ("is flagged", [submitted, approved, FULL, flagged], [P, P, E, E], [P, S.APPROVED, E, E]),
    ("never applies", [window_ends], [N], [N]),
    (
        "is found a fraud",
        [submitted, approved, FULL, fraud, window_ends],
        [P, P, E, P, N],
        [P, S.APPROVED, E, P, N],
    ),
    (
        "is found a fraud before spending",
        [submitted, approved, activated, fraud, FULL, window_ends],
        [P, P, P, P, P, N],
        [P, S.APPROVED, S.ACTIVATED, P, P, N],
    ),
    (
        "is found a fraud and cleared",
        [submitted, approved, FULL, fraud, cleared],
        [P, P, E, P, E],
        [P, S.APPROVED, E, P, E],
    ),
]


@pytest.mark.parametrize("consent", [False, True], ids=["without consent", "with consent"])
@pytest.mark.parametrize("way", WAYS, ids=[way[0] for way in WAYS])
def test_alice_sees_of_bob_only_what_rule_10_allows(
    database: Database,
    now: datetime,
    way: tuple[str, list[Step], list[FriendState], list[FriendState]],
    consent: bool,
) -> None:
    _, steps, without, consented = way
    story = Story(database, now)
    story.registers(progress=consent)
    assert story.friend() is R
    for step, state in zip(steps, consented if consent else without, strict=True):
        step(story)
        assert story.friend() is state, step
        line = story.line()
        assert line.label == ""
        assert line.amount in (0, 10000)
    told = {params["state"] for params in story.params("friend.step")}
    allowed = {"in_progress", "not_met"} | (
        {"approved", "activated", "first_purchase"} if consent else set()
    )
    assert told <= allowed


def test_a_fraud_is_told_as_a_purchase_taken_back_is(database: Database, now: datetime) -> None:
    """The clause and the amount, in the very same words; of the friend not one more."""

    empty = Kept(database)

    def told(ending: Step) -> tuple[list[dict[str, Any]], list[str]]:
        empty.put_back()
        story = Story(database, now)
        story.registers(progress=True)
        for step in (submitted, approved, FULL, ending):
            step(story)
        return story.params("reward.reversed"), story.notices()

    assert told(fraud) == told(reversal)
    assert told(fraud)[0]


def test_the_deadline_shown_without_consent_says_nothing_of_the_approval(
    database: Database, now: datetime
) -> None:
    story = Story(database, now)
    story.registers()
    submitted(story)
    before = story.line().until
    approved(story)
    activated(story)
    assert story.line().until == before


def test_consent_taken_back_hides_the_steps_again(database: Database, now: datetime) -> None:
    story = Story(database, now)
    story.registers(progress=True)
    submitted(story)
    approved(story)
    assert story.friend() is S.APPROVED
    with database.transaction() as session:
        registration = session.get(Registration, 1)
        assert registration is not None
        registration.handle = hash_token("bobs-browser")
    with database.transaction() as session:
        assert withdraw_consent(session, "bobs-browser", {Purpose.PROGRESS}, story.now) == 1
    assert story.friend() is P


def test_a_masked_name_shows_only_by_consent_and_a_nickname_always(
    database: Database, now: datetime
) -> None:
    from shared.actions.inviting import name_friend

    story = Story(database, now)
    story.registers()
    assert story.line().label == ""
    with database.transaction() as session:
        name_friend(session, story.alice, 1, 1, "王同事")
    assert story.line().label == "王同事"


def test_the_reward_itself_never_names_a_purchase(database: Database, now: datetime) -> None:
    story = Story(database, now)
    story.registers(progress=True)
    for step in (submitted, approved, activated, purchase(98765)):
        step(story)
    told = [story.params(kind) for kind in ("friend.step", "reward.pending", "step.reached")]
    assert "98765" not in repr(told) + repr(story.progress())
    assert story.progress().pending[Unit.CNY] == 10000
