"""Updates: queued, confirmed by offset, kept over a restart, one poll at a time."""

import re
import threading
import time
from typing import Any

import httpx
from sandbox_server import TOKEN, Served, serve

from bot.sandbox.app import SandboxSettings, create_sandbox
from bot.sandbox.sample import sample_png


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
    assert [max(size["width"], size["height"]) for size in photo["message"]["photo"]] == [
        90, 320, 800, 900,
    ]  # fmt: skip
    assert press["callback_query"]["data"] == "old:1"


def test_what_people_send_is_given_out_as_the_bot_api_does(sandbox: Served) -> None:
    alice, raw = sandbox.alice, sample_png()
    for kind, content in (("photo", raw), ("document", raw), ("document", b"x" * 20_971_521)):
        answer = sandbox.client.post(
            f"/sandbox/api/users/{alice}/{kind}",
            files={kind: ("chat.png", content, "image/png")},
            data={"album": "77"},
        )
        assert answer.status_code == 200
    photo, file, large = (each["message"] for each in sandbox.bot("getUpdates")["result"])
    assert photo["media_group_id"] == file["media_group_id"] == "77"
    sizes = photo["photo"]
    assert sizes == sorted(sizes, key=lambda size: size["width"])
    told = sandbox.bot("getFile", file_id=sizes[-1]["file_id"])["result"]
    assert set(told) == {"file_id", "file_unique_id", "file_size", "file_path"}
    assert re.fullmatch(r"photos/file_\d+\.jpg", told["file_path"])
    served = sandbox.client.get(f"/file/bot{TOKEN}/{told['file_path']}")
    assert len(served.content) == told["file_size"] == sizes[-1]["file_size"]
    assert served.content.startswith(b"\xff\xd8\xff")  # drawn anew, as Telegram does
    assert (file["document"]["file_name"], file["document"]["mime_type"]) == (
        "chat.png", "image/png",
    )  # fmt: skip
    told = sandbox.bot("getFile", file_id=file["document"]["file_id"])["result"]
    assert sandbox.client.get(f"/file/bot{TOKEN}/{told['file_path']}").content == raw
    for wrong in (f"{TOKEN}/photos/file_9999.jpg", f"{TOKEN}/../x", f"{TOKEN}/photos/file_1.exe"):
        assert sandbox.client.get(f"/file/bot{wrong}").status_code == 404
    assert sandbox.client.get(f"/file/bot1:x/{told['file_path']}").status_code == 401
    for file_id, why in ((large["document"]["file_id"], "file is too big"), ("no", "invalid")):
        refused = sandbox.bot("getFile", file_id=file_id)
        assert (refused["ok"], refused["error_code"]) == (False, 400)
        assert why in refused["description"]


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
