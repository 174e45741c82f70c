"""The SMS that the product sends, and the inboxes they end in."""

import re

from flask import Blueprint, Response, jsonify, request

from bot.sandbox.state import Json, State
from bot.sandbox.world import World


def same_number(phone: str) -> str:
    """A number as inboxes are named: digits, China's prefix gone."""
    digits = re.sub(r"\D", "", phone)
    return digits.removeprefix("86") if len(digits) == 13 else digits


def inbox(state: State, phone: str, since: int = 0) -> list[Json]:
    """SMS to a number since a change, oldest first."""
    rows = state.rows(
        "SELECT * FROM sms WHERE number = ? AND seq > ? ORDER BY id", same_number(phone), since
    )
    return [{"id": row["id"], "text": row["text"], "at": row["at"]} for row in rows]


def sms_blueprint(world: World) -> Blueprint:
    """`POST /sandbox/sms` takes what the product's SMS driver sends; `GET` lists an inbox."""
    door = Blueprint("sms", __name__)

    @door.post("/sandbox/sms")
    def take() -> tuple[Response, int]:
        body = request.get_json(silent=True)
        if not isinstance(body, dict) or not all(
            isinstance(body.get(key), str) and body[key] for key in ("to", "text")
        ):
            return jsonify({"error": "JSON with to and text is required"}), 400
        with world.state.writing():
            number = world.state.next("sms")
            world.state.run(
                "INSERT INTO sms VALUES (?, ?, ?, ?, ?)",
                number,
                same_number(body["to"]),
                body["text"],
                str(body.get("at") or world.now().isoformat()),
                world.state.change(),
            )
            world.log("sms", f"to …{same_number(body['to'])[-4:]} · {len(body['text'])} characters")
        return jsonify({"id": number}), 202

    @door.get("/sandbox/api/sms")
    def listed() -> Response:
        to = request.args.get("to", "")
        return jsonify({"sms": inbox(world.state, to, request.args.get("since", 0, type=int))})

    return door
