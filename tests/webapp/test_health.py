"""Alive, ready, counted, described."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from browser import Browser
from flask import Flask
from story import Story

from shared.base.database import open_database
from shared.base.privacy import Keyring
from shared.base.settings import Settings
from webapp.app import create_app


def test_a_living_process_with_its_database_is_ready(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").text == "ready\n"


def test_a_database_without_tables_is_alive_but_not_ready(
    settings: Settings, keyring: Keyring, story: Story, tmp_path: Path
) -> None:
    empty = open_database(f"sqlite:///{tmp_path / 'empty.db'}", keyring)
    client = create_app(settings, empty, lambda: story.now).test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")


def _value(text: str, sample: str) -> float:
    found = re.search(rf"^{re.escape(sample)} ([\d.e+]+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_answers_are_counted_by_route_never_by_address(app: Flask, story: Story) -> None:
    sample = 'jianka_http_answers_total{method="GET",route="/i/<code>",status="200"}'
    client = app.test_client()
    before = _value(client.get("/metrics").text, sample)
    Browser(app).opens(f"/i/{story.code}")
    text = client.get("/metrics").text
    assert _value(text, sample) == before + 1
    assert story.code not in text


def test_what_waits_is_counted(app: Flask, story: Story) -> None:
    text = app.test_client().get("/metrics").text
    assert _value(text, 'jianka_outbox_rows{channel="sms",state="waiting"}') == 0
    friend = Browser(app)
    friend.opens(f"/i/{story.code}")
    friend.submits("send-code", phone="13900139000")
    story.later(seconds=30)
    text = app.test_client().get("/metrics").text
    assert _value(text, 'jianka_outbox_rows{channel="sms",state="waiting"}') == 1
    assert _value(text, "jianka_outbox_oldest_seconds") == pytest.approx(30)


def test_the_description_names_every_type_and_every_answer(app: Flask) -> None:
    described = app.test_client().get("/openapi.json").get_json()
    post = described["paths"]["/api/v1/events"]["post"]
    assert set(post["responses"]) == {"202", "400", "401", "409", "411", "413", "415", "429"}
    kinds = {one["title"] for one in described["components"]["schemas"]["Event"]["oneOf"]}
    assert {"jianka.application.submitted", "jianka.transaction.reversed"} <= kinds
    assert len(kinds) == 11
