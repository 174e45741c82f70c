"""Every pair of text and ground in the style sheet can be read, by day and by night."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.base.contrast import contrast_ratio
from shared.base.settings import Settings

CSS = Path(__file__).resolve().parents[2] / "webapp" / "static" / "css" / "jianka.css"
TEXT, SIGN = 4.5, 3.0

GROUNDS = ["paper", "card", "sunk"]
PAIRS = [
    *((ink, ground) for ink in ("ink", "quiet", "error") for ground in GROUNDS),
    *((ink, ground) for ink in ("seal", "jade", "amber") for ground in GROUNDS),
    *((ink, f"{ink}-tint") for ink in ("seal", "jade", "amber", "error")),
    *((ink, f"{tint}-tint") for ink in ("ink", "quiet") for tint in ("seal", "jade", "amber")),
    ("ink", "error-tint"),
    ("ink", "line"),
    ("on-seal", "seal"),
    ("on-jade", "jade"),
    ("paper", "ink"),
]
SIGNS = [*(("edge", ground) for ground in GROUNDS), *(("focus", ground) for ground in GROUNDS)]


def block(css: str, selector: str) -> dict[str, str]:
    """The colours that one rule of the tokens layer sets; an issuer's default is taken."""
    body = css.split(selector, 1)[1].split("{", 1)[1].split("}", 1)[0]
    found = re.findall(r"--([a-z-]+):\s*(?:var\(--[a-z-]+, )?(#[0-9A-Fa-f]{6})\)?;", body)
    assert found, f"{selector} sets no colour"
    return dict(found)


def mixed(top: str, ground: str, percent: int) -> str:
    """`color-mix(in srgb, top percent%, ground)`, halves up."""
    parts = (
        (int(top[i : i + 2], 16) * percent + int(ground[i : i + 2], 16) * (100 - percent) + 50)
        // 100
        for i in (1, 3, 5)
    )
    return "#" + "".join(f"{part:02X}" for part in parts)


@pytest.fixture(scope="module")
def css() -> str:
    return CSS.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def themes(css: str) -> dict[str, dict[str, str]]:
    return {
        "light": block(css, ':root, [data-theme="light"]'),
        "dark": block(css, '\n  [data-theme="dark"]'),
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(
    themes: dict[str, dict[str, str]], theme: str, text: str, ground: str
) -> None:
    tokens = themes[theme]
    ratio = contrast_ratio(tokens[text], tokens[ground])
    assert ratio >= TEXT, f"{theme}: {text} on {ground} is {ratio:.2f}"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("sign", "ground"), SIGNS)
def test_field_edges_and_focus_rings_can_be_seen(
    themes: dict[str, dict[str, str]], theme: str, sign: str, ground: str
) -> None:
    ratio = contrast_ratio(themes[theme][sign], themes[theme][ground])
    assert ratio >= SIGN, f"{theme}: {sign} on {ground} is {ratio:.2f}"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["seal", "jade", "amber", "error"])
def test_a_fixed_tint_is_what_the_browser_would_mix(
    css: str, themes: dict[str, dict[str, str]], theme: str, name: str
) -> None:
    share = re.search(rf"--{name}-tint: color-mix\(in srgb, var\(--{name}\) (\d+)%", css)
    assert share is not None
    tokens = themes[theme]
    mix = mixed(tokens[name], tokens["card"], int(share[1]))
    assert tokens[f"{name}-tint"] == mix


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("share", [90, 80])
def test_the_primary_button_stays_readable_while_pressed(
    themes: dict[str, dict[str, str]], theme: str, share: int
) -> None:
    tokens = themes[theme]
    pressed = mixed(tokens["seal"], tokens["press"], share)
    assert contrast_ratio(tokens["on-seal"], pressed) >= TEXT


def test_the_dark_theme_is_the_same_whether_chosen_by_the_page_or_the_system(css: str) -> None:
    by_system = block(css, ':root:not([data-theme="light"])')
    assert by_system == block(css, '\n  [data-theme="dark"]')


def test_every_theme_sets_the_same_colours(themes: dict[str, dict[str, str]]) -> None:
    assert themes["light"].keys() == themes["dark"].keys()


def test_the_brand_colours_are_the_ones_the_settings_default_to(
    themes: dict[str, dict[str, str]],
) -> None:
    assert Settings.model_fields["seal"].default == themes["light"]["seal"]
    assert Settings.model_fields["jade"].default == themes["light"]["jade"]
