"""The unchanged program against the sandbox: what that refuses as Telegram does, we never send."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import telegram_spec
from bot_running import running_bot
from pydantic import SecretStr
from sandbox_server import SECRET, TOKEN, Served, serve
from story import Story
from telegram_stand_in import eventually

from bot.sandbox.app import SandboxSettings, create_sandbox
from shared.base.database import Database
from shared.base.i18n import Locale, text
from shared.base.settings import Settings


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Served]:
    app = create_sandbox(
        SandboxSettings(state_path=tmp_path / "sandbox.db", token=TOKEN, bank_secret=SECRET)
    )
    for url in serve(app):
        with httpx.Client(base_url=url, trust_env=False, timeout=20) as client:
            yield Served(app, url, client)
            if telegram_spec.at_hand():
                assert telegram_spec.violations(app.recorder) == []
        app.world.close()


def words(key: str) -> str:
    """A text up to its first line, markup or placeholder."""
    return text(Locale.ZH_HANS, key).split("{")[0].split("\n")[0].replace("<b>", "")


class Alice:
    """Alice's phone in the sandbox."""

    def __init__(self, sandbox: Served) -> None:
        self.sandbox, self.id = sandbox, sandbox.alice

    def phone(self) -> dict[str, Any]:
        return self.sandbox.get(f"/users/{self.id}/changes", since=0)

    def sees(self, key: str) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            shown = [letter["message"] for letter in reversed(self.phone()["messages"])]
            for message in shown:
                if words(key) in (message.get("text") or message.get("caption") or ""):
                    return message
            return None

        return eventually(found, words(key))

    def says(self, typed: str, key: str) -> dict[str, Any]:
        self.sandbox.does(self.id, "say", text=typed)
        return self.sees(key)

    def taps(self, message: dict[str, Any], label: str, key: str) -> dict[str, Any]:
        shown = text(Locale.ZH_HANS, label)
        self.sandbox.does(self.id, "tap", message_id=message["message_id"], label=shown)
        return self.sees(key)


def test_the_first_way_through_the_bot_is_never_refused(
    sandbox: Served, settings: Settings, database: Database
) -> None:
    Story(database, datetime.now(UTC))
    here = settings.model_copy(
        update={"telegram_api": sandbox.url, "telegram_token": SecretStr(TOKEN)}
    )
    alice = Alice(sandbox)
    with running_bot(here):
        consent = alice.says("/start", "start.consent.telegram")
        alice.taps(consent, "button.agree", "start.contact")
        eventually(lambda: alice.phone()["keyboard"], "the contact keyboard")
        sandbox.does(alice.id, "contact")
        alice.sees("start.bound_replaced")
        assert alice.phone()["keyboard"] is None
        invite = alice.says("/invite", "invite.how")
        assert "photo" in invite
        alice.taps(invite, "button.poster", "poster.caption")
        progress = alice.says("/progress", "progress.nobody")
        alice.taps(progress, "button.refresh", "progress.updated")
        alice.says("/help", "help.ask")
        asked = sandbox.post(f"/users/{alice.id}/inline?wait=8", query="").json()
        assert len(asked["answer"]["results"]) == 2
        assert [one["command"] for one in alice.phone()["commands"]][:2] == ["start", "invite"]
    lines = sandbox.app.world.state.rows("SELECT text FROM log WHERE kind = 'refused'")
    # The story's own Alice has a chat that this sandbox never saw.
    assert [line["text"] for line in lines if "chat not found" not in line["text"]] == []
