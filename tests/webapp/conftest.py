"""A running campaign behind the web application, on both engines."""

from __future__ import annotations

from datetime import datetime

import pytest
from browser import Friend
from flask import Flask
from story import Story
from templates import compiled

from shared.base.database import Database
from shared.base.settings import Settings
from webapp.app import create_app


@pytest.fixture
def story(database: Database, now: datetime) -> Story:
    """Alice and her invite; the application's clock is the story's."""
    return Story(database, now)


@pytest.fixture
def app(settings: Settings, database: Database, story: Story) -> Flask:
    made = create_app(settings, database, lambda: story.now)
    made.jinja_env.bytecode_cache = compiled
    return made


@pytest.fixture
def bob(app: Flask, story: Story) -> Friend:
    return Friend(app, story.code, story.last_code)
