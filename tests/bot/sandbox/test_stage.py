"""The stage in a real browser, with a bot that the test itself speaks for."""

import io
import re
from time import monotonic, sleep
from typing import Any

import pytest
import qrcode
from playwright.sync_api import Page, Route, expect
from sandbox_server import Served

pytestmark = pytest.mark.browser
PATIENCE = 20.0
"""Seconds: the machine may be busy."""
LINK = "http://127.0.0.1:9/i/K7Q2M9XD"

SLOW_RESTART = """() => {
  const at_once = window.fetch;
  window.fetch = async (address, options) => {
    if (address.endsWith("/stage/restart")) await new Promise((go) => setTimeout(go, 700));
    return at_once(address, options);
  };
}"""


def at(name: str) -> str:
    return f"[data-test={name}]"


@pytest.fixture
def stage(page: Page, sandbox: Served) -> Page:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{sandbox.url}/?lang=en")
    return page


def picture() -> bytes:
    drawn = io.BytesIO()
    qrcode.make(LINK).save(drawn)
    return drawn.getvalue()


def heard(sandbox: Served, kind: str) -> dict[str, Any]:
    """The next update of a kind; it and those before it are confirmed."""
    until = monotonic() + PATIENCE
    while monotonic() < until:
        for update in sandbox.bot("getUpdates", timeout=2)["result"]:
            sandbox.bot("getUpdates", offset=update["update_id"] + 1)
            if kind in update:
                found: dict[str, Any] = update[kind]
                return found
    pytest.fail(f"no {kind} came in {PATIENCE} s")


def test_a_file_stands_in_the_chat_with_its_name_and_opens(stage: Page, sandbox: Served) -> None:
    pdf = ("statement-20260304.pdf", b"%PDF-1.3 " + b"x" * 4200, "application/pdf")
    sandbox.does(sandbox.alice, "say", text="/progress")
    sandbox.bot("sendDocument", files={"document": pdf}, chat_id=sandbox.alice, caption="Yours")
    file = stage.locator(at("alice-file"))
    expect(file).to_contain_text("statement-20260304.pdf", timeout=PATIENCE * 1000)
    expect(file).to_contain_text("5 KB")
    kept = stage.request.get(f"{sandbox.url}{file.get_attribute('href')}")
    assert kept.body() == pdf[1]
    assert kept.headers["content-type"] == "application/pdf"
    assert "statement-20260304.pdf" in kept.headers["content-disposition"]


def test_alice_speaks_taps_and_shares_her_number(stage: Page, sandbox: Served) -> None:
    alice = sandbox.alice
    stage.fill(at("alice-composer"), "/start")
    stage.click(at("alice-send"))
    assert heard(sandbox, "message")["text"] == "/start"
    keys = {"inline_keyboard": [[{"text": "Agree", "callback_data": "1:agree"}]]}
    sandbox.bot(
        "sendMessage",
        chat_id=alice,
        text="<b>Welcome</b> &lt;Alice&gt;",
        parse_mode="HTML",
        reply_markup=keys,
    )
    bubble = stage.locator(at("alice-message")).last
    expect(bubble.locator("b")).to_have_text("Welcome")
    expect(bubble).to_contain_text("Welcome <Alice>")
    bubble.locator(at("inline-button")).click()
    tapped = heard(sandbox, "callback_query")
    assert tapped["data"] == "1:agree"
    sandbox.bot(
        "answerCallbackQuery", callback_query_id=tapped["id"], text="Thank you", show_alert=True
    )
    expect(stage.locator(at("callback-alert"))).to_contain_text("Thank you")
    stage.click("#alert-close")
    keyboard = {"keyboard": [[{"text": "Share", "request_contact": True}]]}
    sandbox.bot("sendMessage", chat_id=alice, text="Your number?", reply_markup=keyboard)
    stage.click(at("request-contact"))
    assert heard(sandbox, "message")["contact"]["user_id"] == alice


