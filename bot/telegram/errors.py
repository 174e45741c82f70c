"""What Telegram's refusals mean for a message: one dictionary, and the words of the vague ones."""

from __future__ import annotations

import os
from datetime import timedelta

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.delivery import Undelivered, Verdict

# Else the library warns at each 429 that its waits will be timedeltas some day.
os.environ.setdefault("PTB_TIMEDELTA", "true")

VERDICTS: dict[type[Exception], Verdict] = {
    # The cause comes first: nothing reached Telegram at all.
    httpx.ConnectError: Verdict.OUTAGE,
    httpx.ConnectTimeout: Verdict.OUTAGE,
    httpx.PoolTimeout: Verdict.OUTAGE,
    httpx.ProxyError: Verdict.OUTAGE,
    RetryAfter: Verdict.WAIT,
    Forbidden: Verdict.UNREACHABLE,
    BadRequest: Verdict.PERMANENT,
    ChatMigrated: Verdict.PERMANENT,
    EndPointNotFound: Verdict.PERMANENT,
    # A revoked token is the operator's to mend; the messages are not to blame.
    InvalidToken: Verdict.OUTAGE,
    Conflict: Verdict.RETRY,
    TimedOut: Verdict.RETRY,
    NetworkError: Verdict.RETRY,
    TelegramError: Verdict.RETRY,
}

_UNREACHABLE = ("chat not found", "peer_id_invalid", "user not found")
_UNCHANGED = "message is not modified"
_NOT_EDITABLE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "there is no text in the message",
    "there is no caption in the message",
)


def undelivered(error: TelegramError) -> Undelivered:
    """What to do about a failed call; the code is the error's class, never its text."""
    verdict = _verdict(error)
    if isinstance(error, BadRequest) and _says(error, *_UNREACHABLE):
        verdict = Verdict.UNREACHABLE
    return Undelivered(verdict, type(error).__name__, seconds_to_wait(error))


def seconds_to_wait(error: TelegramError) -> float:
    """What a 429 asks for; 0 for other errors."""
    if not isinstance(error, RetryAfter):
        return 0.0
    asked = error.retry_after
    return asked.total_seconds() if isinstance(asked, timedelta) else float(asked)


def is_unchanged(error: BadRequest) -> bool:
    """The message already says what the edit would make it say."""
    return _says(error, _UNCHANGED)


def is_not_editable(error: BadRequest) -> bool:
    """The message is gone or too old: a new one has to do."""
    return _says(error, *_NOT_EDITABLE)


def _says(error: TelegramError, *words: str) -> bool:
    said = error.message.lower()
    return any(word in said for word in words)


def _verdict(error: TelegramError) -> Verdict:
    for known in (error.__cause__, error):
        for kind in type(known).__mro__:
            if kind in VERDICTS:
                return VERDICTS[kind]
    return Verdict.RETRY
