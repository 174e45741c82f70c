"""From replies to Bot API calls, and from Bot API errors to verdicts."""

from typing import Any

import httpx
import pytest
import zxingcpp
from PIL import Image
from telegram import InlineKeyboardMarkup, ReplyKeyboardMarkup, ReplyKeyboardRemove
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.delivery import Verdict
from bot.messages import Button, Document, Picture, Reply, Shareable
from bot.telegram.compose import Call, compose, compose_results
from bot.telegram.drawing import draw
from bot.telegram.errors import undelivered

LINK = "http://127.0.0.1:8000/i/K7Q2M9XD"
QR = Picture("invite_qr", {"link": LINK})
POSTER = Picture(
    "poster",
    {
        "link": LINK,
        "code": "K7Q2-M9XD",
        "language": "zh-Hant",
        "issuer": "薦卡銀行",
        "title": "邀請朋友",
        "offers": "首刷滿 300 元，送 100 元",
        "scan": "掃碼了解詳情",
        "footnote": "年費首年免收",
    },
)
TAP = ((Button("Tap", data="1:x"),),)


def drawn(shown: Picture | Document) -> bytes:
    return (shown.kind if isinstance(shown, Picture) else shown.content).encode()


def calls(reply: Reply, on_picture: bool = False) -> tuple[Call, ...]:
    return compose(reply, "7", on_picture=on_picture, draw=drawn)


def call(reply: Reply, on_picture: bool = False) -> Call:
    (only,) = calls(reply, on_picture)
    return only


def test_a_text_is_sent_as_markup_without_a_preview() -> None:
    sent = call(Reply("<b>hi</b>"))
    assert sent.method == "send_message"
    assert (sent.params["chat_id"], sent.params["text"]) == (7, "<b>hi</b>")
    assert sent.params["parse_mode"] == "HTML"
    assert sent.params["link_preview_options"].is_disabled
    assert sent.params["reply_markup"] is None


def test_each_kind_of_button_becomes_telegrams() -> None:
    row = (
        Button("a", data="1:open:progress"),
        Button("b", url=LINK),
        Button("c", copy=LINK),
        Button("d", share="K7Q2-M9XD"),
    )
    markup = call(Reply("x", rows=(row,))).params["reply_markup"]
    assert isinstance(markup, InlineKeyboardMarkup)
    assert [button.to_dict() for button in markup.inline_keyboard[0]] == [
        {"text": "a", "callback_data": "1:open:progress"},
        {"text": "b", "url": LINK},
        {"text": "c", "copy_text": {"text": LINK}},
        {"text": "d", "switch_inline_query": "K7Q2-M9XD"},
    ]


def test_a_contact_is_asked_for_by_a_small_keyboard_that_goes_away_again() -> None:
    asked = call(Reply("x", ask_contact="My number")).params["reply_markup"]
    assert isinstance(asked, ReplyKeyboardMarkup)
    assert asked.keyboard[0][0].to_dict() == {"text": "My number", "request_contact": True}
    assert (asked.resize_keyboard, asked.one_time_keyboard) == (True, True)
    dropped = call(Reply("x", drop_keyboard=True)).params["reply_markup"]
    assert isinstance(dropped, ReplyKeyboardRemove)


def test_a_picture_carries_the_words_as_its_caption() -> None:
    sent = call(Reply("words", rows=TAP, picture=QR))
    assert (sent.method, sent.params["caption"]) == ("send_photo", "words")
    assert sent.params["photo"].input_file_content == b"invite_qr"


def test_words_too_long_for_a_caption_follow_the_picture_with_the_buttons() -> None:
    picture, words = calls(Reply("x" * 1025, rows=TAP, picture=QR))
    assert picture.params.keys() == {"chat_id", "photo"}
    assert words.params["text"] == "x" * 1025
    assert words.params["reply_markup"] is not None


def test_a_document_is_a_file_with_its_name() -> None:
    sent = call(Reply("yours", document=Document("jianka.json", '{"名": 1}')))
    assert sent.method == "send_document"
    assert sent.params["document"].filename == "jianka.json"
    assert sent.params["document"].input_file_content == '{"名": 1}'.encode()


@pytest.mark.parametrize(
    ("reply", "on_picture", "method", "words"),
    [
        (Reply("new", rows=TAP, edits="5"), False, "edit_message_text", "text"),
        (Reply("new", rows=TAP, edits="5"), True, "edit_message_caption", "caption"),
    ],
)
def test_an_edit_changes_the_tapped_message(
    reply: Reply, on_picture: bool, method: str, words: str
) -> None:
    edit = call(reply, on_picture)
    assert (edit.method, edit.params[words], edit.params["message_id"]) == (method, "new", 5)


def test_an_edit_with_a_picture_changes_the_picture() -> None:
    edit = call(Reply("new", picture=QR, edits="5"), on_picture=True)
    assert edit.method == "edit_message_media"
    assert edit.params["media"].caption == "new"


@pytest.mark.parametrize(
    ("more", "method"),
    [
        ({"ask_contact": "My number"}, "send_message"),
        ({"drop_keyboard": True}, "send_message"),
        ({"document": Document("a", "b")}, "send_document"),
    ],
)
def test_what_no_edit_can_hold_is_sent_anew(more: dict[str, Any], method: str) -> None:
    assert call(Reply("x", edits="5", **more)).method == method


def test_shares_keep_their_preview() -> None:
    (article,) = compose_results((Shareable("r", "title", "about", "<b>x</b>", TAP),))
    content = article.to_dict()["input_message_content"]
    assert content == {"message_text": "<b>x</b>", "parse_mode": "HTML"}


@pytest.mark.parametrize("picture", [QR, POSTER], ids=["qr", "poster"])
def test_pictures_can_be_read_by_an_independent_reader(picture: Picture, tmp_path: Any) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(draw(picture))
    with Image.open(path) as opened:
        assert [code.text for code in zxingcpp.read_barcodes(opened.convert("L"))] == [LINK]


def test_an_unknown_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="no picture"):
        draw(Picture("cat"))


def caused(error: TelegramError, cause: Exception) -> TelegramError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (RetryAfter(7), Verdict.WAIT),
        (Forbidden("Forbidden: bot was blocked by the user"), Verdict.UNREACHABLE),
        (BadRequest("Chat not found"), Verdict.UNREACHABLE),
        (BadRequest("Can't parse entities"), Verdict.PERMANENT),
        (TimedOut(), Verdict.RETRY),
        (NetworkError("Bad Gateway"), Verdict.RETRY),
        (Conflict("terminated"), Verdict.RETRY),
        (InvalidToken("no"), Verdict.OUTAGE),
        (caused(NetworkError("x"), httpx.ConnectError("x")), Verdict.OUTAGE),
        (caused(TimedOut(), httpx.ConnectTimeout("x")), Verdict.OUTAGE),
        (caused(TimedOut(), httpx.ReadTimeout("x")), Verdict.RETRY),
        (caused(NetworkError("x"), httpx.RemoteProtocolError("x")), Verdict.RETRY),
        (TelegramError("?"), Verdict.RETRY),
    ],
)
def test_every_error_has_a_verdict(error: TelegramError, verdict: Verdict) -> None:
    found = undelivered(error)
    assert found.verdict is verdict
    assert found.code == type(error).__name__
    assert found.wait == (7 if isinstance(error, RetryAfter) else 0)
