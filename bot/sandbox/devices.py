"""The device API: what the page and the tests do in people's place, and what they see."""

import io
import json
import time
from typing import Any

from flask import Blueprint, Response, jsonify, request, send_file

from bot.sandbox import acts, letters, media, people, profile, queries, sms
from bot.sandbox.acts import Actor, NotPossible
from bot.sandbox.people import Person, User
from bot.sandbox.reading import Upload
from bot.sandbox.state import Json
from bot.sandbox.world import Fault, World

MOST_SECONDS = 30.0
_SHOWN = frozenset({"image/jpeg", "image/png", "image/webp", "application/pdf"})


def devices_blueprint(world: World) -> Blueprint:
    """`/sandbox/api/…` for phones and chats."""
    door = Blueprint("devices", __name__, url_prefix="/sandbox/api")
    _people_routes(door, world)
    _act_routes(door, world)
    _inline_routes(door, world)
    _reading_routes(door, world)

    @door.errorhandler(NotPossible)
    def not_possible(error: NotPossible) -> tuple[Response, int]:
        return jsonify({"error": str(error)}), 404

    return door


def _given() -> Json:
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def _user(world: World, user_id: int) -> User:
    found = people.user(world.state, user_id)
    if found is None:
        raise NotPossible("no such person")
    return found


def _actor(world: World, user_id: int) -> Actor:
    return acts.actor(world, user_id, _given().get("chat_id"))


def _people_routes(door: Blueprint, world: World) -> None:
    @door.get("/users")
    def list_users() -> Response:
        return jsonify({"users": [user.shown() for user in people.users(world.state)]})

    @door.post("/users")
    def add_user() -> tuple[Response, int]:
        body = _given()
        if not body.get("first_name") or not body.get("phone"):
            return jsonify({"error": "first_name and phone are required"}), 400
        person = Person(
            str(body["first_name"]),
            str(body["phone"]),
            str(body.get("language_code", "zh-hans")),
            body.get("username"),
        )
        return jsonify(people.add_user(world.state, person).shown()), 201

    @door.patch("/users/<int:user_id>")
    def change_user(user_id: int) -> Response:
        allowed = ("language_code", "phone", "first_name")
        given = {key: str(value) for key, value in _given().items() if key in allowed}
        changed = people.change_user(world.state, _user(world, user_id), **given)  # type: ignore[arg-type] # the keys are those of text
        return jsonify(changed.shown())

    @door.post("/users/<int:user_id>/<any(block, unblock):verb>")
    def block(user_id: int, verb: str) -> Response:
        user = acts.block(world, _user(world, user_id), blocked=verb == "block")
        return jsonify(user.shown())

    @door.post("/users/<int:user_id>/clear")
    def clear(user_id: int) -> Response:
        acts.clear_chat(world, _user(world, user_id))
        return jsonify({"seq": world.state.seq()})

    @door.post("/groups")
    def add_group() -> tuple[Response, int]:
        body = _given()
        members = [_user(world, int(number)) for number in body.get("members", [])]
        if not members:
            return jsonify({"error": "members are required"}), 400
        return jsonify(acts.found_group(world, str(body.get("title", "Group")), members)), 201

    @door.post("/faults")
    def add_fault() -> tuple[Response, int]:
        body = _given()
        world.faults.append(
            Fault(
                str(body.get("method", "*")),
                int(body.get("status", 500)),
                int(body.get("times", 1)),
                body.get("retry_after"),
            )
        )
        return jsonify({"faults": len(world.faults)}), 201

    @door.delete("/faults")
    def drop_faults() -> Response:
        world.faults.clear()
        return jsonify({"faults": 0})


def _act_routes(door: Blueprint, world: World) -> None:
    @door.post("/users/<int:user_id>/say")
    def say(user_id: int) -> Response:
        text = str(_given().get("text", "")).strip()
        if not text:
            raise NotPossible("nothing to say")
        return jsonify(acts.say(world, _actor(world, user_id), text).body)

    @door.post("/users/<int:user_id>/tap")
    def tap(user_id: int) -> Response:
        body = _given()
        query = acts.tap(
            world,
            _actor(world, user_id),
            int(body.get("message_id", 0)),
            body.get("data"),
            body.get("label"),
        )
        return jsonify(_waited(world, query.id))

    @door.post("/users/<int:user_id>/press")
    def press(user_id: int) -> Response:
        """A tap on a keyboard that the bot has since replaced: the client still had it."""
        body, who = _given(), _actor(world, user_id)
        message = letters.letter(world.state, who.chat["id"], int(body.get("message_id", 0)))
        if message is None:
            raise NotPossible("no such message")
        query = acts.press(world, who, message.body, str(body.get("data", "")))
        return jsonify(_waited(world, query.id))

    @door.post("/users/<int:user_id>/contact")
    def contact(user_id: int) -> Response:
        body, who = _given(), _actor(world, user_id)
        if body.get("of") is not None:
            return jsonify(acts.forward_contact(world, who, _user(world, int(body["of"]))).body)
        if body.get("phone"):
            sent = acts.share_foreign_contact(
                world, who, str(body.get("first_name", "")), str(body["phone"]), body.get("user_id")
            )
            return jsonify(sent.body)
        return jsonify(acts.share_contact(world, who).body)

    @door.post("/users/<int:user_id>/sticker")
    def sticker(user_id: int) -> Response:
        return jsonify(acts.send_sticker(world, _actor(world, user_id)).body)

    @door.post("/users/<int:user_id>/photo")
    def photo(user_id: int) -> Response:
        upload, who = request.files.get("photo"), acts.actor(world, user_id)
        content, album = upload.read() if upload else None, request.form.get("album", "")
        return jsonify(acts.send_photo(world, who, content, album=album).body)

    @door.post("/users/<int:user_id>/document")
    def document(user_id: int) -> Response:
        upload, who = request.files.get("document"), acts.actor(world, user_id)
        if upload is None:
            raise NotPossible("no file")
        file = Upload(upload.filename or "file", upload.mimetype, upload.read())
        album = request.form.get("album", "")
        return jsonify(acts.send_document(world, who, file, album=album).body)


