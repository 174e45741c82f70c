"""From Telegram's updates to what somebody did."""

from typing import Any

import pytest
from telegram import Update

from bot.messages import Attached, Incoming, Kind
from bot.telegram.parse import chat_key, parse

ALICE = {"id": 7, "is_bot": False, "first_name": "Alice", "language_code": "zh-hans"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Alice"}
GROUP = {"id": -4000, "type": "group", "title": "Friends"}
BOT = {"id": 9, "is_bot": True, "first_name": "Jianka", "username": "our_bot"}
PHOTO = {"file_id": "p", "file_unique_id": "u", "width": 3, "height": 3}
LARGE = {
    "file_id": "large", "file_unique_id": "v", "width": 960, "height": 1280, "file_size": 70_000,
}  # fmt: skip
FILE = {"file_id": "f", "file_unique_id": "w"}
CLIP = {"file_id": "c", "file_unique_id": "x", "width": 9, "height": 9, "duration": 1}


def heard(kind: str, body: dict[str, Any]) -> Incoming | None:
    update = Update.de_json({"update_id": 1, kind: body})
    return parse(update, "our_bot")


def message(**content: Any) -> dict[str, Any]:
    return {"message_id": 5, "date": 1, "chat": PRIVATE, "from": ALICE} | content


def said(text: str, **more: Any) -> Incoming | None:
    return heard("message", message(text=text, **more))


def test_a_text_is_heard_with_its_sender_and_language() -> None:
    assert said("hello") == Incoming("telegram", "7", Kind.TEXT, "hello", language="zh-hans")


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("/start b_tok", "/start b_tok"),
        ("/start@our_bot i_K7Q2M9XD", "/start i_K7Q2M9XD"),
        ("/start@OUR_BOT", "/start"),
        ("/start@other_bot", "/start@other_bot"),
        ("mail@our_bot", "mail@our_bot"),
    ],
)
def test_a_command_loses_our_name_and_keeps_its_payload(typed: str, text: str) -> None:
    found = said(typed)
    assert found is not None
    assert found.text == text


@pytest.mark.parametrize(
    ("contact", "more", "own"),
    [
        ({"user_id": 7}, {}, True),
        ({"user_id": 8}, {}, False),
        ({}, {}, False),
        (
            {"user_id": 7},
            {"forward_origin": {"type": "user", "date": 1, "sender_user": ALICE}},
            False,
        ),
    ],
)
def test_a_contact_is_own_when_it_is_the_senders_and_not_forwarded(
    contact: dict[str, Any], more: dict[str, Any], own: bool
) -> None:
    whole = {"phone_number": "8613800138001", "first_name": "Alice"} | contact
    found = heard("message", message(contact=whole, **more))
    assert found is not None
    assert (found.kind, found.phone, found.own_contact) == (Kind.CONTACT, "8613800138001", own)


@pytest.mark.parametrize(
    "content",
    [
        {"document": FILE | {"mime_type": "application/pdf"}},
        {"document": FILE},
        {"animation": CLIP, "document": FILE | {"mime_type": "image/gif"}},
        {"video": CLIP | {"mime_type": "video/mp4"}},
        {"voice": {"file_id": "v", "file_unique_id": "u", "duration": 1}},
        {"location": {"latitude": 1.0, "longitude": 2.0}},
        {"dice": {"emoji": "🎲", "value": 3}},
        {
            "sticker": {
                "file_id": "s",
                "file_unique_id": "u",
                "type": "regular",
                "width": 1,
                "height": 1,
                "is_animated": False,
                "is_video": False,
            }
        },
        {"something_from_the_future": {"x": 1}},
    ],
)
def test_whatever_else_is_sent_is_something_other(content: dict[str, Any]) -> None:
    found = heard("message", message(**content))
    assert found is not None
    assert found.kind is Kind.OTHER