def test_alice_attaches_a_sample_a_photo_and_a_file(stage: Page, sandbox: Served) -> None:
    stage.click(at("alice-attach"))
    stage.click(at("alice-attach-sample"))
    assert heard(sandbox, "message")["photo"][-1]["height"] == 900
    expect(stage.locator(at("alice-picture"))).to_be_visible()
    expect(stage.locator(at("qr-picture"))).to_have_count(0)  # her own is nothing to scan
    chosen = {"name": "chat.png", "mimeType": "image/png", "buffer": picture()}
    stage.set_input_files(at("alice-photo-input"), chosen)  # type: ignore[arg-type]
    assert "photo" in heard(sandbox, "message")
    stage.set_input_files(at("alice-file-input"), chosen)  # type: ignore[arg-type]
    assert heard(sandbox, "message")["document"]["file_name"] == "chat.png"
    expect(stage.locator(at("alice-file"))).to_contain_text("chat.png")
    broken = chosen | {"buffer": b"no picture"}
    stage.set_input_files(at("alice-photo-input"), broken)  # type: ignore[arg-type]
    expect(stage.locator(at("callback-toast"))).to_contain_text("cannot be sent")


def test_the_picture_opens_the_invitation_on_bobs_phone_and_his_sms_arrives(
    stage: Page, sandbox: Served
) -> None:
    sandbox.does(sandbox.alice, "say", text="/invite")
    sandbox.bot(
        "sendPhoto",
        files={"photo": ("qr.png", picture())},
        chat_id=str(sandbox.alice),
        caption=f"Your link: {LINK}",
    )
    stage.click(at("qr-picture"))
    expect(stage.locator(at("bob-address"))).to_have_text("127.0.0.1:9/i/K7Q2M9XD")
    expect(stage.locator(at("bob-frame"))).to_have_attribute("src", f"{LINK}?lang=en")
    number = sandbox.get("/stage")["bob"]["phone"]
    sandbox.client.post("/sandbox/sms", json={"to": number, "text": "Code 482913", "at": "x"})
    expect(stage.locator(at("bob-sms"))).to_contain_text("Code 482913")
    expect(stage.locator(at("bob-sms-code"))).to_have_text("Use 482913")


def test_the_bank_takes_steps_and_says_when_nobody_listens(stage: Page, sandbox: Served) -> None:
    stage.fill(at("bank-phone"), "13900139002")
    stage.click(at("bank-submit"))
    row = stage.locator(at("bank-application"))
    expect(row).to_contain_text("139 **** 9002")
    expect(row.locator(at("bank-resend"))).to_contain_text("no answer")
    row.locator(at("bank-approve")).click()
    row.locator(at("bank-activate")).click()
    row.locator(at("bank-purchase")).click()
    expect(row).to_contain_text("¥300 spent")
    before = stage.locator(at("today")).inner_text()
    stage.click(at("next-day"))
    expect(stage.locator(at("today"))).not_to_have_text(before)


def test_an_inline_result_goes_to_bobs_phone(stage: Page, sandbox: Served) -> None:
    alice = sandbox.alice
    sandbox.does(alice, "say", text="/invite")
    keys = {"inline_keyboard": [[{"text": "Pass on", "switch_inline_query": "K7Q2"}]]}
    sandbox.bot("sendMessage", chat_id=alice, text="Your link", reply_markup=keys)
    stage.click(at("inline-button"))
    asked = heard(sandbox, "inline_query")
    assert asked["query"] == "K7Q2"
    result = {"type": "article", "id": "1", "title": "The offer"}
    result |= {"input_message_content": {"message_text": f"Come along: {LINK}"}}  # type: ignore[dict-item] # one level deeper
    sandbox.bot(
        "answerInlineQuery", inline_query_id=asked["id"], results=[result], is_personal=True
    )
    stage.click(at("share-result"))
    expect(stage.locator(at("bob-message"))).to_contain_text("Come along")
    stage.click(at("bob-message-open"))
    expect(stage.locator(at("bob-address"))).to_have_text("127.0.0.1:9/i/K7Q2M9XD")


