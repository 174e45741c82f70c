"""What becomes of a test that cannot run for want of something on the machine."""

from __future__ import annotations

import os

import pytest

STRICT = os.environ.get("JIANKA_STRICT") == "1"


def unavailable(what: str) -> None:
    """Skip for want of a service or a program; in strict mode fail."""
    if STRICT:
        pytest.fail(f"strict mode: {what}", pytrace=False)
    pytest.skip(what)
