"""Static files: their addresses carry a digest, so browsers may keep them for good."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, request

_ROOT = Path(__file__).resolve().parent / "static"
_A_YEAR = 365 * 24 * 3600
_AN_HOUR = 3600


@cache
def _digest(filename: str) -> str:
    path = _ROOT / filename
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else ""


def install_assets(app: Flask) -> None:
    """Mark static addresses; what is asked for without the mark is kept for an hour."""

    @app.url_defaults
    def mark(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "v" not in values and (v := _digest(values["filename"])):
            values["v"] = v

    def keep(filename: str | None) -> int | None:
        marked = filename is not None and request.args.get("v") == _digest(filename)
        return _A_YEAR if marked else _AN_HOUR

    app.get_send_file_max_age = keep  # type: ignore[method-assign]
