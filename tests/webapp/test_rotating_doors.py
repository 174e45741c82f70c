"""Keys and secrets change while traffic flows: what was given out before is good, a retired
secret is not, and nothing that came meanwhile is lost or taken twice."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from browser import Browser
from claim_tales import FRIEND, MALLORY, Tale
from flask import Flask
from sqlalchemy import func, select
from standardwebhooks import Webhook
from story import Story
from talk import Talk

from shared.actions.claiming import ClaimForm, file_claim
from shared.base.database import Database, open_database
from shared.base.privacy import Keyring
from shared.base.settings import Settings
from shared.claims.claims import How, State, When
from shared.jobs import rotation
from shared.jobs.rotation import rotate
from shared.migrations.upgrade import register_masters
from shared.people.chats import new_binding_token, use_binding_token
from shared.people.members import member_by_ref
from shared.post.inbox import Inbox
from webapp.app import create_app
from webapp.bank.media import ONE

OLD, NEW = ("whsec_" + base64.b64encode(bytes([n]) * 24).decode() for n in (1, 2))
MANY = 24


@pytest.fixture
def tale(story: Story) -> Tale:
    with story.database.transaction() as session:
        register_masters(session)
    talk = Talk(story.database, story.now)
    talk.story = story
    return Tale(talk)


@contextmanager
def house(tale: Tale, settings: Settings, keys: Keyring, *secrets: str) -> Iterator[Flask]:
    """The application as a process started with these keys and secrets runs it."""
    before, url = tale.talk.story.database, tale.talk.database.engine.url
    with closing(open_database(url.render_as_string(hide_password=False), keys)) as database:
        given = {**settings.model_dump(), "bank_webhook_secrets": ",".join(secrets)}
        tale.talk.story.database = database
        yield create_app(Settings.model_validate(given), database, lambda: tale.talk.story.now)
    tale.talk.story.database = before


def sends(app: Flask, story: Story, number: int, secret: str) -> int:
    """The bank tells of one application, signed by one of its secrets."""
    event = {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "/bank/cards",
        "type": "jianka.application.approved",
        "time": story.now.isoformat(),
        "data": {"application_id": f"A{number}", "customer_ref": "C900001"},
    }
    raw = json.dumps(event)
    headers = {
        "webhook-id": f"m{number}",
        "webhook-timestamp": str(int(story.now.timestamp())),
        "webhook-signature": Webhook(secret).sign(f"m{number}", story.now, raw),
    }
    return app.test_client().post(
        "/api/v1/events", data=raw, content_type=ONE, headers=headers
    ).status_code  # fmt: skip


def stored(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Inbox)) or 0


def test_webhooks_flow_while_secrets_and_keys_rotate(
    tale: Tale, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 3)
    story, keys = tale.talk.story, tale.talk.database.keyring
    both = Keyring({"k2": b"n" * 32, **keys.masters}, keys.blind_key)
    with house(tale, settings, keys, OLD) as app:
        assert sends(app, story, 0, OLD) == 202
        assert sends(app, story, 1, NEW) == 401
    with house(tale, settings, both, NEW, OLD) as app:
        done: list[int] = []
        runs = threading.Thread(
            target=lambda: done.append(rotate(story.database, lambda *_: None).renewed)
        )
        runs.start()
        answers = [sends(app, story, n, (OLD, NEW)[n % 2]) for n in range(1, MANY)]
        repeated = [sends(app, story, n, (NEW, OLD)[n % 2]) for n in range(1, MANY)]
        runs.join()
        assert set(answers + repeated) == {202}
        assert done
        assert done[0] > 0
        assert stored(story.database) == MANY
        assert rotate(story.database, lambda *_: None).removable == ["k1"]
    with house(tale, settings, Keyring({"k2": b"n" * 32}, keys.blind_key), NEW) as app:
        assert sends(app, story, MANY, OLD) == 401
        assert sends(app, story, MANY, NEW) == 202
        assert stored(story.database) == MANY + 1


def test_what_was_given_out_before_is_good_under_the_new_key(
    tale: Tale, settings: Settings
) -> None:
    """A binding token, a scan receipt, a confirmation link and a form that stood open."""
    story, keys = tale.talk.story, tale.talk.database.keyring
    both = Keyring({"k2": b"n" * 32, **keys.masters}, keys.blind_key)
    with story.database.transaction() as session:
        member = member_by_ref(session, MALLORY)
        assert member is not None
        mallory = member.id
    receipt = tale.visits()[1]
    tale.applies(FRIEND)
    tale.claims(FRIEND)
    tale.waits()
    tale.stands(State.ASKED)
    link = f"/i/claim/{tale.word()}"
    with house(tale, settings, keys, OLD) as app:
        friend = Browser(app)
        friend.opens(link)
        cookie = friend.client.get_cookie("jianka_i", path="/i")
        assert cookie is not None
    with house(tale, settings, both, OLD):
        with story.database.transaction() as session:
            token = new_binding_token(session, mallory, None, story.now)
        rotate(story.database, lambda *_: None)
    with house(tale, settings, both, OLD) as app:
        later = Browser(app)
        later.client.set_cookie("jianka_i", cookie.value, path="/i")
        later.page, later.path = friend.page, friend.path
        later.submits("ask-no")
        assert later.sees("ask-denied")
    with house(tale, settings, Keyring({"k2": b"n" * 32}, keys.blind_key), OLD) as app:
        with story.database.transaction() as session:
            assert use_binding_token(session, token, story.now) == mallory
        form = ClaimForm(story.alice, How.LATE, When.EARLIER, receipt=receipt)
        with story.database.transaction() as session:
            assert file_claim(session, form, story.now).number
        assert Browser(app).opens(link).status_code == 410
        bare = Browser(app)
        bare.client.set_cookie("jianka_i", cookie.value, path="/i")
        bare.page, bare.path = friend.page, friend.path
        assert bare.submits("ask-no").status_code == 400  # signed by the retired key
