"""The whole story in a real browser: Alice, Bob, the bank and the branch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

import pytest
import zxingcpp
from demo import Demo, start_demo
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

ALICE, BOB, CAROL = "13800138001", "13900139077", "13700137055"
PUSH = 30_000
"""Milliseconds to wait for a push: two seconds are promised, the rest is for a busy machine."""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = start_demo(tmp_path_factory.mktemp("demo"))
    yield running
    running.stop()


class Alice:
    """Her phone on the stage."""

    def __init__(self, stage: Page) -> None:
        self.stage = stage
        self.messages = stage.get_by_test_id("alice-messages")

    def says(self, words: str) -> None:
        self.stage.get_by_test_id("alice-composer").fill(words)
        self.stage.get_by_test_id("alice-send").click()

    def taps(self, data: str) -> None:
        self.stage.locator(f"[data-test=inline-button][data-data*='{data}']").last.click()

    def sees(self, words: str | re.Pattern[str]) -> Locator:
        found = self.messages.get_by_test_id("alice-message").filter(has_text=words).last
        expect(found).to_be_visible(timeout=PUSH)
        return found


def six_digits(demo: Demo, number: str, page: Page) -> str:
    """The code of the newest SMS to a number, once there is one more than before."""
    for _ in range(100):
        if texts := demo.sms(number):
            found = re.search(r"\d{6}", texts[-1])
            assert found is not None
            return found.group()
        page.wait_for_timeout(100)
    pytest.fail(f"no SMS to {number}")


def phone(browser: Browser, **size: int) -> Page:
    page = browser.new_context(locale="zh-CN", viewport=size).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(PUSH)
    return page


@pytest.fixture(autouse=True)
def _data_test(playwright: object) -> None:
    playwright.selectors.set_test_id_attribute("data-test")  # type: ignore[attr-defined]


def test_the_whole_story_from_the_invite_to_the_decided_claim(demo: Demo, browser: Browser) -> None:
    stage = phone(browser, width=1440, height=900)
    stage.goto(f"{demo.sandbox}/?lang=zh-Hans")
    alice = Alice(stage)
    link = _alice_gets_her_invite(demo, alice)
    _bob_registers_and_applies(demo, browser, link)
    alice.sees("已登记")
    _bank_tells(stage, "approve", "activate", "purchase")
    alice.sees("您获得 ¥100")
    alice.sees("阶梯奖励达成：500 积分")
    alice.says("/progress")
    alice.sees("再 2 位可得")
    stage.get_by_test_id("next-day").click()
    alice.sees("可领取")
    number = _alice_claims_carol(demo, stage, alice)
    _branch_credits(demo, browser, number)
    alice.sees(number)
    alice.says("/progress")
    alice.sees(re.compile("待发放 ¥100"))


def _alice_gets_her_invite(demo: Demo, alice: Alice) -> str:
    alice.says("/start")
    alice.taps(":agree")
    alice.stage.get_by_test_id("request-contact").last.click()
    alice.sees("绑定")
    alice.says("/invite")
    picture = alice.stage.get_by_test_id("alice-picture").last
    expect(picture).to_be_visible(timeout=PUSH)
    address = picture.get_attribute("src")
    assert address is not None
    drawn = alice.stage.request.get(demo.sandbox + address).body()
    read = zxingcpp.read_barcodes(Image.open(BytesIO(drawn)))
    assert len(read) == 1
    return read[0].text


def _bob_registers_and_applies(demo: Demo, browser: Browser, link: str) -> None:
    assert link.startswith(f"{demo.web}/i/")
    bob = phone(browser, width=360, height=740)
    bob.goto(link)
    bob.get_by_test_id("phone").fill("139 0013 9077")
    bob.get_by_test_id("send-code").click()
    bob.get_by_test_id("code").fill(six_digits(demo, BOB, bob))
    bob.get_by_test_id("name").fill("王波")
    for consent in ("consent-terms", "consent-adult"):
        expect(bob.get_by_test_id(consent)).not_to_be_checked()
        bob.get_by_test_id(consent).check()
    bob.get_by_test_id("register").click()
    expect(bob.get_by_test_id("success")).to_be_visible()
    bob.get_by_test_id("bank-link").click()
    bob.get_by_test_id("apply-submit").click()
    expect(bob.get_by_test_id("apply-thanks")).to_be_visible()


def _bank_tells(stage: Page, *steps: str) -> None:
    for step in steps:
        stage.get_by_test_id("bank-application").first.get_by_test_id(f"bank-{step}").click()


def _alice_claims_carol(demo: Demo, stage: Page, alice: Alice) -> str:
    stage.get_by_test_id("bank-phone").fill(CAROL)
    stage.get_by_test_id("bank-submit").click()
    expect(stage.get_by_test_id("bank-application")).to_have_count(2)
    _bank_tells(stage, "approve", "activate", "purchase")
    alice.says("/claim")
    alice.taps(":code")
    alice.says(six_digits(demo, ALICE, stage))
    alice.sees("手机号")
    alice.says(CAROL)
    alice.taps(":when")
    alice.taps(":how")
    alice.sees("要附一张图片吗")
    stage.get_by_test_id("alice-attach").click()
    stage.get_by_test_id("alice-attach-sample").click()
    alice.sees("已附 1 张")
    alice.taps(":file")
    case = alice.sees(re.compile(r"C-[0-9A-Z]{6}"))
    found = re.search(r"C-[0-9A-Z]{6}", case.inner_text())
    assert found is not None
    return found.group()


def _branch_credits(demo: Demo, browser: Browser, number: str) -> None:
    story = demo.story
    tablet = phone(browser, width=1024, height=768)
    tablet.goto(f"{demo.web}/tablet/")
    tablet.get_by_test_id("enrol-code").fill(story["tablet_code"])
    tablet.get_by_test_id("enrol").click()
    tablet.get_by_test_id("staff-no").fill(story["staff_no"])
    tablet.get_by_test_id("pin").fill(story["pin"])
    tablet.get_by_test_id("sign-in").click()
    tablet.get_by_test_id("nav-claims").click()
    tablet.get_by_test_id("claim-row").filter(has_text=number).click()
    tablet.get_by_test_id("note").fill("客户出示了与朋友的聊天")
    tablet.get_by_test_id("save-note").click()
    expect(tablet.get_by_test_id("notes")).to_contain_text("客户出示了与朋友的聊天")
    tablet.get_by_test_id("show-picture").click()
    picture = tablet.get_by_test_id("claim-picture")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 720
    tablet.get_by_test_id("claim-credit").click()
    tablet.get_by_test_id("claim-confirm").click()
    expect(tablet.get_by_test_id("success")).to_contain_text(number)


def test_the_story_plays_by_itself_to_its_end(demo: Demo, browser: Browser) -> None:
    stage = phone(browser, width=1440, height=900)
    stage.goto(f"{demo.sandbox}/?lang=en")
    stage.get_by_test_id("restart").click()
    stage.get_by_test_id("speed-fast").click()
    stage.get_by_test_id("play").click()
    expect(stage.get_by_test_id("caption")).to_have_attribute("data-step", "end", timeout=180_000)
