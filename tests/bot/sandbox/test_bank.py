"""The bank: which step may follow, what it tells the product, how it signs; SMS, clock, log."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask, Response, jsonify, request
from sandbox_server import SECRET, Served, serve
from standardwebhooks import Webhook

from bot.sandbox.app import SandboxSettings, create_sandbox
from bot.sandbox.bank import STEPS, Stage, Step


class Product:
    """Stands where the web app stands: verifies signatures and keeps the events."""

    def __init__(self) -> None:
        self.app = Flask("product")
        self.events: list[dict[str, Any]] = []
        self.answers = 202
        self.app.post("/api/v1/events")(self.take)
        self.app.get("/api/v1/demo/log")(self.log)

    def take(self) -> tuple[Response, int]:
        assert request.content_type == "application/cloudevents+json"
        self.events.append(Webhook(SECRET).verify(request.get_data(), dict(request.headers)))
        return jsonify({}), self.answers

    def log(self) -> Response:
        return jsonify({"rows": [{"at": "2020-01-01T00:00:00", "kind": "fact", "text": "x"}]})


@pytest.fixture
def product() -> Product:
    return Product()


@pytest.fixture
def bank(product: Product, tmp_path: Path) -> Iterator[Served]:
    for address in serve(product.app):
        settings = SandboxSettings(
            tmp_path / "s.db",
            "1:x",
            web_url=address,
            bank_secret=SECRET,
            clock_file=tmp_path / "var" / "clock",
        )
        app = create_sandbox(settings)
        for url in serve(app):
            with httpx.Client(base_url=url, trust_env=False) as client:
                yield Served(app, url, client)


def take(bank: Served, number: str, step: str, **body: Any) -> dict[str, Any]:
    answer = bank.post(f"/bank/applications/{number}/{step}", **body)
    assert answer.status_code == 200, answer.text
    done: dict[str, Any] = answer.json()
    return done


def test_an_application_goes_its_way_and_each_step_is_told_signed(
    bank: Served, product: Product
) -> None:
    opened = bank.post("/bank/applications", referral_token="tok", phone="13900139002").json()
    number = opened["application"]["id"]
    assert opened["application"]["steps"] == ["approve", "decline"]
    assert opened["event"]["status"] == 202
    take(bank, number, "approve")
    take(bank, number, "activate")
    take(bank, number, "purchase", amount=30_000)
    take(bank, number, "flag")
    take(bank, number, "clear")
    take(bank, number, "reverse")
    closed = take(bank, number, "close")["application"]
    assert (closed["stage"], closed["spent"], closed["steps"]) == ("closed", 0, [])
    submitted, approved, activated, bought, *_, reversed_, _ = product.events
    assert submitted["data"] == {
        "application_id": number,
        "phone": "13900139002",
        "referral_token": "tok",
    }
    assert approved["data"]["customer_ref"] == closed["customer_ref"]
    assert activated["type"] == "jianka.card.activated"
    assert bought["data"] | {"transaction_id": ""} == {
        "application_id": number,
        "transaction_id": "",
        "amount": 30_000,
        "currency": "CNY",
        "kind": "purchase",
    }
    assert reversed_["data"]["original_transaction_id"] == bought["data"]["transaction_id"]
    assert {event["specversion"] for event in product.events} == {"1.0"}
    assert len({event["id"] for event in product.events}) == 8


def test_a_step_that_cannot_follow_is_refused_and_not_told(bank: Served, product: Product) -> None:
    number = bank.post("/bank/applications", phone="1").json()["application"]["id"]
    take(bank, number, "decline")
    assert bank.post(f"/bank/applications/{number}/approve").status_code == 409
    assert bank.post("/bank/applications/none/approve").status_code == 404
    assert bank.post(f"/bank/applications/{number}/dance").status_code == 400
    assert bank.post("/bank/applications").status_code == 400
    assert len(product.events) == 2


def test_every_step_stands_in_the_table_of_some_stage() -> None:
    assert {step for steps in STEPS.values() for step in steps} == set(Step)
    assert set(STEPS) == set(Stage)


def test_an_event_that_nobody_took_is_kept_and_sent_again_with_its_number(
    bank: Served, product: Product
) -> None:
    product.answers = 503
    sent = bank.post("/bank/applications", phone="1").json()["event"]
    assert sent["status"] == 503
    product.answers = 202
    again = bank.post(f"/bank/events/{sent['id']}/resend").json()["event"]
    assert (again["id"], again["status"]) == (sent["id"], 202)
    assert product.events[0] == product.events[1]


def test_a_silent_product_is_told_of_by_a_missing_status(sandbox: Served) -> None:
    sent = sandbox.post("/bank/applications", phone="1").json()["event"]
    assert (sent["status"], sent["answer"]) == (None, "ConnectError")


def test_the_next_day_moves_the_shared_clock(bank: Served, product: Product) -> None:
    before = datetime.fromisoformat(bank.get("/clock")["now"])
    after = datetime.fromisoformat(bank.post("/clock/next-day").json()["now"])
    assert timedelta(hours=23) < after - before < timedelta(hours=25)
    bank.post("/clock/next-day", days=29)
    clock_file = bank.app.world.settings.clock_file
    assert clock_file is not None
    assert float(clock_file.read_text()) == 30 * 86_400
    bank.post("/bank/applications", phone="1")
    told = datetime.fromisoformat(product.events[-1]["time"])
    assert told - before > timedelta(days=29)


def test_sms_land_in_the_inbox_of_their_number_however_it_is_written(sandbox: Served) -> None:
    for to in ("+8613900139002", "139 0013 9002", "8613900139002"):
        answer = sandbox.client.post(
            "/sandbox/sms", json={"to": to, "text": "验证码 482913", "at": "2026-03-12T10:00:00Z"}
        )
        assert answer.status_code == 202
    assert len(sandbox.get("/sms", to="13900139002")["sms"]) == 3
    assert len(sandbox.get(f"/users/{sandbox.bob}/changes")["sms"]) == 3
    assert sandbox.get(f"/users/{sandbox.alice}/changes")["sms"] == []
    assert sandbox.client.post("/sandbox/sms", json={"to": "1"}).status_code == 400


def test_the_log_joins_what_sandbox_and_product_did_and_holds_no_text_of_messages(
    bank: Served,
) -> None:
    bank.does(bank.alice, "say", text="a secret word")
    bank.post("/bank/applications", phone="13900139002")
    rows = bank.get("/log")["rows"]
    assert rows[0] == {"at": "2020-01-01T00:00:00", "kind": "fact", "text": "x", "from": "product"}
    assert {"update", "event"} <= {row["kind"] for row in rows}
    assert "secret" not in json.dumps(rows)
    assert "13900139002" not in json.dumps(rows)
