"""What the risk checks saw, in plain words for the people who decide."""

from __future__ import annotations

from shared.base.i18n import Locale, text
from shared.risk.known import Signal


def signal_words(signal: Signal, locale: Locale) -> str:
    """One signal in one sentence."""
    key = signal.check
    if key == "robot":
        key = "robot.fast" if "seconds" in signal.detail else "robot.even"
    return text(locale, f"risk.check.{key}", **signal.detail)