def _waited(world: World, number: str) -> Json:
    """A query with its answer, waited for as long as `?wait=` says."""

    def found() -> Json | None:
        query = queries.query(world.state, number)
        return query.answer if query else None

    return {"id": number, "answer": world.state.wait_for(found, _wait())}


def _wait() -> float:
    return min(request.args.get("wait", 0.0, type=float), MOST_SECONDS)


def _inline_routes(door: Blueprint, world: World) -> None:
    @door.post("/users/<int:user_id>/inline")
    def inline(user_id: int) -> Response:
        text = str(_given().get("query", ""))
        asked = acts.ask_inline(world, _actor(world, user_id), text)
        if isinstance(asked, dict):
            return jsonify({"id": None, "answer": asked})
        return jsonify(_waited(world, asked.id))

    @door.post("/users/<int:user_id>/choose")
    def choose(user_id: int) -> Response:
        body = _given()
        to = body.get("to")
        sent = acts.choose(
            world,
            _actor(world, user_id),
            str(body.get("query", "")),
            body.get("result", {}),
            _user(world, int(to)) if to is not None else None,
        )
        return jsonify(sent.body | {"inline_message_id": sent.inline_id})


def _reading_routes(door: Blueprint, world: World) -> None:
    @door.get("/chats/<chat>/messages")
    def messages(chat: str) -> Response:
        """A chat since a change; `?wait=` seconds for the next one."""
        chat_id, since = int(chat), request.args.get("since", 0, type=int)

        def found() -> list[Json] | None:
            return _shown(letters.letters(world.state, chat_id, since)) or None

        return jsonify(
            {"messages": world.state.wait_for(found, _wait()) or [], "seq": world.state.seq()}
        )

    @door.get("/users/<int:user_id>/changes")
    def changes(user_id: int) -> Response:
        """All that a person's phone shows since a change: chat, keyboard, answers, SMS."""
        user, since = _user(world, user_id), request.args.get("since", 0, type=int)

        def found() -> bool | None:
            return True if world.closing or world.state.seq() > since else None

        world.state.wait_for(found, _wait())
        return jsonify(_phone(world, user, since))

    @door.get("/files/<file_id>")
    def file(file_id: str) -> Response:
        kept = media.stored(world.state, file_id)
        if kept is None:
            raise NotPossible("no such file")
        answer = send_file(
            io.BytesIO(kept.content), mimetype=kept.mime, download_name=kept.name, max_age=86_400
        )
        answer.headers["X-Content-Type-Options"] = "nosniff"
        if kept.mime not in _SHOWN:  # whatever somebody sends, nothing in it runs on this page
            answer.headers["Content-Security-Policy"] = "sandbox"
        return answer


def _shown(found: list[letters.Letter]) -> list[Json]:
    return [
        {"id": one.id, "seq": one.seq, "deleted": True}
        if one.deleted
        else {"id": one.id, "seq": one.seq, "deleted": False, "message": one.body}
        for one in found
    ]


def _phone(world: World, user: User, since: int) -> dict[str, Any]:
    row = world.state.row("SELECT * FROM chats WHERE id = ?", user.id)
    user = _user(world, user.id)
    language = str(user.body["language_code"])
    letters_of_others = [
        one.body
        for other in people.users(world.state)
        if other.id != user.id
        for one in acts.letters_between(world, user, other, since)
        if one.body["from"]["id"] != user.id
    ]
    return {
        "seq": world.state.seq(),
        "user": user.shown(),
        "messages": _shown(letters.letters(world.state, user.id, since)),
        "keyboard": json.loads(row["keyboard"] or "null") if row else None,
        "typing": bool(row and row["typing_until"] > time.time()),
        "answers": [
            {"id": one.id, "answer": one.answer}
            for one in queries.answered(world.state, user.id, since)
        ],
        "sms": sms.inbox(world.state, user.phone, since),
        "received": letters_of_others,
        "commands": profile.menu_for(world.state, user.id, language),
        "bot": {
            "name": profile.said_for(world.state, "name", language) or world.settings.bot_username,
            "username": world.settings.bot_username,
            "description": profile.said_for(world.state, "description", language),
        },
    }