def test_the_language_switch_changes_the_page_and_alices_client(
    stage: Page, sandbox: Served
) -> None:
    expect(stage.locator(at("play"))).to_have_text("Play")
    stage.click(at("language-zh-Hant"))
    expect(stage.locator(at("play"))).to_have_text("播放")
    expect(stage.locator("html")).to_have_attribute("lang", "zh-Hant")
    stage.fill(at("alice-composer"), "/start")
    stage.click(at("alice-send"))
    assert heard(sandbox, "message")["from"]["language_code"] == "zh-hant"


def test_the_story_follows_a_person_who_plays_it_by_hand(stage: Page, sandbox: Served) -> None:
    caption = stage.locator(at("caption"))
    expect(caption).to_have_attribute("data-step", "start")
    stage.fill(at("alice-composer"), "/start")
    stage.click(at("alice-send"))
    expect(caption).to_have_attribute("data-step", "agree")
    stage.fill(at("alice-composer"), "/invite")
    stage.click(at("alice-send"))
    expect(caption).to_have_attribute("data-step", "scan")
    stage.click(at("restart"))
    expect(caption).to_have_attribute("data-step", "start")


def test_a_new_play_waits_for_its_people_and_leaves_the_old_ones_alone(
    stage: Page, sandbox: Served
) -> None:
    stage.evaluate(SLOW_RESTART)
    stage.click(at("play"))
    first = heard(sandbox, "message")
    assert (first["text"], first["from"]["id"]) == ("/start", sandbox.alice)
    expect(stage.locator(at("caption"))).to_have_attribute("data-step", "agree")
    stage.click(at("restart"))
    stage.click(at("play"))
    second = heard(sandbox, "message")
    assert second["text"] == "/start"
    assert second["from"]["id"] == sandbox.get("/stage")["alice"]["id"] != sandbox.alice
    # At once, though the long poll for the former phone would have gone on for 20 seconds.
    expect(stage.locator(at("alice-message"))).to_have_text(re.compile("/start"))
    expect(stage.locator(at("caption"))).to_have_attribute("data-step", "agree")


def test_no_press_is_lost_while_the_page_is_still_loading(page: Page, sandbox: Served) -> None:
    def late(route: Route) -> None:
        sleep(0.5)
        route.continue_()

    page.route("**/player.js*", late)
    page.goto(f"{sandbox.url}/?lang=en", wait_until="commit")
    expect(page.locator(at("restart"))).to_be_disabled()
    page.click(at("restart"))
    page.click(at("play"))
    said = heard(sandbox, "message")
    assert said["from"]["id"] == sandbox.get("/stage")["alice"]["id"] != sandbox.alice


def test_a_restart_that_fails_does_not_play_on_with_the_old_people(
    stage: Page, sandbox: Served
) -> None:
    stage.route("**/stage/restart", lambda route: route.fulfill(status=500))
    stage.click(at("restart"))
    stage.click(at("play"))
    expect(stage.locator(at("caption"))).to_have_attribute("data-trouble", "")
    expect(stage.locator(at("alice-message"))).to_have_count(0)


@pytest.mark.parametrize(
    ("size", "lang"),
    [
        ((1440, 900), "zh-Hans"),
        ((1440, 900), "en"),
        ((1024, 768), "zh-Hant"),
        ((390, 844), "en"),
    ],
)
def test_the_stage_fits_every_window_without_scrolling(
    page: Page, sandbox: Served, size: tuple[int, int], lang: str
) -> None:
    width, height = size
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{sandbox.url}/?lang={lang}")
    expect(page.locator(at("caption"))).not_to_be_empty()
    root = page.locator("html")
    assert root.evaluate("e => [e.scrollWidth, e.scrollHeight]") == [width, height]
    if width < 1200:
        for name in ("bank", "tablet", "log", "bob", "alice"):
            page.click(at(f"tab-{name}"))
            expect(page.locator(at(name))).to_be_visible()
            assert root.evaluate("e => e.scrollWidth") == width
