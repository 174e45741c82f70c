"""Scan receipts: twelve characters that prove a visit months later.

`K7Q2-M9XD-4TN8`: the visit's number, a keyed hash of it and its invite, a check character.
Nothing personal is in it; who reads it aloud or photographs it needs no cookie and no app.
It proves that somebody opened an invite and when; not who they were.
"""

from __future__ import annotations

import hmac
import unicodedata
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.base.database import keyring_of
from shared.base.errors import Refusal
from shared.base.privacy import Keyring
from shared.referrals.codes import ALPHABET, check_character, plain_code
from shared.referrals.referrals import Visit, VisitKind

LENGTH = 12
_PLACES = 6
"""Characters of the visit's number: a thousand million visits."""
_VISITS = 1 << 5 * _PLACES
_SIGNED = 5


def scan_receipt(keyring: Keyring, visit_id: int, invite_id: int) -> str:
    """The receipt of a visit, as it is compared."""
    mixed = visit_id * _order(keyring.blind_key) % _VISITS
    body = _written(mixed, _PLACES) + _signature(keyring, visit_id, invite_id)
    return body + check_character(body)


def show_receipt(receipt: str) -> str:
    """As people see it: `K7Q2-M9XD-4TN8`."""
    return "-".join(receipt[place : place + 4] for place in range(0, LENGTH, 4))


def is_receipt(typed: str) -> bool:
    """Whether something typed looks like one: its length, and not digits alone (a number)."""
    kept = "".join(c for c in unicodedata.normalize("NFKC", typed) if c.isalnum())
    return len(kept) == LENGTH and not kept.isdecimal()


def read_receipt(typed: str) -> str:
    """What somebody typed → the receipt, as it is compared. Refusal `receipt.malformed`."""
    receipt = plain_code(typed, LENGTH)
    if receipt is None:
        raise Refusal("receipt.malformed")
    return receipt


def visit_of_receipt(session: Session, typed: str) -> Visit:
    """The visit that a receipt proves.

    Refusals: `receipt.malformed` (mistyped), `receipt.unknown` (we never wrote it).
    """
    receipt = read_receipt(typed)
    keyring = keyring_of(session)
    visit_id = _read(receipt[:_PLACES]) * pow(_order(keyring.blind_key), -1, _VISITS) % _VISITS
    visit = session.scalar(
        select(Visit).where(Visit.id == visit_id, Visit.kind == VisitKind.HUMAN.value)
    )
    invite_id = visit.invite_id if visit is not None else 0
    signed = _signature(keyring, visit_id, invite_id)
    if not hmac.compare_digest(receipt[_PLACES:-1], signed) or visit is None:
        raise Refusal("receipt.unknown")
    return visit


@lru_cache(maxsize=4)
def _order(blind_key: bytes) -> int:
    """An odd number of this database: receipts do not tell how many visits there were."""
    mixed = Keyring({}, blind_key).blind("scan-receipt", "order")
    return int(mixed, 16) % _VISITS | 1


def _signature(keyring: Keyring, visit_id: int, invite_id: int) -> str:
    return _written(int(keyring.blind("scan-receipt", f"{visit_id}:{invite_id}"), 16), _SIGNED)


def _written(number: int, places: int) -> str:
    """The last places of a number, in our 32 characters."""
    return "".join(ALPHABET[(number >> 5 * place) % 32] for place in reversed(range(places)))


def _read(characters: str) -> int:
    number = 0
    for character in characters:
        number = number * 32 + ALPHABET.index(character)
    return number
