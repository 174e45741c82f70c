"""A house with tablets: on SQLite, and on PostgreSQL too where a test says `both_engines`."""

from __future__ import annotations

from datetime import datetime

import pytest
from argon2 import PasswordHasher
from counter import Counter, House, house

import shared.people.staff
from shared.base.database import Database
from shared.base.settings import Settings


@pytest.fixture(autouse=True)
def cheap_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing made cheap: what a PIN costs a guesser is not what these tests are about."""
    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(shared.people.staff, "_hasher", hasher)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """SQLite, unless `both_engines` asks for more: what a page says does not depend on it."""
    url = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    assert isinstance(url, str)
    return url


@pytest.fixture
def the_house(settings: Settings, database: Database, now: datetime) -> House:
    return house(settings, database, now)


@pytest.fixture
def mei(the_house: House) -> Counter:
    return the_house.mei()


@pytest.fixture
def chen(the_house: House) -> Counter:
    return the_house.chen()
