"""What the real Bot API refuses, the sandbox refuses, in the same envelope."""

import json
from typing import Any

import pytest
from sandbox_server import Served

GOOD_KEYS = {"inline_keyboard": [[{"text": "OK", "callback_data": "x"}]]}


def keys(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "OK"} | button]]}


@pytest.fixture
def alice(sandbox: Served) -> int:
    sandbox.does(sandbox.alice, "say", text="/start")
    return sandbox.alice


def refused(body: dict[str, Any]) -> str:
    assert set(body) == {"ok", "error_code", "description"}
    assert body["ok"] is False
    return str(body["description"])


def test_an_unknown_method_and_a_wrong_token_are_refused(sandbox: Served) -> None:
    assert refused(sandbox.bot("sendEverything")) == "Not Found"
    answer = sandbox.client.post("/bot1:wrong/getMe")
    assert (answer.status_code, answer.json()["description"]) == (401, "Unauthorized")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"chat_id": None}, "chat_id must be of type chat"),
        ({"chat_id": 5}, "chat not found"),
        ({"chat_id": "@nobody"}, "chat not found"),
        ({"text": ""}, "message text is empty"),
        ({"text": " \n "}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"text": 7.5, "entities": "x"}, "can't parse entities: it is no JSON"),
        ({"txt": "x"}, 'unknown parameter "txt" of sendMessage'),
        ({"parse_mode": "RTF"}, "unsupported parse_mode"),
        ({"protect_content": "perhaps"}, "protect_content must be of type bool"),
        ({"message_thread_id": "one"}, "message_thread_id must be of type int"),
        ({"reply_parameters": {"message_id": 99}}, "message to be replied not found"),
        ({"reply_parameters": {}}, 'field "message_id" of ReplyParameters is required'),
        ({"entities": [{"type": "bold", "offset": 3, "length": 9}]}, "entity beyond the end"),
        ({"entities": [{"type": "loud", "offset": 0, "length": 1}]}, "unsupported type"),
        ({"reply_markup": {"keys": []}}, "object expected as ReplyMarkup"),
        ({"reply_markup": {"inline_keyboard": [{}]}}, "must be an array"),
        ({"reply_markup": keys()}, "Text buttons are unallowed in the inline keyboard"),
        ({"reply_markup": keys(text="", callback_data="x")}, "Button text must be non-empty"),
        ({"reply_markup": keys(callback_data="x" * 65)}, "BUTTON_DATA_INVALID"),
        ({"reply_markup": keys(callback_data="荐" * 22)}, "BUTTON_DATA_INVALID"),
        ({"reply_markup": keys(callback_data="")}, "BUTTON_DATA_INVALID"),
        ({"reply_markup": keys(callback_data="x", url="http://a.b")}, "one action only"),
        ({"reply_markup": keys(url="javascript:alert(1)")}, "Wrong HTTP URL"),
        ({"reply_markup": keys(copy_text={"text": ""})}, "BUTTON_COPY_TEXT_INVALID"),
        ({"reply_markup": keys(copy_text={"text": "x" * 257})}, "BUTTON_COPY_TEXT_INVALID"),
        ({"reply_markup": keys(colour="red", callback_data="x")}, 'unknown field "colour"'),
        ({"reply_markup": {"keyboard": []}}, "at least one button"),
        ({"reply_markup": {"keyboard": [[{"text": ""}]]}}, "Button text must be non-empty"),
    ],
)
def test_a_message_with_a_mistake_is_refused(
    sandbox: Served, alice: int, change: dict[str, Any], words: str
) -> None:
    body = sandbox.bot("sendMessage", **({"chat_id": alice, "text": "hello"} | change))
    assert words in refused(body)
    assert body["error_code"] == 400


