"""The inventory is the truth: of every column, of erasure, of copies and of every term."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from canaries import PERSONS_OWN, known_of
from claim_tales import FRIEND, Tale
from sqlalchemy import JSON, LargeBinary, String, inspect, select, update
from story import ALICE
from talk import Talk
from whole_life import ACCOUNTS, ADDRESS, DEVICE, IDENTITIES, PICTURE, WORDS, Life, rows_of

from shared.actions.erasing import erase_member, erase_number
from shared.actions.housekeeping import keep_house
from shared.actions.inventory.kept import (
    PERSONAL,
    READABLE,
    TIMED,
    WHILE,
    About,
    Goes,
    Kept,
    Nature,
)
from shared.actions.inventory.tables import INVENTORY
from shared.actions.privacy import export_member, export_number
from shared.actions.retention import forget_friends
from shared.base.database import Database
from shared.base.sealing import SEALED, Sealed, Veiled
from shared.campaigns.campaigns import Campaign
from shared.campaigns.campaigns import Life as CampaignLife
from shared.ledger.verify import verify
from shared.migrations.tables import metadata
from shared.migrations.upgrade import MasterKey
from shared.people.chats import chat_at
from shared.people.members import Member
from shared.people.persons import Person
from shared.post.audit_chain import chain_new, flaws
from shared.post.inbox import Inbox
from shared.referrals.referrals import Registration

ABOUT_PEOPLE = (About.MEMBER, About.FRIEND, About.CHAT, About.PERSON)
assert MasterKey  # the two tables of keys stand beside the migrations

HOW = """
Every column is named once in shared/actions/inventory, in its table's entry, by what it holds:
`plain`, `ours`, `random`, `banks`, `told`, `keyed`, `persons`, `sealed` (see kept.py). Then say
what erasure does to it (`emptied`, `goes`, or `stays` with the reason) and do so in
shared/actions/erasing.py; whether one's own copy has it (`copied`, or `withheld` with the
reason); and until when it is kept (`until`: a step of housekeeping, or `while …`). Leave something
in it in tests/cast/whole_life.py.
"""


def columns() -> Iterator[tuple[str, Kept, str, Nature]]:
    for table, kept in INVENTORY.items():
        for column, nature in kept.natures():
            yield table, kept, column, nature


def test_every_column_of_the_schema_is_named_once_and_no_other() -> None:
    known = sorted(f"{t.name}.{c.name}" for t in metadata.sorted_tables for c in t.columns)
    named = sorted(f"{table}.{column}" for table, _, column, _ in columns())
    missing, gone = set(known) - set(named), set(named) - set(known)
    assert not missing, f"not in the inventory: {sorted(missing)}{HOW}"
    assert not gone, f"no such column: {sorted(gone)}"
    assert len(named) == len(set(named)), "named twice"


def test_what_is_named_sealed_is_sealed_and_what_is_sealed_is_named_so() -> None:
    wrong = []
    for table, _, column, nature in columns():
        found = metadata.tables[table].columns[column]
        sealed = isinstance(found.type, Sealed | Veiled) or SEALED in found.info
        own = (table, column) in PERSONS_OWN and isinstance(found.type, LargeBinary)
        fits = {
            Nature.SEALED: sealed,
            Nature.PERSONS: own,
            Nature.KEYED: isinstance(found.type, String | JSON) or column == "subject_id",
        }.get(nature, not sealed and not own and not isinstance(found.type, LargeBinary))
        if not fits:
            wrong.append(f"{table}.{column} is named {nature.value} and is {found.type!r}")
    assert not wrong, f"{wrong}{HOW}"


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_sqlite
def test_of_everything_personal_it_is_said_what_becomes_of_it(
    database: Database, now: datetime
) -> None:
    steps = set(keep_house(database, now))
    unsaid = []
    for table, kept, column, nature in columns():
        place = f"{table}.{column} ({nature.value})"
        if kept.about not in ABOUT_PEOPLE:
            continue
        gone = column in kept.emptied.split() or kept.goes is not Goes.STAY
        own_key = nature is Nature.PERSONS
        if nature in PERSONAL and not (gone or own_key or kept.why_stays(column)):
            unsaid.append(f"{place}: erasure")
        if nature in READABLE and not (column in kept.names_in_copy() or kept.why_withheld(column)):
            unsaid.append(f"{place}: copy")
        until = kept.kept_until(column)
        if nature in TIMED and not (until.startswith(WHILE) or until in steps):
            unsaid.append(f"{place}: until")
    assert not unsaid, f"{unsaid}{HOW}"
    for table, kept in INVENTORY.items():
        for named in (kept.emptied.split(), kept.names_in_copy(), kept.stays, kept.withheld):
            assert set(named) - {"*"} <= set(metadata.tables[table].columns.keys()), table


@pytest.fixture
def life(database: Database, now: datetime) -> Life:
    life = Life(Tale(Talk(database, now)))
    life.lives()
    return life


def empty(value: object) -> bool:
    return value in (None, "", 0, False, [], {})


def others(life: Life) -> dict[str, set[int]]:
    """Rows of people who are not in the story, the sample's other members and staff; and letters
    of the bank that name nobody but by its own references, which go with their term."""
    with life.database.reading() as session:
        known = session.scalars(select(Registration.person_id)).all()
        alice = session.get_one(Member, life.story.alice)
        persons = set(session.scalars(select(Person.id))) - {alice.person_id, *known}
        members = set(session.scalars(select(Member.id))) - {alice.id}
        letters = set(session.scalars(select(Inbox.id).where(Inbox.owner.is_(None))))
    return {"persons": persons, "members": members, "inbox": letters}  # type: ignore[dict-item]


def filled(life: Life, apart: dict[str, set[int]]) -> dict[str, int]:
    """Columns that erasure must empty, and rows that must go: how many hold something."""
    found = {}
    with life.database.reading() as session:
        for table, kept in INVENTORY.items():
            rows = [row for row in rows_of(session, table) if row.get("id") not in
                    apart.get(table, ())]  # fmt: skip
            if kept.goes is not Goes.STAY:
                found[table] = len(rows)
            for column in kept.emptied.split():
                found[f"{table}.{column}"] = sum(not empty(row[column]) for row in rows)
    return found


def hashes(life: Life) -> set[str]:
    """Every keyed hash by which the two could be found again."""
    keyring, kinds = life.database.keyring, ("phone", "tail", "series", "owner")
    found = set()
    for number in (ALICE, FRIEND):
        texts = {"tail": number[-4:], "series": number[:-3]}
        found |= {keyring.blind(kind, texts.get(kind, number)) for kind in kinds}
    return found | {
        keyring.blind("device", DEVICE), keyring.blind("address", ADDRESS),
        keyring.blind("owner", "telegram:1001"), keyring.veil("1001"),
        *(keyring.blind("account", each) for each in ACCOUNTS),
    }  # fmt: skip


def holding(life: Life, wanted: set[str]) -> set[str]:
    """In which columns such hashes lie."""
    found = set()
    with life.database.reading() as session:
        for table, kept in INVENTORY.items():
            for row in rows_of(session, table):
                for column, _ in kept.natures():
                    if any(each in str(row[column]) for each in wanted):
                        found.add(f"{table}.{column}")
    return found


def erases(life: Life) -> None:
    with life.database.transaction() as session:
        chat = chat_at(session, "telegram", "1001")
        assert chat is not None
        erase_member(session, chat, life.story.now)
        assert erase_number(session, FRIEND, life.story.now) == 1


def test_erasure_leaves_nothing_of_a_whole_life_and_the_ledger_stands(life: Life) -> None:
    apart = others(life)
    before = filled(life, apart)
    unlived = [place for place, count in before.items() if not count]
    assert not unlived, f"nothing was left there, so nothing is tried: {unlived}{HOW}"
    lain = holding(life, hashes(life))
    assert {
        "facts.phone_blind",
        "claims.phone_blind",
        "inbox.owner",
        "traces.series",
        "payout_accounts.account",
    } <= lain
    erases(life)
    soon = {table for table, kept in INVENTORY.items() if kept.goes is Goes.SOON}
    left = {
        place: count for place, count in filled(life, apart).items() if count and place not in soon
    }
    assert not left, f"erasure left {left}{HOW}"
    assert known_of(life.database, IDENTITIES) == []
    keep_house(life.database, life.story.now)
    assert {place for place, count in filled(life, apart).items() if count} == set()
    assert holding(life, hashes(life)) == {"blacklist.hash"}
    with life.database.transaction() as session:
        chain_new(session)
        assert verify(session) == []
        assert list(flaws(session, life.story.now)) == []


def test_copies_have_all_that_the_inventory_says_and_after_erasure_nothing(life: Life) -> None:
    with life.database.transaction() as session:
        copies = (
            export_member(session, life.story.alice, life.story.now),
            export_number(session, FRIEND, life.story.now),
        )
    text = json.dumps(copies, ensure_ascii=False, default=str)
    keys = set(_keys(copies))
    missing = {
        f"{table}.{column}"
        for table, kept in INVENTORY.items()
        for column, name in kept.names_in_copy().items()
        if name not in keys
    }
    assert not missing
    shown = {word for word in WORDS.values() if word in text}
    assert shown == set(WORDS.values()) - {WORDS["note"], WORDS["noted"], WORDS["letter"]}
    member, friend = copies
    assert [each["answer"] for each in friend["invited"][0]["confirmations"]] == ["confirmed"]
    assert member["claims"][0]["last_four"] == FRIEND[-4:]
    address = member["claims"][0]["picture"]["image"]
    assert b64decode(address.removeprefix("data:image/jpeg;base64,")) == PICTURE
    assert {each["purpose"] for each in member["consents"]} == {"chat"}
    assert FRIEND not in json.dumps(member)
    assert "C100001" not in json.dumps(friend)
    erases(life)
    with life.database.transaction() as session:
        after = (
            export_member(session, life.story.alice, life.story.now),
            export_number(session, FRIEND, life.story.now),
        )
    said = json.dumps(after, ensure_ascii=False, default=str)
    assert [word for word in (*IDENTITIES, "private", "east", "1001") if f'"{word}"' in said] == []
    assert after[1]["invited"] == []
    assert after[0]["ledger"] == member["ledger"] != []


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from _keys(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _keys(each)


def test_every_term_is_kept(life: Life) -> None:
    """Nobody asks for anything: time passes, the campaign closes, and each step takes its own."""
    apart = {**others(life), "inbox": set[int]()}
    with life.database.transaction() as session:
        session.execute(update(Campaign).values(life=CampaignLife.CLOSED.value))
    keep_house(life.database, life.story.now + timedelta(days=3 * 365))
    alices, left = {life.story.alice}, []
    with life.database.reading() as session:
        alices.add(session.get_one(Member, life.story.alice).person_id)
        for table, kept in INVENTORY.items():
            for row in rows_of(session, table):
                stays = row.get("id") in apart.get(table, ())
                known = table == "persons" and row["id"] in alices
                if stays or known or (table == "unmaskings" and row["person_id"] in alices):
                    continue  # members, whom the bank's file names
                left += [
                    f"{table}.{column}"
                    for column, nature in kept.natures()
                    if nature in TIMED and not empty(row[column])
                    and not kept.kept_until(column).startswith(WHILE)
                    and not (table == "claims" and column == "phone_blind")
                ]  # fmt: skip
    lasting = {"chats.address", "inbox.digest", "unmaskings.reason"}
    assert set(left) <= lasting, sorted(set(left) - lasting)
    assert not holding(life, {life.database.keyring.blind("phone", FRIEND)})
    assert known_of(life.database, ("王波", FRIEND, WORDS["nickname"], WORDS["greeting"])) == []
    assert known_of(life.database, ("李爱丽",)) == ["payout_lines: 李爱丽", "persons: 李爱丽"]


def test_a_friend_of_a_closed_and_of_an_open_campaign_stays_until_both_are_over(
    life: Life,
) -> None:
    with life.database.transaction() as session:
        first = session.scalars(select(Campaign)).one()
        values = {
            column.key: getattr(first, column.key)
            for column in inspect(Campaign).columns
            if column.key != "id"
        }
        other = Campaign(**{**values, "slug": "autumn"})
        session.add(other)
        session.flush()
        session.execute(update(Campaign).values(life=CampaignLife.CLOSED.value))
        other.life = CampaignLife.CLOSING.value
        mine = session.scalars(select(Registration)).one()
        again = {
            column.key: getattr(mine, column.key)
            for column in inspect(Registration).columns
            if column.key != "id"
        }
        again |= {"campaign_id": other.id, "handle": "h", "referral_token": "t", "receipt": "r"}
        session.add(Registration(**again))
    with life.database.transaction() as session:
        assert forget_friends(session, life.story.now) == 0
    with life.database.transaction() as session:
        session.execute(update(Campaign).values(life=CampaignLife.CLOSED.value))
        assert forget_friends(session, life.story.now) == 1
    assert known_of(life.database, ("王波",)) == []
