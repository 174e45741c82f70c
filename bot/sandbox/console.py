"""The bank's console over HTTP, its application form, the clock and the log strip."""

from typing import Any

import httpx
from flask import Blueprint, Response, jsonify, request

from bot.sandbox import bank
from bot.sandbox.bank import NotNow, Step
from bot.sandbox.journal import lines
from bot.sandbox.state import Json
from bot.sandbox.world import World

_LOG_SECONDS = 1.0


def console_blueprint(world: World) -> Blueprint:
    """`/sandbox/api/bank/…`, `/sandbox/api/clock…`, `/sandbox/api/log`, `…/bot`."""
    door = Blueprint("console", __name__, url_prefix="/sandbox/api")
    _bank_routes(door, world)
    _clock_routes(door, world)

    @door.get("/log")
    def log() -> Response:
        """What sandbox and product did, oldest first; the product's part where it answers."""
        rows = [row | {"from": "sandbox"} for row in lines(world.state)]
        rows += _product_rows(world)
        return jsonify({"rows": sorted(rows, key=lambda row: str(row.get("at", "")))[-300:]})

    @door.get("/product")
    def product() -> Response:
        """Whether the web app answers; its pages would not let a browser ask from here."""
        return jsonify({"up": _product(world, "/healthz") is not None})

    @door.get("/bot")
    def bot() -> tuple[Response, int]:
        """Whether a bot has fetched updates since the sandbox started: 200, else 503."""
        listening = world.polls > 0
        return jsonify({"listening": listening}), 200 if listening else 503

    @door.errorhandler(KeyError)
    def unknown(error: KeyError) -> tuple[Response, int]:
        return jsonify({"error": f"nothing has the number {error}"}), 404

    @door.errorhandler(NotNow)
    def not_now(error: NotNow) -> tuple[Response, int]:
        return jsonify({"error": str(error)}), 409

    @door.errorhandler(ValueError)
    def wrong(error: ValueError) -> tuple[Response, int]:
        return jsonify({"error": str(error)}), 400

    return door


def _given() -> Json:
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def _bank_routes(door: Blueprint, world: World) -> None:
    @door.get("/bank")
    def overview() -> Response:
        return jsonify(
            {
                "applications": [one.shown() for one in bank.applications(world)],
                "events": [one.shown() for one in bank.events(world)],
            }
        )

    @door.post("/bank/applications")
    def submit() -> tuple[Response, int]:
        """`phone` and/or `referral_token`; `existing_customer` as the bank knows it."""
        body = _given()
        application, sent = bank.submit(
            world,
            str(body.get("phone", "")),
            str(body.get("referral_token", "")),
            bool(body.get("existing_customer", False)),
        )
        return jsonify({"application": application.shown(), "event": sent.shown()}), 201

    @door.post("/bank/applications/<number>/<step>")
    def step(number: str, step: str) -> Response:
        """One of the application's `steps`; a purchase takes `amount` in fen."""
        sent = bank.take_step(world, number, Step(step), int(_given().get("amount", bank.PURCHASE)))
        application = bank.application_of(world, number)
        return jsonify({"application": application.shown(), "event": sent.shown()})

    @door.post("/bank/events/<event_id>/resend")
    def resend(event_id: str) -> Response:
        return jsonify({"event": bank.deliver(world, event_id).shown()})


def _clock_routes(door: Blueprint, world: World) -> None:
    @door.get("/clock")
    def clock() -> Response:
        return jsonify({"now": world.now().isoformat()})

    @door.post("/clock/next-day")
    def next_day() -> Response:
        """Moves everybody's clock by `days` (1)."""
        now = world.clock.advance(int(_given().get("days", 1)))
        with world.state.writing():
            world.state.change()
            world.log("clock", f"{now:%Y-%m-%d}")
        return jsonify({"now": now.isoformat()})


def _product_rows(world: World) -> list[dict[str, Any]]:
    answer = _product(world, "/api/v1/demo/log")
    try:
        rows = answer.json()["rows"] if answer is not None else []
    except (ValueError, KeyError, TypeError):
        return []
    return [row | {"from": "product"} for row in rows if isinstance(row, dict)]


def _product(world: World, path: str) -> httpx.Response | None:
    try:
        with httpx.Client(trust_env=False, timeout=_LOG_SECONDS) as client:
            answer = client.get(f"{world.settings.web_url}{path}")
    except httpx.HTTPError:
        return None
    return answer if answer.status_code == 200 else None
