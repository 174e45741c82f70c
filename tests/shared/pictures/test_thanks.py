"""Thank-you cards: of one size, light, in three languages; what cannot be drawn is refused."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from shared.pictures import Thanks, thanks_png

HANS = Thanks(
    language="zh-Hans",
    issuer="青山银行",
    eyebrow="推荐有礼 · 致谢",
    to="李**：",
    words="感谢您把好卡\n介绍给 3 位朋友",
    more="每一位，都是您的一份心意。",
    day="2026 年 3 月 6 日",
)
CARDS = [
    HANS,
    replace(HANS, language="zh-Hant", words="感謝您把好卡\n介紹給 10 位朋友", to="李**："),
    replace(
        HANS,
        language="en",
        issuer="The International Commercial and Agricultural Bank of Qingshan",
        to="Dear W***,",
        words="Thank you for introducing our card to 10 friends",
        more="They heard of it from someone they know.",
        day="December 26, 2026",
    ),
]


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.language)
def test_a_card_is_1080_by_1350_and_light_enough_to_send(card: Thanks) -> None:
    drawn = thanks_png(card)
    picture = Image.open(io.BytesIO(drawn))
    picture.load()
    assert picture.size == (1080, 1350)
    assert len(drawn) < 200_000
    # The frame stands free: no word runs over it.
    column = picture.convert("L").crop((1042, 700, 1080, 1300))
    assert min(column.tobytes()) > 200


def test_another_number_is_another_card() -> None:
    assert thanks_png(HANS) != thanks_png(replace(HANS, words="感谢您把好卡\n介绍给 5 位朋友"))


def test_what_the_font_lacks_or_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot draw"):
        replace(HANS, to="😀")
    with pytest.raises(ValueError, match="too long"):
        thanks_png(replace(HANS, words="好" * 90))
