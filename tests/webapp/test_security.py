"""Headers, cookies and errors of every face."""

from __future__ import annotations

import re

import pytest
from browser import Browser, Friend
from flask import Flask
from story import BOB, Story

from shared.base.database import Database
from shared.base.privacy import Keyring
from shared.base.settings import Settings
from webapp.app import create_app
from webapp.faces import ELSEWHERE, LANDING, TABLET, face_of
from webapp.security import cookie_key


def _app(settings: Settings, database: Database, story: Story, **changes: object) -> Flask:
    changed = Settings.model_validate({**settings.model_dump(), **changes})
    return create_app(changed, database, lambda: story.now)


def test_pages_run_only_their_own_scripts_and_styles(bob: Friend, story: Story) -> None:
    page = bob.opens(f"/i/{story.code}")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    nonce = re.search(r"script-src 'self' 'nonce-([\w-]+)'", policy)
    assert nonce is not None
    assert f'<style nonce="{nonce[1]}">' in page.text
    assert re.findall(r"<script(?![^>]+src=)|\son\w+=|style=", page.text) == []


@pytest.mark.parametrize("path", ["/i/00000000", "/nowhere", "/healthz", "/openapi.json"])
def test_every_answer_is_hardened(app: Flask, path: str) -> None:
    headers = Browser(app).opens(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "geolocation=()" in headers["Permissions-Policy"]


def test_only_the_demos_own_sandbox_may_frame_a_page(
    settings: Settings, database: Database, story: Story
) -> None:
    demo = _app(settings, database, story, mode="demo", sandbox_port=8123)
    headers = Browser(demo).opens(f"/i/{story.code}").headers
    assert "frame-ancestors http://127.0.0.1:8123" in headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in headers


def test_the_tablet_alone_may_use_the_camera(app: Flask, story: Story) -> None:
    browser = Browser(app)
    assert "camera=(self)" in browser.opens("/tablet/").headers["Permissions-Policy"]
    assert "camera=()" in browser.opens(f"/i/{story.code}").headers["Permissions-Policy"]


def test_cookies_are_the_faces_own_and_out_of_scripts_reach(bob: Friend, story: Story) -> None:
    page = bob.opens(f"/i/{story.code}?lang=en")
    cookies = page.headers.getlist("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {
        "jianka_i", "jianka_i_lang", "jianka_v",
    }  # fmt: skip
    for cookie in cookies:
        assert "Path=/i;" in f"{cookie};"
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Secure" not in cookie


def test_cookies_are_secure_and_transport_strict_behind_https(
    settings: Settings, database: Database, story: Story
) -> None:
    app = _app(settings, database, story, public_url="https://jianka.example")
    page = Browser(app).opens(f"/i/{story.code}")
    assert all("Secure" in cookie for cookie in page.headers.getlist("Set-Cookie"))
    assert "max-age" in page.headers["Strict-Transport-Security"]


def test_the_session_cookie_holds_no_personal_data(bob: Friend, story: Story) -> None:
    import base64
    import zlib

    bob.registers(BOB)
    cookie = bob.client.get_cookie("jianka_i", path="/i")
    assert cookie is not None
    payload = cookie.value.lstrip(".").partition(".")[0]
    raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    readable = zlib.decompress(raw) if cookie.value.startswith(".") else raw
    assert b"handle" not in readable
    assert b"9000" not in readable
    assert "王波".encode() not in readable
    assert b"\\u738b" not in readable


def test_a_cookie_of_a_rotated_key_is_still_believed(
    settings: Settings, database: Database, story: Story
) -> None:
    from base64 import b64encode

    old = settings.secret_keys.get_secret_value()
    new = "k2:" + b64encode(b"n" * 32).decode()
    before = Friend(_app(settings, database, story), story.code, story.last_code)
    before.sends_number(BOB)
    cookie = before.client.get_cookie("jianka_i", path="/i")
    assert cookie is not None
    rotated = _app(settings, database, story)
    keyring = Keyring({"k2": b"n" * 32, **database.keyring.masters}, database.keyring.blind_key)
    rotated.secret_key, rotated.config["SECRET_KEY_FALLBACKS"] = cookie_key(keyring)
    after = Friend(rotated, story.code, story.last_code)
    after.client.set_cookie("jianka_i", cookie.value, path="/i")
    after.opens(f"/i/{story.code}/confirm")
    assert after.path.endswith("/confirm")
    assert new != old


@pytest.mark.parametrize(
    ("path", "face"),
    [("/i/K7Q2M9XD", LANDING), ("/i", LANDING), ("/tablet/show", TABLET), ("/internal", ELSEWHERE),
     ("/tabletop", ELSEWHERE), ("/", ELSEWHERE)],
)  # fmt: skip
def test_a_face_is_told_by_the_whole_first_part_of_the_path(path: str, face: object) -> None:
    assert face_of(path) is face


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW", "en"])
def test_an_unknown_page_is_a_page_with_a_next_step(app: Flask, language: str) -> None:
    browser = Browser(app, language=language)
    assert browser.opens("/nowhere").status_code == 404
    assert browser.sees("error-404")


def test_programs_get_problems_not_pages(app: Flask) -> None:
    answer = app.test_client().get("/api/v1/events")
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
    assert "POST" in answer.headers["Allow"]


def test_a_failure_is_logged_by_place_and_says_nothing_of_what_was_typed(
    app: Flask, story: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("could not keep 13900139000")

    monkeypatch.setattr("webapp.landing.steps.start_registration", broken)
    friend = Friend(app, story.code, story.last_code)
    answer = friend.sends_number(BOB)
    assert answer.status_code == 500
    assert friend.sees("error-500")
    assert "139001" not in answer.text
    assert "139001" not in "".join(capsys.readouterr())


def test_a_proxy_is_believed_only_where_the_settings_name_it(
    settings: Settings, database: Database, story: Story
) -> None:
    from webapp.limits import address

    for hops, seen in ((0, "127.0.0.1"), (1, "203.0.113.9")):
        app = _app(settings, database, story, trusted_proxies=hops)
        app.add_url_rule("/who", "who", address)
        answer = app.test_client().get("/who", headers={"X-Forwarded-For": "203.0.113.9"})
        assert answer.text == seen


def test_static_addresses_carry_a_digest_and_are_kept_for_a_year(bob: Friend, story: Story) -> None:
    page = bob.opens(f"/i/{story.code}").text
    sheet = re.search(r'href="(/static/css/jianka\.css\?v=\w+)"', page)
    assert sheet is not None
    assert bob.client.get(sheet[1]).cache_control.max_age == 365 * 24 * 3600
    assert bob.client.get("/static/css/jianka.css").cache_control.max_age == 3600
