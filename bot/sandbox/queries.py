"""Callback and inline queries: asked by a device, answered by the bot."""

import json
import time
from dataclasses import dataclass
from typing import Any

from bot.sandbox.entities import formatted
from bot.sandbox.keyboards import check_inline_keyboard
from bot.sandbox.media import stored
from bot.sandbox.reading import Call
from bot.sandbox.refusals import bad_request
from bot.sandbox.runs import units
from bot.sandbox.sending import CAPTION_MOST, TEXT_MOST
from bot.sandbox.state import Json, State, dumped
from bot.sandbox.world import World

FRESH_SECONDS = 300.0
MOST_RESULTS = 50
_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


@dataclass(frozen=True)
class Query:
    """A question of a device; `answer` is what the bot said, None while it is waited for."""

    id: str
    kind: str
    user: int
    asked: float
    body: Json
    answer: Json | None
    seq: int


def ask(state: State, kind: str, user: int, body: Json) -> Query:
    """Stores a new query under a number of its own."""
    with state.writing():
        number = f"{user}{state.next('query', 1000)}"
        state.run(
            "INSERT INTO queries VALUES (?, ?, ?, ?, ?, NULL, ?)",
            number,
            kind,
            user,
            time.time(),
            dumped(body),
            state.change(),
        )
    found = query(state, number)
    assert found is not None
    return found


def query(state: State, number: str) -> Query | None:
    """A query by its number."""
    row = state.row("SELECT * FROM queries WHERE id = ?", number)
    return _query(row) if row else None


def answered(state: State, user: int, since: int) -> list[Query]:
    """Callback queries of a person answered since a change."""
    rows = state.rows(
        "SELECT * FROM queries WHERE user = ? AND seq > ? AND kind = 'callback' "
        "AND answer IS NOT NULL ORDER BY seq",
        user,
        since,
    )
    return [_query(row) for row in rows]


def _query(row: Any) -> Query:
    return Query(
        row["id"],
        row["kind"],
        row["user"],
        row["asked"],
        json.loads(row["body"]),
        json.loads(row["answer"]) if row["answer"] else None,
        row["seq"],
    )


def _open_query(world: World, number: str, kind: str) -> Query:
    found = query(world.state, number)
    if found is None or found.kind != kind or time.time() - found.asked > FRESH_SECONDS:
        raise bad_request(_TOO_OLD)
    return found


def _answer(world: World, number: str, answer: Json) -> None:
    with world.state.writing():
        world.state.run(
            "UPDATE queries SET answer = ?, seq = ? WHERE id = ?",
            dumped(answer),
            world.state.change(),
            number,
        )


def answer_callback(world: World, call: Call) -> bool:
    """answerCallbackQuery."""
    found = _open_query(world, call.values["callback_query_id"], "callback")
    if units(call.get("text", "")) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    answer: Json = {
        key: call.values[key] for key in ("text", "show_alert", "url") if key in call.values
    }
    _answer(world, found.id, answer)
    return True


def answer_inline(world: World, call: Call) -> bool:
    """answerInlineQuery: at most 50 results with numbers of their own."""
    found = _open_query(world, call.values["inline_query_id"], "inline")
    results = call.values["results"]
    if len(results) > MOST_RESULTS:
        raise bad_request("too many inline query results specified")
    seen: set[str] = set()
    for result in results:
        if not 1 <= len(result["id"].encode()) <= 64:
            raise bad_request("RESULT_ID_INVALID")
        if result["id"] in seen:
            raise bad_request("RESULT_ID_DUPLICATE")
        seen.add(result["id"])
    if len(call.get("next_offset", "").encode()) > 64:
        raise bad_request("NEXT_OFFSET_INVALID")
    _check_button(call.get("button"))
    answer: Json = {
        "results": [_result(world, result) for result in results],
        "is_personal": call.get("is_personal", False),
        "cache_time": call.get("cache_time", 300),
        "button": call.get("button"),
    }
    _answer(world, found.id, answer)
    _remember(world, found, answer)
    return True


def _check_button(button: Json | None) -> None:
    if button is None:
        return
    if ("start_parameter" in button) == ("web_app" in button):
        raise bad_request("exactly one of start_parameter and web_app must be used")
    start = button.get("start_parameter", "x")
    allowed = all(char.isascii() and (char.isalnum() or char in "_-") for char in start)
    if not 1 <= len(start) <= 64 or not allowed:
        raise bad_request("START_PARAM_INVALID")


def _result(world: World, result: Json) -> Json:
    """A result with the message it would send, formatted and checked."""
    if "reply_markup" in result:
        check_inline_keyboard(result["reply_markup"])
    if result["type"] not in ("article", "photo"):
        raise bad_request("the sandbox knows inline results of type article and photo")
    sends: Json = {}
    content = result.get("input_message_content")
    if content is not None:
        text, entities = formatted(
            content["message_text"], content.get("parse_mode"), content.get("entities")
        )
        if not text.strip():
            raise bad_request("MESSAGE_EMPTY")
        if units(text) > TEXT_MOST:
            raise bad_request("MESSAGE_TOO_LONG")
        sends = {"text": text, "entities": entities}
    elif result["type"] == "photo":
        sends = _photo(world, result)
    if "reply_markup" in result:
        sends["reply_markup"] = result["reply_markup"]
    shown = {key: result[key] for key in ("id", "type", "title", "description") if key in result}
    return shown | {"sends": sends}


def _photo(world: World, result: Json) -> Json:
    caption, entities = formatted(
        result.get("caption", ""), result.get("parse_mode"), result.get("caption_entities")
    )
    if units(caption) > CAPTION_MOST:
        raise bad_request("MEDIA_CAPTION_TOO_LONG")
    sends: Json = {"caption": caption, "caption_entities": entities}
    if "photo_file_id" in result:
        file = stored(world.state, result["photo_file_id"])
        if file is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        sends["photo"] = [file.body]
    else:
        sends["photo_url"] = result["photo_url"]
    return sends


def _remember(world: World, asked: Query, answer: Json) -> None:
    """Caches an answer as Telegram's servers do: for everybody unless it is personal."""
    if answer["cache_time"] <= 0:
        return
    whose = asked.user if answer["is_personal"] else "all"
    with world.state.writing():
        world.state.keep(
            f"inline:{whose}:{asked.body['query']}",
            {"until": time.time() + answer["cache_time"], "answer": answer},
        )


def remembered(world: World, user: int, text: str) -> Json | None:
    """A cached answer to an inline query of this person, where one is still fresh."""
    for whose in (user, "all"):
        kept = world.state.fact(f"inline:{whose}:{text}")
        if kept and kept["until"] > time.time():
            found: Json = kept["answer"]
            return found
    return None
