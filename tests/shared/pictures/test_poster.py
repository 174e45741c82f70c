"""Posters: read by an independent reader, complete in words, honest about what does not fit."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from shared.pictures import Poster, Sheet, Theme, missing_glyphs, poster_png
from shared.pictures.sheet import CODE_HIGH, CODE_TOP, PANEL_TOP, QR_SIDE, QR_TOP

LINK = "https://jianka.example/i/K7Q2M9XD?utm_source=poster"
HANS = Sheet(
    language="zh-Hans",
    issuer="青山银行",
    eyebrow="春季推荐有礼",
    title="首刷满 ¥300，您和朋友各得 ¥100",
    offers=("新客办卡并在 30 天内首刷满 ¥300", "首年免年费，次年刷满 6 次免年费"),
    scan="微信或相机扫码，约 1 分钟填完",
    footnote="名额 2,000 位。次年起未达标年费 ¥200；分期年化利率（单利）10.8%～18.2%；"
    "循环利息日利率 0.05%；取现手续费 1%，最低 ¥10。办卡以银行审批为准。",
)
HANT = replace(
    HANS,
    language="zh-Hant",
    issuer="青山銀行",
    eyebrow="春季推薦有禮",
    title="首刷滿 ¥300，您和朋友各得 ¥100",
    offers=("新戶辦卡並於 30 天內首刷滿 ¥300",),
    scan="以相機掃描，約 1 分鐘填完",
    footnote="名額 2,000 位。分期年利率 10.8%～18.2%；核卡以銀行審核為準。",
)
EN = Sheet(
    language="en",
    issuer="Qingshan Bank",
    title="Spend ¥300 once, and you and your friend receive ¥100 each",
    offers=("New cardholders, first purchase of ¥300 within 30 days", "No fee in the first year"),
    scan="Scan with your camera, about one minute",
    footnote="For the first 2,000 friends. Instalments 10.8%–18.2% a year; the bank decides.",
)
SHEETS = {"zh-Hans": HANS, "zh-Hant": HANT, "en": EN}


def drawn(sheet: Sheet, link: str = LINK, code: str = "K7Q2-M9XD") -> Image.Image:
    return Image.open(io.BytesIO(poster_png(Poster(sheet, link, code))))


@pytest.mark.parametrize("theme", list(Theme))
@pytest.mark.parametrize("language", SHEETS)
def test_a_reader_finds_the_members_link(language: str, theme: Theme) -> None:
    found = zxingcpp.read_barcodes(drawn(replace(SHEETS[language], theme=theme)).convert("RGB"))
    assert [code.text for code in found] == [LINK]


def test_it_is_still_read_after_a_chat_has_shrunk_and_compressed_it() -> None:
    squeezed = io.BytesIO()
    drawn(HANS).convert("RGB").resize((540, 960)).save(squeezed, "JPEG", quality=60)
    found = zxingcpp.read_barcodes(Image.open(squeezed))
    assert [code.text for code in found] == [LINK]


def test_it_is_1080_by_1920_and_light_enough_to_send() -> None:
    picture = poster_png(Poster(HANS, LINK, "K7Q2-M9XD"))
    assert Image.open(io.BytesIO(picture)).size == (1080, 1920)
    assert len(picture) < 200_000


def test_the_code_stands_free_on_all_sides() -> None:
    pixels = np.array(drawn(HANS).convert("L"))
    left = (1080 - QR_SIDE) // 2
    square = pixels[QR_TOP : QR_TOP + QR_SIDE, left : left + QR_SIDE]
    rows = np.flatnonzero((square < 128).any(axis=1))
    columns = np.flatnonzero((square < 128).any(axis=0))
    module = (rows[-1] - rows[0] + 1) // 41
    quiet = 4 * module
    assert min(rows[0], columns[0]) >= quiet
    assert QR_SIDE - 1 - max(rows[-1], columns[-1]) >= quiet
    below = pixels[QR_TOP + rows[-1] + 1 : QR_TOP + rows[-1] + 1 + quiet, left : left + QR_SIDE]
    assert (below == 255).all()


def test_two_members_differ_only_where_their_codes_are() -> None:
    alice = np.array(drawn(HANS).convert("RGB"))
    bob = np.array(drawn(HANS, LINK.replace("K7Q2", "B0B2"), "B0B2-M9XD").convert("RGB"))
    rows = np.flatnonzero((alice != bob).any(axis=(1, 2)))
    assert rows[0] >= QR_TOP
    assert rows[-1] < CODE_TOP + CODE_HIGH
    code_line = slice(QR_TOP + QR_SIDE, CODE_TOP + CODE_HIGH)
    assert (alice[code_line] != bob[code_line]).any()


def test_drawing_one_poster_leaves_nothing_behind_on_the_next() -> None:
    first = poster_png(Poster(HANS, LINK, "K7Q2-M9XD"))
    poster_png(Poster(HANS, LINK * 2, "ZZZZ-ZZZZ"))
    assert poster_png(Poster(HANS, LINK, "K7Q2-M9XD")) == first


@pytest.mark.parametrize("language", SHEETS)
def test_every_character_of_the_texts_is_drawn(language: str) -> None:
    sheet = SHEETS[language]
    assert missing_glyphs("".join((sheet.title, *sheet.offers, sheet.scan, sheet.footnote))) == ""


def test_every_text_leaves_its_mark_on_the_sheet() -> None:
    bare = replace(HANS, eyebrow="")
    plain = np.array(drawn(bare).convert("RGB"))
    for changed in (
        replace(bare, issuer="白水银行"),
        replace(bare, title="首刷满 ¥300，您和朋友各得 ¥200"),
        replace(bare, offers=("新客办卡并在 60 天内首刷满 ¥300", bare.offers[1])),
        replace(bare, scan="扫码"),
        replace(bare, footnote=bare.footnote + "详询网点。"),
        replace(bare, eyebrow="春季推荐有礼"),
        replace(bare, seal="#1F4E9E"),
    ):
        assert (np.array(drawn(changed).convert("RGB")) != plain).any()


def test_the_seal_theme_keeps_a_white_card_under_the_code() -> None:
    pixels = np.array(drawn(replace(HANS, theme=Theme.SEAL)).convert("RGB"))
    assert tuple(pixels[1900, 20]) == (0xB3, 0x26, 0x1E)
    assert tuple(pixels[PANEL_TOP + 6, 540]) == (255, 255, 255)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": "送好礼🎁"}, "cannot draw 🎁"),
        ({"title": " "}, "needs its title"),
        ({"footnote": ""}, "needs its footnote"),
        ({"offers": ()}, "one to four offer lines, not 0"),
        ({"offers": ("一",) * 5}, "one to four offer lines, not 5"),
        ({"language": "fr"}, "'fr' is none of"),
        ({"seal": "#FFC0CB"}, "#FFC0CB cannot be read"),
        ({"seal": "red"}, "'red' is not a colour"),
    ],
)
def test_a_sheet_that_cannot_be_printed_is_refused_in_words(
    change: dict[str, object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        replace(HANS, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": "您和朋友各得一百元" * 9}, "title and offer lines together are too long"),
        ({"footnote": "循环利息日利率万分之五。" * 40}, "the footnote is too long"),
        ({"title": "W" * 40}, "title and offer lines together are too long"),
        ({"offers": ("W" * 60,)}, "title and offer lines together are too long"),
        ({"footnote": "https://jianka.example/" + "terms/" * 20}, "the footnote is too long"),
        ({"issuer": "青山银行" * 12}, "the issuer is too long"),
        ({"scan": "微信或相机扫码" * 6}, "the scan line is too long"),
        ({"eyebrow": "春季推荐有礼" * 6}, "the eyebrow is too long"),
    ],
)
def test_a_text_is_never_cut_off_silently(change: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        drawn(replace(HANS, **change))


@pytest.mark.parametrize("code", ["K7Q2M9XD", "k7q2-m9xd", "K7Q2-M9X", ""])
def test_a_code_is_shown_in_its_one_form(code: str) -> None:
    with pytest.raises(ValueError, match="is not a code like K7Q2-M9XD"):
        Poster(HANS, LINK, code)


def test_a_link_that_phones_could_not_read_is_refused() -> None:
    with pytest.raises(ValueError, match="too fine a QR code"):
        drawn(HANS, LINK * 12)
