"""Standard Webhooks signatures: who sent it, when, and that nothing was changed on the way."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=5)
_LONGEST_ID = 256


class BadSignature(Exception):
    """The request is not the bank's, or not of now. The text says which header to look at."""


def verify(
    headers: Mapping[str, str], body: bytes, secrets: Iterable[str], moments: Iterable[datetime]
) -> None:
    """BadSignature unless one live secret signed this id, time and body.

    `secrets` are `whsec_…`; the time must lie within five minutes of one of `moments` (UTC).
    """
    message_id = headers.get("webhook-id", "")
    stamp = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not message_id or not stamp or not given or len(message_id) > _LONGEST_ID:
        raise BadSignature("webhook-id, webhook-timestamp and webhook-signature are required")
    sent = _moment(stamp)
    if all(abs(sent - moment) > TOLERANCE for moment in moments):
        raise BadSignature("webhook-timestamp lies more than 5 minutes away")
    signed = b".".join((message_id.encode(), stamp.encode(), body))
    candidates = list(_version_one(given))
    matches = [
        hmac.compare_digest(_signature(secret, signed), candidate)
        for secret in secrets
        for candidate in candidates
    ]
    if not any(matches):
        raise BadSignature("webhook-signature does not match")


def _moment(stamp: str) -> datetime:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise BadSignature("webhook-timestamp must be whole seconds since 1970")
    try:
        return datetime.fromtimestamp(int(stamp), UTC)
    except (OverflowError, ValueError):
        raise BadSignature("webhook-timestamp must be whole seconds since 1970") from None


def _version_one(given: str) -> Iterable[str]:
    """The signatures as they are written: of two spellings of the same bytes only one is ours."""
    for part in given.split()[:10]:
        version, _, encoded = part.partition(",")
        if version == "v1" and encoded.isascii():
            yield encoded


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
