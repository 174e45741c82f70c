"""Keys and what they protect: encryption, keyed hashes for matching, masked display.

Names and numbers are encrypted under a key of their own person; that key is kept wrapped
under the newest master key. Destroying the wrapped key erases the person.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from shared.base.errors import Misconfigured
from shared.base.settings import Settings, parse_secret_keys

_NONCE = 12


class Unreadable(Exception):
    """A sealed value that none of the keys at hand opens."""


def _seal(key: bytes, plain: bytes, context: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, context)


def _open(key: bytes, sealed: bytes, context: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], context)
    except InvalidTag as error:
        raise Unreadable("this value was sealed under another key") from error


def sealer_of(sealed: bytes) -> str:
    """The id of the master key that sealed a value: it stands in front of it, in the clear."""
    return sealed[1 : 1 + sealed[0]].decode()


def sealed_by(name: str) -> bytes:
    """How every value begins that this master key sealed."""
    head = name.encode()
    return bytes([len(head)]) + head


@lru_cache(maxsize=8)
def _veil(blind_key: bytes) -> AESSIV:
    return AESSIV(hmac.new(blind_key, b"veil", hashlib.sha512).digest())


@dataclass(frozen=True)
class Keyring:
    """Master keys (newest first) and the blind-index key. Never printed, never logged."""

    masters: dict[str, bytes]
    blind_key: bytes

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self.masters)})"

    def seal(self, plain: bytes, purpose: str) -> bytes:
        """Encrypt under the newest master key; `purpose` binds the value to its place."""
        name, key = next(iter(self.masters.items()))
        return sealed_by(name) + _seal(key, plain, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """Decrypt by whichever master key sealed it, else Unreadable."""
        name, end = sealer_of(sealed), 1 + sealed[0]
        key = self.masters.get(name)
        if key is None:
            raise Unreadable(f"the key {name!r} of this value is not in JIANKA_SECRET_KEYS")
        return _open(key, sealed[end:], purpose.encode())

    @property
    def newest(self) -> str:
        """The id of the master key that seals."""
        return next(iter(self.masters))

    def renew(self, sealed: bytes, purpose: str) -> bytes:
        """The same value under the newest master key."""
        return self.seal(self.open(sealed, purpose), purpose)

    def veil(self, text: str) -> str:
        """Encrypt so that equal texts stay equal and can be found; under the blind-index key."""
        return base64.urlsafe_b64encode(_veil(self.blind_key).encrypt(text.encode(), None)).decode()

    def unveil(self, veiled: str) -> str:
        """The text that `veil` hid, else Unreadable."""
        try:
            hidden = base64.urlsafe_b64decode(veiled)
            return _veil(self.blind_key).decrypt(hidden, None).decode()
        except (InvalidTag, ValueError) as error:
            raise Unreadable("this value was veiled under another blind-index key") from error

    def new_person_key(self) -> bytes:
        """A fresh per-person key, wrapped: what the people table keeps."""
        return self.seal(os.urandom(32), "person")

    def person_seal(self, wrapped: bytes, text: str, field: str) -> bytes:
        """Encrypt one field of a person under that person's own key."""
        return self.person_seal_file(wrapped, text.encode(), field)

    def person_open(self, wrapped: bytes, sealed: bytes, field: str) -> str:
        """Decrypt one field of a person."""
        return self.person_open_file(wrapped, sealed, field).decode()

    def person_seal_file(self, wrapped: bytes, content: bytes, field: str) -> bytes:
        """Encrypt a file of a person under that person's own key."""
        return _seal(self.open(wrapped, "person"), content, field.encode())

    def person_open_file(self, wrapped: bytes, sealed: bytes, field: str) -> bytes:
        """Decrypt a file of a person."""
        return _open(self.open(wrapped, "person"), sealed, field.encode())

    def blind(self, kind: str, text: str) -> str:
        """A keyed hash for matching (hex): equal texts of a kind match, nothing reads back."""
        message = f"{kind}\x00{text}".encode()
        return hmac.new(self.blind_key, message, hashlib.sha256).hexdigest()

    def fingerprint(self) -> str:
        """Names the blind-index key without telling it: fixed per database."""
        return self.blind("fingerprint", "jianka")[:16]

    def fingerprints(self) -> dict[str, str]:
        """Names each master key's content without telling it, by id."""
        return {
            name: hmac.new(key, b"fingerprint", hashlib.sha256).hexdigest()[:16]
            for name, key in self.masters.items()
        }

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose (cookie signatures, …), from the newest master key."""
        newest = next(iter(self.masters.values()))
        return hmac.new(newest, purpose.encode(), hashlib.sha256).digest()


def read_keyring(settings: Settings) -> Keyring:
    """The keys named by the settings."""
    try:
        return Keyring(
            parse_secret_keys(settings.secret_keys.get_secret_value()),
            base64.b64decode(settings.blind_index_key.get_secret_value()),
        )
    except ValueError as error:
        raise Misconfigured(str(error)) from error


def mask_name(name: str) -> str:
    """A name as strangers may see it: `李**`, `J***`. Never the length of the rest."""
    name = name.strip()
    if not name:
        return "*"
    cjk = "\u2e80" <= name[0] <= "\u9fff" or "\uf900" <= name[0] <= "\ufaff"
    return name[0] + ("**" if cjk else "***")


def mask_phone(e164: str) -> str:
    """A number as its owner recognises it: `138****8000`; other countries keep the ends."""
    digits = e164.removeprefix("+")
    if e164.startswith("+86") and len(digits) == 13:
        return f"{digits[2:5]}****{digits[-4:]}"
    return f"+{digits[:2]}****{digits[-2:]}" if len(digits) > 6 else "****"
