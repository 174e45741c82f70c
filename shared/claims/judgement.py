"""The machine's judgement of a claim: plain data in, an outcome out.

What it answers depends on what ties the number to the claimant, never on what the bank said of
the number, unless the number's owner stands behind the claim: by a registration under the
claimant's invite, or by having confirmed. So nobody learns from it whose customer a number is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.claims.asks import Answer, Way
from shared.claims.claims import How, Reason
from shared.claims.evidence import (
    DOUBTS,
    SPEAKS_ALONE,
    SURE,
    WORTH_A_PERSON,
    Evidence,
    EvidenceKind,
    barred,
    kinds_of,
    tie,
)


class Outcome(StrEnum):
    CREDIT = "credit"
    ASK = "ask"
    PERSON = "person"
    REFUSE = "refuse"
    WAIT = "wait"
    """Nothing yet: more may be heard."""


@dataclass(frozen=True)
class Look:
    """What the machine looks at."""

    found: tuple[Evidence, ...]
    ties: tuple[Evidence, ...]
    """The same search as if the bank had told nothing."""
    how: How
    named: bool
    """The friend's number is known: not by last digits or a receipt alone."""
    said: Answer | None
    """What the friend answered, if asked."""
    reachable: bool
    """The friend registered under the claimant's invite and may be written to."""
    small: bool
    """The reward is within what a branch may decide."""
    waited: bool
    """The time after which the machine answers is over."""
    heard_out: bool
    """So is the longest time for facts that come late."""


@dataclass(frozen=True)
class Verdict:
    """What is to be done. `reason` of a refusal; `way` of asking."""

    outcome: Outcome
    reason: Reason | None = None
    way: Way | None = None


_WAIT = Verdict(Outcome.WAIT)
_PERSON = Verdict(Outcome.PERSON)


def judge(look: Look) -> Verdict:
    """Credited, asked, to a person, refused, or nothing yet."""
    if look.said is not Answer.NOT_ME and speaks_for_itself(look):
        return Verdict(Outcome.CREDIT, Reason.EVIDENCE)
    if look.said is Answer.NOT_ME:
        return Verdict(Outcome.REFUSE, Reason.NOT_ME)
    if look.said is Answer.CONFIRMED:
        return _after_confirmation(look)
    registered = EvidenceKind.REGISTRATION_OWN in kinds_of(look.ties)
    if not registered and _worth_a_person(look):
        return _PERSON
    if not look.waited:
        return _WAIT
    if not registered:
        return Verdict(Outcome.ASK, way=Way.LINK)
    if (reason := barred(look.found)) is not None:
        return Verdict(Outcome.REFUSE, reason)
    return Verdict(Outcome.ASK, way=Way.SMS) if look.reachable else _PERSON


def speaks_for_itself(look: Look) -> bool:
    """Whether the machine may credit: a proven registration under the claimant's own
    invite or the friend's word, an application, and nothing in the way or in doubt."""
    kinds = kinds_of(look.found)
    alone = kinds & SPEAKS_ALONE
    doubts = kinds & DOUBTS
    if EvidenceKind.REGISTRATION_OWN in kinds:
        doubts -= {EvidenceKind.OTHER_CLAIM}  # what was recorded beats who claims
    elif not look.small:
        return False
    return (
        bool(alone)
        and tie(look.found) >= SURE
        and EvidenceKind.APPLICATION in kinds
        and not doubts
        and barred(look.found) is None
    )


def _worth_a_person(look: Look) -> bool:
    """Whether people can know more than the machine: the branch, a strong tie, two claimants."""
    if not look.named:
        return False  # nobody can look for a friend without a number
    rival = EvidenceKind.OTHER_CLAIM in kinds_of(look.found)
    return rival or look.how is How.IN_BRANCH or tie(look.ties) >= WORTH_A_PERSON


def _after_confirmation(look: Look) -> Verdict:
    """The number's owner has spoken: what the bank said of the number may decide."""
    reason = barred(look.found)
    if reason is Reason.NO_APPLICATION and not look.heard_out:
        return _WAIT
    return _PERSON if reason is None else Verdict(Outcome.REFUSE, reason)
