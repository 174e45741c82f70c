"""One's own data by one's own hand: a copy, its end, and a copy again, in chat and on the web.

A whole life is behind it: rewards, a claim, a case, letters in and out. What is restored from a
backup of before is forgotten again.
"""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from browser import Friend
from canaries import known_of, lying_in
from claim_tales import FRIEND, Tale
from talk import Person, Talk
from whole_life import IDENTITIES, WORDS, Life

from shared.actions.housekeeping import keep_house
from shared.actions.privacy import export_member
from shared.base.database import Database, open_database
from shared.base.privacy import Keyring
from shared.base.settings import Settings
from shared.jobs.erasures import ErasureFile, replay_erasures
from shared.ledger.verify import verify
from shared.post.audit_chain import chain_new, flaws
from webapp.app import create_app


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    url = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    assert isinstance(url, str)
    return url


@pytest.fixture
def life(database: Database, now: datetime) -> Life:
    life = Life(Tale(Talk(database, now)))
    life.lives()
    return life


def web(life: Life, settings: Settings) -> Friend:
    """The friend's browser, minutes later, at the page of one's own data."""
    app = create_app(settings, life.database, lambda: life.story.now)
    friend = Friend(app, life.story.code, life.story.last_code)
    life.story.later(minutes=5)
    friend.opens(f"/i/{life.story.code}/data")
    return friend


def asks_for(friend: Friend, life: Life, which: str) -> Any:
    """By a code to the number; a copy as it is read, else nothing."""
    life.story.later(minutes=5)
    friend.opens(f"/i/{life.story.code}/data")
    friend.submits("send-code", phone=FRIEND)
    answer = friend.submits("go", code=life.story.last_code(), which=which, sure="yes")
    assert answer.status_code == 200, answer.text
    return json.loads(answer.data) if which == "copy" else None


def copy_of(alice: Person) -> Any:
    """What Alice is sent when she asks for it."""
    alice.says("/privacy").taps("button.export")
    assert alice.last.reply.document is not None
    return json.loads(alice.last.reply.document.content)


def words_in(copy: Any) -> set[str]:
    said = json.dumps(copy, ensure_ascii=False)
    return {word for word in IDENTITIES if word in said}


def stands(database: Database, now: datetime) -> None:
    """The ledger and the audit are whole."""
    with database.transaction() as session:
        chain_new(session)
    with database.reading() as session:
        assert verify(session) == []
        assert list(flaws(session, now)) == []


@pytest.mark.parametrize(
    "database_url",
    ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
    indirect=True,
)
def test_copy_erasure_copy_in_chat_and_on_the_web(life: Life, settings: Settings) -> None:
    alice, database = life.tale.alice, life.database
    friend = web(life, settings)
    hers, his = copy_of(alice), asks_for(friend, life, "copy")
    assert {"李爱丽", WORDS["greeting"], WORDS["nickname"]} <= words_in(hers)
    assert {"王波", FRIEND} <= words_in(his)
    assert FRIEND not in words_in(hers)
    assert "李爱丽" not in words_in(his)
    ledger = hers["ledger"]
    assert ledger

    asks_for(friend, life, "erase")
    life.tale.talk.work()
    assert known_of(database, ("王波", FRIEND, WORDS["nickname"])) == []
    after = asks_for(friend, life, "copy")
    assert after["invited"] == []
    assert words_in(after) == set()
    assert {"王波", WORDS["nickname"]}.isdisjoint(words_in(copy_of(alice)))
    stands(database, life.story.now)

    alice.says("/privacy").taps("button.erase").taps("button.erase_yes").sees("privacy.erased")
    keep_house(database, life.story.now)
    asked_again = {f"outbox: {FRIEND}", f"outbox: {FRIEND[3:]}"}
    assert set(known_of(database, IDENTITIES)) <= asked_again
    keep_house(database, life.story.now + timedelta(days=31))  # a code's SMS has its term
    assert known_of(database, IDENTITIES) == []
    assert lying_in(database, IDENTITIES) == []
    alice.says("/start").sees("button.agree").taps("button.agree")
    alice.shares_contact("+8613800138001")
    alice.says("/privacy").sees_not("button.export", "李**")
    with database.reading() as session:
        kept = export_member(session, life.story.alice, life.story.now)
    assert kept["ledger"] == ledger
    assert words_in(kept) == set()
    stands(database, life.story.now)


@pytest.mark.nightly
def test_a_backup_of_before_forgets_both_again_and_the_books_stand(
    life: Life, settings: Settings, tmp_path: Path, keyring: Keyring
) -> None:
    path = Path(str(life.database.engine.url.database))
    with closing(life.database.engine.raw_connection()) as raw:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(path, tmp_path / "backup.db")
    asks_for(web(life, settings), life, "erase")
    life.tale.alice.says("/privacy").taps("button.erase").taps("button.erase_yes")
    assert ErasureFile(life.database, tmp_path / "erased.jsonl").keep_up() == 2
    with closing(open_database(f"sqlite:///{tmp_path / 'backup.db'}", keyring)) as restored:
        assert known_of(restored, ("李爱丽", "王波"))
        done = replay_erasures(restored, tmp_path / "erased.jsonl", "operator:test", life.story.now)
        assert (done.again, done.gone) == (2, 0)
        keep_house(restored, life.story.now)
        assert known_of(restored, IDENTITIES) == []
        stands(restored, life.story.now)
