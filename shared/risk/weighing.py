"""Weighing: signals become a score, and the score what is done. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.risk import circumstances, hard_checks, money_checks
from shared.risk.known import Known, Signal


class Action(StrEnum):
    """What is done about a referral. Refusing is not among them: only people refuse."""

    PASS = "pass"  # noqa: S105 (no password)
    WATCH = "watch"
    """Written down for who looks; nothing waits."""
    HOLD = "hold"
    """Nothing of this referral is released until a person decides."""
    HOLD_CLUSTER = "hold_cluster"
    """Nothing of whatever hangs together with it."""


HARD = (*hard_checks.CHECKS, *money_checks.CHECKS)
"""Each may add to the score without a bound."""
_CLUSTERS = hard_checks.CLUSTERS | money_checks.CLUSTERS


@dataclass(frozen=True)
class Assessed:
    """What came of looking at one referral; the heaviest signal first."""

    referral: int
    member: int
    score: int
    action: Action
    signals: tuple[Signal, ...]
    cluster: tuple[int, ...]
    """The referrals that are held with it."""

    @property
    def holds(self) -> bool:
        """Whether anything waits for a person."""
        return self.action in (Action.HOLD, Action.HOLD_CLUSTER)


def weigh(known: Known) -> Assessed:
    """Run every check over what is known of one referral."""
    hard = [signal for check in HARD if (signal := check(known)) is not None]
    soft = [signal for check in circumstances.CHECKS if (signal := check(known)) is not None]
    bound = known.rules.circumstances_at_most
    score = _sum(hard) + min(_sum(soft), bound)
    signals = sorted((s for s in (*hard, *soft) if s.weight), key=lambda s: (-s.weight, s.check))
    action = _action(known, score, signals)
    assert known.of.referral is not None
    cluster = [each.referral for each in known.cluster if each.referral is not None]
    held = cluster if action is Action.HOLD_CLUSTER else [known.of.referral]
    return Assessed(
        known.of.referral, known.of.member, score, action, tuple(signals), tuple(sorted(held))
    )


def _sum(signals: list[Signal]) -> int:
    return sum(signal.weight for signal in signals)


def _action(known: Known, score: int, signals: list[Signal]) -> Action:
    rules = known.rules
    if score < rules.watch_from:
        return Action.PASS
    if score < rules.hold_from:
        return Action.WATCH
    together = len({each.referral for each in known.cluster if each.referral}) > 1
    if together and any(signal.check in _CLUSTERS for signal in signals):
        return Action.HOLD_CLUSTER
    return Action.HOLD
