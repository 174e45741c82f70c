"""Invite codes: eight Crockford base-32 characters, the last a check character.

Shown `K7Q2-M9XD`, read case-blind, `O` as `0`, `I` and `L` as `1`. Seven random characters
are 35 bits from the operating system's generator: not guessable in sequence.
"""

from __future__ import annotations

import secrets
import unicodedata

from shared.base.errors import Refusal

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
_CONFUSED = str.maketrans({"O": "0", "I": "1", "L": "1"})


def check_character(body: str) -> str:
    """The last character of a code; a wrong or misplaced one shows."""
    # Weights are odd, so a single wrong character always shows; neighbours differ by two
    # modulo 32, so a swap shows unless the two characters lie sixteen apart.
    total = sum((2 * place + 1) * ALPHABET.index(c) for place, c in enumerate(body))
    return ALPHABET[total % 32]


def new_code() -> str:
    """A random code, check character included."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return body + check_character(body)


def show_code(code: str) -> str:
    """As people see it: `K7Q2-M9XD`."""
    return f"{code[:4]}-{code[4:]}"


def read_code(typed: str) -> str:
    """What somebody typed or scanned → the code. Refusal `code.malformed`."""
    code = plain_code(typed, LENGTH)
    if code is None:
        raise Refusal("invite.malformed")
    return code


def plain_code(typed: str, length: int) -> str | None:
    """A code of so many characters, as it is compared; None when it cannot be one."""
    plain = unicodedata.normalize("NFKC", typed).upper()
    kept = "".join(c for c in plain if not c.isspace() and c not in "-–—_·.").translate(_CONFUSED)
    if len(kept) != length or any(c not in ALPHABET for c in kept):
        return None
    return kept if check_character(kept[:-1]) == kept[-1] else None
