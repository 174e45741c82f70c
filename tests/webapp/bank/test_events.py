"""`/api/v1/events`: each answer of the contract, and nothing lost or half-done."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from standardwebhooks import Webhook
from story import Story
from werkzeug.test import TestResponse

from shared.base.database import Database
from shared.base.settings import Settings
from shared.post.inbox import Inbox, InboxConflict
from webapp.app import create_app
from webapp.bank.media import BATCH, ONE

URL = "/api/v1/events"
Event = dict[str, Any]
Send = Callable[..., TestResponse]


def event(story: Story, kind: str = "application.approved", /, **data: Any) -> Event:
    return {
        "specversion": "1.0",
        "id": secrets.token_hex(8),
        "source": "/bank/cards",
        "type": f"jianka.{kind}",
        "time": story.now.isoformat(),
        "data": data or {"application_id": "A1", "customer_ref": "C900001"},
    }


@pytest.fixture
def send(app: Flask, settings: Settings, story: Story) -> Send:
    """Post a body as the bank does; `at` and `secret` sign it otherwise, headers replace."""
    live = settings.bank_webhook_secrets[0].get_secret_value()

    def post(
        body: object,
        *,
        media: str = ONE,
        at: datetime | None = None,
        secret: str = live,
        **headers: str,
    ) -> TestResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        moment = at or story.now
        identity = secrets.token_hex(8)
        usual = {
            "webhook-id": identity,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(secret).sign(identity, moment, raw.decode()),
        }
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return app.test_client().post(URL, data=raw, content_type=media, headers={**usual, **given})

    return post


def stored(story: Story) -> int:
    with story.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Inbox)) or 0


def test_one_event_is_stored(send: Send, story: Story) -> None:
    answer = send(event(story))
    assert (answer.status_code, answer.json) == (202, {"stored": 1, "repeated": 0})
    assert stored(story) == 1


def test_a_batch_is_stored_whole(send: Send, story: Story) -> None:
    answer = send([event(story) for _ in range(3)], media=BATCH)
    assert (answer.status_code, answer.json) == (202, {"stored": 3, "repeated": 0})


def test_the_same_event_again_is_taken_and_stored_once(send: Send, story: Story) -> None:
    one = event(story)
    reordered = dict(reversed(list(one.items())))
    answers = [send(one), send(reordered), send([one, event(story)], media=BATCH)]
    assert [answer.json for answer in answers] == [
        {"stored": 1, "repeated": 0},
        {"stored": 0, "repeated": 1},
        {"stored": 1, "repeated": 1},
    ]
    assert stored(story) == 2


def test_a_changed_body_is_a_conflict_that_lists_it_and_stores_the_rest(
    send: Send, story: Story
) -> None:
    one = event(story)
    send(one)
    changed = {**one, "data": {"application_id": "A2", "customer_ref": "C900001"}}
    answer = send([event(story), changed], media=BATCH)
    assert answer.status_code == 409
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json()
    assert body["conflicts"] == [{"item": 1, "source": "/bank/cards", "id": one["id"]}]
    assert (body["stored"], body["repeated"]) == (1, 0)
    assert stored(story) == 2
    with story.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(InboxConflict)) == 1


def test_a_malformed_item_is_named_and_nothing_of_the_request_is_stored(
    send: Send, story: Story
) -> None:
    broken = event(story, "transaction.posted", application_id="A1", amount="lots")
    answer = send([event(story), broken], media=BATCH)
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    named = {(one["item"], one["field"]) for one in answer.get_json()["problems"]}
    assert (1, "data.amount") in named
    assert stored(story) == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [({"type": "jianka.card.eaten"}, "type"), ({"type": "other.card.closed"}, "type"),
     ({"specversion": "0.3"}, "specversion"), ({"time": "yesterday"}, "time"),
     ({"time": "2026-03-04T12:00:00"}, "time"), ({"id": ""}, "id"), ({"data": []}, "data")],
)  # fmt: skip
def test_each_wrong_field_is_named(send: Send, story: Story, change: Event, field: str) -> None:
    answer = send({**event(story), **change})
    assert answer.status_code == 400
    assert answer.get_json()["problems"][0]["field"] == field
    assert stored(story) == 0


def test_an_event_may_lie_five_minutes_in_the_future_and_no_more(send: Send, story: Story) -> None:
    soon = {**event(story), "time": (story.now + timedelta(minutes=4)).isoformat()}
    late = {**event(story), "time": (story.now + timedelta(minutes=6)).isoformat()}
    assert send(soon).status_code == 202
    assert send(late).status_code == 400


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"not json", b"[" * 100_000])
def test_a_body_that_is_no_event_is_refused(send: Send, story: Story, body: bytes) -> None:
    assert send(body).status_code == 400
    assert stored(story) == 0


def test_content_type_and_shape_must_agree(send: Send, story: Story) -> None:
    assert send([event(story)]).status_code == 400
    assert send(event(story), media=BATCH).status_code == 400
    assert send(event(story), media="application/json").status_code == 415
    assert send(event(story), media=f"{ONE}; charset=utf-8").status_code == 202


def test_a_signature_by_another_secret_is_refused(send: Send, story: Story) -> None:
    other = "whsec_" + base64.b64encode(b"x" * 24).decode()
    assert send(event(story), secret=other).status_code == 401
    assert stored(story) == 0


def test_a_body_changed_after_signing_is_refused(
    app: Flask, settings: Settings, story: Story
) -> None:
    raw = json.dumps(event(story)).encode()
    secret = settings.bank_webhook_secrets[0].get_secret_value()
    signature = Webhook(secret).sign("m1", story.now, raw.decode())
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": str(int(story.now.timestamp())),
        "webhook-signature": signature,
    }
    changed = raw.replace(b"A1", b"A2")
    client = app.test_client()
    assert client.post(URL, data=changed, content_type=ONE, headers=headers).status_code == 401
    assert client.post(URL, data=raw, content_type=ONE, headers=headers).status_code == 202


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_timestamp_more_than_five_minutes_away_is_refused(
    send: Send, story: Story, minutes: int
) -> None:
    assert send(event(story), at=story.now + timedelta(minutes=minutes)).status_code == 401
    assert send(event(story), at=story.now + timedelta(minutes=minutes * 4 / 6)).status_code == 202


@pytest.mark.parametrize(
    "headers",
    [{"webhook_signature": ""}, {"webhook_signature": "v1,%%%"}, {"webhook_signature": "v2,AAAA"},
     {"webhook_timestamp": "soon"}, {"webhook_timestamp": "-1"}, {"webhook_timestamp": "1" * 40},
     {"webhook_id": ""}, {"webhook_id": "x" * 300}],
)  # fmt: skip
def test_headers_that_sign_nothing_are_refused(
    send: Send, story: Story, headers: dict[str, str]
) -> None:
    answer = send(event(story), **headers)
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert stored(story) == 0


def test_either_of_two_live_secrets_signs(
    settings: Settings, database: Database, story: Story
) -> None:
    two = tuple("whsec_" + base64.b64encode(bytes([n]) * 24).decode() for n in (1, 2))
    rolling = Settings.model_validate(
        {**settings.model_dump(), "bank_webhook_secrets": ",".join(two)}
    )
    client = create_app(rolling, database, lambda: story.now).test_client()
    for secret in two:
        raw = json.dumps(event(story))
        headers = {
            "webhook-id": "m",
            "webhook-timestamp": str(int(story.now.timestamp())),
            "webhook-signature": "v1,AAAA " + Webhook(secret).sign("m", story.now, raw),
        }
        assert client.post(URL, data=raw, content_type=ONE, headers=headers).status_code == 202


def test_without_a_secret_nobody_is_believed(
    settings: Settings, database: Database, story: Story, send: Send
) -> None:
    closed = Settings.model_validate({**settings.model_dump(), "bank_webhook_secrets": ""})
    client = create_app(closed, database, lambda: story.now).test_client()
    answer = client.post(URL, data=b"{}", content_type=ONE, headers={
        "webhook-id": "m", "webhook-timestamp": str(int(story.now.timestamp())),
        "webhook-signature": "v1,AAAA",
    })  # fmt: skip
    assert answer.status_code == 401


def test_a_body_without_its_length_or_in_chunks_is_refused(app: Flask, story: Story) -> None:
    client = app.test_client()
    chunked = client.post(
        URL, data=b"{}", content_type=ONE, headers={"Transfer-Encoding": "chunked"}
    )
    lengthless = client.post(URL, content_type=ONE)
    for answer in (chunked, lengthless):
        assert answer.status_code == 411
        assert answer.mimetype == "application/problem+json"


def test_more_than_ten_megabytes_are_refused(send: Send, story: Story) -> None:
    answer = send(b"[" + b" " * (10 * 1024 * 1024) + b"]", media=BATCH)
    assert answer.status_code == 413
    assert stored(story) == 0


def test_somebody_who_keeps_guessing_signatures_is_slowed_down(send: Send, story: Story) -> None:
    statuses = [send(event(story), webhook_signature="v1,AAAA").status_code for _ in range(61)]
    assert statuses == [401] * 60 + [429]


def test_a_log_line_names_no_number(
    send: Send, story: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    send(event(story, "application.submitted", application_id="A1", phone="13800138022"))
    send(event(story, "application.submitted", application_id="A1", phone="1380013802"))
    assert "13800138" not in "".join(capsys.readouterr())


def test_a_whole_way_through_the_door_ends_in_a_credit(send: Send, story: Story) -> None:
    from shared.referrals.referrals import CreditRow

    done = story.registers()
    send(
        event(
            story, "application.submitted", application_id="A1", referral_token=done.referral_token
        )
    )
    story.work()
    with story.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(CreditRow)) == 1


PAYABLE = {
    "application.approved": {"application_id": "A1", "customer_ref": "C900001"},
    "card.activated": {"application_id": "A1"},
    "member.changed": {"customer_ref": "C900001"},
}


@pytest.mark.parametrize("kind", PAYABLE)
def test_the_bank_may_name_a_payout_account_by_a_reference(
    send: Send, story: Story, kind: str
) -> None:
    data = PAYABLE[kind]
    assert send(event(story, kind, **data, payout_account="ref:88-Q")).status_code == 202
    assert send(event(story, kind, **data)).status_code == 202
    for bad in ("two words", "r" * 65, "", 12345, "账户"):
        refused = send(event(story, kind, **data, payout_account=bad))
        assert refused.status_code == 400
        assert refused.json is not None
        (problem,) = refused.json["problems"]
        assert problem["field"] == "data.payout_account"
        assert "two words" not in json.dumps(refused.json)
    other = event(story, "application.declined", application_id="A1", payout_account="two words")
    assert send(other).status_code == 202  # no field of this type: passed over, like any other
    assert stored(story) == 3
