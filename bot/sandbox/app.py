"""The sandbox as one Flask app: Bot API, devices, SMS, bank, page."""

import logging
from collections import deque

from flask import Flask

from bot.sandbox.api import api_blueprint
from bot.sandbox.clock import SandboxClock
from bot.sandbox.console import console_blueprint
from bot.sandbox.devices import devices_blueprint
from bot.sandbox.page import page_blueprint
from bot.sandbox.people import add_user, users
from bot.sandbox.sms import sms_blueprint
from bot.sandbox.state import State
from bot.sandbox.world import Counter, Recorded, SandboxSettings, World

__all__ = ["Counter", "Sandbox", "SandboxSettings", "create_sandbox"]


class Sandbox(Flask):
    """The app with its world; `recorder` holds the bot's calls as (method, params, files)."""

    world: World

    @property
    def recorder(self) -> deque[Recorded]:
        """The latest calls, oldest first."""
        return self.world.recorder


def create_sandbox(settings: SandboxSettings) -> Sandbox:
    """A sandbox on its own SQLite file; serve it by threads, as long polls hold one each."""
    app = Sandbox(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 60_000_000
    app.json.sort_keys = False  # type: ignore[attr-defined] # the default provider has it
    state = State(settings.state_path)
    app.world = World(settings, state, SandboxClock(settings.clock_file))
    if not users(state):
        for person in settings.people:
            add_user(state, person)
    app.register_blueprint(api_blueprint(app.world))
    app.register_blueprint(devices_blueprint(app.world))
    app.register_blueprint(sms_blueprint(app.world))
    app.register_blueprint(console_blueprint(app.world))
    app.register_blueprint(page_blueprint(app.world))
    # Polls would fill the terminal, and tokens are in their addresses.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    return app
