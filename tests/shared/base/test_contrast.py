"""Contrast as WCAG counts it, and an issuer's colour made readable by night."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.base.contrast import contrast_ratio, readable_on

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06X}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#FFFFFF", 21.0),
        ("#777777", "#FFFFFF", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#B3261E", "#B3261E", 1.0),
        ("#0000FF", "#FFFFFF", 8.59),
    ],
)
def test_known_pairs_have_their_known_ratio(one: str, other: str, ratio: float) -> None:
    assert contrast_ratio(one, other) == pytest.approx(ratio, abs=0.005)


@given(one=colours, other=colours)
def test_the_order_of_the_pair_does_not_matter(one: str, other: str) -> None:
    assert contrast_ratio(one, other) == contrast_ratio(other, one)
    assert 1 <= contrast_ratio(one, other) <= 21


@pytest.mark.parametrize("wrong", ["red", "#FFF", "B3261E", "#B3261", "#B3261EFF", "#GGGGGG", ""])
def test_anything_but_six_hex_digits_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="is not a colour like"):
        contrast_ratio(wrong, "#FFFFFF")


@given(colour=colours)
def test_any_brand_colour_can_be_made_readable_in_the_dark(colour: str) -> None:
    assert contrast_ratio(readable_on(colour, "#1A2029"), "#1A2029") >= 4.5


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert readable_on("#FF7A6B", "#12161C") == "#FF7A6B"
    assert readable_on("#B3261E", "#FFFFFF") == "#B3261E"


def test_a_colour_is_lightened_no_further_than_needed() -> None:
    assert 4.5 <= contrast_ratio(readable_on("#1F4E9E", "#1A2029"), "#1A2029") < 4.9


def test_a_contrast_that_no_colour_has_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing has a contrast of 20:1"):
        readable_on("#808080", "#808080", ratio=20)
