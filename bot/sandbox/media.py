"""Pictures and files: kept, measured, handed out again."""

import io
import json
import secrets
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from bot.sandbox.reading import Call, Upload
from bot.sandbox.refusals import bad_request
from bot.sandbox.state import Json, State, dumped

PHOTO_BYTES = 10_000_000
DOCUMENT_BYTES = 50_000_000


@dataclass(frozen=True)
class Stored:
    """A file as stored. `body` is the Bot API's PhotoSize or Document."""

    id: str
    name: str
    mime: str
    body: Json
    content: bytes

    @property
    def path(self) -> str:
        """Where `/file/bot…/` serves it."""
        kind = "photos" if "width" in self.body else "documents"
        return f"{kind}/{self.id}"


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
    row = state.row("SELECT * FROM files WHERE id = ?", file_id)
    if row is None:
        return None
    return Stored(row["id"], row["name"], row["mime"], json.loads(row["body"]), row["content"])


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


def keep_picture(state: State, content: bytes, width: int, height: int) -> Json:
    """Keeps a picture that a person sends; returns its PhotoSize."""
    file = Upload("photo.png", "image/png", content)
    return _store(state, file, {"width": width, "height": height})
