"""The faces of the one domain: each has its own cookies, under its own name and path."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode

_SIGNER = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


@dataclass(frozen=True)
class Face:
    """A part of the site. `cookie` is the name of its session, `path` where it is sent."""

    cookie: str
    path: str


LANDING = Face("jianka_i", "/i")
TABLET = Face("jianka_tablet", "/tablet")
DESK = Face("jianka_desk", "/desk")
MINIAPP = Face("jianka_app", "/app")
ELSEWHERE = Face("jianka", "/")
FACES = (LANDING, TABLET, DESK, MINIAPP)


def face_of(path: str) -> Face:
    """The face that answers a path."""
    for face in FACES:
        if path.startswith(face.path) and path[len(face.path) :][:1] in ("", "/"):
            return face
    return ELSEWHERE


class _Signed(URLSafeTimedSerializer):
    """Small plain JSON, not compressed: our sessions hold a few texts and numbers."""

    def dump_payload(self, obj: Any) -> bytes:
        return base64_encode(json.dumps(obj, separators=(",", ":")))


class FaceSessions(SecureCookieSessionInterface):
    """Flask's signed cookie, with the name and the path of the face that answers."""

    def __init__(self) -> None:
        self._serializer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """The keys do not change while the application runs, so neither does this."""
        if self._serializer is None and app.secret_key:
            keys = [*(app.config["SECRET_KEY_FALLBACKS"] or ()), app.secret_key]
            self._serializer = _Signed(keys, salt=self.salt, signer_kwargs=_SIGNER)
        return self._serializer

    def get_cookie_name(self, app: Flask) -> str:  # noqa: ARG002
        return face_of(request.path).cookie

    def get_cookie_path(self, app: Flask) -> str:  # noqa: ARG002
        return face_of(request.path).path

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Written by hand where there is something to keep: the general way costs as much again."""
        signer = self.get_signing_serializer(app)
        if signer is None or not session or not self.should_set_cookie(app, session):
            super().save_session(app, session, response)
            return
        value = signer.dumps(dict(session))
        face = face_of(request.path)
        term = int(app.permanent_session_lifetime.total_seconds()) if session.permanent else None
        secure = self.get_cookie_secure(app)
        cookie = set_cookie(face.cookie, str(value), face, secure=secure, max_age=term)
        response.headers.add("Set-Cookie", cookie)


def set_cookie(name: str, value: str, face: Face, *, secure: bool, max_age: int | None) -> str:
    """The header of a cookie whose value needs no quoting (letters, digits, `-_.`)."""
    term = "" if max_age is None else f"; Max-Age={max_age}"
    safe = "; Secure" if secure else ""
    return f"{name}={value}{term}; Path={face.path}; HttpOnly; SameSite=Lax{safe}"
