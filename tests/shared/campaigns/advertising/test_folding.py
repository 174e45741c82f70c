"""One spelling: what is folded away, and that every character keeps its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.campaigns.advertising import absolutes, check, conduct, disclosure, promises, sharing
from shared.campaigns.advertising.folding import fold, spellings


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Ｎｏ．１", "no 1"),
        ("N O . 1", "no1"),
        ("絕對　優惠", "绝对优惠"),
        ("最 ★ 佳", "最佳"),
        ("第①", "第一"),
        ("第 1 步", "第一步"),
        ("第 10 步", "第10步"),
        ("满 ¥300 得", "满¥300得"),
        ("3,000 积分", "3,000积分"),
        ("0.60% a month", "0.60% a month"),
        ("risk-free", "risk free"),
        ("China's #1 card", "chinas#1 card"),
        ("it's fine. No. 1", "its fine. no. 1"),
        ("最，好", "最好"),
        ("一行\n两行", "一行\n两行"),
        ("a\tb", "a b"),
    ],
)
def test_a_text_is_folded_to_one_spelling(written: str, folded: str) -> None:
    assert fold(written).text == folded


@given(
    st.text(alphabet=st.sampled_from("最好第1一①ＮＯno.，。 ·★\u200b絕b e\n¥%#'@3é"), max_size=40)
)
def test_every_character_keeps_its_place(written: str) -> None:
    for folded in spellings(written):
        assert len(folded.text) == len(folded.starts) == len(folded.ends)
        for place in range(len(folded.text)):
            start, end = folded.span(place, place + 1)
            assert 0 <= start < end <= len(written)
        assert list(folded.starts) == sorted(folded.starts)


def _in(character: str, charset: str) -> bool:
    try:
        character.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _spoken() -> set[str]:
    """Every Han character of the rules; the last one of the block only ends a range."""
    rooms = (absolutes, check, conduct, disclosure, promises, sharing)
    values = [value for room in rooms for value in vars(room).values()]
    each = [part for value in values for part in (value if isinstance(value, tuple) else [value])]
    words = "".join(
        str(part if isinstance(part, str) else getattr(part, "pattern", "")) for part in each
    )
    assert len(words) > 8000
    return {character for character in words if "\u4e00" <= character <= "\u9fff"} - {"龥"}


def test_patterns_are_written_in_the_characters_that_texts_are_folded_to() -> None:
    assert sorted(each for each in _spoken() if fold(each).text != each) == []
    assert sorted(each for each in _spoken() if not _in(each, "gb2312")) == []


def test_a_simplified_character_of_the_patterns_is_what_its_traditional_one_folds_to() -> None:
    """What Big5 does not hold is simplified, and some other character becomes it."""
    traditional = [chr(code) for code in range(0x4E00, 0xA000) if _in(chr(code), "big5")]
    becomes = {fold(each).text for each in traditional}
    simplified = {each for each in _spoken() if not _in(each, "big5")}
    assert len(simplified) > 200
    assert sorted(simplified - becomes) == []
