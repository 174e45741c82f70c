"""Pictures and files: kept, measured, handed out again."""

import io
import json
import secrets
from dataclasses import dataclass
from typing import Any

from PIL import Image, UnidentifiedImageError

from bot.sandbox.reading import Call, Upload
from bot.sandbox.refusals import bad_request
from bot.sandbox.state import Json, State, dumped

PHOTO_BYTES = 10_000_000
DOCUMENT_BYTES = 50_000_000
BOT_BYTES = 20 * 2**20
"""Of a file that getFile gives to a bot."""
_SIDES = (90, 320, 800, 1280)
"""The longest sides of the sizes in which a photo that a person sends is kept."""
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


@dataclass(frozen=True)
class Stored:
    """A file as stored. `body` is the Bot API's PhotoSize or Document."""

    id: str
    name: str
    mime: str
    body: Json
    content: bytes
    number: int

    @property
    def path(self) -> str:
        """Where `/file/bot…/` serves it."""
        kind = "photos" if "width" in self.body else "documents"
        given = self.name.rpartition(".")[2] if "." in self.name else ""
        ending = _ENDINGS.get(self.mime) or (given if given.isalnum() and given.isascii() else "")
        return f"{kind}/file_{self.number}" + (f".{ending}" if ending else "")


def photo_of(state: State, call: Call, value: Upload | str) -> Json:
    """The PhotoSize of an upload or a file_id. Raises Refusal as the API does."""
    found = _given(state, call, value)
    if isinstance(found, Stored):
        if "width" not in found.body:
            raise bad_request("can't use file of type Document as Photo")
        return found.body
    if not found.content:
        raise bad_request("file must be non-empty")
    if len(found.content) > PHOTO_BYTES:
        raise bad_request("file is too big for a photo")
    try:
        with Image.open(io.BytesIO(found.content)) as picture:
            width, height = picture.size
    except (UnidentifiedImageError, OSError) as error:
        raise bad_request("IMAGE_PROCESS_FAILED") from error
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return _store(state, found, {"width": width, "height": height})


def document_of(state: State, call: Call, value: Upload | str) -> Json:
    """The Document of an upload or a file_id. Raises Refusal as the API does."""
    found = _given(state, call, value)
    if isinstance(found, Stored):
        if "width" in found.body:
            raise bad_request("can't use file of type Photo as Document")
        return found.body
    if not found.content:
        raise bad_request("file must be non-empty")
    if len(found.content) > DOCUMENT_BYTES:
        raise bad_request("file is too big")
    return _store(state, found, {"file_name": found.name, "mime_type": found.mime})


def stored(state: State, file_id: str) -> Stored | None:
    """A kept file by its file_id."""
    row = state.row("SELECT rowid, * FROM files WHERE id = ?", file_id)
    return _stored(row) if row is not None else None


def stored_at(state: State, path: str) -> Stored | None:
    """A kept file by the path that getFile told."""
    number = path.partition("/file_")[2].partition(".")[0]
    if not number.isascii() or not number.isdecimal() or len(number) > 15:
        return None
    row = state.row("SELECT rowid, * FROM files WHERE rowid = ?", int(number))
    found = _stored(row) if row is not None else None
    return found if found is not None and found.path == path else None


def _stored(row: Any) -> Stored:
    body = json.loads(row["body"])
    return Stored(row["id"], row["name"], row["mime"], body, row["content"], row["rowid"])


def for_bot(state: State, file_id: str) -> Json:
    """getFile: what the API tells of a file. Raises Refusal: unknown, too big."""
    file = stored(state, file_id)
    if file is None:
        raise bad_request("invalid file_id")
    if len(file.content) > BOT_BYTES:
        raise bad_request("file is too big")
    told = {key: file.body[key] for key in ("file_id", "file_unique_id", "file_size")}
    return told | {"file_path": file.path}


def _given(state: State, call: Call, value: Upload | str) -> Upload | Stored:
    if isinstance(value, Upload):
        return value
    if value.startswith("attach://"):
        name = value.removeprefix("attach://")
        if name not in call.files:
            raise bad_request(f'can\'t find file "{name}" in the request')
        return call.files[name]
    if value.startswith(("http://", "https://")):
        # The sandbox reaches no network, so it says what the API says of a dead address.
        raise bad_request("failed to get HTTP URL content")
    found = stored(state, value)
    if found is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return found


def _store(state: State, file: Upload, details: Json) -> Json:
    file_id = "AgAC" + secrets.token_urlsafe(24)
    body: Json = {
        "file_id": file_id,
        "file_unique_id": "AQAD" + secrets.token_hex(6),
        "file_size": len(file.content),
    } | details
    with state.writing():
        state.run(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?)",
            file_id,
            file.name,
            file.mime,
            dumped(body),
            file.content,
        )
    return body


def keep_photo(state: State, content: bytes) -> list[Json]:
    """Keeps a photo that a person sends as Telegram's clients do: drawn anew in some sizes, the
    largest last. ValueError for what no client could draw."""
    try:
        with Image.open(io.BytesIO(content)) as sent:
            picture = sent.convert("RGB")
    except (OSError, Image.DecompressionBombError) as error:
        raise ValueError("no picture") from error
    longest = max(picture.size)
    sides = [side for side in _SIDES if side < longest] + [min(longest, _SIDES[-1])]
    kept = []
    for side in dict.fromkeys(sides):
        drawn, out = picture.copy(), io.BytesIO()
        drawn.thumbnail((side, side))
        drawn.save(out, "JPEG", quality=87)
        file = Upload("photo.jpg", "image/jpeg", out.getvalue())
        kept.append(_store(state, file, {"width": drawn.width, "height": drawn.height}))
    return kept


def keep_document(state: State, file: Upload) -> Json:
    """Keeps a file that a person sends, as it is; returns its Document."""
    return _store(state, file, {"file_name": file.name, "mime_type": file.mime})
