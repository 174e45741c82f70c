"""The tablet's templates: every word is in the catalogues, every class and icon is drawn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from counter import STAFF_PAGES, Counter, House

from shared.base.i18n import Locale, catalogue
from shared.claims.claims import BY_PEOPLE, DECIDED, How, State, When
from shared.claims.evidence import EvidenceKind

WEBAPP = Path(__file__).resolve().parents[3] / "webapp"
PAGES = sorted((WEBAPP / "tablet" / "templates").rglob("*.html"))
CODE = sorted((WEBAPP / "tablet").glob("*.py"))
BUILT = (
    "tablet.evidence.", "tablet.reason.", "tablet.claim.how.", "tablet.claim.when.",
    "tablet.claim.left.", "tablet.claim.late.", "tablet.claim.said.", "tablet.trouble.",
    "tablet.today.", "tablet.claim.given.", "tablet.claim.bar.",
)  # fmt: skip
"""Keys whose last word comes from an enum or a name."""


def test_every_word_of_the_tablet_is_used_and_every_used_word_is_there() -> None:
    written = "\n".join(path.read_text(encoding="utf-8") for path in [*PAGES, *CODE])
    named = set(re.findall(r"""["'](tablet\.[a-z_.0-9]*[a-z0-9_])["']""", written))
    endpoints = set(re.findall(r'url_for\(["\'](tablet\.[a-z_]+)', written))
    known = {key for key in catalogue(Locale.EN) if key.startswith("tablet.")}
    limits = {"tablet.enrol", "tablet.pin", "tablet.search", "tablet.hand_over",
              "tablet.registration", "tablet.code", "tablet.cardholder"}  # fmt: skip
    views = {f"tablet.{name}" for name in re.findall(r"^def (\w+)\(", written, re.MULTILINE)}
    used = {
        key
        for key in named
        if key not in endpoints | limits | views | {"tablet.static", "tablet.js"}
    }
    assert used - known == set()
    unused = {key for key in known - named if not key.startswith(BUILT)}
    assert unused == set()


@pytest.mark.parametrize("locale", list(Locale))
def test_words_built_from_enums_are_there(locale: Locale) -> None:
    words = catalogue(locale)
    for reason in BY_PEOPLE:
        assert f"tablet.reason.{reason.value}" in words
    for how in How:
        assert f"tablet.claim.how.{how.value}" in words
    for when in When:
        assert f"tablet.claim.when.{when.value}" in words
    for kind in EvidenceKind:
        assert f"tablet.evidence.{kind.value}" in words
    for state in (*DECIDED, State.SECOND_PERSON):
        assert f"tablet.claim.said.{state.value}.next" in words


def test_classes_and_icons_are_drawn() -> None:
    css = (WEBAPP / "static" / "css" / "jianka.css").read_text(encoding="utf-8")
    drawn = set(re.findall(r"\.([a-z][a-z_-]*[a-z])", css))
    sprite = (WEBAPP / "static" / "img" / "icons.svg").read_text(encoding="utf-8")
    icons = set(re.findall(r'<symbol id="icon-([a-z-]+)"', sprite))
    for path in PAGES:
        source = path.read_text(encoding="utf-8")
        assert set(re.findall(r'(?:icon\(|icon_name=)"([a-z-]+)"', source)) <= icons, path.name
        plain = re.sub(r"\{[{%#].*?[}%#]\}", " ", source, flags=re.DOTALL)
        used = {name for found in re.findall(r'class="([^"]*)"', plain) for name in found.split()}
        assert used - drawn - {"evidence"} == set(), path.name


@pytest.mark.parametrize("locale", list(Locale))
def test_every_place_reads_in_every_language(
    mei: Counter, the_house: House, locale: Locale
) -> None:
    the_house.bank_hears()
    number = the_house.files()
    steps = [f"/tablet/claims/{number}{step}" for step in ("", "/credit", "/refuse")]
    for path in [*STAFF_PAGES, *steps]:
        page = mei.opens(f"{path}?lang={locale.lang}")
        assert page.status == 200
        assert f'lang="{locale.lang}"' in page.html
        assert "tablet." not in re.sub(r"<[^>]+>", "", page.html)


def test_no_page_needs_an_inline_script_or_style(mei: Counter) -> None:
    for path in STAFF_PAGES:
        html = mei.opens(path).html
        assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=", html)
        assert "Content-Security-Policy" in mei.opens(path).response.headers


def test_scripts_are_served_to_the_tablet_and_kept_small(mei: Counter) -> None:
    answer = mei.client.get("/tablet/static/tablet.js")
    assert answer.status_code == 200
    assert len(answer.data) < 8_000
