"""A sandbox behind a real HTTP server."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sandbox_server import SECRET, TOKEN, Served, serve

from bot.sandbox.app import SandboxSettings, create_sandbox


@pytest.fixture
def settings(tmp_path: Path) -> SandboxSettings:
    return SandboxSettings(
        state_path=tmp_path / "sandbox.db",
        token=TOKEN,
        web_url="http://127.0.0.1:9",
        bank_secret=SECRET,
        clock_file=tmp_path / "clock",
    )


@pytest.fixture
def sandbox(settings: SandboxSettings) -> Iterator[Served]:
    app = create_sandbox(settings)
    for url in serve(app):
        with httpx.Client(base_url=url, trust_env=False, timeout=20) as client:
            yield Served(app, url, client)
        app.world.close()
