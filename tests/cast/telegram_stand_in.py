"""A stand-in for Telegram over HTTP: a queue of updates, a record of calls, and phones to use.

Much smaller than the sandbox and written apart from it, so that the two do not share mistakes.
It answers as Telegram does in shape; whether a call was allowed is the specification's to say.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

Json = dict[str, Any]
T = TypeVar("T")

BOT_ID = 123456
TOKEN = f"{BOT_ID}:TEST-token"
USERNAME = "jianka_test_bot"
PATIENCE = 45.0
"""Seconds until something that must come is given up: a busy machine starts programs slowly."""
MOST_TO_BOTS = 20 * 2**20
"""Bytes of a file that Telegram gives to bots."""
SENDS = ("sendMessage", "sendPhoto", "sendDocument")
EDITS = ("editMessageText", "editMessageCaption", "editMessageMedia")


def eventually(found: Callable[[], T | None], what: str = "it", seconds: float = PATIENCE) -> T:
    """Ask until there is an answer; fail with `what` was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        answer = found()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s for {what}")
        time.sleep(0.01)


@dataclass(frozen=True)
class Recorded:
    """A call as it came over the wire; unpacks as (method, params, files)."""

    method: str
    params: Json
    files: dict[str, bytes]
    at: float

    def __iter__(self) -> Iterator[Any]:
        return iter((self.method, self.params, self.files))

    @property
    def words(self) -> str:
        """Its text or caption, wherever it stands."""
        if "media" in self.params:
            return str(json.loads(self.params["media"]).get("caption", ""))
        return str(self.params.get("text") or self.params.get("caption") or "")

    @property
    def markup(self) -> Json:
        """Its keyboard."""
        found: Json = json.loads(self.params.get("reply_markup", "{}"))
        return found


@dataclass
class Failure:
    """The next `times` calls of `method` to `chat` (None: any) are answered like this.

    Status 0: never answered, and without effect.
    """

    method: str
    status: int
    description: str
    times: int = 1
    chat: int | None = None
    retry_after: int | None = None


@dataclass
class Shown:
    """A message of the bot as the phone shows it now."""

    id: int
    words: str
    buttons: list[Json]
    keyboard: Json
    changed: int = 0
    """Grows with every change anywhere: what is new since some act."""
    photo: bytes | None = None
    document: bytes | None = None

    def body(self, chat: Json) -> Json:
        """As Telegram describes it in a tap."""
        body: Json = {
            "message_id": self.id,
            "date": int(time.time()),
            "chat": chat,
            "from": {
                "id": BOT_ID,
                "is_bot": True,
                "first_name": "Jianka",
                "username": USERNAME,
            },
        }
        if self.photo is not None:
            size = {"file_id": "p", "file_unique_id": "u", "width": 300, "height": 300}
            return body | {"photo": [size], "caption": self.words}
        return body | {"text": self.words}


