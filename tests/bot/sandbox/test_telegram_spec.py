"""The checker itself: it lets the good pass and names the bad."""

import json

import pytest
import telegram_spec

pytestmark = pytest.mark.skipif(not telegram_spec.at_hand(), reason="specification not at hand")


def found(method: str, files: dict[str, str] | None = None, **params: object) -> list[str]:
    return telegram_spec.violations([(method, params, files or {})])


def test_good_calls_pass_as_forms_and_as_json() -> None:
    keys = {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]}
    assert found("sendMessage", chat_id="5", text="5", reply_markup=json.dumps(keys)) == []
    assert found("sendMessage", chat_id=5, text="x", reply_markup=keys) == []
    assert found("sendPhoto", {"photo": "a.png"}, chat_id="5") == []
    media = json.dumps({"type": "photo", "media": "attach://a"})
    assert found("editMessageMedia", {"a": "a.png"}, chat_id="5", message_id="1", media=media) == []
    result = {"type": "article", "id": "1", "title": "t"}
    result |= {"input_message_content": {"message_text": "x"}}
    assert found("answerInlineQuery", inline_query_id="1", results=[result]) == []
    scope = {"type": "all_private_chats"}
    assert found("getMyCommands", scope=scope, language_code="zh") == []


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("sendAll", {}, "no such method"),
        ("sendMessage", {"chat_id": 5}, "text is missing"),
        ("sendMessage", {"chat_id": 5, "text": "x", "txt": "y"}, "unknown parameter txt"),
        ("sendMessage", {"chat_id": [5], "text": "x"}, "chat_id is no Integer or String"),
        ("sendMessage", {"chat_id": 5, "text": "x", "protect_content": "ja"}, "is no Boolean"),
        (
            "sendMessage",
            {"chat_id": 5, "text": "x", "reply_markup": {"inline_keyboard": [[{"txt": "y"}]]}},
            "txt is unknown in InlineKeyboardButton",
        ),
        (
            "answerInlineQuery",
            {"inline_query_id": "1", "results": [{"type": "article", "id": "1"}]},
            "title is missing in InlineQueryResultArticle",
        ),
        ("setMyCommands", {"commands": [{"command": "a"}]}, "description is missing in BotCommand"),
    ],
)
def test_bad_calls_are_named(method: str, params: dict[str, object], words: str) -> None:
    assert any(words in line for line in found(method, **params))


def test_a_file_that_belongs_to_nothing_is_named() -> None:
    assert found("sendMessage", {"photo": "a.png"}, chat_id=5, text="x") != []
