"""A stand-in for Telegram, and settings that lead the bot to it."""

from collections.abc import Iterator

import pytest
import telegram_spec
from telegram_stand_in import TOKEN, StandIn, stand_in

from shared.base.settings import Settings


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """SQLite, unless a test asks for both engines by `both_engines`."""
    url = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    assert isinstance(url, str)
    return url


@pytest.fixture
def telegram() -> Iterator[StandIn]:
    """Every call a test made the bot do is held against the specification, where at hand."""
    with stand_in() as running:
        yield running
        if telegram_spec.at_hand():
            assert telegram_spec.violations(running.calls) == []


@pytest.fixture
def bot_settings(settings: Settings, telegram: StandIn) -> Settings:
    assert settings.telegram_token is not None
    assert settings.telegram_token.get_secret_value() == TOKEN
    return settings.model_copy(update={"telegram_api": telegram.url})