@dataclass
class Phone:
    """A person's Telegram: what they do, and what they see."""

    stand_in: StandIn
    id: int
    first_name: str
    language: str
    number: str = ""
    messages: list[Shown] = field(default_factory=list)
    toasts: list[str] = field(default_factory=list)
    shares: list[Json] = field(default_factory=list)
    sent: int = 0

    @property
    def person(self) -> Json:
        """As Telegram describes them."""
        return {
            "id": self.id,
            "is_bot": False,
            "first_name": self.first_name,
            "language_code": self.language,
        }

    @property
    def chat(self) -> Json:
        """Their private chat with the bot."""
        return {"id": self.id, "type": "private", "first_name": self.first_name}

    def sends(self, **content: Any) -> int:
        """A message with this content; the update's id."""
        self.sent += 1
        message = {
            "message_id": 1_000_000 + self.sent,
            "date": int(time.time()),
            "chat": self.chat,
            "from": self.person,
        }
        return self.stand_in.push({"message": message | content})

    def says(self, text: str) -> int:
        """Types a text."""
        content: Json = {"text": text}
        if text.startswith("/"):
            length = len(text.split()[0])
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        return self.sends(**content)

    def sends_photo(self, content: bytes, size: int | None = None, **more: Any) -> int:
        """Sends a photo; of its sizes the last is the file itself."""
        small = {"file_id": "AgAC-thumb", "file_unique_id": "AQAD-thumb", "width": 90, "height": 60}
        whole = self.stand_in.keep(content, "photos", "jpg", size)
        return self.sends(photo=[small, whole | {"width": 1280, "height": 853}], **more)

    def sends_document(
        self, content: bytes, name: str, mime: str, size: int | None = None, **more: Any
    ) -> int:
        """Sends a file."""
        kept = self.stand_in.keep(content, "documents", name.rpartition(".")[2], size)
        return self.sends(document=kept | {"file_name": name, "mime_type": mime}, **more)

    def shares_contact(self) -> int:
        """Presses the keyboard's button for their own contact."""
        contact = {
            "phone_number": self.number,
            "first_name": self.first_name,
            "user_id": self.id,
        }
        return self.sends(contact=contact)

    def taps(self, label: str) -> int:
        """Presses the newest button whose label holds `label`."""

        def found() -> tuple[Shown, Json] | None:
            for shown in reversed(self.messages):
                for button in shown.buttons:
                    if label in button["text"] and "callback_data" in button:
                        return shown, button
            return None

        shown, button = eventually(found, f"a button {label!r} for {self.first_name}")
        return self.presses(shown, button["callback_data"])

    def presses(self, shown: Shown, data: str) -> int:
        """Presses a button of a message, perhaps one it no longer has."""
        query = {
            "id": f"tap{self.stand_in.next_id()}",
            "from": self.person,
            "chat_instance": "1",
            "message": shown.body(self.chat),
            "data": data,
        }
        return self.stand_in.push({"callback_query": query}, asker=self)

    def types_inline(self, query: str) -> int:
        """Types `@bot query` in some chat."""
        body = {
            "id": f"share{self.stand_in.next_id()}",
            "from": self.person,
            "query": query,
            "offset": "",
        }
        return self.stand_in.push({"inline_query": body}, asker=self)

    def becomes(self, status: str) -> int:
        """Blocks (`kicked`) or unblocks (`member`) the bot."""
        bot = {"id": BOT_ID, "is_bot": True, "first_name": "Jianka"}
        kept: Json = {"user": bot, "status": status}
        if status == "kicked":
            kept["until_date"] = 0
        change = {
            "chat": self.chat,
            "from": self.person,
            "date": int(time.time()),
            "old_chat_member": {"user": bot, "status": "left"},
            "new_chat_member": kept,
        }
        return self.stand_in.push({"my_chat_member": change})

    def sees(self, words: str, seconds: float = PATIENCE, since: int = 0) -> Shown:
        """Waits for a message that holds these words, sent or changed after `since`."""

        def found() -> Shown | None:
            fresh = (m for m in reversed(self.messages) if m.changed > since)
            return next((m for m in fresh if words in m.words), None)

        try:
            return eventually(found, "", seconds)
        except AssertionError:
            seen = [m.words for m in self.messages[-4:]]
            raise AssertionError(f"{self.first_name} sees {seen}, not {words!r}") from None

    def sees_new(self, count: int, seconds: float = PATIENCE) -> list[Shown]:
        """Waits until the chat holds `count` messages of the bot."""
        eventually(
            lambda: len(self.messages) >= count,
            f"{count} messages, got {[m.words for m in self.messages]}",
            seconds,
        )
        return self.messages[:count]


