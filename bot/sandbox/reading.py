"""From an HTTP request to a checked call: every name known, every type right, at every depth."""

import json
from dataclasses import dataclass, field
from typing import Any

from flask import Request

from bot.sandbox.refusals import bad_request
from bot.sandbox.schema import MEDIA_BY_TYPE, METHODS, OBJECTS, UNIONS_BY_FIELD, Fields

_INT64 = 2**63


@dataclass(frozen=True)
class Upload:
    """One uploaded file."""

    name: str
    mime: str
    content: bytes


@dataclass(frozen=True)
class Call:
    """One checked call; `raw` is what came over the wire."""

    method: str
    values: dict[str, Any]
    raw: dict[str, Any]
    files: dict[str, Upload] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of an optional parameter."""
        return self.values.get(name, default)


def raw_parameters(request: Request) -> tuple[dict[str, Any], dict[str, Upload]]:
    """Parameters and files as sent: address, form, multipart or JSON, as the Bot API takes them."""
    raw: dict[str, Any] = dict(request.args.items())
    if request.is_json:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise bad_request("can't parse JSON object")
        raw |= body
    else:
        raw |= dict(request.form.items())
    files = {
        name: Upload(file.filename or name, file.mimetype, file.read())
        for name, file in request.files.items()
    }
    return raw, files


def read_call(method: str, raw: dict[str, Any], files: dict[str, Upload]) -> Call:
    """Checks names, presence and types. Raises Refusal (400)."""
    fields = METHODS[method]
    attached = {name for name in files if name not in fields}
    values: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in fields:
            raise bad_request(f'unknown parameter "{name}" of {method}')
        if value == "" and not fields[name].required and fields[name].kind != "text":
            continue
        values[name] = _decoded(fields[name].kind, value, name)
    for name in files:
        if name in fields and fields[name].kind == "file":
            values[name] = files[name]
    _refuse_unused(attached, raw)
    for known in fields.values():
        if known.required and known.name not in values:
            raise bad_request(_missing(known.name))
    return Call(method, values, raw, files)


def _refuse_unused(attached: set[str], raw: dict[str, Any]) -> None:
    sent = json.dumps(raw, default=str)
    for name in attached:
        if f"attach://{name}" not in sent:
            raise bad_request(f'unknown parameter "{name}": a file that nothing refers to')


def _missing(name: str) -> str:
    words = {
        "text": "message text is empty",
        "chat_id": "chat_id is empty",
        "photo": "there is no photo in the request",
        "document": "there is no document in the request",
        "message_id": "message identifier is not specified",
    }
    return words.get(name, f'parameter "{name}" is required')


def _decoded(kind: str, value: Any, where: str) -> Any:
    """A parameter's value: strings from forms become what their kind says."""
    if kind == "int" and isinstance(value, str):
        return _integer(value, where)
    if kind == "float" and isinstance(value, str):
        return _number(value, where)
    if kind == "bool" and isinstance(value, str):
        return _boolean(value, where)
    if kind == "chat" and isinstance(value, str):
        return value if value.startswith("@") else _integer(value, where)
    if kind == "text" and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and kind not in ("text", "file"):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise bad_request(f"can't parse {where}: it is no JSON") from error
    return checked(kind, value, where)


def checked(kind: str, value: Any, where: str) -> Any:
    """A JSON value of the kind given; raises Refusal with the place of the mistake."""
    if kind.startswith("["):
        if not isinstance(value, list):
            raise bad_request(f"{where} must be an array")
        return [checked(kind[1:-1], item, f"{where}[{i}]") for i, item in enumerate(value)]
    if kind in OBJECTS or kind in UNIONS_BY_FIELD or kind == "InputMedia":
        return _object(kind, value, where)
    fits = {
        "int": isinstance(value, int) and not isinstance(value, bool) and -_INT64 <= value < _INT64,
        "float": isinstance(value, int | float) and not isinstance(value, bool),
        "bool": isinstance(value, bool),
        "text": isinstance(value, str),
        "file": isinstance(value, str),
        "chat": isinstance(value, str | int) and not isinstance(value, bool),
    }[kind]
    if not fits:
        raise bad_request(f"{where} must be of type {kind}")
    return value


def _object(kind: str, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise bad_request(f"{where} must be an object")
    name = _member_of(kind, value, where)
    fields: Fields = OBJECTS[name]
    for known in fields.values():
        if known.required and known.name not in value:
            raise bad_request(f'{where}: field "{known.name}" of {name} is required')
    read: dict[str, Any] = {}
    for key, item in value.items():
        if key not in fields:
            raise bad_request(f'{where}: unknown field "{key}" of {name}')
        read[key] = checked(fields[key].kind, item, f"{where}.{key}")
    return read


def _member_of(kind: str, value: dict[str, Any], where: str) -> str:
    if kind == "InputMedia":
        name = MEDIA_BY_TYPE.get(str(value.get("type")))
        if name is None:
            raise bad_request(f"{where}: unsupported input media type")
        return name
    if kind in UNIONS_BY_FIELD:
        for key, name in UNIONS_BY_FIELD[kind].items():
            if key in value:
                return name
        raise bad_request(f"{where}: object expected as {kind}")
    return kind


def _integer(value: str, where: str) -> int:
    try:
        number = int(value)
    except ValueError as error:
        raise bad_request(f"{where} must be of type int") from error
    return int(checked("int", number, where))


def _number(value: str, where: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise bad_request(f"{where} must be of type float") from error


def _boolean(value: str, where: str) -> bool:
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if value.lower() not in known:
        raise bad_request(f"{where} must be of type bool")
    return known[value.lower()]
