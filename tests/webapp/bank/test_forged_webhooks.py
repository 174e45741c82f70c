"""Webhooks that the bank never sent, or not now, or not so: none is stored, none breaks a thing."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from flask import Flask
from forgeries import BY_DAY, BY_NIGHT, Forger, truths
from standardwebhooks import Webhook
from story import Story

from shared.base.settings import Settings
from webapp.bank.media import ONE

URL = "/api/v1/events"
FOREIGN = "whsec_" + base64.b64encode(b"another bank's key, 32 bytes lo.").decode()
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass(frozen=True)
class Sent:
    """One request as it goes over the wire."""

    id: str
    stamp: str
    signature: str
    body: bytes
    more: tuple[tuple[str, str], ...] = ()


class Bank:
    """Signs as the bank does; `secret` as somebody else."""

    def __init__(self, story: Story, secret: str) -> None:
        self.story, self.secret, self._count = story, secret, 0

    def signs(self, *, secret: str = "", hours: float = 0, body: bytes = b"") -> Sent:
        """A request that is genuine but for what is said otherwise."""
        self._count += 1
        at, identity = self.story.now + timedelta(hours=hours), f"m{self._count}"
        raw = body or json.dumps(self._event()).encode()
        signed = Webhook(secret or self.secret).sign(identity, at, raw.decode())
        return Sent(identity, str(int(at.timestamp())), signed, raw)

    def _event(self) -> dict[str, object]:
        return {
            "specversion": "1.0",
            "id": f"e{self._count}",
            "source": "/bank/cards",
            "type": "jianka.application.approved",
            "time": self.story.now.isoformat(),
            "data": {"application_id": f"A{self._count}", "customer_ref": "C900001"},
        }


def forged(bank: Bank, many: int) -> Iterator[Sent]:
    """Requests that no genuine sender makes: each header and the body bent, and whole tricks."""
    forger, tricks = Forger(3), list(_tricks(bank))
    chance = forger.chance
    one = bank.signs()
    for place in range(many):
        if place < len(tricks):
            yield tricks[place]
            continue
        kind = place % 4
        if kind == 0:
            yield replace(one, id=_bent(forger, one.id))
        elif kind == 1:
            stamp = str(int(one.stamp) + chance.choice((-1, 1)) * chance.randrange(1, 200))
            yield replace(one, stamp=stamp)
        elif kind == 2:
            yield replace(one, signature=_bent(forger, one.signature))
        else:
            at = chance.randrange(len(one.body))
            changed = bytes([one.body[at] ^ 1 << chance.randrange(7)])
            yield replace(one, body=one.body[:at] + changed + one.body[at + 1 :])


def _bent(forger: Forger, word: str) -> str:
    """Another word, also where a header carries less than was bent."""
    while word in (bent := _header(forger.bend(word))).split():
        pass
    return bent


def _header(word: str) -> str:
    """What a header can carry of a word."""
    kept = "".join(c for c in word if c.isprintable()).strip()
    return kept.encode().decode("latin-1") if not kept.isascii() else kept


def _tricks(bank: Bank) -> Iterator[Sent]:
    one, other = bank.signs(), bank.signs()
    version, _, encoded = one.signature.partition(",")
    yield bank.signs(secret=FOREIGN)
    yield bank.signs(hours=-0.09)
    yield bank.signs(hours=0.09)
    yield bank.signs(hours=-24 * 400)
    yield replace(one, signature=other.signature)
    yield replace(one, body=other.body)
    yield replace(one, id=other.id)
    yield replace(one, body=b"[" + one.body + b"]")
    yield replace(one, body=one.body + b" ")
    yield replace(one, body=one.body.replace(b"A", b"B"))
    yield replace(one, signature=f"{version},{encoded[:-2]}{chr(ord(encoded[-2]) + 1)}=")
    for wrong in ("v0", "v2", "V1", "v1a", "", "v1, ", "ｖ1"):
        yield replace(one, signature=_header(f"{wrong},{encoded}"))
    for wrong in (f"{encoded}", f"v1;{encoded}", f"v1,{encoded.rstrip('=')}", f"v1,{encoded}="):
        yield replace(one, signature=wrong)
    yield replace(one, signature=" ".join(["v1,AAAA"] * 10 + [one.signature]))
    for wrong in (f"+{one.stamp}", f"0{one.stamp}", f"{one.stamp}.0", "9" * 12, f"-{one.stamp}"):
        yield replace(one, stamp=wrong)
    yield replace(one, id="", stamp=f"{one.id}.{one.stamp}")
    yield replace(one, id=f"{one.id}.{one.stamp}", stamp=one.stamp)
    yield replace(one, signature="", more=(("X-Webhook-Signature", one.signature),))
    yield replace(one, signature="", more=(("Authorization", f"Bearer {bank.secret}"),))
    yield replace(one, stamp="1", more=(("X-Webhook-Timestamp", one.stamp), ("Date", one.stamp)))
    yield replace(one, body=b"{}", more=(("X-HTTP-Method-Override", "PUT"),))


@pytest.mark.parametrize("many", [BY_DAY * 2, pytest.param(BY_NIGHT, marks=pytest.mark.nightly)])
def test_no_forged_webhook_is_stored(
    app: Flask, settings: Settings, story: Story, many: int
) -> None:
    bank = Bank(story, settings.bank_webhook_secrets[0].get_secret_value())
    replayed = bank.signs()
    assert _send(app, replayed, 0) == (202, {"stored": 1, "repeated": 0})
    before = truths(story.database)
    answers = {}
    for place, each in enumerate(forged(bank, many)):
        status, said = _send(app, each, place)
        answers[status] = answers.get(status, 0) + 1
        assert status == 401, (place, each, said)
    assert _send(app, replayed, many) == (202, {"stored": 0, "repeated": 1})
    assert answers == {401: many}
    assert truths(story.database) == before
    story.later(minutes=5, seconds=1)
    assert _send(app, replayed, many + 1)[0] == 401
    assert truths(story.database) == before


def _send(app: Flask, sent: Sent, place: int) -> tuple[int, object]:
    """Each from an address of its own, as an address is soon told to wait."""
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    headers = dict(zip(names, (sent.id, sent.stamp, sent.signature), strict=True))
    answer = app.test_client().post(
        URL,
        data=sent.body,
        content_type=ONE,
        headers={**headers, **dict(sent.more)},
        environ_base={"REMOTE_ADDR": f"198.51.{place // 250}.{place % 250}"},
    )
    return answer.status_code, answer.get_json(silent=True)
