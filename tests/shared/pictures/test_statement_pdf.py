"""The PDF statement: its text can be read out again, its pages are A4 and numbered."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.pictures.statement_pdf import statement_pdf
from shared.pictures.statement_sheet import Entry, StatementSheet, Sum, from_text, to_text

MADE = datetime(2026, 3, 6, 4, 0, tzinfo=UTC)
ENTRY = Entry(
    earned="2026 年 3 月 6 日",
    what="推荐奖励 · 王**",
    why="活动规则第 2 版",
    status="3 月 6 日已到账；代扣个税 ¥20",
    gross="¥100",
    tax="¥20",
    net="¥80",
    live=True,
)
HANS = StatementSheet(
    language="zh-Hans",
    issuer="青山银行",
    title="推荐奖励对账单",
    member="推荐人　李**",
    as_of="截至 2026 年 3 月 6 日 12:00（中国标准时间）",
    chain="账本第 123 笔",
    sums_title="合计",
    sum_heads=("种类", "待发放", "可领取", "已到账", "代扣个税", "待抵扣"),
    sums=(Sum("现金", ("¥1,234.56", "–", "¥80", "¥20", "–")),),
    title_of_entries="逐笔明细",
    heads=("达标日", "事项与规则", "状态", "税前", "代扣税", "实得"),
    entries=(ENTRY, replace(ENTRY, status="未发放：名额已满", net="–", live=False)),
    nothing="还没有奖励。",
    notes_title="说明",
    notes=("个人所得税由银行代扣代缴。",),
    page="第 {n} 页，共 {of} 页",
)
HANT = replace(HANS, language="zh-Hant", issuer="青山銀行", title="推薦獎勵對帳單")
EN = replace(HANS, language="en", issuer="Qingshan Bank", title="Reward statement", page="{n}/{of}")


def streams(pdf: bytes) -> list[bytes]:
    """Everything that the file holds packed: pages, the font, its tables."""
    return [
        zlib.decompress(packed) if packed[:1] == b"\x78" else packed
        for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    ]


def read(pdf: bytes) -> list[str]:
    """What a reader's search would find: each page's text through the font's ToUnicode table."""
    held = streams(pdf)
    names: dict[int, str] = {}
    for table in (one for one in held if b"beginbfchar" in one):
        for code, name in re.findall(rb"<([0-9A-F]+)> <([0-9A-F]+)>", table):
            names[int(code, 16)] = bytes.fromhex(name.decode()).decode("utf-16-be")
    return [_shown(one, names) for one in held if b" Tf" in one]


def _shown(content: bytes, names: dict[int, str]) -> str:
    said = ""
    for words in re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", content, re.DOTALL):
        plain = re.sub(rb"\\(.)", lambda m: {b"r": b"\r", b"n": b"\n"}.get(m[1], m[1]), words,
                       flags=re.DOTALL)  # fmt: skip
        said += "".join(
            names.get(int.from_bytes(plain[at : at + 2]), "?") for at in range(0, len(plain), 2)
        )
    return said


def plain(text: str) -> str:
    return text.replace(" ", "").replace("\u2009", "")


@pytest.mark.parametrize("sheet", [HANS, HANT, EN], ids=lambda sheet: sheet.language)
def test_every_word_and_amount_can_be_read_out_again(sheet: StatementSheet) -> None:
    pdf = statement_pdf(from_text(to_text(sheet)), MADE)
    (page,) = map(plain, read(pdf))
    whole = [sheet.issuer, sheet.title, sheet.member, sheet.as_of, sheet.chain, *sheet.heads]
    whole += [*sheet.sums[0].amounts, ENTRY.what, ENTRY.gross, ENTRY.tax, ENTRY.net, *sheet.notes]
    assert [words for words in whole if plain(words) not in page] == []
    assert pdf.startswith(b"%PDF-")
    assert b"/MediaBox [0 0 595.28 841.89]" in pdf
    assert f"/Lang ({sheet.language})".encode() in pdf
    assert len(pdf) < 150_000


def test_a_long_history_turns_pages_that_repeat_the_heads_and_are_numbered() -> None:
    many = [replace(ENTRY, gross=f"¥{n:,}") for n in range(1, 61)]
    many[7] = replace(many[7], what="推荐奖励 · 王😀**")  # a nickname: no font draws it
    pages = [plain(one) for one in read(statement_pdf(replace(HANS, entries=tuple(many)), MADE))]
    assert len(pages) >= 3
    for n, page in enumerate(pages, 1):
        assert plain(f"第 {n} 页，共 {len(pages)} 页") in page
        assert "事项与规则" in page or "说明" in page
    everything = "".join(pages)
    assert all(entry.gross in everything for entry in many)
    assert everything.count("推荐奖励·王**") == len(many)


def test_an_empty_statement_says_so() -> None:
    (page,) = read(statement_pdf(replace(HANS, entries=(), sums=()), MADE))
    assert "还没有奖励。" in page


def test_simplified_text_is_drawn_in_simplified_forms() -> None:
    """The font's own forms are Traditional: the same words take other glyphs from it."""

    def glyphs(sheet: StatementSheet) -> bytes:
        (font,) = (one for one in streams(statement_pdf(sheet, MADE)) if one[:2] == b"\x01\x00")
        return font

    assert glyphs(HANS) != glyphs(replace(HANS, language="zh-Hant"))