class StandIn:
    """Telegram's side: start it by `stand_in()`."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.calls: list[Recorded] = []
        self.failures: list[Failure] = []
        self.delay = 0.0
        """Seconds every send takes."""
        self.most_at_once = 0
        """How many slow sends were under way together at the most."""
        self._at_once = 0
        self.profile: dict[tuple[str, str], Any] = {}
        self.contents: dict[str, bytes] = {}
        """What `/file/…` serves, by its path."""
        self.served: list[str] = []
        self._files: dict[str, Json] = {}
        self._updates: list[Json] = []
        self._phones: dict[int, Phone] = {}
        self._asked: dict[str, Phone] = {}
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._last_id = 100
        self._closing = False

    def phone(self, first_name: str, language: str = "zh-hans", number: str = "") -> Phone:
        """A new person."""
        phone = Phone(self, 7_000_000 + len(self._phones), first_name, language, number)
        self._phones[phone.id] = phone
        return phone

    def next_id(self) -> int:
        """A fresh number for messages, updates and queries."""
        with self._lock:
            self._last_id += 1
            return self._last_id

    def keep(self, content: bytes, folder: str, ending: str, size: int | None = None) -> Json:
        """A file that somebody sent: how messages name it. `size`: what is said of it."""
        with self._lock:
            number = len(self._files)
            file_id = f"AgAC-file-{number}"
            body: Json = {
                "file_id": file_id,
                "file_unique_id": f"AQAD-{number}",
                "file_size": len(content) if size is None else size,
            }
            self._files[file_id] = body | {"file_path": f"{folder}/file_{number}.{ending}"}
            self.contents[f"{folder}/file_{number}.{ending}"] = content
            return body

    def push(self, update: Json, asker: Phone | None = None) -> int:
        """Queue an update."""
        with self._changed:
            update = {"update_id": self.next_id()} | update
            for kind in ("callback_query", "inline_query"):
                if asker is not None and kind in update:
                    self._asked[update[kind]["id"]] = asker
            self._updates.append(update)
            self._changed.notify_all()
            return int(update["update_id"])

    def push_again(self, update: Json) -> None:
        """Queue a body with its own id, as after an offset that got lost."""
        with self._changed:
            self._updates.append(update)
            self._changed.notify_all()

    @property
    def queued(self) -> list[Json]:
        """Updates nobody has confirmed."""
        with self._lock:
            return list(self._updates)

    def of(self, *methods: str) -> list[Recorded]:
        """The calls of these methods, oldest first."""
        with self._lock:
            return [call for call in self.calls if call.method in methods]

    def fails(self, method: str, status: int, description: str, **more: Any) -> None:
        """The next calls of a method fail."""
        with self._lock:
            self.failures.append(Failure(method, status, description, **more))

    def close(self) -> None:
        """End every long poll."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    def answer(self, method: str, params: Json, files: dict[str, bytes]) -> tuple[int, Json]:
        """What Telegram would answer: (status, envelope)."""
        with self._lock:
            self.calls.append(Recorded(method, params, files, time.monotonic()))
            failure = self._failure(method, params)
        if failure is not None and failure.status == 0:
            with self._changed:
                self._changed.wait_for(lambda: self._closing)
        if failure is not None:
            body: Json = {
                "ok": False,
                "error_code": failure.status,
                "description": failure.description,
            }
            if failure.retry_after is not None:
                body["parameters"] = {"retry_after": failure.retry_after}
            return failure.status, body
        if method in SENDS and self.delay:
            with self._lock:
                self._at_once += 1
                self.most_at_once = max(self.most_at_once, self._at_once)
            time.sleep(self.delay)
            with self._lock:
                self._at_once -= 1
        if method == "getFile":
            return self._file(params)
        return 200, {"ok": True, "result": self._result(method, params, files)}

    def _file(self, params: Json) -> tuple[int, Json]:
        known = self._files.get(params.get("file_id", ""))
        problem = "invalid file_id" if known is None else ""
        if known is not None and known["file_size"] > MOST_TO_BOTS:
            problem = "file is too big"
        if problem:
            refused = {"error_code": 400, "description": f"Bad Request: {problem}"}
            return 400, {"ok": False} | refused
        return 200, {"ok": True, "result": known}

    def serve(self, path: str) -> bytes | None:
        """A file by its path, where a call was not told to fail."""
        with self._lock:
            self.served.append(path)
            if self._failure("file", {}) is not None:
                return None
            return self.contents.get(path)

    def _failure(self, method: str, params: Json) -> Failure | None:
        for failure in self.failures:
            if failure.method == method and failure.chat in (None, int(params.get("chat_id", 0))):
                failure.times -= 1
                if failure.times <= 0:
                    self.failures.remove(failure)
                return failure
        return None

    def _result(self, method: str, params: Json, files: dict[str, bytes]) -> Any:
        if method == "getMe":
            return {
                "id": BOT_ID,
                "is_bot": True,
                "first_name": "Jianka",
                "username": USERNAME,
                "can_join_groups": True,
                "can_read_all_group_messages": False,
                "supports_inline_queries": True,
            }
        if method == "getUpdates":
            return self._poll(params)
        if method in SENDS:
            return self._sent(params, files)
        if method in EDITS:
            return self._edited(params, files)
        if method == "answerCallbackQuery":
            self._asked[params["callback_query_id"]].toasts.append(params.get("text", ""))
        if method == "answerInlineQuery":
            self._asked[params["inline_query_id"]].shares.append(params)
        if method.startswith("getMy"):
            return self._profile(method, params)
        if method.startswith("setMy"):
            self.profile[_profile_key(method, params)] = params
        return True

    def _poll(self, params: Json) -> list[Json]:
        deadline = time.monotonic() + int(params.get("timeout", 0))
        first = int(params.get("offset", 0))
        with self._changed:
            self._updates = [u for u in self._updates if u["update_id"] >= first]
            while not self._updates and not self._closing and deadline > time.monotonic():
                self._changed.wait(deadline - time.monotonic())
            return self._updates[:100]

    def _sent(self, params: Json, files: dict[str, bytes]) -> Json:
        with self._lock:
            shown = Shown(self.next_id(), "", [], {})
            self._fill(shown, params, files)
            phone = self._phones.get(int(params["chat_id"]))
            if phone is None:
                return shown.body({"id": int(params["chat_id"]), "type": "group", "title": "G"})
            phone.messages.append(shown)
            return shown.body(phone.chat)

    def _edited(self, params: Json, files: dict[str, bytes]) -> Json:
        with self._lock:
            phone = self._phones[int(params["chat_id"])]
            shown = next(m for m in phone.messages if m.id == int(params["message_id"]))
            self._fill(shown, params, files)
            return shown.body(phone.chat)

    def _fill(self, shown: Shown, params: Json, files: dict[str, bytes]) -> None:
        markup = json.loads(params.get("reply_markup", "{}"))
        media = json.loads(params.get("media", "{}"))
        shown.changed = self.next_id()
        shown.words = params.get("text") or params.get("caption") or media.get("caption", "")
        shown.buttons = [b for row in markup.get("inline_keyboard", []) for b in row]
        shown.keyboard = {k: v for k, v in markup.items() if k != "inline_keyboard"}
        if media:
            shown.photo = next(iter(files.values()))
        shown.photo = files.get("photo", shown.photo)
        shown.document = files.get("document", shown.document)

    def _profile(self, method: str, params: Json) -> Any:
        kept = self.profile.get(_profile_key("s" + method[1:], params), {})
        name = {
            "getMyName": "name",
            "getMyDescription": "description",
            "getMyShortDescription": "short_description",
        }.get(method)
        if name is None:
            return json.loads(kept.get("commands", "[]"))
        return {name: kept.get(name, "")}


