"""What the people of the story see can be used by everybody: axe finds nothing serious."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from demo import Demo, start_demo
from playwright.sync_api import Browser, Locator, Page, expect

from shared.jobs.demo_stage import DESK, DESK_PIN

SERIOUS = ("serious", "critical")
PATIENCE = 30_000
"""Milliseconds: the machine may be busy."""

pytestmark = pytest.mark.browser
_numbers = itertools.count(13600136000)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = start_demo(tmp_path_factory.mktemp("demo"))
    yield running
    running.stop()


@pytest.fixture(scope="module", autouse=True)
def _data_test(playwright: object) -> None:
    playwright.selectors.set_test_id_attribute("data-test")  # type: ignore[attr-defined]


def opens(browser: Browser, scheme: str, width: int, height: int) -> Page:
    page = browser.new_context(
        locale="zh-CN",
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        viewport={"width": width, "height": height},
    ).new_page()
    page.set_default_timeout(PATIENCE)
    return page


def is_for_everybody(page: Page, where: str) -> None:
    """No serious or critical finding of axe, and nothing to scroll sideways."""
    found = [
        f"{where}: {one['impact']} {one['id']}: {node['html'][:160]}"
        for one in Axe().run(page).response["violations"]
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]
    assert found == []
    wide, shown = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= shown, where


@pytest.fixture(scope="module")
def invite(demo: Demo, browser: Browser) -> str:
    """The address of Alice's invite, and a claim that waits at the branch."""
    stage = opens(browser, "dark", 1440, 900)
    stage.goto(f"{demo.sandbox}/?lang=zh-Hans")
    _says(stage, "/start")
    _taps(stage, ":agree")
    stage.get_by_test_id("request-contact").last.click()
    expect(_heard(stage, "绑定成功")).to_be_visible()
    _says(stage, "/invite")
    link = _heard(stage, f"{demo.web}/i/")
    expect(link).to_be_visible()
    address = re.search(rf"{re.escape(demo.web)}/i/\w+", link.inner_text())
    assert address is not None
    _claims(demo, stage)
    stage.context.close()
    return address.group()


def _claims(demo: Demo, stage: Page) -> None:
    _says(stage, "/claim")
    _taps(stage, ":code")
    own = re.search(r"1\d{10}", _heard(stage, "+86").inner_text())
    assert own is not None
    _says(stage, six_digits(demo, own.group(), stage))
    expect(_heard(stage, "第 1 步")).to_be_visible()
    _says(stage, "13700137055")
    for step in (":when", ":how"):
        _taps(stage, step)
    expect(_heard(stage, "第 4 步")).to_be_visible()
    stage.get_by_test_id("alice-attach").click()
    stage.get_by_test_id("alice-attach-sample").click()
    _taps(stage, ":file")
    expect(_heard(stage, re.compile(r"C-[0-9A-Z]{6}"))).to_be_visible()


def _says(stage: Page, words: str) -> None:
    stage.get_by_test_id("alice-composer").fill(words)
    stage.get_by_test_id("alice-send").click()


def _taps(stage: Page, data: str) -> None:
    stage.locator(f"[data-test=inline-button][data-data*='{data}']").last.click()


def _heard(stage: Page, words: str | re.Pattern[str]) -> Locator:
    return stage.get_by_test_id("alice-message").filter(has_text=words).last


def six_digits(demo: Demo, number: str, page: Page) -> str:
    """The code of the newest SMS to a number, once one is there."""
    for _ in range(100):
        if texts := demo.sms(number):
            found = re.search(r"\d{6}", texts[-1])
            assert found is not None
            return found.group()
        page.wait_for_timeout(100)
    pytest.fail(f"no SMS to {number}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_bobs_whole_way_is_for_everybody(
    demo: Demo, browser: Browser, invite: str, scheme: str
) -> None:
    number = str(next(_numbers))
    bob = opens(browser, scheme, 320, 640)
    bob.goto(invite)
    is_for_everybody(bob, "invite")
    bob.get_by_test_id("phone").fill("139")
    bob.get_by_test_id("send-code").click()
    expect(bob.locator("#phone-error")).to_be_visible()
    is_for_everybody(bob, "a wrong number")
    bob.get_by_test_id("phone").fill(number)
    bob.get_by_test_id("send-code").click()
    expect(bob.get_by_test_id("code")).to_be_visible()
    is_for_everybody(bob, "code step")
    bob.get_by_test_id("register").click()
    expect(bob.locator("[data-errors]")).to_be_focused()
    is_for_everybody(bob, "nothing filled in")
    bob.get_by_test_id("code").fill(six_digits(demo, number, bob))
    bob.get_by_test_id("name").fill("王波")
    bob.get_by_test_id("consent-terms").check()
    bob.get_by_test_id("consent-adult").check()
    bob.get_by_test_id("register").click()
    expect(bob.get_by_test_id("success")).to_be_visible()
    is_for_everybody(bob, "success")
    for page in ("terms", "privacy", "stop"):
        bob.goto(f"{invite}/{page}")
        is_for_everybody(bob, page)
    for address in ("/i/K7Q2M9XD", "/i/K7Q2", "/nowhere"):
        bob.goto(demo.web + address)
        is_for_everybody(bob, address)
    bob.context.close()


