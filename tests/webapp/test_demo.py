"""The demo's log strip tells an engineer what happened, and nobody who it happened to."""

from __future__ import annotations

from browser import Friend
from story import BOB, Story

from shared.base.database import Database
from shared.base.settings import Settings
from webapp.app import create_app


def test_the_log_tells_the_way_of_a_referral_in_order_without_personal_data(
    settings: Settings, database: Database, story: Story
) -> None:
    demo = Settings.model_validate({**settings.model_dump(), "mode": "demo"})
    app = create_app(demo, database, lambda: story.now)
    bob = Friend(app, story.code, story.last_code)
    bob.registers(BOB)
    story.later(minutes=1)
    story.bank("application.submitted", application_id="A1", phone=BOB)
    story.bank("application.approved", application_id="A1", customer_ref="C900001")
    story.bank("card.activated", application_id="A1")
    story.later(minutes=1)
    story.bank(
        "transaction.posted", application_id="A1", transaction_id="T1", amount=30_000,
        currency="CNY", kind="purchase",
    )  # fmt: skip
    answer = app.test_client().get("/api/v1/demo/log")
    rows = answer.get_json()["rows"]
    kinds = [row["kind"] for row in rows]
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    assert {"visit", "registration", "fact", "credit", "entry", "notice"} <= set(kinds)
    assert any("transaction.posted A1 300.00 CNY" in row["text"] for row in rows)
    for personal in ("139001", "王波", "9000"):
        assert personal not in answer.text


def test_in_the_demo_the_friend_goes_on_to_the_sandboxes_bank(
    settings: Settings, database: Database, story: Story
) -> None:
    demo = Settings.model_validate({**settings.model_dump(), "mode": "demo", "sandbox_port": 8123})
    bob = Friend(create_app(demo, database, lambda: story.now), story.code, story.last_code)
    page = bob.registers(BOB)
    assert 'href="http://127.0.0.1:8123/bank/apply?referral_token=' in page.text