@pytest.mark.parametrize(
    ("mode", "text", "words"),
    [
        ("HTML", "<b>open", 'Can\'t find end tag corresponding to start tag "b"'),
        ("HTML", "<b>a<i>b</b></i>", 'Unmatched end tag at byte offset 8, expected "</i>"'),
        ("HTML", "<p>a</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("HTML", "中<table>", 'Unsupported start tag "table" at byte offset 3'),
        ("HTML", "1 < 2", "Unsupported start tag at byte offset 2"),
        ("HTML", "a</b>", "Unexpected end tag at byte offset 1"),
        ("MarkdownV2", "¥100.", "Character '.' is reserved and must be escaped"),
        ("MarkdownV2", "a-b", "Character '-' is reserved"),
        ("MarkdownV2", "*open", "Can't find end of Bold entity at byte offset 0"),
        ("MarkdownV2", "*a _b* c_", "Can't find end of Italic entity"),
        ("MarkdownV2", "`open", "Can't find end of Code entity"),
        ("Markdown", "_open", "Can't find end of the entity starting at byte offset 0"),
    ],
)
def test_bad_formatting_is_refused(
    sandbox: Served, alice: int, mode: str, text: str, words: str
) -> None:
    body = sandbox.bot("sendMessage", chat_id=alice, text=text, parse_mode=mode)
    assert words in refused(body)


@pytest.mark.parametrize(
    ("mode", "text", "plain", "kinds"),
    [
        ("HTML", "<b>您好</b> &lt;&#65;&amp;", "您好 <A&", ["bold"]),
        ("html", '<a href="http://a.b/?x=1&amp;y=2">链接</a>', "链接", ["text_link"]),
        ("HTML", "<b>a<i>b</i></b><code>c</code>", "abc", ["bold", "italic", "code"]),
        ("HTML", "<blockquote expandable>q</blockquote>", "q", ["expandable_blockquote"]),
        ("HTML", '<span class="tg-spoiler">s</span>', "s", ["spoiler"]),
        ("MarkdownV2", "*a __b__* \\- ¥100\\.", "a b - ¥100.", ["bold", "underline"]),
        ("MarkdownV2", "[x\\.y](http://a.b/\\))", "x.y", ["text_link"]),
        ("MarkdownV2", "```py\n1.5\n``` `a.b`", "1.5\n a.b", ["pre", "code"]),
        ("MarkdownV2", ">quote\nrest", "quote\nrest", ["blockquote"]),
        ("Markdown", "*a* \\_b `c` [d](http://e.f)", "a _b c d", ["bold", "code", "text_link"]),
    ],
)
def test_good_formatting_becomes_text_and_entities(
    sandbox: Served, alice: int, mode: str, text: str, plain: str, kinds: list[str]
) -> None:
    sent = sandbox.bot("sendMessage", chat_id=alice, text=text, parse_mode=mode)["result"]
    assert sent["text"] == plain
    assert [entity["type"] for entity in sent["entities"]] == kinds


def test_offsets_count_in_utf16_and_links_and_commands_are_found(
    sandbox: Served, alice: int
) -> None:
    text = "😀<b>喜</b> http://a.b/i/K7 /invite"
    sent = sandbox.bot("sendMessage", chat_id=alice, text=text, parse_mode="HTML")["result"]
    places = [(e["type"], e["offset"], e["length"]) for e in sent["entities"]]
    assert places == [("bold", 2, 1), ("url", 4, 15), ("bot_command", 20, 7)]


def test_edits_that_cannot_be_are_refused(sandbox: Served, alice: int) -> None:
    own = sandbox.get(f"/chats/{alice}/messages")["messages"][0]["id"]
    sent = sandbox.bot("sendMessage", chat_id=alice, text="x", reply_markup=GOOD_KEYS)["result"]
    here = {"chat_id": alice, "message_id": sent["message_id"]}
    same = here | {"text": "x", "reply_markup": GOOD_KEYS}
    assert "message is not modified" in refused(sandbox.bot("editMessageText", **same))
    assert "no caption" in refused(sandbox.bot("editMessageCaption", **here, caption="x"))
    lost = {"chat_id": alice, "message_id": 9999}
    assert "message to edit not found" in refused(sandbox.bot("editMessageText", **lost, text="x"))
    assert "message to delete not found" in refused(sandbox.bot("deleteMessage", **lost))
    theirs = {"chat_id": alice, "message_id": own, "text": "x"}
    assert "message can't be edited" in refused(sandbox.bot("editMessageText", **theirs))
    assert "identifier is not specified" in refused(sandbox.bot("editMessageText", text="x"))


def test_captions_files_and_pictures_have_limits(sandbox: Served, alice: int) -> None:
    long = sandbox.bot("sendPhoto", chat_id=alice, photo="x", caption="x" * 1025)
    assert "message caption is too long" in refused(long)
    assert "wrong file identifier" in refused(sandbox.bot("sendPhoto", chat_id=alice, photo="x"))
    away = sandbox.bot("sendPhoto", chat_id=alice, photo="https://a.b/c.png")
    assert "failed to get HTTP URL content" in refused(away)
    assert "no photo in the request" in refused(sandbox.bot("sendPhoto", chat_id=alice))
    stray = sandbox.bot("sendMessage", files={"photo2": b"x"}, chat_id=str(alice), text="x")
    assert 'unknown parameter "photo2"' in refused(stray)
    media = json.dumps({"type": "photo", "media": "attach://gone"})
    sent = sandbox.bot("sendMessage", chat_id=alice, text="x")["result"]["message_id"]
    lost = sandbox.bot("editMessageMedia", chat_id=alice, message_id=sent, media=media)
    assert "can't find file" in refused(lost)


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("setMyName", {"name": "x" * 65}, "too long"),
        ("setMyDescription", {"description": "x" * 513}, "too long"),
        ("setMyShortDescription", {"short_description": "x" * 121}, "too long"),
        ("setMyCommands", {"commands": [{"command": "a-b", "description": "x"}]}, "INVALID"),
        ("setMyCommands", {"commands": [{"command": "a", "description": ""}]}, "DESCRIPTION"),
        ("setMyCommands", {"commands": [], "scope": {"type": "moon"}}, "unsupported type"),
        ("setMyCommands", {}, 'parameter "commands" is required'),
        ("setChatMenuButton", {"menu_button": {"type": "web_app"}}, "are required"),
        ("sendChatAction", {"chat_id": 700000001, "action": "sing"}, "wrong parameter action"),
        ("getFile", {"file_id": "x"}, "invalid file_id"),
        ("setWebhook", {"url": "http://a.b"}, "An HTTPS URL"),
        ("answerCallbackQuery", {"callback_query_id": "1"}, "query is too old"),
    ],
)
def test_other_calls_with_a_mistake_are_refused(
    sandbox: Served, alice: int, method: str, params: dict[str, Any], words: str
) -> None:
    assert words in refused(sandbox.bot(method, **params))


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ([("1", "a"), ("1", "b")], "RESULT_ID_DUPLICATE"),
        ([("", "a")], "RESULT_ID_INVALID"),
        ([("荐" * 22, "a")], "RESULT_ID_INVALID"),
        ([(str(i), "a") for i in range(51)], "too many inline query results"),
        ([("1", "")], "MESSAGE_EMPTY"),
    ],
)
def test_inline_results_with_a_mistake_are_refused(
    sandbox: Served, alice: int, results: list[tuple[str, str]], words: str
) -> None:
    asked = sandbox.does(alice, "inline", query="")
    body = sandbox.bot(
        "answerInlineQuery",
        inline_query_id=asked["id"],
        results=[
            {
                "type": "article",
                "id": number,
                "title": "t",
                "input_message_content": {"message_text": text},
            }
            for number, text in results
        ],
    )
    assert words in refused(body)
