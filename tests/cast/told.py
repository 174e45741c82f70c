"""What settling would tell members, without their chats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.actions import settling
from shared.actions.notifying import Notice

Told = list[tuple[str, dict[str, Any]]]


def noting(told: Told) -> Callable[[object, list[Notice], object], int]:
    """Stands in for `notify_members`: keeps what members would read."""

    def notify(_session: object, notices: list[Notice], _now: object) -> int:
        told.extend((notice.kind, notice.params) for notice in notices)
        return len(notices)

    return notify


def listening(monkeypatch: pytest.MonkeyPatch, told: Told) -> None:
    """Has every member listen, and keeps what settling would tell them."""
    monkeypatch.setattr(settling, "listeners", lambda _session, members: set(members))
    monkeypatch.setattr(settling, "notify_members", noting(told))
