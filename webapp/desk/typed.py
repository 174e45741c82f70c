"""What people type and send: numbers, amounts, files. Anything that is none of these is None."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TypeVar

from flask import request
from werkzeug.datastructures import FileStorage

_BESIDE = re.compile(r"[\s,\u00a5\uff0c\uffe5]")
"""Signs that people write with an amount."""
Choice = TypeVar("Choice", bound=StrEnum)


def number_of(written: str | None) -> int | None:
    """A whole number out of an address or a form."""
    plain = (written or "").strip()
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 16 else None


def one_of(choices: type[Choice], written: str | None) -> Choice | None:
    """The choice that an address or a form names."""
    return choices(written) if written in set(choices) else None


def hundredths_of(written: str) -> int | None:
    """Hundredths of what was typed: `50`, `¥50.00`, `3,000`."""
    found = re.fullmatch(r"([0-9]{1,8})(?:\.([0-9]{1,2}))?", _BESIDE.sub("", written))
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else None


def sent_file(name: str) -> bytes | None:
    """The bytes of a file that was sent; None when none was chosen."""
    sent: FileStorage | None = request.files.get(name)
    return sent.read() if sent is not None and sent.filename else None
