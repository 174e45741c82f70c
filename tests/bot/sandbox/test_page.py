"""The stage page and the bank's form: words in every language, one origin, the hand-over."""

import re
from pathlib import Path

import pytest
from sandbox_server import Served

import bot.sandbox
from shared.base.i18n import Locale, catalogue

ROOM = Path(bot.sandbox.__file__).parent
WEB = ROOM.parent.parent / "webapp"
CONFIRM = WEB / "templates/landing/confirm.html"
WRITTEN = [*ROOM.glob("static/js/*.js"), *ROOM.glob("templates/*.html")]


def keys_named(source: str) -> set[str]:
    return set(re.findall(r"sandbox\.[a-z_.]+[a-z_]", source))


def test_every_key_that_the_page_names_has_words_in_every_language() -> None:
    named = {key for path in WRITTEN for key in keys_named(path.read_text())}
    built = {"sandbox.tab", "sandbox.speed", "sandbox.counter", "sandbox.story.value.name"}
    for locale in Locale:
        words = set(catalogue(locale))
        missing = {
            key
            for key in named - built
            if key not in words and not any(word.startswith(f"{key}.") for word in words)
        }
        assert missing == set()


def test_every_step_of_the_story_has_a_caption() -> None:
    steps = re.findall(r"\bid: \"(\w+)\"", (ROOM / "static/js/story.js").read_text())
    assert len(steps) > 20
    for locale in Locale:
        assert {f"sandbox.story.{step}" for step in steps} <= set(catalogue(locale))


def test_every_step_and_stage_of_the_bank_has_words() -> None:
    from bot.sandbox.bank import Stage, Step

    wanted = {f"sandbox.bank.stage.{stage}" for stage in Stage}
    wanted |= {f"sandbox.bank.step.{step}" for step in Step}
    for locale in Locale:
        assert wanted <= set(catalogue(locale))


@pytest.mark.parametrize("lang", ["zh-Hans", "zh-Hant", "en"])
def test_the_stage_speaks_the_language_asked_for_and_frames_only_the_product(
    sandbox: Served, lang: str
) -> None:
    page = sandbox.client.get("/", params={"lang": lang})
    assert f'<html lang="{lang}">' in page.text
    rules = page.headers["Content-Security-Policy"]
    assert "frame-src 'self' http://127.0.0.1:9;" in rules
    assert "frame-ancestors 'self'" in rules


def test_every_file_that_the_stage_asks_for_is_there(sandbox: Served) -> None:
    page = sandbox.client.get("/").text
    asked = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', page))
    for module in ROOM.glob("static/js/*.js"):
        imported = re.findall(r'from "\./([\w.]+)"', module.read_text())
        asked |= {f"/static/js/{name}" for name in imported}
    assert len(asked) > 10
    for address in asked:
        assert sandbox.client.get(address).status_code == 200, address


def test_the_banks_form_carries_the_token_on_and_says_thanks(sandbox: Served) -> None:
    form = sandbox.client.get("/bank/apply", params={"token": "tok-1", "lang": "en"})
    assert 'value="tok-1"' in form.text
    sent = sandbox.client.post(
        "/bank/apply", data={"referral_token": "tok-1", "phone": "", "name": "Bob"}
    )
    assert sent.status_code == 303
    thanks = sandbox.client.get(sent.headers["Location"]).text
    application = sandbox.get("/bank")["applications"][0]
    assert application["id"] in thanks
    assert application["by_link"] is True
    assert application["stage"] == "applied"


def test_the_banks_form_without_token_and_number_says_how_to_mend_it(sandbox: Served) -> None:
    again = sandbox.client.post("/bank/apply?lang=en", data={"referral_token": "", "phone": ""})
    assert "Enter a mobile number" in again.text
    assert sandbox.get("/bank")["applications"] == []


def test_a_new_play_has_the_next_cardholder_and_a_friend_with_a_new_number(sandbox: Served) -> None:
    before = sandbox.get("/stage")
    after = sandbox.post("/stage/restart").json()
    assert after["alice"]["id"] != before["alice"]["id"]
    assert after["alice"]["phone"] == "+8613800138012"
    assert re.fullmatch(r"\+86139\d{8}", after["bob"]["phone"])
    assert after["bob"]["phone"] != before["bob"]["phone"]
    assert sandbox.get("/stage")["alice"] == after["alice"]
    sandbox.post("/stage/restart")
    assert sandbox.post("/stage/restart").json()["alice"]["phone"] == before["alice"]["phone"]


def test_the_story_taps_buttons_that_the_bot_has() -> None:
    from bot.flows.taps import Verb

    story = (ROOM / "static/js/story.js").read_text()
    tapped = set(re.findall(r'\["tap", "(\w+)"', story))
    assert len(tapped) >= 4
    assert tapped <= {verb.value for verb in Verb}


def test_the_story_touches_only_what_the_products_pages_mark() -> None:
    marked: set[str] = set()
    for page in [*ROOM.glob("**/*.html"), *ROOM.glob("**/*.js"), *WEB.glob("**/*.html")]:
        marked |= set(re.findall(r'data-test"?[=:] ?"([\w-]+)"', page.read_text()))
    marked.add("nav-claims")  # one of a list: `nav-{{ key }}`
    marked |= set(re.findall(r'tick\([\w.]+, "([\w-]+)"', CONFIRM.read_text()))
    story = (ROOM / "static/js/story.js").read_text()
    # Named by a template of their own in browser.js: `${name}-sms-code`.
    touched = set(re.findall(r'at\("([\w-]+)"\)', story)) - {"bob-sms-code"}
    assert touched <= marked
