"""Structured logs: an event with fields, never a sentence, never personal data."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

_DIGIT_RUN = re.compile(r"\d{7,}")
_TOKEN = re.compile(r"/bot[^/\s]+")


def _no_personal_data(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The last guard: long digit runs in texts, and the token in addresses, are blanked."""
    for name, value in event.items():
        if name not in ("timestamp", "code"):
            event[name] = _blanked(value)
    return event


def _blanked(value: Any) -> Any:
    if isinstance(value, str):
        return _TOKEN.sub("/bot…", _DIGIT_RUN.sub("…", value))
    if isinstance(value, Mapping):
        return {_blanked(name): _blanked(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_blanked(each) for each in value]
    return value


def configure_logs(level: int = logging.INFO) -> None:
    """One JSON object a line on stderr; libraries speak from WARNING up."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _no_personal_data,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def log(room: str) -> Any:
    """A logger that names its room."""
    return structlog.get_logger(room=room)
