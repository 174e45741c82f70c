"""Structured logs: an event with fields, never a sentence, never personal data."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_DIGIT_RUN = re.compile(r"\d{7,}")
_TOKEN = re.compile(r"/bot[^/\s]+")


def _no_personal_data(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The last guard: long digit runs in texts, and the token in addresses, are blanked."""
    for name, value in event.items():
        if isinstance(value, str) and name not in ("timestamp", "code"):
            event[name] = _TOKEN.sub("/bot…", _DIGIT_RUN.sub("…", value))
    return event


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
