"""Claims tell nobody whose customer a number is: the same deeds, words, states and times."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from claim_tales import MALLORY, Tale
from sqlalchemy import event, select
from story import PUBLIC_URL, SAMPLE
from talk import Talk

from shared.actions.claim_clock import turn_claims
from shared.actions.claiming import ClaimForm, file_claim
from shared.actions.hearing import accept_events
from shared.applications.events import parse_items
from shared.base.database import Database
from shared.claims.claims import Claim, How, When
from shared.people.chats import Proof, find_or_add_chat
from shared.people.members import member_by_ref
from shared.post.outbox import Outbox, read_body
from shared.reports.claims import claims_of

CLASSES = ("unknown", "customer", "already referred", "declined", "applied")
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class World:
    """Numbers of every sort, and Mallory, who asks about them one after the other."""

    def __init__(self, database: Database, now: datetime, size: int) -> None:
        rules = (SAMPLE / "campaign.yaml").read_text(encoding="utf-8")
        rules = rules.replace("most_per_month: 5", "most_per_month: 99999")
        rules = rules.replace("most_per_member: 12", "most_per_member: 99999")
        self.tale = Tale(Talk(database, now, rules))
        self.story = self.tale.talk.story
        self.chance = random.Random(size)
        self.number_of: dict[str, str] = {}
        """The number behind each case number."""
        kinds = [CLASSES[n % len(CLASSES)] for n in range(size)]
        self.chance.shuffle(kinds)
        self.probes = [(kind, f"+86136{n * 7 + 10_000_000:08d}") for n, kind in enumerate(kinds)]
        with database.transaction() as session:
            mallory = member_by_ref(session, MALLORY)
            assert mallory is not None
            self.mallory = mallory.id
            chat = find_or_add_chat(session, "telegram", "1002", "zh-hans", now)
            chat.member_id, chat.proof = mallory.id, Proof.FULL
        for kind, number in self.probes:
            if kind == "already referred":
                self.tale.registers(number)
        self._bank()

    def _bank(self) -> None:
        """All that the bank knows, in a few batches."""
        self.story.later(days=1)
        told = []
        for n, (kind, number) in enumerate(self.probes):
            if kind == "unknown":
                continue
            told.append(self._event("submitted", n, phone=number))
            if kind == "customer":
                told[-1]["data"]["existing_customer"] = True
            if kind == "declined":
                told.append(self._event("declined", n))
        for start in range(0, len(told), 500):
            with self.story.database.transaction() as session:
                events = parse_items(told[start : start + 500], self.story.now)
                accept_events(session, events, self.story.now)
        self.story.later(days=1)
        self.story.work()

    def _event(self, kind: str, n: int, **data: object) -> dict:  # type: ignore[type-arg]
        return {
            "specversion": "1.0", "id": f"{kind}{n}", "source": "bank/test",
            "type": f"jianka.application.{kind}", "time": self.story.now.isoformat(),
            "data": {"application_id": f"A{n}"} | data,
        }  # fmt: skip

    def claims_turn(self) -> None:
        while turn_claims(self.story.database, PUBLIC_URL, self.story.now):
            pass

    def asks(self, number: str) -> None:
        with self.story.database.transaction() as session:
            how = self.chance.choice([How.WITHOUT_LINK, How.LATE, How.OTHER_NUMBER])
            form = ClaimForm(self.mallory, how, self.chance.choice(list(When)), phone=number)
            self.number_of[file_claim(session, form, self.story.now).number] = number


def answers(world: World) -> dict[str, tuple[str, list[tuple[str, float]]]]:
    """Of each claim: its class, and every message with its hours after filing."""
    with world.story.database.reading() as session:
        classes = dict(zip([n for _, n in world.probes], [k for k, _ in world.probes], strict=True))
        filed = {c.number: c for c in session.scalars(select(Claim))}
        found = {
            number: (classes[world.number_of[number]], list[tuple[str, float]]())
            for number in filed
        }
        for row in session.scalars(select(Outbox).where(Outbox.chat_id.is_not(None))):
            body = read_body(session, row)
            number = body["params"].get("number")
            if number in found:
                words = f"{body['notice']} {body['params'].get('outcome', '')}"
                hours = (row.not_before - filed[number].filed_at) / timedelta(hours=1)
                found[number][1].append((words, hours))
        return found


def auc(first: list[float], second: list[float]) -> float:
    """How well one time tells two classes apart: 0.5 not at all, 1 always."""
    wins = sum((a > b) + 0.5 * (a == b) for a in first for b in second)
    share = wins / (len(first) * len(second))
    return max(share, 1 - share)


@SQLITE
@pytest.mark.parametrize("size", [15, pytest.param(2000, marks=pytest.mark.nightly)])
def test_probes_are_answered_with_the_same_words_states_and_times(
    database: Database, now: datetime, size: int
) -> None:
    world = World(database, now, size)
    pace = timedelta(hours=60) / size
    for n, (_, number) in enumerate(world.probes):
        world.asks(number)
        world.story.now += pace
        if n % max(1, size // 250) == 0:
            world.claims_turn()
    world.claims_turn()  # nobody's answer is on its way while the list is read
    states = _states(world)
    for hours in [3] * 10 + [24] * 9:
        world.story.later(hours=hours)
        world.claims_turn()
    for young in (True, False):
        assert len({frozenset(v) for (_, is_young), v in states.items() if is_young is young}) <= 1
    heard = answers(world)
    words = {tuple(word for word, _ in told) for _, told in heard.values()}
    assert words == {("claim.asked ", "claim.decided unanswered")}
    times = {kind: [told[0][1] for k, told in heard.values() if k == kind] for kind in CLASSES}
    for kind in CLASSES[1:]:
        assert auc(times["unknown"], times[kind]) <= (0.55 if size >= 2000 else 1)
    latest = 27 + pace / timedelta(hours=1)
    assert all(24 <= hours < latest for each in times.values() for hours in each)


def _states(world: World) -> dict[tuple[str, bool], set[str]]:
    """What stands beside a claim of each class, before and after the answer's time."""
    with world.story.database.reading() as session:
        lines = claims_of(session, world.mallory, world.story.now, most=5000)
    found: dict[tuple[str, bool], set[str]] = {}
    classes = {number: kind for kind, number in world.probes}
    for line in lines:
        young = world.story.now - line.filed_at < timedelta(hours=24)
        kind = classes[world.number_of[line.number]]
        found.setdefault((kind, young), set()).add(line.state.value)
    return found


@SQLITE
def test_filing_does_the_same_whoever_the_number_belongs_to(
    database: Database, now: datetime
) -> None:
    """Statement by statement: what is not looked up takes no time by which it could be told."""
    world = World(database, now, 5)
    done: dict[str, list[str]] = {}

    def listen(_c: object, _cursor: object, statement: str, *_: object) -> None:
        done[kind].append(statement)

    for kind, number in world.probes[:5]:
        done[kind] = []
        event.listen(database.engine, "before_cursor_execute", listen)
        try:
            with database.transaction() as session:
                form = ClaimForm(world.mallory, How.LATE, When.EARLIER, phone=number)
                file_claim(session, form, world.story.now)
        finally:
            event.remove(database.engine, "before_cursor_execute", listen)
    assert len({tuple(each) for each in done.values()}) == 1
