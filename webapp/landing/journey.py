"""Where a browser stands under an invite: kept in the signed, HttpOnly cookie of this face.

A secret handle is made before the number is sent, so that a form sent twice is one
registration. No personal data is in the cookie.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from flask import session
from flask.sessions import SessionMixin

_KEY = "i"
_MOST_INVITES = 4


@dataclass(frozen=True)
class Journey:
    """One browser under one invite."""

    handle: str
    """Of the registration under way, or of the next one."""
    begun: bool = False
    """The number was sent under this handle."""
    done: str = ""
    """The handle of the registration completed last."""
    visit: int = 0
    channel: str = ""
    resend_at: int = 0
    """Seconds since 1970 from which another code may be asked for."""

    def wait(self, now: datetime) -> int:
        """Seconds until another code may be asked for."""
        return max(0, self.resend_at - int(now.timestamp()))

    def sent(self, wait: int, now: datetime) -> Journey:
        """A code was sent; another one may be asked for after `wait` seconds."""
        return replace(self, begun=True, resend_at=int(now.timestamp()) + wait)

    def afresh(self) -> Journey:
        """Another number, another registration."""
        return replace(self, handle=new_handle(), begun=False, resend_at=0)

    def completed(self) -> Journey:
        """This registration is done; somebody else may use the same phone next."""
        return replace(self.afresh(), done=self.handle)


def new_handle() -> str:
    """A secret only this browser knows."""
    return secrets.token_urlsafe(24)


def journey_of(code: str) -> Journey:
    """What the cookie says of an invite; a fresh journey where it says nothing."""
    kept = session.get(_KEY, {}).get(code)
    if not isinstance(kept, list) or len(kept) != 6:
        return Journey(new_handle())
    return Journey(*kept)


def keep_journey(code: str, journey: Journey) -> None:
    """Write it to the cookie; of many invites the last few are remembered."""
    # Once: every use of the proxy is a look-up.
    cookie: SessionMixin = session._get_current_object()  # type: ignore[attr-defined]
    kept = {name: value for name, value in cookie.get(_KEY, {}).items() if name != code}
    kept[code] = [
        journey.handle,
        journey.begun,
        journey.done,
        journey.visit,
        journey.channel,
        journey.resend_at,
    ]
    cookie[_KEY] = dict(list(kept.items())[-_MOST_INVITES:])
    cookie.permanent = True
