"""`/openapi.json`: what programs may call, with the shape of every event."""

from __future__ import annotations

from functools import cache
from typing import Any

from shared.applications.events import NO_BAR, PRINTED, data_schemas
from webapp.bank.media import BATCH, ONE

Json = dict[str, Any]

_ITEM = {"type": "integer", "description": "The item's place in the request, from 0"}


@cache
def openapi(public_url: str) -> Json:
    """The description, OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Jianka",
            "version": "1",
            "description": "Bank events in. Signed by Standard Webhooks; stored before acted on.",
        },
        "servers": [{"url": public_url}],
        "paths": {
            "/api/v1/events": {"post": _events()},
            "/healthz": {"get": _plain("This process answers")},
            "/readyz": {
                "get": _plain("This process reaches its database", {"503": _problem("Not ready")})
            },
            "/metrics": {"get": _plain("Counters in Prometheus's text format")},
        },
        "components": {"schemas": _schemas()},
    }


def _events() -> Json:
    return {
        "operationId": "sendEvents",
        "summary": "Tell what happened to applications and cards",
        "description": (
            "Identity is (source, id): the same event again answers 202. A malformed item refuses "
            "the whole request. Bodies need a Content-Length."
        ),
        "parameters": [
            _header("webhook-id", "Identity of the message", {"type": "string", "minLength": 1}),
            _header(
                "webhook-timestamp",
                "Seconds since 1970, within 5 minutes of now",
                {"type": "string", "pattern": r"^\d{1,12}$"},
            ),
            _header(
                "webhook-signature",
                "`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`; several by spaces",
                {"type": "string"},
            ),
        ],
        "requestBody": {
            "required": True,
            "content": {
                ONE: {"schema": {"$ref": "#/components/schemas/Event"}},
                BATCH: {
                    "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}}
                },
            },
        },
        "responses": {
            "202": {
                "description": "Stored, or heard before",
                "content": _json("#/components/schemas/Stored"),
            },
            "400": _problem("Malformed or unknown type; nothing was stored", "Malformed"),
            "401": _problem("The signature or its time is wrong"),
            "409": _problem("Known identities with another body; the rest is stored", "Conflict"),
            "411": _problem("No Content-Length"),
            "413": _problem("More than 10 MB"),
            "415": _problem("Neither of the two media types"),
            "429": _problem("Too many requests"),
        },
    }


def _schemas() -> Json:
    kinds = data_schemas()
    problem: Json = {
        "type": "object",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        },
    }
    return {
        "Event": {"oneOf": [_event(kind, schema) for kind, schema in kinds.items()]},
        "Stored": _counts({}),
        "Problem": problem,
        "Malformed": _with(
            problem,
            "problems",
            {"item": _ITEM, "field": {"type": "string"}, "text": {"type": "string"}},
        ),
        "Conflict": _with(
            problem,
            "conflicts",
            {"item": _ITEM, "source": {"type": "string"}, "id": {"type": "string"}},
        ),
    }


def _event(kind: str, data: Json) -> Json:
    return {
        "title": kind,
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": PRINTED},
            "source": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": NO_BAR},
            "type": {"const": kind},
            "time": {"type": "string", "format": "date-time"},
            "data": data,
        },
    }


def _counts(more: Json) -> Json:
    return {
        "type": "object",
        "required": ["stored", "repeated"],
        "properties": {"stored": {"type": "integer"}, "repeated": {"type": "integer"}, **more},
    }


def _with(problem: Json, name: str, fields: Json) -> Json:
    listed = {"type": "array", "items": {"type": "object", "properties": fields}}
    return {**problem, "properties": {**problem["properties"], name: listed}}


def _header(name: str, description: str, schema: Json) -> Json:
    return {
        "name": name,
        "in": "header",
        "required": True,
        "description": description,
        "schema": schema,
    }


def _json(ref: str, media: str = "application/json") -> Json:
    return {media: {"schema": {"$ref": ref}}}


def _problem(description: str, schema: str = "Problem") -> Json:
    return {
        "description": description,
        "content": _json(f"#/components/schemas/{schema}", "application/problem+json"),
    }


def _plain(description: str, more: Json | None = None) -> Json:
    ok = {"description": description, "content": {"text/plain": {"schema": {"type": "string"}}}}
    return {"summary": description, "responses": {"200": ok, **(more or {})}}
