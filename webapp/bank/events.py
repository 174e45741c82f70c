"""`POST /api/v1/events`: what the bank says happened, stored before anything acts on it."""

from __future__ import annotations

import json
from datetime import datetime

from flask import Blueprint, Response, request
from sqlalchemy.exc import IntegrityError

from shared.actions.hearing import accept_events
from shared.applications.events import BankEvent, EventsMalformed, parse_events
from shared.base.clock import system_clock
from shared.base.log import log
from shared.base.settings import Mode
from shared.post.inbox import Arrival
from webapp.bank.media import BATCH, ONE
from webapp.bank.signature import BadSignature, verify
from webapp.limits import address, within
from webapp.problems import problem
from webapp.wiring import Wiring, wiring

bank = Blueprint("bank", __name__)

_PER_MINUTE = 6_000
_UNSIGNED_PER_MINUTE = 60
_log = log("bank")


@bank.post("/api/v1/events")
def events() -> Response:
    """Verify, parse, store; the worker hears them. One transaction for the whole request."""
    parts = wiring()
    now = parts.now()
    if not within("events", _PER_MINUTE):
        return _too_many()
    if request.mimetype not in (ONE, BATCH):
        return problem(415, "Unsupported Media Type", f"Send {ONE} or {BATCH}.")
    body = request.get_data(cache=False)
    if refused := _unsigned(parts, body):
        return refused
    try:
        found = parse_events(body, request.mimetype == BATCH, now)
    except EventsMalformed as error:
        problems = [
            {"item": one.item, "field": one.field, "text": one.text} for one in error.problems
        ]
        return problem(
            400, "Malformed events", "Nothing of this request was stored.", problems=problems
        )
    return _answer(found, _store(parts, found, now))


def _store(parts: Wiring, found: list[BankEvent], now: datetime) -> list[Arrival]:
    """Store; when another request stored one of them at the same moment, look again."""
    try:
        with parts.database.transaction() as session:
            return accept_events(session, found, now)
    except IntegrityError:
        with parts.database.transaction() as session:
            return accept_events(session, found, now)


def _unsigned(parts: Wiring, body: bytes) -> Response | None:
    secrets = [secret.get_secret_value() for secret in parts.settings.bank_webhook_secrets]
    moments = [parts.now()]
    if parts.settings.mode is not Mode.PRODUCTION:
        # Senders sign by the real time also where a clock file plays another day.
        moments.append(system_clock())
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        verify(headers, body, secrets, moments)
    except BadSignature as error:
        _log.warning("unsigned", reason=str(error))
        if not within("events-unsigned", _UNSIGNED_PER_MINUTE):
            return _too_many()
        return problem(401, "Unauthorized", str(error))
    return None


def _too_many() -> Response:
    _log.warning("too many", address_known=address() != "unknown")
    response = problem(429, "Too Many Requests", "Send fewer requests, each with more events.")
    response.headers["Retry-After"] = "60"
    return response


def _answer(found: list[BankEvent], arrivals: list[Arrival]) -> Response:
    stored = arrivals.count(Arrival.STORED)
    repeated = arrivals.count(Arrival.REPEATED)
    conflicts = [
        {"item": item, "source": event.source, "id": event.id}
        for item, (event, arrival) in enumerate(zip(found, arrivals, strict=True))
        if arrival is Arrival.CONFLICT
    ]
    _log.info("events", stored=stored, repeated=repeated, conflicts=len(conflicts))
    if conflicts:
        return problem(
            409,
            "Conflict",
            "These identities are known with another body; the rest is stored. A person decides.",
            conflicts=conflicts,
            stored=stored,
            repeated=repeated,
        )
    body = json.dumps({"stored": stored, "repeated": repeated})
    return Response(body, 202, content_type="application/json")
