"""Visiting: one row for each opening of an invite page, committed before the answer."""

from __future__ import annotations

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
    return "@" in value or sum(character.isdigit() for character in value) > _A_DAY


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
    parameters are kept, cut at 80 characters, but for those that look like somebody's number or
    address: anybody can write a link. `site` is the host of the page that led here.
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
            "site": site[:80] or None,
        },
    )
    assert made is not None
    return int(made[0])
