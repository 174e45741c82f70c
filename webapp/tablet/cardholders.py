"""References to cardholders: signed, short-lived, good for the person who found them.

A member's own id never stands in an address, so nobody is reached by counting up.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.exceptions import NotFound

from shared.people.staff import SESSION_IDLE

_SALT = "tablet.cardholder"


@dataclass(frozen=True)
class Reference:
    """A cardholder somebody found. `searched`: by number and name, not by their invite."""

    member_id: int
    searched: bool


def refer_to(member_id: int, staff_id: int, searched: bool) -> str:
    """A reference for this person's pages and forms."""
    return _serializer().dumps([member_id, staff_id, searched])


def cardholder_of(reference: str, staff_id: int) -> Reference:
    """Whom a reference means. NotFound when it is forged, old or somebody else's."""
    try:
        member_id, found_by, searched = _serializer().loads(
            reference, max_age=int(SESSION_IDLE.total_seconds())
        )
    except (BadSignature, ValueError, TypeError):
        raise NotFound from None
    if found_by != staff_id:
        raise NotFound
    return Reference(int(member_id), bool(searched))


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt=_SALT)