def _profile_key(method: str, params: Json) -> tuple[str, str]:
    return method, params.get("language_code", "") + params.get("scope", "")


@contextmanager
def stand_in(port: int = 0) -> Iterator[StandIn]:
    """A running stand-in on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            method = parts.path.rpartition("/")[2]
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            if len(body) < length:  # the bot was stopped in the middle: nothing was called
                self.close_connection = True
                return
            params, files = _read_body(self.headers.get("Content-Type", ""), body)
            if not parts.path.startswith(f"/bot{TOKEN}/"):
                self._reply(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
                return
            self._reply(*running.answer(method, dict(parse_qsl(parts.query)) | params, files))

        def do_GET(self) -> None:
            head = f"/file/bot{TOKEN}/"
            path = urlsplit(self.path).path
            content = running.serve(path.removeprefix(head)) if path.startswith(head) else None
            if content is None:
                self._reply(404, {"ok": False, "error_code": 404, "description": "Not Found"})
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _reply(self, status: int, envelope: Json) -> None:
            answer = json.dumps(envelope).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Silence."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A bot that is killed hangs up; that is what some tests are about."""

    server = Server(("127.0.0.1", port), Handler)
    running = StandIn(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        running.close()
        server.shutdown()
        server.server_close()
        thread.join()


def _read_body(kind: str, body: bytes) -> tuple[Json, dict[str, bytes]]:
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode(), keep_blank_values=True)), {}
    if not kind.startswith("multipart/"):
        return {}, {}
    whole = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    params: Json = {}
    files: dict[str, bytes] = {}
    for part in whole.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if part.get_filename() is None:
            params[name] = content.decode()
        else:
            files[name] = content
    return params, files