@pytest.mark.parametrize(
    ("content", "picture"),
    [
        ({"photo": [PHOTO, LARGE], "caption": "look"}, Attached("large", 70_000)),
        ({"photo": [LARGE, PHOTO]}, Attached("large", 70_000)),
        ({"photo": [PHOTO]}, Attached(PHOTO["file_id"])),
        (
            {"document": FILE | {"mime_type": "image/png", "file_size": 9}},
            Attached("f", 9, "image/png"),
        ),
    ],
)
def test_a_picture_is_named_by_its_largest_size_or_by_its_file(
    content: dict[str, Any], picture: Attached
) -> None:
    found = heard("message", message(**content, media_group_id="77"))
    assert found is not None
    assert (found.kind, found.picture, found.album) == (Kind.PICTURE, picture, "77")
    assert found.text == ""


def test_a_tap_names_its_message_and_whether_that_holds_a_picture() -> None:
    tap = {"id": "q", "from": ALICE, "chat_instance": "1", "data": "1:open:progress"}
    plain = heard("callback_query", tap | {"message": message(text="x") | {"from": BOT}})
    pictured = heard("callback_query", tap | {"message": message(photo=[PHOTO])})
    assert plain == Incoming(
        "telegram", "7", Kind.TAP, "1:open:progress", language="zh-hans", message="5"
    )
    assert pictured is not None
    assert (pictured.message, pictured.message_has_picture) == ("5", True)


def test_a_tap_below_a_message_too_old_to_edit_names_none() -> None:
    old = {"chat": PRIVATE, "message_id": 5, "date": 0}
    tap = {"id": "q", "from": ALICE, "chat_instance": "1", "data": "x", "message": old}
    found = heard("callback_query", tap)
    assert found is not None
    assert (found.kind, found.message) == (Kind.TAP, None)


def test_inline_mode_asks_for_something_to_share() -> None:
    found = heard("inline_query", {"id": "q", "from": ALICE, "query": "K7Q2", "offset": ""})
    assert found == Incoming("telegram", "7", Kind.SHARE, "K7Q2", language="zh-hans")


@pytest.mark.parametrize(("status", "kind"), [("kicked", Kind.LEFT), ("member", Kind.BACK)])
def test_blocking_and_unblocking_are_heard(status: str, kind: Kind) -> None:
    change = {
        "chat": PRIVATE,
        "from": ALICE,
        "date": 1,
        "old_chat_member": {"user": BOT, "status": "left"},
        "new_chat_member": {"user": BOT, "status": status, "until_date": 0},
    }
    found = heard("my_chat_member", change)
    assert found is not None
    assert found.kind is kind
    assert heard("my_chat_member", change | {"chat": GROUP}) is None


@pytest.mark.parametrize(
    ("text", "for_us"),
    [
        ("/invite", True),
        ("/invite@our_bot", True),
        ("/invite@other_bot", False),
        ("what about @our_bot ?", True),
        ("hello everybody", False),
    ],
)
def test_in_a_group_only_what_is_addressed_to_us_is_heard(text: str, for_us: bool) -> None:
    found = said(text, chat=GROUP)
    assert (found is not None) is for_us
    if found is not None:
        assert found.in_group


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("message", message(text="hi") | {"from": BOT}),
        ("message", message(photo=[PHOTO], chat=GROUP)),
        ("message", message(new_chat_members=[ALICE], chat=GROUP)),
        ("message", message(message_auto_delete_timer_changed={"message_auto_delete_time": 9})),
        ("edited_message", message(text="hi")),
        ("channel_post", {"message_id": 5, "date": 1, "chat": GROUP, "text": "news"}),
    ],
)
def test_what_is_nobodys_doing_is_not_heard(kind: str, body: dict[str, Any]) -> None:
    assert heard(kind, body) is None


def test_order_is_kept_by_chat_and_by_person_where_there_is_none() -> None:
    said_so = Update.de_json({"update_id": 1, "message": message(text="x", chat=GROUP)})
    asked = Update.de_json(
        {"update_id": 1, "inline_query": {"id": "q", "from": ALICE, "query": "", "offset": ""}}
    )
    assert (chat_key(said_so), chat_key(asked)) == ("-4000", "7")
