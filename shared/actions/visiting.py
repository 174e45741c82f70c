"""Visiting: one row for each opening of an invite page, committed before the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, insert

from shared.base.direct import Direct, Line
from shared.base.privacy import Keyring
from shared.referrals.referrals import Visit, VisitKind

CHANNELS = frozenset(
    {"chat", "inline", "poster", "branch", "street", "partner", "group", "influencer"}
)
_A_DAY = 8
"""Digits that a campaign's own words may hold: 20261111."""
_TAG = re.compile(r"[A-Za-z0-9._~+-]+")
_UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")


_WRITE = Direct(
    insert(Visit)
    .values(
        {
            name: bindparam(name)
            for name in ("invite_id", "at", "kind", "channel", "device", "utm", "site")
        }
    )
    .returning(Visit.id)
)


def _names_somebody(value: str) -> bool:
    """Whether a campaign's own word could be a number, an address, or a name in free words."""
    return not _TAG.fullmatch(value) or _many_digits(value)


def _many_digits(value: str) -> bool:
    return sum(character.isdigit() for character in value) > _A_DAY


def _host(site: str) -> str | None:
    """The host that led here; one that holds a whole number is known without its digits."""
    return (re.sub(r"\d", "0", site) if _many_digits(site) else site)[:80] or None


def record_visit(
    line: Line,
    keyring: Keyring,
    invite_id: int,
    kind: VisitKind,
    now: datetime,
    *,
    channel: str = "",
    device: str = "",
    query: Mapping[str, str] | None = None,
    site: str = "",
) -> int:
    """Write a visit by one direct statement (a hot path); its id.

    `device` is the page's own random cookie, kept as a keyed hash; of `query` only the UTM
    parameters are kept that are a campaign's words (ASCII), cut at 80 characters: anybody can
    write a link, with a number, an address or a name in it. `site` is the host of the page that
    led here.
    """
    kept = {
        name: value[:80]
        for name, value in (query or {}).items()
        if name in _UTM and not _names_somebody(value)
    }
    made = _WRITE.first(
        line,
        {
            "invite_id": invite_id,
            "at": now,
            "kind": kind.value,
            "channel": channel if channel in CHANNELS else "chat",
            "device": keyring.blind("device", device) if device else None,
            "utm": kept or None,
            "site": _host(site),
        },
    )
    assert made is not None
    return int(made[0])
