"""What guards every face: sessions, forms, headers, the size and length of bodies."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from werkzeug.exceptions import Forbidden, LengthRequired, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from shared.base.privacy import Keyring
from shared.base.settings import Settings
from webapp.csrf import install_csrf
from webapp.faces import TABLET, FaceSessions, face_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MOST_BYTES = 10 * 1024 * 1024
SESSION_TERM = timedelta(days=30)
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_FOR_DATA = "default-src 'none'; frame-ancestors 'none'"

_SIGNED = frozenset({"bank"})
"""Blueprints whose callers sign each request and have no cookies."""


def install_security(app: Flask, settings: Settings, keyring: Keyring) -> None:
    """Sessions, CSRF, body checks and headers, in the order in which a request meets them."""
    _trust_proxies(app, settings)
    _sessions(app, settings, keyring)
    _check_bodies(app, settings)
    install_csrf(app, signed=_SIGNED)
    _headers(app, settings)


def csp_nonce() -> str:
    """The nonce of this answer's own scripts and styles."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(12)
    nonce: str = g.csp_nonce
    return nonce


def cookie_key(keyring: Keyring) -> tuple[bytes, list[bytes]]:
    """The key that signs sessions, and those of older master keys that still verify them."""
    keys = [
        Keyring({name: key}, keyring.blind_key).derive("web-sessions")
        for name, key in keyring.masters.items()
    ]
    return keys[0], keys[1:]


def _trust_proxies(app: Flask, settings: Settings) -> None:
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )


def _sessions(app: Flask, settings: Settings, keyring: Keyring) -> None:
    app.secret_key, older = cookie_key(keyring)
    app.config.update(
        SECRET_KEY_FALLBACKS=older or None,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=SESSION_TERM,
        MAX_CONTENT_LENGTH=MOST_BYTES,
        MAX_FORM_MEMORY_SIZE=256 * 1024,
    )
    app.session_interface = FaceSessions()


def _check_bodies(app: Flask, settings: Settings) -> None:
    ours = urlsplit(settings.public_url).netloc

    @app.before_request
    def body_is_fit() -> None:
        """A body says its length (the server cuts a chunked one silently), fits, and is ours.

        Origin is optional; one that names another site is refused before the form is read.
        """
        if request.method not in _WITH_BODY:
            return
        if request.headers.get("Transfer-Encoding") or request.content_length is None:
            raise LengthRequired("Send the body with a Content-Length, not in chunks.")
        if request.content_length > MOST_BYTES:
            raise RequestEntityTooLarge(f"A request may hold {MOST_BYTES} bytes.")
        origin = request.headers.get("Origin", "null")
        if origin != "null" and urlsplit(origin).netloc not in (request.host, ours):
            raise Forbidden("This form was sent from another site.")


def _headers(app: Flask, settings: Settings) -> None:
    framing = settings.sandbox_origin or "'none'"
    before_nonce = (
        "default-src 'none'; base-uri 'none'; form-action 'self'; connect-src 'self'; "
        "font-src 'self'; img-src 'self' data: blob:; manifest-src 'self'; media-src 'self' blob:; "
        f"worker-src 'self'; frame-ancestors {framing}; script-src 'self' 'nonce-"
    )
    fixed = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-site",
    }
    if settings.sandbox_origin is None:
        fixed["X-Frame-Options"] = "DENY"
    if settings.secure_cookies:
        fixed["Strict-Transport-Security"] = "max-age=31536000"
    usual = list(fixed.items())
    fixed["Permissions-Policy"] = fixed["Permissions-Policy"].replace("camera=()", "camera=(self)")
    with_camera = list(fixed.items())
    answer = app.wsgi_app

    def hardened(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        more = with_camera if face_of(environ["PATH_INFO"]) is TABLET else usual

        def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start(status, headers + more, *rest)

        return answer(environ, begin)

    app.wsgi_app = hardened  # type: ignore[method-assign,assignment]

    @app.after_request
    def policy(response: Response) -> Response:
        headers = response.headers
        if response.mimetype == "text/html":
            nonce = csp_nonce()
            headers["Content-Security-Policy"] = (
                f"{before_nonce}{nonce}'; style-src 'self' 'nonce-{nonce}'"
            )
            headers.setdefault("Cache-Control", "no-store")
        else:
            headers["Content-Security-Policy"] = _FOR_DATA
        return response

    app.jinja_env.globals["secure_cookies"] = settings.secure_cookies
    app.context_processor(lambda: {"csp_nonce": csp_nonce()})
