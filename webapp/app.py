"""The web application, put together: this reads as its table of contents."""

from __future__ import annotations

from flask import Flask

from shared.base.clock import Clock
from shared.base.database import Database
from shared.base.settings import Mode, Settings
from webapp.assets import install_assets
from webapp.bank.events import bank
from webapp.demo import demo
from webapp.desk import desk
from webapp.health import health, install_metrics
from webapp.landing import landing
from webapp.limits import install_limits
from webapp.problems import install_errors
from webapp.security import install_security
from webapp.tablet import tablet
from webapp.wiring import wire
from webapp.words import install_words


def create_app(settings: Settings, database: Database, clock: Clock) -> Flask:
    """Every face over one database. `clock` gives UTC."""
    app = Flask(__name__)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    wire(app, settings, database, clock)

    install_metrics(app)
    install_security(app, settings, database.keyring)
    install_limits(app, settings)
    install_words(app, settings)
    install_assets(app)
    install_errors(app)

    app.register_blueprint(health)
    app.register_blueprint(landing)
    app.register_blueprint(tablet)
    app.register_blueprint(desk)
    app.register_blueprint(bank)
    if settings.mode is Mode.DEMO:
        app.register_blueprint(demo)
    return app
