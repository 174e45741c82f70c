"""Lines turn where Chinese may; Chinese and Latin keep their distance; forms follow language."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import features

from shared.pictures.typeset import balanced, broken, mask_of, missing_glyphs, spaced, width_of

SPEND = ["Spend", "¥300", "once", "and", "receive", "¥100", "each"]
CLOSING = "，。、；：！？）》」』】"
chinese = st.text(
    alphabet="您和朋友首刷满得《条款》（单利），。；：300¥% ", min_size=1, max_size=80
)


@given(text=chinese, width=st.integers(260, 900))
@settings(max_examples=80, deadline=None)
def test_no_word_is_lost_and_no_line_is_too_wide(text: str, width: int) -> None:
    lines = broken(text, 40, width, "zh-Hans")
    blank = dict.fromkeys(map(ord, " \u2009"))
    assert "".join(lines).translate(blank) == text.translate(blank)
    wide = [line for line in lines if width_of(line, 40, "zh-Hans") > width]
    assert all(broken(line, 40, 1, "zh-Hans") in ([line], ["", line]) for line in wide)


@pytest.mark.parametrize("width", range(200, 700, 40))
def test_no_line_begins_with_closing_or_ends_with_opening_punctuation(width: int) -> None:
    text = "分期年化利率（单利）10.8%～18.2%；循环利息，日利率 0.05%。详见《领用合约》。"
    lines = broken(text, 30, width, "zh-Hans")
    assert len(lines) > 1
    assert not any(line[0] in CLOSING for line in lines)
    assert not any(line[-1] in "（《" for line in lines)
    assert all(any(number in line for line in lines) for number in ("10.8%", "18.2%；", "0.05%。"))


def test_english_turns_between_words() -> None:
    lines = broken(" ".join(SPEND), 40, 300, "en")
    assert " ".join(lines).split() == SPEND


def test_a_title_turns_at_its_comma() -> None:
    assert balanced("首刷满三百元，您和朋友各得一百元", 80, 900, "zh-Hans") == [
        "首刷满三百元，",
        "您和朋友各得一百元",
    ]


def test_a_title_without_a_comma_is_set_in_lines_of_about_one_length() -> None:
    lines = balanced("邀请朋友办理青山轻享信用卡各得一百元", 80, 1200, "zh-Hans")
    assert len(lines) == 2
    assert abs(len(lines[0]) - len(lines[1])) <= 3


@pytest.mark.parametrize(
    ("plain", "set_"),
    [
        ("满¥300得100元", "满\u2009¥300\u2009得\u2009100\u2009元"),
        ("满 ¥300 得", "满\u2009¥300\u2009得"),
        ("ends here", "ends here"),
        ("一，2", "一，2"),
    ],
)
def test_chinese_and_latin_stand_a_thin_space_apart(plain: str, set_: str) -> None:
    assert spaced(plain) == set_


@pytest.mark.skipif(not features.check("raqm"), reason="Pillow was built without raqm")
def test_one_character_is_drawn_in_the_form_of_each_language() -> None:
    hans, hant = (mask_of("骨", 60, language) for language in ("zh-Hans", "zh-Hant"))
    assert hans.shape != hant.shape or (hans != hant).any()


def test_ink_stays_within_the_line() -> None:
    mask = mask_of("荐卡 K7Q2", 60, "zh-Hans", bold=1)
    assert mask.max() == 255
    assert not np.concatenate([mask[0], mask[-1]]).any()


def test_only_what_the_font_lacks_is_named() -> None:
    assert missing_glyphs("荐卡 Jianka ¥100，🎁好礼🎁 📎 \u2009\n") == "🎁📎"
