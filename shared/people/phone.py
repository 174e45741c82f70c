"""Telephone numbers as people type them → E.164."""

from __future__ import annotations

import unicodedata

import phonenumbers

from shared.base.errors import Refusal

HOME_REGION = "CN"


def slips(e164: str) -> list[str]:
    """The numbers that are one slip of the finger away: one digit wrong, or two swapped."""
    number = phonenumbers.parse(e164)
    digits = phonenumbers.national_significant_number(number)
    before = e164.removesuffix(digits)
    found = {
        digits[:place] + other + digits[place + 1 :]
        for place in range(len(digits))
        for other in "0123456789"
    }
    found |= {
        digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
        for place in range(len(digits) - 1)
    }
    return sorted(before + each for each in found - {digits})


def read_phone(typed: str) -> str:
    """A number typed with spaces, dashes, +86 or full-width digits → E.164.

    Refusal: `phone.letters`, `phone.short`, `phone.long`, `phone.unknown`.
    """
    plain = unicodedata.normalize("NFKC", typed).strip()
    if any(character.isalpha() for character in plain):
        raise Refusal("phone.letters")
    if sum(character.isdigit() for character in plain) < 5:
        raise Refusal("phone.short")
    try:
        number = phonenumbers.parse(plain, HOME_REGION)
    except phonenumbers.NumberParseException:
        raise Refusal("phone.unknown") from None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason == phonenumbers.ValidationResult.TOO_SHORT:
        raise Refusal("phone.short")
    if reason == phonenumbers.ValidationResult.TOO_LONG:
        raise Refusal("phone.long")
    if not phonenumbers.is_valid_number(number):
        raise Refusal("phone.unknown")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
