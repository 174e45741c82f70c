"""The judgement is pure: every sort of evidence in, one outcome out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.claims.asks import Answer, Way
from shared.claims.claims import How, Reason
from shared.claims.evidence import BARS, DOUBTS, TIES, WEIGHTS, Evidence, EvidenceKind
from shared.claims.judgement import Look, Outcome, Verdict, judge

K = EvidenceKind
NOTHING = Look((), (), How.WITHOUT_LINK, True, None, False, True, True, False)
BANKS_WORD = [
    K.APPLICATION, K.APPLICATION_SLIP, K.NO_APPLICATION, K.EXISTING, K.DECLINED, K.OWN, K.OLDER,
    K.TOO_OLD, K.CREDITED_ELSEWHERE, K.CLAIMED_ELSEWHERE, K.DATE_FITS, K.DATE_DIFFERS,
    K.BRANCH_NAMED, K.REGISTRATION_ELSEWHERE, K.VISITS, K.SAME_DEVICE, K.REGISTRATION_SAME_DAY,
]  # fmt: skip
"""All that is known of a number without its owner having done anything for the claimant."""
MADE_UP = [K.REGISTRATION_UNFINISHED, K.REGISTRATION_SLIP, K.RECEIPT, K.STAFF_ENTRY]
"""What somebody can bring about for a stranger's number."""


def look(*kinds: K, ties: tuple[K, ...] = (), **more: object) -> Look:
    found = tuple(map(Evidence, (*kinds, *ties)))
    return replace(NOTHING, found=found, ties=tuple(map(Evidence, ties)), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (look(K.APPLICATION, ties=(K.REGISTRATION_OWN,)), Verdict(Outcome.CREDIT, Reason.EVIDENCE)),
        (
            look(K.APPLICATION, ties=(K.REGISTRATION_OWN,), waited=False),
            Verdict(Outcome.CREDIT, Reason.EVIDENCE),
        ),
        (
            look(K.APPLICATION, K.OTHER_CLAIM, ties=(K.REGISTRATION_OWN,)),
            Verdict(Outcome.CREDIT, Reason.EVIDENCE),
        ),
        (look(K.APPLICATION, K.OTHER_CLAIM, K.REGISTRATION_SAME_DAY), Verdict(Outcome.PERSON)),
        (look(K.APPLICATION, waited=False), Verdict(Outcome.WAIT)),
        (look(K.APPLICATION), Verdict(Outcome.ASK, way=Way.LINK)),
        (look(K.APPLICATION, ties=(K.RECEIPT,)), Verdict(Outcome.ASK, way=Way.LINK)),
        (look(K.APPLICATION, how=How.IN_BRANCH, waited=False), Verdict(Outcome.PERSON)),
        (look(how=How.IN_BRANCH, named=False), Verdict(Outcome.ASK, way=Way.LINK)),
        (look(ties=(K.REGISTRATION_UNFINISHED,), waited=False), Verdict(Outcome.PERSON)),
        (look(K.OTHER_CLAIM), Verdict(Outcome.PERSON)),
        (
            look(K.APPLICATION_SLIP, ties=(K.REGISTRATION_OWN,), reachable=True),
            Verdict(Outcome.ASK, way=Way.SMS),
        ),
        (look(K.APPLICATION_SLIP, ties=(K.REGISTRATION_OWN,)), Verdict(Outcome.PERSON)),
        (look(K.APPLICATION, K.FRIEND_CONFIRMED, said=Answer.CONFIRMED, small=False),
         Verdict(Outcome.PERSON)),
        (look(K.APPLICATION, K.FRIEND_CONFIRMED, said=Answer.CONFIRMED),
         Verdict(Outcome.CREDIT, Reason.EVIDENCE)),
        (look(K.APPLICATION, K.FRIEND_CONFIRMED, K.DATE_DIFFERS, said=Answer.CONFIRMED),
         Verdict(Outcome.PERSON)),
        (look(K.NO_APPLICATION, K.FRIEND_CONFIRMED, said=Answer.CONFIRMED), Verdict(Outcome.WAIT)),
        (look(K.NO_APPLICATION, K.FRIEND_CONFIRMED, said=Answer.CONFIRMED, heard_out=True),
         Verdict(Outcome.REFUSE, Reason.NO_APPLICATION)),
        (look(K.APPLICATION, ties=(K.REGISTRATION_OWN,), said=Answer.NOT_ME),
         Verdict(Outcome.REFUSE, Reason.NOT_ME)),
    ],
)  # fmt: skip
def test_each_sort_of_claim_has_its_outcome(seen: Look, verdict: Verdict) -> None:
    assert judge(seen) == verdict


@given(
    st.sets(st.sampled_from(BANKS_WORD)),
    st.sets(st.sampled_from(MADE_UP)),
    st.sampled_from(list(How)),
    st.booleans(),
)
def test_without_the_owner_the_answer_says_nothing_of_the_bank(
    told: set[K], made_up: set[K], how: How, waited: bool
) -> None:
    ties = tuple(sorted(made_up))
    silent = look(ties=ties, how=how, waited=waited)
    assert judge(look(*told, ties=ties, how=how, waited=waited)) == judge(silent)
    assert judge(silent).outcome not in (Outcome.CREDIT, Outcome.REFUSE)


@given(st.sets(st.sampled_from(list(K))), st.booleans(), st.sampled_from([None, *Answer]))
def test_nothing_in_the_way_and_no_doubt_is_ever_passed_over(
    kinds: set[K], small: bool, said: Answer | None
) -> None:
    seen = look(*sorted(kinds), small=small, said=said)
    if judge(seen).outcome is not Outcome.CREDIT:
        return
    assert not kinds & set(BARS)
    assert not kinds & (DOUBTS - {K.OTHER_CLAIM})
    assert K.APPLICATION in kinds
    assert kinds & {K.REGISTRATION_OWN, K.FRIEND_CONFIRMED}


def test_every_kind_weighs_and_what_bars_weighs_against() -> None:
    assert set(WEIGHTS) == set(K)
    assert all(WEIGHTS[kind] < 0 for kind in BARS)
    assert sum(WEIGHTS[kind] for kind in (K.REGISTRATION_SLIP, K.RECEIPT)) > 0
    assert TIES.isdisjoint(BARS)
