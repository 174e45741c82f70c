"""The frames and parts of pages: words in three languages, wiring that assistive tools follow."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask, render_template_string

from shared.base.i18n import Locale, text

WEBAPP = Path(__file__).resolve().parents[2] / "webapp"
CSS = (WEBAPP / "static" / "css" / "jianka.css").read_text(encoding="utf-8")
SPRITE = (WEBAPP / "static" / "img" / "icons.svg").read_text(encoding="utf-8")

PAGE = """{% extends "layout/page.html" %}
{% from "layout/parts.html" import languages with context %}
{% block languages %}
{{ languages([("zh_Hans", "?lang=zh-Hans"), ("en", "?lang=en")]) }}
{% endblock %}
{% block main %}<h1>main</h1>{% endblock %}"""
TABLET = """{% extends "layout/tablet.html" %}{% block work %}<h1>work</h1>{% endblock %}"""
DESK = """{% extends "layout/desk.html" %}{% block work %}<h1>work</h1>{% endblock %}"""
PARTS = (
    '{% from "layout/parts.html" import field, code_field, consent, band, pill, steps, facts, row,'
)
PARTS += " button, net_state, rail_place with context %}"


def rendered(source: str, locale: Locale = Locale.EN, **more: object) -> str:
    app = Flask("webapp", root_path=str(WEBAPP))
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    issuer = SimpleNamespace(name="Qingshan <Bank>", seal="#1F4E9E", jade="", logo_url="")
    words = {"t": partial(text, locale), "locale": locale.value, "lang": locale.lang}
    with app.test_request_context():
        return render_template_string(source, issuer=issuer, csp_nonce="n1", **words, **more)


@pytest.mark.parametrize("locale", list(Locale))
@pytest.mark.parametrize("source", [PAGE, TABLET, DESK])
def test_a_frame_says_its_language_and_stays_out_of_search(source: str, locale: Locale) -> None:
    html = rendered(source, locale)
    assert f'<html lang="{locale.lang}">' in html
    assert '<meta name="robots" content="noindex, nofollow">' in html
    assert text(locale, "layout.skip") in html
    assert html.count('id="main"') == 1
    assert html.count("<main") == html.count("</main>") == 1


@pytest.mark.parametrize("source", [PAGE, TABLET, DESK])
def test_a_frame_needs_no_inline_script_or_style_but_the_issuers(source: str) -> None:
    html = rendered(source)
    assert html.count("<style") == html.count('<style nonce="n1">') == 1
    assert ":root{--issuer-seal:#1F4E9E;}" in html
    assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=", html)


def test_the_issuers_name_is_escaped() -> None:
    assert "Qingshan &lt;Bank&gt;" in rendered(PAGE)
    assert "<Bank>" not in rendered(PAGE)


def test_only_the_demo_carries_its_script() -> None:
    assert "demo.js" not in rendered(PAGE, demo_origin=None)
    html = rendered(PAGE, demo_origin="http://127.0.0.1:8001")
    assert 'js/demo.js" data-origin="http://127.0.0.1:8001"' in html


def test_the_present_language_is_marked_and_each_is_named_in_itself() -> None:
    html = rendered(PAGE, Locale.EN)
    assert re.search(r'lang="en"[^>]*aria-current="true"', html)
    assert not re.search(r'lang="zh-Hans"[^>]*aria-current', html)
    assert 'title="简体中文"' in html


def test_the_tablet_shows_places_staff_network_and_lock() -> None:
    html = rendered(
        TABLET,
        Locale.ZH_HANS,
        places=[("show", "/tablet/show", 0), ("claims", "/tablet/claims", 3)],
        place="claims",
        staff=SimpleNamespace(name="梅晓", branch="青山路支行"),
        lock_url="/tablet/lock",
        csrf_token=lambda: "token",
    )
    assert re.search(r'href="/tablet/claims" aria-current="page".*?>3<', html, re.DOTALL)
    assert not re.search(r'href="/tablet/show" aria-current', html)
    assert "梅晓" in html
    assert "网络正常" in html
    assert re.search(r'<form method="post" action="/tablet/lock">.*value="token"', html)
    assert "锁定" in html


def test_before_sign_in_there_is_no_lock() -> None:
    assert text(Locale.EN, "layout.lock") not in rendered(TABLET, lock_url="/tablet/lock")


def test_a_field_is_tied_to_its_label_help_and_error() -> None:
    html = rendered(
        PARTS + '{{ field("phone", "Number", help="We send a code", error="One digit more") }}'
    )
    assert '<label class="field__label" for="phone">Number' in html
    assert 'aria-describedby="phone-error phone-help"' in html
    assert 'aria-invalid="true"' in html
    assert '<p class="field__help" id="phone-help">We send a code' in html
    assert re.search(r'id="phone-error">.*One digit more', html)


def test_a_field_without_trouble_is_not_called_invalid() -> None:
    html = rendered(PARTS + '{{ field("phone", "Number") }}')
    assert "aria-invalid" not in html
    assert "aria-describedby" not in html
    assert " required" in html
    assert " required" not in rendered(PARTS + '{{ field("x", "X", optional="optional") }}')


def test_a_field_may_hold_another_control() -> None:
    source = (
        PARTS
        + '{% call(aria) field("branch", "Branch", help="Any") %}'
        + "<select {{ aria }}></select>{% endcall %}"
    )
    html = rendered(source)
    assert '<select id="branch" name="branch" aria-describedby="branch-help" required>' in html
    assert "<input" not in html


def test_what_a_person_typed_comes_back_escaped() -> None:
    html = rendered(PARTS + "{{ field('x', 'X', value=typed) }}", typed='"><script>')
    assert "<script>" not in html


def test_the_code_field_is_filled_in_by_the_phone() -> None:
    html = rendered(PARTS + '{{ code_field("code", "Code") }}')
    assert 'autocomplete="one-time-code"' in html
    assert 'inputmode="numeric"' in html


def test_a_consent_is_unticked_unless_the_person_ticked_it() -> None:
    call = '{% call consent("terms"CHECKED) %}I agree{% endcall %}'
    assert " checked" not in rendered(PARTS + call.replace("CHECKED", ""))
    assert " checked" in rendered(PARTS + call.replace("CHECKED", ", checked=true"))


def test_an_error_band_speaks_up_and_others_wait_their_turn() -> None:
    assert 'role="alert"' in rendered(PARTS + '{{ band("Expired", "error") }}')
    assert 'role="status"' in rendered(PARTS + '{{ band("Done", "done") }}')


def test_steps_mark_what_is_done_and_what_is_now() -> None:
    html = rendered(PARTS + '{{ steps(["a", "b", "c"], 2) }}')
    assert re.findall(r'data-state="(\w+)"', html) == ["done", "now", "next"]
    assert html.count('aria-current="step"') == 1


def test_offline_is_told_in_words_with_the_queue() -> None:
    html = rendered(PARTS + "{{ net_state(false, 3) }}", Locale.ZH_HANS)
    assert "已离线 · 3 条待上传" in html
    assert 'data-state="off"' in html


def test_every_class_that_a_template_uses_is_in_the_style_sheet() -> None:
    known = set(re.findall(r"\.([a-z][a-z_-]*[a-z])", CSS))
    used: set[str] = set()
    for path in (WEBAPP / "templates" / "layout").glob("*.html"):
        source = re.sub(
            r"\{[{%#].*?[}%#]\}", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL
        )
        for attribute in re.findall(r'class="([^"]*)"', source):
            used |= {name for name in attribute.split() if not name.endswith("-")}
    assert used - known == set()
    assert len(used) > 30


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="icon-([a-z-]+)"', SPRITE))
    named: set[str] = set()
    for path in (WEBAPP / "templates").rglob("*.html"):
        source = path.read_text(encoding="utf-8")
        named |= set(re.findall(r'icon\("([a-z-]+)"', source))
        named |= set(re.findall(r'icon_name="([a-z-]+)"', source))
    assert named - drawn == set()
    assert {"show", "register", "tasks", "claims", "today"} <= drawn
