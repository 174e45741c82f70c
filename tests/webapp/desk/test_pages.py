"""Every page of a thing, in three languages and for who looks only: words, no keys, no names."""

from __future__ import annotations

import re

import pytest
from counter import ALICE, EMILY
from desktop import LUO, SHEN, TANG, Desks
from held import hold_farm
from money import answers, goodwill, history, works

from shared.base.money import Unit
from shared.ledger.balance import Account, Balance, Key
from shared.ledger.entries import post

PAGES = (
    "/desk/approvals", "/desk/payouts", "/desk/payouts/1", "/desk/payouts/2",
    "/desk/remedies", "/desk/remedies/3", "/desk/campaigns/spring/recoverable",
    "/desk/reviews", "/desk/reviews/1", "/desk/reviews/3", "/desk/repairs",
    "/desk/cases", "/desk/cases/1", "/desk/cases/watched",
    "/desk/trials", "/desk/trials/2", "/desk/campaigns/spring", "/desk/remedies/4",
    "/desk/campaigns/spring/friends/1", "/desk/campaigns/spring/friends/2",
)  # fmt: skip
LANGUAGES = ("zh-Hans", "zh-Hant", "en")
PERSONAL = ("李爱丽", "Carter", "C100001", "13800138001")


@pytest.fixture
def full(desks: Desks) -> Desks:
    """Something of everything: batches on their way, requests, a review with faults, a trial."""
    crowd, member = history(desks), desks.house.member_id(ALICE)
    with desks.database.transaction() as session:
        for place, account in (("1", Account.RECOVERABLE), ("2", Account.PENDING)):
            key = Key(1, f"member:{member}", "base", f"referral:{place}")
            legs = Balance({(Account.FUNDING, Unit.CNY): -4_200, (account, Unit.CNY): 4_200})
            post(session, key, member, 1, legs, {}, desks.clock())
    tang, shen = desks.of(TANG), desks.of(SHEN)
    tang.posts("/desk/payouts", campaign="spring")
    shen.posts("/desk/payouts/1/confirm")
    shen.posts("/desk/payouts/1/file", form="csv")
    answers(tang, "JK000001-00001,failed,<i>closed</i>\nJK000001-00002,paid,")
    goodwill(desks, ALICE, 8_800)
    goodwill(desks, EMILY, 300, Unit.POINTS)
    tang.posts("/desk/payouts", campaign="spring")
    tang.posts("/desk/remedies/goodwill", campaign="spring", member=ALICE, amount="5", unit="CNY",
               reason="<i>late</i>")  # fmt: skip
    tang.posts("/desk/campaigns/spring/friends/2/fraud", reason="<i>same face</i>")
    tang.posts("/desk/reviews", campaign="spring", month="2026-03")
    tang.posts("/desk/trials", draft="version:spring:1", ltv="900")
    assert (works(desks), works(desks)) == (True, True)
    tang.posts("/desk/reviews/1/propose")
    tang.posts("/desk/reviews", campaign="spring", month="2026-02")
    assert crowd.campaign == 1
    hold_farm(desks)
    return desks


def test_every_page_speaks_three_languages_and_names_nobody(full: Desks) -> None:
    for staff_no, languages in ((SHEN, LANGUAGES), (LUO, LANGUAGES[:1])):
        desk = full.of(staff_no)
        for path in PAGES:
            for lang in languages:
                page = desk.opens(f"{path}?lang={lang}")
                assert (page.status, page.place) == (200, path)
                assert f'<html lang="{lang}">' in page.html
                raw = page.response.get_data(as_text=True)
                assert "<i>" not in raw, path
                shown = re.sub(r"<[^>]+>", " ", raw)
                assert (
                    re.findall(r"\b(?:desk|payout|review|risk|simulate)\.[a-z_.]+", shown) == []
                ), path
                assert [each for each in PERSONAL if each in raw] == [], path
