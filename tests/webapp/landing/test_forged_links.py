"""Confirmation links that we never wrote, or wrote for something else, or that have had their
day: none is answered, and nothing is stored by any of them."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from browser import Browser
from claim_tales import FRIEND, Tale
from flask import Flask
from forgeries import BY_DAY, BY_NIGHT, Forger, truths
from sqlalchemy import select
from story import Story
from talk import Talk

from shared.base.privacy import Keyring
from shared.claims.claims import State
from shared.referrals.referrals import Registration

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PURPOSES = (
    "address", "claim", "code", "customer", "device", "fingerprint", "network", "owner", "phone",
    "scan-receipt", "series", "statement", "sweep", "tail",
)  # fmt: skip
ROADS = {301, 308, 404, 405, 410}


@pytest.fixture
def tale(story: Story) -> Tale:
    talk = Talk(story.database, story.now)
    talk.story = story
    return Tale(talk)


def asked(tale: Tale, phone: str, ref: str) -> str:
    """A claim whose friend is asked by a link."""
    tale.applies(phone, ref)
    tale.claims(phone)
    tale.waits()
    tale.stands(State.ASKED)
    return tale.word()


def foreign(tale: Tale, word: str) -> list[str]:
    """Signatures for other things, by other keys, and other words that we gave out."""
    number = int(word.partition("-")[0])
    keyring = tale.talk.database.keyring
    other = Keyring({"k1": b"1" * 32}, b"another blind index key, 32 byte")
    made = [
        f"{number}-{keyring.blind(purpose, f'{number}:{of}')[:32]}"
        for purpose in PURPOSES
        for of in range(1, 5)
    ]
    made += [f"{n}-{other.blind('claim-ask', f'{n}:{n}')[:32]}" for n in range(1, 40)]
    made += [
        f"{number}-{keyring.blind('claim-ask', f'{n}:{m}')[:32]}"
        for n in range(1, 6)
        for m in range(1, 6)
        if (n, m) != (number, number)
    ]
    made += [f"0{word}", f"00000{word}", f"+{word}", f" {word}", f"{number}.0{word[1:]}"]
    with tale.talk.database.reading() as session:
        for registration in session.scalars(select(Registration)):
            made += [registration.referral_token, registration.receipt, registration.handle]
    return [*made, tale.talk.story.code, tale.visits()[1]]


@pytest.mark.parametrize("many", [BY_DAY, pytest.param(BY_NIGHT, marks=pytest.mark.nightly)])
def test_no_forged_link_is_answered(app: Flask, tale: Tale, many: int) -> None:
    tale.registers("+8613900139066")
    silent = asked(tale, FRIEND, "A7")
    tale.waits(24 * 8)
    denied = asked(tale, "+8613900139088", "A8")
    tale.denies()
    live = asked(tale, "+8613900139099", "A9")
    words = Forger(5).forge([live, denied], foreign(tale, live), many, {silent, denied, live})
    before = truths(tale.talk.database)
    for place, word in enumerate([silent, denied, *words[: many - 2]]):
        tries(app, f"/i/claim/{quote(word, safe='')}", place)
    assert truths(tale.talk.database) == before
    browser = Browser(app)
    assert browser.opens(f"/i/claim/{live}").status_code == 200
    browser.submits("ask-no")
    assert browser.sees("ask-denied")
    assert truths(tale.talk.database) != before


def tries(app: Flask, path: str, place: int) -> None:
    """Opened, and each of its steps sent with a token of the browser's own."""
    client = app.test_client()
    here = {"REMOTE_ADDR": f"198.51.{place // 250}.{place % 250}"}
    with client.session_transaction(path="/i/", base_url="http://localhost/i/") as kept:
        kept["csrf_token"] = "x"
    assert client.get(path, environ_base=here).status_code in ROADS, path
    for step in ("no", "yes", "phone"):
        form = {"csrf_token": "x", "step": step, "phone": FRIEND, "code": "123456"}
        assert client.post(path, data=form, environ_base=here).status_code in ROADS, (path, step)
