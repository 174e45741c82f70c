"""A canary in every field of every form that any page has: none lies anywhere in the clear."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from canaries import found_in, found_in_files, known_of, lying_in
from counter import ALICE
from desktop import TANG, Desks, desks_of
from form_walk import NUMBER, WORD, Walk
from held import hold_farm
from money import goodwill
from mortal_bot import MortalBot
from sqlalchemy import select
from strict import unavailable
from telegram_stand_in import USERNAME

from bot.flows.taps import Verb, encode
from shared.base.database import Database
from shared.base.settings import Settings
from shared.jobs.worker import house_turn
from shared.post.inbox import Inbox

ADDRESS = "198.51.100.237"
CANARIES = (WORD, NUMBER, ADDRESS)
TEMPLATES = Path(__file__).parents[2] / "webapp"
_FIELD = re.compile(r"<(?:input|textarea)\b[^>]*?\bname=\"([a-z_]+)\"[^>]*>", re.DOTALL)
NEVER = {
    "csrf_token", "step", "reference", "form", "sure", "which", "structure", "source", "template",
}  # fmt: skip
"""Not typed into: tokens, buttons, choices; a campaign's file, which is there to be published."""


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    url = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    assert isinstance(url, str)
    return url


@pytest.fixture
def desks(settings: Settings, database: Database, now: datetime) -> Desks:
    desks = desks_of(settings, database, now)
    hold_farm(desks)
    desks.house.bank_hears()
    desks.house.files()
    goodwill(desks, ALICE, 8_800)
    tang = desks.of(TANG)
    tang.opens("/desk/payouts")
    tang.posts("/desk/payouts", campaign="spring")
    return desks


def walks(desks: Desks) -> list[Walk]:
    """A friend on the web, Mei and her customer at the counter, and Tang at the desk."""
    house = desks.house
    mei = house.mei()
    code = house.invite().code
    friend = Walk(house.app.test_client(), "/i/")
    heads = {
        "HTTP_USER_AGENT": f"Mozilla/5.0 (Linux) Mobile {friend.number()}",
        "HTTP_REFERER": f"https://{friend.number()[1:]}.example/{friend.number()}",
        "HTTP_X_FORWARDED_FOR": f"{ADDRESS}, {friend.number()}",
        "REMOTE_ADDR": ADDRESS,
    }
    friend.client.environ_base.update(heads)
    odd = [
        f"/i/{code}?utm_source={friend.word()}&utm_campaign={friend.number()}&ch={friend.word()}",
        f"/i/{friend.word()}", f"/i/claim/{friend.word()}", f"/i/?code={friend.number()}",
    ]  # fmt: skip
    counter = Walk(mei.client, "/tablet")
    desk = Walk(desks.of(TANG).client, "/desk")
    friend.through(*odd, f"/i/{code}/stop", f"/i/{code}/data", f"/i/{code}/confirm")
    house.sends_number(mei, friend.number())
    counter.through("/tablet/walk-in/confirm", f"/tablet/claims/{counter.word()}")
    mei.signs_in()
    found = mei.posts("/tablet/show", name="李", digits="8001")
    seen = mei.posts("/tablet/show/open", reference=found.field("reference"))
    counter.through(seen.place, "/tablet/show", "/tablet/register", "/tablet/claims")
    desk.through("/desk/campaigns", "/desk/people", "/desk/audit", f"/desk/cases/{desk.word()}")
    return [friend, counter, desk]


