"""What settling would tell members, without their chats."""

from __future__ import annotations

from typing import Any

import pytest

from shared.actions import settling
from shared.actions.notifying import Notice


def listening(monkeypatch: pytest.MonkeyPatch, told: list[tuple[str, dict[str, Any]]]) -> None:
    """Has every member listen, and keeps what settling would tell them."""

    def notify(_session: object, notices: list[Notice], _now: object) -> int:
        told.extend((notice.kind, notice.params) for notice in notices)
        return len(notices)

    monkeypatch.setattr(settling, "listeners", lambda _session, members: set(members))
    monkeypatch.setattr(settling, "notify_members", notify)