def test_an_answer_with_errors_can_be_reloaded_and_gone_back_to(
    browser: Browser, invite: str
) -> None:
    bob = opens(browser, "light", 360, 740)
    bob.goto(invite)
    bob.get_by_test_id("phone").fill(str(next(_numbers)))
    bob.get_by_test_id("send-code").click()
    bob.get_by_test_id("register").click()
    expect(bob.locator("[data-errors]")).to_be_visible()
    assert bob.url == f"{invite}/confirm"
    bob.reload()
    expect(bob.get_by_test_id("code")).to_be_visible()
    expect(bob.locator("[data-errors]")).to_have_count(0)
    bob.goto(invite)
    bob.go_back()
    expect(bob.get_by_test_id("code")).to_be_visible()
    bob.context.close()


@pytest.fixture(scope="module")
def seat(demo: Demo, browser: Browser, invite: str) -> Page:
    """The branch's tablet, enrolled; the sign-in page is open."""
    tablet = opens(browser, "light", 1024, 768)
    tablet.goto(f"{demo.web}/tablet/")
    is_for_everybody(tablet, "enrol")
    tablet.get_by_test_id("enrol-code").fill(demo.story["tablet_code"])
    tablet.get_by_test_id("enrol").click()
    expect(tablet.get_by_test_id("staff-no")).to_be_visible()
    return tablet


@pytest.mark.parametrize(("scheme", "width", "height"), [("light", 1024, 768), ("dark", 768, 1024)])
def test_the_tablet_is_for_everybody(
    demo: Demo, seat: Page, scheme: str, width: int, height: int
) -> None:
    seat.set_viewport_size({"width": width, "height": height})
    seat.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    is_for_everybody(seat, "sign-in")
    seat.get_by_test_id("staff-no").fill(demo.story["staff_no"])
    seat.get_by_test_id("pin").fill(demo.story["pin"])
    seat.get_by_test_id("sign-in").click()
    for place in ("show", "register", "tasks", "today", "claims"):
        seat.get_by_test_id(f"nav-{place}").click()
        expect(seat.get_by_test_id(f"nav-{place}")).to_have_attribute("aria-current", "page")
        is_for_everybody(seat, place)
    seat.get_by_test_id("claim-row").first.click()
    expect(seat.get_by_test_id("claim-refuse")).to_be_visible()
    is_for_everybody(seat, "claim")
    seat.get_by_test_id("show-picture").click()
    expect(seat.get_by_test_id("claim-picture")).to_be_visible()
    is_for_everybody(seat, "claim with its picture")
    seat.get_by_test_id("claim-refuse").click()
    seat.get_by_test_id("claim-confirm").click()
    expect(seat.get_by_role("alert")).to_be_visible()
    is_for_everybody(seat, "refusal without a reason")
    seat.get_by_test_id("lock").click()
    expect(seat.get_by_test_id("staff-no")).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1100, 700), (360, 740)])
def test_the_stage_is_for_everybody(
    demo: Demo, browser: Browser, invite: str, width: int, height: int
) -> None:
    stage = opens(browser, "dark", width, height)
    stage.goto(f"{demo.sandbox}/?lang=en")
    expect(stage.get_by_test_id("play")).to_be_visible()
    is_for_everybody(stage, f"stage {width}")
    box = stage.locator("#stage").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] == pytest.approx(height, abs=1)
    stage.context.close()


@pytest.mark.nightly
@pytest.mark.parametrize(("scheme", "width", "height"), [("light", 1280, 800), ("dark", 1440, 900)])
def test_the_desk_is_for_everybody(
    demo: Demo, browser: Browser, invite: str, scheme: str, width: int, height: int
) -> None:
    desk = opens(browser, scheme, width, height)
    desk.goto(f"{demo.web}/desk/")
    is_for_everybody(desk, "sign-in")
    desk.get_by_test_id("staff-no").fill(DESK)
    desk.get_by_test_id("pin").fill(DESK_PIN)
    desk.get_by_test_id("sign-in").click()
    expect(desk.get_by_test_id("campaigns")).to_be_visible()
    spring = f"{demo.web}/desk/campaigns/spring-referral"
    for page in ("", "/programme", "/edit", "/move/paused", "/rows/referrals", "/versions/1"):
        desk.goto(spring + page)
        is_for_everybody(desk, f"campaign{page}")
    desk.goto(f"{spring}/edit")
    desk.locator("[name='clauses[0].amount']").fill("¥130")
    expect(desk.locator("[data-preview-here] ins").first).to_contain_text("¥130")
    desk.get_by_test_id("compare").click()
    expect(desk.get_by_test_id("changes")).to_be_visible()
    is_for_everybody(desk, "draft")
    for page in ("approvals", "payouts", "remedies", "remedies/goodwill", "reviews", "repairs"):
        desk.goto(f"{demo.web}/desk/{page}")
        is_for_everybody(desk, page)
    desk.goto(f"{demo.web}/desk/campaigns/spring-referral/recoverable")
    is_for_everybody(desk, "recoverable")
    desk.goto(f"{demo.web}/desk/reviews")
    desk.get_by_test_id("ask").click()
    expect(desk.get_by_test_id("csv")).to_be_visible()
    is_for_everybody(desk, "review")
    desk.goto(f"{demo.web}/desk/trials")
    is_for_everybody(desk, "trials")
    desk.get_by_test_id("ask").click()
    expect(desk.get_by_test_id("summary")).to_be_visible()
    is_for_everybody(desk, "trial")
    desk.context.close()
