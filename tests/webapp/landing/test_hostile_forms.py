"""Characters that no PostgreSQL text holds, sent to an invite: an answer, never a 500."""

from __future__ import annotations

import pytest
from browser import Friend
from story import Story

ODD = ["%00", "a%00b", "%1b[31m", "%ED%A0%80"]


@pytest.mark.parametrize("odd", ODD)
def test_an_address_with_odd_characters(bob: Friend, story: Story, odd: str) -> None:
    query = f"ch={odd}&utm_source={odd}&lang={odd}"
    assert bob.opens(f"/i/{story.code}?{query}").status_code == 200
    for path in (f"/i/{odd}", f"/i/{odd}/qr.png"):
        assert bob.opens(path).status_code == 404


@pytest.mark.parametrize("odd", ["\x00", "a\x00b", "\x1b[31m"])
def test_forms_with_odd_characters(bob: Friend, story: Story, odd: str) -> None:
    bob.opens(f"/i/{story.code}")
    action, hidden = bob.form("send-code")
    for phone in (odd, f"13900139000{odd}"):
        answer = bob.client.post(action, data={**hidden, "phone": phone})
        assert answer.status_code < 500
    bob.client.set_cookie("jianka_device", odd.replace("\x00", "%00"))
    assert bob.opens(f"/i/{story.code}").status_code == 200
