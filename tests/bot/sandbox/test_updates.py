"""Updates: queued, confirmed by offset, kept over a restart, one poll at a time."""

import threading
import time
from typing import Any

import httpx
from sandbox_server import TOKEN, Served, serve

from bot.sandbox.app import SandboxSettings, create_sandbox


def ids(body: dict[str, Any]) -> list[int]:
    return [update["update_id"] for update in body["result"]]


def test_an_offset_confirms_what_is_below_it_and_nothing_else_does(sandbox: Served) -> None:
    for text in ("a", "b", "c"):
        sandbox.does(sandbox.alice, "say", text=text)
    first = ids(sandbox.bot("getUpdates"))
    assert len(first) == 3
    assert ids(sandbox.bot("getUpdates", limit=2)) == first[:2]
    assert ids(sandbox.bot("getUpdates", offset=first[1])) == first[1:]
    assert ids(sandbox.bot("getUpdates")) == first[1:]
    assert ids(sandbox.bot("getUpdates", offset=-1)) == first[2:]
    assert ids(sandbox.bot("getUpdates", offset=first[2] + 1)) == []


def test_it_says_whether_a_bot_has_listened_yet(sandbox: Served) -> None:
    address = "/sandbox/api/bot"
    assert sandbox.client.get(address).status_code == 503
    sandbox.bot("getMe")
    assert sandbox.client.get(address).status_code == 503
    sandbox.bot("getUpdates")
    assert sandbox.get("/bot") == {"listening": True}


def test_a_long_poll_answers_as_soon_as_somebody_speaks(sandbox: Served) -> None:
    alice = sandbox.alice
    spoken = threading.Timer(0.3, lambda: sandbox.does(alice, "say", text="hello"))
    spoken.start()
    begun = time.monotonic()
    assert len(ids(sandbox.bot("getUpdates", timeout=10))) == 1
    assert time.monotonic() - begun < 5
    spoken.join()


def test_a_second_poll_ends_the_first_with_a_conflict(sandbox: Served) -> None:
    answers: list[dict[str, Any]] = []
    poll = threading.Thread(target=lambda: answers.append(sandbox.bot("getUpdates", timeout=10)))
    poll.start()
    time.sleep(0.3)
    assert sandbox.bot("getUpdates")["ok"]
    poll.join(5)
    assert answers[0]["error_code"] == 409


def test_only_the_kinds_asked_for_are_queued(sandbox: Served) -> None:
    sandbox.bot("getUpdates", allowed_updates=["callback_query"])
    sandbox.does(sandbox.alice, "say", text="hello")
    assert ids(sandbox.bot("getUpdates")) == []
    sandbox.bot("getUpdates", allowed_updates=[])
    sandbox.does(sandbox.alice, "say", text="hello")
    assert len(ids(sandbox.bot("getUpdates"))) == 1


def test_a_webhook_excludes_polling(sandbox: Served) -> None:
    assert sandbox.bot("setWebhook", url="https://a.b/hook")["result"]
    assert sandbox.bot("getUpdates")["error_code"] == 409
    assert sandbox.bot("getWebhookInfo")["result"]["url"] == "https://a.b/hook"
    assert sandbox.bot("deleteWebhook")["result"]
    assert sandbox.bot("getUpdates")["ok"]


def test_in_a_group_the_bot_hears_commands_and_mentions_only(sandbox: Served) -> None:
    alice, bob = sandbox.alice, sandbox.bob
    group = sandbox.post("/groups", title="同事", members=[alice, bob]).json()["id"]
    for text in ("hello", "/invite", "/invite@other_bot", "/invite@jianka_demo_bot"):
        sandbox.does(bob, "say", text=text, chat_id=group)
    sandbox.does(bob, "say", text="hi @jianka_demo_bot", chat_id=group)
    heard = sandbox.bot("getUpdates")["result"]
    assert heard[0]["my_chat_member"]["new_chat_member"]["status"] == "member"
    assert [one["message"]["text"] for one in heard[1:]] == [
        "/invite",
        "/invite@jianka_demo_bot",
        "hi @jianka_demo_bot",
    ]
    assert heard[1]["message"]["chat"] == {
        "id": group,
        "type": "group",
        "title": "同事",
        "all_members_are_administrators": False,
    }
    assert sandbox.bot("sendMessage", chat_id=group, text="请私聊")["ok"]


def test_stickers_and_photos_arrive_and_a_gone_button_can_still_be_pressed(
    sandbox: Served,
) -> None:
    alice = sandbox.alice
    sandbox.does(alice, "sticker")
    sandbox.does(alice, "photo")
    keys = {"inline_keyboard": [[{"text": "旧", "callback_data": "old:1"}]]}
    sent = sandbox.bot("sendMessage", chat_id=alice, text="旧菜单", reply_markup=keys)["result"]
    sandbox.bot("editMessageText", chat_id=alice, message_id=sent["message_id"], text="没有按钮了")
    gone = {"message_id": sent["message_id"], "data": "old:1"}
    assert sandbox.post(f"/users/{alice}/tap", **gone).status_code == 404
    sandbox.does(alice, "press", **gone)
    sticker, photo, press = sandbox.bot("getUpdates")["result"]
    assert sticker["message"]["sticker"]["type"] == "regular"
    assert photo["message"]["photo"][0]["width"] == 320
    assert press["callback_query"]["data"] == "old:1"


def test_chats_files_and_unconfirmed_updates_survive_a_restart(settings: SandboxSettings) -> None:
    app = create_sandbox(settings)
    alice = 0
    for url in serve(app):
        with httpx.Client(base_url=url, trust_env=False) as client:
            before = Served(app, url, client)
            alice = before.alice
            before.does(alice, "say", text="/start")
            before.bot("sendMessage", chat_id=alice, text="您好")
    app.world.state.close()
    app = create_sandbox(settings)
    for url in serve(app):
        with httpx.Client(base_url=url, trust_env=False) as client:
            after = Served(app, url, client)
            shown = after.get(f"/chats/{alice}/messages")["messages"]
            assert [one["message"]["text"] for one in shown] == ["/start", "您好"]
            assert len(ids(after.bot("getUpdates"))) == 1
            assert len(after.get("/users")["users"]) == 2
    app.world.state.close()


def test_every_call_is_recorded_as_it_came(sandbox: Served) -> None:
    sandbox.client.post(f"/bot{TOKEN}/sendMessage", data={"chat_id": "5", "text": "x"})
    method, params, files = sandbox.app.recorder[-1]
    assert (method, params, files) == ("sendMessage", {"chat_id": "5", "text": "x"}, {})
