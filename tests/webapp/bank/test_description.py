"""The service keeps to its own description, whatever is sent to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from keys import WEBHOOK_SECRET
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from standardwebhooks import Webhook
from story import Story

from webapp.bank.media import ONE

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One engine is enough here: what is stored is not looked at."""
    return sqlite_url


def _sign(case: Any, story: Story) -> bytes:
    raw = json.dumps(case.body).encode()
    case.headers = {
        "webhook-id": "m",
        "webhook-timestamp": str(int(story.now.timestamp())),
        "webhook-signature": Webhook(WEBHOOK_SECRET).sign("m", story.now, raw.decode()),
        "content-type": case.media_type or ONE,
    }
    return raw


def test_answers_are_those_described(app: Flask, story: Story) -> None:
    described = schemathesis.openapi.from_wsgi("/openapi.json", app)
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) == 4
    seen: set[int] = set()
    for operation in operations:

        @settings(
            max_examples=30,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def holds(case: Any) -> None:
            more = {"data": _sign(case, story)} if case.method == "POST" else {}
            answer = case.call(**more)
            case.validate_response(answer, checks=_CHECKS)
            seen.add(answer.status_code)

        holds()
    assert {200, 202, 400} <= seen
