"""Words: the catalogues in three languages, and how dates, money and numbers are written.

Catalogues are `.po` files under `shared/locale/<locale>/`, one a room or face, read once at
start. Message ids are dotted keys; placeholders are `{name}`. Babel writes dates and numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from babel import Locale as BabelLocale
from babel.dates import format_date, format_skeleton, get_timezone_name
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal

from shared.base.errors import Refusal
from shared.base.money import Unit

LOCALE_ROOT = Path(__file__).resolve().parent.parent / "locale"
_HAN = r"[\u3400-\u9fff]"


class Locale(StrEnum):
    """The three languages; the value is the catalogue's folder."""

    ZH_HANS = "zh_Hans"
    ZH_HANT = "zh_Hant"
    EN = "en"

    @property
    def lang(self) -> str:
        """The BCP 47 tag, for `lang` attributes and fonts."""
        return self.value.replace("_", "-")


@cache
def catalogue(locale: Locale) -> dict[str, str | tuple[str, ...]]:
    """Every text of a language by key; plural messages are tuples in the locale's order."""
    found: dict[str, str | tuple[str, ...]] = {}
    for path in sorted((LOCALE_ROOT / locale.value).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=locale.value):
                if not message.id:
                    continue
                key = _key(message)
                if key in found:
                    raise ValueError(f"{path.name}: {key} stands in two catalogues")
                words = message.string
                found[key] = tuple(words) if isinstance(words, (list, tuple)) else words or ""
    return found


def _key(message: Message) -> str:
    return message.id[0] if isinstance(message.id, (list, tuple)) else str(message.id)


def text(locale: Locale, key: str, /, **params: object) -> str:
    """The words of `key`, with placeholders filled. A plural message is chosen by `n`.

    KeyError names a key that no catalogue has (a test finds those first).
    """
    words = catalogue(locale)[key]
    if isinstance(words, tuple):
        n = params["n"]
        assert isinstance(n, int)
        words = words[min(BabelLocale.parse(locale.value).plural_form(n) != "one", len(words) - 1)]
    written = words.format(**params) if params else words
    if "issuer" in params and locale is not Locale.EN:
        return _set_apart(written, str(params["issuer"]))
    return written


def _set_apart(words: str, name: str) -> str:
    """Chinese words with a space where a Latin name meets Han; a Chinese name needs none."""
    if name[:1].isascii():
        words = re.sub(rf"(?<={_HAN})(?={re.escape(name)})", " ", words)
    if name[-1:].isascii():
        words = re.sub(rf"({re.escape(name)})(?={_HAN})", r"\1 ", words)
    return words


@runtime_checkable
class Told(Protocol):
    """A parameter that has words of its own, in the reader's language."""

    def told(self, locale: Locale) -> str:
        """What stands in the place of the parameter."""


def spoken(locale: Locale, params: Mapping[str, object]) -> dict[str, object]:
    """Parameters for `text`, those that have words of their own put into them."""
    return {
        name: each.told(locale) if isinstance(each, Told) else each for name, each in params.items()
    }


def refusal_text(locale: Locale, refusal: Refusal) -> str:
    """What a refusal says to its reader, next step included."""
    return text(locale, f"error.{refusal.code}", **spoken(locale, refusal.params))


def locale_from_tag(tag: str | None) -> Locale | None:
    """A browser's or chat's language tag → ours; None when it says nothing we speak.

    `zh` → zh_Hans; `zh-hant`, `zh-tw`, `zh-hk`, `zh-mo` → zh_Hant.
    """
    parts = (tag or "").replace("_", "-").lower().split("-")
    if parts[0] == "zh":
        return Locale.ZH_HANT if {"hant", "tw", "hk", "mo"} & set(parts[1:]) else Locale.ZH_HANS
    return Locale.EN if parts[0] == "en" else None


def locale_from_header(accept_language: str) -> Locale | None:
    """The first language of an Accept-Language header that we speak, by its weights."""
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept_language.split(",")[:20]):
        tag, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), place, tag))
        except ValueError:
            continue
    for _, _, tag in sorted(ranked):
        if locale := locale_from_tag(tag):
            return locale
    return None


_COUNTED = {
    Unit.POINTS: "unit.points",
    Unit.GIFT: "unit.gifts",
    Unit.PRIVILEGE: "unit.privileges",
    Unit.CHOICE: "unit.choices",
}


def money(locale: Locale, amount: int, unit: Unit | str) -> str:
    """An amount in its smallest unit as people read it: `¥100`, `¥12.50`, `3,000 积分`."""
    if unit == Unit.CNY:
        digits = "¤#,##0" if amount % 100 == 0 else "¤#,##0.00"
        written = format_currency(
            amount / 100, "CNY", digits, locale=locale.value, currency_digits=False
        )
        return written.replace("CN¥", "¥").replace("\u00a0", "")
    if unit == Unit.DONATION:
        return text(locale, "unit.donation", amount=money(locale, amount, Unit.CNY))
    key = _COUNTED.get(Unit(unit), "unit.pieces")
    return text(locale, key, n=amount, amount=number(locale, amount))


def number(locale: Locale, value: int) -> str:
    """An integer with the locale's grouping."""
    return format_decimal(value, locale=locale.value)


def day(locale: Locale, at: datetime | date, zone: str) -> str:
    """A day without its year, in a zone: `3月12日`, `12 March` style of the locale."""
    if isinstance(at, datetime):
        at = at.astimezone(ZoneInfo(zone)).date()
    written = format_skeleton("MMMMd", at, locale=locale.value)
    return written if locale is Locale.EN else _thin_cjk(written)


def month(locale: Locale, day: date) -> str:
    """A month with its year: `2026年3月`, `March 2026`."""
    written = format_skeleton("yMMMM", day, locale=locale.value)
    return written if locale is Locale.EN else _thin_cjk(written)


def full_day(locale: Locale, at: datetime | date, zone: str) -> str:
    """A day with its year: `2026年3月12日`, `12 March 2026`."""
    if isinstance(at, datetime):
        at = at.astimezone(ZoneInfo(zone)).date()
    written = format_date(at, "long", locale=locale.value)
    return written if locale is Locale.EN else _thin_cjk(written)


def zone_name(locale: Locale, zone: str) -> str:
    """A zone as its people call it: `中国标准时间`, `China Standard Time`."""
    return get_timezone_name(zone, locale=locale.value, zone_variant="standard")


def moment(locale: Locale, at: datetime, zone: str) -> str:
    """A day and a time of day in a zone: `3月12日 18:00`."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{day(locale, local.date(), zone)} {local:%H:%M}"


def moment_with_year(locale: Locale, at: datetime, zone: str) -> str:
    """A moment that is read years later: `2026 年 3 月 12 日 18:00`."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{full_day(locale, local.date(), zone)} {local:%H:%M}"


def _thin_cjk(written: str) -> str:
    """Chinese dates as look.md sets them: a space around digits, none at the ends."""
    for mark in "年月":
        written = written.replace(mark, f" {mark} ")
    return written.replace("日", " 日").replace("  ", " ").strip()
