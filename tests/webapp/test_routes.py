"""Every route names who may call it: a new one is not served before it stands here."""

from __future__ import annotations

from browser import PHONE
from flask import Flask
from story import Story
from werkzeug.routing import Rule

from shared.base.database import Database
from shared.base.settings import Settings
from webapp.app import create_app

EVERYBODY = "everybody"
FRIEND = "a friend's browser: CSRF, limits by address"
BANK = "the bank's systems: signature"
OPERATORS = "operators, behind the proxy's own door; no personal data"
TABLET = "an enrolled tablet or its staff: tests/webapp/tablet"
DESK = "the campaign desk's people, by role: tests/webapp/desk"
SANDBOX = "the sandbox, in demo mode only; no personal data"

ROUTES = {
    ("GET", "/static/<path:filename>"): EVERYBODY,
    ("GET", "/i/"): EVERYBODY,
    ("GET", "/i/<code>"): EVERYBODY,
    ("POST", "/i/<code>"): FRIEND,
    ("GET", "/i/<code>/confirm"): FRIEND,
    ("GET", "/i/<code>/done"): FRIEND,
    ("GET", "/i/<code>/qr.png"): EVERYBODY,
    ("GET", "/i/<code>/terms"): EVERYBODY,
    ("GET", "/i/<code>/privacy"): EVERYBODY,
    ("GET", "/i/<code>/stop"): EVERYBODY,
    ("POST", "/i/<code>/stop"): FRIEND,
    ("GET", "/i/<code>/data"): EVERYBODY,
    ("POST", "/i/<code>/data"): FRIEND,
    ("GET", "/i/claim/<word>"): "who holds the question's link: tests/webapp/landing/test_asking",
    ("POST", "/i/claim/<word>"): "the same, with CSRF; the number's owner by a code",
    ("POST", "/api/v1/events"): BANK,
    ("GET", "/healthz"): OPERATORS,
    ("GET", "/readyz"): OPERATORS,
    ("GET", "/metrics"): OPERATORS,
    ("GET", "/openapi.json"): EVERYBODY,
}
DEMO = {("GET", "/api/v1/demo/log"): SANDBOX}


def _routes(app: Flask) -> dict[tuple[str, str], str]:
    return {
        (method, rule.rule): _caller(rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def _caller(rule: Rule) -> str:
    if rule.endpoint.startswith("tablet."):
        return TABLET
    if rule.endpoint.startswith("desk."):
        return DESK
    return {**ROUTES, **DEMO}.get(
        (min((rule.methods or set()) - {"HEAD", "OPTIONS"}), rule.rule), ""
    )


def test_every_route_names_its_callers(app: Flask) -> None:
    ours = {route for route, caller in _routes(app).items() if caller not in (TABLET, DESK)}
    assert ours == set(ROUTES)


def test_the_demo_alone_adds_the_log(settings: Settings, database: Database, story: Story) -> None:
    demo = Settings.model_validate({**settings.model_dump(), "mode": "demo"})
    app = create_app(demo, database, lambda: story.now)
    ours = {route for route, caller in _routes(app).items() if caller not in (TABLET, DESK)}
    assert ours == set(ROUTES) | set(DEMO)


def test_every_form_of_people_is_refused_without_its_token(app: Flask, story: Story) -> None:
    """Walked, not listed: a POST that forgot CSRF fails here."""
    values = {"code": story.code}
    for method, rule in sorted(_routes(app)):
        if method == "GET" or rule == "/api/v1/events":
            continue
        path = rule
        for name in ("code",):
            path = path.replace(f"<{name}>", values[name])
        path = path.replace("<int:", "<").replace("<", "").replace(">", "")
        answer = app.test_client().post(
            path, data={}, headers={"User-Agent": PHONE, "Content-Length": "0"}
        )
        assert answer.status_code in (400, 403, 404, 411), (rule, answer.status_code)


def test_what_operators_read_holds_no_personal_data(app: Flask, story: Story) -> None:
    story.registers("+8613900139000")
    client = app.test_client()
    client.get(f"/i/{story.code}")
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
        text = client.get(path).text
        assert "13900139000" not in text  # shorter ones stand in a gauge of seconds by chance
        assert story.code not in text
