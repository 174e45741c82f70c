"""Weights tried on recorded history before they are switched on: who would have been held, and
who among them are honest as far as anybody knows. Nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.actions.surveying import survey
from shared.campaigns.risk import RiskRules
from shared.ledger.balance import Account
from shared.ledger.entries import Entry, Leg
from shared.referrals.referrals import Referral
from shared.risk.cases import Case, CaseReferral, CaseState
from shared.risk.looks import MOST
from shared.risk.weighing import Action, Assessed, weigh

_AGAINST = (CaseState.CONFIRMED.value, CaseState.APPEALED.value, CaseState.UPHELD.value)
_KEPT = (Account.AVAILABLE.value, Account.PAID.value, Account.WITHHELD.value)


class Outcome(StrEnum):
    """What is known of a referral today."""

    ABUSE = "abuse"
    """Two people found against it."""
    CLEARED = "cleared"
    """A person looked and found it honest."""
    REWARDED = "rewarded"
    """It earned, and nobody took it back: honest as far as anybody knows."""
    OPEN = "open"
    """Nothing is known yet."""


HONEST = (Outcome.CLEARED, Outcome.REWARDED)


@dataclass
class RiskTrial:
    """What a draft's weights come to on a campaign's history."""

    slug: str
    looked: int = 0
    actions: Counter[Action] = field(default_factory=Counter)
    outcomes: Counter[tuple[Outcome, bool]] = field(default_factory=Counter)
    """By what is known, and whether it would have been held."""
    checks: Counter[str] = field(default_factory=Counter)
    """How often each check saw something in those held."""
    held: list[tuple[Assessed, Outcome]] = field(default_factory=list)
    """Those that would have been held, the honest first, then the heaviest."""

    @property
    def held_honest(self) -> int:
        """How many of the honest would have been held."""
        return sum(self.outcomes[outcome, True] for outcome in HONEST)

    @property
    def honest(self) -> int:
        """How many are honest as far as anybody knows."""
        return self.held_honest + sum(self.outcomes[outcome, False] for outcome in HONEST)


Told = Callable[[int, int], None]


def try_risk(
    session: Session,
    campaign_id: int,
    slug: str,
    rules: RiskRules,
    now: datetime,
    told: Told = lambda done, of: None,  # noqa: ARG005 (nobody asks)
) -> RiskTrial:
    """Look at every referral of a campaign by a draft's weights, as all is known today.

    Whoever hangs together with somebody who would be held as a cluster counts as held.
    """
    trial = RiskTrial(slug)
    count = select(func.count()).select_from(Referral).where(Referral.campaign_id == campaign_id)
    total = session.scalar(count) or 0
    found: dict[int, Assessed] = {}
    for ids in _batches(session, campaign_id):
        found |= {each.referral: each for each in _weighed(session, campaign_id, ids, rules, now)}
        told(len(found), total)
    caught = {number for each in found.values() if each.holds for number in each.cluster}
    for ids in _batches(session, campaign_id):
        outcomes = _outcomes(session, campaign_id, ids)
        for number in ids:
            _count(trial, found[number], outcomes[number], number in caught)
    trial.held.sort(key=lambda pair: (pair[1] not in HONEST, -pair[0].score, pair[0].referral))
    return trial


def _weighed(
    session: Session, campaign_id: int, ids: Collection[int], rules: RiskRules, now: datetime
) -> list[Assessed]:
    return [weigh(known) for known in survey(session, campaign_id, ids, rules, now)]


def _count(trial: RiskTrial, each: Assessed, outcome: Outcome, held: bool) -> None:
    trial.looked += 1
    trial.actions[each.action] += 1
    trial.outcomes[outcome, held] += 1
    if held:
        trial.held.append((each, outcome))
        trial.checks.update(signal.check for signal in each.signals)


def _batches(session: Session, campaign_id: int) -> Iterator[list[int]]:
    last = 0
    while True:
        query = select(Referral.id).where(Referral.campaign_id == campaign_id, Referral.id > last)
        ids = list(session.scalars(query.order_by(Referral.id).limit(MOST)))
        if not ids:
            return
        yield ids
        last = ids[-1]


def _outcomes(session: Session, campaign_id: int, ids: Collection[int]) -> dict[int, Outcome]:
    found = dict.fromkeys(ids, Outcome.OPEN)
    occasions = {f"referral:{number}": number for number in ids}
    rewarded = (
        select(Entry.occasion)
        .join(Leg, Leg.entry_id == Entry.id)
        .where(
            Entry.campaign_id == campaign_id,
            Entry.occasion.in_(occasions),
            Leg.account.in_(_KEPT),
        )
        .group_by(Entry.occasion)
        .having(func.sum(Leg.amount) > 0)
    )
    for occasion in session.scalars(rewarded):
        found[occasions[occasion]] = Outcome.REWARDED
    judged = (
        select(CaseReferral.referral_id, Case.state)
        .join(Case, Case.id == CaseReferral.case_id)
        .where(CaseReferral.referral_id.in_(ids))
        .order_by(Case.id)
    )
    for number, state in session.execute(judged):
        if state in _AGAINST:
            found[number] = Outcome.ABUSE
        elif state == CaseState.CLEARED.value:
            found[number] = Outcome.CLEARED
    return found
