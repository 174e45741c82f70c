"""The desk's people at their desktops."""

from __future__ import annotations

from datetime import datetime

import pytest
from desktop import LUO, SHEN, TANG, Desk, Desks, desks_of

from shared.base.database import Database
from shared.base.settings import Settings


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """SQLite, unless `both_engines` asks for more: what a page says does not depend on it."""
    url = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    assert isinstance(url, str)
    return url


@pytest.fixture
def desks(settings: Settings, database: Database, now: datetime) -> Desks:
    return desks_of(settings, database, now)


@pytest.fixture
def tang(desks: Desks) -> Desk:
    return desks.of(TANG)


@pytest.fixture
def shen(desks: Desks) -> Desk:
    return desks.of(SHEN)


@pytest.fixture
def luo(desks: Desks) -> Desk:
    return desks.of(LUO)
