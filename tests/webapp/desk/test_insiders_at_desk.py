"""Ways in which the desk's people would pay themselves, a relative or a friend, or approve their
own work: none works."""

from __future__ import annotations

from typing import Any

import insiders_of_cases as of_cases
import insiders_of_money as of_money
import insiders_of_payouts as of_payouts
import insiders_of_rules as of_rules
import pytest
from counter import CHEN, EMILY, MEIS_CARD, words
from desktop import SHEN, TANG, Desks
from insiders import Way, invited_emily, standing, tries

WAYS = (*of_money.WAYS, *of_payouts.WAYS, *of_rules.WAYS, *of_cases.WAYS)
PARAMS: dict[str, dict[str, Any]] = dict(of_payouts.PARAMS)


def _ways() -> list[Any]:
    """Every third way by day, all of them by night."""
    return [
        pytest.param(way, refusal, id=name, marks=[pytest.mark.nightly] if place % 3 else [])
        for place, (name, way, refusal) in enumerate(WAYS)
    ]


@pytest.mark.parametrize(("way", "refusal"), _ways())
def test_a_way_at_the_desk_is_closed(desks: Desks, way: Way, refusal: str | int) -> None:
    tries(desks, way, refusal, **PARAMS.get(str(refusal), {}))


def test_the_same_is_done_by_who_is_no_party(desks: Desks) -> None:
    """What was refused above, done by a colleague who has nothing to do with it."""
    invited_emily(desks)
    before = standing(desks)
    assert of_money.gives(desks.of(TANG), EMILY).place == of_money.ONE
    agreed = desks.of(SHEN).posts(f"{of_money.ONE}/agree")
    assert words("desk.remedy.said.done", number=1) in agreed.html
    assert standing(desks)["positions"] != before["positions"]
    assert desks.of(SHEN).posts(of_payouts.PAYOUTS, campaign="spring").place == of_payouts.FIRST
    sent = desks.of(CHEN).posts(f"{of_payouts.FIRST}/confirm")
    assert words("desk.payout.said.confirmed", number=1) in sent.html
    of_payouts.repairs(desks, MEIS_CARD, TANG)
    done = desks.of(CHEN).posts("/desk/repairs/1/apply")
    assert words("desk.repair.said.applied", number=1) in done.html
