"""What is owed goes out: in order, at the channel's pace, once, whatever the channel says."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import pytest
from bot_running import in_a_thread
from sqlalchemy import select

from bot import delivery as subject
from bot.delivery import Delivery, Undelivered, Verdict, answer_body
from bot.messages import Button, Picture, Reply
from bot.pace import Pace
from shared.base.database import Database
from shared.people.chats import Chat, find_or_add_chat
from shared.post.outbox import Channel, Outbox, Urgency, send_later

FAST = Pace(chat_burst=50, chat_rate=100, all_burst=100, all_rate=1000)


both_engines = pytest.mark.parametrize(
    "database_url",
    ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
    indirect=True,
)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """SQLite, unless a test asks for both engines."""
    url = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    assert isinstance(url, str)
    return url


class Room:
    """A channel that keeps what it gets, and says no when told to."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str]] = []
        self.replies: list[Reply] = []
        self.times: list[float] = []
        self.attempts = 0
        self.noes: list[Undelivered] = []
        self.refuses: Callable[[str], bool] = lambda _: False

    async def send(self, address: str, reply: Reply, on_picture: bool) -> None:
        self.attempts += 1
        await asyncio.sleep(0.001)
        if self.noes:
            raise self.noes.pop(0)
        if self.refuses(reply.text):
            raise Undelivered(Verdict.PERMANENT, "BadRequest")
        self.got.append((address, reply.text))
        self.replies.append(reply)
        self.times.append(monotonic())

    def texts(self, address: str = "alice") -> list[str]:
        return [text for to, text in self.got if to == address]


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed messages are tried again at once instead of after seconds."""
    again = tuple(timedelta(milliseconds=m) for m in (20, 40, 60, 80, 100, 120, 140))
    monkeypatch.setattr(subject, "BACKOFF", again)
    monkeypatch.setattr(subject, "LOOK_EVERY", 0.02)


class Office:
    """A database with chats, and a clock that moves with real time from `now`."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database = database
        self._began, self._start = monotonic(), now

    def clock(self) -> datetime:
        return self._start + timedelta(seconds=monotonic() - self._began)

    def owes(self, text: str, to: str = "alice", urgency: Urgency = Urgency.PUSH) -> int:
        return self.owes_reply(Reply(text), to, urgency)

    def owes_reply(self, reply: Reply, to: str = "alice", urgency: Urgency = Urgency.PUSH) -> int:
        return self._owes(answer_body(reply), to, urgency)

    def owes_notice(self, kind: str, to: str = "alice", **params: Any) -> int:
        return self._owes({"notice": kind, "params": params}, to, Urgency.PUSH)

    def _owes(self, body: dict[str, Any], to: str, urgency: Urgency) -> int:
        with self.database.transaction() as session:
            chat = session.scalar(select(Chat).where(Chat.address == to))
            if chat is None:
                chat = find_or_add_chat(session, "telegram", to, "en", self.clock())
            row_id = send_later(
                session,
                Channel.TELEGRAM,
                body,
                self.clock(),
                chat_id=chat.id,
                urgency=urgency,
            )
        assert row_id is not None
        return row_id

    def row(self, row_id: int) -> Outbox:
        with self.database.reading() as session:
            row = session.get_one(Outbox, row_id)
            session.expunge(row)
        return row

    def chat(self, address: str) -> Chat:
        with self.database.reading() as session:
            chat = session.scalars(select(Chat).where(Chat.address == address)).one()
            session.expunge(chat)
        return chat

    def deliver(
        self,
        room: Room,
        until: Callable[[], bool],
        pace: Pace = FAST,
        meanwhile: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Run a delivery until something is true, or fail after some seconds."""

        async def play() -> None:
            delivery = Delivery(self.database, self.clock, Channel.TELEGRAM, room.send, _word, pace)
            running = asyncio.create_task(delivery.run())
            if meanwhile is not None:
                await meanwhile()
            deadline = monotonic() + 10
            while not until() and monotonic() < deadline:
                await asyncio.sleep(0.01)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await delivery.stop(0.5)
            assert until(), (room.got, room.attempts)

        in_a_thread(play())


def _word(_session: Any, chat: Chat, kind: str, params: dict[str, Any], now: datetime) -> Reply:
    if kind == "broken":
        raise KeyError(kind)
    return Reply(f"{kind} {params['ordinal']} in {chat.channel_language}")


@pytest.fixture
def office(database: Database, now: datetime) -> Office:
    return Office(database, now)


@both_engines
@pytest.mark.usefixtures("quick")
def test_what_is_owed_goes_out_once_and_is_marked(office: Office, room: Room) -> None:
    rows = [office.owes("one"), office.owes("two", to="bob")]
    office.deliver(room, lambda: len(room.got) == 2)
    office.deliver(Room(), lambda: True)
    assert sorted(room.got) == [("alice", "one"), ("bob", "two")]
    assert all(office.row(row).sent_at is not None for row in rows)


@pytest.mark.usefixtures("quick")
def test_a_notice_is_worded_when_it_is_sent(office: Office, room: Room) -> None:
    office.owes_notice("friend.registered", ordinal=2)
    office.deliver(room, lambda: bool(room.got))
    assert room.texts() == ["friend.registered 2 in en"]


@pytest.mark.usefixtures("quick")
def test_messages_to_one_chat_keep_their_order_and_chats_do_not_wait_for_each_other(
    office: Office, room: Room
) -> None:
    for n in range(8):
        office.owes(f"a{n}")
        office.owes(f"b{n}", to="bob")
    office.deliver(room, lambda: len(room.got) == 16)
    assert room.texts() == [f"a{n}" for n in range(8)]
    assert room.texts("bob") == [f"b{n}" for n in range(8)]
    assert {to for to, _ in room.got[:4]} == {"alice", "bob"}


@pytest.mark.usefixtures("quick")
def test_five_go_at_once_then_one_at_a_time_and_waiting_pushes_merge(
    office: Office, room: Room
) -> None:
    for n in range(9):
        office.owes(f"push {n}")
    pace = Pace(chat_burst=5, chat_rate=2.0)
    office.deliver(room, lambda: len(room.got) == 6, pace)
    assert room.texts()[:5] == [f"push {n}" for n in range(5)]
    assert room.texts()[5] == "push 5\n\npush 6\n\npush 7\n\npush 8"
    assert room.times[4] - room.times[0] < 0.4
    assert room.times[5] - room.times[0] > 0.4


PROGRESS, INVITE = Button("Progress", data="1:p"), Button("Invite", data="1:i")
PICTURE = Picture("invite_qr", {"link": "x"})


@pytest.mark.usefixtures("quick")
def test_merged_pushes_show_each_button_once(office: Office, room: Room) -> None:
    office.owes("used the room")
    office.owes_reply(Reply("registered", rows=((PROGRESS,),)))
    office.owes_reply(Reply("reward", rows=((PROGRESS, INVITE),)))
    office.deliver(room, lambda: len(room.got) == 2, Pace(chat_burst=1, chat_rate=4))
    assert room.texts() == ["used the room", "registered\n\nreward"]
    assert room.replies[1].rows == ((PROGRESS, INVITE),)


@pytest.mark.usefixtures("quick")
def test_pushes_with_pictures_do_not_merge(office: Office, room: Room) -> None:
    office.owes("used the room")
    office.owes("plain")
    office.owes_reply(Reply("picture", picture=PICTURE))
    office.owes("last")
    office.deliver(room, lambda: len(room.got) == 4, Pace(chat_burst=1, chat_rate=10))
    assert room.texts() == ["used the room", "plain", "picture", "last"]


@pytest.mark.usefixtures("quick")
def test_an_answer_goes_before_pushes_that_wait(office: Office, room: Room) -> None:
    for n in range(3):
        office.owes_reply(Reply(f"push {n}", picture=PICTURE))

    async def meanwhile() -> None:
        while not room.got:
            await asyncio.sleep(0.005)
        office.owes("answer", urgency=Urgency.ANSWER)

    pace = Pace(chat_burst=1, chat_rate=5)
    office.deliver(room, lambda: len(room.got) == 4, pace, meanwhile)
    assert room.texts() == ["push 0", "answer", "push 1", "push 2"]


@pytest.mark.usefixtures("quick")
def test_all_chats_together_keep_the_pace_and_leave_room_for_answers(
    office: Office, room: Room
) -> None:
    for n in range(6):
        office.owes("push", to=f"p{n}")
    office.owes("answer", to="alice", urgency=Urgency.ANSWER)
    pace = Pace(all_burst=3, all_rate=5, kept_for_answers=1)
    office.deliver(room, lambda: len(room.got) == 7, pace)
    assert "answer" in [text for _, text in room.got[:3]]
    assert room.times[-1] - room.times[0] > 0.6


@both_engines
@pytest.mark.usefixtures("quick")
def test_told_to_wait_the_chat_waits_and_no_try_is_counted(office: Office, room: Room) -> None:
    row = office.owes("first")
    office.owes("second")
    room.noes = [Undelivered(Verdict.WAIT, "RetryAfter", wait=0.4)]
    began = monotonic()
    office.deliver(room, lambda: len(room.got) >= 1)
    assert room.texts()[0].startswith("first")
    assert room.times[0] - began >= 0.4
    assert office.row(row).tries == 0
    assert office.row(row).not_before > office.row(row).created_at


@pytest.mark.usefixtures("quick")
def test_a_wait_outlives_a_restart(office: Office, room: Room) -> None:
    row = office.owes("later")
    room.noes = [Undelivered(Verdict.WAIT, "RetryAfter", wait=3600)]
    office.deliver(room, lambda: room.attempts == 1 and office.row(row).not_before > office.clock())
    office.deliver(room, lambda: True)
    assert room.attempts == 1
    assert office.row(row).sent_at is None


@pytest.mark.usefixtures("quick")
def test_a_failure_is_tried_again_in_order(office: Office, room: Room) -> None:
    first = office.owes("first", urgency=Urgency.ANSWER)
    office.owes("second", urgency=Urgency.ANSWER)
    room.noes = [Undelivered(Verdict.RETRY, "TimedOut")] * 2
    office.deliver(room, lambda: len(room.got) == 2)
    assert room.texts() == ["first", "second"]
    assert (office.row(first).tries, office.row(first).problem) == (2, "TimedOut")


@both_engines
@pytest.mark.usefixtures("quick")
def test_a_message_that_fails_and_fails_lets_the_rest_pass_and_is_given_up_in_the_end(
    office: Office, room: Room
) -> None:
    row = office.owes_notice("broken")
    office.owes("fine")
    office.deliver(room, lambda: office.row(row).failed_at is not None)
    assert room.texts() == ["fine"]
    assert (office.row(row).tries, office.row(row).problem) == (8, "KeyError")


@both_engines
@pytest.mark.usefixtures("quick")
def test_who_blocked_us_gets_nothing_more_until_they_are_back(office: Office, room: Room) -> None:
    rows = [office.owes("one"), office.owes("two")]
    room.noes = [Undelivered(Verdict.UNREACHABLE, "Forbidden")]
    office.deliver(room, lambda: office.chat("alice").blocked_at is not None)
    assert all(office.row(row).failed_at is not None for row in rows)
    late = office.owes("three")
    office.deliver(room, lambda: office.row(late).failed_at is not None)
    assert room.attempts == 1
    with office.database.transaction() as session:
        find_or_add_chat(session, "telegram", "alice", "en", office.clock())
    office.owes("welcome back")
    office.deliver(room, lambda: room.texts() == ["welcome back"])


@pytest.mark.usefixtures("quick")
def test_what_can_never_be_sent_fails_at_once(office: Office, room: Room) -> None:
    row = office.owes("bad")
    office.owes("good")
    room.refuses = lambda text: "bad" in text
    office.deliver(room, lambda: room.texts() == ["good"])
    assert (office.row(row).tries, office.row(row).problem) == (1, "BadRequest")
    assert office.row(row).failed_at is not None


@pytest.mark.usefixtures("quick")
def test_one_bad_push_does_not_take_the_merged_ones_with_it(office: Office, room: Room) -> None:
    for text in ("zero", "one", "bad", "three"):
        office.owes(text)
    room.refuses = lambda text: "bad" in text
    office.deliver(room, lambda: len(room.got) == 3, Pace(chat_burst=1, chat_rate=10))
    assert room.texts() == ["zero", "one", "three"]


def test_while_the_channel_is_away_nothing_is_counted_and_everything_waits(
    office: Office, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject.Outage, "LONGEST", 0.05)
    rows = [office.owes("one"), office.owes("two", to="bob")]
    room.noes = [Undelivered(Verdict.OUTAGE, "ConnectError") for _ in range(12)]
    office.deliver(room, lambda: len(room.got) == 2)
    assert sorted(text for _, text in room.got) == ["one", "two"]
    assert [office.row(row).tries for row in rows] == [0, 0]


@both_engines
@pytest.mark.usefixtures("quick")
def test_what_was_in_hand_at_a_crash_goes_out_after_the_claim_is_over(
    office: Office, room: Room
) -> None:
    row = office.owes("owed")
    with office.database.transaction() as session:
        session.get_one(Outbox, row).taken_until = office.clock() + timedelta(seconds=0.3)
    office.deliver(room, lambda: room.texts() == ["owed"])
    assert office.row(row).sent_at is not None
