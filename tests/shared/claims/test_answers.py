"""Answers in three languages: worded lines only, the same whatever the reason is."""

from __future__ import annotations

import re

import pytest

from shared.base.i18n import Locale, text
from shared.claims.answers import OFFERED, Template, answer_words
from shared.claims.claims import BY_PEOPLE, outward

PARAMS = {"number": "C-7K2Q9M", "clause": 11, "version": 3, "zone": "Asia/Shanghai"}
UNTIL = {"until": "2026-04-03T04:00:00+00:00"}
TELLING = re.compile(
    r"拒绝|拒絕|婉拒|已是|老客|既有|持卡|其他推荐|其他推薦"
    r"|declin|reject|existing|already|another member",
    re.IGNORECASE,
)
"""Words that would tell something of the friend."""


@pytest.mark.parametrize("locale", list(Locale))
@pytest.mark.parametrize("credited", [True, False])
def test_every_answer_that_is_offered_is_whole_in_every_language(
    locale: Locale, credited: bool
) -> None:
    outcome = "credited" if credited else "not_eligible"
    said = set()
    for template in OFFERED[credited]:
        more = {} if credited else UNTIL
        words = answer_words(locale, PARAMS | {"outcome": outcome, "template": template} | more)
        assert words.startswith("<b>")
        assert "C-7K2Q9M" in words
        assert "{" not in words
        assert len(words.splitlines()) <= 8
        assert not TELLING.search(words)
        line = f"notice.claim.template.{template}"
        assert template is Template.PLAIN or text(locale, line) in words
        said.add(words)
    assert len(said) == len(OFFERED[credited])  # each says something of its own


@pytest.mark.parametrize("locale", list(Locale))
def test_a_refusal_says_until_when_it_can_be_reviewed_or_that_it_was(locale: Locale) -> None:
    refused = PARAMS | {"outcome": "not_eligible"}
    may = answer_words(locale, refused | UNTIL)
    final = answer_words(locale, refused | {"final": True})
    plain = answer_words(locale, refused)
    assert {Locale.EN: "April 3", Locale.ZH_HANS: "4 月 3 日", Locale.ZH_HANT: "4 月 3 日"}[
        locale
    ] in may
    assert text(locale, "notice.claim.final") in final
    assert text(locale, "notice.claim.final") not in may
    assert plain in may
    assert plain in final


def test_lines_for_a_credit_and_for_a_refusal_are_kept_apart() -> None:
    assert {each for offered in OFFERED.values() for each in offered} == set(Template)
    assert Template.SHARE not in OFFERED[False]
    assert not {Template.LINK, Template.BRANCH} & set(OFFERED[True])
    assert all(offered[0] is Template.PLAIN for offered in OFFERED.values())


def test_whatever_people_refuse_for_reads_alike() -> None:
    assert {outward(reason) for reason in BY_PEOPLE} == {"not_eligible"}
