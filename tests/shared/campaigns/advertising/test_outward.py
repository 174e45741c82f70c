"""What this product itself says to members and friends passes its own check."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from shared.base.i18n import LOCALE_ROOT, Locale, catalogue
from shared.campaigns.advertising.check import check_copy
from shared.campaigns.advertising.places import flagged_texts, outward_texts
from shared.campaigns.changes import file_terms
from shared.campaigns.file import read_campaign

ROOT = Path(__file__).parents[4]
SAMPLES = [ROOT / "assets/sample/campaign.yaml", ROOT / "tests/shared/spring.yaml"]
OUTWARD = ("bot", "campaigns", "landing", "layout", "notices", "sms", "statement", "telegram")
"""Catalogues that members and friends read."""
INWARD = ("campaign.file.",)
"""Read by those who write campaign files."""
FILLED = {
    "amount": "¥100", "reward": "¥100", "pending": "¥100", "available": "¥0", "paid": "¥200",
    "n": "3", "days": "30", "day": "2026-05-01", "rate": "20%", "threshold": "¥800",
}  # fmt: skip
MET = {
    Locale.ZH_HANS: "好友首刷满 ¥300",
    Locale.ZH_HANT: "好友首刷滿 ¥300",
    Locale.EN: "When your friend makes a first purchase of at least ¥300",
}


def said(locale: Locale, form: str) -> str:
    """A text with something in the place of each placeholder, and without its markup."""
    filled = FILLED | {"trigger": MET[locale], "steps": f"{MET[locale]} ¥100"}
    shown = re.sub(r"\{(\w+)[^}]*\}", lambda hit: filled.get(hit[1], "X"), form)
    return re.sub(r"</?\w+>", "", shown)


@pytest.mark.parametrize("locale", list(Locale))
def test_every_outward_text_of_the_catalogues_may_be_published(locale: Locale) -> None:
    outward = {
        key
        for name in OUTWARD
        for key in re.findall(
            r'^msgid "(.+)"$',
            (LOCALE_ROOT / locale.value / f"{name}.po").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
        if not key.startswith(INWARD)
    }
    assert len(outward) > 500
    flagged = {}
    for key in outward:
        words = catalogue(locale)[key]
        for form in (words,) if isinstance(words, str) else words:
            if found := check_copy(said(locale, form)):
                flagged[key] = [(each.rule.value, each.words) for each in found]
    assert flagged == {}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_the_sample_campaigns_may_be_published_with_all_their_terms(path: Path) -> None:
    file = read_campaign(path.read_text(encoding="utf-8"))
    assert flagged_texts(file) == ()
    for locale in Locale:
        for line in file_terms(file, locale):
            assert check_copy(line) == (), line


def test_every_text_of_a_file_that_the_public_reads_is_found() -> None:
    plain = yaml.safe_load(SAMPLES[0].read_text(encoding="utf-8"))
    words = {language: f"杯子 {language}" for language in ("zh_Hans", "zh_Hant", "en")}
    plain["gifts"] = [{"id": "mug", "name": words, "stock": 5}]
    plain["privileges"] = [{"id": "lounge", "name": words}]
    plain["causes"] = [{"id": "forest", "name": words}]
    plain["clauses"][0]["multipliers"] = [{"segment": "gold", "percent": 200}]
    file = read_campaign(yaml.safe_dump(plain, allow_unicode=True))
    texts = {".".join(map(str, path)): said for path, said in outward_texts(file)}
    assert texts["clauses.0.multipliers.0.segment"] == "gold"
    assert texts["causes.0.name.en"] == "杯子 en"
    places = {path.rpartition(".")[0] for path in texts}
    fees = {f"fees.{n}" for n in range(5)}
    things = {"gifts.0.name", "privileges.0.name", "causes.0.name"}
    products = {"products.0.name", "products.1.name"}
    assert places == {"name", "offer", "clauses.0.multipliers.0"} | fees | things | products
