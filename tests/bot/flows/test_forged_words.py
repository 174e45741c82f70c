"""Binding tokens and scan receipts that nobody was given: none binds a chat, none files a claim."""

from __future__ import annotations

import secrets
from datetime import datetime

import pytest
from claim_tales import MALLORY, Tale
from forgeries import BY_DAY, BY_NIGHT, Forger, truths
from sqlalchemy import select
from talk import Talk

from shared.actions.claiming import ClaimForm, file_claim
from shared.base.database import Database
from shared.base.errors import Refusal
from shared.base.privacy import Keyring
from shared.claims.claims import Claim, How, When
from shared.people.chats import Chat, hash_token, new_binding_token
from shared.people.members import member_by_ref
from shared.referrals.codes import plain_code
from shared.referrals.referrals import Registration, Visit, VisitKind
from shared.referrals.scan_receipts import LENGTH, scan_receipt, show_receipt

MANY = pytest.mark.parametrize("many", [BY_DAY, pytest.param(BY_NIGHT, marks=pytest.mark.nightly)])
TALKED = ("outbox", "dialogues", "chats")
"""What a conversation leaves, whatever was said."""


@pytest.fixture
def talk(database: Database, now: datetime) -> Talk:
    return Talk(database, now)


def bound(talk: Talk) -> list[tuple[object, ...]]:
    with talk.database.reading() as session:
        rows = session.execute(select(Chat.id, Chat.member_id, Chat.proof).order_by(Chat.id))
        return [tuple(row) for row in rows]


def token(talk: Talk, ref: str = MALLORY) -> str:
    with talk.database.transaction() as session:
        member = member_by_ref(session, ref)
        assert member is not None
        return new_binding_token(session, member.id, None, talk.story.now)


def foreign_tokens(talk: Talk, live: str, used: str, old: str) -> list[str]:
    """Tokens that were used, are over, of the same form, or given out for something else."""
    done = talk.story.registers("+8613900139066")
    with talk.database.reading() as session:
        registration = session.scalars(select(Registration)).one()
        others = [registration.referral_token, registration.receipt, registration.handle]
    return [
        *(secrets.token_urlsafe(18) for _ in range(40)),
        *others, done.receipt, talk.story.code, f"i_{talk.story.code}", f"b_{live}",
        used, old, hash_token(live), hash_token(used), f"{live}{used}", f"{old}{live}",
    ]  # fmt: skip


@MANY
def test_no_forged_token_binds_a_chat(talk: Talk, many: int) -> None:
    old = token(talk)
    talk.later(minutes=5)
    used = token(talk)
    talk.person("2002").says(f"/start b_{used}").taps("button.agree").sees("start.bound_full")
    live = token(talk)
    mallory = talk.person("6666")
    mallory.says("/start").taps("button.agree")
    foreign = foreign_tokens(talk, live, used, old)
    words = Forger(7).forge([live, used], foreign, many, {live})
    before, chats = truths(talk.database, TALKED), bound(talk)
    for word in [used, old, *words[: many - 2]]:
        if word.split()[:1] != [live]:
            mallory.says(f"/start b_{word}").sees_not("start.bound_full", "start.bound")
    assert truths(talk.database, TALKED) == before
    assert bound(talk) == chats
    mallory.says(f"/start b_{live}").sees("start.bound_full")
    assert bound(talk) != chats


def foreign_receipts(tale: Tale) -> list[str]:
    """Of other members' invites, of robots, of other databases, and of visits that never were."""
    database, other = tale.talk.database, tale.invite_of()
    theirs = [tale.visits(other, f"m{n}")[1] for n in range(12)]
    robots = []
    for n in range(6):
        visit, receipt = tale.visits(device=f"r{n}")
        with database.transaction() as session:
            session.get_one(Visit, visit).kind = VisitKind.ROBOT.value
        robots.append(receipt)
    keyring = Keyring({"k1": b"1" * 32}, b"another blind index key, 32 byte")
    made = [scan_receipt(keyring, n, 1) for n in range(1, 60)]
    made += [scan_receipt(database.keyring, n, 1) for n in range(900, 960)]
    made += [scan_receipt(database.keyring, n, 2) for n in range(1, 5)]
    return [*theirs, *robots, *map(show_receipt, made)]


@MANY
def test_no_forged_receipt_files_a_claim(talk: Talk, many: int) -> None:
    tale = Tale(talk)
    receipts = [tale.visits(device=f"d{n}")[1] for n in range(4)]
    tale.claims(receipts[0])
    foreign = foreign_receipts(tale)
    given = {plain_code(each, LENGTH) for each in receipts}
    words = [
        each
        for each in Forger(9).forge(receipts, foreign, many * 2, set())
        if plain_code(each, LENGTH) not in given
    ][: many - 1]
    assert len(words) == many - 1
    before = truths(talk.database, TALKED)
    for word in [receipts[0], *words]:
        assert _files(tale, word) in ("claim.same", "receipt.malformed", "receipt.unknown"), word
    assert truths(talk.database, TALKED) == before
    tale.alice.says("/claim").says(foreign[0])
    tale.alice.taps("claim.when.earlier").taps("claim.how.late")
    tale.alice.taps("button.no_picture").taps("button.file_claim").sees("error.receipt.unknown")
    assert _files(tale, receipts[1]) == ""


def _files(tale: Tale, receipt: str) -> str:
    """Why no claim came of it; empty when one did. What is no receipt at all is never one."""
    talk = tale.talk
    form = ClaimForm(talk.story.alice, How.LATE, When.EARLIER, receipt=receipt or "-")
    try:
        with talk.database.transaction() as session:
            file_claim(session, form, talk.story.now)
    except Refusal as refusal:
        return refusal.code
    with talk.database.reading() as session:
        assert session.scalars(select(Claim)).all()
    return ""