def chats(desks: Desks) -> None:
    """Somebody in chat whose profile is full of canaries, and who sends whatever can be sent."""
    walk = Walk(desks.house.app.test_client(), "")
    word, number = walk.word, walk.number
    person = {
        "id": 1001, "is_bot": False, "first_name": word(), "last_name": word(),
        "username": f"u{number()[1:]}", "language_code": "zh-hans",
    }  # fmt: skip
    bot = MortalBot(desks.database, desks.clock(), person)
    photo = [{"file_id": "p", "file_unique_id": "u", "width": 3, "height": 3}]
    stranger = {"phone_number": number(), "first_name": word(), "user_id": 77, "vcard": number()}
    file = {"file_id": "d", "file_unique_id": "e", "file_name": f"{word()}.pdf"}
    place = {"location": {"latitude": 1.5, "longitude": 2.5}, "title": word(), "address": word()}
    group = {"id": -5, "type": "group", "title": word()}
    own = {"phone_number": "+8613800138001", "first_name": word(), "user_id": 1001}
    said = [
        {"text": f"/start {number()[1:]}"}, {"text": word()}, {"contact": stranger},
        {"contact": own}, {"text": "/claim"}, {"text": number()}, {"text": word()},
        {"text": f"/claim {number()}"}, {"text": f"/help {word()}"}, {"text": f"/x{number()}"},
        {"photo": photo, "caption": f"{word()} {number()}"}, {"document": file}, {"venue": place},
        {"text": f"@{USERNAME} {word()}", "chat": group}, {"reply_to_message": {}, "text": word()},
    ]  # fmt: skip
    updates = [bot.message(**content) for content in said]
    updates += [bot.tap(f"1:open:{word()[:12]}"), bot.tap(encode(Verb.OPEN, "greeting"))]
    updates += [bot.message(text=f"{word()}{number()}"), bot.message(text=word())]
    query = {"id": "9", "from": person, "query": f"{word()} {number()}", "offset": word()}
    updates.append({"update_id": 900, "inline_query": query})
    for update in updates:
        bot.stores(update)
        bot.hears()
    with desks.database.reading() as session:
        assert len(session.scalars(select(Inbox.id)).all()) >= len(updates)


def dumped(database: Database, tmp_path: Path) -> list[str]:
    """What a backup holds: SQLite's file, its log and a copy; PostgreSQL by its own program."""
    engine = database.engine
    if engine.dialect.name == "sqlite":
        path = Path(str(engine.url.database))
        with (
            closing(sqlite3.connect(path)) as source,
            closing(sqlite3.connect(tmp_path / "backup.db")) as backup,
        ):
            source.backup(backup)
        return found_in_files(path.parent, CANARIES) + found_in_files(tmp_path, CANARIES)
    program = shutil.which("pg_dump") or max(
        map(str, Path("/usr/lib/postgresql").glob("*/bin/pg_dump")), default=""
    )
    url = engine.url.render_as_string(hide_password=False)
    if not program:
        unavailable("no pg_dump (PostgreSQL's client programs)")
    psycopg.connect(url).close()
    copy = subprocess.run([program, url], capture_output=True, check=True).stdout
    assert b"COPY public.persons" in copy
    return found_in(copy, CANARIES)


@pytest.mark.parametrize(
    "database_url",
    ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
    indirect=True,
)
def test_what_is_typed_anywhere_lies_nowhere_in_the_clear(
    desks: Desks, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    chats(desks)
    done = walks(desks)
    house_turn(desks.database, desks.clock, None)
    assert all(walk.forms for walk in done)
    assert sum(walk.pages for walk in done) > 100
    assert len({form for walk in done for form in walk.forms}) > 40
    assert known_of(desks.database, (WORD, NUMBER))  # who holds the keys can read some of it
    found = dumped(desks.database, tmp_path)
    assert found == [], lying_in(desks.database, CANARIES)
    said = capfd.readouterr()
    assert found_in((said.out + said.err).encode(), CANARIES) == []
    metrics = desks.house.app.test_client().get("/metrics")
    assert found_in(metrics.data, CANARIES) == []
    in_templates = {
        name for path in TEMPLATES.rglob("*.html") for name in _FIELD.findall(path.read_text())
    }
    missed = in_templates - NEVER - {name for walk in done for name in walk.fields}
    assert missed == set(), "a page that no walk comes to: lead one there"
    luo = desks.of("S9002")
    for path in ("/desk/audit", "/desk/payouts", "/desk/people", "/desk/claims", "/desk/cases"):
        page = luo.opens(path)
        assert page.status == 200
        assert found_in(page.response.data, (NUMBER,)) == [], path
    for path in ("/desk/audit/file", "/desk/claims/file"):
        assert found_in(luo.posts(path).response.data, CANARIES) == [], path
